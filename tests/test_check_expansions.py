"""``dvar check`` on limits, difference quotients and expansions."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


def verdict(text: str) -> str:
    return check(text).judgements[-1].verdict


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (r"g'(u) = \lim_{h \to 0} \frac{g(u + h) - g(u)}{h}", True),
        (r"g'(u) = \lim_{h \to 0} \frac{g(u + h) - g(u - h)}{2h}", True),
        (r"g'(u) = \lim_{h \to 0} \frac{g(u + h) - g(u - h)}{h}", False),
        (r"\frac{dg}{du} = \lim_{\Delta u \to 0} \frac{g(u + \Delta u) - g(u)}{\Delta u}", True),
        (r"\lim_{u \to 0} \frac{\sin 3u}{u} = 3", True),
        (r"\lim_{u \to 0} \frac{\sin 3u}{u} = 4", False),
        (r"\lim_{u \to 0} \frac{1 - \cos u}{u^2} = \frac{1}{2}", True),
        (r"g'(u) \approx \frac{g(u + h) - g(u)}{h}", True),
        (r"g'(u) \approx \frac{g(u + h) - g(u)}{2h}", False),
        (r"g''(u) \approx \frac{g(u + h) - 2g(u) + g(u - h)}{h^2}", True),
        (r"g(u + h) \approx g(u) + h g'(u)", True),
        (r"g(u + h) \approx g(u) - h g'(u)", False),
        (r"g(u + h) \approx g(u) + h g'(u) + \frac{h^2}{2} g''(u)", True),
        (r"g(u + h) \approx g(u) + h g'(u) + h^2 g''(u)", False),
        (r"g(u + h) = g(u) + h g'(u) + O(h^2)", True),
        (r"g(u + h) = g(u) + 3h g'(u) + O(h^2)", False),
        (r"g(u + h) = g(u) + h g'(u) + \dots", True),
    ],
)
def test_of_any_function(claim: str, is_right: bool) -> None:
    assert (verdict(f"${claim}$") == "ok") is is_right


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (r"\frac{\partial g}{\partial u} = \lim_{h \to 0} \frac{g(u + h, v) - g(u, v)}{h}", True),
        (r"\frac{\partial g}{\partial v} = \lim_{h \to 0} \frac{g(u + h, v) - g(u, v)}{h}", False),
        (r"g(u + h, v) \approx g(u, v) + h v^3", True),
        (r"g(u + h, v) \approx g(u, v) + h v^2", False),
        (r"g(u + h, v + k) \approx g(u, v) + h v^3 + 3k u v^2", True),
        (r"g(u + h, v + k) \approx g(u, v) + h v^3 + k u v^2", False),
    ],
)
def test_of_a_function_with_a_formula(claim: str, is_right: bool) -> None:
    assert (verdict(f"$g(u, v) = u v^3$. ${claim}$") == "ok") is is_right


def test_a_step_that_is_a_vector() -> None:
    start = r"$g(\mathbf{x}) = \mathbf{x}^T A \mathbf{x}$. $g(\mathbf{x} + \mathbf{s}) \approx g(\mathbf{x})"
    assert verdict(rf"{start} + \nabla g(\mathbf{{x}})^T \mathbf{{s}}$") == "ok"
    assert verdict(rf"{start} - \nabla g(\mathbf{{x}})^T \mathbf{{s}}$") != "ok"


def test_numbers_that_are_about_equal_are_no_expansion() -> None:
    assert verdict(r"$u = 2$. $q = u^2 + 1 \approx 7$") == "wrong"


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (r"$\frac{\partial g}{\partial u}\Big|_{(1, 2)} = 8$", True),
        (r"$\frac{\partial g}{\partial u}\Big|_{(1, 2)} = 9$", False),
        (r"$\left.\frac{\partial g}{\partial v}\right|_{(3, -1)} = 9$", True),
        ("\n\n∂g/∂v|(1,2) = 3(1)(2)² = 12", True),
        ("\n\n∂g/∂v|(1,2) = 3(1)(2)² = 11", False),
    ],
)
def test_a_bar_tells_the_point(claim: str, is_right: bool) -> None:
    assert (verdict(f"$g(u, v) = u v^3$. {claim}") == "ok") is is_right


@pytest.mark.parametrize(("entry", "is_right"), [("0", True), ("1", False)])
def test_a_doubled_letter_below_nabla_takes_the_second_derivative(
    entry: str, is_right: bool
) -> None:
    hessian = rf"\begin{{bmatrix}} 2x_2 & 2x_1 \\ 2x_1 & {entry} \end{{bmatrix}}"
    assert (verdict(rf"$g(x) = x_1^2 x_2$. $\nabla_{{xx}}^2 g(x) = {hessian}$") == "ok") is is_right


def test_a_rate_of_what_nobody_says_how_it_moves_is_given() -> None:
    text = r"$A = \pi r^2$, so $\frac{dA}{dt} = 2\pi r \frac{dr}{dt}$. Given $\frac{dA}{dt} = 30$."
    assert [j.verdict for j in check(text).judgements] == ["definition", "ok", "given"]
