"""Graphs for one example → graphs for many: every node that depends on the examples gets a leading axis.

The axes sentences say how.  Elementwise rows broadcast, products over axes get one more name, and for the
rest the parameters that speak of axes are moved on by one; what comes out is checked against the shape
that it must have.  Only a few rows that know matrices but no stacks of them have a rule of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dvar.core.axes import DOTS, Axes
from dvar.core.dims import Size, product, show
from dvar.core.errors import GraphError
from dvar.core.node import Node, topological
from dvar.core.op import Multilinear, Nested, axes_of, constant
from dvar.derive.batch_index import batched_getitem, batched_scatter
from dvar.ops.contraction import contract
from dvar.ops.extremes import argmax, argmin
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.linalg import solve
from dvar.ops.moving import diag, diagonal_index, trace
from dvar.ops.padding import pad
from dvar.ops.running import cumprod, cumsum
from dvar.ops.selection import where
from dvar.ops.shaping import broadcast_to, reshape

Operands = Sequence[Node | None]


def batched(roots: Sequence[Node], given: Mapping[Node, Node], size: Size) -> list[Node | None]:
    """The roots for many examples at once.

    Args:
        roots: what is computed for one example.
        given: node for one example → the node with all of them along its first axis.
        size: how many examples there are.

    Returns:
        For every root a node of shape ``(size, *root.shape)``; None for one that depends on nothing given.

    Raises:
        GraphError: a given node whose shape is not that of its examples, or a row that was taken for
            one that knows stacks and does not; names it.
    """
    for one, many in given.items():
        if many.shape != (size, *one.shape):
            raise GraphError(f"{show(many.shape)} are not {size} examples of {show(one.shape)}")
    new: dict[Node, Node] = dict(given)
    for node in topological(roots, set(given)):
        if node in new or all(x not in new for x in node.inputs):
            continue
        new[node] = _batched(node, [new.get(x) for x in node.inputs], size)
        if new[node].shape != (size, *node.shape):
            raise GraphError(f"{node!r} of {size} examples became {new[node]!r}")
    return [new.get(root) for root in roots]


def spread(node: Node, many: Node | None, size: Size) -> Node:
    """A node with its leading axis: repeated where it had none."""
    return broadcast_to(node, (size, *node.shape)) if many is None else many


def _batched(node: Node, operands: Operands, size: Size) -> Node:
    op = node.op
    if isinstance(op.derivative, Nested):
        return op.derivative.batched(node, operands, size)
    if op in _OWN:
        return _OWN[op](node, operands, size)
    if op.is_elementwise:
        return op.node(*_aligned(node, operands, node.ndim), **dict(node.params))
    if isinstance(op.derivative, Multilinear):
        return _contracted(node, operands, size)
    if _takes_all(node):
        return _expanded(node, operands, size)
    whole = [spread(x, many, size) for x, many in zip(node.inputs, operands, strict=True)]
    return op.node(*whole, **_moved(node, size))


def _aligned(node: Node, operands: Operands, ndim: int) -> list[Node]:
    """Operands that broadcast as before: ones behind the leading axis where they have fewer axes."""
    return [
        x if many is None else reshape(many, (many.shape[0], *(1,) * (ndim - x.ndim), *x.shape))
        for x, many in zip(node.inputs, operands, strict=True)
    ]


def _takes_all(node: Node) -> bool:
    """Whether the row sums over all axes of its operands, whatever they are: ``... , ... ->``."""
    rule = node.op.axes
    if not isinstance(rule, str):
        rule = str(rule(tuple(x.shape for x in node.inputs), **dict(node.params)))
    left, _, right = rule.partition("->")
    return DOTS in left and DOTS not in right


def _expanded(node: Node, operands: Operands, size: Size) -> Node:
    """The row as it is written in others."""
    assert node.op.expand is not None
    body = node.op.expand(*node.inputs, **dict(node.params))
    given = {x: many for x, many in zip(node.inputs, operands, strict=True) if many is not None}
    (made,) = batched([body], given, size)
    return spread(node, made, size)


# ── products over axes ──────────────────────────────────────────────────────────────────────────


def _contracted(node: Node, operands: Operands, size: Size) -> Node:
    """The sentence with one more name, in front of the operands that have the axis and of the result."""
    axes = axes_of(node)
    ranks = [x.ndim for x in node.inputs]
    if node.op.name == "matmul" and min(ranks) > 1:  # stacks of matrices as they are
        return node.op.node(*_aligned(node, operands, max(ranks)))
    batch = axes.fresh("batch")
    parts = [
        part if many is None else (batch, *part)
        for part, many in zip(axes.operands, operands, strict=True)
    ]
    whole = [x if many is None else many for x, many in zip(node.inputs, operands, strict=True)]
    return contract(Axes(tuple(parts), (batch, *axes.result)), whole)


# ── parameters that speak of axes ───────────────────────────────────────────────────────────────


def _all_axes(node: Node, axis: Any) -> Any:
    """``axis`` of the operand, one further; None was all of its axes."""
    if axis is None:
        ndim = node.inputs[0].ndim
        return 1 if node.op in (cumsum, cumprod) else tuple(range(1, ndim + 1))
    if isinstance(axis, tuple):
        return tuple(a if a < 0 else a + 1 for a in axis)
    return axis if axis < 0 else axis + 1


# Parameter → ``(node, value, size)`` → its value where there is one more axis in front.
_MOVES: dict[str, Callable[[Node, Any, Size], Any]] = {
    "axis": lambda node, axis, size: _all_axes(node, axis),
    "axes": lambda node, axes, size: (0, *(a + 1 for a in axes)),
    "shape": lambda node, shape, size: (size, *shape),
    "reps": lambda node, reps, size: (1, *reps),
    "pad_width": lambda node, widths, size: ((0, 0), *widths),
}


def _moved(node: Node, size: Size) -> dict[str, Any]:
    return {
        name: _MOVES[name](node, value, size) if name in _MOVES else value
        for name, value in node.params
    }


# ── rows that know no stacks ────────────────────────────────────────────────────────────────────


def _broadcast(node: Node, operands: Operands, size: Size) -> Node:
    (x,) = _aligned(node, operands, node.ndim)
    return broadcast_to(x, (size, *node.shape))


def _place(node: Node, operands: Operands, size: Size) -> Node:
    """argmax and argmin: the place among all elements of an example, or along one axis."""
    (x,) = operands
    assert x is not None
    if node.param("axis") is not None:
        return node.op.node(x, **_moved(node, size))
    flat = reshape(x, (size, product(node.inputs[0].shape)))
    return reshape(node.op.node(flat, axis=(1,), keepdims=False), (size, *node.shape))


def _diagonal(node: Node, operands: Operands, size: Size) -> Node:
    (x,) = operands
    assert x is not None
    rows, columns = node.shape if x.ndim == 2 else x.shape[1:]
    places = diagonal_index(rows, columns, node.param("k"))
    index = (slice(None), *places)
    return scatter_add(x, (size, *node.shape), index) if x.ndim == 2 else getitem(x, index)


def _trace(node: Node, operands: Operands, size: Size) -> Node:
    return trace(operands[0], node.param("offset"), 1, 2)


def _pad(node: Node, operands: Operands, size: Size) -> Node:
    """The value is one number for the row; of many examples each has its own."""
    x, value = (spread(x, many, size) for x, many in zip(node.inputs, operands, strict=True))
    widths = ((0, 0), *node.param("pad_width"))
    if operands[1] is None:
        return pad.node(x, node.inputs[1], pad_width=widths)
    padded = pad.node(x, 0.0, pad_width=widths)
    inside = pad.node(broadcast_to(constant(True), x.shape), False, pad_width=widths)
    return where(inside, padded, reshape(value, (size, *(1,) * node.ndim)))


def _solve(node: Node, operands: Operands, size: Size) -> Node:
    """A vector for each example is a matrix of one column, since a stack of vectors would be one."""
    ndim = max(node.inputs[0].ndim, node.inputs[1].ndim)
    if node.inputs[1].ndim > 1:
        return solve.node(*_aligned(node, operands, ndim))
    a = _aligned(node, operands, ndim)[0]
    b = operands[1]
    if b is None:
        return solve.node(a, node.inputs[1])
    columns = reshape(b, (size, *(1,) * (ndim - 2), b.shape[1], 1))
    return reshape(solve.node(a, columns), (size, *node.shape))


_OWN: dict[Any, Callable[[Node, Operands, Size], Node]] = {
    broadcast_to: _broadcast,
    getitem: batched_getitem,
    scatter_add: batched_scatter,
    argmax: _place,
    argmin: _place,
    diag: _diagonal,
    trace: _trace,
    pad: _pad,
    solve: _solve,
}
