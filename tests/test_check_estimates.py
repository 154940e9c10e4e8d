"""Formulas for where something is least or greatest, judged by the gradient that vanishes there."""

from __future__ import annotations

import pytest

from dvar import check

NORMAL = r"""
$$\ell(\mu, \sigma) = -n\log\sigma - \frac{1}{2\sigma^2}\sum_{i=1}^n (x_i - \mu)^2$$

The maximum likelihood estimates are
$$%s$$
"""
RIDGE = r"""
$$J(w) = \|y - Xw\|^2 + \lambda\|w\|^2$$ is least at $$%s$$
"""
PROFIT = r"The profit is $\pi(q) = (a - bq)q - cq$, and the optimal quantity is $%s$."
WEIGHTED = r"With diagonal $D$, $J(w) = (y - Xw)^\top D (y - Xw)$ is minimised by $%s$."


@pytest.mark.parametrize(
    ("text", "right", "wrong", "cause"),
    [
        (
            NORMAL,
            r"\hat\mu = \frac1n\sum_{i=1}^n x_i",
            r"\hat\mu = -\frac1n\sum_{i=1}^n x_i",
            "sign",
        ),
        (
            NORMAL,
            r"\hat\mu = \frac1n\sum_{i=1}^n x_i",
            r"\hat\mu = \frac2n\sum_{i=1}^n x_i",
            "factor",
        ),
        (
            RIDGE,
            r"w^* = (X^T X + \lambda I)^{-1} X^T y",
            r"w^* = (X^T X - \lambda I)^{-1} X^T y",
            "sign",
        ),
        (
            RIDGE,
            r"w_\lambda = (X^T X + \lambda I)^{-1} X^T y",
            r"w_\lambda = (X^T X + \lambda I)^{-1} X y",
            "transpose",
        ),
        (PROFIT, r"q^* = \frac{a - c}{2b}", r"q^* = \frac{a + c}{2b}", "sign"),
        (
            WEIGHTED,
            r"w^* = (X^\top D X)^{-1}X^\top D y",
            r"w^* = 2(X^\top D X)^{-1}X^\top D y",
            "factor",
        ),
    ],
)
def test_a_gradient_vanishes_at_an_optimum(text: str, right: str, wrong: str, cause: str) -> None:
    held = check(text % right).judgements[-1]
    assert held.verdict == "ok"
    assert "vanishes there" in held.message
    found = check(text % wrong).judgements[-1]
    assert found.verdict == "wrong"
    assert found.cause == cause
    assert found.expected is not None


def test_the_estimate_of_a_square_takes_that_of_the_mean() -> None:
    squares = r"\hat\mu = \frac1n\sum_{i=1}^n x_i, \qquad \hat\sigma^2 = \frac1n\sum_{i=1}^n (x_i - \hat\mu)^2"
    assert [j.verdict for j in check(NORMAL % squares).judgements][-2:] == ["ok", "ok"]


@pytest.mark.parametrize(
    "text",
    [
        # Another estimate than that of the likelihood is no slip.
        NORMAL % r"\hat\sigma^2 = \frac{1}{n-1}\sum_{i=1}^n (x_i - \bar x)^2",
        # A prediction with a hat is not where its loss is least.
        r"The model $\hat y = w x + b$ has the loss $L = \frac12(\hat y - y)^2$, which we minimise.",
        # Where a multiplier has been worked out, the formula holds by what is not written into it.
        r"$\Lambda = \sum_k N_k\log\pi_k + \lambda(1 - \sum_k\pi_k)$ is largest at $\pi_k = \frac{N_k}{N}$.",
    ],
)
def test_other_formulas_with_hats_and_stars_are_told(text: str) -> None:
    assert not {"wrong", "carried"} & {j.verdict for j in check(text).judgements}
