"""Rows that take elements by position, and their transposes, which put elements at positions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, Size, show
from dvar.core.errors import DtypeError, ShapeError
from dvar.core.node import Node, operators
from dvar.core.op import MUL, REALS, Array, Edge, Linear, Notation, Op, as_nodes, constant
from dvar.ops.shaping import LETTERS, as_shape, broadcast_to, normal_axis, ravel, reshape
from dvar.ops.subscript import (
    FULL,
    REVERSED,
    Index,
    Slice,
    has_arrays,
    read,
    shape_of,
    show_index,
    to_numpy,
    with_new,
    without_new,
)

_INSIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def as_atom(written: str) -> str:
    """An operand as it stands before a bracket: an operator in it needs parentheses."""
    outside, count = written, 1
    while count:
        outside, count = _INSIDE.subn("", outside)
    loose = " " in outside or "*" in outside or outside.startswith("-")
    return f"({written})" if loose else written


def as_latex_atom(written: str) -> str:
    r"""The same for LaTeX, where a second subscript (``W_1`` of 0) does not even compile."""
    plain = written.replace("\\", "", 1).isalnum() or written.startswith((r"\begin", r"\left"))
    return written if plain else rf"\left({written}\right)"


# ── getitem ─────────────────────────────────────────────────────────────────────────────────────


def _build_getitem(op: Op, x: Any, index: Any) -> Node:
    (x,) = as_nodes([x])
    items, slots = read(index, x.shape)
    if has_arrays(items):
        return op.node(x, *slots, index=items)
    # New axes only reshape: left out of the index, its transpose stays as plain as it can be.
    plain = without_new(items)
    out: Node = x if all(item == FULL for item in plain) else op.node(x, index=plain)
    return reshape(out, with_new(items, out.shape))


def _getitem_text(operands: Sequence[str], node: Node) -> str:
    return f"{as_atom(operands[0])}[{show_index(node.param('index'), operands[1:])}]"


def _getitem_latex(operands: Sequence[str], node: Node) -> str:
    index = node.param("index")
    if node.inputs[0].op.name == "eye" and _is_single(index[:1]) and index[1:] == (FULL,):
        return rf"e_{{{index[0]}}}"
    inside = show_index(index, operands[1:], ",")
    return rf"{as_latex_atom(operands[0])}_{{{inside}}}"


def _is_single(index: Index) -> bool:
    """Whether the index names one place: positions only."""
    return not has_arrays(index) and all(i is not None and not isinstance(i, Slice) for i in index)


def _is_one_place(node: Node) -> bool:
    """Whether one place is meant: by its number, or by a name for it."""
    slots = node.inputs[1:]
    return _is_single(node.param("index")) or (len(slots) == 1 and not slots[0].shape)


def _put_back(g: Node, x: Node, *slots: Node, index: Index) -> Sequence[Node | None]:
    if all(item in (FULL, REVERSED) for item in index):
        return (getitem.node(g, index=index),)  # turned twice is as before
    return (scatter_add.node(g, *slots, shape=x.shape, index=index), *(None for _ in slots))


getitem = Op(
    "getitem",
    lambda shapes, index: shape_of(index, shapes),
    lambda x, *slots, index: x[to_numpy(index, slots, x.shape)],
    Linear(_put_back, operands=(0,)),
    _build_getitem,
    notation=Notation(_getitem_text, _getitem_latex),
    dtype="first",
    domain=(REALS,),
    edges=(Edge(([1.0, 2.0, 3.0],), 2.0, ([0.0, 1.0, 0.0],), {"index": (1,)}),),
    source="x[i] is linear in x; its transpose puts g at position i",
)

operators["[]"] = getitem


def _build_take(op: Op, x: Any, indices: Any, axis: int | None = None) -> Node:
    """NumPy's take: positions along one axis, or in the flattened array."""
    (x,) = as_nodes([x])
    if axis is None:
        x, axis = ravel(x), 0
    axis = normal_axis(axis, x.ndim, "take")
    places = indices if isinstance(indices, Node) else np.asarray(indices)
    return getitem(x, (slice(None),) * axis + (places,))


