"""``dvar check`` on models in the notations they are taught in: recurrent networks, rankings, normalisation."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


CHARACTERS = r"""
$s_t = \tanh(A x_t + B s_{t-1} + b)$, $o_t = C s_t + c$, $q_t = \mathrm{softmax}(o_t)$, $L_t = -\log q_t[k_t]$ and
$L = \sum_t L_t$. Let $do_t = q_t - \mathbf 1_{k_t}$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\partial L/\partial C = \sum_t do_t s_t^\top$", "ok"),
        (r"$\partial L/\partial c = \sum_t do_t$", "ok"),
        (r"$\partial L/\partial C = \sum_t do_t x_t^\top$", "unknown"),
        (r"$\partial L/\partial c = -\sum_t do_t$", "wrong"),
    ],
)
def test_a_class_in_brackets_picks_a_probability(claim: str, expected: str) -> None:
    assert verdicts(CHARACTERS + claim)[-2:] == ["ok", expected]


def test_a_program_with_bare_names_does_not_disturb_formulas_of_steps() -> None:
    text = (
        CHARACTERS
        + r"""
$\partial L/\partial C = \sum_t do_t s_t^\top$

```python
for t in reversed(range(T)):
    do = np.copy(qs[t])
    do[targets[t]] -= 1
    dC += np.dot(do, ss[t].T)
```
"""
    )
    assert verdicts(text)[5:7] == ["ok", "ok"]
    assert "wrong" not in verdicts(text)


RANKING = r"""
$\hat x_{uij} = w_u^T(h_i - h_j)$ and $\ell = -\ln\sigma(\hat x_{uij})$, so

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{\partial\ell}{\partial w_u} = -(1-\sigma(\hat x_{uij}))(h_i - h_j)$", "ok"),
        (r"$\frac{\partial\ell}{\partial h_i} = -(1-\sigma(\hat x_{uij}))w_u$", "ok"),
        (r"$\frac{\partial\ell}{\partial h_j} = (1-\sigma(\hat x_{uij}))w_u$", "ok"),
        (r"$\frac{\partial\ell}{\partial h_j} = -(1-\sigma(\hat x_{uij}))w_u$", "wrong"),
    ],
)
def test_two_items_of_one_quantity_are_different_ones(claim: str, expected: str) -> None:
    assert verdicts(RANKING + claim)[-1] == expected


def test_a_lost_case_of_equal_indices_is_still_a_mistake() -> None:
    text = r"""
$p_i = e^{z_i}/\sum_k e^{z_k}$ and $\frac{\partial p_i}{\partial z_j} = -p_i p_j$ for all $i, j$.
"""
    assert verdicts(text)[-1] != "ok"


NORMS = """
layer norm, for one row:
  mu = (1/D) sum_k x_k
  v  = (1/D) sum_k (x_k - mu)^2
  r  = 1/sqrt(v + eps)
  n_k = (x_k - mu) r
  y_k = a_k n_k + b_k
  gy_k = dL/dy_k
  gn_k = gy_k a_k

  dL/dx_k = {slope}

unit length:
  u = x / ||x||
  du/dx = (I - u u^T) / ||x||
"""


@pytest.mark.parametrize(
    ("slope", "expected"),
    [
        ("r ( gn_k - (1/D) sum_j gn_j - n_k (1/D) sum_j gn_j n_j )", "ok"),
        ("r ( gn_k - (1/D) sum_j gn_j + n_k (1/D) sum_j gn_j n_j )", "wrong"),
    ],
)
def test_a_mean_may_be_written_in_brackets(slope: str, expected: str) -> None:
    found = verdicts(NORMS.format(slope=slope))
    assert found[-3] == expected
    assert found[-1] == "ok"


def test_an_entry_at_the_end_of_a_line_is_no_new_name() -> None:
    text = r"""
In index notation (summation convention): $y_i = A_{ij}x_j$, $\partial y_i/\partial x_k = A_{ik}$,
$f = x_iA_{ij}x_j$, $g = \operatorname{tr}(AB)$, that is $g = A_{ij}B_{ji}$. So
$\partial y_i/\partial A_{kl} = \delta_{ik}x_l$ and $\partial g/\partial A_{kl} = B_{lk}$.
"""
    assert verdicts(text)[1] == "ok"
    assert verdicts(text)[-2:] == ["ok", "ok"]


CLIPPED = r"""
The surrogate is $\ell = \min(r A, \mathrm{clip}(r, 1-\epsilon, 1+\epsilon) A)$. For $A > 0$ and $r < 1+\epsilon$,

"""


@pytest.mark.parametrize(("slope", "expected"), [("A", "ok"), ("-A", "wrong")])
def test_two_conditions_hold_together(slope: str, expected: str) -> None:
    text = CLIPPED.replace("\n\n", "", 1).rstrip() + rf" $\partial\ell/\partial r = {slope}$."
    assert verdicts(text)[-1] == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\nabla^2 f(w) = \frac1N\sum_n s_n(1-s_n)x_nx_n^\top$", "ok"),
        (r"$\nabla^2 f(w) v = \frac1N\sum_n s_n(1-s_n)(x_n^\top v)x_n$", "ok"),
        (r"$\nabla f(w) = \frac1N\sum_n s_ny_nx_n$", "wrong"),
    ],
)
def test_labels_that_are_signs_have_the_square_one(claim: str, expected: str) -> None:
    text = r"""
Let $f(w) = \frac1N\sum_{n=1}^N\log(1 + e^{-y_nw^\top x_n})$ with $y_n\in\{-1,1\}$ and $s_n = \sigma(-y_nw^\top x_n)$.

