"""Rows: functions of one number (and a few of two).  ``out`` is the result, ``x`` the operand.

The third column is the derivative as a textbook writes it.  Where it can be said with the result
(``exp``, ``tanh``), it is: that is how it is remembered, and it costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dvar.core.node import Node, operators
from dvar.core.op import (
    INFINITY,
    NONNEGATIVE,
    NONZERO,
    POSITIVE,
    POWER,
    REALS,
    UNARY,
    Array,
    Domain,
    Edge,
    Notation,
    Op,
    Partials,
    interval,
)
from dvar.ops.arithmetic import ONE, TWO

LN2, LN10 = math.log(2.0), math.log(10.0)
TWO_OVER_SQRT_PI = 2.0 / math.sqrt(math.pi)

ABOVE_MINUS_ONE = interval(-1.0, INFINITY, "{0} > -1")
ABOVE_ONE = Domain("{0} > 1", lambda x: x > 1, lambda r, s: r.uniform(1.2, 3.0, s))
INSIDE_ONE = interval(-1.0, 1.0, "-1 < {0} < 1")
# Between the poles of the tangent; other branches are as good, but this one keeps points off a pole.
OFF_POLES = Domain(
    "cos({0}) != 0", lambda x: np.cos(x) != 0, lambda r, s: r.uniform(-1.2, 1.2, s)
)


def unary(
    name: str,
    forward: Callable[..., Any],
    partial: Callable[[Node, Node], Node | float],
    latex: str,
    domain: Domain,
    **more: Any,
) -> Op:
    """A row of one operand; ``latex`` is a macro or a whole template."""
    template = latex if "{0}" in latex else rf"{latex}\left({{0}}\right)"
    more.setdefault("notation", Notation(None, template))
    more.setdefault("dtype", "float")
    return Op(name, ONE, forward, Partials(lambda out, x: (partial(out, x),)), domain=(domain,), **more)


def _erf(x: Array) -> Any:
    from scipy.special import erf

    return erf(x)


# fmt: off
#            name        forward        partial (out, x)                        LaTeX        domain
exp   = unary("exp",     np.exp,        lambda out, x: out,                     "",          REALS,
              notation=Notation(None, "e^{{{0}}}", POWER), numpy=("exp",),
              edges=(Edge((-800.0,), 0.0, (0.0,)),), source="DLMF 4.7.8")
log   = unary("log",     np.log,        lambda out, x: 1 / x,                   r"\log",     POSITIVE,
              aliases=("ln",), numpy=("log",), edges=(Edge((1.0,), 0.0, (1.0,)),), source="DLMF 4.7.1")
log1p = unary("log1p",   np.log1p,      lambda out, x: 1 / (1 + x),             r"\log\left(1 + {0}\right)", ABOVE_MINUS_ONE,
              numpy=("log1p",), edges=(Edge((1e-20,), 1e-20, (1.0,)),), source="DLMF 4.7.1")
expm1 = unary("expm1",   np.expm1,      lambda out, x: out + 1,                 r"\operatorname{{expm1}}\left({0}\right)", REALS,
              numpy=("expm1",), edges=(Edge((1e-20,), 1e-20, (1.0,)),), source="DLMF 4.7.8")
exp2  = unary("exp2",    np.exp2,       lambda out, x: LN2 * out,               "",          REALS,
              notation=Notation(None, "2^{{{0}}}", POWER), numpy=("exp2",), source="DLMF 4.7.9")
log2  = unary("log2",    np.log2,       lambda out, x: 1 / (LN2 * x),           r"\log_{{2}}\left({0}\right)", POSITIVE,
              numpy=("log2",), source="DLMF 4.2.10 and 4.7.1")
log10 = unary("log10",   np.log10,      lambda out, x: 1 / (LN10 * x),          r"\log_{{10}}\left({0}\right)", POSITIVE,
              numpy=("log10",), source="DLMF 4.2.10 and 4.7.1")

sqrt  = unary("sqrt",    np.sqrt,       lambda out, x: 1 / (2 * out),           r"\sqrt{{{0}}}", NONNEGATIVE,
              numpy=("sqrt",), edges=(Edge((0.0,), 0.0, (INFINITY,)),), source="power rule, DLMF 4.7.10")
square = unary("square", np.square,     lambda out, x: 2 * x,                   "",          REALS,
              notation=Notation(None, "{0}^{{2}}", POWER, (), (POWER + 1,)), dtype="promote",
              expand=lambda x: x * x, numpy=("square",), source="power rule, DLMF 4.7.10")
reciprocal = unary("reciprocal", lambda x: 1 / x, lambda out, x: -1 / x**2,     r"\frac{{1}}{{{0}}}", NONZERO,
              expand=lambda x: 1 / x, numpy=("reciprocal",), source="power rule, DLMF 4.7.10")

sin   = unary("sin",     np.sin,        lambda out, x: cos(x),                  r"\sin",     REALS,
              numpy=("sin",), source="DLMF 4.20.1")
cos   = unary("cos",     np.cos,        lambda out, x: -sin(x),                 r"\cos",     REALS,
              numpy=("cos",), source="DLMF 4.20.2")
tan   = unary("tan",     np.tan,        lambda out, x: 1 + out**2,              r"\tan",     OFF_POLES,
              numpy=("tan",), source="DLMF 4.20.3 and 4.21.13")
arcsin = unary("arcsin", np.arcsin,     lambda out, x: 1 / sqrt(1 - x**2),      r"\arcsin",  INSIDE_ONE,
              aliases=("asin",), numpy=("arcsin",), source="DLMF 4.24.7")
arccos = unary("arccos", np.arccos,     lambda out, x: -1 / sqrt(1 - x**2),     r"\arccos",  INSIDE_ONE,
              aliases=("acos",), numpy=("arccos",), source="DLMF 4.24.8")
arctan = unary("arctan", np.arctan,     lambda out, x: 1 / (1 + x**2),          r"\arctan",  REALS,
              aliases=("atan",), numpy=("arctan",), source="DLMF 4.24.9")
sinh  = unary("sinh",    np.sinh,       lambda out, x: cosh(x),                 r"\sinh",    REALS,
              expand=lambda x: (exp(x) - exp(-x)) / 2, numpy=("sinh",), source="DLMF 4.34.7")
cosh  = unary("cosh",    np.cosh,       lambda out, x: sinh(x),                 r"\cosh",    REALS,
              expand=lambda x: (exp(x) + exp(-x)) / 2, numpy=("cosh",), source="DLMF 4.34.8")
tanh  = unary("tanh",    np.tanh,       lambda out, x: 1 - out**2,              r"\tanh",    REALS,
              numpy=("tanh",), edges=(Edge((800.0,), 1.0, (0.0,)), Edge((-800.0,), -1.0, (0.0,))),
              source="DLMF 4.34.9 and 4.35.12")
arcsinh = unary("arcsinh", np.arcsinh,  lambda out, x: 1 / sqrt(x**2 + 1),      r"\operatorname{{arcsinh}}\left({0}\right)", REALS,
              aliases=("asinh",), numpy=("arcsinh",), source="DLMF 4.38.9")
arccosh = unary("arccosh", np.arccosh,  lambda out, x: 1 / sqrt(x**2 - 1),      r"\operatorname{{arccosh}}\left({0}\right)", ABOVE_ONE,
              aliases=("acosh",), numpy=("arccosh",), source="DLMF 4.38.10")
arctanh = unary("arctanh", np.arctanh,  lambda out, x: 1 / (1 - x**2),          r"\operatorname{{arctanh}}\left({0}\right)", INSIDE_ONE,
              aliases=("atanh",), numpy=("arctanh",), source="DLMF 4.38.11")
erf   = unary("erf",     _erf,          lambda out, x: TWO_OVER_SQRT_PI * exp(-(x**2)), r"\operatorname{{erf}}\left({0}\right)", REALS,
              numpy=("scipy.special.erf",), edges=(Edge((0.0,), 0.0, (TWO_OVER_SQRT_PI,)),), source="DLMF 7.2.1")
# fmt: on

operators["log"] = log

# ── of two numbers ──────────────────────────────────────────────────────────────────────────────


def _logaddexp(x: Array, y: Array) -> Any:
    # NumPy's own takes no complex numbers, so no complex step.
    top = np.where(np.real(x) >= np.real(y), x, y)
    top = np.where(np.isfinite(top), top, 0)
    return top + np.log(np.exp(x - top) + np.exp(y - top))


def _quotient_or_zero(x: Array, y: Array) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


def _expand_quotient(x: Node, y: Node) -> Node:
    from dvar.ops.selection import where

    nothing = operators["=="](y, 0)
    return where(nothing, 0 * x, x / where(nothing, y + 1, y))


# fmt: off
arctan2 = Op(
    "arctan2", TWO, np.arctan2, Partials(lambda out, y, x: (x / (x**2 + y**2), -y / (x**2 + y**2))),
    dtype="float", domain=(REALS, NONZERO), aliases=("atan2",), numpy=("arctan2",),
    edges=(Edge((0.0, -2.0), math.pi, (-0.5, 0.0)),), source="DLMF 4.24.9, chain rule",
)
hypot = Op(
    "hypot", TWO, np.hypot,
    Partials(lambda out, x, y: (divide_no_nan(x, out), divide_no_nan(y, out))),
    notation=Notation(None, r"\sqrt{{{0}^{{2}} + {1}^{{2}}}}", latex_needs=(POWER + 1, POWER + 1)),
    expand=lambda x, y: sqrt(x**2 + y**2), dtype="float", domain=(NONZERO, NONZERO), numpy=("hypot",),
    edges=(Edge((3e200, 4e200), 5e200, (0.6, 0.8)), Edge((0.0, 0.0), 0.0, (0.0, 0.0))),
    source="chain rule; 0 is a subgradient of the length at 0, Rockafellar, Convex Analysis, section 23",
)
logaddexp = Op(
    "logaddexp", TWO, _logaddexp, Partials(lambda out, x, y: (exp(x - out), exp(y - out))),
    expand=lambda x, y: log(exp(x) + exp(y)), dtype="float", domain=(REALS, REALS), numpy=("logaddexp",),
    edges=(Edge((1000.0, 0.0), 1000.0, (1.0, 0.0)), Edge((-1000.0, -1000.0), LN2 - 1000.0, (0.5, 0.5))),
    source="Boyd & Vandenberghe, Convex Optimization, section 3.1.5",
)
# A unit vector x/‖x‖ is asked for at x = 0 too, where 0 is the choice that keeps descent still.
divide_no_nan = Op(
    "divide_no_nan", TWO, _quotient_or_zero,
    Partials(lambda out, x, y: (divide_no_nan(1, y), -divide_no_nan(out, y))),
    expand=_expand_quotient, notation=Notation(None, r"\frac{{{0}}}{{{1}}}", UNARY),
    dtype="float", domain=(REALS, NONZERO),
    edges=(Edge((3.0, 0.0), 0.0, (0.0, 0.0)), Edge((3.0, 2.0), 1.5, (0.5, -0.75))),
    source="quotient rule; zero where y = 0, so that 0/0 in a direction is no direction",
)
# fmt: on
