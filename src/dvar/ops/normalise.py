"""Rows: logsumexp, softmax, log_softmax and norms.

The forwards subtract the maximum first, so that nothing overflows; the expansions do not, because
they are there to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.errors import ReadError, ShapeError
from dvar.core.node import Node
from dvar.core.op import (
    INFINITY,
    NONZERO,
    POWER,
    REALS,
    Adjoint,
    Array,
    Domain,
    Edge,
    Kink,
    Notation,
    Op,
    Partials,
    as_nodes,
)
from dvar.ops.arithmetic import TWO
from dvar.ops.elementwise import LN2, exp, log, sqrt
from dvar.ops.extremes import max as max_
from dvar.ops.extremes import min as min_
from dvar.ops.reduction import (
    axis_mark,
    build_reduction,
    build_trivial_on_scalars,
    leaves_axes,
    over_axes,
    reduce_sentence,
    same_sentence,
    spread,
)
from dvar.ops.reduction import sum as sum_
from dvar.ops.selection import ROCKAFELLAR, divide_no_nan
from dvar.ops.selection import abs as abs_
from dvar.ops.shaping import normal_axes

BOYD = "Boyd & Vandenberghe, Convex Optimization"
BISHOP = "Bishop, Pattern Recognition and Machine Learning"

# ── exponentials that share a scale ─────────────────────────────────────────────────────────────


def _top(x: Array, axis: Any) -> Any:
    """The maximum, or zero where it is infinite: inf - inf would be nan."""
    top = np.max(x, axis=axis, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


def _logsumexp(x: Array, axis: Any, keepdims: bool) -> Any:
    top = _top(x, axis)
    out = top + np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True))
    return out if keepdims else np.squeeze(out, axis=axis)


def _softmax(x: Array, axis: Any) -> Any:
    e = np.exp(x - _top(x, axis))
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax_forward(x: Array, axis: Any) -> Any:
    d = x - _top(x, axis)
    return d - np.log(np.sum(np.exp(d), axis=axis, keepdims=True))


def _build_softmax(op: Op, x: Any, axis: Any = -1) -> Node:
    """The last axis unless said otherwise, as in JAX; None is all axes."""
    (x,) = as_nodes([x])
    if not x.ndim:
        raise ShapeError(
            f"{op.name}: a scalar has no axis to sum over", hint="a vector, or sigmoid"
        )
    axes = normal_axes(axis, x.ndim, op.name)
    last = axes == (x.ndim - 1,)
    return op.node(x, axis=-1 if last else None if len(axes) == x.ndim else axes)


def _logsumexp_adjoint(g: Node, out: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    return (spread(g, x, axis) * softmax(x, axis),)


def _softmax_adjoint(g: Node, out: Node, x: Node, axis: Any) -> Sequence[Node]:
    return (out * (g - sum_(g * out, axis, keepdims=leaves_axes(x, axis))),)


def _log_softmax_adjoint(g: Node, out: Node, x: Node, axis: Any) -> Sequence[Node]:
    return (g - softmax(x, axis) * sum_(g, axis, keepdims=leaves_axes(x, axis)),)


def _expand_softmax(x: Node, axis: Any) -> Node:
    return exp(x) / sum_(exp(x), axis, keepdims=leaves_axes(x, axis))


# fmt: off
logsumexp = Op(
    "logsumexp", reduce_sentence, _logsumexp, Adjoint(_logsumexp_adjoint), build_trivial_on_scalars,
    expand=lambda x, axis, keepdims: log(sum_(exp(x), axis, keepdims)),
    notation=Notation(None, over_axes(r"\operatorname{logsumexp}")),
    dtype="float", domain=(REALS,), numpy=("scipy.special.logsumexp",),
    edges=(
        Edge(([1000.0, 1000.0],), 1000.0 + LN2, ([0.5, 0.5],)), Edge(([-INFINITY, 0.0],), 0.0, ([0.0, 1.0],)),
        Edge(([-1000.0, 0.0],), 0.0, ([0.0, 1.0],)), Edge(([-INFINITY, -INFINITY],), -INFINITY),
    ),
    source=f"{BOYD}, section 3.1.5",
)
softmax: Op = Op(
    "softmax", same_sentence, _softmax, Adjoint(_softmax_adjoint), _build_softmax, expand=_expand_softmax,
    dtype="float", domain=(REALS,),
    edges=(
        Edge(([1000.0, 0.0],), [1.0, 0.0], ([0.0, 0.0],)), Edge(([-1000.0, -1000.0],), [0.5, 0.5], ([0.0, 0.0],)),
        Edge(([-INFINITY, 2.0],), [0.0, 1.0], ([0.0, 0.0],)),
    ),
    source=f"{BISHOP}, eq. 4.104 to 4.106",
)
log_softmax = Op(
    "log_softmax", same_sentence, log_softmax_forward, Adjoint(_log_softmax_adjoint), _build_softmax,
    expand=lambda x, axis: x - log(sum_(exp(x), axis, keepdims=leaves_axes(x, axis))),
    dtype="float", domain=(REALS,),
    edges=(Edge(([1000.0, 0.0],), [0.0, -1000.0], ([-1.0, 1.0],)), Edge(([0.0, 0.0],), [-LN2, -LN2], ([0.0, 0.0],))),
    source=f"{BISHOP}, eq. 4.104 to 4.106",
)
# SciPy's softmax takes all axes unless said otherwise; ours, like PyTorch's and JAX's, the last.
scipy_softmax = Op(
    "scipy_softmax", "...", _softmax, build=lambda op, x, axis=None: softmax(x, axis),
    source="softmax", numpy=("scipy.special.softmax",),
)
scipy_log_softmax = Op(
    "scipy_log_softmax", "...", log_softmax_forward, build=lambda op, x, axis=None: log_softmax(x, axis),
    source="log_softmax", numpy=("scipy.special.log_softmax",),
)
# fmt: on

# ── lengths ─────────────────────────────────────────────────────────────────────────────────────


def _build_norm(op: Op, x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    """NumPy's norm: the row is the Euclidean one; the others are written in rows that show them."""
    (x,) = as_nodes([x])
    kind = INFINITY if ord == "inf" else -INFINITY if ord == "-inf" else ord
    axes = normal_axes(axis, x.ndim, "norm")
    if kind in (None, "fro") or (kind == 2 and len(axes) <= 1):
        return build_reduction(op, x, axis, keepdims)
    if len(axes) > 1:
        return _matrix_norm(x, kind, axes, keepdims)
    if kind in (INFINITY, -INFINITY):
        return (max_ if kind > 0 else min_)(abs_(x), axis, keepdims)
    if isinstance(kind, (int, float)) and kind > 0:
        size = abs_(x)
        return sum_(size, axis, keepdims) if kind == 1 else (
            sum_(size**kind, axis, keepdims) ** (1 / kind)
        )  # fmt: skip
    raise ReadError(
        f"norm: order {ord!r} of a vector", hint="ord=1, ord=2, ord=inf or another p > 0"
    )


