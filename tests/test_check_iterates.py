"""``dvar check`` on iterations by hand: points told as lists, functions of them, tables of what each name sends back."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

BOWL = r"""$$ h(\mathbf{u}) = 2u_1^2 + u_1 u_2 + u_2^2 $$

"""


def verdict_of(text: str, part: str) -> str:
    return next(j.verdict for j in check(text).judgements if part in j.source)


@pytest.mark.parametrize("point", [r"\mathbf{u}^0", r"\mathbf{u}^{(0)}"])
@pytest.mark.parametrize("listed", ["[1, 2]^T", r"\begin{bmatrix} 1 \\ 2 \end{bmatrix}"])
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"h(@) = 8", "ok"),
        (r"h(@) = 9", "wrong"),
        (r"\nabla h(@) = (6, 5)^T", "ok"),
        (r"\nabla h(@) = (6, 4)^T", "wrong"),
        (r"\nabla^2 h(@) = \begin{bmatrix} 4 & 1 \\ 1 & 2 \end{bmatrix}", "ok"),
        (r"\nabla^2 h(@) = \begin{bmatrix} 4 & 1 \\ 1 & 1 \end{bmatrix}", "wrong"),
    ],
)
def test_a_function_of_entries_at_a_point_that_is_told(
    point: str, listed: str, claim: str, expected: str
) -> None:
    claim = claim.replace("@", point)
    text = f"{BOWL}Start at ${point} = {listed}$.\n\n${claim}$"
    assert verdict_of(text, claim) == expected


@pytest.mark.parametrize(("second", "expected"), [("0.5", "ok"), ("0.7", "wrong")])
def test_a_step_and_the_function_behind_it(second: str, expected: str) -> None:
    step = r"\mathbf{u}^{(1)} = \mathbf{u}^{(0)} - 0.1 \nabla h(\mathbf{u}^{(0)})"
    text = rf"""{BOWL}$\mathbf{{u}}^{{(0)}} = (1, 1)^T$

${step} = \begin{{bmatrix}} {second} \\ 0.7 \end{{bmatrix}}$

$h(\mathbf{{u}}^{{(1)}}) = 1.34$
"""
    assert verdict_of(text, r"0.7 \end") == expected
    if expected == "ok":
        assert verdict_of(text, "1.34") == "ok"


@pytest.mark.parametrize("aim", [r"\min", r"\max_{s, t}", r"\text{minimize } "])
def test_what_is_to_be_minimized_is_told_by_its_formula(aim: str) -> None:
    text = rf"""$$ {aim} c(s, t) = s^2 + 5 s t $$

$\frac{{\partial c}}{{\partial s}} = 2s + 5t$ and $\frac{{\partial c}}{{\partial t}} = 4s$
"""
    assert verdict_of(text, "2s + 5t") == "ok"
    assert verdict_of(text, "4s") == "wrong"


def test_a_slope_told_by_numbers_says_nothing_of_how_it_changes() -> None:
    text = r"""Start at $\mathbf{u}^0 = [0, 1]^T$.

$$ \nabla h(\mathbf{u}^0) = \begin{bmatrix} 3 \\ 7 \end{bmatrix} $$

$$ \nabla^2 h(\mathbf{u}^0) = \begin{bmatrix} 2 & 1 \\ 1 & 6 \end{bmatrix} $$
"""
    assert "wrong" not in [j.verdict for j in check(text).judgements]


# ── tables ──────────────────────────────────────────────────────────────────────────────────────

GRAPH = """r = p*q, s = r + t, K = 4s, p = 2, q = 5, t = 1

| name | {how} | value |
|---|---|---|
| dK/ds | K = 4s | 4 |
| dK/dt | ds/dt = 1 | {value} |
"""


@pytest.mark.parametrize(("value", "expected"), [("4", "ok"), ("5", "wrong")])
def test_a_value_is_that_of_the_slope_at_the_head_of_its_row(value: str, expected: str) -> None:
    found = check(GRAPH.format(how="formula", value=value)).judgements
    assert found[-1].verdict == expected


@pytest.mark.parametrize("value", ["1", "4"])
def test_beside_a_local_slope_the_value_may_be_either(value: str) -> None:
    found = check(GRAPH.format(how="local slope", value=value)).judgements
    assert "wrong" not in [j.verdict for j in found]


@pytest.mark.parametrize(("total", "fits"), [("11", True), ("3", True), ("13", True)])
def test_what_is_added_and_what_it_has_come_to(total: str, fits: bool) -> None:
    text = f"""$w_1 = 2$, $w_2 = 4 w_1$, $w_3 = 3 w_1$, $y = 2 w_2 + w_3$

| adjoint | value |
|---|---|
| $\\bar{{w}}_3 = 1$ | $= 1$ |
| $\\bar{{w}}_2 = 2$ | $= 2$ |
| $\\bar{{w}}_1 += 4 \\bar{{w}}_2$ | $= 8$ |
| $\\bar{{w}}_1 += 3 \\bar{{w}}_3$ | $= {total}$ |
"""
    assert ("wrong" not in [j.verdict for j in check(text).judgements]) == fits


# ── letters ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("slope", "expected"), [("2aL + \\mu", "ok"), ("2aL - \\mu", "wrong")])
def test_a_calligraphic_letter_is_not_the_plain_one_in_its_formula(
    slope: str, expected: str
) -> None:
    text = rf"""$$\mathcal{{L}}(a, \mu) = a^2 L + \mu (a - L)$$

