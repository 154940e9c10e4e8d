"""Several arrays as one: a node has one result, so a row with many results makes one long vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from dvar.core.dims import Shape, Size, product
from dvar.core.node import Node
from dvar.ops.indexing import getitem
from dvar.ops.joining import concatenate
from dvar.ops.shaping import ravel, reshape


def packed_shape(shapes: Sequence[Shape]) -> Shape:
    """A single array keeps its shape; several become a vector of all their elements."""
    if len(shapes) == 1:
        return shapes[0]
    total: Size = 0
    for shape in shapes:
        total = total + product(shape)
    return (total,)


def pack(nodes: Sequence[Node]) -> Node:
    """Arrays of one type, one after the other."""
    return nodes[0] if len(nodes) == 1 else concatenate([ravel(node) for node in nodes])


def unpack(node: Node, shapes: Sequence[Shape]) -> list[Node]:
    """The arrays of these shapes again."""
    if len(shapes) == 1:
        return [node]
    ends: list[Size] = list(accumulate((product(s) for s in shapes), initial=0))
    return [
        reshape(getitem(node, slice(start, stop)), shape)
        for (start, stop), shape in zip(pairwise(ends), shapes, strict=True)
    ]


def pack_many(nodes: Sequence[Node], size: Size) -> Node:
    """The same for arrays with a leading axis of that size, which stays."""
    if len(nodes) == 1:
        return nodes[0]
    flat = [reshape(node, (size, product(node.shape[1:]))) for node in nodes]
    return concatenate(flat, axis=1)


def unpack_many(node: Node, shapes: Sequence[Shape], size: Size) -> list[Node]:
    """The arrays, with their leading axis, of what ``pack_many`` made; ``shapes`` are without it."""
    if len(shapes) == 1:
        return [node]
    ends: list[Size] = list(accumulate((product(s) for s in shapes), initial=0))
    return [
        reshape(getitem(node, (slice(None), slice(start, stop))), (size, *shape))
        for (start, stop), shape in zip(pairwise(ends), shapes, strict=True)
    ]
