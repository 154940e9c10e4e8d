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
    Array,
    Domain,
    Edge,
    Notation,
    Op,
    Partials,
    constant,
    interval,
)
from dvar.ops.arithmetic import ONE, TWO

LN2 = math.log(2.0)

ABOVE_MINUS_ONE = interval(-1.0, INFINITY, "{0} > -1")
ABOVE_ONE = Domain("{0} > 1", lambda x: x > 1, lambda r, s: r.uniform(1.2, 3.0, s))
INSIDE_ONE = interval(-1.0, 1.0, "-1 < {0} < 1")
# Between the poles of the tangent; other branches are as good, but this one keeps points off a pole.
OFF_POLES = Domain("cos({0}) != 0", lambda x: np.cos(x) != 0, lambda r, s: r.uniform(-1.2, 1.2, s))

# atan2 jumps where y = 0 and x < 0; points are drawn off that line.
OFF_CUT = Domain("", REALS.contains, NONZERO.draw)


def as_float(value: float, like: Node) -> Node:
    """A number in the precision of ``like``, where nothing beside it would say which."""
    return constant(value, like.dtype if like.is_float else "float64")


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
    return Op(
        name, ONE, forward, Partials(lambda out, x: (partial(out, x),)), domain=(domain,), **more
    )


def _erf(x: Array) -> Any:
    from scipy.special import erf

    return erf(x)


# fmt: off
#                   name          forward          partial (out, x)                                                LaTeX                                        domain
exp = unary(        "exp",        np.exp,          lambda out, x: out,                                             "",                                          REALS,
    notation=Notation(None, "e^{{{0}}}", POWER), numpy=("exp",),
    edges=(Edge((-800.0,), 0.0, (0.0,)),), native=lambda m, x: m.exp(x), source="DLMF 4.7.7")
log: Op = unary(    "log",        np.log,          lambda out, x: 1 / x,                                           r"\log",                                     POSITIVE,
    aliases=("ln",), numpy=("log",), edges=(Edge((1.0,), 0.0, (1.0,)),), native=lambda m, x: m.log(x), source="DLMF 4.7.1")
log1p = unary(      "log1p",      np.log1p,        lambda out, x: 1 / (1 + x),                                     r"\log\left(1 + {0}\right)",                 ABOVE_MINUS_ONE,
    numpy=("log1p",), edges=(Edge((1e-20,), 1e-20, (1.0,)),), native=lambda m, x: m.log1p(x), source="DLMF 4.7.1")
expm1 = unary(      "expm1",      np.expm1,        lambda out, x: out + 1,                                         r"\operatorname{{expm1}}\left({0}\right)",   REALS,
    numpy=("expm1",), edges=(Edge((1e-20,), 1e-20, (1.0,)),), native=lambda m, x: m.expm1(x), source="DLMF 4.7.7")
exp2 = unary(       "exp2",       np.exp2,         lambda out, x: log(as_float(2, out)) * out,                     "",                                          REALS,
    notation=Notation(None, "2^{{{0}}}", POWER), numpy=("exp2",), native=lambda m, x: x.library("exp2"), source="DLMF 4.7.9")
log2 = unary(       "log2",       np.log2,         lambda out, x: 1 / (x * log(as_float(2, out))),                 r"\log_{{2}}\left({0}\right)",               POSITIVE,
    numpy=("log2",), native=lambda m, x: x.library("log2"), source="DLMF 4.2.8 and 4.7.1")
log10 = unary(      "log10",      np.log10,        lambda out, x: 1 / (x * log(as_float(10, out))),                r"\log_{{10}}\left({0}\right)",              POSITIVE,
    numpy=("log10",), native=lambda m, x: x.library("log10"), source="DLMF 4.2.8 and 4.7.1")

sqrt: Op = unary(   "sqrt",       np.sqrt,         lambda out, x: 1 / (2 * out),                                   r"\sqrt{{{0}}}",                             NONNEGATIVE,
    numpy=("sqrt",), edges=(Edge((0.0,), 0.0, (INFINITY,)),), native=lambda m, x: x.unary("sqrt"), source="power rule, DLMF 4.7.10")
square = unary(     "square",     np.square,       lambda out, x: 2 * x,                                           "",                                          REALS,
    notation=Notation(None, "{0}^{{2}}", POWER, (), (POWER + 1,)), dtype="promote",
    expand=lambda x: x * x, numpy=("square",), native=lambda m, x: x * x, source="power rule, DLMF 4.7.10")
reciprocal = unary( "reciprocal", lambda x: 1 / x, lambda out, x: -1 / x**2,                                       r"\frac{{1}}{{{0}}}",                        NONZERO,
    expand=lambda x: 1 / x, numpy=("reciprocal",), native=lambda m, x: 1 / x, source="power rule, DLMF 4.7.10")

sin = unary(        "sin",        np.sin,          lambda out, x: cos(x),                                          r"\sin",                                     REALS,
    numpy=("sin",), native=lambda m, x: m.sin(x), source="DLMF 4.20.1")
cos: Op = unary(    "cos",        np.cos,          lambda out, x: -sin(x),                                         r"\cos",                                     REALS,
    numpy=("cos",), native=lambda m, x: m.cos(x), source="DLMF 4.20.2")
