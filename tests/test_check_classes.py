"""The class that is wanted, by its number, as a one-hot vector, or only by name."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

FORMULAS = r"""$s = V a + c$, $q = \text{softmax}(s)$ and $E = -\log q_k$ for the true class $k$.

$$\frac{\partial E}{\partial s} = q - HOT$$
$$\frac{\partial E}{\partial V} = (q - HOT) a^T$$
"""


@pytest.mark.parametrize("hot", [r"\text{onehot}(k)", r"\text{one-hot}(k)", "e_k"])
def test_the_wanted_class_as_a_vector(hot: str) -> None:
    right = check(FORMULAS.replace("HOT", hot))
    assert [j.verdict for j in right.judgements if j.kind == "claim"] == ["ok", "ok"]
    bent = check(FORMULAS.replace("q - HOT", "HOT - q").replace("HOT", hot))
    assert bent.faults[0].line == 3


PROGRAM = """```python
# s = V a + c,  q = softmax(s)
# E = -log q[r]
# dE/ds = q - onehot(r)
def grads(a, r, V, c):
    s = V @ a + c
    q = np.exp(s) / np.exp(s).sum()
    ds = q.copy()
    ds[r] -= 1
    dV = np.outer(ds, a)
    return dV, ds
```

With a = [1, 0], V = [[1, 1], [2, 0]], c = [0, 0], r = 0:

- s = [1, 2]
- q = [0.2689, 0.7311]
- E = 1.3133
- ds = [-0.7311, 0.7311]
- dV = [[-0.7311, 0], [0.7311, 0]]
"""


def test_the_numbers_of_a_program_are_judged_by_it() -> None:
    report = check(PROGRAM)
    claims = [j for j in report.judgements if j.line > 14]
    assert [j.verdict for j in claims] == ["ok"] * 5
    for right, wrong in [("E = 1.3133", "E = 0.3133"), ("[-0.7311, 0.7311]", "[0.2689, 0.7311]")]:
        assert check(PROGRAM.replace(right, wrong)).faults


def test_a_class_that_is_not_told_is_any_one() -> None:
    text = r"""$q = \text{softmax}(s)$ and $E = -\log q_r$ with the true class $r$; $s = [1, 2]$.

$\partial E/\partial s = NUMBERS$
"""
    verdicts = {
        numbers: check(text.replace("NUMBERS", numbers)).judgements[-1].verdict
        for numbers in ("[-0.7311, 0.7311]", "[0.2689, -0.2689]", "[0.2689, 0.2689]")
    }
    assert list(verdicts.values()) == ["ok", "ok", "unknown"]


STARRED = r"""$q_j = \frac{\exp(s_j)}{\sum_{i=1}^n \exp(s_i)}$, and
$E = -s_{j^*} + \log \sum_{j=1}^n \exp(s_j)$, where $j^*$ is the true class.

$$\frac{\partial E}{\partial s_j} = q_j - t_j$$

with $t_j = \mathbb{1}(j = j^*)$.
"""


def test_a_star_makes_one_index_of_a_letter_that_runs() -> None:
    assert [j.verdict for j in check(STARRED).judgements if j.kind == "claim"] == ["ok"]
    assert check(STARRED.replace("q_j - t_j", "q_j + t_j")).judgements[-2].verdict != "ok"
