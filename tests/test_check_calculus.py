"""``dvar check`` on calculus as it is taught: primes, partial derivatives by subscript, lists of exercises."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

SURFACE = r"Let $g(u, v) = u^2 v + v^3$. "


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("$g_u = 2uv$", "ok"),
        ("$g_v = u^2 + 3v^2$", "ok"),
        ("$g_v = u^2 + 3v$", "wrong"),
        ("$g_{uv} = 2u$", "ok"),
        (r"$\nabla g(1, 2) = (4, 13)$", "ok"),
        (r"$\nabla g(1, 2) = (4, 12)$", "wrong"),
    ],
)
def test_a_subscript_of_a_function_is_a_partial_derivative(claim: str, expected: str) -> None:
    assert verdicts(SURFACE + claim)[-1] == expected


@pytest.mark.parametrize(("number", "expected"), [("10", "ok"), ("11", "wrong")])
def test_a_point_in_brackets_gives_the_arguments(number: str, expected: str) -> None:
    assert verdicts(SURFACE + f"At the point $(1, 2)$: $g = {number}$.")[-1] == expected


def test_a_bracket_says_nothing_of_a_name_that_has_a_formula() -> None:
    text = r"$v = \ln r$. " + SURFACE + r"At $(1, 2)$: $g = 10$."
    assert "wrong" not in verdicts(text)


@pytest.mark.parametrize(("slope", "expected"), [(r"2x\cos(x^2)", "ok"), (r"\cos(x^2)", "wrong")])
def test_a_prime_is_the_derivative_by_the_only_name(slope: str, expected: str) -> None:
    assert verdicts(rf"$y = \sin(x^2)$, so $y' = {slope}$.")[-1] == expected


def test_items_of_a_list_are_exercises_of_their_own() -> None:
    text = r"""
