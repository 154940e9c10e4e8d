"""Rows that join, cut and repeat arrays: stack, concatenate, split, tile, repeat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from dvar.core.dims import Dim, Shape, Size, show
from dvar.core.dtypes import promote
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import REALS, Edge, Linear, Notation, Op, as_nodes, constant, is_constant, number
from dvar.ops.indexing import as_latex_atom, getitem, take
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import normal_axis, ravel, reshape


def along(axis: int, item: Any) -> tuple[Any, ...]:
    """The index that takes ``item`` of one axis and all of those before and after it."""
    return (slice(None),) * axis + (item,)


# ── stack ───────────────────────────────────────────────────────────────────────────────────────


def _build_stack(op: Op, arrays: Any, axis: int = 0) -> Node:
    """Arrays of one shape side by side along a new axis; of scalars, the vector of them."""
    if isinstance(arrays, Node):
        raise ShapeError("stack: takes a list of arrays", hint="stack([x, y])")
    nodes = as_nodes(
        [stack(x) if isinstance(x, (list, tuple)) else x for x in arrays]  # [[a, b], [c, d]]
    )
    if not nodes:
        raise ShapeError("stack: an empty list has no shape")
    axis = normal_axis(axis, nodes[0].ndim + 1, "stack")
    shape = _stack_shape([x.shape for x in nodes], axis)
    if all(is_constant(x) for x in nodes) and len(shape) == 1:
        return constant([number(x) for x in nodes], promote([x.dtype for x in nodes]))
    return op.node(*nodes, axis=axis)


def _stack_shape(shapes: Sequence[Shape], axis: int) -> Shape:
    first = shapes[0]
    for n, shape in enumerate(shapes):
        if shape != first:
            raise ShapeError(
                f"stack: array {n} is {show(shape)} but array 0 is {show(first)}",
                hint="concatenate joins along an axis that is there already",
            )
    return (*first[:axis], len(shapes), *first[axis:])


def _is_literal(node: Node) -> bool:
    """Whether the node is written as a list: a stack of scalars, or of such lists."""
    return node.op.name == "stack" and node.param("axis") == 0 and node.ndim <= 2


def _stack_text(operands: Sequence[str], node: Node) -> str:
    listed = f"[{', '.join(operands)}]"
    rows = all(_is_literal(x) and o[:1] == "[" for x, o in zip(node.inputs, operands, strict=True))
    if node.param("axis") == 0 and (node.ndim == 1 or rows):
        return listed
    return f"stack({listed}{_axis(node)})"


def _axis(node: Node) -> str:
    axis = node.param("axis")
    return f", axis={axis}" if axis else ""


_LEFT, _RIGHT = r"\begin{bmatrix} ", r" \end{bmatrix}"


def _stack_latex(operands: Sequence[str], node: Node) -> str:
    r"""A column of scalars, rows of row vectors, or columns of column vectors."""
    if node.ndim == 1:
        return _LEFT + r" \\ ".join(operands) + _RIGHT
    if node.ndim == 2 and node.param("axis") == 1:
        return _LEFT + " & ".join(operands) + _RIGHT
    if node.ndim == 2:
        return _LEFT + r" \\ ".join(map(_latex_row, operands)) + _RIGHT
    listed = r",\, ".join(operands)
    return rf"\operatorname{{stack}}_{{{node.param('axis')}}}\left({listed}\right)"


def _latex_row(written: str) -> str:
    """A column vector as a row: its elements where they are written out, else transposed."""
    if written.startswith(_LEFT) and written.endswith(_RIGHT) and "&" not in written:
        return written[len(_LEFT) : -len(_RIGHT)].replace(r"\\", "&")
    return rf"{as_latex_atom(written)}^{{\top}}"


def _unstack(g: Node, *arrays: Node, axis: int) -> Sequence[Node]:
    return [getitem(g, along(axis, n)) for n in range(len(arrays))]


stack = Op(
    "stack",
    lambda shapes, axis: _stack_shape(shapes, axis),
    lambda *arrays, axis: np.stack(arrays, axis),
    Linear(_unstack),
    _build_stack,
    notation=Notation(_stack_text, _stack_latex),
    domain=(REALS,),
    aliases=("vector",),
    numpy=("stack",),
    source="each array has its own places in the result",
)


def _build_array(op: Op, object: Any, dtype: Any = None) -> Node:
    """A list is a stack, a node is itself."""
    if isinstance(object, (list, tuple)):
        return stack(object)
    return as_nodes([object])[0]


# A spelling of stack.
array = Op("array", "...", np.array, build=_build_array, source="stack", numpy=("array", "asarray"))

# ── concatenate and split ───────────────────────────────────────────────────────────────────────


def _build_concatenate(op: Op, arrays: Any, axis: int | None = 0) -> Node:
    if isinstance(arrays, Node):
        raise ShapeError("concatenate: takes a list of arrays", hint="concatenate([x, y])")
    nodes = as_nodes([array(x) for x in arrays])
    if not nodes:
        raise ShapeError("concatenate: an empty list has no shape")
    if axis is None:
        nodes, axis = tuple(ravel(x) for x in nodes), 0
    if any(not x.ndim for x in nodes):
        raise ShapeError("concatenate: a scalar has no axis", hint="stack makes a vector of them")
    axis = normal_axis(axis, nodes[0].ndim, "concatenate")
    _joined([x.shape for x in nodes], axis)
    return nodes[0] if len(nodes) == 1 else op.node(*nodes, axis=axis)


def _joined(shapes: Sequence[Shape], axis: int) -> Shape:
    first = shapes[0]
    total: Size = 0
    for n, shape in enumerate(shapes):
        if len(shape) != len(first):
            raise ShapeError(
                f"concatenate: array {n} is {show(shape)} but array 0 is {show(first)}",
                hint="the same number of axes everywhere; x[None] adds one",
            )
        for a, (size, want) in enumerate(zip(shape, first, strict=True)):
            if a != axis and size != want:
                raise ShapeError(
                    f"concatenate: axis {a} is {size} in array {n} {show(shape)} "
                    f"but {want} in array 0 {show(first)}",
                    rule=f"only axis {axis}, which is joined, may differ",
                )
        total = total + shape[axis]
    return (*first[:axis], total, *first[axis + 1 :])


def _cut(g: Node, *arrays: Node, axis: int) -> Sequence[Node]:
    ends: list[Size] = list(accumulate((x.shape[axis] for x in arrays), initial=0))
    return [getitem(g, along(axis, slice(a, b))) for a, b in pairwise(ends)]


def _concatenate_text(operands: Sequence[str], node: Node) -> str:
    return f"concatenate([{', '.join(operands)}]{_axis(node)})"


def _concatenate_latex(operands: Sequence[str], node: Node) -> str:
    axis = node.param("axis")
    if node.ndim > 2:
        listed = r",\, ".join(operands)
        return rf"\operatorname{{concatenate}}_{{{axis}}}\left({listed}\right)"
    return _LEFT + (" & " if axis else r" \\ ").join(operands) + _RIGHT


concatenate = Op(
    "concatenate",
    lambda shapes, axis: _joined(shapes, axis),
    lambda *arrays, axis: np.concatenate(arrays, axis),
    Linear(_cut),
    _build_concatenate,
    notation=Notation(_concatenate_text, _concatenate_latex),
    domain=(REALS,),
    aliases=("concat",),
    numpy=("concatenate", "concat"),
    source="each array has its own places in the result",
)


def _build_vstack(op: Op, arrays: Any) -> Node:
    """Below one another; vectors are rows."""
    nodes = as_nodes(arrays)
    return concatenate([reshape(x, (1, *(x.shape or (1,)))) if x.ndim < 2 else x for x in nodes])


def _build_hstack(op: Op, arrays: Any) -> Node:
    """Side by side: along the second axis, vectors along their only one."""
    nodes = [x if x.ndim else reshape(x, (1,)) for x in as_nodes(arrays)]
    return concatenate(nodes, 0 if nodes[0].ndim == 1 else 1)


# Spellings of concatenate.
vstack = Op("vstack", "...", lambda *xs: np.vstack(xs), build=_build_vstack, source="concatenate")
hstack = Op("hstack", "...", lambda *xs: np.hstack(xs), build=_build_hstack, source="concatenate")


def _build_split(op: Op, x: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """NumPy's split: so many equal parts, or the positions to cut at; a list of slices of ``x``."""
    (x,) = as_nodes([x])
    axis = normal_axis(axis, x.ndim, "split")
    size = x.shape[axis]
    if isinstance(indices_or_sections, (list, tuple)):
        ends: list[Any] = [None, *indices_or_sections, None]
    else:
        parts = int(indices_or_sections)
        if isinstance(size, Dim) or parts < 1 or size % parts:
            raise ShapeError(
                f"split: axis {axis} of size {size} does not fall into {parts} equal parts",
                hint="the positions to cut at, as a list",
            )
        ends = [size // parts * n for n in range(parts + 1)]
    return [getitem(x, along(axis, slice(a, b))) for a, b in pairwise(ends)]


# A spelling of getitem that makes several nodes.
split = Op("split", "...", np.split, build=_build_split, source="getitem", numpy=("split",))

# ── repeats ─────────────────────────────────────────────────────────────────────────────────────


def _build_tile(op: Op, x: Any, reps: Any) -> Node:
    (x,) = as_nodes([x])
    many = tuple(reps) if isinstance(reps, (tuple, list)) else (reps,)
    ndim = max(len(many), x.ndim)
    many = (1,) * (ndim - len(many)) + many
    x = reshape(x, (1,) * (ndim - x.ndim) + x.shape)
    return x if all(r == 1 for r in many) else op.node(x, reps=many)


def _untile(g: Node, x: Node, reps: tuple[Size, ...]) -> Sequence[Node]:
    """The copies side by side on axes of their own, and summed."""
    pairs = tuple(size for pair in zip(reps, x.shape, strict=True) for size in pair)
    return (sum_(reshape(g, pairs), axis=tuple(range(0, len(pairs), 2))),)


def _tile_text(operands: Sequence[str], node: Node) -> str:
    reps = node.param("reps")
    return f"tile({operands[0]}, {reps[0] if len(reps) == 1 else reps})"


tile = Op(
    "tile",
    lambda shapes, reps: tuple(r * size for r, size in zip(reps, shapes[0], strict=True)),
    lambda x, reps: np.tile(x, reps),
    Linear(_untile),
    _build_tile,
    notation=Notation(_tile_text),
    domain=(REALS,),
    edges=(Edge(([1.0, 2.0],), [1.0, 2.0, 1.0, 2.0], ([2.0, 2.0],), {"reps": (2,)}),),
    numpy=("tile",),
    source="one element goes to many places: its gradient is the sum over them",
)


def _build_repeat(op: Op, x: Any, repeats: Any, axis: int | None = None) -> Node:
    (x,) = as_nodes([x])
    if axis is None:
        x, axis = ravel(x), 0
    axis = normal_axis(axis, x.ndim, "repeat")
    if isinstance(repeats, (list, tuple, np.ndarray)):
        # A count for every element: the same as taking each so many times.
        return take(x, np.repeat(np.arange(len(repeats)), repeats), axis)
    return x if repeats == 1 else op.node(x, repeats=repeats, axis=axis)


def _unrepeat(g: Node, x: Node, repeats: Size, axis: int) -> Sequence[Node]:
    shape = (*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :])
    return (sum_(reshape(g, shape), axis=axis + 1),)


def _repeat_shape(shapes: Sequence[Shape], repeats: Size, axis: int) -> Shape:
    (shape,) = shapes
    return (*shape[:axis], repeats * shape[axis], *shape[axis + 1 :])


repeat = Op(
    "repeat",
    _repeat_shape,
    lambda x, repeats, axis: np.repeat(x, repeats, axis),
    Linear(_unrepeat),
    _build_repeat,
    notation=Notation(
        lambda operands, node: (
            f"repeat({operands[0]}, {node.param('repeats')}, axis={node.param('axis')})"
        )
    ),
    domain=(REALS,),
    edges=(Edge(([1.0, 2.0],), [1.0, 1.0, 2.0, 2.0], ([2.0, 2.0],), {"repeats": 2, "axis": 0}),),
    numpy=("repeat",),
    source="one element goes to many places: its gradient is the sum over them",
)
