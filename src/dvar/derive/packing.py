"""Several arrays as one: a node has one result, so a row with many results makes one long vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from dvar.core.dims import Shape, Size, product
from dvar.core.node import Node
from dvar.ops.arithmetic import add
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.joining import concatenate
from dvar.ops.shaping import ravel, reshape
from dvar.ops.subscript import read


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


def unpack_upstream(g: Node, shapes: Sequence[Shape]) -> list[Node | None]:
    """The upstream gradients of the arrays, from that of their pack; None is zero.

    The uses of the arrays have put their shares at their places in a long vector of zeros; here these are
    found again without the zeros.
    """
    if len(shapes) == 1:
        return [g]
    if g.op is add:
        pairs = zip(*(unpack_upstream(x, shapes) for x in g.inputs), strict=True)
        return [a if b is None else b if a is None else a + b for a, b in pairs]
    if g.op is scatter_add:
        ends: list[Size] = list(accumulate((product(s) for s in shapes), initial=0))
        for n, (start, stop) in enumerate(pairwise(ends)):
            if g.param("index") == read(slice(start, stop), g.shape)[0]:
                found: list[Node | None] = [None] * len(shapes)
                (put,) = g.inputs
                shaped = put.inputs[0] if put.op is reshape else put
                found[n] = shaped if shaped.shape == shapes[n] else reshape(put, shapes[n])
                return found
    return [*unpack(g, shapes)]


def pack_many(nodes: Sequence[Node], size: Size) -> Node:
    """The same for arrays with a leading axis of that size, which stays."""
    if len(nodes) == 1:
        return nodes[0]
    flat = [reshape(node, (size, product(node.shape[1:]))) for node in nodes]
    return concatenate(flat, axis=1)
