"""Lines that are wrong on the face of them, several wrong links, and what goes on from a wrong line."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("\\frac{\\partial r}{\\partial b} = \\sigma(s) (1 - \\sigma(s))", "ok"),
        ("\\frac{\\partial r}{\\partial b} = \\sigma(s) (1 \\sigma(s))", "wrong"),
        ("\\delta_1 = \\frac{t}{r} - \\frac{(1 - t)}{(1 - r)}", "definition"),
        ("\\delta_1 = t/r (1 t)/(1 r)", "wrong"),
    ],
)
def test_a_minus_behind_a_one_is_missed(line: str, verdict: str) -> None:
    found, causes = said(f"${line}$", 1)
    assert found == verdict
    assert verdict != "wrong" or "misprint" in causes


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("dC/dU2 = dC/dq2 * dg1 * dC/dg1 * dq2/dU2", "wrong"),
        ("dC/dU2 = dC/dq2 * dq2/dU2", "ok"),
    ],
)
def test_a_chain_begins_once(line: str, verdict: str) -> None:
    assert said(f"${line}$", 1)[0] == verdict


def test_the_wrong_link_that_leaves_no_doubt_counts() -> None:
    text = "$s = p u + q$ with $p = 0.4$, $u = 0.593$, $q = 0.6$.\n\n$s = 0.593 + 0.6 = 0.837$"
    assert said(text, 3)[0] == "wrong"


def test_what_equals_a_wrong_line_is_carried() -> None:
    text = "$$f(x) = \\sin(x^2)$$\n\n$$f'(x) = x \\cos(x^2)$$\n\n$$= \\cos(x^2) \\cdot x$$"
    assert (said(text, 3)[0], said(text, 5)[0]) == ("wrong", "carried")


@pytest.mark.parametrize(
    "line",
    [
        "\\frac{d}{ds} [3 s^2 - 4s] = 3 \\frac{d}{ds} s^2 - 4 \\frac{d}{ds} s = 6s - 4",
        "\\sum_{n=0}^\\infty q^n = \\frac{1}{1-q}",
        "P(s > 0) = P(s < 0)",
        "2:4",
    ],
)
def test_no_alarm_where_nothing_is_wrong(line: str) -> None:
    assert said(f"${line}$ and $q^n$", 1)[0] != "wrong"
    assert not any(j.is_fault for j in check(f"${line}$ and $q^n$\n").judgements)
