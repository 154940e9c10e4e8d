"""Steps along a formula, and how the new value is written."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

LINE = r"""The cost is $Q = \frac{1}{2n}\sum_{i=1}^n (a + b u_i - v_i)^2$. We step down:

$$a := a - \eta \frac{1}{n}\sum_{i=1}^n (a + b u_i - v_i)$$

$$b := b - \eta \frac{1}{n}\sum_{i=1}^n (a + b u_i - v_i) u_i$$
"""


@pytest.mark.parametrize(
    ("right", "wrong", "cause"),
    [
        ("(a + b u_i - v_i) u_i", "(a + b u_i - v_i)", "missing-factor"),
        ("(a + b u_i - v_i) u_i", "(a + b u_i - v_i) v_i", "wrong-variable"),
        ("(a + b u_i - v_i) u_i", "(a - b u_i - v_i) u_i", "sign"),
        (r"a - \eta", r"a + \eta", "sign"),
    ],
)
def test_a_step_goes_down_the_gradient_of_the_loss(right: str, wrong: str, cause: str) -> None:
    assert not check(LINE).faults
    assert right in LINE
    faults = check(LINE.replace(right, wrong)).faults
    assert len(faults) == 1
    assert cause in faults[0].causes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"\eta \frac{1}{n}\sum", r"2 \eta \sum"),  # the rate takes up any factor
        (r"\frac{1}{n}\sum_{i=1}^n (a + b u_i - v_i) u_i", r"(a + b u_i - v_i) u_i"),  # one example
        (r"We step down", r"We maximise, with $\eta < 0$"),
    ],
)
def test_a_step_along_a_share_of_the_gradient_is_no_mistake(old: str, new: str) -> None:
    assert old in LINE
    assert not check(LINE.replace(old, new)).faults


AHEAD = r"""$p = g_1 z_1 + g_2 z_2$, $z_1 = s_1 r_1$, $z_2 = s_2 r_2$ and $Loss = \frac12 (p - q)^2$.

$${}^*G_k = G_k - c \frac{\partial Loss}{\partial G_k}$$

$$\Delta = p - q$$

$$\frac{\partial Loss}{\partial G_2} = \Delta z_2$$

$$^*g_1 = g_1 - c (z_1 \cdot \Delta)$$
$$^*s_2 = s_2 - c (r_2 \cdot \Delta g_2)$$

$$\begin{bmatrix} g_1 \\ g_2 \end{bmatrix} = \begin{bmatrix} g_1 \\ g_2 \end{bmatrix}
 - c \Delta \begin{bmatrix} z_1 \\ z_2 \end{bmatrix}$$

$$\begin{bmatrix} g_1 \\ g_2 \end{bmatrix} = \begin{bmatrix} 0.2 \\ 0.4 \end{bmatrix}
 - 0.1 (-0.5) \begin{bmatrix} 0.6 \\ 0.8 \end{bmatrix}
 = \begin{bmatrix} 0.23 \\ 0.44 \end{bmatrix}$$
"""


def test_a_star_in_front_marks_the_new_value_and_lists_of_weights_take_steps() -> None:
    verdicts = {j.verdict for j in check(AHEAD).judgements if j.kind in ("claim", "update")}
    assert verdicts == {"ok"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"= \Delta z_2$", r"= \Delta z_1$"),
        (r"\Delta g_2)", r"\Delta g_1)"),
        ("g_1 - c (z_1", "g_1 + c (z_1"),
        ("0.23", "0.17"),
    ],
)
def test_steps_of_marked_names_are_judged(right: str, wrong: str) -> None:
    assert right in AHEAD
    assert len(check(AHEAD.replace(right, wrong)).faults) == 1


WORDS = r"""$$Sigmoid = \frac{1}{1+e^{-x}}$$

$$\frac{\partial Sigmoid}{\partial x} = Sigmoid(1 - Sigmoid)$$
"""


@pytest.mark.parametrize("text", [WORDS, WORDS.split("\n\n")[1]])
def test_a_word_for_a_function_stands_for_its_value(text: str) -> None:
    assert [j.verdict for j in check(text).judgements][-1] == "ok"
    assert len(check(text.replace("1 - S", "1 + S")).faults) == 1


def test_products_in_a_row_that_go_on_with_what_comes_out_are_no_mistake() -> None:
    assert not check(
        r"$h_1 = x_1 a + x_2 b$, $h_2 = x_1 c + x_2 d$." + "\n\n"
        r"$$\begin{bmatrix} x_1 & x_2 \end{bmatrix} \begin{bmatrix} a & c \\ b & d \end{bmatrix} ="
        r" \begin{bmatrix} h_1 & h_2 \end{bmatrix} \begin{bmatrix} u \\ v \end{bmatrix} = y$$"
    ).faults


STEP = """z = u r + c = 0.4*1.5 - 1.1 = -0.5
p = σ(z) = 1/(1 + e^0.5) = 0.3775
L = -ln(p) = 0.974
∂p/∂z = p(1 − p) = 0.235
c ← c − η ∂L/∂c
"""


def test_a_step_makes_no_circle_of_what_the_loss_is_made_of() -> None:
    assert not check(STEP).faults
    assert check(STEP).judgements[3].verdict == "ok"
    assert len(check(STEP.replace("p(1 − p)", "p(1 + p)")).faults) == 1


CHANGES = r"""$p^{(n)} = \sum_k c_k g_k^{(n)} + c_0$ and $J = \frac{1}{2} \sum_n (q^{(n)} - p^{(n)})^2$. Down the gradient

