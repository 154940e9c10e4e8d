"""Rows that turn, shift and mask arrays: flip, roll, diag, tril, trace; and arrays made of nothing.

Here too the transpose of a move is the move back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, Size, show
from dvar.core.dtypes import dtype_of
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import REALS, Constant, Edge, Linear, Notation, Op, as_nodes, constant
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import (
    LETTERS,
    as_shape,
    broadcast_to,
    normal_axes,
    normal_axis,
    ravel,
    reshape,
    transpose,
)

# ── flip, roll, swapped axes ────────────────────────────────────────────────────────────────────


def _build_flip(op: Op, x: Any, axis: Any = None) -> Node:
    (x,) = as_nodes([x])
    turned = normal_axes(axis, x.ndim, "flip")
    index = [slice(None, None, -1) if a in turned else slice(None) for a in range(x.ndim)]
    return getitem(x, tuple(index))


# A spelling of getitem: x[::-1].
flip = Op("flip", "...", np.flip, build=_build_flip, source="getitem", numpy=("flip",))


def _build_roll(op: Op, x: Any, shift: Any, axis: Any = None) -> Node:
    """NumPy's roll: what falls off one end comes in at the other."""
    (x,) = as_nodes([x])
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    shifts = shift if isinstance(shift, (tuple, list)) else (shift,) * len(axes)
    if len(axes) != len(shifts):
        raise ShapeError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    totals: dict[int, int] = {}
    for a, s in zip(axes, shifts, strict=True):
        a = normal_axis(a, x.ndim, "roll")
        totals[a] = totals.get(a, 0) + int(s)
    kept = {a: s for a, s in sorted(totals.items()) if s}
    return op.node(x, shift=tuple(kept.values()), axis=tuple(kept)) if kept else x


def _same_axes(shapes: Sequence[Shape], **_: Any) -> str:
    names = " ".join(LETTERS[: len(shapes[0])])
    return f"{names} -> {names}"


def _unroll(g: Node, x: Node, shift: tuple[int, ...], axis: tuple[int, ...]) -> Sequence[Node]:
    return (roll(g, [-s for s in shift], axis),)


def _roll_text(operands: Sequence[str], node: Node) -> str:
    shift, axis = node.param("shift"), node.param("axis")
    if len(axis) == 1:
        return f"roll({operands[0]}, {shift[0]}, axis={axis[0]})"
    return f"roll({operands[0]}, {shift}, axis={axis})"


def _roll_latex(operands: Sequence[str], node: Node) -> str:
    shift = ",".join(map(str, node.param("shift")))
    return rf"\operatorname{{roll}}_{{{shift}}}\left({operands[0]}\right)"


roll = Op(
    "roll",
    _same_axes,
    lambda x, shift, axis: np.roll(x, shift, axis),
    Linear(_unroll),
    _build_roll,
    notation=Notation(_roll_text, _roll_latex),
    domain=(REALS,),
    edges=(Edge(([1.0, 2.0, 3.0],), [3.0, 1.0, 2.0], ([1.0] * 3,), {"shift": (1,), "axis": (0,)}),),
    numpy=("roll",),
    source="a cyclic shift is undone by the opposite one",
)


def _build_swapaxes(op: Op, x: Any, axis1: int, axis2: int) -> Node:
    (x,) = as_nodes([x])
    order = list(range(x.ndim))
    a, b = (normal_axis(axis, x.ndim, "swapaxes") for axis in (axis1, axis2))
    order[a], order[b] = order[b], order[a]
    return transpose(x, order)


def _build_moveaxis(op: Op, x: Any, source: Any, destination: Any) -> Node:
    (x,) = as_nodes([x])
    pairs = []
    for axes in (source, destination):
        many = axes if isinstance(axes, (tuple, list)) else (axes,)
        pairs.append([normal_axis(a, x.ndim, "moveaxis") for a in many])
    if len(pairs[0]) != len(pairs[1]):
        raise ShapeError("moveaxis: as many places to go as axes that go")
    order = [a for a in range(x.ndim) if a not in pairs[0]]
    for place, a in sorted(zip(pairs[1], pairs[0], strict=True)):
        order.insert(place, a)
    return transpose(x, order)


# fmt: off
# Spellings of transpose.
swapaxes = Op("swapaxes", "...", np.swapaxes, build=_build_swapaxes, source="transpose", numpy=("swapaxes",))
moveaxis = Op("moveaxis", "...", np.moveaxis, build=_build_moveaxis, source="transpose", numpy=("moveaxis",))
# fmt: on

# ── arrays made of nothing ──────────────────────────────────────────────────────────────────────


def _as_dtype(dtype: Any) -> str:
    """NumPy's default is double precision."""
    return dtype_of(np.empty(0, dtype))


def _build_eye(op: Op, N: Size, M: Size | None = None, k: int = 0, dtype: Any = None) -> Node:  # noqa: N803  NumPy's names
    """Ones on a diagonal; the sizes may be names."""
    columns = N if M is None else M
    params = (("columns", columns), ("k", k), ("rows", N))
    return Node.make(op, (), params, (N, columns), _as_dtype(dtype))