# A spelling of getitem: x[:, indices].
take = Op("take", "...", np.take, build=_build_take, source="getitem", numpy=("take",))

# ── scatter_add ─────────────────────────────────────────────────────────────────────────────────


def _build_scatter(op: Op, values: Any, shape: Any, index: Any) -> Node:
    """Zeros of ``shape`` with ``values`` added at ``index``; repeated positions accumulate."""
    (values,) = as_nodes([values])
    shape = as_shape(shape)
    items, slots = read(index, shape)
    values = broadcast_to(values, shape_of(items, (shape, *(s.shape for s in slots))))
    if not has_arrays(items):
        plain = without_new(items)
        values = reshape(values, shape_of(plain, (shape,)))
        if all(item == FULL for item in plain):
            return as_nodes([values])[0]
        items = plain
    return op.node(values, *slots, shape=shape, index=items)


def _scatter_shape(shapes: Sequence[Shape], shape: Shape, index: Index) -> Shape:
    wanted = shape_of(index, (shape, *shapes[1:]))
    if wanted != shapes[0]:
        raise ShapeError(f"scatter_add: values {show(shapes[0])} for an index of {show(wanted)}")
    return shape


def _scatter(values: Array, *slots: Array, shape: tuple[int, ...], index: Index) -> Array:
    out = np.zeros(shape, np.result_type(values))
    if has_arrays(index):
        np.add.at(out, to_numpy(index, slots, shape), values)
    else:
        out[to_numpy(index, slots, shape)] = values
    return out


def _scatter_text(operands: Sequence[str], node: Node) -> str:
    """``g * eye(n)[0]`` for one place of a vector; else the index as it stood in the brackets."""
    shape, index = node.param("shape"), node.param("index")
    inside = show_index(index, operands[1:])
    if len(shape) == 1 and _is_one_place(node):
        unit = f"eye({shape[0]})[{inside}]"
        return unit if operands[0] == "1" else f"{operands[0]} * {unit}"
    alone = has_arrays(index) and all(item == FULL for item in index[1:])
    shown = inside if alone else f"[{inside}]"
    return f"scatter_add({operands[0]}, {show(shape)}, {shown})"


def _scatter_latex(operands: Sequence[str], node: Node) -> str:
    shape, index = node.param("shape"), node.param("index")
    g = operands[0] if operands[0] != "1" else ""
    if len(shape) == 1 and _is_one_place(node):
        place = show_index(index, operands[1:], ",")
        if _is_single(index):
            place = _place(index[0], shape[0])
        return rf"{g} \, e_{{{place}}}" if g else rf"e_{{{place}}}"
    g = operands[0]
    if _is_single(index) and len(shape) <= 2:
        places = [_place(i, n) for i, n in zip(index, shape, strict=True)]
        row = rf" e_{{{places[1]}}}^{{\top}}" if len(places) == 2 else ""
        return rf"{g} \, e_{{{places[0]}}}{row}"
    if len(shape) == 2 and FULL in index and (_is_single(index[:1]) or _is_single(index[1:])):
        # A row or a column of a matrix.
        at = as_latex_atom(operands[0])
        if index[0] == FULL:
            return rf"{at} \, e_{{{_place(index[1], shape[1])}}}^{{\top}}"
        return rf"e_{{{_place(index[0], shape[0])}}} \, {at}^{{\top}}"
    return rf"\operatorname{{scatter}}_{{{show_index(index, operands[1:], ',')}}}\left({g}\right)"


def _place(at: Any, size: Size) -> str:
    return str(size + at if isinstance(at, int) and at < 0 else at)


def _pick_up(
    g: Node, values: Node, *slots: Node, shape: Shape, index: Index
) -> Sequence[Node | None]:
    return (getitem.node(g, *slots, index=index), *(None for _ in slots))


scatter_add = Op(
    "scatter_add",
    _scatter_shape,
    _scatter,
    Linear(_pick_up, operands=(0,)),
    _build_scatter,
    notation=Notation(_scatter_text, _scatter_latex, MUL, (MUL,), (MUL,)),
    dtype="first",
    domain=(REALS,),
    edges=(Edge((3.0,), [0.0, 3.0], (1.0,), {"shape": (2,), "index": (1,)}),),
    source="the transpose of x[i]",
)

