"""What names stand for: numbers that several share, points, results named at the end of a chain, rows of tables."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, tuple[str, ...]]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].causes


def test_names_that_share_a_number_are_not_one_name() -> None:
    text = (
        "$u_1 = u_2 = 0.4$, $p_1 = p_2 = 2$, $s = u_1 p_1 + u_2 p_2$\n\n$\\frac{ds}{du_1} = p_1 = 2$\n\n"
        "$s = 1.6$\n\n$\\frac{ds}{du_1} = p_1 + p_2 = 4$"
    )
    assert [said(text, line)[0] for line in (3, 5, 7)] == ["ok", "ok", "wrong"]


SQUARES = (
    "$J(w) = \\|Xw - y\\|^2$ with $X = \\begin{bmatrix} 1 & 0 \\\\ 1 & 2 \\end{bmatrix}$, $y = (1, 2)^T$, "
    "$w_{(0)} = (0, 0)^T$.\n\n"
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$\\nabla_w J(w_{(0)}) = -2 X^T y = (-6, -8)^T$", "ok"),
        ("$\\nabla J(w_{(0)}) = (-6, -8)^T$", "ok"),
        ("$\\nabla J(w_{(0)}) = (-6, 8)^T$", "wrong"),
        ("$\\nabla_w J(w_{(7)}) = 2 X^T (X w_{(7)} - y)$", "ok"),
        ("$\\nabla_w J(w_{(7)}) = 2 X^T (X w_{(7)} + y)$", "wrong"),
        ("$\\frac{\\partial J(u)}{\\partial w} = 2 X^T (X u - y)$", "ok"),
    ],
)
def test_a_gradient_at_a_point_is_that_of_the_argument(line: str, verdict: str) -> None:
    assert said(SQUARES + line, 3)[0] == verdict


NEURON = (
    "$z = w x + b$, $a = \\sigma(z)$, $L = -y \\log a - (1 - y) \\log(1 - a)$.\n\n"
    "$$\\frac{\\partial L}{\\partial z} = a - y = \\epsilon$$\n\n"
)


@pytest.mark.parametrize(
    ("right", "verdict"),
    [("\\epsilon x", "ok"), ("\\epsilon w", "wrong"), ("-\\epsilon x", "wrong")],
)
def test_the_name_at_the_end_of_a_chain_is_what_the_chain_is(right: str, verdict: str) -> None:
    text = NEURON + "$$\\frac{\\partial L}{\\partial w} = " + right + "$$"
    assert said(text, 3)[0] == "ok"
    assert said(text, 5)[0] == verdict


def test_a_name_after_a_wrong_result_does_not_hide_it() -> None:
    text = NEURON.replace("a - y", "a + y") + "$$\\frac{\\partial L}{\\partial b} = \\epsilon$$"
    assert said(text, 3)[0] == "wrong"


def test_the_row_of_a_table_tells_by_which_name() -> None:
    text = (
        "$s = v_1 p_1 + v_2 p_2$, $p_1 = 3$, $p_2 = 5$.\n\n"
        "| weight | $\\partial s / \\partial v$ |\n|:--|--:|\n| $v_1$ | 3 |\n| $v_2$ | 4 |"
    )
    assert said(text, 5)[0] == "ok"
    assert said(text, 6)[0] == "wrong"


LAYER = "$s_1 = k_{11} p_1 + k_{12} p_2$ and $s_2 = k_{21} p_1 + k_{22} p_2$.\n\n"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$\\frac{\\partial s_2}{\\partial p_1} = k_{21}$", "ok"),
        ("$\\frac{\\partial s_2}{\\partial p_1} = k_{71}$", "wrong"),
        ("$\\frac{\\partial s_2}{\\partial p_1} = q$", "unknown"),
    ],
)
def test_a_name_of_no_other_line_is_a_slip_of_one_nearby(line: str, verdict: str) -> None:
    assert said(LAYER + line, 3)[0] == verdict


STEPS = (
    "$s = u p + v q + c$, $E = (s - r)^2$.\n\n$u := u - \\eta\\, du$, $v := v - \\eta\\, dv$.\n\n"
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$c := c - \\eta\\, dc$", "ok"),
        ("$c := c - \\eta\\, dk$", "wrong"),
        ("$c_y := c_y - \\eta\\, dcy$", "ok"),
    ],
)
def test_a_step_along_the_gradient_of_nothing_is_wrong(line: str, verdict: str) -> None:
    assert said(STEPS + line, 5)[0] == verdict


def test_an_operator_with_empty_braces_is_an_operator() -> None:
    text = "$\\frac{\\partial{}}{\\partial{x}}(a x + b) = a$\n\n$\\frac{\\partial{}}{\\partial{x}}(a x + b) = 2 a$"
    assert [said(text, line)[0] for line in (1, 3)] == ["ok", "wrong"]


def test_a_name_without_its_index_may_be_any_of_its_members() -> None:
    text = "$s = v_1 t_1 + v_2 t_2$ and $u(v_1) = e^{-s}$\n\n$u'(v) = -t_1 e^{-s}$"
    assert [j.verdict for j in check(text).judgements][-1] == "ok"
    assert [j.verdict for j in check(text.replace("-t_1", "-t_3")).judgements][-1] != "ok"


NUMBERS = r"""
Given $x_1 = 2$, $x_2 = 1$, $r = 1$,

$$V_1 = \begin{bmatrix} 0.5 & -0.5 \\ 0.25 & 0.25 \end{bmatrix}, \quad b_1 = [0, 0]$$

$$V_2 = [2, 4], \quad b_2 = 0.5$$

$$z_{h1} = 0.5(2) + 0.25(1) = 1.25$$

$$z_{h2} = -0.5(2) + 0.25(1) = -0.75$$

$$Z_1 = [1.25, -0.75]$$

$$A_1 = [\max(0,1.25), \max(0,-0.75)] = [1.25, 0]$$

$$\hat{y} = z_2 = 2(1.25) + 4(0) + 0.5 = 3$$

$$L = (\hat{y} - r)^2 = (3 - 1)^2 = 4$$

* $Z_2 = A_1 \cdot V_2 + b_2$
"""


def test_a_capital_and_a_small_letter_for_one_sum() -> None:
    assert check(NUMBERS + r"* $\frac{d\hat{y}}{dZ_2} = 1$").judgements[-1].verdict == "ok"


def test_a_bias_of_zeros_that_is_left_out_where_numbers_are_put_in() -> None:
    line = "\n$$\\frac{\\partial L}{\\partial b_1} = [8, {}]$$".replace("{}", "%s")
    assert check(NUMBERS + line % "0").judgements[-1].verdict == "ok"
    assert check(NUMBERS + line % "16").judgements[-1].verdict != "ok"
