"""Batches whose examples are rows: rows by their index, biases that all rows share, rows of ones."""

from __future__ import annotations

import pytest

from dvar.check.worksheet import check

HEAD = (
    r"$Z = X W + b$ with $X \in \mathbb{R}^{N \times D}$, $W \in \mathbb{R}^{D \times K}$"
    r" and $L = \frac{1}{2N} \|Z - T\|_F^2$."
    "\n\n"
)
DEEP = (
    r"$$Z_1 = X W_1 + b_1, \quad A_1 = \tanh(Z_1), \quad Z_2 = A_1 W_2 + b_2$$"
    "\n"
    r"with $X \in \mathbb{R}^{N \times D}$, $W_1 \in \mathbb{R}^{D \times H}$,"
    r" $W_2 \in \mathbb{R}^{H \times K}$ and $L = \frac{1}{2N} \|Z_2 - T\|_F^2$."
    "\n\n"
)


def verdict(head: str, claim: str) -> str:
    """The verdict on the last line."""
    judgements = check(head + f"$${claim}$$\n").judgements
    return judgements[-1].verdict


RIGHT = [
    r"\frac{\partial L}{\partial b} = \frac{1}{N} \sum_{i=1}^{N} (Z - T)_i",
    r"\frac{\partial L}{\partial b} = \frac{1}{N} \sum_{i=1}^{N} (Z - T)_{i:}",
    r"\frac{\partial L}{\partial b} = \frac{1}{N} \sum_{i=1}^{N} (Z_i - T_i)",
    r"\frac{\partial L}{\partial b} = \frac{1}{N} \sum_{i=1}^{N} (Z_{i,:} - T_{i,:})",
    r"\frac{\partial L}{\partial b} = \frac{1}{N} \mathbf{1}^\top (Z - T)",
    r"\frac{\partial L}{\partial W} = \frac{1}{N} \sum_{i=1}^{N} X_{i,:}^\top (Z_{i,:} - T_{i,:})",
]


@pytest.mark.parametrize("claim", RIGHT)
def test_rows_of_a_batch(claim: str) -> None:
    assert verdict(HEAD, claim) == "ok"


@pytest.mark.parametrize("claim", RIGHT)
@pytest.mark.parametrize(("old", "new"), [(r"\frac{1}{N}", r"\frac{2}{N}"), ("Z", "T")])
def test_what_is_bent_is_not_right(claim: str, old: str, new: str) -> None:
    left, _, right = claim.partition("= ")
    assert verdict(HEAD, f"{left}= {right.replace(old, new, 1)}") in ("wrong", "unknown")


@pytest.mark.parametrize(
    "shape", [r"\mathbb{R}^{K}", r"\mathbb{R}^{1 \times K}"], ids=["vector", "row"]
)
def test_a_bias_of_rows_has_a_number_for_each_column(shape: str) -> None:
    head = HEAD.replace("and $L", rf", $b \in {shape}$ and $L")
    assert verdict(head, RIGHT[0]) == "ok"
    assert verdict(head, RIGHT[3]) == "ok"


@pytest.mark.parametrize(
    "claim",
    [
        r"\frac{\partial L}{\partial b_2} = \frac{1}{N} \sum_{i=1}^{N} \left(Z_2 - T\right)_i",
        r"\frac{\partial L}{\partial b_2} = \sum_{i=1}^{N} \left(\frac{\partial L}{\partial Z_2}\right)_i",
        r"\frac{\partial L}{\partial b_2} = \mathbf{1}_N^\top \frac{\partial L}{\partial Z_2}",
        r"\frac{\partial L}{\partial b_1} = \mathbf{1}^\top \left(\frac{\partial L}{\partial A_1} \odot (1 - A_1^2)\right)",
    ],
)
def test_rows_of_two_layers(claim: str) -> None:
    assert verdict(DEEP, claim) == "ok"
    assert verdict(DEEP, claim.replace("= ", "= -", 1)) in ("wrong", "unknown")


def test_an_index_that_may_count_rows_or_columns_is_not_guessed() -> None:
    head = r"$M \in \mathbb{R}^{n \times n}$ and $L = \|M\|_F^2$." + "\n\n"
    assert verdict(head, r"\sum_{i=1}^{n} (M)_i = \mathbf{1}^\top M") in ("ok", "unknown")
    assert verdict(head, r"\sum_{i=1}^{n} (M)_i = M \mathbf{1}") in ("ok", "unknown", "convention")


def test_a_row_of_what_is_told_is_a_claim() -> None:
    head = r"$S \in \mathbb{R}^{N \times K}$ and $P = 2 S$." + "\n\n"
    assert verdict(head, "P_{i:} = 2 S_{i:}") == "ok"
    assert verdict(head, "P_{i:} = 3 S_{i:}") == "wrong"