# ── along an axis ───────────────────────────────────────────────────────────────────────────────


def _along(x_shape: Shape, indices: Any, axis: int, what: str) -> tuple[Node, int]:
    """Index array and axis checked: the array has the axes of ``x``, the others of equal size."""
    indices = indices if isinstance(indices, Node) else constant(np.asarray(indices))
    if indices.dtype != "int64":
        raise DtypeError(f"{what}: indices are whole numbers, not {indices.dtype}")
    axis = normal_axis(axis, len(x_shape), what)
    if indices.ndim != len(x_shape):
        raise ShapeError(
            f"{what}: indices {show(indices.shape)} need as many axes as x {show(x_shape)}",
            hint="take(x, indices, axis) takes the same positions everywhere",
        )
    for a, (got, size) in enumerate(zip(indices.shape, x_shape, strict=True)):
        if a != axis and got not in (size, 1):
            raise ShapeError(
                f"{what}: axis {a} is {size} in x {show(x_shape)} "
                f"but {got} in indices {show(indices.shape)}",
                rule=f"only axis {axis}, along which is taken, may differ",
            )
    want = tuple(indices.shape[a] if a == axis else size for a, size in enumerate(x_shape))
    return broadcast_to(indices, want), axis


def _build_along(op: Op, x: Any, indices: Any, axis: int | None = -1) -> Node:
    (x,) = as_nodes([x])
    if axis is None:
        x, axis = ravel(x), 0
    indices, axis = _along(x.shape, indices, axis, "take_along_axis")
    return getitem(x, indices) if x.ndim == 1 else op.node(x, indices, axis=axis)


def _along_sentence(shapes: Sequence[Shape], axis: int) -> str:
    """``a b, a k -> a k`` for axis 1."""
    names = list(LETTERS[: len(shapes[0])])
    taken = [*names[:axis], "k_", *names[axis + 1 :]]
    return f"{' '.join(names)}, {' '.join(taken)} -> {' '.join(taken)}"


take_along_axis = Op(
    "take_along_axis",
    _along_sentence,
    lambda x, indices, axis: np.take_along_axis(x, np.asarray(indices, np.int64), axis),
    Linear(
        lambda g, x, indices, axis: (
            scatter_add_along_axis.node(g, indices, size=x.shape[axis], axis=axis),
            None,
        ),
        operands=(0,),
    ),
    _build_along,
    dtype="first",
    domain=(REALS,),
    numpy=("take_along_axis",),
    source="linear in x; its transpose puts g back where it was taken",
)


def _build_scatter_along(op: Op, values: Any, size: Size, indices: Any, axis: int = -1) -> Node:
    """Zeros with ``values`` added along ``axis`` (of that size) at ``indices``."""
    (values,) = as_nodes([values])
    indices, axis = _along(values.shape, indices, axis, "scatter_add_along_axis")
    if values.ndim == 1:
        return scatter_add(values, (size,), indices)
    return op.node(values, indices, size=size, axis=axis)


def _scatter_along_shape(shapes: Sequence[Shape], size: Size, axis: int) -> Shape:
    values, indices = shapes
    if values != indices:
        raise ShapeError(
            f"scatter_add_along_axis: values {show(values)} for indices {show(indices)}"
        )
    return (*values[:axis], size, *values[axis + 1 :])


def _scatter_along(values: Array, indices: Array, size: int, axis: int) -> Array:
    indices = np.asarray(indices, np.int64)
    out = np.zeros((*values.shape[:axis], size, *values.shape[axis + 1 :]), values.dtype)
    places: list[Array] = list(np.indices(values.shape, sparse=True))
    places[axis] = indices
    np.add.at(out, tuple(places), values)
    return out


scatter_add_along_axis: Op = Op(
    "scatter_add_along_axis",
    _scatter_along_shape,
    _scatter_along,
    Linear(
        lambda g, values, indices, size, axis: (
            take_along_axis.node(g, indices, axis=axis),
            None,
        ),
        operands=(0,),
    ),
    _build_scatter_along,
    dtype="first",
    domain=(REALS,),
    source="the transpose of take_along_axis",
)