$$\frac{{\partial \mathcal{{L}}}}{{\partial a}} = {slope}$$
"""
    assert verdict_of(text, slope) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"dg = 2u:du = 2P^Tu:dz", "ok"),
        (r"dg = 2u:P\,dz", "ok"),
        (r"dg = 2u:du = 2P^Tu:du", "bent"),
    ],
)
def test_a_colon_before_a_differential_is_a_product(line: str, expected: str) -> None:
    found = check(rf"Let $u = Pz - d$ and $g = u:u$.  Then ${line}$.").judgements[-1].verdict
    assert found == expected if expected == "ok" else found != "ok"


@pytest.mark.parametrize("heading", ["Problem", "문제", "Esercizio"])
def test_each_exercise_has_matrices_of_its_own(heading: str) -> None:
    text = rf"""## {heading} 1

$z = Q P v$ with $Q \in \mathbb{{R}}^{{k \times m}}$, $P \in \mathbb{{R}}^{{m \times n}}$.

$\frac{{\partial z}}{{\partial v}} = Q P$

## {heading} 2

$f(v) = v^\top P v$

$\nabla_v f = (P + P^\top) v$
"""
    assert verdict_of(text, r"\nabla_v f") == "ok"


def test_the_product_rule_of_a_quadratic_form_leaves_rows_and_columns_aside() -> None:
    text = r"""$$\frac{\partial (v^T M v)}{\partial v} = \frac{\partial v^T}{\partial v} M v
+ v^T \frac{\partial (M v)}{\partial v}$$"""
    assert "wrong" not in [j.verdict for j in check(text).judgements]


# ── surfaces and expansions ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"4x + 2z \frac{\partial z}{\partial x} = 0", "ok"),
        (r"\frac{\partial z}{\partial x} = -\frac{2x}{z}", "ok"),
        (r"\frac{\partial z}{\partial x} = \frac{2x}{z}", "wrong"),
        (r"\frac{\partial z}{\partial y} = -\frac{3y}{z}", "ok"),
        (r"\frac{\partial z}{\partial y} = -\frac{2y}{z}", "wrong"),
    ],
)
def test_slopes_of_a_surface_by_either_name(claim: str, expected: str) -> None:
    text = (
        rf"The equation $2x^2 + 3y^2 + z^2 = 9$ makes $z$ a function of $x$ and $y$.  So ${claim}$."
    )
    assert verdict_of(text, claim) == expected


def test_a_surface_told_by_a_square_has_its_name_on_both_sides() -> None:
    text = r"""y = x^2

On the surface z^2 = x^3 + y*z find dz/dy.

2z * dz/dy = z + y * dz/dy
dz/dy = z/(2z - y)
"""
    assert [verdict_of(text, part) for part in ("2z * dz", "z/(2z")] == ["ok", "ok"]
    bent = text.replace("z/(2z - y)", "z/(2z + y)")
    assert verdict_of(bent, "z/(2z") == "wrong"


def test_an_expansion_is_no_formula_of_what_it_expands() -> None:
    text = r"""$$g(x) \approx g(a) + g_x(a)(x - a) + \frac12 g_{xx}(a) (x - a)^2$$

$$g(x) = e^{2x} + x^3$$

$g_x(0) = 2$, $g_{xx}(0) = 4$, $g_{xx}(0) = 5$

$$g(0.1) - 1 = 2 \cdot 0.1 + \frac12 \cdot 4 \cdot 0.1^2 \quad\Rightarrow\quad g(0.1) \approx 1.22$$
"""
    assert verdict_of(text, "g_x(0)") == "ok"
    assert verdict_of(text, "g_{xx}(0) = 4") == "ok"
    assert verdict_of(text, "g_{xx}(0) = 5") == "wrong"
    assert verdict_of(text, "g(0.1) - 1") != "wrong"  # it is about so much


def test_a_change_to_second_order_is_no_differential() -> None:
    text = r"""$$g(u, v) = u^2 v$$

$$dg = g_u du + g_v dv + \frac12 g_{uu} (du)^2 + g_{uv} du\,dv$$

$$dg = 2uv\,du + u^2 dv$$
"""
    assert verdict_of(text, "(du)^2") != "wrong"
    assert verdict_of(text, "2uv") == "ok"


@pytest.mark.parametrize(
    ("slope", "expected"),
    [("-\\sum_{i=1}^{m} v_{ij} v_{ik} r_i", "ok"), ("\\sum_{i=1}^{m} v_{ij} v_{ik} r_i", "wrong")],
)
def test_plain_letters_with_an_index_are_the_entries_of_the_bold_one(
    slope: str, expected: str
) -> None:
    text = rf"""$r_i = e^{{\mathbf{{v}}_i^T \mathbf{{b}}}}$

