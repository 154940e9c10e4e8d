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
