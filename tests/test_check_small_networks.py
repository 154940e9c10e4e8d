"""``dvar check`` on small networks worked by hand: steps at zero, new values, rows, pages that lost backslashes."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

WRONG = {"wrong", "carried", "up-to-constant"}


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


def last(text: str) -> str:
    return verdicts(text)[-1]


@pytest.mark.parametrize("unit", ["sign", "step"])
@pytest.mark.parametrize("value", ["1", "0"])
def test_what_a_jump_is_at_zero_is_agreed_on(unit: str, value: str) -> None:
    text = rf"With $x = 3$, $w = 0$: $z = w x = 0$ and $\hat{{y}} = \text{{{unit}}}(0) = {value}$."
    assert last(text) == "ok"


@pytest.mark.parametrize(("value", "expected"), [("1", "ok"), ("-1", "wrong"), ("0", "wrong")])
def test_away_from_zero_a_sign_is_what_it_is(value: str, expected: str) -> None:
    assert last(rf"$\hat{{y}} = \text{{sign}}(2.5) = {value}$") == expected


def test_an_error_behind_a_sign_of_zero_is_carried_by_nothing() -> None:
    text = r"Here $\text{sign}(0) = 1$. $z = 2 \cdot 0 = 0$, $\hat{y} = \text{sign}(0) = 1$."
    assert not WRONG & set(verdicts(text + r" Error $= -1 - 1 = -2$."))


def test_a_number_rounded_behind_a_name_may_stand_for_what_was_computed() -> None:
    text = (
        r"$r = \sqrt{3} \approx 1.732$. $K = \left(\frac{\sqrt{3}}{0.25}\right)^2 = "
        r"\left(\frac{1.732}{0.25}\right)^2 = 48$"
    )
    assert last(text) == "ok"


GIVEN = r"$X = \begin{pmatrix} x_1 & x_2 \end{pmatrix} = \begin{pmatrix} 0.4 & 0.6 \end{pmatrix}$, "
WEIGHTS = (
    r"$W = \begin{pmatrix} w_1 & w_2 \\ w_3 & w_4 \\ w_5 & w_6 \end{pmatrix} = "
    r"\begin{pmatrix} 0.1 & 0.2 \\ 0.3 & 0.5 \\ 0.7 & 0.9 \end{pmatrix}$. "
)


@pytest.mark.parametrize(("value", "expected"), [("0.22", "ok"), ("0.34", "wrong")])
def test_a_matrix_of_names_gives_numbers_to_its_entries(value: str, expected: str) -> None:
    assert last(GIVEN + WEIGHTS + f"$z_1 = w_1 x_1 + w_3 x_2 = {value}$") == expected


@pytest.mark.parametrize(("value", "expected"), [("0.3", "ok"), ("0.25", "wrong")])
def test_a_list_of_names_gives_numbers_to_them(value: str, expected: str) -> None:
    assert last(f"$w = [w_1, w_2] = [0.5, -0.2]$. $s = w_1 + w_2 = {value}$") == expected


def test_entries_with_a_formula_are_claimed() -> None:
    text = r"$x = 2$. $z_1 = 3 x$ and $z_2 = 5 x$. $z = [z_1, z_2] = [6, 11]$"
    assert last(text) != "ok"


ROWS = (
    "$x = [1, 3]$, $V = [[0.2, 0.4], [0.6, 0.1]]$, $c = [0.1, 0.1]$, $u = [0.5, 2]$.\n\n"
    "$h = x \\cdot V + c = [1, 3] \\cdot [[0.2, 0.4], [0.6, 0.1]] + [0.1, 0.1] = [2.1, 0.8]$\n\n"
)


@pytest.mark.parametrize(("value", "expected"), [("2.65", "ok"), ("2.56", "wrong")])
def test_lists_in_front_of_matrices_are_rows(value: str, expected: str) -> None:
    assert last(ROWS + rf"$o = h \cdot u^T = {value}$") == expected


STEP = (
    r"$x = 2$, $w_1 = 0.5$, $w_2 = 0.1$, $t = 3$, $\eta = 0.1$. $y = w_1 x + w_2$, "
    r"$E = \frac12 (t - y)^2$, $\frac{\partial E}{\partial w_1} = -(t - y) x = -3.8$. "
)


@pytest.mark.parametrize(("new", "old"), [("new", "old"), ("nuevo", "viejo"), ("neu", "alt")])
@pytest.mark.parametrize(("value", "expected"), [("0.88", "ok"), ("0.12", "wrong")])
def test_the_new_value_is_that_of_the_one_weight_in_the_step(
    new: str, old: str, value: str, expected: str
) -> None:
    step = (
        rf"$w_{{{new}}} = w_{{{old}}} - \eta \frac{{\partial E}}{{\partial w_1}}$. "
        rf"$w_{{{new}}} = 0.5 - 0.1 \cdot (-3.8)$. $w_{{{new}}} = {value}$"
    )
    assert last(STEP + step) == expected


@pytest.mark.parametrize(("value", "expected"), [("0.29", "ok"), ("0.31", "wrong")])
def test_a_prime_marks_new_values_in_a_document_that_steps_so(value: str, expected: str) -> None:
    step = r"$w_1' = w_1 - \eta \frac{\partial E}{\partial w_1} = 0.5 + 0.38 = 0.88$. "
    assert last(STEP + step + f"$w_2' = {value}$") == expected


def test_a_prime_stays_a_slope_beside_functions() -> None:
    text = r"$f(w) = w^2$. $w' = w - \eta f'(w)$. $f'(3) = 6$"
    assert last(text) == "ok"


CIRCLE = (
    "a_1 = σ({inner}) = 1/(1 + exp(-z_1))\n\nz_1 = w_1 x\n\no_1 = w_2 a_1\n\nE = 1/2 (t - o_1)^2\n\n"
    "∂E/∂w_2 = -(t - o_1) a_1\n"
)


def test_a_slip_that_closes_a_circle_is_found_and_the_rest_is_understood() -> None:
    assert "wrong" not in verdicts(CIRCLE.format(inner="z_1"))
    found = check(CIRCLE.format(inner="o_1")).judgements
    assert found[0].verdict == "wrong"
    assert found[-1].verdict == "ok"


FUNCTION = r"$y_j = F(a_j) = \frac{1}{1 + e^{-a_j}}$. "


@pytest.mark.parametrize(("value", "expected"), [("0.668", "ok"), ("0.686", "wrong")])
@pytest.mark.parametrize("inside", ["a_j", "a_1"])
def test_a_function_of_any_unit_may_be_applied_to_numbers(
    inside: str, value: str, expected: str
) -> None:
    text = FUNCTION.replace("-a_j", f"-{inside}") + rf"$F(0.7) = {value}$"
    assert last(text) == expected


LABELS = r"$b^h = 0.1$, $b^y = 0.4$, $w = 0.5$, $v = 0.2$, $x = 2$. $h = w x + b^h = 1.1$. "


@pytest.mark.parametrize(("value", "expected"), [("0.62", "ok"), ("0.32", "wrong")])
def test_letters_above_biases_tell_them_apart(value: str, expected: str) -> None:
    assert last(LABELS + f"$u = v h + b^y = {value}$") == expected


CHAT = r"""
[
f'(z) =
\begin{cases}
1 & \text{if } z > 0 \
0 & \text{otherwise}
\end{cases}
]
for (f(z) = \max(0, z)) and (z = w x).

