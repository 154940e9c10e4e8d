"""Small programs inside of nodes put in their place, so that what is around them stays one kernel.

A loop of a few cheap steps is written out.  A choice between cheap branches computes both: what one of them
makes where it is not taken, be it a nan, is not used, and its derivative is a choice again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dvar.core.body import Body
from dvar.core.node import Node, topological
from dvar.derive.control.branches import cond
from dvar.derive.control.scan import scan
from dvar.derive.control.steps import Loop
from dvar.derive.packing import pack
from dvar.engine.native.rows import is_native
from dvar.ops.indexing import getitem
from dvar.ops.joining import concatenate, stack
from dvar.ops.selection import where
from dvar.ops.subscript import FULL, Slice

# More elements than this are not computed twice; more nodes than this are not written out.
CHEAP, FEW = 4096, 96


Plain = Callable[[Sequence[Node]], list[Node]]
"""What writes roots in the rows that machine code is made of."""


def inlined(node: Node, inputs: Sequence[Node], plain: Plain) -> Node | None:
    """The node in the rows of its programs; None where they are too large or have no machine code."""
    if node.op is cond:
        return _both(node, inputs, plain)
    if node.op is scan:
        return _unrolled(node, inputs, plain)
    return None


def _is_cheap(body: Body, most: int, plain: Plain) -> bool:
    """Whether a program is machine code of no more than so many elements."""
    if not all(isinstance(size, int) for x in body.inputs for size in x.shape):
        return False
    total = 0
    for node in topological(plain(body.roots)):
        if node.inputs:
            if not is_native(node):
                return False
            total += max(_elements(x) for x in (node, *node.inputs))
    return total <= most


def _elements(node: Node) -> int:
    count = 1
    for size in node.shape:
        count *= int(size)  # type: ignore[arg-type]  # just checked
    return count


def _both(node: Node, inputs: Sequence[Node], plain: Plain) -> Node | None:
    taken, other = node.param("branches")
    if not _is_cheap(taken, CHEAP, plain) or not _is_cheap(other, CHEAP, plain):
        return None
    condition, *operands = inputs
    pairs = zip(taken.at(operands), other.at(operands), strict=True)
    made = [where(condition, a, b) for a, b in pairs]
    return pack([made[n] for n in node.param("results")])


def _unrolled(node: Node, inputs: Sequence[Node], plain: Plain) -> Node | None:
    loop = Loop.of(node)
    length, body = loop.length, loop.body
    if not isinstance(length, int) or not length or length * len(body.nodes) > FEW:
        return None
    if not _is_cheap(body, CHEAP // length, plain):
        return None
    carry, series, fixed = loop.split(inputs)
    count = len(carry)
    pieces: list[list[Node]] = []
    for t in reversed(range(length)) if loop.reverse else range(length):
        made = body.at([*carry, *(x[t] for x in series), *fixed])
        carry, rest = made[:count], made[count:]
        pieces.append(rest)
    if loop.reverse:
        pieces.reverse()
    found = [
        carry[n] if n < count else stack([piece[n - count] for piece in pieces])
        for n in node.param("results")
    ]
    return pack(found)


def part_of_joined(node: Node, inputs: Sequence[Node]) -> Node | None:
    """A part of joined arrays that is one of them; None where it is not."""
    joined = inputs[0]
    if node.op is not getitem or joined.op is not concatenate or len(inputs) > 1:
        return None
    index, axis = node.param("index"), joined.param("axis") % joined.ndim
    item = index[axis]
    if not isinstance(item, Slice) or any(i != FULL for i in (*index[:axis], *index[axis + 1 :])):
        return None
    start, stop, step = slice(*item).indices(int(joined.shape[axis]))
    place = 0
    for x in joined.inputs:
        end = place + int(x.shape[axis])
        if (place, end, 1) == (start, stop, step):
            return x
        place = end
    return None