$$g(\mathbf{{b}}) = \sum_{{i=1}}^{{m}} \left[ t_i \mathbf{{v}}_i^T \mathbf{{b}} - e^{{\mathbf{{v}}_i^T \mathbf{{b}}}} \right]$$

$$\nabla g = \mathbf{{V}}^T (\mathbf{{t}} - \mathbf{{r}})$$

$$\frac{{\partial^2 g}}{{\partial b_j \partial b_k}} = {slope}$$
"""
    assert verdict_of(text, slope) == expected
    assert verdict_of(text, r"\nabla g") == "ok"


def test_a_slope_without_its_arguments_may_be_taken_anywhere() -> None:
    text = r"""Let $f(x, y) = x^2 y$ and $g(t) = f(t^2, t)$.

$g'(t) = 2t f_x + f_y = 5t^4$ and $g'(t) = 6t^4$
"""
    assert verdict_of(text, "f_y") != "wrong"
    assert verdict_of(text, "6t^4") == "wrong"


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_a_multiplier_that_is_solved_for_is_free_before(sign: str, expected: str) -> None:
    text = rf"""$$\mathcal{{L}}(u, v, \mu) = 3uv - \mu (u + v - 4)$$

$$\frac{{\partial \mathcal{{L}}}}{{\partial u}} = 3v {sign} \mu = 0$$

$$\frac{{\partial \mathcal{{L}}}}{{\partial v}} = 3u - \mu = 0$$

so that $\mu = 3v$ and $\mu = 3u$.
"""
    assert verdict_of(text, r"{\partial u}") == expected
    assert verdict_of(text, r"{\partial v}") == "ok"
    assert verdict_of(text, r"\mu = 3u") != "wrong"


@pytest.mark.parametrize("name", ["M", r"\tilde{M}", r"\hat{M}"])
def test_a_product_that_is_symmetric_says_nothing_of_its_factor(name: str) -> None:
    text = rf"""$$\frac{{\partial}}{{\partial v}} (v^\top {name}^\top {name} v) = 2 {name}^\top {name} v
\quad(\text{{since }} {name}^\top {name} \text{{ is symmetric}}).$$

$$\frac{{\partial}}{{\partial v}}(-2\,q^\top {name} v) = -2\, {name} q$$
"""
    assert verdict_of(text, "q^") == "wrong"


@pytest.mark.parametrize(("slope", "expected"), [("2uv^3", "ok"), ("3uv^2", "wrong")])
def test_partial_derivatives_by_subscript_beside_a_differential(slope: str, expected: str) -> None:
    text = rf"$$dg = g_u\,du + g_v\,dv$$ for $$g(u, v) = u^2 v^3$$ with $$g_u = {slope}$$"
    assert verdict_of(text, "g_u =") == expected


@pytest.mark.parametrize(("sign", "expected"), [("-", "ok"), ("+", "wrong")])
def test_an_optimum_is_no_second_name_of_what_is_varied(sign: str, expected: str) -> None:
    text = rf"""Deriving $w^* = (\tilde{{M}}^\top \tilde{{M}})^{{-1}} \tilde{{M}}^\top q$.

$$E(\tilde{{w}}) = (q - \tilde{{M}}\tilde{{w}})^\top (q - \tilde{{M}}\tilde{{w}})$$

$$\nabla_{{\tilde{{w}}}} E(\tilde{{w}}) = 2\tilde{{M}}^\top \tilde{{M}}\tilde{{w}} {sign} 2\tilde{{M}}^\top q$$

$$\tilde{{w}}^* = (\tilde{{M}}^\top \tilde{{M}})^{{-1}}\tilde{{M}}^\top q$$
"""
    assert verdict_of(text, r"\nabla") == expected


def test_matrices_that_are_said_to_be_equal_are_told() -> None:
    text = r"For square matrices $M = L U$; with a permutation $P M = L U$."
    assert "wrong" not in [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    "line",
    [
        r"$\cos(0.2) \approx 1 - \frac{(0.2)^2}{2} = 0.98$",
        r"the estimate is $1 + 0.15 = 1.15$, error $\approx 0.0098$",
    ],
)
def test_an_estimate_is_about_as_large(line: str) -> None:
    assert "wrong" not in [j.verdict for j in check(line).judgements]


def test_a_curve_and_the_steps_under_headings_of_their_own() -> None:
    text = r"""Not every curve is given as $y = g(x)$, with $g(x) = q(p(x))$ and $q(u) = \ln u$, $p(x) = 2x^2$.

### Example: an ellipse

$$x^2 + 4y^2 = 16$$

### Step 1: Differentiate

$$2x + 8y \frac{dy}{dx} = 0$$

### Step 2: Solve

$$\frac{dy}{dx} = \frac{-x}{4y}$$
"""
    assert [verdict_of(text, part) for part in ("8y", "{4y}")] == ["ok", "ok"]
    assert verdict_of(text.replace("{4y}", "{2y}"), "{2y}") == "wrong"