[
E = \frac{1}{2} (a - t)^2, \quad a = f(z)
]

[
\frac{\partial E}{\partial w} = (a - t) , f'(z) , FACTOR
]
"""


@pytest.mark.parametrize(("factor", "expected"), [("x", "ok"), ("w", "wrong")])
def test_pages_that_lost_their_backslashes_are_read(factor: str, expected: str) -> None:
    found = verdicts(CHAT.replace("FACTOR", factor))
    assert found[0] == "ok"
    assert found[-1] == expected


def test_rows_of_a_matrix_may_end_in_a_single_backslash() -> None:
    matrix = "\\begin{bmatrix}\n1 & 2\\\n3 & 4\n\\end{bmatrix}"
    text = f"$$\nA = {matrix}\n$$\n\n$$\nA [1, 1]^T = [3, 7]^T\n$$"
    assert last(text) == "ok"
    assert last(text.replace("[3, 7]", "[3, 8]")) != "ok"


def test_a_fraction_that_lost_its_line_defines_nothing() -> None:
    text = (
        r"$\sigma(x)=1+e^{-x}1$ and $\sigma'(x) = \sigma(x)(1 - \sigma(x))$. $\sigma(0.4) = 0.599$"
    )
    assert not WRONG & set(verdicts(text))


TABLE = """
$c = 0.3$, $E = c^2$ and $\\eta = 0.1$.

