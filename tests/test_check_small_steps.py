r"""Lines of calculus: increments to first order, seeds and shares of a sweep, functions of functions, sums from 0."""

from __future__ import annotations

import pytest
from judged import verdicts

from dvar import check


def worst(text: str, line: int) -> str:
    return verdicts(text)[line]


# ── increments ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"$df = f(x + dx) - f(x) = 3(x + dx)^2 - 3x^2 = 6x\,dx$", "ok"),
        (r"$df = f(x + dx) - f(x) = 3(x + dx)^2 - 3x^2 = 6x\,dx + 3\,dx^2 = 6x\,dx$", "ok"),
        (r"$df = f(x + dx) - f(x) = 3(x + dx)^2 - 3x^2 = 3x\,dx$", "wrong"),
    ],
)
def test_a_difference_is_its_differential_to_first_order(line: str, verdict: str) -> None:
    assert worst(f"A differential of $f(x) = 3x^2$:\n\n{line}\n", 3) == verdict


def test_a_quadratic_form_to_first_order() -> None:
    text = (
        "For $q(u) = u^T B u$ with $u \\in \\mathbb{R}^k$ and $B \\in \\mathbb{R}^{k \\times k}$, the differential is\n\n"
        "$$dq = q(u + du) - q(u) = (u + du)^T B (u + du) - u^T B u = du^T B u + u^T B\\,du = "
    )
    assert worst(text + "u^T(B + B^T)du$$\n", 3) == "ok"
    assert worst(text + "2u^T B\\,du$$\n", 3) != "ok"


def test_d_stands_in_front_of_what_it_is_taken_of_within_a_product() -> None:
    text = (
        "The differential of $h(B) = \\sqrt{\\operatorname{tr}(B^TB)}$ for a matrix $B$:\n\n"
        "$$dh = \\frac{1}{2h}\\,d[\\operatorname{tr}(B^TB)] = \\frac{1}{2h}\\operatorname{tr}[dB^T B + B^T dB] = "
    )
    assert worst(text + "\\frac{1}{h}\\operatorname{tr}(B^T dB)$$\n", 3) == "ok"
    assert worst(text + "\\frac{2}{h}\\operatorname{tr}(B^T dB)$$\n", 3) in ("wrong", "unknown")


@pytest.mark.parametrize(
    ("gradient", "verdict"), [(r"\frac{t}{\hat p}", "ok"), (r"\frac{\hat p}{t}", "wrong")]
)
def test_a_colon_between_vectors_of_a_frobenius_product(gradient: str, verdict: str) -> None:
    text = (
        "Write the Frobenius product as $u:v = u^Tv$.\n\n\\begin{align}\nS &= t:\\log(\\hat p) \\\\\n"
        "dS &= t:d\\log(\\hat p) \\\\\n&= " + gradient + r":d{\hat p} \\" + "\n\\end{align}\n"
    )
    found = verdicts(text)
    assert found[6] == verdict
    assert found[5] in ("ok", "unknown")


# ── sweeps ──────────────────────────────────────────────────────────────────────────────────────

SWEEP = r"""Forward accumulation:

$$\dot a_i = \frac{\partial a_i}{\partial x}$$

$$\dot a_1 = \frac{\partial a_1}{\partial x_1} = \frac{\partial x_1}{\partial x_1} = 1$$
$$\dot a_2 = \frac{\partial a_2}{\partial x_1} = \frac{\partial x_2}{\partial x_1} = 0$$

| value | derivative |
|---|---|
| $a_1 = x_1$ | $\dot a_1 = 1$ (seed) |
| $a_2 = x_2$ | $\dot a_2 = 0$ (seed) |
| $a_3 = a_1 a_2$ | $\dot a_3 = a_2 \dot a_1 + a_1 \dot a_2$ |
| $a_4 = \cos a_1$ | $\dot a_4 = -\sin a_1 \dot a_1$ |
"""


def test_tangents_by_whichever_input_is_chosen() -> None:
    assert set(verdicts(SWEEP).values()) <= {"ok", "definition", "given"}
    bent = SWEEP.replace("$\\dot a_4 = -", "$\\dot a_4 = ")
    assert verdicts(bent)[13] == "wrong"