def _matrix_norm(x: Node, kind: Any, axes: tuple[int, ...], keepdims: bool) -> Node:
    """The norms of a matrix that need no singular values: the largest column sum or row sum."""
    if len(axes) != 2 or kind not in (1, INFINITY):
        raise ReadError(
            f"norm: order {kind!r} of an array of {len(axes)} axes",
            hint="the Frobenius norm (ord left out), ord=1 or ord=inf of a matrix",
        )
    lengths = sum_(abs_(x), axes[0] if kind == 1 else axes[1], keepdims=True)
    return max_(lengths, axes, keepdims)


def _norm_adjoint(g: Node, out: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    return (spread(g, x, axis) * divide_no_nan(x, spread(out, x, axis)),)


def _is_zero(x: Array, axis: Any = None, **_: Any) -> Any:
    return np.broadcast_to(np.all(x == 0, axis=axis, keepdims=True), np.shape(x))


def _norm_latex(operands: Sequence[str], node: Node) -> str:
    return rf"\left\lVert {operands[0]} \right\rVert{axis_mark(node)}"


norm = Op(
    "norm", reduce_sentence, lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    Adjoint(_norm_adjoint), _build_norm, expand=lambda x, axis, keepdims: sqrt(sum_(x**2, axis, keepdims)),
    notation=Notation(None, _norm_latex), dtype="float", domain=(NONZERO,), numpy=("linalg.norm",),
    kinks=(Kink("x = 0", _is_zero, 0.0, (-1.0, 1.0), "0 is the middle of the unit ball of subgradients"),),
    edges=(Edge(([3.0, -4.0],), 5.0, ([0.6, -0.8],)), Edge(([0.0, 0.0],), 0.0, ([0.0, 0.0],))),
    source=f"x/|x|: {BOYD}, appendix A.4; at zero {ROCKAFELLAR}",
)  # fmt: skip

hypot = Op(
    "hypot", TWO, np.hypot,
    Partials(lambda out, x, y: (divide_no_nan(x, out), divide_no_nan(y, out))),
    notation=Notation(None, r"\sqrt{{{0}^{{2}} + {1}^{{2}}}}", latex_needs=(POWER + 1, POWER + 1)),
    expand=lambda x, y: sqrt(x**2 + y**2), dtype="float", numpy=("hypot",),
    domain=(Domain("", REALS.contains, NONZERO.draw),) * 2,
    kinks=(Kink("x = y = 0", lambda x, y: (x == 0) & (y == 0), 0.0, (-1.0, 1.0), "0 is the middle of the slopes"),),
    edges=(Edge((3e200, 4e200), 5e200, (0.6, 0.8)), Edge((0.0, 0.0), 0.0, (0.0, 0.0))),
    source=f"the norm of two numbers; at zero {ROCKAFELLAR}",
)  # fmt: skip
