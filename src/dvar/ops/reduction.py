"""Rows that reduce axes: sum, mean, prod, max, …  ``axis`` None is all axes, as in NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, product
from dvar.core.node import Node
from dvar.core.op import (
    ATOM,
    MATMUL,
    MUL,
    REALS,
    Adjoint,
    Array,
    Edge,
    Kink,
    Linear,
    Notation,
    Op,
    as_nodes,
    size_of,
)
from dvar.ops.arithmetic import equal
from dvar.ops.elementwise import sqrt
from dvar.ops.selection import ROCKAFELLAR, divide_no_nan, where
from dvar.ops.shaping import (
    LETTERS,
    broadcast_to,
    normal_axes,
    reshape,
    transpose,
)

# ── what all reductions share ───────────────────────────────────────────────────────────────────


def reduce_sentence(
    shapes: Sequence[Shape], axis: Any = None, keepdims: bool = False, **_: Any
) -> str:
    """``a b -> a`` for axis 1 of a matrix; ``a b -> a 1`` when the axis is kept."""
    names = LETTERS[: len(shapes[0])]
    gone = normal_axes(axis, len(names), "a reduction")
    kept = ["1" if a in gone else name for a, name in enumerate(names)]
    return f"{' '.join(names)} -> {' '.join(k for k in kept if keepdims or k != '1')}"


def same_sentence(shapes: Sequence[Shape], **_: Any) -> str:
    """``a b -> a b``: the shape stays, though the elements mix (so the row is not elementwise)."""
    names = " ".join(LETTERS[: len(shapes[0])])
    return f"{names} -> {names}"


def build_reduction(
    op: Op, x: Any, axis: Any = None, keepdims: bool = False, **params: Any
) -> Node:
    """Public signature of every reduction; all axes are written as None, so equal sums are one node."""
    (x,) = as_nodes([x])
    axes = normal_axes(axis, x.ndim, op.name)
    everything = len(axes) == x.ndim
    return op.node(
        x, axis=None if everything else axes, keepdims=bool(keepdims and x.ndim), **params
    )


def build_trivial_on_scalars(op: Op, x: Any, axis: Any = None, keepdims: bool = False) -> Node:
    """The same for a reduction that leaves one number as it is."""
    (x,) = as_nodes([x])
    out = build_reduction(op, x, axis, keepdims)
    return x if not x.ndim and x.dtype == out.dtype else out


def kept_shape(x: Node, axis: Any) -> Shape:
    """The shape of a reduction of ``x`` with its axes kept as ones."""
    gone = normal_axes(axis, x.ndim, "a reduction")
    return tuple(1 if a in gone else size for a, size in enumerate(x.shape))


def leaves_axes(x: Node, axis: Any) -> bool:
    """Whether the result must keep its axes to stand beside ``x``: a single number need not."""
    return len(normal_axes(axis, x.ndim, "a reduction")) < x.ndim


def spread(g: Node, x: Node, axis: Any) -> Node:
    """A reduced array (axes kept or not) put beside ``x``: its axes kept as ones."""
    return reshape(g, kept_shape(x, axis)) if g.ndim else g


def count(x: Node, axis: Any, ddof: int = 0) -> Node:
    """How many elements are reduced (less ``ddof``), as a number: ``m`` stays ``m``."""
    sizes = [x.shape[a] for a in normal_axes(axis, x.ndim, "a reduction")]
    return size_of(product(sizes) - ddof, x.dtype if x.is_float else "float64")


def over_axes(symbol: str) -> Callable[[Sequence[str], Node], str]:
    r"""LaTeX of a reduction: ``\max\left(x\right)``, with the axis as a subscript where it is not all."""

    def latex(operands: Sequence[str], node: Node) -> str:
        return rf"{symbol}{axis_mark(node)}\left({operands[0]}\right)"

    return latex


def axis_mark(node: Node) -> str:
    """The axis as a subscript; nothing for all of them."""
    axis = node.param("axis")
    if axis is None:
        return ""
    axes = axis if isinstance(axis, tuple) else (axis,)
    word = "axis" if len(axes) == 1 else "axes"
    return rf"_{{\mathrm{{{word}\,{', '.join(map(str, axes))}}}}}"


# ── sum and mean ────────────────────────────────────────────────────────────────────────────────


def _sum_transpose(g: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    return (broadcast_to(spread(g, x, axis), x.shape),)


def _mean_transpose(g: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    return (broadcast_to(spread(g / count(x, axis), x, axis), x.shape),)


def _expand_mean(x: Node, axis: Any, keepdims: bool) -> Node:
    return sum(x, axis, keepdims) / count(x, axis)


# A large operator reaches over a product, so beside a factor it needs parentheses itself: MATMUL.
# fmt: off
sum = Op(
    "sum", reduce_sentence, lambda x, axis, keepdims: np.sum(x, axis=axis, keepdims=keepdims),
    Linear(_sum_transpose), build_trivial_on_scalars,
    notation=Notation(None, lambda xs, node: rf"\sum{axis_mark(node)} {xs[0]}", MATMUL, (), (MUL,)),
    dtype="number", domain=(REALS,), numpy=("sum",),
    edges=(Edge(([1.0, 2.0],), 3.0, ([1.0, 1.0],)),), source="sum rule: d(sum x)/dx_i = 1",
)
mean = Op(
    "mean", reduce_sentence, lambda x, axis, keepdims: np.mean(x, axis=axis, keepdims=keepdims),
    Linear(_mean_transpose), build_trivial_on_scalars, expand=_expand_mean,
    notation=Notation(None, over_axes(r"\operatorname{mean}")),
    dtype="float", domain=(REALS,), aliases=("average", "avg"), numpy=("mean",),
    edges=(Edge(([1.0, 2.0, 6.0, 7.0],), 4.0, ([0.25, 0.25, 0.25, 0.25],)),),
    source="sum rule: d(mean x)/dx_i = 1/n",
)
# fmt: on


def sum_to(share: Node, shape: Shape) -> Node:
    """Undo broadcasting: the sum over every axis along which ``shape`` was repeated."""
    if share.shape == shape:
        return share
    extra = share.ndim - len(shape)
    if extra:
        share = sum(share, axis=tuple(range(extra)))
    ones = tuple(a for a, s in enumerate(shape) if s == 1 and share.shape[a] != 1)
    return sum(share, axis=ones, keepdims=True) if ones else share


# ── variance ────────────────────────────────────────────────────────────────────────────────────


def _build_var(op: Op, x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Node:
    """NumPy's signature, with the axes first; ``ddof=1`` divides by n - 1."""
    return build_reduction(op, x, axis, keepdims, ddof=int(ddof))


