"""What was left out of a line or turned over, and sums that do not come out."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


SPRING = "$E = \\frac{1}{2} k s^2$ with $s = u - v$.\n\n"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$r = 0.4 \\cdot 3 - 0.75 + 0.15 = 0.6$", "ok"),
        ("$r = 0.4 \\cdot 3 - 0.75 - 0.15 = 0.6$", "wrong"),
        ("$r = \\frac{2.0 + 1.0}{4} = 0.75$", "ok"),
        ("$r = \\frac{4}{2.0 + 1.0} = 0.75$", "wrong"),
        ("$r = (1.5 - 0.5)^2 + (2.0 - 0.5)^2 = 3.25$", "ok"),
        ("$r = (1.5 - 0.5)^2 + (2.0 - 0.5) = 3.25$", "wrong"),
        ("$r = -3 \\times 0 \\times 0.165 = -0.49$", "wrong"),
        ("$r = a b c \\approx -3 \\times 0 \\times 0.165 \\approx -0.49$", "wrong"),
    ],
)
def test_the_end_of_a_sum_does_not_excuse_it(line: str, verdict: str) -> None:
    assert said(line, 1)[0] == verdict


def test_an_entry_given_later_replaces_that_of_the_array() -> None:
    text = (
        "$p = (0.5, -1)$, $q = (2, 1)$\n\n$s = p_1 q_1 + p_2 q_2 = 0$\n\n"
        "$p_1 = 0.5 - 0.1(-1) = 0.6$\n\n$s = 0.6 \\cdot 2 - 1 = 0.2$\n\n$s = 0.6 \\cdot 2 + 1 = 0.2$"
    )
    assert said(text, 7)[0] == "ok"
    assert said(text, 9)[0] == "wrong"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("$\\frac{d}{dt} \\log(1 + t^2) = \\frac{1 + t^2}{2t}$", "wrong-rule"),
        ("$\\frac{d}{dt} \\sin(3t) = 3 \\sin(3t)$", "wrong-rule"),
    ],
)
def test_what_was_turned_or_mistaken_is_named(line: str, cause: str) -> None:
    verdict, causes = said(line, 1)
    assert verdict == "wrong"
    assert cause in causes


def test_the_one_of_a_complement_is_missed() -> None:
    text = "$p = \\sigma(s)$\n\n$\\frac{dp}{ds} = p (-p)$\n\n$\\frac{dp}{ds} = p (1 - p)$"
    verdict, causes = said(text, 3)
    assert verdict == "wrong"
    assert "missing-factor" in causes
    assert said(text, 5)[0] == "ok"


def test_a_number_that_other_numbers_come_to_may_be_rounded() -> None:
    text = "$a = 0.1868$, $b = 0.7414$\n\n$c = a b = 0.2 \\cdot 0.7414 = 0.1385$"
    assert said(text, 3)[0] == "ok"