def test_a_seed_told_by_another_name_hides_no_sign() -> None:
    text = (
        "Forward mode, seeds $\\dot p_1 = 1$ and $\\dot p_2 = 0$.\n\n$p_1 = x_1$, $p_2 = x_2$, $p_3 = p_1 p_2$\n\n"
        "$\\dot p_3 = p_2 \\dot p_1 {} p_1 \\dot p_2$\n"
    )
    assert worst(text.replace("{}", "+"), 5) == "ok"
    assert worst(text.replace("{}", "-"), 5) == "wrong"


REVERSE = r"""$y = x_1 x_2 + \sin(x_1)$ at $(x_1, x_2) = (1, 2)$.

$b_1 = x_1$, $b_2 = x_2$, $b_3 = b_1 b_2$, $b_4 = \sin b_1$, $y = b_3 + b_4$

$\bar b_i = \frac{\partial y}{\partial b_i}$

In two steps
$\bar b_1 = \bar b_4 \frac{\partial b_4}{\partial b_1}$ and $\bar b_1 = \bar b_1 + \bar b_3 \frac{\partial b_3}{\partial b_1}$.

| adjoint | |
|---|---|
| $\bar b_3 = 1$ | $= 1$ |
| $\bar b_4 = 1$ | $= 1$ |
| $\bar b_2 = \bar b_3 b_1$ | $= 1$ |
| $\bar b_1 = \bar b_4 \frac{\partial b_4}{\partial b_1} = \bar b_4 \cos b_1$ | $= 0.5403$ |
| $\bar b_1 = \bar b_1 + \bar b_3 \frac{\partial b_3}{\partial b_1} = \bar b_1 + \bar b_3 b_2$ | $= 2.5403$ |
"""


def test_shares_that_are_collected_a_second_time() -> None:
    found = verdicts(REVERSE)
    assert set(found.values()) <= {"ok", "definition", "given"}
    assert verdicts(REVERSE.replace("2.5403", "1.5403"))[16] == "wrong"


# ── functions of functions ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "text",
    [
        "$v = k(x)$, $y = h(k(x)) = h(v)$\n",
        "$y = h(k(x)) = h(v)$ with $v = k(x)$\n",
        (
            "$$y = h(k(m(x))) = h(k(m(u_0))) = h(k(u_1)) = h(u_2) = u_3$$\n\n"
            "$$u_0 = x$$\n$$u_1 = m(u_0)$$\n$$u_2 = k(u_1)$$\n$$u_3 = h(u_2) = y$$\n\n"
            "$$\\frac{\\partial y}{\\partial x} = \\frac{\\partial y}{\\partial u_2}\\frac{\\partial u_2}{\\partial u_1}"
            "\\frac{\\partial u_1}{\\partial x}$$\n"
        ),
    ],
)
def test_one_function_of_another(text: str) -> None:
    assert {j.verdict for j in check(text).judgements} <= {"ok", "definition"}


def test_the_inner_function_is_told_by_its_name() -> None:
    text = "$y = h(k(x)) = h(v)$, so $\\frac{dy}{dx} = h'({}) k'(x)$\n"
    assert [j.verdict for j in check(text.replace("{}", "v")).judgements] == ["ok", "ok"]
    assert [j.verdict for j in check(text.replace("{}", "x")).judgements] == ["ok", "wrong"]


def test_a_formula_in_pieces_stays_whole_behind_its_slopes() -> None:
    text = (
        "e = y - p\n\nH(e) = e^2/2 if |e| <= k\nH(e) = k*(|e| - k/2) if |e| > k\ndH/de = e if |e| <= k\n"
        "dH/de = k*sign(e) otherwise\nWith k = 2: H(1) = {}, H(-4) = 6\n"
    )
    assert worst(text.replace("{}", "0.5"), 7) == "ok"
    assert worst(text.replace("{}", "0.75"), 7) == "wrong"


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"$$\hat t = \sum_{j=1}^p c_j x_j = c^Tx$$", "ok"),
        (r"$$g(x) = \sum_{j=0}^p c_j x_j = c^Tx$$", "ok"),
        (r"$$g(x) = \sum_{j=0}^{p-1} c_j x_j = \mathbf{c}^T\mathbf{x}$$", "ok"),
        (r"$$\hat t = \sum_{j=1}^p c_j x_j = c\,x^T$$", "other"),
    ],
)
def test_a_sum_of_products_is_an_inner_product(line: str, verdict: str) -> None:
    assert (worst(line + "\n", 1) == "ok") == (verdict == "ok")


