"""Sums of arrays that are zero but for a part, as one array put together from the parts.

The gradient of ``x`` in a program that reads ``x[0]``, ``x[1:3]``, … is such a sum: every read puts its share
back into zeros of the whole shape.  Where the parts do not overlap nothing has to be added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dvar.core.node import Node, topological
from dvar.core.op import constant
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.schedule import users
from dvar.ops.arithmetic import add
from dvar.ops.indexing import scatter_add
from dvar.ops.joining import concatenate, stack
from dvar.ops.shaping import broadcast_to, reshape
from dvar.ops.subscript import FULL, Slice


@dataclass
class _Parts:
    """Zeros of the shape of ``like``, but for parts along one axis: start → size and what is there."""

    like: Node
    axis: int
    pieces: dict[int, tuple[int, Node]]

    def __post_init__(self) -> None:
        self.single = all(size == 1 for size, _ in self.pieces.values())

    def takes(self, other: _Parts) -> bool:
        """Takes in the parts of another, if it is alike and none overlap."""
        same = self.axis == other.axis and self.like.dtype == other.like.dtype
        if not same or self.like.shape != other.like.shape:
            return False
        if not self._has_room(other.pieces):
            everything = sorted((*self._ranges(), *other._ranges()))
            if any(a[1] > b[0] for a, b in pairwise(everything)):
                return False
        self.pieces.update(other.pieces)
        self.single = self.single and other.single
        return True

    def _has_room(self, one: dict[int, tuple[int, Node]]) -> bool:
        """Whether one place is free, where all parts are single places: a look instead of a sort."""
        if not self.single or len(one) > 1:
            return False
        ((start, (size, _)),) = one.items()
        return size == 1 and start not in self.pieces

    def _ranges(self) -> list[tuple[int, int]]:
        return [(start, start + size) for start, (size, _) in self.pieces.items()]

    def node(self, new: dict[Node, Node]) -> Node:
        """The parts side by side, with zeros between them."""
        shape, axis = sizes_of(self.like), self.axis
        places = sorted(self.pieces)
        if places == list(range(shape[axis])) and self.single:
            without = (*shape[:axis], *shape[axis + 1 :])
            return stack([reshape(new[self.pieces[n][1]], without) for n in places], axis)
        row, at = [], 0
        for start in [*places, shape[axis]]:
            if start > at:
                gap = (*shape[:axis], start - at, *shape[axis + 1 :])
                row.append(broadcast_to(constant(0, self.like.dtype), gap))
            if start in self.pieces:
                size, part = self.pieces[start]
                row.append(reshape(new[part], (*shape[:axis], size, *shape[axis + 1 :])))
                at = start + size
        return row[0] if len(row) == 1 else concatenate(row, axis)


def joined(roots: Sequence[Node]) -> list[Node]:
    """The roots, with such sums put together."""
    nodes = topological(roots)
    if not any(node.op is scatter_add for node in nodes):
        return list(roots)
    used, wanted = users(nodes), set(roots)
    parts: dict[Node, _Parts] = {}
    sums: dict[Node, _Parts] = {}
    for node in nodes:
        if node.op is scatter_add:
            found = _single_part(node)
            if found is not None:
                parts[node] = found
        elif node.op is add and all(x in parts for x in node.inputs):
            first, second = node.inputs
            # Parts that go on into a sum belong to it alone.
            alone = all(len(used[x]) == 1 and x not in wanted for x in node.inputs)
            if alone and first is not second and parts[first].takes(parts[second]):
                parts[node] = sums[node] = parts[first]
                for x in node.inputs:
                    sums.pop(x, None)
    new: dict[Node, Node] = {}
    for node in nodes:
        if node in sums:
            new[node] = sums[node].node(new)
        else:
            operands = tuple(new[x] for x in node.inputs)
            new[node] = node
            if operands != node.inputs:
                new[node] = Node.make(node.op, operands, node.params, node.shape, node.dtype)
    return [new[root] for root in roots]


def _single_part(node: Node) -> _Parts | None:
    """The part that a scatter fills, if it is a range of one axis."""
    if len(node.inputs) != 1:
        return None
    index = node.param("index")
    cut = [a for a, item in enumerate(index) if item != FULL]
    if len(cut) != 1:
        return None
    (axis,) = cut
    item, size = index[axis], sizes_of(node)[axis]
    if isinstance(item, Slice):
        start, stop, step = slice(*item).indices(size)
        if step != 1:
            return None
        return _Parts(node, axis, {start: (stop - start, node.inputs[0])})
    if isinstance(item, int):
        return _Parts(node, axis, {item % size: (1, node.inputs[0])})
    return None
