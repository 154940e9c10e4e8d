"""A graph in the rows that machine code is made of: rows with a name of their own are written out.

What a row's ``expand`` says is taken where it is as exact as its forward; the others have a form here that
does not overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.node import Literal, Node, topological
from dvar.core.op import CONSTANT, Array, Constant, Op, constant, number
from dvar.derive.custom import custom_vjp
from dvar.engine.native import logistic, order
from dvar.engine.native.inline import inlined, part_of_joined
from dvar.engine.native.joined import joined
from dvar.engine.native.known import known_sums
from dvar.engine.native.roots import without_root
from dvar.engine.reference import evaluate
from dvar.ops.activation import sigmoid, softplus
from dvar.ops.arithmetic import divide, equal, multiply
from dvar.ops.contraction import outer
from dvar.ops.elementwise import exp, log, logaddexp
from dvar.ops.extremes import max as max_
from dvar.ops.extremes import one_hot
from dvar.ops.indexing import getitem, scatter_add, take_along_axis
from dvar.ops.losses import cross_entropy
from dvar.ops.moving import arange
from dvar.ops.normalise import log_softmax, logsumexp, softmax
from dvar.ops.reduction import leaves_axes, mean, spread
from dvar.ops.reduction import sum as sum_
from dvar.ops.selection import where
from dvar.ops.shaping import broadcast_to, reshape
from dvar.ops.sorting import argsort, sort
from dvar.ops.subscript import FULL, Slot

# So many times the elements that there are may be looked at to add them up where they belong.
UNEVEN = 2


def _without_nan(top: Node) -> Node:
    """A shift that is no infinity: where all are -inf, nothing is taken off."""
    return where(equal(top - top, 0), top, 0)


def _softmax(x: Node, axis: Any) -> Node:
    keep = leaves_axes(x, axis)
    e = exp(x - _without_nan(max_(x, axis, keepdims=keep)))
    return e / sum_(e, axis, keepdims=keep)


def _log_softmax(x: Node, axis: Any) -> Node:
    keep = leaves_axes(x, axis)
    moved = x - _without_nan(max_(x, axis, keepdims=keep))
    return moved - log(sum_(exp(moved), axis, keepdims=keep))


def _logsumexp(x: Node, axis: Any, keepdims: bool) -> Node:
    top = _without_nan(max_(x, axis, keepdims=keepdims))
    return top + log(sum_(exp(x - spread(top, x, axis)), axis, keepdims=keepdims))


def _cross_entropy(z: Node, y: Node, axis: int, reduction: str) -> Node:
    share = where(equal(y, 0), 0, y * log_softmax(z, axis))
    return -sum_(share, axis)


def _one_hot(y: Node, classes: int, axis: int) -> Node:
    place = axis % (y.ndim + 1)
    shape = (*y.shape[:place], 1, *y.shape[place:])
    row = reshape(arange(classes), (classes,) + (1,) * (y.ndim - place))
    return equal(reshape(y, shape), row)


def _outer(x: Node, y: Node) -> Node:
    return multiply(reshape(x, (*x.shape, 1)), y)


def _getitem(x: Node, *slots: Node, index: Any) -> Node:
    """Positions that are known become an array, as those are that are computed."""
    if x.ndim == 1 and slots and slots[0].op is inverse_order:
        return placed.node(x, slots[0].inputs[0], axis=0)
    taken = [n for n, item in enumerate(index) if item != FULL]
    if len(taken) != 1 or not isinstance(index[taken[0]], Literal):
        return getitem.node(x, *slots, index=index)
    (axis,) = taken
    places = constant(index[axis].array % x.shape[axis], "int64")
    return getitem.node(x, places, index=(*index[:axis], Slot(1), *index[axis + 1 :]))


def _scatter_add(values: Node, *slots: Node, shape: Any, index: Any) -> Node:
    """What comes to a place of known positions is taken from where it is, and added up."""
    there = scatter_add.node(values, *slots, shape=shape, index=index)
    held = [n for n, item in enumerate(index) if item != FULL]
    if len(held) != 1 or not isinstance(index[held[0]], Literal) or not values.is_float:
        return there
    (axis,) = held
    places = index[axis].array % shape[axis]
    sources = _sources(places.ravel(), shape[axis])
    if sources is None:
        return there
    where_from, is_one = sources
    rest = values.shape[axis + places.ndim :]
    flat = reshape(values, (*values.shape[:axis], places.size, *rest))
    taken = getitem(flat, (slice(None),) * axis + (where_from,))
    if not is_one.all():
        taken = where(is_one.reshape(is_one.shape + (1,) * len(rest)), taken, 0)
    return sum_(taken, axis + 1)


def _sources(places: Array, size: int) -> tuple[Array, Array] | None:
    """size × most: which elements come to a place, in their order, and which of these there are.

    None if some place gets so many more than others that most would be none.
    """
    counts = np.bincount(places, minlength=size)
    most = int(counts.max(initial=0))
    if not most or size * most > UNEVEN * places.size:
        return None
    is_one = np.arange(most) < counts[:, None]
    where_from = np.zeros((size, most), int)
    where_from[is_one] = np.argsort(places, kind="stable")
    return where_from, is_one


def _mean(x: Node, axis: Any, keepdims: bool) -> Node:
    total = sum_(x, axis, keepdims)
    return divide(total, _size(x, axis)) if x.shape else total


def _size(x: Node, axis: Any) -> float:
    count = 1
    for a in range(x.ndim) if axis is None else axis:
        count *= int(x.shape[a])  # type: ignore[arg-type]
    return float(count)


# The order of an order says where each element went; it needs no sorting.
inverse_order = Op("inverse_order", argsort.axes, order.inverse, Constant(), dtype="int64")
# What is taken along the inverse of an order is put where the order says.
placed = Op("placed", "i, i -> i", order.placed, Constant(), dtype="first")


def _argsort(x: Node, axis: int) -> Node:
    if x.op is argsort and x.param("axis") == axis:
        return inverse_order.node(x, axis=axis)
    return argsort.node(x, axis=axis)


def _sort(x: Node, axis: int) -> Node:
    """Taken along the order, which a gradient needs as well."""
    if x.shape[axis] >= order.MANY:  # type: ignore[operator]  # a number here
        return take_along_axis(x, argsort(x, axis), axis)
    return sort.node(x, axis=axis)


_FORMS: dict[Any, Callable[..., Node]] = {
    softmax: _softmax,
    log_softmax: _log_softmax,
    logsumexp: _logsumexp,
    cross_entropy: _cross_entropy,
    one_hot: _one_hot,
    outer: _outer,
    sigmoid: logistic.sigmoid,
    softplus: logistic.softplus,
    logaddexp: logistic.log_of_sum,
    mean: _mean,
    getitem: _getitem,
    scatter_add: _scatter_add,
    argsort: _argsort,
    sort: _sort,
    custom_vjp: lambda out, *_, **__: out,
}
# Rows whose expansion is less exact, or slower, than their forward.
_AS_THEY_ARE = frozenset(("sort", "top_k", "product_of_others", "cofactor", "gelu"))


def rewritten(roots: Sequence[Node]) -> list[Node]:
    """The roots in plainer rows."""
    roots = joined(roots)
    new: dict[Node, Node] = {}
    for node in topological(roots):
        share = logistic.as_share(node)
        if share is not None:
            x, y = share
            new[node] = _plain(sigmoid(new[x] - new[y]), [new[x] - new[y]])
        else:
            new[node] = _plain(node, [new[x] for x in node.inputs])
    return known_sums([new[root] for root in roots])


def _plain(node: Node, inputs: list[Node]) -> Node:
    if not inputs:
        return node
    op = node.op
    written = inlined(node, inputs, rewritten)
    if written is not None:
        return rewritten_body(written, inputs)
    shorter = _shorter(node, inputs)
    if shorter is not None:
        return shorter
    form = _FORMS.get(op)
    if form is None and op.native is None and op.name not in _AS_THEY_ARE:
        form = op.expand
    if form is not None:
        body = form(*inputs, **dict(node.params))
        return body if body.op is op else rewritten_body(body, inputs)
    if op.is_elementwise and all(is_number(x) for x in inputs):
        (value,) = evaluate([op.node(*inputs, **dict(node.params))], {})
        return constant(value, node.dtype)
    if op is divide and inputs[0].op is multiply:
        divided = _divided_before(node, inputs[0], inputs[1])
        if divided is not None:
            return divided
    if op is multiply:
        for x, one in (inputs, reversed(inputs)):
            if is_one(one) and x.shape == node.shape and x.dtype == node.dtype:
                return x
    return node if tuple(inputs) == node.inputs else op.node(*inputs, **dict(node.params))


def _shorter(node: Node, inputs: list[Node]) -> Node | None:
    """The same with less work, where its operands say how."""
    part = part_of_joined(node, inputs)
    return without_root(node, inputs) if part is None else part


def _divided_before(node: Node, product: Node, by: Node) -> Node | None:
    """``(number * mask) / by`` as ``(number / by) * mask``: the same bits, and one division for many elements."""
    x, y = product.inputs
    number, mask = (x, y) if y.dtype == "bool" else (y, x)
    while number.op is broadcast_to:
        (number,) = number.inputs
    is_mask = mask.dtype == "bool" and mask.shape == node.shape and number.is_float
    if not is_mask or number.dtype != node.dtype or node.shape in (number.shape, by.shape):
        return None
    return multiply.node(divide.node(number, by), mask)


def rewritten_body(body: Node, inputs: Sequence[Node]) -> Node:
    """The body of an expansion, its rows written out in turn; what is beneath it is done already."""
    new: dict[Node, Node] = {x: x for x in inputs}
    for node in topological([body], set(inputs)):
        if node not in new:
            new[node] = _plain(node, [new[x] for x in node.inputs])
    return new[body]


def is_number(node: Node) -> bool:
    return node.op is CONSTANT and not node.shape


def is_one(node: Node) -> bool:
    while node.op is broadcast_to or node.op is reshape:
        node = node.inputs[0]
    return node.op is CONSTANT and number(node) == 1
