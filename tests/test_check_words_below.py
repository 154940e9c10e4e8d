"""``dvar check`` on words in front of indices, sums whose index stands nowhere, functions told by their numbers."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

NETS = r"""
$$u_{in_j} = c_{0j} + \sum_i x_i v_{ij}, \quad u_j = f(u_{inj}), \quad y_{ink} = \sum_j u_j w_{jk}, \quad y_k = f(y_{ink})$$

$$F = \frac{1}{2} \sum_k (r_k - y_k)^2, \quad \delta_k = (r_k - y_k) f'(y_{ink})$$

$$\delta_{inj} = \sum_k \delta_k w_{jk}, \quad \delta_j = \delta_{inj} f'(u_{inj})$$

"""


def verdicts(text: str) -> list[str]:
    return [j.verdict for j in check(text).judgements]


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial F}{\partial v_{ij}} = -\delta_j x_i", "ok"),
        (r"\frac{\partial F}{\partial v_{ij}} = \delta_j x_i", "wrong"),
        (r"\frac{\partial F}{\partial w_{jk}} = -\delta_k u_j", "ok"),
    ],
)
def test_a_word_in_front_of_an_index_is_no_index(claim: str, expected: str) -> None:
    assert verdicts(f"{NETS}$${claim}$$\n")[-1] == expected


def test_members_with_a_word_below_are_different_quantities() -> None:
    text = r"""
$$\delta_j = \delta_{inj} f'(u_{inj}), \quad \delta_{inj} = \sum_k \delta_k w_{jk}$$

$\delta_2 = 0.02 \times 0.5 = 0.01$ and $\Delta v_{01} = \alpha \delta_1 = 0.5 \times 0.03 = 0.015$.

$$\Delta v_{22} = \alpha \delta_2 x_2 = 0.5 \times 0.01 \times 1 = 0.005$$
"""
    assert verdicts(text)[-1] == "ok"


TABLE = r"""
$$\text{MSE} = \frac{1}{n} \sum_{i=1}^n (r - p)^2$$

| who | $r$ | $p$ |
| --- | --- | --- |
| A   | 0   | 0   |
| B   | 1   | 0   |

"""


def test_a_sum_over_an_index_that_stands_nowhere_is_of_the_rows() -> None:
    assert verdicts(TABLE + r"$$\text{MSE} = \frac{1}{2}(0 + 1) = 0.5$$")[-1] != "wrong"
    assert verdicts(TABLE + r"$$\text{MSE} = \frac{1}{2}(0 + 1) = 0.7$$")[-1] == "wrong"


@pytest.mark.parametrize(("last", "expected"), [("0.8808", "ok"), ("0.9808", "wrong")])
def test_numbers_tell_an_open_function(last: str, expected: str) -> None:
    text = rf"""
$$q = f(1.5) = 0.8176$$

$$r = f(-0.4) = 0.4013$$

$$s = f(2) = {last}$$
"""
    assert verdicts(text)[-1] == expected


def test_a_function_with_a_formula_needs_no_numbers() -> None:
    assert verdicts("$f(x) = x^2$ and $f(0.5) = 0.25$ and $f(3) = 9$") == ["definition", "ok", "ok"]


@pytest.mark.parametrize(("number", "expected"), [("0.3", "ok"), ("0.5", "wrong")])
def test_names_may_stand_side_by_side_in_a_list(number: str, expected: str) -> None:
    text = f"- unit 1: [w11 w21 w01] = [0.4 -0.2 0.1]\n\n$$s = w_{{11}} + w_{{21}} + w_{{01}} = {number}$$\n"
    assert verdicts(text)[-1] == expected


@pytest.mark.parametrize(("factor", "expected"), [("i_1", "ok"), ("i_2", "wrong")])
def test_a_capital_that_formulas_do_not_have_is_the_small_letter(
    factor: str, expected: str
) -> None:
    text = rf"""
$$F = \frac{{1}}{{2}}(p - r)^2, \quad p = h_1 w_5, \quad h_1 = i_1 w_1 + i_2 w_2$$

$$\frac{{\partial F}}{{\partial W_1}} = (p - r) w_5 {factor}$$
"""
    assert verdicts(text)[-1] == expected


def test_a_capital_with_a_formula_of_its_own_is_another_name() -> None:
    text = r"""
$$p = h w_1 + c, \quad W_1 = u^2, \quad F = W_1 + p$$

$$\frac{\partial F}{\partial W_1} = 1$$
"""
    assert verdicts(text)[-1] == "ok"


SHARED = r"""
$$F = -\frac{1}{N} \sum_{i=1}^{N} \left[ r_i \log q_i + (1 - r_i) \log(1 - q_i) \right]$$

with $q_i = \sigma(u_i)$ and $u_i = v x_i$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial F_i}{\partial q_i} = \frac{q_i - r_i}{q_i (1 - q_i)}", "ok"),
        (r"\frac{\partial F_i}{\partial u_i} = q_i - r_i", "ok"),
        (r"\frac{\partial F_i}{\partial u_i} = r_i - q_i", "wrong"),
        (r"\frac{\partial F_i}{\partial v} = x_i (q_i - r_i)", "ok"),
        (r"\frac{\partial F}{\partial v} = \frac{1}{N} \sum_i x_i (q_i - r_i)", "ok"),
    ],
)
def test_a_mean_tells_what_one_example_adds(claim: str, expected: str) -> None:
    assert verdicts(f"{SHARED}$${claim}$$\n")[-1] == expected