tan = unary(        "tan",        np.tan,          lambda out, x: 1 + out**2,                                      r"\tan",                                     OFF_POLES,
    numpy=("tan",), native=lambda m, x: x.library("tan"), source="DLMF 4.20.3 and 4.21.13")
arcsin = unary(     "arcsin",     np.arcsin,       lambda out, x: 1 / sqrt(1 - x**2),                              r"\arcsin",                                  INSIDE_ONE,
    aliases=("asin",), numpy=("arcsin",), native=lambda m, x: x.library("asin"), source="DLMF 4.24.7")
arccos = unary(     "arccos",     np.arccos,       lambda out, x: -1 / sqrt(1 - x**2),                             r"\arccos",                                  INSIDE_ONE,
    aliases=("acos",), numpy=("arccos",), native=lambda m, x: x.library("acos"), source="DLMF 4.24.8")
arctan = unary(     "arctan",     np.arctan,       lambda out, x: 1 / (1 + x**2),                                  r"\arctan",                                  REALS,
    aliases=("atan",), numpy=("arctan",), native=lambda m, x: x.library("atan"), source="DLMF 4.24.9")
sinh = unary(       "sinh",       np.sinh,         lambda out, x: cosh(x),                                         r"\sinh",                                    REALS,
    expand=lambda x: (exp(x) - exp(-x)) / 2, numpy=("sinh",), native=lambda m, x: x.library("sinh"), source="DLMF 4.34.7")
cosh: Op = unary(   "cosh",       np.cosh,         lambda out, x: sinh(x),                                         r"\cosh",                                    REALS,
    expand=lambda x: (exp(x) + exp(-x)) / 2, numpy=("cosh",), native=lambda m, x: x.library("cosh"), source="DLMF 4.34.8")
tanh = unary(       "tanh",       np.tanh,         lambda out, x: 1 - out**2,                                      r"\tanh",                                    REALS,
    numpy=("tanh",), edges=(Edge((800.0,), 1.0, (0.0,)), Edge((-800.0,), -1.0, (0.0,))),
    native=lambda m, x: m.tanh(x), source="DLMF 4.34.9 and 4.35.12")
arcsinh = unary(    "arcsinh",    np.arcsinh,      lambda out, x: 1 / sqrt(x**2 + 1),                              r"\operatorname{{arcsinh}}\left({0}\right)", REALS,
    aliases=("asinh",), numpy=("arcsinh",), native=lambda m, x: x.library("asinh"), source="DLMF 4.38.9")
arccosh = unary(    "arccosh",    np.arccosh,      lambda out, x: 1 / sqrt(x**2 - 1),                              r"\operatorname{{arccosh}}\left({0}\right)", ABOVE_ONE,
    aliases=("acosh",), numpy=("arccosh",), native=lambda m, x: x.library("acosh"), source="DLMF 4.38.10")
arctanh = unary(    "arctanh",    np.arctanh,      lambda out, x: 1 / (1 - x**2),                                  r"\operatorname{{arctanh}}\left({0}\right)", INSIDE_ONE,
    aliases=("atanh",), numpy=("arctanh",), native=lambda m, x: x.library("atanh"), source="DLMF 4.38.11")
erf = unary(        "erf",        _erf,            lambda out, x: 2 / sqrt(as_float(math.pi, out)) * exp(-(x**2)), r"\operatorname{{erf}}\left({0}\right)",     REALS,
    numpy=("scipy.special.erf",), edges=(Edge((0.0,), 0.0, (2.0 / math.sqrt(math.pi),)),), native=lambda m, x: m.erf(x), source="DLMF 7.2.1")
# fmt: on

operators["log"] = log

# ── of two numbers ──────────────────────────────────────────────────────────────────────────────


def _logaddexp(x: Array, y: Array) -> Any:
    # NumPy's own takes no complex numbers, so no complex step.
    top = np.where(np.real(x) >= np.real(y), x, y)
    top = np.where(np.isfinite(top), top, 0)
    return top + np.log(np.exp(x - top) + np.exp(y - top))


# fmt: off
arctan2 = Op(
    "arctan2", TWO, np.arctan2, Partials(lambda out, y, x: (x / (x**2 + y**2), -y / (x**2 + y**2))),
    dtype="float", domain=(OFF_CUT, REALS), aliases=("atan2",), numpy=("arctan2",),
    edges=(Edge((0.0, -2.0), math.pi, (-0.5, 0.0)),), native=lambda m, y, x: y.library("atan2", x), source="DLMF 4.24.9, chain rule",
)
logaddexp = Op(
    "logaddexp", TWO, _logaddexp, Partials(lambda out, x, y: (exp(x - out), exp(y - out))),
    expand=lambda x, y: log(exp(x) + exp(y)), dtype="float", domain=(REALS, REALS), numpy=("logaddexp",),
    edges=(Edge((1000.0, 0.0), 1000.0, (1.0, 0.0)), Edge((-1000.0, -1000.0), LN2 - 1000.0), Edge((0.0, 0.0), LN2, (0.5, 0.5))),
    source="Boyd & Vandenberghe, Convex Optimization, section 3.1.5",
)
# fmt: on
