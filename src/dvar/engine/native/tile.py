"""The code of one tile: loops, loads and stores, and the value of any node at a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from dvar.core.node import Node
from dvar.engine.native.arrays import Strided
from dvar.engine.native.lanes import I1, I8, I64, Lanes, Point, Value, scalar_type

# Pieces of code, one after the other, that are one function: the time to compile grows faster than a function does.
TOGETHER = 24

# An index along an axis: a number known now, a value known when it runs, or the lanes.
Index = Any


@dataclass(frozen=True)
class Along:
    """The lanes as an index: each is so many elements further than its place."""

    by: int = 0


LANE = Along()


def is_lane(i: Index) -> bool:
    return isinstance(i, Along)


class NotNative(Exception):
    """A node has no machine code here; the reference computes it."""

    def __init__(self, node: Node) -> None:
        super().__init__(node.op.name)
        self.node = node


def memory_type(dtype: str) -> Value:
    return I8 if dtype == "bool" else scalar_type(dtype)


def i64(n: int) -> Value:
    return ir.Constant(I64, n)


def plus(b: Value, x: Index, y: Index) -> Index:
    """The sum of two indices, without code where it is known."""
    if isinstance(x, int) and isinstance(y, int):
        return x + y
    if x == 0 and isinstance(x, int):
        return y
    if y == 0 and isinstance(y, int):
        return x
    return b.add(x if not isinstance(x, int) else i64(x), y if not isinstance(y, int) else i64(y))


def times(b: Value, x: Index, n: int) -> Index:
    return x * n if isinstance(x, int) else b.mul(x, i64(n))


@contextmanager
def loop(b: Value, count: int | Value, step: int = 1, first: int = 0) -> Any:
    """A loop that runs at least once; gives the index."""
    stop = i64(count) if isinstance(count, int) else count
    head, before = b.append_basic_block("loop"), b.block
    b.branch(head)
    b.position_at_end(head)
    index = b.phi(I64)
    index.add_incoming(i64(first), before)
    yield index
    following = b.add(index, i64(step), flags=("nuw", "nsw"))
    index.add_incoming(following, b.block)
    after = b.append_basic_block("after")
    b.cbranch(b.icmp_signed("<", following, stop), head, after)
    b.position_at_end(after)


class Tile:
    """Code for ``count`` consecutive places along the axis in the lanes.

    Attributes:
        builder: where it is written.
        width: lanes of a vector.
        count: how many places this tile has; vectors beyond are masked.
        size: how many the whole axis has.
        start: the first place (a value).
        pointers: slot → pointer to its elements.
        array_of: node → its memory, None if it has none.
        lane: node → which of its axes is in the lanes.
        entry: where room for changing values is made.
    """

    def __init__(
        self,
        builder: Value,
        width: int,
        count: int,
        size: int,
        start: Value,
        pointers: Mapping[int, Value],
        array_of: Callable[[Node], Strided | None],
        lane: dict[Node, int | None],
        entry: Value,
    ) -> None:
        self.builder, self.width, self.count, self.start = builder, width, count, start
        self.size = size
        self.pointers, self.array_of, self.lane = pointers, array_of, lane
        self.point = Point(builder, width)
        self.is_masked = count % width != 0
        self.vectors = -(-count // width)
        self._entry = entry

    # ── control ─────────────────────────────────────────────────────────────────────────────────

    def loop(self, count: int | Value, step: int = 1, first: int = 0) -> Any:
        """A loop that runs at least once; gives the index."""
        return loop(self.builder, count, step, first)

    def nest(
        self, sizes: Sequence[int], body: Callable[[tuple[Index, ...]], None], few: int = 4
    ) -> None:
        """``body`` for every place of a box: written out where there are few, else in loops."""
        if not sizes:
            body(())
            return
        first, rest = sizes[0], sizes[1:]
        if first == 0:
            return
        if first <= few:
            for n in range(first):
                self.nest(rest, lambda more, n=n: body((n, *more)), few // first)  # type: ignore[misc]
            return
        with self.loop(first) as index:
            self.nest(rest, lambda more: body((index, *more)), 1)

    def in_steps(self, count: int, step: int, body: Callable[[Value, int], None]) -> None:
        """``body`` for so many things, a step of them at a time, then what is left: where they begin, how many."""
        whole = count // step * step
        if whole == step:
            body(i64(0), step)
        elif whole:
            with self.loop(whole, step) as place:
                body(place, step)
        if count > whole:
            body(i64(whole), count - whole)

    def over_lanes(self, body: Callable[[Value], None]) -> None:
        """``body`` for every vector of the tile."""
        if self.vectors == 1:
            body(i64(0))
            return
        with self.loop(self.vectors * self.width, self.width) as place:
            body(place)

    def cell(self, kind: Value) -> Value:
        """Room for a value that changes; a register, once it is optimised."""
        return self._entry.alloca(kind)

    # ── memory ──────────────────────────────────────────────────────────────────────────────────

    def address(
        self, x: Strided, index: Sequence[Index], place: Value | None, inbounds: bool = True
    ) -> Value:
        """Where an element lies, or the first lane of a vector at ``place`` of the tile."""
        b = self.builder
        offset, moving = x.offset, []
        for n, (i, stride) in enumerate(zip(index, x.strides, strict=True)):
            if not stride:
                continue
            if isinstance(i, Along):
                assert place is not None
                assert stride == 1, (x, n)
                offset += i.by
                moving.append(place)
                if x.lane is None:
                    moving.append(self.start)
            elif isinstance(i, int):
                offset += i * stride
            else:
                moving.append(b.mul(i, i64(stride), flags=("nuw", "nsw")) if stride != 1 else i)
        total = i64(offset)
        for value in moving:
            total = b.add(total, value, flags=("nsw",))
        return b.gep(self.pointers[x.slot], [total], inbounds=inbounds)

    def mask(self, place: Value) -> Value:
        """Which lanes of the vector at ``place`` exist."""
        return self.builder.icmp_signed(
            "<", self._lanes_from(place), self.point.literal(self.count, I64)
        )

    def within(self, place: Value, first: int, stop: int) -> Value:
        """Which lanes of the vector at ``place`` are places first … stop - 1 of the whole axis."""
        b = self.builder
        here = self._lanes_from(b.sub(b.add(self.start, place), i64(first)))
        return b.icmp_unsigned("<", here, self.point.literal(stop - first, I64))

    def is_inside(self, place: Value, first: int, stop: int) -> Value:
        """Whether all lanes of the vector at ``place`` are."""
        b = self.builder
        here = b.sub(b.add(self.start, place), i64(first))
        return b.icmp_unsigned("<=", here, i64(stop - first - self.width))

    def _lanes_from(self, first: Value) -> Value:
        """The places of the lanes of a vector."""
        if self.width == 1:
            return first
        iota = ir.Constant(ir.VectorType(I64, self.width), list(range(self.width)))
        return self.builder.add(self.point.splat(first), iota)

    def load(self, x: Strided, index: Sequence[Index], place: Value | None) -> Lanes:
        """The element at an index in every lane, or a vector along the lanes."""
        b = self.builder
        along = any(is_lane(i) and s for i, s in zip(index, x.strides, strict=True))
        kind = memory_type(x.dtype)
        pointer = self.address(x, index, place)
        if not along or self.width == 1:
            one = b.load(pointer, align=kind_size(x.dtype))
            value = self.point.splat(one)
        else:
            vector = ir.VectorType(kind, self.width)
            if self.is_masked and x.lane is None and LANE in index:
                assert place is not None
                value = self._masked_load(pointer, vector, self.mask(place))
            else:
                pointer = b.bitcast(pointer, vector.as_pointer())
                value = b.load(pointer, align=kind_size(x.dtype))
        if x.dtype == "bool":
            value = b.trunc(value, self.point.type_of(I1))
        return Lanes(self.point, value, x.dtype)

    def load_within(self, x: Strided, index: Sequence[Index], place: Value) -> Lanes:
        """A vector along the lanes, some of whose places may be none of the array's: zero, and their memory is not
        touched."""
        b, width = self.builder, self.width
        (axis,) = [a for a, i in enumerate(index) if is_lane(i)]
        by = index[axis].by
        there = self.within(place, -by, x.sizes[axis] - by)
        pointer = self.address(x, index, place, inbounds=False)
        if width == 1:
            # Any element will do where there is none.
            base = self.address(x, [0 if a == axis else i for a, i in enumerate(index)], None)
            one = b.load(b.select(there, pointer, base))
            value = b.select(there, one, ir.Constant(one.type, 0))
        else:
            vector = ir.VectorType(memory_type(x.dtype), width)
            value = self._masked_load(pointer, vector, there)
        if x.dtype == "bool":
            value = b.trunc(value, self.point.type_of(I1))
        return Lanes(self.point, value, x.dtype)

    def _masked_load(self, pointer: Value, vector: Value, mask: Value) -> Value:
        zero = ir.Constant(vector, [0] * self.width)
        name = f"llvm.masked.load.{vector_name(vector)}.p0"
        pointer = self.builder.bitcast(pointer, vector.as_pointer())
        return self.point.call(name, vector, pointer, mask, zero)

    def store(self, value: Lanes, x: Strided, index: Sequence[Index], place: Value | None) -> None:
        """A vector along the lanes; without lanes, the number in the first."""
        b = self.builder
        v = value.to(x.dtype).v
        if x.dtype == "bool":
            v = b.zext(v, self.point.type_of(I8))
        pointer = self.address(x, index, place)
        along = any(is_lane(i) and s for i, s in zip(index, x.strides, strict=True))
        if self.width == 1:
            b.store(v, pointer)
        elif not along:
            b.store(b.extract_element(v, ir.Constant(ir.IntType(32), 0)), pointer)
        else:
            pointer = b.bitcast(pointer, v.type.as_pointer())
            if self.is_masked and x.lane is None:
                name = f"llvm.masked.store.{vector_name(v.type)}.p0"
                self.point.call(name, ir.VoidType(), v, pointer, self.mask(place))
            else:
                b.store(v, pointer, align=kind_size(x.dtype))


def kind_size(dtype: str) -> int:
    return {"bool": 1, "float32": 4}.get(dtype, 8)


def vector_name(vector: Value) -> str:
    element = str(vector.element)
    return f"v{vector.count}" + {"float": "f32", "double": "f64"}.get(element, element)
