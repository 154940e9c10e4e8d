"""Rows: the activation functions of neural networks.  ``out`` is the result, ``x`` the operand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.node import Node
from dvar.core.op import (
    REALS,
    Array,
    Edge,
    Kink,
    Notation,
    Op,
    Operand,
    Partials,
    as_nodes,
    number,
)
from dvar.ops.arithmetic import ONE
from dvar.ops.elementwise import LN2, as_float, erf, exp, log, sqrt, tanh, unary
from dvar.ops.selection import magnitude, maximum, where

# Steepness and cubic term of the approximation tanh(√(2/π) (x + 0.044715 x³)) ≈ erf(x/√2).
GELU_SLOPE, GELU_CUBIC = math.sqrt(2.0 / math.pi), 0.044715

# Forwards use exp(-|x|), which cannot overflow, and nothing that a complex step could not follow.


def _sigmoid(x: Array) -> Any:
    e = np.exp(-magnitude(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _softplus(x: Array) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-magnitude(x)))


# fmt: off
sigmoid = unary(
    "sigmoid", _sigmoid, lambda out, x: out * (1 - out), r"\sigma", REALS,
    expand=lambda x: 1 / (1 + exp(-x)), aliases=("logistic", "expit"), numpy=("scipy.special.expit",),
    edges=(Edge((0.0,), 0.5, (0.25,)), Edge((800.0,), 1.0, (0.0,)), Edge((-800.0,), 0.0, (0.0,))),
    source="Bishop, Pattern Recognition and Machine Learning, eq. 4.88",
)
softplus = unary(
    "softplus", _softplus, lambda out, x: sigmoid(x), r"\operatorname{{softplus}}\left({0}\right)", REALS,
    expand=lambda x: log(1 + exp(x)),
    edges=(Edge((0.0,), LN2, (0.5,)), Edge((800.0,), 800.0, (1.0,)), Edge((-800.0,), 0.0, (0.0,))),
    source="Goodfellow, Bengio & Courville, Deep Learning, eq. 3.42",
)
silu = unary(
    "silu", lambda x: x * _sigmoid(x), lambda out, x: sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    r"\operatorname{{SiLU}}\left({0}\right)", REALS,
    expand=lambda x: x * sigmoid(x), aliases=("swish",),
    edges=(Edge((0.0,), 0.0, (0.5,)), Edge((800.0,), 800.0, (1.0,)), Edge((-800.0,), 0.0, (0.0,))),
    source="Elfwing, Uchibe & Doya 2018, Sigmoid-weighted linear units, eq. 6",
)
relu = unary(
    "relu", lambda x: np.maximum(x, 0), lambda out, x: x > 0, r"\operatorname{{ReLU}}\left({0}\right)", REALS,
    dtype="promote", expand=lambda x: maximum.node(x, 0),
    kinks=(Kink("x = 0", lambda x: x == 0, 0.0, (0.0, 1.0), "0, as a unit that is off; the custom of the field"),),
    edges=(Edge((0.0,), 0.0, (0.0,)), Edge((3.0,), 3.0, (1.0,)), Edge((-3.0,), 0.0, (0.0,))),
    native=lambda m, x: x.maximum(0), source="Glorot, Bordes & Bengio 2011, Deep sparse rectifier neural networks",
)
# fmt: on

# ── with a parameter ────────────────────────────────────────────────────────────────────────────


def _build_leaky(op: Op, x: Operand, negative_slope: Any = 0.01) -> Node:
    """A slope that is a node is a parameter to be learned: the choice is then spelled out."""
    known = number(negative_slope) if isinstance(negative_slope, Node) else float(negative_slope)
    if known is None:
        (x,) = as_nodes([x])
        return where(x > 0, x, negative_slope * x)
    return op.node(x, negative_slope=float(known))


def _leaky_partial(out: Node, x: Node, negative_slope: float) -> Sequence[Node]:
    return (where(x > 0, as_float(1.0, out), negative_slope),)


def _build_elu(op: Op, x: Operand, alpha: Any = 1.0) -> Node:
    known = number(alpha) if isinstance(alpha, Node) else float(alpha)
    if known is None:
        (x,) = as_nodes([x])
        return where(x > 0, x, alpha * (exp(x) - 1))
    return op.node(x, alpha=float(known))


def _elu_partial(out: Node, x: Node, alpha: float) -> Sequence[Node]:
    # alpha·exp(x), said with the result, which does not overflow on the side that is not taken.
    return (where(x >= 0, as_float(1.0, out), out + alpha),)


# fmt: off
leaky_relu = Op(
    "leaky_relu", ONE, lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    Partials(_leaky_partial), _build_leaky,
    expand=lambda x, negative_slope: where(x > 0, x, negative_slope * x),
    notation=Notation(None, r"\operatorname{{LeakyReLU}}\left({0}\right)"), dtype="float", domain=(REALS,),
    kinks=(Kink("x = 0", lambda x, negative_slope=0.01: x == 0, 0.01, (0.01, 1.0), "the slope of the negative side, as relu does; anything up to 1 is right"),),
    edges=(Edge((0.0,), 0.0, (0.01,)), Edge((-2.0,), -0.5, (0.25,), {"negative_slope": 0.25})),
    native=lambda m, x, negative_slope: x.compare(">", 0).select(x, x * negative_slope), source="Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models",
)
elu = Op(
    "elu", ONE, lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    Partials(_elu_partial), _build_elu,
    expand=lambda x, alpha: where(x > 0, x, alpha * (exp(x) - 1)),
    notation=Notation(None, r"\operatorname{{ELU}}\left({0}\right)"), dtype="float", domain=(REALS,),
    kinks=(Kink(
        "x = 0 and alpha is not 1", lambda x, alpha=0.0: (x == 0) & (alpha != 1), 1.0, (1.0, 1.0),
        "the slope of the identity; anything between alpha and 1 is right",
    ),),
    edges=(Edge((0.0,), 0.0, (1.0,)), Edge((800.0,), 800.0, (1.0,)), Edge((-800.0,), -2.0, (0.0,), {"alpha": 2.0})),
    native=lambda m, x, alpha: x.compare(">", 0).select(x, m.expm1(x.minimum(0)) * alpha), source="Clevert, Unterthiner & Hochreiter 2016, Exponential linear units, eq. 15",
)
# fmt: on

# ── gelu ────────────────────────────────────────────────────────────────────────────────────────


def _build_gelu(op: Op, x: Operand, approximate: Any = "none") -> Node:
    """``approximate`` as in PyTorch (``"none"``, ``"tanh"``) or as a truth value, as in JAX."""
    spelled = {False: "none", None: "none", True: "tanh"}.get(approximate, approximate)
    if spelled not in ("none", "tanh"):
        raise ReadError(
            f"gelu: approximate is {approximate!r}", hint='approximate="none" or approximate="tanh"'
        )
    return op.node(x, approximate=spelled)


def _gelu(x: Array, approximate: str) -> Any:
    if approximate == "tanh":
        return x * _sigmoid(2 * GELU_SLOPE * (x + GELU_CUBIC * x**3))
    from scipy.special import erfc

    return x * (erfc(-x / math.sqrt(2.0)) / 2)


def _normal_cdf(x: Node) -> Node:
    return (1 + erf(x / sqrt(as_float(2, x)))) / 2


def _gelu_partial(out: Node, x: Node, approximate: str) -> Sequence[Node]:
    if approximate == "none":
        return (_normal_cdf(x) + x * exp(-(x**2) / 2) / sqrt(as_float(2 * math.pi, out)),)
    t = tanh(GELU_SLOPE * (x + GELU_CUBIC * x**3))
    inner = GELU_SLOPE * (1 + 3 * GELU_CUBIC * x**2)
    return ((1 + t) / 2 + x * (1 - t**2) * inner / 2,)


def _expand_gelu(x: Node, approximate: str) -> Node:
    if approximate == "tanh":
        return x * (1 + tanh(GELU_SLOPE * (x + GELU_CUBIC * x**3))) / 2
    return x * _normal_cdf(x)


gelu = Op(
    "gelu", ONE, _gelu, Partials(_gelu_partial), _build_gelu, expand=_expand_gelu,
    notation=Notation(None, r"\operatorname{{GELU}}\left({0}\right)"), dtype="float", domain=(REALS,),
    edges=(
        Edge((0.0,), 0.0, (0.5,)), Edge((40.0,), 40.0, (1.0,)), Edge((-40.0,), 0.0, (0.0,)),
        Edge((0.0,), 0.0, (0.5,), {"approximate": "tanh"}), Edge((-40.0,), 0.0, (0.0,), {"approximate": "tanh"}),
    ),
    source="Hendrycks & Gimpel 2016, Gaussian error linear units",
)  # fmt: skip
