"""Taking and putting elements by position, for many examples at once.

Positions that are the same for all examples go on as they are, behind a full slice.  Positions that each
example has computed for itself need the number of the example beside them.
"""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.dims import Size
from dvar.core.node import Node
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.moving import arange
from dvar.ops.shaping import broadcast_to, reshape, transpose
from dvar.ops.subscript import FULL, Index, Slot, has_arrays, place_of_arrays, shape_of

Operands = Sequence[Node | None]


def batched_getitem(node: Node, operands: Operands, size: Size) -> Node:
    """``x[index]`` with a leading axis on ``x``, on computed positions, or on both."""
    index: Index = node.param("index")
    x, slots = operands[0], operands[1:]
    if all(s is None for s in slots):
        assert x is not None
        return _to_front(
            getitem.node(x, *node.inputs[1:], index=(FULL, *index)), _Layout(node, index)
        )
    layout = _Layout(node, index)
    places = layout.slots(node, operands, size)
    if x is None:
        taken = getitem.node(node.inputs[0], *places, index=index)
        return _moved(taken, layout.first, 0)
    taken = getitem.node(x, *places, layout.examples(size), index=layout.by_example(index))
    return transpose(taken, layout.from_arrays_first())


def batched_scatter(node: Node, operands: Operands, size: Size) -> Node:
    """The transpose: values put at positions that may be each example's own."""
    index: Index = node.param("index")
    values, slots = operands[0], operands[1:]
    shape = (size, *node.param("shape"))
    layout = _Layout(node, index)
    if all(s is None for s in slots):
        assert values is not None
        put = _from_front(values, layout)
        return scatter_add.node(put, *node.inputs[1:], shape=shape, index=(FULL, *index))
    first = node.inputs[0]
    whole = broadcast_to(first, (size, *first.shape)) if values is None else values
    return scatter_add.node(
        transpose(whole, layout.to_arrays_first()),
        *layout.slots(node, operands, size),
        layout.examples(size),
        shape=shape,
        index=layout.by_example(index),
    )


class _Layout:
    """Where the axes of index arrays stand in what is taken for one example.

    Attributes:
        ndim: axes of what is taken.
        rank: axes that the arrays make together.
        first: the first of them.
        apart: a slice lies between the arrays, so their axes come in front of all.
    """

    def __init__(self, node: Node, index: Index) -> None:
        x = node.inputs[0].shape if node.op is getitem else node.param("shape")
        self.ndim = len(shape_of(index, (x, *(s.shape for s in node.inputs[1:]))))
        self.rank = self.first = 0
        self.apart = False
        if has_arrays(index):
            ranges = sum(item is None or isinstance(item, tuple) for item in index)
            self.rank = self.ndim - ranges
            place = place_of_arrays(index)
            self.apart, self.first = place is None, place or 0

    def slots(self, node: Node, operands: Operands, size: Size) -> list[Node]:
        """Computed positions, with ones behind the leading axis so that they broadcast as before."""
        return [
            one
            if many is None
            else reshape(many, (size, *(1,) * (self.rank - one.ndim), *one.shape))
            for one, many in zip(node.inputs[1:], operands[1:], strict=True)
        ]

    def examples(self, size: Size) -> Node:
        """The numbers of the examples, as positions beside the others."""
        return reshape(arange(size), (size, *(1,) * self.rank))

    def by_example(self, index: Index) -> Index:
        """The index behind the numbers of the examples, which are the last operand."""
        return (Slot(sum(isinstance(item, Slot) for item in index) + 1), *index)

    def from_arrays_first(self) -> list[int]:
        """The order that puts ``(example, arrays, rest)`` as one example has it."""
        others = list(range(1 + self.rank, 1 + self.ndim))
        arrays = list(range(1, 1 + self.rank))
        return [0, *others[: self.first], *arrays, *others[self.first :]]

    def to_arrays_first(self) -> list[int]:
        order = self.from_arrays_first()
        return [order.index(axis) for axis in range(len(order))]


def _to_front(taken: Node, layout: _Layout) -> Node:
    """Behind arrays that are apart the examples come after the axes of the arrays."""
    return _moved(taken, layout.rank, 0) if layout.apart else taken


def _from_front(values: Node, layout: _Layout) -> Node:
    return _moved(values, 0, layout.rank) if layout.apart else values


def _moved(x: Node, source: int, target: int) -> Node:
    """One axis put in another place."""
    order = [axis for axis in range(x.ndim) if axis != source]
    order.insert(target, source)
    return transpose(x, order)
