"""``dvar check`` on what stands above and below the bar of derivatives: functions without an argument, names of two letters."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial \sigma}{\partial w_j} = \sigma'(z) x_j", "ok"),
        (r"\frac{\partial \sigma}{\partial w_j} = \sigma'(z) w_j", "wrong"),
        (r"\frac{\partial \sigma}{\partial z} = \sigma(z)(1 - \sigma(z))", "ok"),
        (r"\frac{\partial \sigma}{\partial z} = \sigma(z)(1 + \sigma(z))", "wrong"),
    ],
)
def test_a_function_in_a_numerator_is_of_what_it_is_applied_to(claim: str, expected: str) -> None:
    model = r"$a = \sigma(z)$ with $z = \sum_j w_j x_j + b$." + "\n\n"
    assert check(f"{model}$${claim}$$").judgements[-1].verdict == expected


@pytest.mark.parametrize(("factor", "expected"), [("x", "ok"), ("u", "wrong")])
def test_nobody_differentiates_by_a_product_of_letters(factor: str, expected: str) -> None:
    text = rf"""
$o_1 = \sigma(a_1)$ with $a_1 = v_1 x + bo_1$ and $F = \frac{{1}}{{2}}(o_1 - u)^2$.

$$\frac{{\partial F}}{{\partial bo_1}} = (o_1 - u) \sigma'(a_1)$$

$$\frac{{\partial F}}{{\partial v_1}} = (o_1 - u) \sigma'(a_1) {factor}$$
"""
    first, second = check(text).judgements[-2:]
    assert (first.verdict, second.verdict) == ("ok", expected)
