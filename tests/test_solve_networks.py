"""How ``dvar solve`` fills worksheets on networks: batches, steps of training, tables, softmax."""

from __future__ import annotations

import pytest

from dvar.check.solve import solve
from dvar.check.worksheet import check

ROWS = r"""$Z = X W + b$ with $X \in \mathbb{R}^{N \times D}$, $W \in \mathbb{R}^{D \times K}$ and

"""
SQUARES = ROWS + r"$$L = \frac{1}{2N} \|Z - T\|_F^2$$" + "\n\n"
CLASSES = (
    ROWS
    + r"$P = \mathrm{softmax}(Z)$ row by row, where each row of $Y$ is one-hot,"
    + "\n\n"
    + r"$$L = -\frac{1}{N} \sum_{i=1}^N \sum_{k=1}^K Y_{ik} \log P_{ik}$$"
    + "\n\n"
)
NEURON = r"""$s = u x + c$ and $L = (s - t)^2$ with $u = 0.5$, $x = 3$, $c = 0.25$, $t = 1$ and the
learning rate $\alpha = 0.1$.

"""


def filled(text: str) -> list[str]:
    """The answers; what they are put into is judged right where they stand."""
    solution = solve(text)
    assert not solution.unanswered, solution.unanswered
    assert not {"wrong", "carried"} & {j.verdict for j in check(solution.text).judgements}
    return [a.answer for a in solution.answers]


def ask(*names: str) -> str:
    return "\n\n".join(rf"$\frac{{\partial L}}{{\partial {name}}} = $ ____" for name in names)


# ── batches ─────────────────────────────────────────────────────────────────────────────────────


def test_the_size_of_a_batch_stays_a_letter() -> None:
    of_z, of_w, of_b = filled(SQUARES + ask("Z", "W", "b"))
    assert of_z == r"\frac{1}{N} \left(Z - T\right)"
    assert of_w == r"\frac{1}{N} X^{\top} \, \left(Z - T\right)"
    assert r"\sum_{i=1}^{N} \left(Z - T\right)_{i,:}" in of_b


def test_no_step_shows_a_number_that_was_chosen_for_a_size() -> None:
    assert all(not a.steps for a in solve(SQUARES + ask("W")).answers)


def test_a_softmax_and_its_loss_leave_a_difference() -> None:
    of_z, of_w, _ = filled(CLASSES + ask("Z", "W", "b"))
    assert of_z == r"\frac{1}{N} \left(P - Y\right)"
    assert of_w == r"X^{\top} \, \frac{\partial L}{\partial Z}"


def test_so_do_its_entries() -> None:
    text = (
        r"$p_i = \frac{e^{z_i}}{\sum_j e^{z_j}}$, $L = -\sum_i t_i \log p_i$, $\sum_i t_i = 1$."
        "\n\n"
    )
    assert filled(text + ask("z_i")) == ["p_i - t_i"]


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["u^{new}", "u_{new}", "u^+", "u_{\\text{new}}"])
def test_a_new_value_is_one_step_down_the_gradient(name: str) -> None:
    (answer,) = filled(NEURON + f"${name} = $ ____\n")
    assert answer == r"u - \alpha \frac{\partial L}{\partial u} = 0.5 - 0.1 \cdot 4.5 = 0.05"


@pytest.mark.parametrize("sign", [r"\leftarrow", ":="])
def test_so_is_what_takes_the_place_of_a_value(sign: str) -> None:
    (answer,) = filled(NEURON + f"$c {sign} $ ____\n")
    assert answer.startswith(r"c - \alpha \frac{\partial L}{\partial c} = 0.25 - 0.1 \cdot 1.5")
    assert answer.endswith(r"= 0.1")


def test_without_a_rate_no_step_is_taken() -> None:
    text = NEURON.replace(r"\alpha = 0.1", r"\beta") + "$u^{new} = $ ____\n"
    assert [a.question for a in solve(text).unanswered] == ["u^{new}"]


