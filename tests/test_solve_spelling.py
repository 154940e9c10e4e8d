"""How ``dvar solve`` writes: in the document's own names and signs, by the gradients that have a name there."""

from __future__ import annotations

import re

import pytest

from dvar.check.solve import solve
from dvar.check.worksheet import check

NET = r"""Let $x = \begin{bmatrix} 2 \\ -1 \end{bmatrix}$, $t = 0$ and

$$U^{(1)} = \begin{bmatrix} 0.3 & 0.1 \\ -0.2 & 0.5 \end{bmatrix}, \quad U^{(2)} = \begin{bmatrix} 0.7 & -0.4 \end{bmatrix}$$

$z^{(1)} = U^{(1)} x$, $a^{(1)} = \sigma(z^{(1)})$, $s = U^{(2)} a^{(1)}$ and $L = \frac12 (s - t)^2$.

"""


def filled(text: str) -> list[str]:
    """The lines with answers, each of which is judged right where it stands."""
    solution = solve(text)
    assert not {"wrong", "carried"} & {j.verdict for j in check(solution.text).judgements}
    return [a.answer for a in solution.answers]


def test_names_with_something_above_them_are_put_in_brackets_before_a_power() -> None:
    (answer,) = filled(NET + r"$\frac{\partial L}{\partial U^{(2)}} = ?$" + "\n")
    assert r"\left(a^{(1)}\right)^{\top}" in answer
    assert not re.search(
        r"\^\{\(\d\)\}\^", solve(NET + r"$\frac{\partial L}{\partial U^{(1)}} = ?$").text
    )


def test_what_is_asked_for_is_not_told_by_its_own_name() -> None:
    (answer,) = filled(NET + "$s = ?$\n")
    assert answer.startswith(r"U^{(2)} \, a^{(1)} = ")


def test_a_gradient_that_has_a_name_is_used_further_on() -> None:
    asked = (
        r"$\delta = \frac{\partial L}{\partial z^{(1)}} = ?$" + "\n\n"
        r"$\frac{\partial L}{\partial U^{(1)}} = ?$" + "\n"
    )
    first, second = filled(NET + asked)
    assert second.startswith(r"\delta \, x^{\top}")
    assert r"\delta" not in first
    assert r"\approx" in first


def test_a_gradient_that_is_the_same_is_told_by_the_name_of_the_other() -> None:
    text = (
        "$z = w x + b$, $L = (z - t)^2$\n\n"
        r"$q = \frac{\partial L}{\partial z} = ?$"
        "\n\n"
        r"$\frac{\partial L}{\partial b} = ?$"
        "\n"
    )
    assert filled(text)[1] == "q"


def test_a_name_that_comes_later_is_not_used_before() -> None:
    text = "h(p, q) = p^2*q\np = 3, q = 2\n\ndh/dp = ?\n\nr = p*q\n"
    assert filled(text) == ["2 * q * p = 2 * 2 * 3 = 12"]


def test_powers_and_lists_are_typed_as_the_document_types_them() -> None:
    text = "h(p, q) = p^3*q\np = 2, q = 5\n\ndh/dq = ?\n\ns = softmax(u), u = [0, 0]\ns = ?\n"
    assert filled(text) == ["p^3 = 2^3 = 8", "softmax(u) = softmax([0, 0]) = [0.5, 0.5]"]


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (r"v \in", r"\mathbb{R}^{k}"),
        (r"A \in", r"\mathbb{R}^{k \times n}"),
        (r"\|v\|^2 \in", r"\mathbb{R}"),
    ],
)
def test_a_set_is_asked_for_behind_its_sign(asked: str, answer: str) -> None:
    text = (
        r"$A \in \mathbb{R}^{k \times n}$, $x \in \mathbb{R}^n$, $v = A x$." + f"\n\n${asked}$ ?\n"
    )
    assert filled(text) == [answer]


def test_the_slope_of_a_linear_map_is_its_matrix() -> None:
    text = r"$A \in \mathbb{R}^{4 \times 2}$, $x \in \mathbb{R}^2$, $v = A x$." + "\n\n"
    assert filled(text + r"$\frac{\partial v}{\partial x} = ?$" + "\n") == ["A"]


def test_the_slope_of_a_cut_off_has_no_factor_of_one() -> None:
    (answer,) = filled("$f(x) = \\max(0, x)$, $x = 4$: $f'(x) = ?$\n")
    assert answer == r"\mathbb{1}\left[x > 0\right] = \mathbb{1}\left[4 > 0\right] = 1"


def test_a_number_of_another_exercise_is_not_put_in() -> None:
    text = "## Exercise 1\n\n$f(x) = x^2$, $x = 3$: $f(x) = ?$\n\n## Exercise 2\n\n$g = \\cos(x)$. $\\frac{dg}{dx} = ?$\n"
    first, second = filled(text)
    assert first.endswith("= 9")
    assert second == r"-\sin\left(x\right)"


def test_numbers_that_are_given_first_hold_for_all_parts() -> None:
    text = "## Given\n\n$x = 3$, $w = 2$\n\n## Part 1\n\n$z = w x$\n\n$z = ?$\n"
    assert filled(text)[0].endswith("= 6")
