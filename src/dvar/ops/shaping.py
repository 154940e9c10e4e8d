"""Rows that move elements without changing them: transpose, reshape, broadcast and the like.

All are linear; the transpose of a move is the move back (with a sum where one element went to many).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, Size, product, show
from dvar.core.dims import broadcast as broadcast_shapes
from dvar.core.errors import ShapeError
from dvar.core.node import Node, operators
from dvar.core.op import ATOM, Linear, Notation, Op, as_nodes, number

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def normal_axis(axis: int, ndim: int, what: str) -> int:
    """A nonnegative axis.  Raises ShapeError for one that does not exist."""
    if not -ndim <= axis < ndim:
        raise ShapeError(
            f"{what}: axis {axis} does not exist: the operand has {ndim} "
            + ("axis" if ndim == 1 else "axes"),
            hint=f"an axis between {-ndim} and {ndim - 1}" if ndim else "an array, not a scalar",
        )
    return axis % ndim


def normal_axes(axis: Any, ndim: int, what: str) -> tuple[int, ...]:
    """Several axes, nonnegative and sorted; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    many = axis if isinstance(axis, (tuple, list)) else (axis,)
    return tuple(sorted(normal_axis(int(a), ndim, what) for a in many))


def as_shape(shape: Any) -> Shape:
    """One size is a shape of one axis."""
    return tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)


# ── transpose ───────────────────────────────────────────────────────────────────────────────────


def _transpose_sentence(shapes: Sequence[Shape], axes: tuple[int, ...]) -> str:
    names = LETTERS[: len(shapes[0])]
    return f"{' '.join(names)} -> {' '.join(names[a] for a in axes)}"


def _build_transpose(op: Op, x: Any, axes: Any = None) -> Node:
    (x,) = as_nodes([x])
    order = tuple(reversed(range(x.ndim))) if axes is None else tuple(axes)
    order = tuple(normal_axis(a, x.ndim, "transpose") for a in order)
    if sorted(order) != list(range(x.ndim)):
        raise ShapeError(f"transpose: axes {order} is not an order of the {x.ndim} axes of x")
    return x if order == tuple(range(x.ndim)) else op.node(x, axes=order)


def _transpose_text(operands: Sequence[str], node: Node) -> str:
    axes = node.param("axes")
    if axes == tuple(reversed(range(node.ndim))):
        return f"{operands[0]}.T"
    return f"transpose({operands[0]}, axes={axes})"


TRANSPOSED, INVERSE_TRANSPOSED = r"^{\top}", r"^{-\top}"


def _transpose_latex(operands: Sequence[str], node: Node) -> str:
    if node.ndim == 2:
        written = operands[0]
        if written.startswith("{") and written.endswith("^{-1}}"):
            return written[1 : -len("^{-1}}")] + INVERSE_TRANSPOSED
        return written + TRANSPOSED
    order = ", ".join(map(str, node.param("axes")))
    return rf"\operatorname{{transpose}}_{{{order}}}({operands[0]})"


def _untranspose(g: Node, x: Node, axes: tuple[int, ...]) -> Sequence[Node]:
    return (transpose(g, [int(a) for a in np.argsort(axes)]),)


transpose = Op(
    "transpose",
    _transpose_sentence,
    lambda x, axes: np.transpose(x, axes),
    Linear(_untranspose),
    _build_transpose,
    notation=Notation(_transpose_text, _transpose_latex, ATOM, (ATOM,), (ATOM,)),
    numpy=("transpose", "permute_dims"),
    source="a permutation matrix is inverted by its transpose",
)


def swap_last(x: Node) -> Node:
    """The last two axes exchanged."""
    return transpose(x, [*range(x.ndim - 2), x.ndim - 1, x.ndim - 2])


def _shape_text(operands: Sequence[str], node: Node) -> str:
    return f"{node.op.name}({operands[0]}, {show(node.shape) if node.shape else '()'})"


def _broadcast_text(operands: Sequence[str], node: Node) -> str:
    """An array of ones is written as ``ones(3)``, as the row of that name writes it."""
    if number(node.inputs[0]) == 1 and node.inputs[0].is_float:
        return f"ones({show(node.shape) if node.ndim > 1 else node.shape[0]})"
    return _shape_text(operands, node)


