"""What one loop has to work with: the width of its vectors, the length of its tiles, its buffers and sums."""

from __future__ import annotations

from math import prod
from typing import Any

from dvar.core.node import Node
from dvar.engine.native.arrays import Strided, moved
from dvar.engine.native.groups import Grouping
from dvar.engine.native.memory import ITEM, Buffers, Memory
from dvar.engine.native.products import BLOCK, blocks, sides
from dvar.engine.native.rowwise import ByRows, by_rows
from dvar.engine.native.schedule import CONTRACTIONS, Loop, contraction, elements
from dvar.engine.native.tile import NotNative

# A tile's buffers should stay in a core's second-level cache; better still, beside the rows they were read
# from, in the first, if that does not mean adding up sums all the time.
CACHE = 768 * 1024
NEAR = 16 * 1024
LONGEST = 1024
SIDE = 4
# Sums worth several threads.
PARALLEL = 300_000
# Terms of a product without lanes that are left to BLAS.
BLAS = 100_000


class Room:
    """The memory of one loop, as its code sees it.

    Attributes:
        width: lanes of a vector.
        length: places of a tile; the last tile may be shorter.
        grouping: the passes over a tile.
        buffers: what is kept for a tile, and sums, in a piece of memory for every thread.
        local: node → its buffer.
        turned: arrays whose lanes are not neighbours: the array, its axis of lanes, its buffer.
        sums: node that reduces over the lanes → the slot of its sums.
        by_rows: contractions that read a matrix row by row, as it lies.
        kept: slots of turned arrays that stay turned while the graph is run again and again → elements of a tile.
    """

    def __init__(self, memory: Memory, number: int, loop: Loop, vector: int) -> None:
        self.memory, self.number, self.loop = memory, number, loop
        self.width = self._width(vector)
        self._refuse_large_products()
        self.escapes = memory.escapes[number]
        self.by_rows, self._unturned = self._read_by_rows()
        self.grouping = Grouping(loop, self.escapes, self._has_array, self.by_rows)
        self.length = self._length()
        self.tiles = -(-loop.size // self.length)
        self._buffer()

    @property
    def is_parallel(self) -> bool:
        """Whether the tiles may be shared among threads."""
        return self.tiles > 1 and self._work() > PARALLEL

    # ── sizes ───────────────────────────────────────────────────────────────────────────────────

    def _width(self, vector: int) -> int:
        if self.loop.axis is None:
            return 1
        kinds = {node.dtype for node in self.loop.nodes} | {
            x.dtype for node in self.loop.nodes for x in node.inputs if x.is_float
        }
        lanes = vector // 8 if "float64" in kinds or "float32" not in kinds else vector // 4
        while lanes // 2 >= self.loop.size:
            lanes //= 2
        return lanes

    def _length(self) -> int:
        size = self.loop.size
        step = SIDE * self.width
        each = 1 + sum(
            prod(self.grouping.box(node)) * ITEM[node.dtype]
            for node in (
                *self.grouping.buffered,
                *self._turned(),
                *(node.inputs[how.matrix] for node, how in self.by_rows.items()),
            )
        )
        longest = max(step, min(LONGEST, CACHE // each) // step * step)
        near = NEAR // each // step * step
        sums = sum(
            self.sum_count(node) * ITEM[node.dtype]
            for node in self.loop.nodes
            if self.grouping.is_total(node)
        )
        if near and 2 * sums <= near * each:
            longest = min(near, longest)
        return min(size, longest)

    def _work(self) -> int:
        total = 0
        for node in self.loop.nodes:
            terms = 1
            if node.op.name in CONTRACTIONS:
                sizes = self.grouping.name_sizes(node)
                terms = prod(sizes[n] for n in contraction(node)[2])
            total += elements(node) * terms
        return total

    def _refuse_large_products(self) -> None:
        """A matrix product that has no lanes to speak of is better left to BLAS."""
        if self.loop.size >= self.width and self.loop.axis is not None:
            return
        for node in self.loop.nodes:
            if (
                node.op.name in CONTRACTIONS
                and elements(node) * max(map(elements, node.inputs)) > BLAS
            ):
                raise NotNative(node)

    # ── memory ──────────────────────────────────────────────────────────────────────────────────

    def _has_array(self, node: Node) -> bool:
        return self.memory.stored(node, self.number) is not None

    def _read_by_rows(self) -> tuple[dict[Node, ByRows], set[Any]]:
        """The contractions of matrices that nothing in the loop reads in another way; and these matrices."""
        found: dict[Node, tuple[ByRows, Any]] = {}
        other: set[Any] = set()
        for node in self.loop.nodes:
            arrays = [self.memory.stored(x, self.number) for x in node.inputs]
            how = by_rows(node, self.loop, arrays, self.width)
            if how is None and self._has_array(node) and node not in self.escapes:
                continue  # another view of an array
            for n, x in enumerate(node.inputs):
                stored = self._with_lanes(x)
                if stored is None:
                    continue
                if how is not None and n == how.matrix and not self._stays(x):
                    found[node] = how, _place(*stored)
                else:
                    other.add(_place(*stored))
        last = {place: node for node, (_, place) in found.items()}
        return {
            node: how._replace(is_last=last[place] is node)
            for node, (how, place) in found.items()
            if place not in other
        }, set(last) - other

    def _stored_with_lanes(self, node: Node) -> tuple[Strided, int] | None:
        """Memory that has to be turned, and which axis its lanes are."""
        found = self._with_lanes(node)
        return None if found is None or _place(*found) in self._unturned else found

    def _with_lanes(self, node: Node) -> tuple[Strided, int] | None:
        """Memory whose lanes are not neighbours, and which axis they are."""
        lane = self.loop.lane.get(node)
        array = self.memory.stored(node, self.number)
        if array is None or lane is None or array.strides[lane] in (0, 1) or self.loop.size == 1:
            return None
        return array, lane

    def _turned(self) -> list[Node]:
        """Nodes that stand for arrays that are turned when they are read, one for each array."""
        found: dict[Any, Node] = {}
        for node in self.loop.lane:
            stored = self._stored_with_lanes(node)
            if stored is not None:
                found.setdefault(_place(*stored), node)
        return list(found.values())

    def _buffer(self) -> None:
        """Room for everything a tile keeps; the longest tile decides."""
        width = self.width
        vectors = -(-self.length // width)
        # Rows an odd number of cache lines apart do not all fall into the same few places of the cache.
        rounded = (vectors + (vectors % 2 == 0 and vectors > 4)) * width
        self.local: dict[Node, Strided] = {}
        self.turned: dict[Any, tuple[Strided, int, Strided]] = {}
        self.kept: dict[int, int] = {}
        turned = sorted(self._turned(), key=lambda node: not self._stays(node))
        first = len(self.memory.slots) + sum(map(self._stays, turned))
        self.buffers = Buffers(first)
        for node in turned:
            array, lane = self._stored_with_lanes(node)  # type: ignore[misc]  # it is there
            boxes = [a for a in range(len(array.sizes)) if a != lane]
            order = sorted(boxes, key=lambda a: -array.strides[a])
            strides = [0] * len(array.sizes)
            step = rounded
            for a in reversed(order):
                if array.sizes[a] != 1 and array.strides[a]:
                    strides[a] = step
                    step *= array.sizes[a]
            strides[lane] = 1
            if self._stays(node):
                slot = self.memory.keep(array.dtype, step * self.tiles)
                self.kept[slot] = step
            else:
                slot = self.buffers.new(array.dtype, step)
            tile = Strided(slot, array.dtype, array.sizes, tuple(strides), 0, lane)
            self.turned[_place(array, lane)] = (array, lane, tile)
        for node in self.loop.nodes:
            if node in self.grouping.buffered or self.leaves_turned(node):
                self.local[node] = self.buffers.tile_of(node, self.loop.lane[node], rounded)
        self.sums: dict[Node, int] = {}
        for node in self.loop.nodes:
            if self.grouping.is_total(node):
                count = self.sum_count(node)
                self.sums[node] = self.buffers.new(node.dtype, count)

    def _stays(self, node: Node) -> bool:
        """Whether what a node reads is the same in every run."""
        array = self.memory.stored(node, self.number)
        return array is not None and array.slot in self.memory.lasting

    def leaves_turned(self, node: Node) -> bool:
        """Whether a node is written to an array whose lanes are not neighbours."""
        if node not in self.escapes or self.loop.lane[node] is None:
            return False
        lane = self.loop.lane[node]
        assert lane is not None
        return self.memory.written(node).strides[lane] != 1 and self.loop.size > 1

    def sum_count(self, node: Node) -> int:
        if node in self.by_rows:
            return prod(self.grouping.box(node))
        if self.grouping.kind(node) == "total":
            shared, left, right = sides(node)
            sizes = self.grouping.name_sizes(node)
            each = blocks(sizes, left) * blocks(sizes, right) * BLOCK * BLOCK
            return prod(sizes[n] for n in shared) * each
        return prod(self.grouping.box(node)) * self.width

    def array_of(self, node: Node) -> Strided | None:
        """The memory from which a node is read in this loop."""
        if node in self.local:
            return self.local[node]
        stored = self._stored_with_lanes(node)
        if stored is not None:
            array, lane = stored
            like, first, tile = self.turned[_place(array, lane)]
            return _as_view(array, lane, like, first, tile)
        held = self.memory.stored(node, self.number)
        if held is None and len(node.inputs) == 1 and node.inputs[0] in self.loop.lane:
            of = self.array_of(node.inputs[0])
            return None if of is None else moved(node, of)
        return held


def _place(array: Strided, lane: int) -> Any:
    boxes = sorted(
        (s, n)
        for a, (s, n) in enumerate(zip(array.strides, array.sizes, strict=True))
        if a != lane and n != 1 and s
    )
    return array.slot, array.offset, array.strides[lane], tuple(boxes)


def _as_view(array: Strided, lane: int, like: Strided, first: int, tile: Strided) -> Strided:
    """The buffer in the order of another view of the same array."""
    by = {
        s: t
        for a, (s, t) in enumerate(zip(like.strides, tile.strides, strict=True))
        if a != first and like.sizes[a] != 1
    }
    strides = [by.get(s, 0) if a != lane else 1 for a, s in enumerate(array.strides)]
    strides = [0 if array.sizes[a] == 1 else s for a, s in enumerate(strides)]
    return Strided(tile.slot, array.dtype, array.sizes, tuple(strides), 0, lane)
