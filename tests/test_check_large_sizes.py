"""``dvar check`` on networks as large as real ones, and on numbers that stand in rows of their own."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

SIZES = r"""
$$ x = \text{input} \in \mathbb{R}^{784 \times 1} $$
$$ u = Ax + c \in \mathbb{R}^{128 \times 1} $$
$$ v = \text{ReLU}(u) $$
$$ \theta = Bv + d \in \mathbb{R}^{10 \times 1} $$
$$ q = \text{softmax}(\theta) $$
$$ F = \text{Cross-Entropy}(r, q) $$

"""

ROWS = r"""
w = 0.4, x = 0.5, c = 0.1, r = 1, v = 0.7

net_h = (w · x) + c
= 0.2 + 0.1
= 0.3

out_h = σ(0.3)
= 0.57444

net_o = v · out_h
= 0.7 × 0.57444
= 0.40211

out_o = σ(0.40211)
= 0.59919

E = 0.5 × (r − out_o)²
= 0.08032

"""


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (r"\frac{\partial F}{\partial \theta} = q - r", "ok"),
        (r"\frac{\partial F}{\partial B} = (q - r) v^T", "ok"),
        (r"\frac{\partial F}{\partial B} = (r - q) v^T", "wrong"),
        (r"\frac{\partial F}{\partial A} = (B^T (q - r) \odot \text{ReLU}'(u)) x^T", "ok"),
        (r"\frac{\partial F}{\partial B} \in \mathbb{R}^{10 \times 128}", "ok"),
    ],
)
def test_large_sizes_are_read_like_small_ones(claim: str, expected: str) -> None:
    assert check(f"{SIZES}$${claim}$$\n").judgements[-1].verdict == expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("∂E/∂v = (out_o − r) × out_o × (1 − out_o) × out_h = -0.05529", "ok"),
        ("∂E/∂v = (out_o − r) × out_o × (1 − out_o) × v", "wrong"),
        ("∂out_h/∂c = out_h × (1 − out_h) = 0.24446", "ok"),
        ("∂out_h/∂c = out_h × (1 + out_h)", "wrong"),
    ],
)
def test_a_number_in_a_row_of_its_own_tells_what_goes_into_a_function(
    claim: str, expected: str
) -> None:
    assert check(f"{ROWS}{claim}\n").judgements[-1].verdict == expected