def test_the_slope_of_a_sum_from_zero() -> None:
    text = (
        "$$g_\\beta(x) = \\beta^Tx$$\n\nFor one example\n\n\\begin{align}\n"
        "\\frac{\\partial}{\\partial\\beta_k}\\frac12(g_\\beta(x)-t)^2 &= (g_\\beta(x)-t)\\frac{\\partial}{\\partial\\beta_k}"
        "\\left(\\sum_{j=0}^p\\beta_jx_j-t\\right)\\\\\n&= (g_\\beta(x)-t)x_{}\n\\end{align}\n"
    )
    assert worst(text.replace("{}", "k"), 7) == "ok"
    assert worst(text.replace("{}", "0"), 7) != "ok"


# ── curves ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"\frac{dy}{dx} = -\frac{G_x}{G_y} = -\frac{y^2 + 2x}{2xy}", "ok"),
        (r"\frac{dy}{dx} = -\frac{G_x}{G_y} = -\frac{y^2 - 2x}{2xy}", "wrong"),
        (r"\frac{dy}{dx} = \frac{G_x}{G_y} = \frac{y^2 + 2x}{2xy}", "wrong"),
    ],
)
def test_partial_derivatives_of_what_vanishes_on_a_curve(line: str, verdict: str) -> None:
    text = f"The curve $xy^2 + x^2 = 5$. Let $G(x, y) = xy^2 + x^2 - 5$.\n\n$${line}$$\n"
    assert worst(text, 3) == verdict


def test_second_derivatives_in_plain_text() -> None:
    text = "g(x, y) = x^2*y^2 + x^3\nd2g/dx2 = 2y^2 + 6x\nd2g/dxdy = 4xy\nd2g/dy2 = {}\n"
    assert set(verdicts(text.replace("{}", "2x^2")).values()) <= {"ok", "definition"}
    assert worst(text.replace("{}", "3x^2"), 4) == "wrong"


# ── letters ─────────────────────────────────────────────────────────────────────────────────────


def test_a_function_with_and_without_its_parameters_below() -> None:
    text = r"""$$g(x) = \sum_{i=0}^p \beta_i x_i = \beta^Tx$$

$$S(\beta) = \frac12\sum_{i=1}^{N}(g_\beta(x^{(i)}) - t^{(i)})^2$$

$$\frac12\sum_{i=1}^N(g_\beta(x^{(i)})-t^{(i)})^2 = S(\beta)$$
"""
    assert {verdicts(text)[1], verdicts(text)[5]} == {"ok"}
    assert verdicts(text.replace("= S(", "= 2S("))[5] == "wrong"


# ── causes ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("formulas", "slope", "bent"),
    [
        (r"$p_i = \sigma(u_i)$ and $u_i = v^T x_i + c$", "p_i (1 - p_i)", "u_i (1 - u_i)"),
        (r"$p = \tanh(u)$ and $u = v^T x + c$", "1 - p^2", "1 - u^2"),
        (r"$p = e^{u}$ and $u = v x + c$", "p", "u"),
    ],
)
def test_the_argument_in_the_place_of_the_value(formulas: str, slope: str, bent: str) -> None:
    index = "_i" if "_i" in formulas else ""
    text = f"{formulas}, so\n\n$$\\frac{{\\partial p{index}}}{{\\partial u{index}}} = {{}}$$\n"
    assert worst(text.replace("{}", slope), 3) == "ok"
    (found,) = [j for j in check(text.replace("{}", bent)).judgements if j.line == 3]
    assert found.verdict == "wrong"
    assert "wrong-variable" in found.causes


# ── dual numbers ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "bent"),
    [
        ("(a + a'\\varepsilon)(b + b'\\varepsilon) = ab + (ab' {} ba')\\varepsilon", "+-"),
        (
            "\\langle a, a' \\rangle \\langle b, b' \\rangle = \\langle ab, a'b {} ab' \\rangle",
            "+-",
        ),
        ("\\cos\\langle a, a' \\rangle = \\langle \\cos a, {}a'\\sin a \\rangle", "-+"),
    ],
)
def test_dual_numbers(line: str, bent: str) -> None:
    text = f"Dual numbers, where $\\varepsilon^2 = 0$.\n\n$${line}$$\n"
    right, wrong = (text.replace("{}", sign.replace("+a", "a")) for sign in bent)
    assert worst(right, 3) == "ok"
    assert worst(wrong, 3) == "wrong"


