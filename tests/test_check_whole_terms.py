"""Mistakes of a whole term: a product the wrong way round, a matrix taken for symmetric, a route left out."""

from __future__ import annotations

import pytest

import dvar

_LAYER = r"""Let $a = V u$ with $V \in \mathbb{R}^{p\times q}$, $u\in\mathbb{R}^q$, $E = \ell(a)$,
$T = E + \rho\|V\|_F^2$.

$$\frac{\partial T}{\partial V} = """
_PENALTY = r"""$z = wx + b$, $y = \sigma(z)$, $L = \frac12 (y-t)^2$, $R = \frac12 w^2$, $C = L + \lambda R$.
Write $\bar v = \partial C/\partial v$.

$$\bar z = \bar y \sigma'(z)$$

$$\bar w = """
_NORM = r"""$m = \frac1N\sum_{i=1}^N u_i$ and $c_i = u_i - m$, $v = \frac1N\sum_{i=1}^N c_i^2$,
$n_i = c_i/\sqrt{v}$, and then a loss $E(n_1,\dots,n_N)$ follows.

$$\frac{\partial E}{\partial u_i} = \frac{1}{\sqrt{v}}\frac{\partial E}{\partial n_i}
+ \frac{2 c_i}{N}\frac{\partial E}{\partial v}"""
_MASK = r"""Let $U$ be $m\times k$, $V$ be $n\times k$, $M$ be $m\times n$.

$$L = \|M\odot(R - UV^\top)\|_F^2$$

The entries of the mask $M$ are zeros and ones, so that $M\odot M = M$.

$$\nabla_V L = """


@pytest.mark.parametrize(
    ("text", "verdict", "cause"),
    [
        (_LAYER + r"\frac{\partial T}{\partial a} u^T + 2\rho V$$", "ok", None),
        (_LAYER + r"u (\frac{\partial T}{\partial a})^T + 2\rho V^T$$", "convention", None),
        (_PENALTY + r"\bar z x + \lambda w$$", "ok", None),
        (_PENALTY + r"\bar z x$$", "wrong", "missing-path"),
        (_NORM + r"+ \frac1N\frac{\partial E}{\partial m}$$", "ok", None),
        (_NORM + "$$", "wrong", "missing-path"),
        (_MASK + r"-2 (M\odot(R-UV^\top))^T U$$", "ok", None),
        (_MASK + r"-2 (M\odot(R-UV^\top)) U$$", "wrong", "transpose"),
        (r"For any square matrix $P$: $\nabla_w (w^T P w) = 2 P w$", "wrong", "missing-sum"),
        (r"For any square matrix $P$: $\nabla_w (w^T P w) = (P + P^T) w$", "ok", None),
        (r"For symmetric $P$: $\nabla_w (w^T P w) = 2 P w$", "ok", None),
        (r"We have $\nabla_w (w^T P w) = 2 P w$", "unknown", None),
    ],
)
def test_whole_terms(text: str, verdict: str, cause: str | None) -> None:
    last = dvar.check(text).judgements[-1]
    assert (last.verdict, last.cause) == (verdict, cause)