def _var(x: Array, axis: Any, ddof: int, keepdims: bool) -> Any:
    # NumPy's own takes the magnitude of complex numbers, which a complex step cannot follow.
    d = x - np.mean(x, axis=axis, keepdims=True)
    n = math.prod(np.shape(x) if axis is None else [np.shape(x)[a] for a in axis])
    with np.errstate(all="ignore"):
        return np.sum(d * d, axis=axis, keepdims=keepdims) / np.asarray(n - ddof, d.real.dtype)


def _deviation(x: Node, axis: Any) -> Node:
    return x - mean(x, axis, keepdims=leaves_axes(x, axis))


def _var_adjoint(
    g: Node, out: Node, x: Node, axis: Any, ddof: int, keepdims: bool
) -> Sequence[Node]:
    # The mean moves too, but the deviations sum to zero, so that path adds nothing.
    return (spread(g, x, axis) * (2 * _deviation(x, axis) / count(x, axis, ddof)),)


def _std_adjoint(
    g: Node, out: Node, x: Node, axis: Any, ddof: int, keepdims: bool
) -> Sequence[Node]:
    scale = count(x, axis, ddof) * spread(out, x, axis)
    return (spread(g, x, axis) * divide_no_nan(_deviation(x, axis), scale),)


def _expand_var(x: Node, axis: Any, ddof: int, keepdims: bool) -> Node:
    return sum(_deviation(x, axis) ** 2, axis, keepdims) / count(x, axis, ddof)


def _is_level(x: Array, axis: Any = None, **_: Any) -> Any:
    """Where all deviations are zero."""
    return np.broadcast_to(np.ptp(x, axis=axis, keepdims=True) == 0, np.shape(x))


