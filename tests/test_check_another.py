"""``dvar check`` is silent where a line is about something else than what was defined."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def wrongs(text: str) -> list[str]:
    return [j.source for j in check(text).judgements if j.verdict == "wrong"]


@pytest.mark.parametrize(
    "text",
    [
        r"Take $f(x) = x^2$ first. Things change for $f(x) = 0.5 x^2$, which is flat.",
        r"$f(x) = \sin x$. What does it mean that $f'(x) = 0$ for some $x$?",
        r"The channels have a ratio of $128:192:96:64 = 4:6:3:2$.",
        r"If it holds, $s = 1$; otherwise $s = -1$.",
        r"Let $b = 5$. The picture shows a beam of size $=2$ and a length of $=3$.",
        r"$y = x^2$. Let $f(a, x, y) = 3 x^2 y + a$. Then $\frac{\partial f}{\partial x} = 6xy$.",
        r"$y = x^2$, $\frac{dy}{dx} = 2x$. Let $f(x, y, z) = 3x^2y + z$. Then $\frac{\partial f}{\partial y} = 3x^2$.",
    ],
)
def test_examples_cases_and_remarks_are_no_mistakes(text: str) -> None:
    assert wrongs(text) == []


CODE = """
```python
p = X @ W
loss = np.mean((t - p)**2)
dt = 2 * (p - t) / N
dW = X.T @ dt
```
"""


def test_a_gradient_by_name_that_is_another_in_a_program_brings_no_alarm() -> None:
    assert wrongs(CODE) == []


@pytest.mark.parametrize(
    "text",
    [
        r"$f = 3x^2$ and $d = -\frac{df}{dx}$. Some sources leave out the sign, so $\frac{df}{dx} = -6x$",
        "Let $w = 5$. The method should learn $w \\approx 2$.",
        "| row-wise | column-wise |\n|---|---|\n| $Z = A W$ | $Z = W A$ |",
    ],
)
def test_what_is_hoped_for_and_other_layouts_bring_no_alarm(text: str) -> None:
    assert wrongs(text) == []


def test_a_number_that_is_told_twice_is_still_compared() -> None:
    assert wrongs("Let $w = 5$ and $v = w^2 \\approx 24$.") == [r"v = w^2 \approx 24"]


def test_a_number_that_is_chosen_is_not_computed() -> None:
    text = (
        "# One\n\n$p = 2$, $q = 0.5$, $h = p q - 0.2 = 0.8$\n\n"
        "# Two\n\n$s = \\sigma(h)$, $E = -\\log s$ with $p = 1$ and $s = 0.7$.\n\n"
        "For $p = 1$: $s = 0.7$\n"
    )
    assert all(j.verdict != "wrong" for j in check(text).judgements if j.line == 7)


TOLD_TWICE = r"""
$$z_1 = W_1 x + b_1, \quad h = \sigma(z_1)$$
$$p = \sigma(W_2 h + b_2)$$
$$L = -t \log p - (1 - t) \log(1 - p)$$
$$\frac{{\partial L}}{{\partial W_2}} = {slope}$$

In numbers:

$$W_1 = \begin{{bmatrix}} 0.5 & 0.4 \\ 0.6 & 0.7 \end{{bmatrix}}, \quad W_2 = \begin{{bmatrix}} 0.4 & 0.6 \end{{bmatrix}}$$
"""


@pytest.mark.parametrize(("slope", "verdict"), [("(p - t) h^T", "ok"), ("(p + t) h^T", "wrong")])
def test_an_array_is_not_made_of_another_that_has_the_same_numbers(
    slope: str, verdict: str
) -> None:
    text = TOLD_TWICE.format(slope=slope)
    assert [j.verdict for j in check(text).judgements if j.kind == "claim"] == [verdict]


GIVEN_AGAIN = """
## Warm-up

u = 3s - 1

At s = 2: u = 5

## The neuron

Given: t = 1, u = 4, w = 0.25

v = w u = 0.25(4) = 1

dv/dw = u = {slope}
"""


@pytest.mark.parametrize(("slope", "verdict"), [("4", "ok"), ("6", "wrong")])
def test_a_list_of_what_is_given_gives_a_result_of_an_earlier_example_its_own_number(
    slope: str, verdict: str
) -> None:
    judgements = check(GIVEN_AGAIN.format(slope=slope)).judgements
    assert judgements[-1].verdict == verdict
    assert all(j.verdict in ("ok", "given", "definition") for j in judgements[:-1])


RESTATED = r"""
## Forward

$$\vec{{z}} = \vec{{W}} \vec{{x}}, \quad \vec{{a}} = \tanh(\vec{{z}}), \quad L = \frac12 (a - t)^2$$

## In numbers

1. Linear:

$$z = W x, \quad a = \tanh(z)$$

2. Loss:

$$\frac{{\partial L}}{{\partial z}} = (a - t) \odot (1 {sign} a^2)$$
"""


@pytest.mark.parametrize(("sign", "verdict"), [("-", "ok"), ("+", "wrong")])
def test_a_formula_written_again_without_its_arrows_begins_no_problem(
    sign: str, verdict: str
) -> None:
    assert check(RESTATED.format(sign=sign)).judgements[-1].verdict == verdict