def _shape_latex(operands: Sequence[str], node: Node) -> str:
    name = {"reshape": "reshape", "broadcast_to": "broadcast"}[node.op.name]
    size = r" \times ".join(map(str, node.shape)) or "1"
    return rf"\operatorname{{{name}}}_{{{size}}}\left({operands[0]}\right)"


# ── reshape ─────────────────────────────────────────────────────────────────────────────────────


def _build_reshape(op: Op, x: Any, shape: Any, *more: Any) -> Node:
    (x,) = as_nodes([x])
    sizes = (shape, *more) if more else as_shape(shape)
    if list(sizes).count(-1) == 1:
        sizes = _fill(x, sizes)
    elif product(sizes) != product(x.shape):
        raise ShapeError(f"reshape: {show(x.shape)} has not as many elements as {show(sizes)}")
    return x if sizes == x.shape else op.node(x, shape=tuple(sizes))


def _fill(x: Node, sizes: Sequence[Size]) -> Shape:
    """The size meant by -1."""
    known = product(s for s in sizes if s != -1)
    total = product(x.shape)
    if isinstance(known, int) and isinstance(total, int) and known and total % known == 0:
        missing: Size | None = total // known
    else:
        # With named sizes: what is left when the known factors are struck out.
        rest = [s for s in x.shape if s != 1]
        for size in sizes:
            if size in rest:
                rest.remove(size)
        missing = product(rest) if product(rest) * known == total else None
    if missing is None:
        raise ShapeError(f"reshape: {show(x.shape)} cannot be cut into {show(sizes)}")
    return tuple(missing if s == -1 else s for s in sizes)


def _unreshape(g: Node, x: Node, shape: Shape) -> Sequence[Node]:
    return (reshape(g, x.shape),)


reshape = Op(
    "reshape",
    lambda shapes, shape: shape,
    lambda x, shape: np.reshape(x, shape),
    Linear(_unreshape),
    _build_reshape,
    notation=Notation(_shape_text, _shape_latex),
    source="the elements keep their order",
)


def _build_expand(op: Op, x: Any, axis: Any) -> Node:
    (x,) = as_nodes([x])
    many = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = x.ndim + len(many)
    new = {normal_axis(int(a), ndim, "expand_dims") for a in many}
    sizes = iter(x.shape)
    return reshape(x, tuple(1 if a in new else next(sizes) for a in range(ndim)))


def _build_squeeze(op: Op, x: Any, axis: Any = None) -> Node:
    (x,) = as_nodes([x])
    ones = tuple(a for a, size in enumerate(x.shape) if size == 1)
    drop = ones if axis is None else normal_axes(axis, x.ndim, "squeeze")
    for a in drop:
        if x.shape[a] != 1:
            raise ShapeError(f"squeeze: axis {a} has size {x.shape[a]}, not 1")
    return reshape(x, tuple(s for a, s in enumerate(x.shape) if a not in drop))


def _build_ravel(op: Op, x: Any) -> Node:
    (x,) = as_nodes([x])
    return reshape(x, (product(x.shape),))


# Spellings of reshape: they have a public signature of their own and make reshape nodes.
ravel = Op(
    "ravel",
    "...",
    np.ravel,
    build=_build_ravel,
    aliases=("flatten",),
    numpy=("ravel",),
    source="reshape",
)
expand_dims = Op("expand_dims", "...", np.expand_dims, build=_build_expand, source="reshape")
squeeze = Op("squeeze", "...", np.squeeze, build=_build_squeeze, source="reshape")


# ── broadcast ───────────────────────────────────────────────────────────────────────────────────


def _build_broadcast(op: Op, x: Any, shape: Any) -> Node:
    (x,) = as_nodes([x])
    shape = as_shape(shape)
    common = broadcast_shapes([x.shape, shape])
    if common != shape:
        raise ShapeError(f"broadcast_to: {show(x.shape)} does not broadcast to {show(shape)}")
    return x if x.shape == shape else op.node(x, shape=shape)


def _unbroadcast(g: Node, x: Node, shape: Shape) -> Sequence[Node]:
    from dvar.ops.reduction import sum_to

    return (sum_to(g, x.shape),)


broadcast_to = Op(
    "broadcast_to",
    lambda shapes, shape: shape,
    lambda x, shape: np.broadcast_to(x, shape),
    Linear(_unbroadcast),
    _build_broadcast,
    notation=Notation(_broadcast_text, _shape_latex),
    source="one element goes to many places: its gradient is the sum over them",
)

operators["T"] = transpose
