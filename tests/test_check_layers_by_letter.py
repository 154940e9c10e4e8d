"""``dvar check`` on networks whose layers have nothing but letters: i the inputs, j the hidden units, k the outputs."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

BACKWARDS = r"""
The weights $v_{ji}$ lead to unit $j$, the weights $v_{kj}$ to unit $k$.

$$u_j = \sum_i v_{ji} o_i, \qquad o_j = h(u_j), \qquad \delta_j \equiv \frac{\partial F}{\partial u_j}$$

"""

FORWARDS = r"""
$$F = \frac{1}{2} \sum_k (o_k - r_k)^2, \qquad u_k = c_k + \sum_j o_j v_{jk}, \qquad o_j = g_j(u_j)$$

$$\epsilon_k = (o_k - r_k) g_k'(u_k)$$

"""

ARGUMENT = r"""
Unit $j$ puts out

$$o_j = \phi(\text{net}_j) = \phi\left(\sum_{k=1}^n v_{kj} o_k\right)$$

"""


def verdict(model: str, claim: str) -> str:
    return check(f"{model}$${claim}$$\n").judgements[-1].verdict


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial u_j}{\partial v_{ji}} = o_i", "ok"),
        (r"\frac{\partial F}{\partial v_{ji}} = \delta_j o_i", "ok"),
        (r"\delta_j = \sum_k \frac{\partial F}{\partial u_k} \frac{\partial u_k}{\partial u_j}", "ok"),
        (r"\delta_j = h'(u_j) \sum_k v_{kj} \delta_k", "ok"),
        (r"\delta_j = h'(u_j) \sum_k v_{jk} \delta_k", "wrong"),
    ],
)  # fmt: skip
def test_the_formula_of_one_layer_holds_for_the_next(claim: str, expected: str) -> None:
    assert verdict(BACKWARDS, claim) == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial F}{\partial v_{jk}} = \epsilon_k o_j", "ok"),
        (r"\frac{\partial F}{\partial v_{jk}} = \epsilon_j o_k", "wrong"),
        (r"\frac{\partial u_k}{\partial v_{ij}} = v_{jk} g_j'(u_j) o_i", "ok"),
        (r"\frac{\partial u_k}{\partial c_j} = v_{jk} g_j'(u_j) \frac{\partial u_j}{\partial c_j}", "ok"),
        (r"\frac{\partial F}{\partial v_{ij}} = g_j'(u_j) \left(\sum_k \epsilon_k v_{jk}\right) o_i", "ok"),
        (r"\frac{\partial F}{\partial v_{ij}} = g_j'(u_j) \left(\sum_k \epsilon_k v_{jk}\right) o_j", "wrong"),
    ],
)  # fmt: skip
def test_and_for_the_layer_before(claim: str, expected: str) -> None:
    assert verdict(FORWARDS, claim) == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial o_j}{\partial \text{net}_j} = \phi'(\text{net}_j)", "ok"),
        (r"\frac{\partial \text{net}_j}{\partial v_{ij}} = o_i", "ok"),
        (r"\frac{\partial o_j}{\partial v_{ij}} = \phi'(\text{net}_j) o_i", "ok"),
    ],
)
def test_two_letters_in_front_of_one_are_of_the_same_layer(claim: str, expected: str) -> None:
    assert verdict(ARGUMENT, claim) == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial h}{\partial w} = (1 - h^2) x", "ok"),
        (r"\frac{\partial h}{\partial w} = (1 - h^2) w", "wrong"),
        (r"\frac{\partial z}{\partial b} = 1", "ok"),
        (r"\frac{\partial z}{\partial b} = x", "wrong"),
    ],
)
def test_a_name_and_a_formula_in_the_same_function_are_one(claim: str, expected: str) -> None:
    assert verdict(r"$$h = \tanh(z) = \tanh(w x + b)$$" + "\n\n", claim) == expected


def test_an_argument_with_a_formula_is_not_told_anew() -> None:
    wrong = r"$$z = w x + b, \qquad h = \sigma(z) = \sigma(w x - b)$$"
    assert check(wrong).judgements[-1].verdict == "wrong"
