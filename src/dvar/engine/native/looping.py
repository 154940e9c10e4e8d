"""The functions of one loop: a tile, all tiles of a thread, and the end of its sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from llvmlite import ir

from dvar.engine.native.lanes import I64, Value, scalar_type
from dvar.engine.native.passes import Passes, identity
from dvar.engine.native.room import Room
from dvar.engine.native.tile import TOGETHER, Tile, i64, memory_type
from dvar.engine.native.totals import Totals


class LoopCode:
    """Writes one loop into a module.

    Attributes:
        function: ``(table of pointers, piece of memory, first tile, last tile)``.
        keep: the same, to be called before many runs: turns what stays the same.  None if nothing does.
        finish: ``(table, pieces of all threads, bytes of one, threads)``: sums to their places.
    """

    def __init__(self, module: Value, room: Room) -> None:
        self.module, self.room = module, room
        self.function = self._over_tiles("loop", Passes.write, self._clear_sums)
        self.keep = self._over_tiles("keep", Passes.keep) if room.kept else None
        self.finish = Totals(room).function(module) if room.sums else None

    def _slots(self) -> list[int]:
        """The slots of memory that the loop touches."""
        found = {self.room.memory.written(node).slot for node in self.room.escapes}
        for node in self.room.loop.lane:
            array = self.room.memory.stored(node, self.room.number)
            if array is not None:
                found.add(array.slot)
        return sorted(found | set(self.room.kept))

    def _tile_function(
        self, name: str, count: int, write: Callable[[Passes], Sequence[Callable[[], None]]]
    ) -> Value:
        slots = self._slots()
        local = list(self.room.buffers.offsets)
        dtypes = {slot: self.room.memory.slots[slot][0] for slot in slots}
        dtypes |= {slot: dtype for slot, (dtype, _) in self.room.buffers.offsets.items()}
        kinds = [memory_type(dtypes[s]).as_pointer() for s in (*slots, *local)]
        name = f"{name}_tile_{self.room.number}_{count}"
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [*kinds, I64]), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        for argument in function.args[:-1]:
            argument.add_attribute("noalias")
        entry = ir.IRBuilder(function.append_basic_block("entry"))
        body = function.append_basic_block("body")
        pointers = dict(zip((*slots, *local), function.args, strict=False))
        builder = ir.IRBuilder(body)
        start = function.args[-1]
        passes = Passes(self.room, self._tile(builder, count, start, pointers, entry))
        pieces = write(passes)
        if len(pieces) <= TOGETHER:
            for piece in pieces:
                piece()
        else:
            for n in range(0, len(pieces), TOGETHER):
                some = pieces[n : n + TOGETHER]
                self._part(f"{name}_{n}", passes, some, pointers, builder, start)
        builder.ret_void()
        entry.branch(body)
        return function

    def _tile(
        self, b: Value, count: int, start: Value, pointers: Mapping[int, Value], entry: Value
    ) -> Tile:
        room = self.room
        size, lane = room.loop.size, room.loop.lane
        return Tile(b, room.width, count, size, start, pointers, room.array_of, lane, entry)

    def _part(
        self,
        name: str,
        passes: Passes,
        pieces: Sequence[Callable[[], None]],
        pointers: Mapping[int, Value],
        b: Value,
        start: Value,
    ) -> None:
        """Some pieces of a tile as a function of their own, which takes what they use: and the call of it.

        A compiler takes time that grows faster than a function.
        """
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [I64]), name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        entry = ir.IRBuilder(function.append_basic_block("entry"))
        inside = ir.IRBuilder(function.append_basic_block("body"))
        used = _Used(function, pointers)
        count = passes.tile.count
        passes.tile = self._tile(inside, count, function.args[0], used, entry)
        for piece in pieces:
            piece()
        inside.ret_void()
        entry.branch(inside.function.blocks[1])
        b.call(function, [start, *(pointers[slot] for slot in used)])

    def _over_tiles(
        self,
        name: str,
        write: Callable[[Passes], Sequence[Callable[[], None]]],
        begin: Callable[[Value, dict[int, Value]], None] | None = None,
    ) -> Value:
        """Runs tiles first … last - 1 of a thread."""
        i8p = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [i8p.as_pointer(), i8p, I64, I64])
        size, length = self.room.loop.size, self.room.length
        full, rest = divmod(size, length)
        whole = self._tile_function(name, length, write) if full else None
        part = self._tile_function(name, rest, write) if rest else None
        function = ir.Function(self.module, kind, f"{name}_{self.room.number}")
        function.linkage = "internal"
        table, piece, first, last = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        pointers = self._pointers(b, table, piece)
        if begin is not None:
            begin(b, pointers)
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
            b.call(whole, [*self._at_tile(b, pointers, n), b.mul(n, i64(length))])
            n.add_incoming(b.add(n, i64(1)), b.block)
            b.branch(head)
            b.position_at_end(after)
        if part is not None:
            mine = b.and_(
                b.icmp_signed(">", last, i64(full)), b.icmp_signed("<=", first, i64(full))
            )
            with b.if_then(mine):
                b.call(part, [*self._at_tile(b, pointers, i64(full)), i64(full * length)])
        b.ret_void()
        return function

    def _at_tile(self, b: Value, pointers: dict[int, Value], n: Value) -> list[Value]:
        """The pointers, those to what is kept moved to the tile."""
        kept = self.room.kept
        return [
            b.gep(pointer, [b.mul(n, i64(kept[slot]))]) if slot in kept else pointer
            for slot, pointer in pointers.items()
        ]

    def _pointers(self, b: Value, table: Value, piece: Value) -> dict[int, Value]:
        found: dict[int, Value] = {}
        for slot in self._slots():
            kind = memory_type(self.room.memory.slots[slot][0]).as_pointer()
            found[slot] = b.bitcast(b.load(b.gep(table, [i64(slot)])), kind)
        for slot, (dtype, offset) in self.room.buffers.offsets.items():
            kind = memory_type(dtype).as_pointer()
            found[slot] = b.bitcast(b.gep(piece, [i64(offset)]), kind)
        return found

    def _clear_sums(self, b: Value, pointers: dict[int, Value]) -> None:
        for node, slot in self.room.sums.items():
            first = ir.Constant(scalar_type(node.dtype), identity(node))
            _fill(b, pointers[slot], self.room.sum_count(node), first)


class _Used(dict[int, Value]):
    """Pointers that become arguments of a function when they are first asked for."""

    def __init__(self, function: Value, pointers: Mapping[int, Value]) -> None:
        super().__init__()
        self._function, self._pointers = function, pointers

    def __missing__(self, slot: int) -> Value:
        function = self._function
        made = ir.Argument(function, self._pointers[slot].type)
        made.add_attribute("noalias")
        function.args = (*function.args, made)
        function.ftype = ir.FunctionType(ir.VoidType(), [x.type for x in function.args])
        function.type = function.ftype.as_pointer()
        self[slot] = made
        return made


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