$$\Delta c_k = \eta \sum_n (q^{(n)} - p^{(n)}) g_k^{(n)}$$

$$\Delta c_0 = \eta \sum_n (q^{(n)} - p^{(n)})$$
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (r"\Delta c_0 = \eta", r"\Delta c_0 = -\eta"),
        ("p^{(n)}) g_k", "p^{(n)}) q_k"),
        ("(q^{(n)} - p^{(n)}) g_k", "(q^{(n)} + p^{(n)}) g_k"),
    ],
)
def test_changes_of_weights_are_judged_as_steps(right: str, wrong: str) -> None:
    assert not check(CHANGES).faults
    assert right in CHANGES
    assert len(check(CHANGES.replace(right, wrong)).faults) == 1


def test_another_rule_for_a_name_is_no_mistake() -> None:
    assert not check(CHANGES + "\nHebb: $\\Delta c_k = \\eta \\sum_n q^{(n)} g_k^{(n)}$").faults


BY_VALUE = """u = 0.5 r = 0.5*1.2 = 0.6
g = tanh(u) = 0.537
L = 1/2 (g - 1)^2
dL/dg = g - 1 = 0.537 - 1 = -0.463
dL/du = dL/dg * tanh'(g) = -0.463 * 0.7116 = -0.3295
"""


def test_a_slope_told_by_what_comes_out_is_no_mistake_where_the_numbers_are_right() -> None:
    assert not check(BY_VALUE).faults
    assert len(check(BY_VALUE.replace("= -0.3295", "= 0.3295")).faults) == 1


def test_a_change_to_second_order_is_no_differential() -> None:
    text = r"$$df = f_x\,dx + \frac{1}{2} f_{xx} (dx)^2.$$" + "\n\n" + r"$$f(x)=e^{x-1}+(x-1)^2.$$"
    assert not check(text).faults


@pytest.mark.parametrize(
    "told",
    [r"$\sigma(z) = a$", r"$\varphi(z) = 1/(1 + e^{-z})$ and" + "\n\n" + r"$\varphi(z) = a$"],
)
def test_the_value_of_an_activation_may_get_its_name_behind_it(told: str) -> None:
    text = f"$z = w r$, {told}, $J = \\frac12 (a - y)^2$.\n\n"
    text += r"$$\frac{\partial J}{\partial w} = (a - y) a (1 - a) r$$"
    assert check(text).judgements[-1].verdict == "ok"
    assert len(check(text.replace("1 - a", "1 + a")).faults) == 1


def test_a_sum_that_has_come_to_a_single_term_tells_no_mistake() -> None:
    text = r"""\begin{eqnarray*}
L(y, f(x)) &=& (y - f(x))^2 = (y - \beta^T x)^2 \\
SSE(\beta) &=& \sum_{i=1}^n (y_i - \beta^T x_i)^2 \\
\end{eqnarray*}
With a penalty
\begin{eqnarray*}
SSE_{pen}(\beta) &=& \sum_{i=1}^n (y_i - \beta^T x_i)^2 + \mu ||\beta||_2^2 \\
\nabla_\beta SSE_{pen}(\beta) &=& -2 X^T (y - X \beta) + 2\mu\beta \\
\hat\beta_{pen} &=& (X^T X + \mu I)^{-1} X^T y
\end{eqnarray*}
"""
    assert not check(text).faults


MULTIPLIED = r"""$L(x, \lambda) = f(x) - \lambda g(x)$ with any $f$ and $g$.

$$\frac{\partial L}{\partial \lambda} = g(x) = 0$$
"""


def test_the_sign_of_what_is_set_to_zero_is_no_matter() -> None:
    assert not check(MULTIPLIED).faults
    assert len(check(MULTIPLIED.replace(" = 0$$", "$$")).faults) == 1


ADDED_UP = r"""$s = \frac{e^z}{\mathbf{1}^T e^z}$, $S = \operatorname{Diag}(s)$ and $ds = (S - s s^T) dz$, so

$$(s \mathbf{1}^T - I) y = s - y$$
"""


def test_labels_may_add_up_to_one() -> None:
    assert not check(ADDED_UP).faults
