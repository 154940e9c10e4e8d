"""Arrays of numbers beside each other: in one shape, and equal as far as they are precise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dvar.check.judge.compare import arrays, varies
from dvar.check.meaning import chains
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import Jacobian, Value, sizes, squeezed
from dvar.core.node import Node
from dvar.core.op import Array


def value_at(node: Node, known: Mapping[Node, Array]) -> Array | None:
    """The value of a node where these numbers are known; None if they do not suffice."""
    value = Point(closed=True, known=known).value(node)
    if value is None or not np.all(np.isfinite(value.astype(float))):
        return None
    return value


def like(value: Array, other: Array) -> Array | None:
    """``value`` in the shape of ``other`` where only the orientation differs."""
    if value.shape == other.shape:
        return value
    if squeezed(value.shape) == squeezed(other.shape):
        return value.reshape(other.shape)
    if value.shape == () and other.shape == (1,):
        return value.reshape(1)
    if value.size == 1 and np.all(other == other.flat[0]):
        return np.broadcast_to(value, other.shape)
    return None


def like_node(value: Array, node: Node) -> Array | None:
    """``value`` in the shape of a node."""
    return like(np.asarray(value), np.zeros(sizes(node)))


def close(a: Array, b: Array, slack: Array) -> bool:
    """Whether two numbers agree within the slack, and a little for the arithmetic."""
    scale = np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= slack * 1.0000001 + 1e-9 * scale + 1e-12))


def is_each(nodes: Sequence[Node], number: Array) -> bool:
    """``∂z/∂b = 1`` of many examples: every entry of what a derivative is told by is that one number."""
    values = (Point().value(n) for n in nodes if not number.shape and not varies(n))
    return any(x is not None and bool(np.all(x == number)) for x in values)


def arrays_of(value: Value) -> list[Node]:
    """The arrays that a value may be meant as: a Jacobian in each layout, and slices of it."""
    if not isinstance(value, Jacobian):
        return [value]
    return [*(n for _, n in arrays(value)), *(n for _, n in chains.slices(value) or [])]
