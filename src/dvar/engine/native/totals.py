"""What becomes of the sums of a loop: the lanes and the threads are added up, always in the same order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from llvmlite import ir

from dvar.core.node import Node
from dvar.engine.native.lanes import I32, I64, Lanes, Point, Value, scalar_type
from dvar.engine.native.passes import identity
from dvar.engine.native.products import BLOCK, blocks, lane_sum, sides
from dvar.engine.native.room import Room
from dvar.engine.native.schedule import contraction
from dvar.engine.native.tile import TOGETHER, Tile, i64, memory_type
from dvar.engine.native.values import combined


class Totals:
    """Writes the function that ends a loop."""

    def __init__(self, room: Room) -> None:
        self.room = room

    def function(self, module: Value) -> Value:
        """``(table, pieces of all threads, bytes of one, threads)``."""
        name, sums = f"finish_{self.room.number}", list(self.room.sums.items())
        if len(sums) <= TOGETHER:
            return self._function(module, name, sums)
        whole = self._declared(module, name)
        b = ir.IRBuilder(whole.append_basic_block("entry"))
        for n in range(0, len(sums), TOGETHER):
            part = self._function(module, f"{name}_{n}", sums[n : n + TOGETHER])
            part.attributes.add("noinline")
            b.call(part, whole.args)
        b.ret_void()
        return whole

    def _declared(self, module: Value, name: str) -> Value:
        i8p = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [i8p.as_pointer(), i8p, I64, I64])
        function = ir.Function(module, kind, name)
        function.linkage = "internal"
        return function

    def _function(self, module: Value, name: str, sums: Sequence[tuple[Node, int]]) -> Value:
        function = self._declared(module, name)
        table, pieces, stride, threads = function.args
        body = function.append_basic_block("entry")
        entry = ir.IRBuilder(body)
        builder = ir.IRBuilder(function.append_basic_block("body"))
        width, array_of = self.room.width, self.room.array_of
        tile = Tile(builder, width, width, width, i64(0), {}, array_of, {}, entry)
        for node, slot in sums:
            self._finish(tile, node, slot, table, pieces, stride, threads)
        builder.ret_void()
        entry.branch(function.blocks[1])
        return function

    def _finish(
        self,
        tile: Tile,
        node: Node,
        slot: int,
        table: Value,
        pieces: Value,
        stride: Value,
        threads: Value,
    ) -> None:
        b = tile.builder
        out = self.room.memory.written(node)
        kind = memory_type(node.dtype)
        target = b.bitcast(b.load(b.gep(table, [i64(out.slot)])), kind.as_pointer())
        offset = self.room.buffers.offsets[slot][1]

        def piece(thread: Value) -> Value:
            at = b.add(b.mul(thread, stride), i64(offset))
            return b.bitcast(b.gep(pieces, [at]), kind.as_pointer())

        if node in self.room.by_rows:
            with tile.loop(self.room.sum_count(node)) as n:
                b.store(_over_threads(tile, n, kind, piece, threads), b.gep(target, [n]))
            return
        if self.room.grouping.kind(node) == "total":
            self._finish_blocks(tile, node, target, piece, threads)
            return
        vector = tile.point.type_of(kind)
        count = prod(self.room.grouping.box(node))
        with tile.loop(count) as n:
            place = b.mul(n, i64(self.room.width))
            cell = tile.cell(vector)
            b.store(tile.point.literal(identity(node), kind), cell)
            with tile.loop(threads) as thread:
                source = b.bitcast(b.gep(piece(thread), [place]), vector.as_pointer())
                before = Lanes(tile.point, b.load(cell), node.dtype)
                more = Lanes(tile.point, b.load(source, align=8), node.dtype)
                b.store(combined(node.op.name, before, more).v, cell)
            b.store(self._across(tile, node, b.load(cell)), b.gep(target, [n]))

    def _across(self, tile: Tile, node: Node, v: Value) -> Value:
        """One number from the lanes."""
        if node.op.name == "sum" and tile.width > 1 and node.is_float:
            return lane_sum(tile, v, node.dtype)
        if tile.width == 1:
            return v
        b = tile.builder
        one = Point(b, 1)
        total: Lanes | None = None
        for lane in range(tile.width):
            value = Lanes(one, b.extract_element(v, ir.Constant(I32, lane)), node.dtype)
            total = value if total is None else combined(node.op.name, total, value)
        assert total is not None
        return total.v

    def _finish_blocks(
        self, tile: Tile, node: Node, target: Value, piece: Callable[[Value], Value], threads: Value
    ) -> None:
        b = tile.builder
        shared, left, right = sides(node)
        sizes = self.room.grouping.name_sizes(node)
        count, rows, columns = (prod(sizes[n] for n in names) for names in (shared, left, right))
        high, wide = blocks(sizes, left), blocks(sizes, right)
        strides = _name_strides(node, sizes)
        kind = scalar_type(node.dtype)
        with tile.loop(count) as s, tile.loop(rows) as i, tile.loop(columns) as j:
            row = b.add(b.mul(s, i64(high)), b.udiv(i, i64(BLOCK)))
            block = b.add(b.mul(row, i64(wide)), b.udiv(j, i64(BLOCK)))
            inside = b.add(b.mul(b.urem(i, i64(BLOCK)), i64(BLOCK)), b.urem(j, i64(BLOCK)))
            place = b.add(b.mul(block, i64(BLOCK * BLOCK)), inside)
            total = _over_threads(tile, place, kind, piece, threads)
            at = _spread(b, s, shared, sizes, strides)
            for flat, names in ((i, left), (j, right)):
                at = b.add(at, _spread(b, flat, names, sizes, strides))
            b.store(total, b.gep(target, [at]))


def _over_threads(
    tile: Tile, place: Value, kind: Value, piece: Callable[[Value], Value], threads: Value
) -> Value:
    """The sum of the numbers at a place in the pieces of all threads."""
    b, cell = tile.builder, tile.cell(kind)
    b.store(ir.Constant(kind, 0), cell)
    with tile.loop(threads) as thread:
        b.store(b.fadd(b.load(cell), b.load(b.gep(piece(thread), [place]))), cell)
    return b.load(cell)


def _name_strides(node: Node, sizes: dict[object, int]) -> dict[object, int]:
    _, result, _ = contraction(node)
    step, strides = 1, {}
    for n in reversed(result):
        strides[n] = step
        step *= sizes[n]
    return strides


def _spread(
    b: Value, flat: Value, names: list[object], sizes: dict[object, int], strides: dict[object, int]
) -> Value:
    total: Value = i64(0)
    for n in reversed(names):
        i = b.urem(flat, i64(sizes[n]))
        flat = b.udiv(flat, i64(sizes[n]))
        total = b.add(total, b.mul(i, i64(strides[n])))
    return total
