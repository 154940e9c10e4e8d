"""Rewrites: the ways in which single nodes become others that read better; ``identities`` says what each equates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

import numpy as np

from dvar.core.dims import Shape, product
from dvar.core.node import Literal, Node, substituted
from dvar.core.op import CONSTANT, Linear, Multilinear, constant, number, size_of
from dvar.ops import TABLE
from dvar.ops.arithmetic import multiply, negative, power, subtract
from dvar.ops.contraction import matmul, outer
from dvar.ops.elementwise import log
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to, normal_axes, reshape, swap_last, transpose
from dvar.ops.special import xlogy
from dvar.ops.subscript import FULL, Slot

Rewrite: TypeAlias = "Callable[[Node], Node | None]"


# ── what the rewrites look for ──────────────────────────────────────────────────────────────────


def _filling(x: Node) -> Node | None:
    """The scalar with which an array is filled, None where elements may differ."""
    of_one = x.inputs[0] if x.op in (broadcast_to, reshape) else x
    if of_one is not x and all(s == 1 for s in of_one.shape):
        return reshape(of_one, ())
    return None


def _is_zero(x: Node) -> bool:
    if x.op is CONSTANT:
        return not x.param("value").array.any()
    return x.op is broadcast_to and _is_zero(x.inputs[0])


def _linear_operands(x: Node) -> tuple[tuple[int, ...], bool]:
    """The operands in which a row is linear, and whether in each alone (else in all together)."""
    rule = x.op.derivative
    everything = tuple(range(len(x.inputs)))
    if isinstance(rule, Multilinear):
        return everything, True
    if isinstance(rule, Linear):
        operands = everything if rule.operands is None else rule.operands
        return operands, len(operands) == 1
    return (), False


def _replaced(node: Node, n: int, x: Node) -> Node:
    """The node with another operand ``n`` of the same shape."""
    operands = (*node.inputs[:n], x, *node.inputs[n + 1 :])
    return node.with_inputs(*operands)


def _is_total(x: Node) -> bool:
    """Whether a number comes out whatever goes in: no row underneath has a domain of its own."""
    stack, seen = [x], {x}
    while stack:
        node = stack.pop()
        whole = node.op is power and (number(node.inputs[1]) or 0) in (1, 2, 3, 4)
        if not whole and any(d.text for d in node.op.domain):
            return False
        fresh = [i for i in node.inputs if i not in seen]
        seen.update(fresh)
        stack += fresh
    return True


# ── rewrites ────────────────────────────────────────────────────────────────────────────────────


def zero_of_linear(node: Node) -> Node | None:
    operands, alone = _linear_operands(node)
    zeros = [_is_zero(node.inputs[n]) for n in operands]
    if node.is_float and zeros and (any(zeros) if alone else all(zeros)):
        return broadcast_to(constant(0.0, node.dtype), node.shape)
    return None


def minus_out(node: Node) -> Node | None:
    operands, alone = _linear_operands(node)
    for n in operands if alone else ():
        x = node.inputs[n]
        if x.op is negative:
            return negative(_replaced(node, n, x.inputs[0]))
        value = number(x)
        if x.op is CONSTANT and x.is_float and value is not None and value < 0:
            return negative(_replaced(node, n, constant(-value, x.dtype)))
    return None


def double_transpose(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not transpose:
        return None
    inner = x.param("axes")
    return transpose(x.inputs[0], [inner[a] for a in node.param("axes")])


def transposed_product(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not matmul or x.ndim != 2 or any(i.ndim != 2 for i in x.inputs):
        return None
    a, b = x.inputs
    return matmul(swap_last(b), swap_last(a)) if transpose in (a.op, b.op) else None


def transposed_outer(node: Node) -> Node | None:
    (x,) = node.inputs
    return outer(x.inputs[1], x.inputs[0]) if x.op is outer else None


def moved_filling(node: Node) -> Node | None:
    """Moving equal elements about changes nothing but the shape."""
    value = _filling(node.inputs[0])
    return None if value is None else broadcast_to(value, node.shape)


def sum_of_repeated(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not broadcast_to:
        return None
    inner = reshape(x.inputs[0], (1,) * (x.ndim - x.inputs[0].ndim) + x.inputs[0].shape)
    axes = normal_axes(node.param("axis"), x.ndim, "sum")
    repeated = [a for a in axes if inner.shape[a] != x.shape[a]]
    if not repeated:
        return None
    count = size_of(product(x.shape[a] for a in repeated), node.dtype)
    inside = sum_(inner, axis=axes, keepdims=node.param("keepdims"))
    return broadcast_to(multiply(count, inside), node.shape)


def sum_of_nothing(node: Node) -> Node | None:
    (x,) = node.inputs
    axes = normal_axes(node.param("axis"), x.ndim, "sum")
    return reshape(x, node.shape) if all(x.shape[a] == 1 for a in axes) else None


def sum_of_sum(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not sum_ or node.param("axis") is not None:
        return None
    return reshape(sum_(x.inputs[0]), node.shape)


def sum_of_moved(node: Node) -> Node | None:
    """All elements summed: their order does not matter."""
    (x,) = node.inputs
    moves = x.op in (transpose, reshape) or x.op.name == "scatter_add"
    if not moves or node.param("axis") is not None:
        return None
    return reshape(sum_(x.inputs[0]), node.shape)


def reshape_of_reshape(node: Node) -> Node | None:
    (x,) = node.inputs
    moved = x.op is reshape or (x.op is transpose and sum(s != 1 for s in x.shape) < 2)
    return reshape(x.inputs[0], node.shape) if moved else None


def logistic(node: Node) -> Node | None:
    """The slope of ``logaddexp(0, z)``, the stable way to write log(1 + e^z)."""
    (x,) = node.inputs
    if x.op is not subtract or x.inputs[1].op is not TABLE["logaddexp"]:
        return None
    z, (first, second) = x.inputs[0], x.inputs[1].inputs
    if {number(first), number(second)} >= {0} and z in (first, second):
        return TABLE["sigmoid"](z)
    return None


def reshape_of_elementwise(node: Node) -> Node | None:
    """``reshape(1 - y)`` is ``1 - reshape(y)`` where ``reshape(y)`` is y, or a sum that keeps its axes."""
    (x,) = node.inputs
    return _moved_inside(x, node.shape) if x.op.is_elementwise else None


def _moved_inside(x: Node, shape: Shape) -> Node | None:
    """The reshape of a node with nothing to read of it but at inputs and parts of arrays."""
    if not x.shape:
        return x
    if not x.inputs or x.op.name == "getitem":
        return reshape(x, shape)
    if not x.op.is_elementwise:
        return _other_sum(x, shape)
    arrays = [operand for operand in x.inputs if operand.shape]
    if any(operand.shape != x.shape for operand in arrays):
        return None
    moved = [_moved_inside(operand, shape) for operand in x.inputs]
    found = [y for y in moved if y is not None]
    return x.with_inputs(*found) if len(found) == len(moved) and len(arrays) == 1 else None


def reshape_of_sum(node: Node) -> Node | None:
    return _other_sum(node.inputs[0], node.shape)


def _other_sum(x: Node, shape: Shape) -> Node | None:
    """A sum that keeps its axes for one that does not, or the other way round."""
    if x.op is not sum_:
        return None
    other = sum_(x.inputs[0], axis=x.param("axis"), keepdims=not x.param("keepdims"))
    return other if other.shape == shape else None


def one_of_each_row(node: Node) -> Node | None:
    """What ``p[arange(n), y]`` sends back: a number for each row, at the place of its label."""
    index, (values, *labels) = node.param("index"), node.inputs
    if len(index) != 2 or values.ndim != 1 or not isinstance(index[0], Literal):
        return None
    rows, places = index[0].array, index[1]
    if isinstance(places, Literal) and (places.array >= 0).all():
        labels = [constant(places.array)]
    fits = isinstance(places, (Literal, Slot)) and labels and labels[0].shape == values.shape
    if not fits or not np.array_equal(rows, np.arange(len(rows))) or values.shape != node.shape[:1]:
        return None
    return multiply(reshape(values, (len(rows), 1)), TABLE["one_hot"](labels[0], node.shape[1]))


def along_one(node: Node) -> Node | None:
    """What is put at the only place of an axis: nothing but the shape changes."""
    (values, *slots), index = node.inputs, node.param("index")
    sizes = zip(index, node.shape, strict=True)
    alone = all(item == FULL or (isinstance(item, int) and size == 1) for item, size in sizes)
    return reshape(values, node.shape) if alone and not slots else None


def diagonal_of_filling(node: Node) -> Node | None:
    value = _filling(node.inputs[0])
    if value is None or node.inputs[0].ndim != 1 or node.param("k"):
        return None
    return multiply(value, TABLE["eye"](node.shape[0]))


def sum_of_one_hot(node: Node) -> Node | None:
    """Every label is in one class."""
    (hot,) = node.inputs
    if hot.op is multiply:
        one, hot = hot.inputs
        hot = hot if number(one) == 1 else node.inputs[0]
    if hot.op.name != "one_hot" or hot.shape != node.inputs[0].shape:
        return None
    axes = normal_axes(node.param("axis"), hot.ndim, "sum")
    if axes != (hot.param("axis") % hot.ndim,):
        return None
    return broadcast_to(constant(1.0 if node.is_float else 1, node.dtype), node.shape)


def product_with_filling(node: Node) -> Node | None:
    a, b = node.inputs
    for n, (filled, other) in enumerate(((a, b), (b, a))):
        value = _filling(filled)
        if value is not None and filled.ndim <= 2 and other.ndim <= 2:
            axis = (0 if n == 0 else 1) if other.ndim == 2 else None
            keep = other.ndim == filled.ndim == 2
            total = multiply(value, sum_(other, axis=axis, keepdims=keep))
            return broadcast_to(total, node.shape)
    return None


def masked(node: Node) -> Node | None:
    condition, x, other = node.inputs
    fits = node.is_float and x.is_float and x.dtype == node.dtype
    if fits and _is_zero(other) and _is_total(x):
        return _shaped(multiply(x, condition), node)
    return None


def product_with_identity(node: Node) -> Node | None:
    a, b = node.inputs
    for one, other in ((a, b), (b, a)):
        is_square = one.op.name == "eye" and one.param("rows") == one.param("columns")
        if is_square and not one.param("k") and other.shape == node.shape:
            return other if other.dtype == node.dtype else None
    return None


def _shaped(x: Node, like: Node) -> Node:
    return x if x.shape == like.shape else broadcast_to(x, like.shape)


def inverse(name: str) -> Rewrite:
    def rewrite(node: Node) -> Node | None:
        (x,) = node.inputs
        fits = x.op.name == name and x.inputs[0].dtype == node.dtype
        return x.inputs[0] if fits else None

    return rewrite


def with_products(root: Node, beneath: Sequence[Node], stops: Collection[Node]) -> Node:
    """``x log y`` for ``xlogy(x, y)``: they differ only where x is 0, and y is too or is negative.

    ``beneath`` is what lies under the root, operands first, down to the stops.
    """
    by: dict[Node, Node] = {}
    for node in beneath:
        if node.op is xlogy and node not in stops:
            x, y = substituted(node.inputs, by)
            by[node] = x * log(y)
    return substituted([root], by)[0] if by else root
