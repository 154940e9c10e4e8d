"""``dvar check`` where a gradient is set to zero."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

RIDGE = r"""
$J(v) = \|B v - r\|^2 + \mu \|v\|^2$ has the gradient $\nabla J(v) = 2 B^\top (B v - r) + 2 \mu v$.

Setting it to zero gives """


@pytest.mark.parametrize(
    ("equation", "expected"),
    [
        (r"(B^\top B + \mu I) v = B^\top r", "ok"),
        (r"B^\top (r - B v) = \mu v", "ok"),
        (r"(B^\top B + 2 \mu I) v = B^\top r", "unknown"),
    ],
)
def test_a_gradient_that_vanishes_makes_an_equation(equation: str, expected: str) -> None:
    assert check(f"{RIDGE}${equation}$.").judgements[-1].verdict == expected


def test_without_such_words_an_equation_to_be_solved_is_not_understood() -> None:
    text = RIDGE.replace("Setting it to zero gives", "Besides,")
    assert check(rf"{text}$(B^\top B + \mu I) v = B^\top r$.").judgements[-1].verdict == "unknown"


def test_a_solution_says_nothing_of_the_name_before() -> None:
    text = RIDGE + r"$v = (B^\top B + \mu I)^{-1} B^\top r$."
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok", "definition"]
