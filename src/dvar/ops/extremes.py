"""Rows that look for something along axes: max, min, argmax, argmin, any, all, one_hot.

The place of a maximum does not move when the numbers move a little, so the gradient of the maximum
goes to that place, and places have no derivative of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np

from dvar.core.dims import Shape, Size
from dvar.core.errors import DomainError, ShapeError
from dvar.core.node import Node
from dvar.core.op import (
    REALS,
    Adjoint,
    Array,
    Constant,
    Domain,
    Edge,
    Kink,
    Notation,
    Op,
    as_nodes,
    constant,
    number,
)
from dvar.ops.arithmetic import equal
from dvar.ops.reduction import (
    build_reduction,
    build_trivial_on_scalars,
    leaves_axes,
    over_axes,
    reduce_sentence,
    spread,
)
from dvar.ops.reduction import sum as sum_
from dvar.ops.selection import ROCKAFELLAR, maximum, minimum
from dvar.ops.shaping import normal_axis

# ── max and min ─────────────────────────────────────────────────────────────────────────────────


def _extreme_adjoint(g: Node, out: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    chosen = equal(x, spread(out, x, axis))
    return (spread(g, x, axis) * chosen / sum_(chosen, axis, keepdims=leaves_axes(x, axis)),)


def _build_extreme(pairwise: Op) -> Callable[..., Node]:
    def build(op: Op, x: Any, axis: Any = None, keepdims: Any = False) -> Node:
        """NumPy's signature; ``max(x, y)`` and ``max(x, y, z)`` are understood as Python's."""
        first = as_nodes([x])[0]
        more = [y for y in (axis, keepdims) if isinstance(y, Node)]
        if not first.ndim and not more and axis not in (None, (), -1):
            more = [axis]  # a scalar has no axes: a number beside it is meant
        if not more:
            return build_trivial_on_scalars(op, first, axis, keepdims)
        out: Node = reduce(pairwise, more, x)
        return out

    return build


def _ties(extreme: Callable[..., Any]) -> Callable[..., Any]:
    """Which elements are the extreme together with others."""

    def hit(x: Array, axis: Any = None, keepdims: bool = False) -> Any:
        chosen = x == extreme(x, axis=axis, keepdims=True)
        return chosen & (np.sum(chosen, axis=axis, keepdims=True) > 1)

    return hit


def _tie(extreme: Callable[..., Any]) -> tuple[Kink, ...]:
    reason = "elements that tie share equally: a half each for two, a third each for three"
    return (Kink("elements tie", _ties(extreme), 0.5, (0.0, 1.0), reason),)


# fmt: off
max = Op(
    "max", reduce_sentence, lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
    Adjoint(_extreme_adjoint), _build_extreme(maximum), notation=Notation(None, over_axes(r"\max")),
    domain=(REALS,), numpy=("max",), kinks=_tie(np.max),
    edges=(Edge(([1.0, 3.0, 2.0],), 3.0, ([0.0, 1.0, 0.0],)), Edge(([3.0, 3.0, 2.0],), 3.0, ([0.5, 0.5, 0.0],))),
    source=f"a subgradient of the maximum is any mixture of those attained: {ROCKAFELLAR}",
)
min = Op(
    "min", reduce_sentence, lambda x, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
    Adjoint(_extreme_adjoint), _build_extreme(minimum), notation=Notation(None, over_axes(r"\min")),
    domain=(REALS,), numpy=("min",), kinks=_tie(np.min),
    edges=(Edge(([1.0, 3.0, 2.0],), 1.0, ([1.0, 0.0, 0.0],)), Edge(([1.0, 1.0, 2.0],), 1.0, ([0.5, 0.5, 0.0],))),
    source=f"min(x) = -max(-x): {ROCKAFELLAR}",
)
# fmt: on

# ── places and truth values ─────────────────────────────────────────────────────────────────────


def _build_place(op: Op, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
    if isinstance(axis, (tuple, list)) and len(axis) != 1:
        raise ShapeError(f"{op.name}: one axis or None, not {tuple(axis)}")
    return build_reduction(op, x, axis, keepdims)


def _place(find: Callable[..., Any]) -> Callable[..., Any]:
    def forward(x: Array, axis: Any, keepdims: bool) -> Any:
        return find(x, axis=None if axis is None else axis[0], keepdims=keepdims)

    return forward


def _reducing(find: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, axis, keepdims: find(x, axis=axis, keepdims=keepdims)


# fmt: off
argmax = Op(
    "argmax", reduce_sentence, _place(np.argmax), Constant(), _build_place,
    notation=Notation(None, over_axes(r"\operatorname{argmax}")), dtype="int64", domain=(REALS,), numpy=("argmax",),
    edges=(Edge(([1.0, 3.0, 3.0],), 1),), source="piecewise constant; the first place where elements tie",
)
argmin = Op(
    "argmin", reduce_sentence, _place(np.argmin), Constant(), _build_place,
    notation=Notation(None, over_axes(r"\operatorname{argmin}")), dtype="int64", domain=(REALS,), numpy=("argmin",),
    edges=(Edge(([3.0, 1.0, 1.0],), 1),), source="piecewise constant; the first place where elements tie",
)
any = Op(
    "any", reduce_sentence, _reducing(np.any), Constant(), build_reduction,
    notation=Notation(None, over_axes(r"\operatorname{any}")), dtype="bool", domain=(REALS,), numpy=("any",),
    edges=(Edge(([0.0, 2.0],), True),), source="piecewise constant",
)
all = Op(
    "all", reduce_sentence, _reducing(np.all), Constant(), build_reduction,
    notation=Notation(None, over_axes(r"\operatorname{all}")), dtype="bool", domain=(REALS,), numpy=("all",),
    edges=(Edge(([0.0, 2.0],), False),), source="piecewise constant",
)
# fmt: on

# ── one_hot ─────────────────────────────────────────────────────────────────────────────────────


def _build_one_hot(op: Op, labels: Any, classes: Any, axis: int = -1) -> Node:
    """Whole numbers as rows of zeros with a single one; the classes become the axis ``axis``."""
    labels = labels if isinstance(labels, Node) else constant(np.asarray(labels))
    if isinstance(classes, Node):
        classes = int(number(classes) or 0)
    axis = normal_axis(int(axis), labels.ndim + 1, "one_hot")
    return op.node(labels, axis=-1 if axis == labels.ndim else axis, classes=classes)


def _one_hot_shape(shapes: Sequence[Shape], axis: int, classes: Size) -> Shape:
    (shape,) = shapes
    place = axis % (len(shape) + 1)
    return (*shape[:place], classes, *shape[place:])


def _one_hot(labels: Array, axis: int, classes: int) -> Any:
    unknown = (labels < 0) | (labels >= classes) | (labels != np.floor(labels))
    if np.any(unknown):
        worst = np.asarray(labels)[unknown].flat[0]
        raise DomainError(
            f"one_hot: there is no class {worst:g}",
            rule=f"classes are the whole numbers from 0 to {classes - 1}",
        )
    places = np.expand_dims(np.asarray(labels), axis)
    numbers = np.arange(classes).reshape(
        [-1 if a == axis % places.ndim else 1 for a in range(places.ndim)]
    )
    return places == numbers


def _one_hot_text(operands: Sequence[str], node: Node) -> str:
    axis = node.param("axis")
    return (
        f"one_hot({operands[0]}, {node.param('classes')}{f', axis={axis}' if axis != -1 else ''})"
    )


one_hot = Op(
    "one_hot", _one_hot_shape, _one_hot, Constant(), _build_one_hot, dtype="bool", notation=Notation(_one_hot_text),
    domain=(Domain("{0} is a class", lambda y: (y >= 0) & (y == np.floor(y)), lambda r, s: r.integers(0, 2, s)),),
    aliases=("onehot",), edges=(Edge(([2, 0],), [[False, False, True], [True, False, False]], None, {"classes": 3}),),
    source="indicator of a class; Bishop, Pattern Recognition and Machine Learning, section 4.1.2",
)  # fmt: skip
