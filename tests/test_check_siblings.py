"""Quantities told by a number only: the formula of a sibling, where the number shows that it is meant."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


IN_ORDER = (
    "$i_1 = 2$, $i_2 = 3$, $w_1 = 0.1$, $w_2 = 0.2$, $w_3 = 0.3$, $w_4 = 0.4$, $w_5 = 0.5$, $w_6 = 0.6$.\n\n"
    "$n_1 = w_1 i_1 + w_3 i_2 = 1.1$ and $o_1 = \\sigma(n_1) = 0.7503$\n\n"
    "Likewise $o_2 = %s$.\n\n$y = w_5 o_1 + w_6 o_2$\n\n"
)
LABELLED = (
    "$p = 0.4$, $m_{11} = 0.7$, $m_{21} = -0.9$, $c_{k1} = 0.2$, $c_{k2} = 0.3$, $t_{k1} = 1$, $t_{k2} = 0$.\n\n"
    "$a_{k1} = \\tanh(m_{11} p + c_{k1}) = 0.4462$ and $C_{k1} = (a_{k1} - t_{k1})^2 = 0.3067$\n\n"
    "The other unit has $a_{k2} = -0.0599$ and $C_{k2} = 0.0036$.\n\n$C = C_{k1} + C_{k2}$\n\n"
)
BOTH = "w_5 o_1 (1 - o_1) w_1 + w_6 o_2 (1 - o_2) w_2"
ONE = "w_5 o_1 (1 - o_1) w_1"
OURS = "2 (a_{k1} - t_{k1}) (1 - a_{k1}^2) m_{11}"
OTHERS = "2 (a_{k2} - t_{k2}) (1 - a_{k2}^2) m_{21}"


@pytest.mark.parametrize(
    ("text", "of", "right", "verdict"),
    [
        (IN_ORDER % "0.8320", "\\frac{\\partial y}{\\partial i_1}", BOTH, "ok"),
        (IN_ORDER % "0.8320", "\\frac{\\partial y}{\\partial i_1}", ONE, "wrong"),
        (LABELLED, "\\frac{dC}{dp}", f"{OURS} + {OTHERS}", "ok"),
        (LABELLED, "\\frac{dC}{dp}", OURS, "wrong"),
    ],
)
def test_a_path_through_a_sibling_is_not_forgotten(
    text: str, of: str, right: str, verdict: str
) -> None:
    found, causes = said(f"{text}${of} = {right}$", 9)
    assert found == verdict
    assert verdict == "ok" or "missing-path" in causes


def test_what_goes_on_with_one_path_is_carried() -> None:
    text = LABELLED + "$\\frac{dC}{dp} = " + OURS + "$\n\n$\\frac{dC}{dp} = -0.6209$"
    assert [said(text, line)[0] for line in (9, 11)] == ["wrong", "carried"]


def test_a_number_that_the_formula_does_not_give_stays_given() -> None:
    assert said(IN_ORDER % "0.8290", 5)[0] == "given"
    assert said(IN_ORDER % "0.8320", 5)[0] == "ok"


def test_a_number_too_short_to_tell_stays_given() -> None:
    assert said(IN_ORDER % "0.8", 5)[0] == "given"
