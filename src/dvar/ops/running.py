"""Rows that run along an axis: cumsum, cumprod, and the recurrence that differentiates a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import REALS, Adjoint, Array, Edge, Linear, Op, as_nodes, constant
from dvar.ops.indexing import getitem
from dvar.ops.joining import along, concatenate
from dvar.ops.reduction import same_sentence
from dvar.ops.shaping import LETTERS, broadcast_to, normal_axis, ravel


def _flat_or_axis(op: Op, x: Any, axis: Any) -> tuple[Node, int]:
    """The array with the axis to run along; without one NumPy flattens."""
    (x,) = as_nodes([x])
    if axis is None and x.ndim != 1:
        x = ravel(x)
    return x, 0 if axis is None else normal_axis(int(axis), x.ndim, op.name)


# ── running sum ─────────────────────────────────────────────────────────────────────────────────


def _build_cumsum(op: Op, x: Any, axis: Any = None, reverse: bool = False) -> Node:
    """NumPy's cumsum (axis None flattens); ``reverse`` sums from the end, which is the transpose."""
    x, axis = _flat_or_axis(op, x, axis)
    return op.node(x, axis=None if x.ndim == 1 else axis, reverse=bool(reverse))


def _cumsum(x: Array, axis: int | None, reverse: bool) -> Any:
    axis = 0 if axis is None else axis
    return np.flip(np.cumsum(np.flip(x, axis), axis), axis) if reverse else np.cumsum(x, axis)


cumsum: Op = Op(
    "cumsum", same_sentence, _cumsum,
    Linear(lambda g, x, axis, reverse: (cumsum(g, axis, not reverse),)), _build_cumsum,
    dtype="number", domain=(REALS,), numpy=("cumsum",),
    edges=(Edge(([1.0, 2.0, 3.0],), [1.0, 3.0, 6.0], ([3.0, 2.0, 1.0],)),),
    source="a triangular matrix of ones; its transpose sums from the other end",
)  # fmt: skip

# ── linear recurrence ───────────────────────────────────────────────────────────────────────────


def _pair_sentence(shapes: Sequence[Shape], **_: Any) -> str:
    names = " ".join(LETTERS[: len(shapes[0])])
    return f"{names}, {names} -> {names}"


def _build_recurrence(op: Op, a: Any, b: Any, axis: Any = -1, reverse: bool = False) -> Node:
    """``s[k] = a[k]*s[k-1] + b[k]``, from zero; in reverse its transpose ``s[k] = a[k+1]*s[k+1] + b[k]``."""
    a, b = as_nodes([a, b])
    if a.shape != b.shape:
        raise ShapeError(f"{op.name}: factors {show(a.shape)} beside terms {show(b.shape)}")
    return op.node(a, b, axis=normal_axis(int(axis), a.ndim, op.name), reverse=bool(reverse))


def _recurrence(a: Array, b: Array, axis: int, reverse: bool) -> Any:
    factors, terms = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    out = np.zeros(terms.shape, np.result_type(a, b))
    last = np.zeros(terms.shape[1:], out.dtype)
    if reverse:
        factors = np.concatenate([factors[1:], factors[:1]])  # the one that meets the zero is any
    order = range(len(terms))
    for k in reversed(order) if reverse else order:
        last = out[k] = factors[k] * last + terms[k]
    return np.moveaxis(out, 0, axis)


def _before(x: Node, axis: int, first: float) -> Node:
    """Every element moved on by one place, with ``first`` in front."""
    head = constant([first], x.dtype)
    if x.ndim > 1:
        head = broadcast_to(constant(first, x.dtype), (*x.shape[:axis], 1, *x.shape[axis + 1 :]))
    return concatenate([head, getitem(x, along(axis, slice(None, -1)))], axis)


def _recurrence_adjoint(
    g: Node, out: Node, a: Node, b: Node, axis: int, reverse: bool
) -> Sequence[Node]:
    back = linear_recurrence(a, g, axis, not reverse)
    late, early = (out, back) if reverse else (back, out)
    return (late * _before(early, axis, 0.0), back)


linear_recurrence: Op = Op(
    "linear_recurrence", _pair_sentence, _recurrence, Adjoint(_recurrence_adjoint), _build_recurrence,
    domain=(REALS, REALS),
    edges=(Edge(([2.0, 0.0, 3.0], [1.0, 1.0, 1.0]), [1.0, 1.0, 4.0], ([0.0, 4.0, 1.0], [1.0, 4.0, 1.0]), {"axis": 0}),),
    source="a bidiagonal system; its transpose runs from the other end (Griewank & Walther, section 3.2)",
)  # fmt: skip

# ── running product ─────────────────────────────────────────────────────────────────────────────


def _build_cumprod(op: Op, x: Any, axis: Any = None) -> Node:
    x, axis = _flat_or_axis(op, x, axis)
    return op.node(x, axis=None if x.ndim == 1 else axis)


def _cumprod_adjoint(g: Node, out: Node, x: Node, axis: int | None) -> Sequence[Node]:
    # cumsum(g * out) / x would be 0/0 where an element is zero.  Each element is multiplied by the
    # product of those before it; what comes after, weighted with g, is a recurrence from the end.
    axis = axis or 0
    return (_before(out, axis, 1.0) * linear_recurrence(x, g, axis, reverse=True),)


cumprod = Op(
    "cumprod", same_sentence, lambda x, axis: np.cumprod(x, axis or 0), Adjoint(_cumprod_adjoint),
    _build_cumprod, dtype="number", domain=(REALS,), numpy=("cumprod",),
    edges=(
        Edge(([2.0, 3.0, 4.0],), [2.0, 6.0, 24.0], ([16.0, 10.0, 6.0],)),
        Edge(([2.0, 0.0, 4.0],), [2.0, 0.0, 0.0], ([1.0, 10.0, 0.0],)),
        Edge(([0.0, 0.0],), [0.0, 0.0], ([1.0, 0.0],)),
    ),
    source="product rule: out[k] = x[k] out[k-1]",
)  # fmt: skip
