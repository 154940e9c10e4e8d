"""The functions of one loop: a tile, all tiles of a thread, and the end of its sums."""

from __future__ import annotations

from llvmlite import ir

from dvar.engine.native.lanes import I64, Value, scalar_type
from dvar.engine.native.passes import Passes, identity
from dvar.engine.native.room import Room
from dvar.engine.native.tile import Tile, i64, memory_type
from dvar.engine.native.totals import Totals


class LoopCode:
    """Writes one loop into a module.

    Attributes:
        function: ``(table of pointers, piece of memory, first tile, last tile)``.
        finish: ``(table, pieces of all threads, bytes of one, threads)``: sums to their places.
    """

    def __init__(self, module: Value, room: Room) -> None:
        self.module, self.room = module, room
        self.function = self._main()
        self.finish = Totals(room).function(module) if room.sums else None

    def _slots(self) -> list[int]:
        """The slots of memory that the loop touches."""
        found = {self.room.memory.written(node).slot for node in self.room.escapes}
        for node in self.room.loop.lane:
            array = self.room.memory.stored(node, self.room.number)
            if array is not None:
                found.add(array.slot)
        return sorted(found)

    def _tile_function(self, count: int) -> Value:
        slots = self._slots()
        local = list(self.room.buffers.offsets)
        dtypes = {slot: self.room.memory.slots[slot][0] for slot in slots}
        dtypes |= {slot: dtype for slot, (dtype, _) in self.room.buffers.offsets.items()}
        kinds = [memory_type(dtypes[s]).as_pointer() for s in (*slots, *local)]
        name = f"tile_{self.room.number}_{count}"
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [*kinds, I64]), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        for argument in function.args[:-1]:
            argument.add_attribute("noalias")
        entry = ir.IRBuilder(function.append_basic_block("entry"))
        body = function.append_basic_block("body")
        pointers = dict(zip((*slots, *local), function.args, strict=False))
        builder = ir.IRBuilder(body)
        tile = Tile(
            builder,
            self.room.width,
            count,
            function.args[-1],
            pointers,
            self.room.array_of,
            self.room.loop.lane,
            entry,
        )
        Passes(self.room, tile).write()
        builder.ret_void()
        entry.branch(body)
        return function

    def _main(self) -> Value:
        """Runs tiles first … last - 1 of a thread."""
        i8p = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [i8p.as_pointer(), i8p, I64, I64])
        size, length = self.room.loop.size, self.room.length
        full, rest = divmod(size, length)
        whole = self._tile_function(length) if full else None
        part = self._tile_function(rest) if rest else None
        function = ir.Function(self.module, kind, f"loop_{self.room.number}")
        function.linkage = "internal"
        table, piece, first, last = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        pointers = self._pointers(b, table, piece)
        self._clear_sums(b, dict(zip(self._order(), pointers, strict=True)))
        if whole is not None:
            head, body, after = (b.append_basic_block(n) for n in ("head", "body", "after"))
            before = b.block
            b.branch(head)
            b.position_at_end(head)
            n = b.phi(I64)
            n.add_incoming(first, before)
            stop = b.select(b.icmp_signed("<", last, i64(full)), last, i64(full))
            b.cbranch(b.icmp_signed("<", n, stop), body, after)
            b.position_at_end(body)
            b.call(whole, [*pointers, b.mul(n, i64(length))])
            n.add_incoming(b.add(n, i64(1)), b.block)
            b.branch(head)
            b.position_at_end(after)
        if part is not None:
            mine = b.and_(
                b.icmp_signed(">", last, i64(full)), b.icmp_signed("<=", first, i64(full))
            )
            with b.if_then(mine):
                b.call(part, [*pointers, i64(full * length)])
        b.ret_void()
        return function

    def _order(self) -> list[int]:
        return [*self._slots(), *self.room.buffers.offsets]

    def _pointers(self, b: Value, table: Value, piece: Value) -> list[Value]:
        found = []
        for slot in self._slots():
            pointer = b.load(b.gep(table, [i64(slot)]))
            found.append(
                b.bitcast(pointer, memory_type(self.room.memory.slots[slot][0]).as_pointer())
            )
        for dtype, offset in self.room.buffers.offsets.values():
            found.append(b.bitcast(b.gep(piece, [i64(offset)]), memory_type(dtype).as_pointer()))
        return found

    def _clear_sums(self, b: Value, pointers: dict[int, Value]) -> None:
        for node, slot in self.room.sums.items():
            first = ir.Constant(scalar_type(node.dtype), identity(node))
            _fill(b, pointers[slot], self.room.sum_count(node), first)


def _fill(b: Value, pointer: Value, count: int, value: Value) -> None:
    head, before = b.append_basic_block("fill"), b.block
    b.branch(head)
    b.position_at_end(head)
    n = b.phi(I64)
    n.add_incoming(i64(0), before)
    b.store(value, b.gep(pointer, [n], inbounds=True))
    following = b.add(n, i64(1))
    n.add_incoming(following, b.block)
    after = b.append_basic_block("filled")
    b.cbranch(b.icmp_signed("<", following, i64(count)), head, after)
    b.position_at_end(after)
