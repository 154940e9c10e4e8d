"""Sums over what occurs twice: indices upstairs, letters that only runs show, and sizes with a letter below."""

from __future__ import annotations

import pytest
from judged import verdicts

UPSTAIRS = r"""
Indices that occur twice are summed.

$$S^{ij} = \frac{1}{\sqrt{d_k}} Q^{ia} K^{ja}, \qquad A^{ij} = \text{softmax}_j(S^{ij}), \qquad O^{ib} = A^{ij} V^{jb}$$

$$\frac{\partial O^{ib}}{\partial V^{mn}} = A^{im} \delta^b_n$$

$$\frac{\partial L}{\partial A^{mn}} = \frac{\partial L}{\partial O^{mb}} V^{nb}$$

$$\frac{\partial A^{ij}}{\partial S^{mn}} = \delta^i_m A^{ij} (\delta^j_n - A^{in})$$

$$\frac{\partial L}{\partial Q^{kl}} = \frac{1}{\sqrt{d_k}} \frac{\partial L}{\partial S^{kj}} K^{jl}$$

As matrices, $\frac{\partial L}{\partial V} = A^T \frac{\partial L}{\partial O}$.
"""
LINES = (6, 8, 10, 12, 14)


def test_upper_indices_are_indices() -> None:
    found = verdicts(UPSTAIRS)
    assert [found[line] for line in LINES] == ["ok"] * 5


@pytest.mark.parametrize(
    ("line", "right", "slip"),
    [
        (
            8,
            r"\frac{\partial L}{\partial O^{mb}} V^{nb}",
            r"\frac{\partial L}{\partial O^{mb}} V^{bn}",
        ),
        (10, r"(\delta^j_n - A^{in})", r"(\delta^j_n + A^{in})"),
        (14, r"= A^T \frac", r"= A \frac"),
    ],
)
def test_slips_in_upper_indices_are_wrong(line: int, right: str, slip: str) -> None:
    assert right in UPSTAIRS
    assert verdicts(UPSTAIRS.replace(right, slip))[line] == "wrong"


SAID = "Indices that occur twice are summed."
DOWN = r"""
SAID

$$S_{ij} = \frac{1}{\sqrt{d_k}} Q_{ia} K_{ja}$$

$$A_{ij} = \frac{e^{S_{ij}}}{\sum_j e^{S_{ij}}}$$

$$O_{ib} = A_{ij} V_{jb}$$

$$\frac{\partial L}{\partial V_{mn}} = A_{im} \frac{\partial L}{\partial O_{in}}$$

$$\frac{\partial L}{\partial Q_{kl}} = \frac{1}{\sqrt{d_k}} \frac{\partial L}{\partial S_{kj}} K_{jl}$$

$$\frac{\partial A_{ij}}{\partial S_{mn}} = \delta_{im} A_{ij} (\delta_{jn} - A_{in})$$
"""


@pytest.mark.parametrize("said", [SAID, "Attention, written with its indices."])
def test_letters_that_only_products_show_are_indices(said: str) -> None:
    found = verdicts(DOWN.replace("SAID", said))
    assert [found[line] for line in (10, 12, 14)] == ["ok"] * 3


def test_a_letter_that_repeats_in_no_sum_stays_a_label() -> None:
    text = (
        r"$h = \tanh(W_{xh} x + W_{hh} g)$ and $L = v^T h$."
        "\n\n"
        r"$$\frac{\partial L}{\partial h} = v$$"
    )
    assert verdicts(text)[3] == "ok"
