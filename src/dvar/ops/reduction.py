"""Rows that reduce axes: sum, mean, prod, …  ``axis`` None is all axes, as in NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, product
from dvar.core.node import Node
from dvar.core.op import REALS, Linear, Op, as_nodes
from dvar.ops.shaping import LETTERS, broadcast_to, normal_axes, reshape


def reduce_sentence(shapes: Sequence[Shape], axis: Any = None, keepdims: bool = False) -> str:
    """``a b -> a`` for axis 1 of a matrix; ``a b -> a 1`` when the axis is kept."""
    names = LETTERS[: len(shapes[0])]
    gone = normal_axes(axis, len(names), "a reduction")
    kept = ["1" if a in gone else name for a, name in enumerate(names)]
    return f"{' '.join(names)} -> {' '.join(k for k in kept if keepdims or k != '1')}"


def build_reduction(op: Op, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
    """Public signature of every reduction; all axes are written as None, so equal sums are one node."""
    (x,) = as_nodes([x])
    axes = normal_axes(axis, x.ndim, op.name)
    everything = len(axes) == x.ndim
    return op.node(x, axis=None if everything else axes, keepdims=bool(keepdims and x.ndim))


def kept_shape(x: Node, axis: Any) -> Shape:
    """The shape of a reduction of ``x`` with its axes kept as ones."""
    gone = normal_axes(axis, x.ndim, "a reduction")
    return tuple(1 if a in gone else size for a, size in enumerate(x.shape))


def spread(g: Node, x: Node, axis: Any) -> Node:
    """A reduced array (axes kept or not) put beside ``x``: its axes kept as ones."""
    return reshape(g, kept_shape(x, axis))


def _sum_transpose(g: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    return (broadcast_to(spread(g, x, axis), x.shape),)


def _build_sum(op: Op, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
    (x,) = as_nodes([x])
    return x if not x.ndim else build_reduction(op, x, axis, keepdims)


sum = Op(  # noqa: A001  NumPy's name
    "sum",
    reduce_sentence,
    lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    Linear(_sum_transpose),
    _build_sum,
    domain=(REALS,),
    source="d(sum x)/dx_i = 1",
)


def sum_to(share: Node, shape: Shape) -> Node:
    """Undo broadcasting: the sum over every axis along which ``shape`` was repeated."""
    if share.shape == shape:
        return share
    extra = share.ndim - len(shape)
    if extra:
        share = sum(share, axis=tuple(range(extra)))
    ones = tuple(a for a, s in enumerate(shape) if s == 1 and share.shape[a] != 1)
    return sum(share, axis=ones, keepdims=True) if ones else share


def count(x: Node, axis: Any) -> Node:
    """How many elements are reduced, as a number: ``m`` stays ``m``."""
    from dvar.core.op import size_of

    sizes = [x.shape[a] for a in normal_axes(axis, x.ndim, "a reduction")]
    return size_of(product(sizes), x.dtype if x.is_float else "float64")
