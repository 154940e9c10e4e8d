"""Functions that a document leaves open, and members in between: what can be said of their numbers."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


OPEN = "Let $g$ be some smooth function, $h = g(u)$, $u = 2v$ and $v = 0.5$.\n\n"


@pytest.mark.parametrize(
    "line",
    [
        "$h = 3.5$",
        "$g(1) = 3.5$",
        "$g'(1) = -2$",
        "$\\frac{dh}{dv} = 2 g'(u) = 2 \\cdot 0.7 = 1.4$",
        "$\\frac{dh}{dv} = 2 g'(1) = -4$",
        "$h = g(1) = 3.5$",
        "$r = g(u) + 3 = 8$",
    ],
)
def test_numbers_of_an_open_function_are_never_wrong(line: str) -> None:
    assert said(OPEN + line, 3)[0] in ("ok", "given", "unknown")


def test_what_follows_from_a_given_value_of_an_open_function_is_judged() -> None:
    text = OPEN + "$q = h^2$\n\n$h = 3$\n\n$q = 9$\n\n$q = 8$"
    assert [said(text, line)[0] for line in (5, 7, 9)] == ["ok", "ok", "wrong"]


def test_rules_for_an_open_function_are_judged() -> None:
    text = OPEN + "$\\frac{dh}{dv} = 2 g'(u)$\n\n$\\frac{dh}{dv} = g'(u)$"
    assert said(text, 3)[0] == "ok"
    assert said(text, 5)[0] == "wrong"


def test_the_end_of_a_chain_is_not_compared_with_itself() -> None:
    text = "$f = q z$, $q = x + y$.\n\n$\\frac{\\partial f}{\\partial z} = x_7 + y z = q = -4$"
    assert said(text, 3)[0] == "unknown"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$\\frac{\\partial f}{\\partial x} = k_{39} = z$", "unknown"),
        ("$\\frac{\\partial f}{\\partial x} = z = z$", "ok"),
    ],
)
def test_a_strange_name_in_between_is_not_passed_over(line: str, verdict: str) -> None:
    assert said("$f = q z$, $q = x + y$.\n\n" + line, 3)[0] == verdict
