"""Rows that choose: abs, maximum, minimum, clip, where.  The choice is a mask, constant in the operands;
what was chosen moves on linearly, so the gradient goes the way the value came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import (
    NONZERO,
    REALS,
    UNARY,
    Array,
    Constant,
    Domain,
    Edge,
    Kink,
    Linear,
    Notation,
    Op,
    Partials,
    as_nodes,
    number,
)
from dvar.ops.arithmetic import ONE, TWO, equal
from dvar.ops.elementwise import as_float

ROCKAFELLAR = "Rockafellar, Convex Analysis, section 23"


def magnitude(x: Array) -> Any:
    """|x|, and for a complex step the analytic branch that goes through the real part."""
    return np.where(np.real(x) < 0, -x, x) if np.iscomplexobj(x) else np.abs(x)


# ── where ───────────────────────────────────────────────────────────────────────────────────────


def _where_share(g: Node, condition: Node, x: Node, y: Node) -> Sequence[Node | None]:
    # Not g * condition: an infinite g on the side not taken would come back as nan.
    return (None, where(condition, g, 0), where(condition, 0, g))


def _build_where(op: Op, condition: Any, x: Any, y: Any) -> Node:
    """NumPy's where; numbers take the dtype of the array on the other side."""
    return op.node(*as_nodes([condition]), *as_nodes([x, y]))