"""
    assert verdicts(text + claim)[-1] == expected


@pytest.mark.parametrize(
    ("slope", "expected"), [("d^\\top(Ax - b)", "ok"), ("d^\\top Ax", "unknown")]
)
def test_a_bar_behind_a_derivative_says_where(slope: str, expected: str) -> None:
    text = rf"""
For $q(x) = \frac12x^\top Ax - b^\top x$ with symmetric $A$: $\frac{{d}}{{dt}}q(x + td)\big|_{{t=0}} = {slope}$.
"""
    assert verdicts(text)[-1] == expected


def test_the_transpose_of_d_is_no_differential() -> None:
    text = r"$c = \frac{d^\top r}{d^\top d}$ with $d, r\in\mathbb{R}^n$, so $\nabla_r c = \frac{d}{d^\top d}$."
    assert verdicts(text)[-1] == "ok"


CRITIC = r"""
$V_w(s) = w^\top\phi(s)$ and $\delta = r + \gamma V_w(s') - V_w(s)$. The policy is
$\pi(a\mid s) = \frac{e^{h_a}}{\sum_b e^{h_b}}$ with $h_a = \theta_a^\top\phi(s)$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\nabla_w\tfrac12\delta^2 = \delta(\gamma\phi(s') - \phi(s))$", "ok"),
        (
            r"$\frac{\partial\log\pi(a\mid s)}{\partial h_b} = \mathbf 1\{a=b\} - \pi(b\mid s)$",
            "ok",
        ),
        (
            r"$\frac{\partial\log\pi(a\mid s)}{\partial\theta_b} = (\mathbf 1\{a=b\} - \pi(b\mid s))\phi(s)$",
            "ok",
        ),
        (
            r"$\frac{\partial\log\pi(a\mid s)}{\partial h_b} = \mathbf 1\{a=b\} + \pi(b\mid s)$",
            "wrong",
        ),
    ],
)
def test_states_and_actions(claim: str, expected: str) -> None:
    assert verdicts(CRITIC + claim)[-1] == expected


BATCHED = """
```python
S = np.einsum('bid,bjd->bij', Q, K)
A = np.exp(S) / np.exp(S).sum(axis=-1, keepdims=True)
O = np.einsum('bij,bjd->bid', A, V)
dA = np.einsum('bid,bjd->bij', dO, V)
dS = A * (dA - (dA * A).sum(axis=-1, keepdims=True))
dQ = np.einsum('bij,bjd->bid', dS, {operand})
```
"""


@pytest.mark.parametrize(("operand", "expected"), [("K", "ok"), ("V", "wrong")])
def test_attention_of_a_batch(operand: str, expected: str) -> None:
    assert verdicts(BATCHED.format(operand=operand))[-3:] == ["ok", "ok", expected]


CONTRAST = r"""
$s_{ij} = z_i^\top z_j$, $\ell_i = -s_{ip} + \log\sum_{k\ne i} e^{s_{ik}}$ with the positive $p$ of $i$, and
$q_{ik} = e^{s_{ik}}/\sum_{l\ne i} e^{s_{il}}$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{\partial\ell_i}{\partial s_{ik}} = q_{ik} - \mathbf 1\{k=p\}$", "ok"),
        (r"$\frac{\partial\ell_i}{\partial s_{ik}} = q_{ik} + \mathbf 1\{k=p\}$", "wrong"),
    ],
)
def test_an_index_that_only_a_condition_names(claim: str, expected: str) -> None:
    assert verdicts(CONTRAST + claim)[-1] == expected


LOOSE_SUMS = r"""
$m = \frac{1}{D}\sum_{i=1}^{D} u_i$, $\hat u = u - m$ and $v = g \hat u + c$.

$$dc = dv \cdot \frac{\partial v}{\partial c} = \sum_{i=1}^{N} dv$$
"""


def test_a_sum_over_gradients_without_their_index_means_their_entries() -> None:
    assert "wrong" not in verdicts(LOOSE_SUMS)
    assert verdicts(LOOSE_SUMS.replace("dc = dv", "dc = -dv"))[-1] == "wrong"


def claims(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements if j.kind == "claim"]


LANGUAGE = r"""
$$p(T = t \mid S = s) = \frac{\exp(r_t^\top q_s)}{\sum_{v \in \text{Words}} \exp(r_v^\top q_s)}$$

$E = -\log p(T = t \mid S = s)$ for the word $t$ that is seen. $h$ is the distribution $p(T \mid S = s)$.

$$\frac{\partial E}{\partial q_s} = -r_t + \sum_{v \in \text{Words}} h_v r_v$$

When $v \neq t$:

$$\frac{\partial E}{\partial r_v} = p(T = v \mid S = s)\, q_s = h_v q_s$$
"""


def test_a_law_of_outcomes_that_are_indices_is_a_vector() -> None:
    assert claims(LANGUAGE) == ["ok"] * 2
    assert claims(LANGUAGE.replace("-r_t +", "r_t +"))[0] == "wrong"
    assert claims(LANGUAGE.replace("= h_v q_s", "= h_v r_v"))[1] != "ok"


def test_a_set_that_all_sums_are_over_is_all_there_is() -> None:
    text = r"$g_k = \frac{e^{s_k}}{\sum_{j \in K} e^{s_j}}$ and $C = -\sum_{j \in K} t_j \log g_j$ with one-hot $t$. "
    assert claims(text + r"$\frac{\partial C}{\partial s_k} = g_k - t_k$") == ["ok"]
    assert claims(text + r"$\frac{\partial C}{\partial s_k} = g_k + t_k$") == ["wrong"]
