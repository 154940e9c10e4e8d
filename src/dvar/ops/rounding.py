"""Rows that round and cast: floor, ceil, round, trunc, remainders, and numbers in another type.

Rounding is piecewise constant: its slope is zero on both sides of every jump, so zero is what dvar
takes on the jump too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.dtypes import dtype_of
from dvar.core.node import Node
from dvar.core.op import (
    MUL,
    NONZERO,
    POWER,
    REALS,
    UNARY,
    Array,
    Constant,
    Edge,
    Kink,
    Linear,
    Notation,
    Op,
    Partials,
    as_nodes,
)
from dvar.ops.arithmetic import ONE, TWO, not_equal

STEPS = "piecewise constant"
FLAT = "the value jumps there, and the slope is 0 on both sides"


def _jump(where: str, hit: Callable[..., Any]) -> tuple[Kink, ...]:
    return (Kink(where, hit, 0.0, (0.0, 0.0), FLAT),)


def _is_whole(x: Array) -> Any:
    return x == np.rint(x)


# ── to whole numbers ────────────────────────────────────────────────────────────────────────────


def _build_round(op: Op, x: Any, decimals: int = 0) -> Node:
    """NumPy's round; digits behind the point are whole numbers of a smaller unit, as NumPy has it."""
    (node,) = as_nodes([x])
    if not decimals:
        return op.node(node)
    unit: int = 10 ** abs(int(decimals))
    whole = op.node(node * unit if decimals > 0 else node / unit)
    return whole / unit if decimals > 0 else whole * unit


# fmt: off
floor = Op(
    "floor", ONE, np.floor, Constant(), notation=Notation(None, r"\lfloor {0} \rfloor"),
    domain=(REALS,), numpy=("floor",), kinks=_jump("x is a whole number", _is_whole),
    edges=(Edge((2.0,), 2.0, (0.0,)), Edge((-0.5,), -1.0, (0.0,))), native=lambda m, x: m.whole(x, "floor"), source=STEPS,
)
ceil = Op(
    "ceil", ONE, np.ceil, Constant(), notation=Notation(None, r"\lceil {0} \rceil"),
    domain=(REALS,), numpy=("ceil",), kinks=_jump("x is a whole number", _is_whole),
    edges=(Edge((2.0,), 2.0, (0.0,)), Edge((0.5,), 1.0, (0.0,))), native=lambda m, x: m.whole(x, "ceil"), source=STEPS,
)
trunc = Op(
    "trunc", ONE, np.trunc, Constant(), notation=Notation(None, r"\operatorname{{trunc}}\left({0}\right)"),
    domain=(REALS,), aliases=("fix",), numpy=("trunc", "fix"),
    kinks=_jump("x is a whole number other than 0", lambda x: _is_whole(x) & (x != 0)),
    edges=(Edge((-1.5,), -1.0, (0.0,)), Edge((1.5,), 1.0, (0.0,))), native=lambda m, x: m.whole(x, "trunc"), source="floor or ceiling, whichever is nearer zero",
)
round = Op(
    "round", ONE, np.rint, Constant(), _build_round,
    notation=Notation(None, r"\operatorname{{round}}\left({0}\right)"),
    domain=(REALS,), aliases=("rint",), numpy=("round", "rint", "around"),
    kinks=_jump("x is halfway between whole numbers", lambda x: x - np.floor(x) == 0.5),
    edges=(Edge((0.5,), 0.0, (0.0,)), Edge((1.5,), 2.0, (0.0,)), Edge((2.6,), 3.0, (0.0,))),
    native=lambda m, x: m.whole(x, "rint"), source="IEEE 754-2019, 5.9: to nearest, ties to even; piecewise constant",
)

# ── quotient and remainder ──────────────────────────────────────────────────────────────────────


def _is_multiple(x: Array, y: Array) -> Any:
    return np.remainder(x, y) == 0


def _remainder(x: Array, y: Array) -> Any:
    # NumPy's own takes no complex numbers, so no complex step.
    if np.iscomplexobj(x) or np.iscomplexobj(y):
        return x - y * np.floor(np.real(x) / np.real(y))
    return np.remainder(x, y)


floor_divide = Op(
    "floor_divide", TWO, lambda x, y: np.floor_divide(np.real(x), np.real(y)), Constant(),
    notation=Notation(None, r"\lfloor {0} / {1} \rfloor", text_needs=(0, 0), latex_needs=(MUL, UNARY)),
    domain=(REALS, NONZERO), numpy=("floor_divide",), kinks=_jump("x is a multiple of y", _is_multiple),
    edges=(Edge((7.0, 2.0), 3.0, (0.0, 0.0)), Edge((-1.0, 2.0), -1.0, (0.0, 0.0))), source="floor(x / y); piecewise constant",
)
remainder = Op(
    "remainder", TWO, _remainder, Partials(lambda out, x, y: (1, -floor_divide(x, y))),
    notation=Notation(None, r"{0} \,\mathrm{{mod}}\, {1}", latex_precedence=MUL, text_needs=(0, 0), latex_needs=(POWER, POWER)),
    domain=(REALS, NONZERO), aliases=("mod",), numpy=("remainder", "mod"),
    kinks=(Kink("x is a multiple of y", _is_multiple, 1.0, (1.0, 1.0), "the value jumps there, and the slope is 1 on both sides"),),
    edges=(Edge((7.0, 2.0), 1.0, (1.0, -3.0)), Edge((-1.0, 3.0), 2.0, (1.0, 1.0))),
    source="x - y floor(x / y), with the floor piecewise constant",
)
# fmt: on

# ── casts ───────────────────────────────────────────────────────────────────────────────────────


def _cast_back(g: Node, x: Node) -> Sequence[Node | None]:
    return (astype(g, x.dtype) if x.is_float else None,)


def _float_cast(name: str) -> Op:
    """The same number in another precision: linear, up to rounding."""
    return Op(
        name, ONE, lambda x: x if np.iscomplexobj(x) else np.asarray(x, name), Linear(_cast_back),
        notation=Notation(None, rf"\operatorname{{{{{name}}}}}\left({{0}}\right)"),
        dtype=name, domain=(REALS,), native=lambda m, x: x, source="the identity, up to rounding",
    )  # fmt: skip


float64 = _float_cast("float64")
float32 = _float_cast("float32")
int64 = Op(
    "int64", ONE, lambda x: np.asarray(np.real(x), "int64"), Constant(),
    notation=Notation(None, r"\operatorname{{int64}}\left({0}\right)"),
    dtype="int64", domain=(REALS,), native=lambda m, x: x.to("int64"), kinks=trunc.kinks, edges=(Edge((-1.5,), -1, (0.0,)),),
    source="towards zero; piecewise constant",
)  # fmt: skip

_CASTS = {"float64": float64, "float32": float32, "int64": int64}


def _build_astype(op: Op, x: Any, dtype: Any) -> Node:
    """NumPy's astype, with the four types dvar works in; a type of another width counts as the nearest."""
    (node,) = as_nodes([x])
    name = dtype_of(np.empty(0, dtype))
    if name == node.dtype:
        return node
    # True is what is not zero.
    return not_equal(node, 0) if name == "bool" else _CASTS[name](node)


# A spelling of the casts.
astype = Op(
    "astype", "...", lambda x, dtype: np.asarray(x).astype(dtype), build=_build_astype,
    source="float64, float32, int64, not_equal",
)  # fmt: skip
