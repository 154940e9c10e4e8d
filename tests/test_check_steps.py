"""New values that are told by a number only, where the document says how it steps."""

from __future__ import annotations

import pytest

from dvar import check


def said(text: str, line: int) -> tuple[str, int | None]:
    found = [j for j in check(text + "\n").judgements if j.line == line]
    return found[-1].verdict, found[-1].from_line


MODEL = (
    "$z = u_1 p_1 + u_2 p_2 + c$, $E = \\frac{1}{2}(z - t)^2$ with $p_1 = 2$, $p_2 = -1$, $t = 1$, "
    "$u_1 = 0.5$, $u_2 = 0.25$, $c = 0.1$.\n\n"
)
STEP = "$u_1^{+} = u_1 - \\eta \\frac{\\partial E}{\\partial u_1} = 0.5 - 0.2 \\cdot (-0.3) = 0.56$\n\n"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$u_2^{+} = 0.22$", "ok"),
        ("$u_2^{+} = 0.28$", "wrong"),
        ("$c^{+} = 0.13$", "ok"),
        ("$u_{2,new} = 0.22$", "ok"),
        ("$u_2 = 0.28$", "given"),
    ],
)
def test_a_new_value_is_where_the_step_leads(line: str, verdict: str) -> None:
    assert said(MODEL + STEP + line, 5)[0] == verdict


def test_without_a_step_written_out_no_number_is_wrong() -> None:
    assert said(MODEL + "$\\eta = 0.2$\n\n$u_2^{+} = 0.28$", 5)[0] == "given"


def test_a_step_along_a_wrong_gradient_is_carried() -> None:
    slope = "$\\frac{\\partial E}{\\partial u_2} = -(z - t) p_2 = -0.15$\n\n"
    text = MODEL + STEP + slope + "$u_2^{+} = 0.28$"
    assert said(text, 5)[0] == "wrong"
    assert said(text, 7) == ("carried", 5)


def test_a_program_prints_what_is_updated() -> None:
    text = (
        "$z = u p + c$, $L = (z - t)^2$, $p = 2$, $t = 1$, $u = 0.5$, $c = 0$, $\\eta = 0.1$.\n\n"
        "$\\frac{dL}{du} = 2 (z - t) p$\n\n```\nupdated u: 0.5000\nupdated c: 0.0\n```"
    )
    assert said(text.replace("t = 1", "t = 2"), 6)[0] == "given"
    assert said(text, 6)[0] == "ok"


PASS = (
    "$y = u h$, $h = v x$, $L = (y - t)^2$, $x = 2$, $v = 0.5$, $u = 0.8$, $t = 2$, $\\eta = 0.1$. "
    "So $h = 1$, $y = 0.8$.\n\n$\\frac{dL}{dy} = 2(0.8 - 2) = -2.4$\n\n"
    "$u := 0.8 - 0.1 \\cdot (-2.4) \\cdot 1 = 1.04$\n\n"
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("$\\frac{dL}{dh} = -2.4 \\cdot 0.8 = -1.92$", "ok"),
        ("$\\frac{dL}{dh} = -2.4 \\cdot 1.04 = -2.496$", "wrong"),
        ("$y = 1.04 \\cdot 1 = 1.04$", "ok"),
    ],
)
def test_a_backward_pass_uses_the_values_of_its_forward_pass(line: str, verdict: str) -> None:
    assert said(PASS + line, 7)[0] == verdict


def test_what_goes_on_with_a_value_that_is_too_new_is_carried() -> None:
    text = (
        PASS
        + "$\\frac{dL}{dh} = -2.4 \\cdot 1.04 = -2.496$\n\n$\\frac{dL}{dv} = -2.496 \\cdot 2 = -4.992$"
    )
    assert said(text, 9) == ("carried", 7)


def test_a_gradient_printed_in_an_earlier_part_is_the_one_of_the_step() -> None:
    text = (
        "## Gradients\n\n$M = \\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}$\n\n"
        "$\\frac{\\partial K}{\\partial M} = \\begin{bmatrix} 0.5 & 0 \\\\ 1 & -1 \\end{bmatrix}$\n\n"
        "## One step\n\nWith $\\eta = 0.2$:\n\n"
        "$M \\leftarrow M - \\eta \\frac{\\partial K}{\\partial M} = "
        "\\begin{bmatrix} 0.9 & 2 \\\\ 2.8 & 4.2 \\end{bmatrix}$"
    )
    assert said(text, 11)[0] == "ok"
    assert said(text.replace("4.2", "3.8"), 11)[0] != "ok"


@pytest.mark.parametrize(
    ("formula", "is_right"),
    [
        ("0.5 h_1 + 0.3 h_2 + 0.1", True),
        ("0.5 h_1 + 0.4 h_2 + 0.1", False),
        ("0.3 h_1 + 0.5 h_2 + 0.1", False),
        ("0.5 h_1 + 0.3 h_2 - 0.1", False),
    ],
)
def test_numbers_may_be_put_in_for_some_names_only(formula: str, is_right: bool) -> None:
    text = f"$w_1 = 0.5$, $w_2 = 0.3$, $b = 0.1$\n\n$$z = w_1 h_1 + w_2 h_2 + b = {formula}$$\n"
    assert (check(text).judgements[-1].verdict == "ok") == is_right