| 参数 | 梯度值 |
|:--|:--|
| $c$ | $0.6$ |

$c \\leftarrow c - \\eta \\frac{\\partial E}{\\partial c} = 0.3 - 0.06 = 0.24$
"""


def test_a_column_of_gradients_gives_no_values() -> None:
    assert not WRONG & set(verdicts(TABLE))


@pytest.mark.parametrize("spelling", [r"\delta{_2}", r"\delta_2"])
def test_braces_around_a_script_are_no_factor(spelling: str) -> None:
    text = rf"$z = 3 x$, $L = z^2$. ${spelling} = \frac{{\partial L}}{{\partial z}}$. ${spelling} = 2 z$"
    assert last(text) == "ok"


FORWARD = """
With $x = 2$, $w = 0.5$, $b = 0.1$ and $t = 1$:

| Quantity | Calculation | Result |
|---|---|---|
| $z$ | $w x + b$ | 1.1 |
| $a$ | $\\sigma(z)$ | 0.750 |
| $E$ | $\\frac12 (a - t)^2$ | 0.0312 |
| $\\partial E/\\partial z$ | $(a - t) a (1 - a)$ | -0.0468 |
| check | 0.0468 · 2 | 0.0936 |
"""


@pytest.mark.parametrize(
    ("old", "new"), [("0.750", "0.570"), ("-0.0468 |", "-0.0486 |"), ("0.0936", "0.0396")]
)
def test_a_row_of_a_table_is_calculated(old: str, new: str) -> None:
    assert not WRONG & set(verdicts(FORWARD))
    assert verdicts(FORWARD.replace(old, new)).count("wrong") == 1


def test_a_formula_in_a_row_is_a_claim_about_its_name() -> None:
    assert "wrong" in verdicts(FORWARD.replace("(a - t) a (1 - a)", "(a - t) a (1 + a)"))


@pytest.mark.parametrize(("number", "expected"), [("0.1350", "ok"), ("0.1390", "wrong")])
def test_a_number_is_copied_as_it_stood(number: str, expected: str) -> None:
    assert last(f"$m = {number} / (1 - 0.9^2) = 0.1350 / 0.19 = 0.711$") == expected


@pytest.mark.parametrize(("number", "expected"), [("-0.42", "ok"), ("0.42", "wrong")])
def test_a_chain_of_an_open_derivative_goes_on_with_its_numbers(number: str, expected: str) -> None:
    text = f"```\n∂L/∂W² = δ² · (a¹)ᵀ = [-0.6] · [0.7, 0.5]\n       = [{number}, -0.3]\n```"
    assert last(text) == expected


DOWN = r"By gradient descent, with $f(u) = u^2$, $f'(u) = 2u$, $\alpha = 0.1$ and $u = 5$: "


def test_a_step_along_a_primed_slope_goes_down() -> None:
    step = r"$u_{new} = u - \alpha f'(u)$. $u_{new} = 5 - 0.1 \cdot 10 = 4$"
    assert not WRONG & set(verdicts(DOWN + step))
    found = verdicts(DOWN + step.replace(r"u - \alpha", r"u + \alpha"))
    assert found.count("wrong") == 1
    assert found[-1] == "ok"


def test_a_rate_alone_is_no_step() -> None:
    slope = r"$L = w^2$, $\frac{\partial L}{\partial w} = 2w$. "
    assert last(slope + r"$w_{new} = w_{old} - \eta \frac{\partial L}{\partial w}$") == "ok"
    assert last(slope + r"$w_{new} = w_{old} - \eta$") == "wrong"


def test_a_factor_that_is_lost_in_front_of_its_numbers_is_found() -> None:
    given = "e = a * b, d = e + c, a = 2.0, b = -3.0, c = 10.0\n\n"
    assert last(given + "e = a * b = 2.0 * -3.0 = -6.0") == "ok"
    assert last(given + "e = b = 2.0 * -3.0 = -6.0") == "wrong"


@pytest.mark.parametrize(("number", "expected"), [("0.01", "ok"), ("0.1", "wrong")])
def test_a_change_in_a_name_is_no_value_of_it(number: str, expected: str) -> None:
    text = "$L = z^2$, $z = 6$, $L = 36$.\n\n- Change in $L$ ≈ $0.12 = 12 \\times " + number + "$"
    assert last(text) == expected