1. $y = x^3$. Then $\frac{dy}{dx} = 3x^2$.
2. $y = \tan x$. Then $\frac{dy}{dx} = 1 + \tan^2 x$.
3. $y = x$ and $x = r^2$, so $\frac{dy}{dr} = 2r$.
"""
    assert "wrong" not in verdicts(text)
    assert verdicts(text).count("ok") == 3


DATA = r"""
The data $(x, y)$ are $(1, 2)$, $(2, 3)$ and $(4, 5)$. The model is $p_i = w x_i + b$ and the cost
$J = \frac{1}{2} \sum_{i=1}^{3} (p_i - y_i)^2$. Start at $w = 1$, $b = 0$.
"""


@pytest.mark.parametrize(("number", "expected"), [("-7", "ok"), ("-5", "wrong")])
def test_data_are_listed_in_brackets(number: str, expected: str) -> None:
    assert verdicts(rf"{DATA} $$\frac{{\partial J}}{{\partial w}} = {number}$$")[-1] == expected


@pytest.mark.parametrize(
    "about",
    [
        r"$\int_0^1 u^2 \, du = \frac13$",
        r"$\lim_{u \to 0} \frac{\sin u}{u} = 1$",
        r"We look for $\min_u h(u)$.",
    ],
)
def test_a_letter_that_an_integral_or_a_minimum_runs_through_counts_nothing(about: str) -> None:
    text = about + "\n\n$x_1 = 1$, $h(u) = u^2$\n\n" + r"$\frac{d}{du} u^u = u^u (\ln u + 1)$"
    assert check(text).judgements[-1].verdict == "ok"


def test_a_name_that_is_told_by_a_product_of_numbers_is_rounded() -> None:
    text = (
        "$u = 2$, $v = 0.5$, $p = \\sigma(uv) = 0.7311$, $E = \\frac12 (p - 1)^2$\n\n"
        "$s = -0.2689 \\cdot 0.1966 = -0.0529$\n\n$\\frac{dE}{dv} = s {} = {}$"
    )
    right = text.replace("s {} = {}", "s u = -0.1058")
    wrong = text.replace("s {} = {}", "s v = -0.1058")
    assert check(right).judgements[-1].verdict == "ok"
    assert check(wrong).judgements[-1].verdict == "wrong"


@pytest.mark.parametrize(
    ("definition", "claim", "bent"),
    [
        ("$s = p^3 q$", r"$ds = 3p^2 q\,dp + p^3\,dq$", r"$ds = 3p^2 q\,dp - p^3\,dq$"),
        ("$s = p^3 q$", r"$d s = 3p^2 q\,d p + p^3\,d q$", r"$d s = p^2 q\,d p + p^3\,d q$"),
        ("$u = t^2 + 5$", r"$\mathrm{d}u = 2t\,\mathrm{d}t$", r"$\mathrm{d}u = t\,\mathrm{d}t$"),
        ("$s = t^4$ with $ds = 4t^3\\,dt$", r"$d^2 s = 12t^2\,dt^2$", r"$d^2 s = 4t^2\,dt^2$"),
    ],
)
def test_the_differential_of_a_function_is_in_the_increments_of_its_arguments(
    definition: str, claim: str, bent: str
) -> None:
    assert verdicts(f"Let {definition}.\n\n{claim}\n")[-1] == "ok"
    assert verdicts(f"Let {definition}.\n\n{bent}\n")[-1] == "wrong"


def test_a_d_of_what_depends_on_the_left_side_is_a_gradient_by_name() -> None:
    text = "$z = w x + b$, $a = \\tanh(z)$, $L = (a - y)^2$\n\n$da = 2(a - y)$\n\n$dz = da (1 - a^2)$\n\n"
    assert verdicts(text + "$dw = dz\\, x$\n")[-3:] == ["ok", "ok", "ok"]
    assert verdicts(text + "$dw = dz\\, w$\n")[-1] == "wrong"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\langle 2, -3 \rangle \cdot \langle 5, 1 \rangle = 7$", "ok"),
        (r"$\langle 2, -3 \rangle \cdot \langle 5, 1 \rangle = 13$", "wrong"),
        (r"$\nabla g = \langle 2uv, u^2 + 3v^2 \rangle$", "ok"),
        (r"$\nabla g(1, 2) = \langle 4, 13 \rangle$", "ok"),
        (r"$\nabla g(1, 2) = \langle 4, 12 \rangle$", "wrong"),
    ],
)
def test_components_in_angles_are_a_vector(claim: str, expected: str) -> None:
    assert verdicts(SURFACE + claim)[-1] == expected


def test_a_letter_below_a_derivative_in_brackets_says_what_is_held() -> None:
    claim = r"$\left( \frac{\partial g}{\partial u} \right)_v = 2uv$"
    assert verdicts(SURFACE + claim)[-1] == "ok"
    assert verdicts(SURFACE + claim.replace("= 2uv", "= 2u"))[-1] == "wrong"


@pytest.mark.parametrize(
    ("claim", "bent"),
    [
        (r"\begin{bmatrix} 4x_1^3 \\ \vdots \\ 4x_n^3 \end{bmatrix}", ("4x", "3x")),
        (r"\begin{bmatrix} 4x_1^3 & 4x_2^3 & \cdots & 4x_n^3 \end{bmatrix}^T", ("4x", "3x")),
    ],
)
def test_dots_between_entries_stand_for_all_of_them(claim: str, bent: tuple[str, str]) -> None:
    text = r"$$g(x) = \sum_{i=1}^n x_i^4 = x_1^4 + x_2^4 + \dots + x_n^4$$" + "\n\n"
    assert verdicts(text)[0] in ("ok", "definition")
    assert verdicts(text + rf"$$\nabla g = {claim}$$")[-1] == "ok"
    assert verdicts(text + rf"$$\nabla g = {claim.replace(*bent)}$$")[-1] == "wrong"


CURVE = "Find dy/dx for 2x² + y³ = 7 by implicit differentiation.\n\n"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("4x + 3y²(dy/dx) = 0", "ok"),
        ("d/dx[2x² + y³] = d/dx[7]", "ok"),
        ("3y²(dy/dx) = -4x", "ok"),
        ("dy/dx = -4x/(3y²)", "ok"),
        ("dy/dx = 4x/(3y²)", "wrong"),
        ("dy/dx = -4x/(3y)", "wrong"),
        ("At (2, -1): dy/dx = -8/3", "ok"),
        ("At (2, -1): dy/dx = 8/3", "wrong"),
        ("d²y/dx² = -4/(3y²) - 32x²/(9y⁵)", "ok"),
        ("d²y/dx² = (4y³ - 112)/(9y⁵)", "ok"),
    ],
)
def test_the_slope_of_a_curve(claim: str, expected: str) -> None:
    assert verdicts(f"{CURVE}{claim}\n") == ["given", expected]


def test_the_slope_of_a_curve_in_primes() -> None:
    text = "Differentiate $u e^w + w = 2$ implicitly with respect to $u$.\n\n"
    told = text + "$$e^w + u e^w \\frac{dw}{du} + \\frac{dw}{du} = 0$$\n\n"
    assert verdicts(told)[-1] == "ok"
    assert verdicts(told + r"$\frac{dw}{du} = -\frac{e^w}{1 + u e^w}$")[-1] == "ok"
    assert verdicts(told + r"$\frac{dw}{du} = -\frac{e^w}{1 - u e^w}$")[-1] == "wrong"
    assert verdicts(told + r"$w' = -\frac{e^w}{1 + u e^w}$")[-1] == "ok"


def test_a_formula_for_y_is_no_curve() -> None:
    text = "Let $y = x^x$. Then $\\ln y = x \\ln x$; differentiate: "
    assert verdicts(text + r"$\frac{dy}{dx} = x^x (\ln x + 1)$")[1:] == ["ok", "ok"]
    assert verdicts(text + r"$\frac{dy}{dx} = x^x (\ln x - 1)$")[-1] == "wrong"


@pytest.mark.parametrize(
    "told",
    [r"Let $h(v) = v_1^3 + 2 v_1 v_2$. ", r"Let $h(v_1, v_2) = v_1^3 + 2 v_1 v_2$. "],
)
@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\nabla_v h(v) = \begin{bmatrix} 3v_1^2 + 2v_2 \\ 2v_1 \end{bmatrix}$", "ok"),
        (r"$\nabla_v h(v) = \begin{bmatrix} 3v_1^2 + 2v_2 \\ 2v_2 \end{bmatrix}$", "wrong"),
        (r"$\nabla h(v) = (3v_1^2 + 2v_2, 2v_1)$", "ok"),
        (r"$\nabla_v^2 h(v) = \begin{bmatrix} 6v_1 & 2 \\ 2 & 0 \end{bmatrix}$", "ok"),
        (r"$h(1, 2) = 5$", "ok"),
        (r"$h((1, 2)) = 6$", "wrong"),
        (r"$\nabla h(1, 2) = (7, 2)$", "ok"),
        (r"$\nabla h(1, 2) = (7, 3)$", "wrong"),
    ],
)
def test_a_function_of_a_vector_told_by_its_entries(told: str, claim: str, expected: str) -> None:
    assert verdicts(told + claim) == ["definition", expected]


def test_a_function_of_a_vector_stays_one() -> None:
    told = "Let $h(v) = v_1^3 + 2 v_1 v_2$. $\\nabla h(v) = (3v_1^2 + 2v_2, 2v_1)$.\n\n## Next\n\nLet $h(v) = v^T M v$. "
    assert verdicts(told + r"$\nabla h(v) = (M + M^T) v$")[1::2] == ["ok", "ok"]
    assert verdicts(told + r"$\nabla h(v) = 2 M v$")[-1] != "ok"


def test_names_that_an_equation_ties_to_each_other_need_not_have_their_old_formula() -> None:
    text = r"""A parabola $v = u^2$ has $\frac{dv}{du} = 2u$.