def test_in_plain_text() -> None:
    text = "s = u*x + c\nL = (s - t)^2\nu = 0.5, x = 3, c = 0.25, t = 1, lr = 0.1\n\nu_new = ___\n"
    assert filled(text) == ["u - lr * dL/du = 0.5 - 0.1 * 4.5 = 0.05"]


# ── tables ──────────────────────────────────────────────────────────────────────────────────────


def cells(text: str) -> list[list[str]]:
    solution = solve(text)
    rows = [line for line in solution.text.split("\n") if line.startswith("|")][2:]
    assert not {"wrong", "carried"} & {j.verdict for j in check(solution.text).judgements}
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


GRAPH = "$q = u + v$ and $g = q w$.\n\n"


def test_a_table_is_read_as_a_whole() -> None:
    head = "| node | value | gradient |\n|---|---|---|\n"
    rows = "| $g$ | | |\n| $q$ | | |\n| $u$ | 2 | |\n| $v$ | -5 | |\n| $w$ | 4 | |\n"
    assert cells(GRAPH + head + rows) == [
        ["$g$", "-12", "1"],
        ["$q$", "-3", "4"],
        ["$u$", "2", "4"],
        ["$v$", "-5", "4"],
        ["$w$", "4", "-3"],
    ]


def test_names_may_stand_above() -> None:
    head = "| | $u$ | $v$ | $w$ | $q$ | $g$ |\n|---|---|---|---|---|---|\n"
    rows = "| value | 2 | -5 | 4 | | |\n| gradient | | | | | |\n"
    values, gradients = cells(GRAPH + head + rows)
    assert values == ["value", "2", "-5", "4", "-3", "-12"]
    assert gradients == ["gradient", "4", "4", "-3", "4", "1"]


def test_a_dot_below_stands_for_the_name_of_the_row() -> None:
    head = r"| | value | $\partial g / \partial \cdot$ |" + "\n|---|---|---|\n"
    rows = "| $u$ | 2 | |\n| $v$ | -5 | |\n| $w$ | 4 | |\n"
    assert [row[2] for row in cells(GRAPH + head + rows)] == ["4", "4", "-3"]


def test_numbers_of_an_earlier_part_do_not_stay_in_a_table() -> None:
    text = "# Sheet\n\n$r = 2 v$ with $v = 100$.\n\n## Next\n\n" + GRAPH
    head = "| | value | gradient |\n|---|---|---|\n"
    rows = "| $w$ | 4 | |\n| $u$ | 2 | |\n| $v$ | -5 | |\n| $q$ | | |\n| $g$ | | |\n"
    assert [row[2] for row in cells(text + head + rows)] == ["-3", "4", "4", "4", "1"]


# ── blanks ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "blank", ["____", r"\_\_\_", "□", "?", "..."], ids=["low", "escaped", "box", "question", "dots"]
)
def test_blanks_of_plain_text(blank: str) -> None:
    assert filled(f"Let y = x^2 and z = 3*y.\n\ndz/dx = {blank}\n") == ["6 * x"]


def test_blanks_in_a_sentence() -> None:
    text = "y = x^3. Then dy/dx = ____ and d2y/dx2 = ____.\nAt x = 2, dy/dx = ____.\n"
    first, second, third = filled(text)
    assert (first, second) == ("3 * x^2", "6 * x")
    assert third.endswith("= 12")


def test_a_blank_outside_of_the_delimiters_gets_its_own() -> None:
    text = r"Let $y = x^2$ and $x = 3$. $y$ = ____, $\frac{dy}{dx}$ = ____." + "\n"
    assert solve(text).text.endswith(
        r"$y$ = $x^{2} = 3^{2} = 9$, $\frac{dy}{dx}$ = $2 \, x = 2 \cdot 3 = 6$." + "\n"
    )


@pytest.mark.parametrize("inside", [r"\phantom{xxx}", r"\quad", r"\hspace{2cm}"])
def test_a_frame_is_written_into(inside: str) -> None:
    text = rf"Let $y = x^2$. $$\frac{{dy}}{{dx}} = \boxed{{{inside}}}$$" + "\n"
    assert r"\boxed{2 \, x}$$" in solve(text).text


