"""What follows from conditions that a document states."""

from __future__ import annotations

import dvar

RIDGE = (
    "$J(w) = \\|y - Xw\\|^2 + \\lambda \\|w\\|^2$ has "
    "$\\nabla_w J = -2 X^\\top (y - Xw) + 2\\lambda w = 0$, hence "
)
MULTIPLIER = (
    "Maximise $p q$ subject to $p + q = c$: $\\Lambda = p q - \\kappa (p + q - c)$, so "
    "$\\frac{\\partial \\Lambda}{\\partial p} = q - \\kappa = 0$ and "
    "$\\frac{\\partial \\Lambda}{\\partial q} = p - \\kappa = 0$. Therefore "
)
AXIS = (
    "With a matrix $S = S^\\top$ and $L(u, \\lambda) = u^\\top S u - \\lambda (u^\\top u - 1)$ we have "
    "$\\frac{\\partial L}{\\partial u} = 2 S u - 2 \\lambda u = 0$ and $u^\\top u = 1$.\n\nSo "
)


def last(text: str) -> str:
    """The verdict of the last statement."""
    return dvar.check(text).judgements[-1].verdict


def test_normal_equations_follow_from_a_gradient_that_vanishes() -> None:
    assert last(RIDGE + "$(X^\\top X + \\lambda I) w = X^\\top y$.") == "ok"
    assert last(RIDGE + "$(X^\\top X - \\lambda I) w = X^\\top y$.") != "ok"


def test_what_follows_with_a_multiplier() -> None:
    assert last(MULTIPLIER + "$p - q = 0$.") == "ok"
    assert last(MULTIPLIER + "$2 p q = 2 q^2$.") == "ok"
    assert last(MULTIPLIER + "$p q = 2 q^2$.") != "ok"


def test_a_constraint_is_given() -> None:
    verdicts = [j.verdict for j in dvar.check(MULTIPLIER + "$p - q = 0$.").judgements]
    assert "given" in verdicts
    assert "unknown" not in verdicts


def test_eigenvectors() -> None:
    assert last(AXIS + "$S u = \\lambda u$.") == "ok"
    assert last(AXIS + "$u^\\top S u = \\lambda$.") == "ok"
    assert last(AXIS + "$u^\\top S u = 2 \\lambda$.") != "ok"


DUAL = r"""
$$L = \frac12 w^\top w - \sum_{t=1}^N \alpha_t (y_t (w^\top x_t + b) - 1)$$

$$\frac{\partial L}{\partial b} = -\sum_{t=1}^N \alpha_t y_t = 0$$

$$D = \frac12 w^\top w - w^\top \sum_{t=1}^N \alpha_t y_t x_t - b \sum_{t=1}^N \alpha_t y_t + \sum_{t=1}^N \alpha_t
= \frac12 w^\top w - w^\top \sum_{t=1}^N \alpha_t y_t x_t %s \sum_{t=1}^N \alpha_t$$
"""


def test_a_term_that_vanishes_by_a_condition_before_may_be_left_out() -> None:
    assert dvar.check(DUAL % "+").judgements[-1].verdict == "ok"
    assert dvar.check(DUAL % "-").judgements[-1].verdict != "ok"


def test_the_equation_of_a_plane_leaves_its_names_as_they_are() -> None:
    plane = r"The plane is $w^\top x + b = 0$, and $R = \frac12 w^\top w$. $\frac{\partial R}{\partial w} = %s$"
    assert dvar.check(plane % "w").judgements[-1].verdict == "ok"
    assert dvar.check(plane % "2w").judgements[-1].verdict == "wrong"