On the ellipse

$$u^2 + 4v^2 = R^2$$

the slope is

$$\frac{dv}{du} = -\frac{u}{4v}$$
"""
    assert "wrong" not in verdicts(text)
    assert "wrong" in verdicts(text.replace("= 2u$", "= 3u$"))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{d}{dx} \log_a(x) = \frac{1}{x \ln a}$", "ok"),
        (r"$\frac{d}{dx} log_a(f(x)) = \frac{1}{ln(a) f(x)} \frac{d}{dx} f(x)$", "ok"),
        (r"$\frac{d}{dx} log_a(f(x)) = \frac{1}{f(x)} \frac{d}{dx} f(x)$", "unknown"),
        (r"$f(g(x))' = f'(g(x)) g'(x)$", "ok"),
        (r"$f(g(x))' = f'(g(x)) g(x)$", "wrong"),
    ],
)
def test_logarithms_to_any_base_and_primes_behind_a_composition(claim: str, expected: str) -> None:
    beside = "\n\n$\\frac{d}{dx} log_{g(x)} 2 = 0$"
    assert verdicts(claim)[0] == expected
    assert verdicts(claim + beside)[0] != ("wrong" if expected == "ok" else "ok")


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (r"\frac{d^2}{dx^2} f(x) = 6x", "ok"),
        (r"\frac{d^2}{dx^2} f(x) = 5x", "wrong"),
        (r"\frac{\partial^2}{\partial x^2} (x^3) = 6x", "ok"),
        (r"\nabla_x \frac12 \|x\|^2 = x", "ok"),
    ],
)
def test_an_operator_of_second_order_stands_in_front_of_what_it_acts_on(
    claim: str, verdict: str
) -> None:
    assert check(f"$f(x) = x^3$ and\n\n# Then\n\n${claim}$").judgements[-1].verdict == verdict


def test_a_left_side_that_is_not_read_defines_nothing() -> None:
    assert check(r"$x^2 ^ ) = 5$").judgements[-1].verdict != "definition"


def test_an_elasticity_is_a_number_whatever_the_names_stand_for() -> None:
    text = r"$y = x^{1/2}$ and $\frac{dy}{dx}\frac{x}{y} = %s$"
    assert check(text % r"\frac{1}{2}").judgements[-1].verdict == "ok"
    assert check(text % r"-\frac{1}{2}").judgements[-1].verdict != "ok"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"$\frac{d}{dx}\left[ x \cosh x \right] = \cosh x + x \sinh x$", "ok"),
        (r"$\frac{d}{dx}\left[ x \cosh x \right] = \sinh x$", "wrong"),
        (r"$\frac{d}{dx}\left[ x p(x) \right] = p'(x)$", "unknown"),
    ],
)
def test_the_slope_of_a_closed_formula_leaves_no_doubt(claim: str, expected: str) -> None:
    """The factor whose slope was taken alone is no single slip, yet there is nothing else to read."""
    assert verdicts(claim)[-1] == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [("d2g/dudv = 2u", "ok"), ("d2g/du2 = 2v", "ok"), ("d2g/du2 = 2u", "wrong")],
)
def test_orders_may_be_typed_on_the_line(claim: str, expected: str) -> None:
    assert verdicts("g(u, v) = u^2*v + v^3\n\n" + claim)[-1] == expected


def test_a_sum_that_ends_in_a_number_takes_no_equation_behind_it_away() -> None:
    text = "p = u + 3, G = p^2\n\ndG/du = 2*(u + 3)\ndG/dp = 2*u"
    assert verdicts(text) == ["definition", "definition", "ok", "wrong"]


@pytest.mark.parametrize(
    ("claim", "cause", "repaired"),
    [
        (r"$\frac{\partial g}{\partial v} = u^2 + 3u^2$", "wrong-variable", "3v^2"),
        (r"$\frac{\partial^2 g}{\partial u^2} = 2u$", "wrong-variable", "2v"),
        (r"$\frac{\partial g}{\partial u} = 3uv$", "factor", "2uv"),
        (r"$\frac{\partial g}{\partial u} = \frac{1}{2}uv$", "factor", "2uv"),
        (r"$\frac{\partial g}{\partial u} = 2uv + v$", "missing-path", "2uv"),
    ],
)
def test_a_repair_is_what_anyone_would_write(claim: str, cause: str, repaired: str) -> None:
    found = check(SURFACE + claim).judgements[-1]
    assert (found.verdict, found.causes[0]) == ("wrong", cause)
    assert found.repaired is not None
    assert found.repaired.rstrip("$").endswith(repaired)
    assert verdicts(SURFACE + f"${found.repaired.strip('$')}$")[-1] == "ok"


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("(pq)' = p'q + pq'", "ok"),
        ("(pq)' = p'q - pq'", "wrong"),
        (r"\left(\frac{p}{q}\right)' = \frac{p'q - pq'}{q^2}", "ok"),
        (r"\left(\frac{p}{q}\right)' = \frac{p'q - pq'}{q}", "wrong"),
        ("(pq)' = q'p'", "unknown"),  # two matrices, turned
        ("(pq)' = p'q'", "unknown"),
    ],
)
def test_rules_may_be_told_by_primes(rule: str, expected: str) -> None:
    assert verdicts(f"${rule}$") == [expected]
