"""Derivatives side by side: a chain ∂L/∂a · ∂a/∂z joins over what its links share.

The order in which an author writes the links, and whether a transpose stands somewhere, does not matter to
a chain; only plain arrays beside it are laid out in rows and columns.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning.keys import unwrapped
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    reshaped,
    sizes,
    squeezed,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def contracted(
    e: Interpreter, values: list[Value], signs: list[str]
) -> tuple[list[Value], list[str]]:
    """The factors with every pair of links joined."""
    values, signs = list(values), list(signs)
    while True:
        pair = _pair(values)
        if pair is None:
            return values, signs
        first, second = pair
        joined = join(values[first], values[second])  # type: ignore[arg-type]
        low, high = min(first, second), max(first, second)
        values[low] = joined
        del values[high]
        del signs[high - 1]


def _pair(values: list[Value]) -> tuple[int, int] | None:
    for m, a in enumerate(values):
        if not isinstance(a, Jacobian):
            continue
        for n, b in enumerate(values):
            if m != n and isinstance(b, Jacobian) and links(a, b):
                return m, n
    return None


def links(a: Jacobian, b: Jacobian) -> bool:
    """Whether what ``a`` is differentiated by is what ``b`` differentiates."""
    return a.wrt == b.of and squeezed(a.wrt_shape) == squeezed(b.of_shape)


def join(a: Jacobian, b: Jacobian) -> Jacobian:
    """∂x/∂y · ∂y/∂z = ∂x/∂z, summed over every entry of y."""
    letters = iter(string.ascii_letters)
    of = "".join(next(letters) for _ in squeezed(a.of_shape))
    middle = "".join(next(letters) for _ in squeezed(a.wrt_shape))
    wrt = "".join(next(letters) for _ in squeezed(b.wrt_shape))
    if of or middle or wrt:
        node = TABLE["einsum"](f"{of}{middle},{middle}{wrt}->{of}{wrt}", a.node, b.node)
    else:
        node = TABLE["multiply"](a.node, b.node)
    return Jacobian(a.of, b.wrt, node, a.of_shape, b.wrt_shape)


def onto(value: Value, jacobian: Value) -> Node | None:
    """``(x - t) ∂x/∂W``: what is like x joins over the entries of x, where nothing shorter tells the derivative."""
    if isinstance(value, Jacobian) or not isinstance(jacobian, Jacobian) or jacobian.node.ndim < 3:
        return None
    of = squeezed(jacobian.of_shape)
    if not of or squeezed(sizes(value)) != of or slices(jacobian) is not None:
        return None
    inner, outer = "xy"[: len(of)], "abcd"[: len(squeezed(jacobian.wrt_shape))]
    rule = f"{inner},{inner}{outer}->{outer}"
    return reshaped(TABLE["einsum"](rule, reshaped(value, of), jacobian.node), jacobian.wrt_shape)


def summed(values: Sequence[Value]) -> Jacobian | None:
    """A sum of derivatives by the same thing is one; None where other things are among them."""
    jacobians = [v for v in values if isinstance(v, Jacobian)]
    first = jacobians[0] if jacobians else None
    if first is None or len(jacobians) < len(values) or len(values) < 2:
        return None
    if any(j.wrt != first.wrt or j.node.shape != first.node.shape for j in jacobians):
        return None
    node = first.node
    for j in jacobians[1:]:
        node = TABLE["add"](node, j.node)
    of = (
        first.of
        if all(j.of == first.of for j in jacobians)
        else ("sum", tuple(id(j.of) for j in jacobians))
    )
    return Jacobian(of, first.wrt, node, first.of_shape, first.wrt_shape)


def as_node(e: Interpreter, jacobian: Jacobian) -> Node:
    """A derivative as a plain array, for a formula that multiplies it with others."""
    of, wrt = squeezed(jacobian.of_shape), squeezed(jacobian.wrt_shape)
    node = jacobian.node
    if not of:
        laid = reshaped(node, jacobian.wrt_shape) if wrt else node
        if e.world.numerator_layout and laid.ndim == 2:
            turned = TABLE["transpose"](laid)
            return e.choices.pick([("numerator layout", turned), ("denominator layout", laid)])
        return laid
    if not wrt:
        return reshaped(node, jacobian.of_shape)
    if len(of) == len(wrt) == 1:
        options = [("Jacobian", node), ("Jacobian, turned", TABLE["transpose"](node))]
        if of == wrt and is_diagonal(node):
            diagonal = reshaped(TABLE["diagonal"](node), jacobian.of_shape)
            options.insert(0, ("derivative of each element", diagonal))
        return e.choices.pick(options)
    if of == wrt and len(of) == 2:
        elementwise = per_element(jacobian)
        if elementwise is not None:
            return elementwise
    shorthand = slices(jacobian)
    if shorthand is not None:
        return e.choices.pick(shorthand)
    raise NotUnderstood("an array of derivatives with more than two axes")


def is_diagonal(node: Node) -> bool:
    value = Point(seed=77).value(node)
    if value is None or not np.all(np.isfinite(value.astype(float))):
        return False
    return bool(np.all(value[~np.eye(len(value), dtype=bool)] == 0))


def per_element(jacobian: Jacobian) -> Node | None:
    """Of a matrix by a matrix where each entry depends on its own one only."""
    shape = squeezed(jacobian.of_shape)
    size = int(np.prod(shape))
    square = reshaped(jacobian.node, (size, size))
    if not is_diagonal(square):
        return None
    return reshaped(TABLE["diagonal"](square), jacobian.of_shape)


def slices(jacobian: Jacobian) -> list[tuple[str, Node]] | None:
    """The array that repeats along a derivative of three or four axes: ``∂(Wx)/∂W`` is told by x.

    Every entry of ``of`` has derivatives in one row or column of ``wrt`` only, and they are the same for all.
    """
    of, wrt = squeezed(jacobian.of_shape), squeezed(jacobian.wrt_shape)
    if (len(of), len(wrt)) not in ((1, 2), (2, 2), (2, 1), (1, 1)):
        return None
    value = Point(seed=78).value(jacobian.node)
    if value is None or not np.all(np.isfinite(value.astype(float))):
        return None
    options: list[tuple[str, Node]] = []
    for a in range(len(of)):
        for b in range(len(wrt)):
            if of[a] != wrt[b]:
                continue
            first = _repeated(value.astype(float), a, len(of) + b)
            if first is None:
                continue
            axes = [k for k in range(len(of) + len(wrt)) if k not in (a, len(of) + b)]
            index: list[object] = [slice(None)] * (len(of) + len(wrt))
            index[a] = index[len(of) + b] = 0
            node = TABLE["getitem"](jacobian.node, tuple(index))
            if len(axes) == 1:
                n = value.shape[axes[0]]
                options.append(("as a column", reshaped(node, (n, 1))))
                options.append(("as a row", reshaped(node, (1, n))))
            elif len(axes) == 2:
                options.append(("as a matrix", node))
                options.append(("as a matrix, turned", TABLE["transpose"](node)))
    return options or None


def _repeated(
    value: np.ndarray[tuple[int, ...], np.dtype[np.float64]], a: int, b: int
) -> bool | None:
    """Whether the array is ``δ_{ab}`` times something without these two axes."""
    moved = np.moveaxis(value, (a, b), (0, 1))
    n = moved.shape[0]
    for i in range(n):
        for j in range(n):
            block = moved[i, j]
            if i != j and np.any(np.abs(block) > 1e-12):
                return None
            if i == j and not np.allclose(block, moved[0, 0], rtol=1e-9, atol=1e-12):
                return None
    return True


def stacked_name(wrt: t.Expr) -> t.Expr | None:
    """``X`` of ``vec(X)`` or ``vec(X)ᵀ``."""
    wrt = unwrapped(wrt)
    if isinstance(wrt, t.Call) and wrt.name == "vec" and len(wrt.args) == 1:
        return wrt.args[0]
    return None


def by_columns(value: Value) -> Value:
    """A derivative by a matrix as one by its columns on top of each other."""
    if not isinstance(value, Jacobian) or len(squeezed(value.wrt_shape)) != 2:
        return value
    axes = value.node.ndim
    order = (*range(axes - 2), axes - 1, axes - 2)
    length = value.wrt_shape[0] * value.wrt_shape[1]
    node = TABLE["transpose"](value.node, order)
    node = reshaped(node, (*squeezed(value.of_shape), length))
    return Jacobian(value.of, ("columns", value.wrt), node, value.of_shape, (length, 1))