def test_a_function_goes_on_in_the_next_row() -> None:
    text = (
        "$$\\begin{align}\ny &= f(x_1, x_2) \\\\\n&= x_1^2 x_2 + 3 x_2\n\\end{align}$$\n\n"
        "$\\frac{\\partial y}{\\partial x_1} = 2 x_1 x_2$ and $f(1, 2) = {}$\n"
    )
    assert set(verdicts(text.replace("{}", "8")).values()) <= {"ok", "definition"}
    assert worst(text.replace("{}", "7"), 6) == "wrong"


# ── along a vector ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        (r"$$D_{\vec w} g(x, y) = 2xy \cdot \frac{5}{13} + x^2 \cdot \frac{12}{13}$$", "ok"),
        (
            r"$${D_{\vec w}}g\left( {x,y} \right) = 2xy \cdot \frac{5}{13} + x^2 \cdot \frac{12}{13}$$",
            "ok",
        ),
        (r"$$D_{\vec w} g(x, y) = 2xy \cdot \frac{12}{13} + x^2 \cdot \frac{5}{13}$$", "wrong"),
        (r"$$D_{\vec w} g = \nabla g \cdot \vec w$$", "ok"),
        (r"$$D_{\vec w} g(1, 1) = 2 \cdot \frac{5}{13} + \frac{12}{13} = \frac{22}{13}$$", "ok"),
        (r"$$D_{\vec w} g(1, 1) = 2 \cdot \frac{5}{13} - \frac{12}{13} = -\frac{2}{13}$$", "wrong"),
    ],
)
def test_a_directional_derivative(line: str, verdict: str) -> None:
    given = r"$g(x, y) = x^2 y$ and $\vec w = \langle \frac{5}{13}, \frac{12}{13} \rangle$."
    assert worst(f"{given}\n\n{line}\n", 3) == verdict


# ── a normal law ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "bent"),
    [
        (r"\frac{1}{\sqrt{2\pi s^2}}\exp\left(-\frac{(t-m)^2}{2 s^2}\right)", ("{2 s", "{s")),
        (r"\frac{1}{s\sqrt{2\pi}}e^{-(t-m)^2/(2s^2)}", ("{s", "{2s")),
    ],
)
def test_the_normal_density(line: str, bent: tuple[str, str]) -> None:
    text = f"$$\\mathcal{{N}}(t|m,s^2) = {line}$$\n"
    assert worst(text, 1) == "ok"
    assert worst(text.replace(*bent), 1) != "ok"


def test_the_likelihood_of_normal_data() -> None:
    text = (
        "$$p(x|m,v) = \\prod_{n=1}^N \\mathcal{N}(x_n|m,v)$$\n\n"
        "$$\\ln p(x|m,v) = -\\frac{1}{2v}\\sum_{n=1}^N (x_n-m)^2 - \\frac{N}{2}\\ln v - \\frac{N}{2}\\ln(2\\pi)$$\n\n"
        "$$\\frac{\\partial}{\\partial m}\\ln p(x|m,v) = \\frac{1}{v}\\sum_{n=1}^N (x_n-m)$$\n"
    )
    assert {verdicts(text)[3], verdicts(text)[5]} == {"ok"}
    assert verdicts(text.replace("= \\frac{1}{v}", "= -\\frac{1}{v}"))[5] == "wrong"


def test_entries_that_a_vector_does_not_have_are_no_vectors() -> None:
    text = r"""$$g_\beta(x) = s(\beta^Tx), \quad s(u) = \frac{1}{1 + e^{-u}}$$

$$C(\beta) = -\frac{1}{m}\sum_{i=1}^m\left[t^{(i)}\log(g_\beta(x^{(i)})) + (1 - t^{(i)})\log(1 - g_\beta(x^{(i)}))\right] + \frac{\mu}{2m}\sum_{j=1}^n\beta_j^2$$

$$\frac{\partial C(\beta)}{\partial\beta_0} = \frac{1}{m}\sum_{i=1}^m (g_\beta(x^{(i)}) - t^{(i)})x_0^{(i)}$$

Vectorized: $a = s(X\beta)$.
"""  # noqa: E501
    assert verdicts(text)[5] in ("ok", "unknown")


def test_a_digit_between_the_factors_of_a_product() -> None:
    text = "For $g(x,y) = 4x^2y$:\n\n$\\frac{\\partial g}{\\partial x} = 4y{}x = 8yx$\n"
    assert worst(text.replace("{}", "2"), 3) == "ok"
    assert worst(text.replace("{}", "3"), 3) == "wrong"
    assert verdicts("$z = 2w1x1 + 3w2x2$\n\n$\\frac{\\partial z}{\\partial w1} = 2x1$\n")[3] == "ok"
