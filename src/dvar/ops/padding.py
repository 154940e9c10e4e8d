"""The row that puts something round an array: pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Dim, Shape, Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import REALS, Edge, Linear, Notation, Op, as_nodes, number
from dvar.ops.indexing import getitem, take
from dvar.ops.reduction import sum as sum_

Widths = tuple[tuple[Size, Size], ...]


def _widths(pad_width: Any, ndim: int) -> Widths:
    """NumPy's three ways: a number, one (before, after) for all axes, or one for each."""
    if isinstance(pad_width, (int, Dim)):
        pad_width = ((pad_width, pad_width),)
    parts = [tuple(p) if isinstance(p, (list, tuple)) else (p,) for p in pad_width]
    if all(len(p) == 1 for p in parts) and len(parts) == 2:
        parts = [(parts[0][0], parts[1][0])]
    parts = [p * 2 if len(p) == 1 else p for p in parts] * (ndim if len(parts) == 1 else 1)
    if len(parts) != ndim or any(len(p) != 2 for p in parts):
        raise ShapeError(
            f"pad: widths {pad_width} for an array of {ndim} axes",
            hint="a number, (before, after), or one (before, after) for each axis",
        )
    if any(isinstance(w, int) and w < 0 for p in parts for w in p):
        raise ShapeError(f"pad: a width in {parts} is negative", hint="a slice takes away")
    return tuple((p[0], p[1]) for p in parts)


def _build_pad(
    op: Op, x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0
) -> Node:
    """NumPy's pad; the modes ``edge``, ``reflect``, ``symmetric`` and ``wrap`` take elements again."""
    (x,) = as_nodes([x])
    widths = _widths(pad_width, x.ndim)
    if mode == "constant":
        if not x.is_float and constant_values == 0:
            constant_values = 0  # whole numbers stay whole
        done = all(w == 0 for pair in widths for w in pair)
        return as_nodes([x])[0] if done else op.node(x, constant_values, pad_width=widths)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise ShapeError(f"pad: there is no mode {mode!r} here", hint="constant, edge, reflect, …")
    for axis, pair in enumerate(widths):
        size = x.shape[axis]
        if isinstance(size, Dim) or any(isinstance(w, Dim) for w in pair):
            raise ShapeError(f"pad: mode {mode!r} needs a number for the size of axis {axis}")
        if pair != (0, 0):
            places = np.pad(np.arange(size), [pair], mode=mode)  # type: ignore[call-overload]
            x = take(x, places, axis)
    return as_nodes([x])[0]


def _pad_shape(shapes: Sequence[Shape], pad_width: Widths) -> Shape:
    x, value = shapes
    if value:
        raise ShapeError(f"pad: the value is one number, not {show(value)}")
    return tuple(a + size + b for size, (a, b) in zip(x, pad_width, strict=True))


def _unpad(g: Node, x: Node, value: Node, pad_width: Widths) -> Sequence[Node]:
    inner = getitem(g, tuple(slice(a, a + s) for s, (a, _) in zip(x.shape, pad_width, strict=True)))
    total: Node = sum_(g) - sum_(inner)
    return inner, total


def _pad_text(operands: Sequence[str], node: Node) -> str:
    widths = node.param("pad_width")
    sizes = {w for pair in widths for w in pair}
    shown = str(sizes.pop()) if len(sizes) == 1 else str(widths[0] if len(widths) == 1 else widths)
    zero = number(node.inputs[1]) == 0
    return f"pad({operands[0]}, {shown}{'' if zero else f', constant_values={operands[1]}'})"


def _pad_latex(operands: Sequence[str], node: Node) -> str:
    return rf"\operatorname{{pad}}\left({operands[0]}\right)"


pad = Op(
    "pad",
    _pad_shape,
    # The value is an operand: the row is linear in both together, and a padding may be learnt.
    lambda x, value, pad_width: np.pad(
        x.astype(np.result_type(x, value)), pad_width, constant_values=value
    ),
    Linear(_unpad),
    _build_pad,
    notation=Notation(_pad_text, _pad_latex),
    domain=(REALS, REALS),
    edges=(Edge(([1.0, 2.0],), [0.0, 1.0, 2.0], ([1.0, 1.0],), {"pad_width": ((1, 0),)}),),
    numpy=("pad",),
    source="a slice undoes it; the value goes to every place outside",
)
