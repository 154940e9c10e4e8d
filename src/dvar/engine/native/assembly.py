"""A whole graph as one function: its loops in order, shared among threads that wait for each other."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from dvar.core.node import Node, topological
from dvar.derive.sameaxes import AxisClasses
from dvar.engine.native.lanes import I1, I64, Value
from dvar.engine.native.looping import LoopCode
from dvar.engine.native.meeting import barrier
from dvar.engine.native.memory import ITEM, Memory
from dvar.engine.native.overlap import join_moved
from dvar.engine.native.rematerialise import compute_again
from dvar.engine.native.room import Room
from dvar.engine.native.schedule import Scheduler, without_views
from dvar.engine.native.tile import i64

I8P = ir.IntType(8).as_pointer()


class Assembly:
    """The module of a graph that is run one or more times in a row.

    ``repeat(table, pieces, threads, thread, counter, times)`` computes everything ``times`` times: ``table``
    has a pointer for every slot of memory (for inputs and results to the array objects of NumPy) and
    belongs to the thread, ``pieces`` is room for ``threads`` times ``bytes``, ``counter`` a number that is
    zero.  After each time the first ``carried`` results take the place of the first inputs, and the
    ``stepped`` ones after them move on by one array, or with ``backwards`` from the last to the first; what
    remains of the inputs stays.  With ``until`` the last of the carried results says whether there is
    another time.  How often it was goes into the second
    place of ``counter``.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        roots: Sequence[Node],
        vector: int,
        carried: int = 0,
        stepped: int = 0,
        keeps: bool = False,
        until: bool = False,
        backwards: bool = False,
    ) -> None:
        nodes = topological(roots)
        classes = AxisClasses(nodes)
        self.loops = without_views(Scheduler(nodes, classes).loops, roots)
        join_moved(self.loops, roots)
        compute_again(self.loops, roots, classes)
        lasting = inputs[carried + stepped :] if keeps else ()
        self.memory = Memory(inputs, roots, self.loops, lasting)
        self.module = ir.Module("dvar")
        rooms = [Room(self.memory, n, loop, vector) for n, loop in enumerate(self.loops)]
        self.codes = [LoopCode(self.module, room) for room in rooms]
        self.bytes = max((room.buffers.bytes for room in rooms), default=0) + 64
        self.parallel = any(room.is_parallel for room in rooms)
        self._wait = barrier(self.module) if self.parallel else None
        self._repeat(self._run(), carried, stepped, until, backwards)

    def _repeat(self, run: Value, carried: int, stepped: int, until: bool, backwards: bool) -> None:
        kind = ir.FunctionType(
            ir.VoidType(), [I8P.as_pointer(), I8P, I64, I64, I64.as_pointer(), I64]
        )
        function = ir.Function(self.module, kind, "repeat")
        table, pieces, threads, thread, counter, times = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        passed = b.alloca(I64)
        b.store(i64(0), passed)
        mine = b.gep(pieces, [b.mul(thread, i64(self.bytes))])
        for slot in (*self.memory.inputs, *self.memory.results):
            _enter(b, table, slot)
        inputs, results = self.memory.inputs, self.memory.results
        moving = (*inputs[carried : carried + stepped], *results[carried:])
        if backwards:
            for slot in moving:
                self._move(b, table, slot, b.sub(times, i64(1)))
        for code in self.codes:
            if code.keep is not None:
                self._share(b, code, code.keep, table, mine, threads, thread)
                self._meet(b, counter, passed, threads)
        head, body, after = (b.append_basic_block(n) for n in ("head", "body", "after"))
        before = b.block
        b.branch(head)
        b.position_at_end(head)
        n = b.phi(I64)
        n.add_incoming(i64(0), before)
        goes_on = b.phi(I1)
        goes_on.add_incoming(ir.Constant(I1, 1), before)
        b.cbranch(b.and_(goes_on, b.icmp_signed("<", n, times)), body, after)
        b.position_at_end(body)
        b.call(run, [table, pieces, threads, thread, counter, passed])
        again: Value = ir.Constant(I1, 1)
        if until:
            said = b.load(b.load(b.gep(table, [i64(results[carried - 1])])))
            again = b.icmp_unsigned("!=", said, ir.Constant(said.type, 0))
        for k, slot in enumerate(inputs[:carried]):
            _exchange(b, table, slot, results[k])
        for slot in moving:
            self._move(b, table, slot, i64(-1 if backwards else 1))
        n.add_incoming(b.add(n, i64(1)), b.block)
        goes_on.add_incoming(again, b.block)
        b.branch(head)
        b.position_at_end(after)
        with b.if_then(b.icmp_signed("==", thread, i64(0))):
            b.store(n, b.gep(counter, [i64(1)]))
        b.ret_void()

    def _move(self, b: Value, table: Value, slot: int, arrays: Value) -> None:
        """The pointer of a slot, by so many arrays."""
        dtype, count = self.memory.slots[slot]
        at = b.gep(table, [i64(slot)])
        b.store(b.gep(b.load(at), [b.mul(arrays, i64(count * ITEM[dtype]))]), at)

    def _run(self) -> Value:
        kind = ir.FunctionType(
            ir.VoidType(), [I8P.as_pointer(), I8P, I64, I64, I64.as_pointer(), I64.as_pointer()]
        )
        function = ir.Function(self.module, kind, "run")
        function.linkage = "internal"
        table, pieces, threads, thread, counter, passed = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        mine = b.gep(pieces, [b.mul(thread, i64(self.bytes))])
        alone = b.icmp_signed("==", thread, i64(0))
        for code in self.codes:
            self._share(b, code, code.function, table, mine, threads, thread)
            if code.finish is not None:
                if code.room.is_parallel:
                    self._meet(b, counter, passed, threads)
                with b.if_then(alone):
                    workers = threads if code.room.is_parallel else i64(1)
                    b.call(code.finish, [table, pieces, i64(self.bytes), workers])
            self._meet(b, counter, passed, threads)
        b.ret_void()
        return function

    def _share(
        self,
        b: Value,
        code: LoopCode,
        function: Value,
        table: Value,
        mine: Value,
        threads: Value,
        thread: Value,
    ) -> None:
        """The tiles of a loop: each thread has its part, or the first does all."""
        tiles = i64(code.room.tiles)
        if code.room.is_parallel:
            first, last = (
                b.sdiv(b.mul(tiles, t), threads) for t in (thread, b.add(thread, i64(1)))
            )
            b.call(function, [table, mine, first, last])
            return
        with b.if_then(b.icmp_signed("==", thread, i64(0))):
            b.call(function, [table, mine, i64(0), tiles])

    def _meet(self, b: Value, counter: Value, passed: Value, threads: Value) -> None:
        """Threads wait for each other, if there are several."""
        if self._wait is not None:
            b.call(self._wait, [counter, passed, threads])


def _enter(b: Value, table: Value, slot: int) -> None:
    """From an array object to its elements: the field after what every object begins with."""
    at = b.gep(table, [i64(slot)])
    field = b.gep(b.load(at), [i64(object.__basicsize__)])
    b.store(b.load(b.bitcast(field, I8P.as_pointer())), at)


def _exchange(b: Value, table: Value, one: int, other: int) -> None:
    places = [b.gep(table, [i64(slot)]) for slot in (one, other)]
    first, second = (b.load(place) for place in places)
    b.store(second, places[0])
    b.store(first, places[1])