def _draw_mask(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(generator.integers(0, 2, shape).astype(bool))


def _cases(operands: Sequence[str], node: Node) -> str:
    """As cases; the condition stands by itself, not as the indicator it is as a number."""
    condition = operands[0].removeprefix(r"\mathbb{1}\left[").removesuffix(r"\right]")
    first, second = operands[1:]
    return rf"\begin{{cases}} {first} & {condition} \\ {second} & \text{{otherwise}} \end{{cases}}"


where = Op(
    "where", "... , ... , ... -> ...", np.where, Linear(_where_share, operands=(1, 2)), _build_where,
    notation=Notation(None, _cases),
    domain=(Domain("", REALS.contains, _draw_mask), REALS, REALS), numpy=("where",),
    edges=(Edge((True, 2.0, 3.0), 2.0, (1.0, 0.0)), Edge((False, 2.0, np.inf), np.inf, (0.0, 1.0))),
    native=lambda m, c, x, y: c.select(x, y), source="with the condition given it is linear; the transpose sends g the way the value came",
)  # fmt: skip

# ── absolute value ──────────────────────────────────────────────────────────────────────────────

sign = Op(
    "sign", ONE, np.sign, Constant(), notation=Notation(None, r"\operatorname{{sign}}\left({0}\right)"),
    domain=(NONZERO,), aliases=("sgn",), numpy=("sign",),
    edges=(Edge((0.0,), 0.0), Edge((-3.0,), -1.0)), native=lambda m, x: m.sign(x), source="piecewise constant",
)  # fmt: skip

abs = Op(
    "abs", ONE, magnitude, Partials(lambda out, x: (sign(x),)),
    notation=Notation(None, r"\left|{0}\right|"),
    domain=(REALS,), aliases=("absolute", "fabs"), numpy=("absolute", "fabs"),
    kinks=(Kink("x = 0", lambda x: x == 0, 0.0, (-1.0, 1.0), "0 is the middle of the slopes -1 and 1"),),
    edges=(Edge((0.0,), 0.0, (0.0,)), Edge((-3.0,), 3.0, (-1.0,))),
    native=lambda m, x: x.abs(), source=f"subgradient of |x|: {ROCKAFELLAR}",
)  # fmt: skip

# ── maximum and minimum ─────────────────────────────────────────────────────────────────────────


def _build_maximum(op: Op, x: Any, y: Any) -> Node:
    """A maximum with the number 0 is the relu, with its convention at 0."""
    from dvar.ops.activation import relu

    x, y = as_nodes([x, y])
    for one, other in ((x, y), (y, x)):
        if number(one) == 0 and other.is_float:
            return relu(other)
    return op.node(x, y)


def _share_tie(out: Node, x: Node, y: Node, first_wins: Node, second_wins: Node) -> Sequence[Node]:
    half = as_float(0.5, out) * equal(x, y)
    return (first_wins + half, second_wins + half)


def _tie(name: str) -> tuple[Kink, ...]:
    reason = f"both are the {name}: each gets half, so the shares sum to one"
    return (Kink("x = y", lambda x, y: x == y, 0.5, (0.0, 1.0), reason),)


# fmt: off
maximum = Op(
    "maximum", TWO, np.maximum, Partials(lambda out, x, y: _share_tie(out, x, y, x > y, y > x)),
    _build_maximum, notation=Notation(None, r"\max\left({0}, {1}\right)"),
    domain=(REALS, REALS), numpy=("maximum", "fmax"), kinks=_tie("maximum"),
    edges=(Edge((1.0, 1.0), 1.0, (0.5, 0.5)), Edge((2.0, 1.0), 2.0, (1.0, 0.0))),
    native=lambda m, x, y: x.maximum(y), source=f"a subgradient of the maximum is any mixture of those attained: {ROCKAFELLAR}",
)
minimum = Op(
    "minimum", TWO, np.minimum, Partials(lambda out, x, y: _share_tie(out, x, y, x < y, y < x)),
    notation=Notation(None, r"\min\left({0}, {1}\right)"),
    domain=(REALS, REALS), numpy=("minimum", "fmin"), kinks=_tie("minimum"),
    edges=(Edge((1.0, 1.0), 1.0, (0.5, 0.5)), Edge((2.0, 1.0), 1.0, (0.0, 1.0))),
    native=lambda m, x, y: x.minimum(y), source=f"min(x, y) = -max(-x, -y): {ROCKAFELLAR}",
)
# fmt: on

# ── clip ────────────────────────────────────────────────────────────────────────────────────────


def _build_clip(
    op: Op, x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None
) -> Node:
    """NumPy's clip, with both of its spellings of the bounds; None is no bound."""
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is None:
        return maximum.node(x, x) if high is None else minimum(x, high)
    return maximum(x, low) if high is None else op.node(x, low, high)


def _clip_partials(out: Node, x: Node, low: Node, high: Node) -> Sequence[Node]:
    inside = (x >= low) * (x <= high)
    # The bound above is applied last, as NumPy does: it wins if the bounds are crossed.
    return (inside, (x < low) * (low <= high), maximum(x, low) > high)


clip = Op(
    "clip", "... , ... , ... -> ...", lambda x, low, high: np.minimum(np.maximum(x, low), high),
    Partials(_clip_partials), _build_clip,
    expand=lambda x, low, high: minimum(maximum(x, low), high), numpy=("clip",),
    domain=(
        REALS,
        Domain("", REALS.contains, lambda r, s: r.uniform(-1.5, -0.5, s)),
        Domain("", REALS.contains, lambda r, s: r.uniform(0.5, 1.5, s)),
    ),
    kinks=(Kink(
        "x is a bound", lambda x, low, high: (low <= high) & ((x == low) | (x == high)), 1.0, (0.0, 1.0),
        "a value that was not changed passes its gradient on",
    ),),
    edges=(
        Edge((0.5, 0.0, 1.0), 0.5, (1.0, 0.0, 0.0)), Edge((-3.0, 0.0, 1.0), 0.0, (0.0, 1.0, 0.0)),
        Edge((3.0, 0.0, 1.0), 1.0, (0.0, 0.0, 1.0)), Edge((1.0, 3.0, 2.0), 2.0, (0.0, 0.0, 1.0)),
    ),
    native=lambda m, x, low, high: x.maximum(low).minimum(high), source=f"min(max(x, low), high): {ROCKAFELLAR}",
)  # fmt: skip

# ── directions ──────────────────────────────────────────────────────────────────────────────────


def _quotient_or_zero(x: Array, y: Array) -> Any:
    return np.where(y == 0, 0, x / np.where(y == 0, 1, y))


def _expand_quotient(x: Node, y: Node) -> Node:
    nothing = equal(y, 0)
    return where(nothing, 0, x / where(nothing, 1, y))


# A direction x/‖x‖ is asked for at x = 0 too; 0 is a right choice there, and nan is none.
divide_no_nan: Op = Op(
    "divide_no_nan", TWO, _quotient_or_zero,
    Partials(lambda out, x, y: (divide_no_nan(1, y), -divide_no_nan(out, y))),
    expand=_expand_quotient, notation=Notation(None, r"\frac{{{0}}}{{{1}}}", UNARY),
    dtype="float", domain=(REALS, NONZERO),
    edges=(Edge((3.0, 0.0), 0.0, (0.0, 0.0)), Edge((3.0, 2.0), 1.5, (0.5, -0.75))),
    source="quotient rule where y != 0; constant zero elsewhere",
)  # fmt: skip