def _eye_text(_: Sequence[str], node: Node) -> str:
    rows, columns, k = (node.param(p) for p in ("rows", "columns", "k"))
    shown = [str(rows)] + [str(columns)] * (columns != rows) + [f"k={k}"] * (k != 0)
    return f"eye({', '.join(shown)})"


def _eye_latex(_: Sequence[str], node: Node) -> str:
    rows, columns, k = (node.param(p) for p in ("rows", "columns", "k"))
    size = str(rows) if rows == columns else rf"{rows} \times {columns}"
    return f"I_{{{size}}}" if not k else f"I^{{({k})}}_{{{size}}}"


eye = Op(
    "eye",
    lambda shapes, rows, columns, k: (rows, columns),
    lambda rows, columns, k: np.eye(rows, columns, k),
    Constant(),
    _build_eye,
    notation=Notation(_eye_text, _eye_latex),
    dtype="float64",
    aliases=("identity",),
    numpy=("eye", "identity"),
    source="made of its sizes alone",
)


def _build_arange(op: Op, start: Any, stop: Any = None, step: float = 1) -> Node:
    """NumPy's arange of numbers, and ``arange(n)`` where ``n`` is a name."""
    if stop is None:
        start, stop = 0, start
    if all(isinstance(b, (int, float)) for b in (start, stop, step)):
        return constant(np.arange(start, stop, step))
    if start != 0 or step != 1:
        raise ShapeError(
            "arange: with a named size only arange(n)", hint="arange(n) * step + start"
        )
    return Node.make(op, (), (("size", stop),), (stop,), "int64")


arange = Op(
    "arange",
    lambda shapes, size: (size,),
    lambda size: np.arange(size),
    Constant(),
    _build_arange,
    notation=Notation(lambda _, node: f"arange({node.param('size')})"),
    dtype="int64",
    numpy=("arange",),
    source="made of its size alone",
)


def _filled(value: float) -> Any:
    def build(op: Op, shape: Any, dtype: Any = None) -> Node:
        return broadcast_to(constant(value, _as_dtype(dtype)), as_shape(shape))

    return build


def _filled_like(value: float) -> Any:
    def build(op: Op, x: Any) -> Node:
        (x,) = as_nodes([x])
        return broadcast_to(constant(value, x.dtype), x.shape)

    return build


# fmt: off
# Spellings of broadcast_to(0, shape) and broadcast_to(1, shape).
zeros = Op("zeros", "...", np.zeros, build=_filled(0), source="broadcast_to", numpy=("zeros",))
ones = Op("ones", "...", np.ones, build=_filled(1), source="broadcast_to", numpy=("ones",))
zeros_like = Op("zeros_like", "...", np.zeros_like, build=_filled_like(0), source="broadcast_to", numpy=("zeros_like",))
ones_like = Op("ones_like", "...", np.ones_like, build=_filled_like(1), source="broadcast_to", numpy=("ones_like",))
# fmt: on

# ── diagonals ───────────────────────────────────────────────────────────────────────────────────


def _build_diag(op: Op, x: Any, k: int = 0) -> Node:
    """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector."""
    (x,) = as_nodes([x])
    if x.ndim not in (1, 2):
        raise ShapeError(
            f"diag: takes a vector or a matrix, not {show(x.shape)}",
            hint="diagonal(x, axis1=-2, axis2=-1) for a stack of matrices",
        )
    return op.node(x, k=int(k))


def _diag_shape(shapes: Sequence[Shape], k: int) -> Shape:
    (shape,) = shapes
    if len(shape) == 1:
        side = shape[0] + abs(k)
        return (side, side)
    return (_diagonal_length(shape[0], shape[1], k),)


def _diagonal_length(rows: Size, columns: Size, k: int) -> Size:
    if isinstance(rows, int) and isinstance(columns, int):
        return max(0, min(rows + min(k, 0), columns - max(k, 0)))
    if rows != columns:
        raise ShapeError(f"the diagonal of {show((rows, columns))} has no size that can be written")
    return rows - abs(k)


def _undiag(g: Node, x: Node, k: int) -> Sequence[Node]:
    if x.ndim == 1 or x.shape[0] == x.shape[1]:
        return (diag(g, k),)
    return (scatter_add(g, x.shape, diagonal_index(x.shape[0], x.shape[1], k)),)


def diagonal_index(rows: Size, columns: Size, k: int) -> tuple[Any, Any]:
    length = _diagonal_length(rows, columns, k)
    if not isinstance(length, int):
        raise ShapeError(f"this diagonal of {show((rows, columns))} needs sizes that are numbers")
    places = np.arange(length)
    return places + max(0, -k), places + max(0, k)


def _diag_text(operands: Sequence[str], node: Node) -> str:
    k = node.param("k")
    return f"diag({operands[0]}{f', {k}' if k else ''})"


def _diag_latex(operands: Sequence[str], node: Node) -> str:
    k = node.param("k")
    return rf"\operatorname{{diag}}{f'_{{{k}}}' if k else ''}\left({operands[0]}\right)"


