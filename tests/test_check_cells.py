"""Numbers in the cells of tables: what they are the value of."""

from __future__ import annotations

import pytest

from dvar import check

GIVEN = "$w = 2$, $x = 3$, $z = w x$ and $q = 0.5$.\n\n"


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


def rows(*cells: tuple[str, str]) -> str:
    inner = "\n".join(
        f"<tr>\n<td>\n{name}\n</td>\n<td>\n{value}\n</td>\n</tr>" for name, value in cells
    )
    return f"<table>\n{inner}\n</table>\n"


@pytest.mark.parametrize("name", ['**out["{}"][{}]** =', '**cache["{}"][{}][0]** =', '"{}"[{}] ='])
def test_entries_whose_names_are_not_read_are_not_compared_with_each_other(name: str) -> None:
    values = enumerate([("p", "0.08"), ("q", "-0.4"), ("r", "[ 0.7]")])
    cells = rows(*((name.format(key, n), value) for n, (key, value) in values))
    assert "wrong" not in verdicts(GIVEN + cells)


@pytest.mark.parametrize(("value", "verdict"), [("6", "ok"), ("7", "wrong")])
def test_the_value_in_the_cell_behind_an_equation(value: str, verdict: str) -> None:
    table = f"| step | value |\n|---|---|\n| $z = w x$ | {value} |\n"
    assert verdicts(GIVEN + table)[-1] == verdict


def test_a_gradient_in_a_later_row_of_steps_is_not_one_at_the_start() -> None:
    """Its row has parameters of its own, so that the given ones say nothing of it."""
    text = (
        "The cost is $C = u_1^2 + u_1 u_2$. We start from $u_1 = 1$, $u_2 = -2$.\n\n"
        "| $t$ | $\\partial C/\\partial u_1$ | $\\partial C/\\partial u_2$ | $u_{t,1}$ | $u_{t,2}$ |\n"
        "|---|---|---|---|---|\n| 1 | 0 | 1 | 1 | -2.1 |\n| 2 | -0.1 | 1 | 1.01 | -2.2 |\n"
        "| 3 | -0.18 | 1.01 | 1.028 | -2.301 |\n"
    )
    assert not {"wrong", "unknown"} & set(verdicts(text))


ROUNDS = r"""$p = 2 w$, $E = (p - 3)^2$, and $\frac{dE}{dw} = 4 (p - 3)$.

| step | $w$ | $E$ | $dE/dw$ |
|---|---|---|---|
| 0 | 1.00 | 1.0000 | -4.00 |
| 1 | 1.20 | 0.3600 | -2.40 |
| 2 | 1.32 | 0.1296 | -1.44 |
"""


@pytest.mark.parametrize(("right", "wrong"), [("1.20", "1.02"), ("0.3600", "0.3900")])
def test_of_a_row_that_is_off_the_number_is_wrong_that_all_others_follow_from(
    right: str, wrong: str
) -> None:
    assert not check(ROUNDS).faults
    assert [j.source for j in check(ROUNDS.replace(right, wrong)).faults] == [wrong]


def test_which_of_two_numbers_a_row_follows_from_is_left_open() -> None:
    text = ROUNDS.replace("2 w", "2 w + b").replace("$w$ |", "$w$ | $b$ |")
    text = text.replace("|---|---|", "|---|---|---|")
    for number in ("1.00 |", "1.20 |", "1.32 |"):
        text = text.replace(number, f"{number} 0 |", 1)
    assert not check(text).faults
    assert not check(text.replace("1.20", "1.02")).faults


POWERS = """We need $a = x^2$ and $b = x^3$ of each value.

| | $x$ | $a$ | $b$ |
|---|---|---|---|
| | 1 | 1 | 1 |
| | 2 | 4 | 8 |
| | 3 | 9 | 27 |
| sum | 6 | 14 | 36 |
| mean | 2 | 4.67 | 12 |
"""


def test_a_row_of_sums_or_means_is_no_example_of_its_own() -> None:
    assert not check(POWERS).faults
    [fault] = check(POWERS.replace("14", "15")).faults
    assert (fault.source, fault.expected) == ("15", "14")
    [fault] = check(POWERS.replace("| 9 |", "| 8 |")).faults
    assert fault.source == "8"


def test_a_column_of_gradients_is_of_what_the_table_ends_in() -> None:
    """The row whose own gradient is 1, though another section speaks of a loss."""
    graph = "## A\n\nLet $g(u,v) = (u - v) v$ with $u = 3$, $v = 5$.\n\n"
    loss = "\n## B\n\n$L = -\\log a$, $\\frac{\\partial L}{\\partial a} = -\\frac{1}{a}$\n"
    table = "| node | value | gradient |\n|---|---|---|\n| u | 3 | 5 |\n| v | 5 | -7 |\n| g | -10 | 1 |\n"
    assert not {"wrong", "unknown"} & set(verdicts(graph + table + loss))
    assert verdicts(graph + table.replace("-7", "7") + loss).count("wrong") == 1


def test_a_column_of_derivatives_that_go_forward_is_not_taken_for_gradients() -> None:
    text = (
        "$p = u v$, $g = p + \\sin u$, $u = 2$, $v = 5$; derivatives by $u$ go along:\n\n"
        "| node | value | derivative |\n|---|---|---|\n"
        "| u | 2 | 1 |\n| v | 5 | 0 |\n| p | 10 | 5 |\n| g | 10.909 | 4.584 |\n"
    )
    assert "wrong" not in verdicts(text)
