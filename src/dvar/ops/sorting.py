"""Rows that choose an order: sort, argsort, top_k.

The order is piecewise constant; sorting is taking along it.  So the gradient of ``sort`` is only moved:
every element gets the gradient of the place it was sorted to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, Size
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import REALS, Adjoint, Array, Constant, Domain, Edge, Kink, Notation, Op, as_nodes
from dvar.ops.indexing import getitem, take_along_axis
from dvar.ops.shaping import LETTERS, normal_axis, ravel

# ── shared by the family ────────────────────────────────────────────────────────────────────────


def _build_order(op: Op, x: Any, axis: int | None = -1) -> Node:
    """NumPy's signature; axis None sorts the flattened array."""
    (x,) = as_nodes([x])
    if axis is None:
        x, axis = ravel(x), 0
    return op.node(x, axis=normal_axis(axis, x.ndim, op.name))


def _sentence(shapes: Sequence[Shape], axis: int) -> str:
    names = " ".join(LETTERS[: len(shapes[0])])
    return f"{names} -> {names}"


def _arguments(operands: Sequence[str], node: Node, *more: str) -> str:
    """The operand, what else is given, and the axis unless it is the last."""
    x, axis = node.inputs[0], node.param("axis")
    shown = [] if axis == x.ndim - 1 else [f"axis={axis}"]
    return ", ".join([operands[0], *more, *shown])


def _notation(name: str) -> Notation:
    def text(operands: Sequence[str], node: Node) -> str:
        return f"{name}({_arguments(operands, node)})"

    def latex(operands: Sequence[str], node: Node) -> str:
        return rf"\operatorname{{{name}}}\left({_arguments(operands, node)}\right)"

    return Notation(text, latex)


def _draw_apart(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """No two elements closer than a step of finite differences."""
    places = generator.permutation(int(np.prod(shape))) + generator.uniform(-0.3, 0.3)
    return np.asarray(places.reshape(shape) * 4.0 / max(1, places.size) - 2.0)


_APART = Domain("", REALS.contains, _draw_apart)


def _is_tied(x: Array, axis: int = -1, **_: Any) -> Any:
    """Which elements equal another one along the axis."""
    if not np.ndim(x):
        return np.zeros((), bool)
    x = np.moveaxis(np.asarray(x), axis, -1)
    ties = (x[..., :, None] == x[..., None, :]).sum(-1) > 1
    return np.moveaxis(ties, -1, axis)


_TIES = Kink(
    "elements are equal",
    _is_tied,
    taken=1.0,
    admissible=(0.0, 1.0),
    reason="equal elements keep their order (a stable sort), so each keeps its own gradient",
)

# ── rows ────────────────────────────────────────────────────────────────────────────────────────

argsort = Op(
    "argsort",
    _sentence,
    lambda x, axis: np.argsort(x, axis=axis, kind="stable"),
    Constant(),
    _build_order,
    notation=_notation("argsort"),
    dtype="int64",
    domain=(_APART,),
    edges=(Edge(([2.0, 1.0, 2.0],), [1, 0, 2], ([0.0, 0.0, 0.0],), {"axis": 0}),),
    numpy=("argsort",),
    source="piecewise constant; equal elements keep their order",
)


def _unsort(g: Node, out: Node, x: Node, axis: int) -> Sequence[Node]:
    """The order of the order says where each element went."""
    return (take_along_axis(g, argsort(argsort(x, axis), axis), axis),)


sort = Op(
    "sort",
    _sentence,
    lambda x, axis: np.sort(x, axis=axis, kind="stable"),
    Adjoint(_unsort),
    _build_order,
    expand=lambda x, axis: take_along_axis(x, argsort(x, axis), axis),
    notation=_notation("sort"),
    domain=(_APART,),
    kinks=(_TIES,),
    edges=(
        Edge(([3.0, 1.0, 2.0],), [1.0, 2.0, 3.0], ([1.0, 1.0, 1.0],), {"axis": 0}),
        Edge(([5.0],), [5.0], ([1.0],), {"axis": 0}),
    ),
    numpy=("sort",),
    source="sort(x) is x taken along argsort(x); a permutation is undone by its inverse",
)


def _build_top_k(op: Op, x: Any, k: Size, axis: int = -1) -> Node:
    """The ``k`` largest elements along an axis, largest first."""
    (x,) = as_nodes([x])
    axis = normal_axis(axis, x.ndim, "top_k")
    size = x.shape[axis]
    if isinstance(k, int) and (k < 0 or (isinstance(size, int) and k > size)):
        raise ShapeError(
            f"top_k: {k} elements asked of axis {axis} of size {size}", hint=f"0 <= k <= {size}"
        )
    return op.node(x, k=k, axis=axis)


def _top_k_shape(shapes: Sequence[Shape], k: Size, axis: int) -> Shape:
    (shape,) = shapes
    return (*shape[:axis], k, *shape[axis + 1 :])


def _top_k_forward(x: Array, k: int, axis: int) -> Array:
    order = np.argsort(-x, axis=axis, kind="stable")
    return np.take_along_axis(x, np.take(order, np.arange(k), axis), axis)


def _top_k_expand(x: Node, k: Size, axis: int) -> Node:
    """Of equal elements the first is taken."""
    order = argsort(-x, axis)
    return take_along_axis(x, getitem(order, (slice(None),) * axis + (slice(k),)), axis)


def _top_k_text(operands: Sequence[str], node: Node) -> str:
    return f"top_k({_arguments(operands, node, str(node.param('k')))})"


def _top_k_latex(operands: Sequence[str], node: Node) -> str:
    return rf"\operatorname{{top}}_{{{node.param('k')}}}\left({_arguments(operands, node)}\right)"


top_k = Op(
    "top_k",
    _top_k_shape,
    _top_k_forward,
    build=_build_top_k,
    expand=_top_k_expand,
    notation=Notation(_top_k_text, _top_k_latex),
    domain=(_APART,),
    kinks=(_TIES,),
    edges=(Edge(([3.0, 1.0, 2.0],), [3.0, 2.0], ([1.0, 0.0, 1.0],), {"k": 2, "axis": 0}),),
    source="top_k(x) is x taken along the first k of argsort(-x)",
)
