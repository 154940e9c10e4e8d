"""Rows: losses.  Each is one number per example; ``reduction`` says what becomes of the examples.

A loss node holds ``reduction="none"`` and the mean or the sum is a node of its own, so that a reader
sees where the 1/m comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, broadcast, show
from dvar.core.errors import ReadError, ShapeError
from dvar.core.node import Node
from dvar.core.op import (
    ADD,
    MUL,
    NONNEGATIVE,
    REALS,
    Adjoint,
    Array,
    Edge,
    Notation,
    Op,
    Partials,
    as_nodes,
    constant,
    interval,
)
from dvar.ops.activation import sigmoid, softplus
from dvar.ops.arithmetic import TWO
from dvar.ops.elementwise import LN2, log
from dvar.ops.extremes import one_hot
from dvar.ops.normalise import BISHOP, log_softmax, log_softmax_forward, softmax
from dvar.ops.reduction import count, leaves_axes, mean, reduce_sentence, spread
from dvar.ops.reduction import sum as sum_
from dvar.ops.selection import magnitude
from dvar.ops.shaping import broadcast_to, normal_axis

PROBABILITY = interval(0.0, 1.0, "0 < {0} < 1")
LABEL = interval(0.0, 1.0, "0 <= {0} <= 1", closed=True)


def _reduced(losses: Node, reduction: str, what: str) -> Node:
    if reduction == "none":
        return losses
    if reduction not in ("mean", "sum"):
        raise ReadError(
            f"{what}: reduction is {reduction!r}", hint='"mean", "sum" or "none" (one per example)'
        )
    return mean(losses) if reduction == "mean" else sum_(losses)


def _weighted(weight: Array, x: Array) -> Any:
    """weight · x, and 0 where the weight is 0 even if x is infinite: lim p log p = 0."""
    return np.where(weight == 0, 0, weight * np.where(weight == 0, 1, x))


# ── of two classes ──────────────────────────────────────────────────────────────────────────────


def _build_binary(op: Op, x: Any, y: Any, reduction: str = "mean") -> Node:
    """``y`` may lie between 0 and 1; the mean over all elements unless said otherwise."""
    return _reduced(op.node(x, y, reduction="none"), reduction, op.name)


def _binary(p: Array, y: Array, reduction: str) -> Any:
    return -(_weighted(y, np.log(p)) + _weighted(1 - y, np.log1p(-p)))


def _binary_partials(out: Node, p: Node, y: Node, reduction: str) -> Sequence[Node]:
    return ((1 - y) / (1 - p) - y / p, log(1 - p) - log(p))


# fmt: off
binary_cross_entropy = Op(
    "binary_cross_entropy", TWO, _binary, Partials(_binary_partials), _build_binary,
    expand=lambda p, y, reduction: -(y * log(p) + (1 - y) * log(1 - p)),
    notation=Notation(None, r"\operatorname{{BCE}}\left({0}, {1}\right)"), dtype="float",
    domain=(PROBABILITY, LABEL), aliases=("bce", "log_loss", "binary_crossentropy"),
    edges=(
        Edge((0.5, 1.0), LN2, (-2.0, 0.0)), Edge((0.5, 0.0), LN2, (2.0, 0.0)),
        Edge((1.0, 1.0), 0.0), Edge((0.0, 0.0), 0.0), Edge((0.0, 1.0), np.inf),
    ),
    source=f"{BISHOP}, eq. 4.90",
)
binary_cross_entropy_with_logits = Op(
    "binary_cross_entropy_with_logits", TWO,
    lambda z, y, reduction: np.maximum(z, 0) - y * z + np.log1p(np.exp(-magnitude(z))),
    Partials(lambda out, z, y, reduction: (sigmoid(z) - y, -z)), _build_binary,
    expand=lambda z, y, reduction: softplus(z) - y * z,
    notation=Notation(None, r"\operatorname{{BCE}}\left(\sigma\left({0}\right), {1}\right)"), dtype="float",
    domain=(REALS, LABEL), aliases=("bce_with_logits", "sigmoid_cross_entropy", "sigmoid_binary_cross_entropy"),
    edges=(
        Edge((800.0, 0.0), 800.0, (1.0, -800.0)), Edge((800.0, 1.0), 0.0, (0.0, -800.0)),
        Edge((-800.0, 1.0), 800.0, (-1.0, 800.0)), Edge((0.0, 1.0), LN2, (-0.5, 0.0)),
    ),
    source=f"{BISHOP}, eq. 4.90 and 4.91: the gradient is the error, sigmoid(z) - y",
)
# fmt: on

# ── of many classes ─────────────────────────────────────────────────────────────────────────────


def _build_cross_entropy(
    op: Op, logits: Any, labels: Any, axis: int = -1, reduction: str = "mean"
) -> Node:
    """Labels are one-hot rows or probabilities in the shape of the logits, or whole numbers of classes.

    ``axis`` is the axis of the classes; the mean is over the examples, as in PyTorch and JAX.
    """
    (z,) = as_nodes([logits])
    y = labels if isinstance(labels, Node) else constant(np.asarray(labels))
    if not z.ndim:
        raise ShapeError(
            f"{op.name}: one logit has no axis of classes",
            hint="binary_cross_entropy_with_logits(z, y) for two classes",
        )
    place = normal_axis(int(axis), z.ndim, op.name)
    examples = (*z.shape[:place], *z.shape[place + 1 :])
    if y.shape == examples:
        y = one_hot(y, z.shape[place], place)
    elif broadcast([y.shape, z.shape]) != z.shape:
        raise ShapeError(
            f"{op.name}: labels {show(y.shape)} for logits {show(z.shape)}",
            rule=f"probabilities are {show(z.shape)}; classes are {show(examples)}",
            hint=f"axis={place} is taken as the axis of the classes; another may be meant",
        )
    place = -1 if place == z.ndim - 1 else place
    losses = op.node(z, broadcast_to(y, z.shape), axis=place, reduction="none")
    return _reduced(losses, reduction, op.name)


def _cross_entropy_sentence(shapes: Sequence[Shape], axis: int, reduction: str) -> str:
    """``a b, a b -> a``"""
    left, _, right = reduce_sentence(shapes, axis).partition(" -> ")
    return f"{left}, {left} -> {right}"


def _cross_entropy(z: Array, y: Array, axis: int, reduction: str) -> Any:
    return -np.sum(_weighted(y, log_softmax_forward(z, axis)), axis=axis)


def _cross_entropy_adjoint(
    g: Node, out: Node, z: Node, y: Node, axis: int, reduction: str
) -> Sequence[Node]:
    # The textbook's softmax(z) - y is for labels that sum to one, which only a one-hot row must.
    predicted = softmax(z, axis)
    if y.op is not one_hot:
        predicted = predicted * sum_(y, axis, keepdims=leaves_axes(z, axis))
    upstream = spread(g, z, axis)
    return (upstream * (predicted - y), -upstream * log_softmax(z, axis))


def _expand_cross_entropy(z: Node, y: Node, axis: int, reduction: str) -> Node:
    return -sum_(y * log_softmax(z, axis), axis)


cross_entropy = Op(
    "cross_entropy", _cross_entropy_sentence, _cross_entropy, Adjoint(_cross_entropy_adjoint),
    _build_cross_entropy, expand=_expand_cross_entropy,
    notation=Notation(None, r"\operatorname{{CE}}\left({0}, {1}\right)"), dtype="float",
    domain=(REALS, NONNEGATIVE),
    aliases=("softmax_cross_entropy", "cross_entropy_with_logits", "softmax_cross_entropy_with_logits"),
    edges=(
        Edge(([0.0, 0.0], [1.0, 0.0]), LN2, ([-0.5, 0.5], [LN2, LN2])),
        Edge(([1000.0, 0.0], [0.0, 1.0]), 1000.0, ([1.0, -1.0], [0.0, 1000.0])),
        Edge(([-np.inf, 0.0], [0.0, 1.0]), 0.0),
    ),
    source=f"{BISHOP}, eq. 4.108 and 4.109",
)  # fmt: skip

# ── squared error ───────────────────────────────────────────────────────────────────────────────

# What the sum of squares is divided by: the number of elements, twice that, two, or nothing.
SCALES = ("mean", "half_mean", "half", "sum")


def _build_squared(op: Op, yhat: Any, y: Any, scale: str = "mean") -> Node:
    """One number; ``scale`` is the factor before the sum: 1/m, 1/(2m), 1/2 or 1."""
    if scale not in SCALES:
        raise ReadError(f"{op.name}: scale is {scale!r}", hint=", ".join(map(repr, SCALES)))
    return op.node(yhat, y, scale=scale)


def _squared(yhat: Array, y: Array, scale: str) -> Any:
    d = yhat - y
    total = np.sum(d * d)
    divisor = (np.size(d) if "mean" in scale else 1) * (2 if "half" in scale else 1)
    return total / np.asarray(divisor, total.real.dtype)


def _squared_adjoint(g: Node, out: Node, yhat: Node, y: Node, scale: str) -> Sequence[Node]:
    d = yhat - y
    slope = d if "half" in scale else 2 * d
    share = g * (slope / count(d, None) if "mean" in scale else slope)
    return (share, -share)


def _expand_squared(yhat: Node, y: Node, scale: str) -> Node:
    total = sum_((yhat - y) ** 2)
    if "mean" in scale:
        total = total / count(yhat - y, None)
    return total / 2 if "half" in scale else total


def _squared_latex(operands: Sequence[str], node: Node) -> str:
    left, right = operands
    scale = node.param("scale")
    half = r"\frac{1}{2} \, " if "half" in scale else ""
    if "mean" in scale:
        return rf"{half}\operatorname{{MSE}}\left({left}, {right}\right)"
    return rf"{half}\left\lVert {left} - {right} \right\rVert^{{2}}"


mean_squared_error = Op(
    "mean_squared_error", lambda shapes, scale: "... , ... ->", _squared, Adjoint(_squared_adjoint),
    _build_squared, expand=_expand_squared,
    notation=Notation(None, _squared_latex, MUL, (), (ADD, MUL)), dtype="float",
    domain=(REALS, REALS), aliases=("mse", "squared_error"),
    edges=(
        Edge(([1.0, 4.0], [0.0, 2.0]), 2.5, ([1.0, 2.0], [-1.0, -2.0])),
        Edge(([1.0, 4.0], [0.0, 2.0]), 1.25, ([0.5, 1.0], [-0.5, -1.0]), {"scale": "half_mean"}),
        Edge(([1.0, 4.0], [0.0, 2.0]), 2.5, ([1.0, 2.0], [-1.0, -2.0]), {"scale": "half"}),
        Edge(([1.0, 4.0], [0.0, 2.0]), 5.0, ([2.0, 4.0], [-2.0, -4.0]), {"scale": "sum"}),
    ),
    source=f"{BISHOP}, section 3.1.1",
)  # fmt: skip
