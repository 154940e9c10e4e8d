"""Tables of values and gradients of a computation graph, read as a whole."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

GRAPH = "$q = u + v$ and $g = q w$.\n\n"
RULE = "|---|---|---|\n"


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements if j.kind == "claim"]


def wrong(text: str) -> list[str]:
    return [j.source for j in check(text).judgements if j.verdict in ("wrong", "carried")]


DOWN = [("$g$", "-12", "1"), ("$q$", "-3", "4"), ("$u$", "2", "4"), ("$v$", "-5", "4")]
DOWN += [("$w$", "4", "-3")]
HEADS = [
    "| node | value | gradient |\n",
    "| node | forward | backward |\n",
    "| node | value | gradient of $g$ |\n",
    "| node | value | $\\partial g / \\partial \\cdot$ |\n",
    "| node | value | $\\frac{\\partial g}{\\partial \\text{node}}$ |\n",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("order", [1, -1])
def test_what_a_row_below_gives_holds_above(head: str, order: int) -> None:
    rows = ["| " + " | ".join(row) + " |\n" for row in DOWN][::order]
    found = verdicts(GRAPH + head + RULE + "".join(rows))
    assert len(found) == 7
    assert set(found) == {"ok"}


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("name", ["$q$", "$u$", "$w$"])
def test_a_bent_gradient_is_found(head: str, name: str) -> None:
    bent = [(n, v, f"-{d}".replace("--", "") if n == name else d) for n, v, d in DOWN]
    rows = ["| " + " | ".join(row) + " |\n" for row in bent]
    assert len(wrong(GRAPH + head + RULE + "".join(rows))) == 1


ACROSS = "| | $u$ | $v$ | $w$ | $q$ | $g$ |\n|---|---|---|---|---|---|\n| value | 2 | -5 | 4 | -3 | -12 |\n"


@pytest.mark.parametrize(
    "label", ["gradient", "grad", "derivative", r"$\partial g/\partial \cdot$"]
)
def test_names_may_stand_above(label: str) -> None:
    found = verdicts(GRAPH + ACROSS + f"| {label} | 4 | 4 | -3 | 4 | 1 |\n")
    assert found == ["ok"] * 7
    assert wrong(GRAPH + ACROSS + f"| {label} | 4 | -4 | -3 | 4 | 1 |\n") == ["-4"]


@pytest.mark.parametrize("label", ["after a gradient step", "numerical gradient", "local gradient"])
def test_other_rows_are_not_the_gradient(label: str) -> None:
    assert not wrong(GRAPH + ACROSS + f"| {label} | 1.6 | -5.4 | 4.3 | 7 | 2 |\n")


def test_steps_give_a_name_one_value_after_the_other() -> None:
    text = (
        "$L = (w - 3)^2$, learning rate $0.5$ and $w = 1$.\n\n"
        "| $w$ | $L$ |\n|---|---|\n| 1 | 4 |\n| 3 | 0 |\n| 2 | 1 |\n"
    )
    assert set(verdicts(text)) <= {"ok"}


def test_values_of_an_earlier_part_do_not_stay() -> None:
    text = "# Sheet\n\n$r = 2 v$ with $v = 100$.\n\n## Next\n\n" + GRAPH
    rows = ["| " + " | ".join(row) + " |\n" for row in DOWN]
    assert set(verdicts(text + HEADS[0] + RULE + "".join(rows))) == {"ok"}


def test_exercises_in_bold_are_problems_of_their_own() -> None:
    text = (
        "# Sheet\n\n**Exercise 1.** Let $f(x) = x^2$. Then $f'(x) = 2x$.\n\n"
        r"**Exercise 2.** Let $x \in \mathbb{R}^3$ and $s = x^\top x$. Then $\nabla_x s = 2 x$."
        "\n"
    )
    assert verdicts(text) == ["ok", "ok"]