def test_a_number_in_front_of_a_blank_asks_for_nothing() -> None:
    text = "y = x^2\ny at 3 = ____\n"
    assert solve(text).text == text


def test_a_function_without_a_name_there_is_written_out() -> None:
    (answer,) = filled(r"Let $g(x) = \ln(1 + e^{x})$. $g'(x) = $ ____" + "\n")
    assert answer == r"\frac{1}{1 + e^{-x}}"


def test_squares_are_powers_in_text() -> None:
    assert filled("y = x - 1\nz = y^2\nz = ____\n") == ["y^2"]


def test_letters_that_may_be_arrays_are_not_taken_for_numbers() -> None:
    layers = "$z = W x + b$, $a = \\sigma(z)$, $s = V a$, $L = (s - t)^2$.\n\n"
    (open_,) = solve(layers + r"$\frac{\partial L}{\partial W} = $ ____").unanswered
    assert "arrays" in open_.reason


def test_a_gradient_that_is_passed_on_is_told_by_its_name() -> None:
    text = "$y_j = g_j x_j + c_j$.\n\n" + ask("c_j", "g_j") + "\n"
    assert filled(text) == [
        r"\frac{\partial L}{\partial y_j}",
        r"\frac{\partial L}{\partial y_j} \, x_j",
    ]


def test_the_gradient_of_an_unknown_loss_itself_stays_open() -> None:
    text = "$y_j = g_j x_j + c_j$.\n\n" + ask("y_j") + "\n"
    assert [a.reason for a in solve(text).unanswered] == ["L has no formula"]


# ── entries ─────────────────────────────────────────────────────────────────────────────────────


def test_an_index_that_is_not_asked_for_is_summed_over() -> None:
    text = (
        r"$m_j = \frac{1}{N}\sum_n x_{nj}$, $v_j = \frac1N \sum_n (x_{nj} - m_j)^2$,"
        r" $\hat x_{nj} = \frac{x_{nj} - m_j}{\sqrt{v_j + \epsilon}}$, $y_{nj} = g_j \hat x_{nj} + c_j$."
        "\n\n"
    )
    of_c, of_g, of_x = filled(text + ask("c_j", "g_j", r"\hat x_{nj}"))
    assert of_c == r"\sum_{n} \frac{\partial L}{\partial y_{nj}}"
    assert of_g == r"\sum_{n} \frac{\partial L}{\partial y_{nj}} \, \hat x_{nj}"
    assert of_x == r"\frac{\partial L}{\partial y_{nj}} \, g_j"


@pytest.mark.parametrize("half", [r"\frac12", r"\frac{1}{2}", r"\tfrac12"])
def test_the_half_and_the_two_of_a_square_cancel(half: str) -> None:
    text = (
        rf"$y_n = \sum_{{k}} w_k x_{{n+k}} + c$ and $L = {half} \sum_n (y_n - t_n)^2$."
        "\n\n"
    )
    assert filled(text + ask("y_n", "w_k", "c")) == [
        "y_n - t_n",
        r"\sum_n x_{n+k} \, \left(y_n - t_n\right)",
        r"\sum_n \left(y_n - t_n\right)",
    ]


def test_units_of_two_layers() -> None:
    text = (
        r"$z_j = \sum_i w_{ji} x_i + c_j$, $h_j = \sigma(z_j)$, $y_k = \sum_j v_{kj} h_j$,"
        r" $L = \frac12 \sum_k (y_k - t_k)^2$."
        "\n\n"
    )
    of_v, of_h, of_w = filled(text + ask("v_{kj}", "h_j", "w_{ji}"))
    assert of_v == r"h_j \, \left(y_k - t_k\right)"
    assert of_h == r"\sum_k v_{kj} \, \left(y_k - t_k\right)"
    assert of_w == r"\sum_k v_{kj} \, x_i \, h_j \, \left(y_k - t_k\right) \, \left(1 - h_j\right)"
