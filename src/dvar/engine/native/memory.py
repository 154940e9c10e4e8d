"""Which arrays a compiled graph has: inputs, constants, results, what passes from loop to loop, buffers."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from math import prod

from dvar.core.node import Node
from dvar.core.op import CONSTANT, VARIABLE, Array
from dvar.derive.sameaxes import names_of
from dvar.engine.native.arrays import Strided, contiguous, moved
from dvar.engine.native.schedule import Loop
from dvar.engine.reference import evaluate
from dvar.ops.shaping import reshape

ITEM = {"bool": 1, "float32": 4, "float64": 8, "int64": 8}
ALIGN = 64


class Memory:
    """Slots and what lies in them.

    Attributes:
        slots: dtype and number of elements by slot.
        constants: slot → the array of a constant.
        inputs, results: slots of the inputs and of the roots.
        between: slots of arrays that only pass from loop to loop.
        lasting: slots of inputs that are the same each time the graph is run in one call.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        roots: Sequence[Node],
        loops: Sequence[Loop],
        lasting: Sequence[Node] = (),
    ) -> None:
        self.slots: list[tuple[str, int]] = []
        self.constants: dict[int, Array] = {}
        self.between: list[int] = []
        self._arrays: dict[Node, Strided] = {}
        self._written: dict[Node, int] = {}
        self.inputs = [self._new(node).slot for node in inputs]
        self.lasting = {self._arrays[node].slot for node in lasting}
        # What is computed again in a later loop belongs to the first.
        made: dict[Node, int] = {}
        for n, loop in enumerate(loops):
            for node in loop.nodes:
                made.setdefault(node, n)
        read = [_sources(loop, made) for loop in loops]
        self._leaves(read)
        # What lies as in C order.
        plain = set(roots) | _flattened(loops, made)
        wanted = set(roots)
        self.escapes: list[list[Node]] = [[] for _ in loops]
        for n, loop in enumerate(loops):
            used = {x for m, other in enumerate(read) if m != n for x in other}
            for node in loop.nodes:
                if made[node] == n and (node in wanted or node in used):
                    lane = None if node in plain else loop.lane[node]
                    array = self._new(node, lane)
                    self._written[node] = n
                    self.escapes[n].append(node)
                    if node not in wanted:
                        self.between.append(array.slot)
        self.results = [self._arrays[root].slot for root in roots if root in made]

    def _leaves(self, read: Sequence[Iterable[Node]]) -> None:
        for node in dict.fromkeys(x for needed in read for x in needed):
            if node.inputs or node in self._arrays or node.op is VARIABLE:
                continue
            if node.op is CONSTANT and not node.shape:
                continue
            (array,) = evaluate([node], {})
            self.constants[self._new(node).slot] = array

    def _new(self, node: Node, lane: int | None = None) -> Strided:
        sizes = tuple(int(n) for n in node.shape)  # type: ignore[arg-type]
        self.slots.append((node.dtype, prod(sizes)))
        array = Strided(len(self.slots) - 1, node.dtype, sizes, contiguous(sizes, lane))
        self._arrays[node] = array
        return array

    def keep(self, dtype: str, count: int) -> int:
        """The slot of a new array, not that of a node, which lasts as long as a call."""
        self.slots.append((dtype, count))
        self.between.append(len(self.slots) - 1)
        return len(self.slots) - 1

    def written(self, node: Node) -> Strided:
        """The array that a loop writes for a node."""
        return self._arrays[node]

    def stored(self, node: Node, loop: int) -> Strided | None:
        """The memory of a node that is there before a loop begins."""
        if node in self._arrays and self._written.get(node, -1) < loop:
            return self._arrays[node]
        if len(node.inputs) == 1:
            of = self.stored(node.inputs[0], loop)
            return None if of is None else moved(node, of)
        return None


def _sources(loop: Loop, made: Mapping[Node, int]) -> dict[Node, None]:
    """What a loop reads from memory, if it is there: everything that it does not compute itself."""
    own = set(loop.nodes)
    found = (source(x, made) for node in (*loop.nodes, *loop.moved) for x in node.inputs)
    return {x: None for x in found if x not in own}


def source(x: Node, made: Container[Node]) -> Node:
    """What has to lie in memory for ``x`` to be read: a view that no loop makes is that of an array.

    What is computed where it is used has operands of its own.
    """
    while x not in made and len(x.inputs) == 1:
        (x,) = x.inputs
    return x


def _flattened(loops: Sequence[Loop], made: Mapping[Node, int]) -> set[Node]:
    """Arrays that are read in another shape, where lanes side by side would be in the way: along an axis that several
    of theirs are in, or as the memory that they are."""
    found = set()
    for loop in loops:
        for node, lane in loop.lane.items():
            if node.op is not reshape:
                continue
            mixed = [
                a
                for a, (name, size) in enumerate(zip(names_of(node)[1], node.shape, strict=True))
                if name is None and size != 1
            ]
            if lane in mixed or (mixed and node not in made):
                found.add(source(node.inputs[0], made))
    return found


class Buffers:
    """What one loop keeps for one tile, and sums for each thread: a piece of memory for every thread."""

    def __init__(self, first: int) -> None:
        self._next = first
        self.offsets: dict[int, tuple[str, int]] = {}
        self.bytes = 0

    def new(self, dtype: str, count: int) -> int:
        """A slot number of its own for ``count`` elements."""
        slot = self._next
        self._next += 1
        self.offsets[slot] = (dtype, self.bytes)
        self.bytes += -(-count * ITEM[dtype] // ALIGN) * ALIGN
        return slot

    def tile_of(self, node: Node, lane: int | None, length: int) -> Strided:
        """The buffer of a node for a tile of some length."""
        sizes = tuple(int(n) for n in node.shape)  # type: ignore[arg-type]
        held = tuple(length if a == lane else n for a, n in enumerate(sizes))
        slot = self.new(node.dtype, prod(held))
        return Strided(slot, node.dtype, sizes, contiguous(held, lane), 0, lane)