diag = Op(
    "diag",
    _diag_shape,
    lambda x, k: np.diag(x, k),
    Linear(_undiag),
    _build_diag,
    notation=Notation(_diag_text, _diag_latex),
    domain=(REALS,),
    edges=(
        Edge(([1.0, 2.0],), [[1.0, 0.0], [0.0, 2.0]], ([1.0, 1.0],), {"k": 0}),
        Edge(([[1.0, 2.0], [3.0, 4.0]],), [2.0], ([[0.0, 1.0], [0.0, 0.0]],), {"k": 1}),
    ),
    numpy=("diag",),
    source="putting on a diagonal and reading it off are transposes of each other",
)


def _build_diagonal(op: Op, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    """NumPy's diagonal of two axes, which go; the diagonal is the last axis of the result."""
    (x,) = as_nodes([x])
    a, b = (normal_axis(axis, x.ndim, "diagonal") for axis in (axis1, axis2))
    if a == b:
        raise ShapeError("diagonal: axis1 and axis2 are the same axis")
    if x.ndim == 2:
        return diag(x if a < b else transpose(x), offset)
    x = transpose(x, [*(c for c in range(x.ndim) if c not in (a, b)), a, b])
    return getitem(x, (..., *diagonal_index(x.shape[-2], x.shape[-1], offset)))


# A spelling of diag and getitem.
diagonal = Op(
    "diagonal", "...", np.diagonal, build=_build_diagonal, source="diag", numpy=("diagonal",)
)  # fmt: skip


def _build_trace(op: Op, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node:
    (x,) = as_nodes([x])
    if x.ndim == 2 and (axis1 % 2, axis2 % 2) == (0, 1):
        return op.node(x, offset=int(offset))
    return sum_(diagonal(x, offset, axis1, axis2), axis=-1)


def _untrace(g: Node, x: Node, offset: int) -> Sequence[Node]:
    return (g * eye(x.shape[0], x.shape[1], offset, dtype=g.dtype),)


def _trace_text(operands: Sequence[str], node: Node) -> str:
    offset = node.param("offset")
    return f"trace({operands[0]}{f', offset={offset}' if offset else ''})"


trace = Op(
    "trace",
    lambda shapes, offset: "i j ->",
    lambda x, offset: np.trace(x, offset),
    Linear(_untrace),
    _build_trace,
    notation=Notation(_trace_text, r"\operatorname{{tr}}\left({0}\right)"),
    domain=(REALS,),
    edges=(Edge(([[1.0, 2.0], [3.0, 4.0]],), 5.0, ([[1.0, 0.0], [0.0, 1.0]],), {"offset": 0}),),
    aliases=("tr",),
    numpy=("trace",),
    source="d tr(X) = tr(dX); Petersen & Pedersen, The Matrix Cookbook, eq. 99",
)

# fmt: off
# NumPy's linalg takes the last two axes of a stack of matrices, where np.trace takes the first two.
linalg_diagonal = Op(
    "linalg_diagonal", "...", np.linalg.diagonal, source="diagonal", numpy=("linalg.diagonal",),
    build=lambda op, x, offset=0: diagonal(x, offset, -2, -1),
)
linalg_trace = Op(
    "linalg_trace", "...", np.linalg.trace, source="trace", numpy=("linalg.trace",),
    build=lambda op, x, offset=0: trace(x, offset, -2, -1),
)
# fmt: on

# ── triangles ───────────────────────────────────────────────────────────────────────────────────


def _build_triangle(op: Op, x: Any, k: int = 0) -> Node:
    (x,) = as_nodes([x])
    if x.ndim < 2:
        raise ShapeError(f"{op.name}: needs a matrix, not {show(x.shape)}")
    return op.node(x, k=int(k))


def _triangle(name: str, forward: Any, kept: float) -> Op:
    def back(g: Node, x: Node, k: int) -> Sequence[Node]:
        return (row(g, k),)

    def text(operands: Sequence[str], node: Node) -> str:
        k = node.param("k")
        return f"{name}({operands[0]}{f', {k}' if k else ''})"

    def latex(operands: Sequence[str], node: Node) -> str:
        k = node.param("k")
        return rf"\operatorname{{{name}}}{f'_{{{k}}}' if k else ''}\left({operands[0]}\right)"

    row = Op(
        name,
        lambda shapes, k: "... i j -> ... i j",
        lambda x, k: forward(x, k),
        Linear(back),
        _build_triangle,
        notation=Notation(text, latex),
        domain=(REALS,),
        edges=(
            Edge(
                ([[1.0, 2.0], [3.0, 4.0]],),
                [[1.0, 2.0 * (1 - kept)], [3.0 * kept, 4.0]],
                ([[1.0, 1 - kept], [kept, 1.0]],),
                {"k": 0},
            ),
        ),
        numpy=(name,),
        source="a mask: it is its own transpose",
    )
    return row


tril = _triangle("tril", np.tril, 1.0)
triu = _triangle("triu", np.triu, 0.0)