# fmt: off
var = Op(
    "var", reduce_sentence, _var, Adjoint(_var_adjoint), _build_var, expand=_expand_var,
    notation=Notation(None, over_axes(r"\operatorname{Var}")),
    dtype="float", domain=(REALS,), aliases=("variance",), numpy=("var",),
    edges=(
        Edge(([1.0, 2.0, 3.0, 4.0],), 1.25, ([-0.75, -0.25, 0.25, 0.75],)),
        Edge(([1.0, 3.0],), 2.0, ([-2.0, 2.0],), {"ddof": 1}),
    ),
    source="chain rule on the mean of squares; Ioffe & Szegedy 2015, Batch normalization, section 3",
)
std = Op(
    "std", reduce_sentence, lambda x, **kw: np.sqrt(_var(x, **kw)), Adjoint(_std_adjoint), _build_var,
    expand=lambda x, axis, ddof, keepdims: sqrt(var(x, axis, ddof, keepdims)),
    notation=Notation(None, over_axes(r"\operatorname{std}")),
    dtype="float", domain=(REALS,), numpy=("std",),
    kinks=(Kink("all elements are equal", _is_level, 0.0, (-1.0, 1.0), "the length of the zero vector: 0 is a subgradient"),),
    edges=(Edge(([1.0, 3.0],), 1.0, ([-0.5, 0.5],)), Edge(([2.0, 2.0],), 0.0, ([0.0, 0.0],))),
    source=f"chain rule: std = sqrt(var); at zero {ROCKAFELLAR}",
)
# fmt: on

# ── product ─────────────────────────────────────────────────────────────────────────────────────


def _prod_adjoint(g: Node, out: Node, x: Node, axis: Any, keepdims: bool) -> Sequence[Node]:
    # g * out / x would be 0/0 where an element is zero; the product of the others is right everywhere.
    return (spread(g, x, axis) * product_of_others(x, axis),)


prod = Op(
    "prod", reduce_sentence, lambda x, axis, keepdims: np.prod(x, axis=axis, keepdims=keepdims),
    Adjoint(_prod_adjoint), build_trivial_on_scalars,
    notation=Notation(None, lambda xs, node: rf"\prod{axis_mark(node)} {xs[0]}", MATMUL, (), (ATOM,)),
    dtype="number", domain=(REALS,), numpy=("prod",),
    edges=(
        Edge(([0.0, 2.0, 3.0],), 0.0, ([6.0, 0.0, 0.0],)),
        Edge(([0.0, 0.0, 3.0],), 0.0, ([0.0, 0.0, 0.0],)),
        Edge(([2.0],), 2.0, ([1.0],)),
    ),
    source="product rule",
)  # fmt: skip


def _build_others(op: Op, x: Any, axis: Any = None) -> Node:
    (x,) = as_nodes([x])
    axes = normal_axes(axis, x.ndim, op.name)
    return op.node(x, axis=None if len(axes) == x.ndim else axes)


def _others(x: Array, axis: Any) -> Any:
    """The products of what is before and of what is after each element, in linear time."""
    axes = tuple(range(np.ndim(x))) if axis is None else axis
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, last)
    kept = moved.shape[: np.ndim(x) - len(axes)]
    rows = moved.reshape(*kept, math.prod(moved.shape[len(kept) :]))
    before, after = np.ones_like(rows), np.ones_like(rows)
    np.cumprod(rows[..., :-1], axis=-1, out=before[..., 1:])
    np.cumprod(rows[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return np.moveaxis((before * after).reshape(moved.shape), last, axes)


def _expand_others(x: Node, axis: Any) -> Node:
    """A square array with every row the elements and ones on the diagonal; the product of each row."""
    from dvar.ops.moving import eye

    axes = normal_axes(axis, x.ndim, "product_of_others")
    order = [a for a in range(x.ndim) if a not in axes] + list(axes)
    moved = transpose(x, order)
    kept = moved.shape[: x.ndim - len(axes)]
    n = product(moved.shape[len(kept) :])
    square = where(equal(eye(n), 1), 1, reshape(moved, (*kept, 1, n)))
    others = reshape(prod(square, axis=-1), moved.shape)
    return transpose(others, [order.index(a) for a in range(x.ndim)])


product_of_others: Op = Op(
    "product_of_others", same_sentence, _others, None, _build_others, expand=_expand_others,
    notation=Notation(None, lambda xs, node: rf"\prod{axis_mark(node)}^{{\neq}} {xs[0]}", MATMUL, (), (ATOM,)),
    domain=(REALS,),
    edges=(Edge(([0.0, 2.0, 3.0],), [6.0, 0.0, 0.0], ([5.0, 3.0, 2.0],)), Edge(([7.0],), [1.0], ([0.0],))),
    source="product rule: the factor that each element is multiplied by",
)  # fmt: skip
