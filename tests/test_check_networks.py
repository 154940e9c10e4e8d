"""``dvar check`` on networks as textbooks write them: losses by name, layers as families."""

from __future__ import annotations

import re

import pytest

from dvar.check.worksheet import check

NAMED_LOSS = r"""
$u = A v + c$, $q = \mathrm{softmax}(u)$ and $J = \mathrm{CE}(t, q)$, with $v \in \mathbb{R}^d$ and
$A \in \mathbb{R}^{K \times d}$.

"""

BINARY_LOSS = r"""
$s = k^\top v$, $q = \sigma(s)$ and $J = \mathrm{CE}(t, q)$.

"""

LAYERS = r"""
Layer $l$ has $s^l_i = \sum_n V^l_{in} o^{l-1}_n + c^l_i$ and $o^l_i = \sigma(s^l_i)$; the cost is
$E = \frac{1}{2} \sum_i (r_i - o^L_i)^2$. Let $\epsilon^l_i = \frac{\partial E}{\partial s^l_i}$.

"""


def verdict(model: str, claim: str) -> str:
    return check(f"{model}$${claim}$$\n").judgements[-1].verdict


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial J}{\partial u} = q - t", "ok"),
        (r"\frac{\partial J}{\partial u} = t - q", "wrong"),
        (r"\frac{\partial J}{\partial A} = (q - t) v^\top", "ok"),
        (r"\frac{\partial J}{\partial v} = A^\top (q - t)", "ok"),
    ],
)
def test_a_cross_entropy_may_be_called_by_its_name(claim: str, expected: str) -> None:
    assert verdict(NAMED_LOSS, claim) == expected


def test_the_cross_entropy_of_a_single_probability_has_two_terms() -> None:
    assert verdict(BINARY_LOSS, r"\frac{\partial J}{\partial s} = q - t") == "ok"


def test_a_name_that_is_no_distribution_leaves_the_loss_open() -> None:
    text = r"$q = A v$ and $J = \mathrm{CE}(t, q)$." + "\n\n"
    assert verdict(text, r"\frac{\partial J}{\partial q} = q - t") != "ok"


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\epsilon^l = ((V^{l+1})^T \epsilon^{l+1}) \odot \sigma'(s^l)", "ok"),
        (r"\frac{\partial E}{\partial V^l_{in}} = o^{l-1}_n \epsilon^l_i", "ok"),
        (r"\epsilon^l_i = \sum_n \epsilon^{l+1}_n \frac{\partial s^{l+1}_n}{\partial s^l_i}", "ok"),
    ],
)
def test_a_family_is_written_by_entries_and_whole(claim: str, expected: str) -> None:
    whole = r"Backwards, $\epsilon^l = ((V^{l+1})^T \epsilon^{l+1}) \odot \sigma'(s^l)$." + "\n\n"
    assert verdict(LAYERS + whole, claim) == expected


def test_layers_may_be_counted_by_another_letter() -> None:
    text = re.sub(r"(?<=[\^{$])l", "m", LAYERS).replace("^L", "^M")
    assert "^{m-1}" in text
    claim = r"\epsilon^m = ((V^{m+1})^T \epsilon^{m+1}) \odot \sigma'(s^m)"
    assert verdict(text, claim) == "ok"
    assert verdict(text, claim.replace(r"(V^{m+1})^T", r"V^{m+1}")) != "ok"


def test_a_power_of_a_name_is_no_layer() -> None:
    assert check(r"$\frac{d}{dx} x^n = n x^{n-1}$").judgements[-1].verdict == "ok"
    assert check(r"$\frac{d}{dx} x^n = n x^{n+1}$").judgements[-1].verdict == "wrong"


TWO_LAYERS = r"""
- $s_1 = U_1 v + c_1$
- $g = \mathrm{ReLU}(s_1)$
- $s_2 = U_2 g + c_2$
- $q = \mathrm{softmax}(s_2)$
- $E = \mathrm{CE}(t, q)$

Here $v \in \mathbb{R}^{n}$, $U_1 \in \mathbb{R}^{k \times n}$, $U_2 \in \mathbb{R}^{r \times k}$.

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\eta_1 = \frac{\partial E}{\partial s_2} = q - t", "ok"),
        (r"\frac{\partial E}{\partial U_2} = (q - t) g^T", "ok"),
        (r"\frac{\partial E}{\partial U_2} = g (q - t)^T", "convention"),
        (r"\frac{\partial E}{\partial s_1} = (U_2^T (q - t)) \circ 1(s_1 > 0)", "ok"),
        (r"\frac{\partial E}{\partial s_1} = (U_2^T (t - q)) \circ 1(s_1 > 0)", "wrong"),
    ],
)
def test_numbered_layers_have_sizes_of_their_own(claim: str, expected: str) -> None:
    assert verdict(TWO_LAYERS, claim) == expected


@pytest.mark.parametrize(
    ("claim", "is_right"),
    [
        (r"\varepsilon^m_j = \sum_k v^{m+1}_{kj} \varepsilon^{m+1}_k \phi'(s^m_j)", True),
        (r"\varepsilon^m_j = v^{m+1}_{kj} \varepsilon^{m+1}_k \phi'(s^m_j)", False),
        (r"\varepsilon^m_j = \sum_k v^{m+1}_{kj} \varepsilon^{m+1}_k", False),
    ],
)
def test_what_is_told_to_be_a_derivative_gets_no_other_meaning(claim: str, is_right: bool) -> None:
    text = (
        r"$s^m_j = \sum_k v^m_{jk} h^{m-1}_k$, $h^m_j = \phi(s^m_j)$ and "
        r"$C = \frac{1}{2} \sum_j (h^M_j - t_j)^2$."
        "\n\n## What is asked\n\n"
        r"$$\varepsilon^m_j = \frac{\partial C}{\partial s^m_j}$$"
        f"\n\n## The way back\n\n$${claim}$$"
    )
    verdict = check(text).judgements[-1].verdict
    assert (verdict == "ok") == is_right
    assert verdict != "definition"
