"""A whole graph as one function: its loops in order, shared among threads that wait for each other."""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from dvar.core.node import Node, topological
from dvar.derive.sameaxes import AxisClasses
from dvar.engine.native.lanes import I32, I64, Value
from dvar.engine.native.looping import LoopCode
from dvar.engine.native.memory import Memory
from dvar.engine.native.room import Room
from dvar.engine.native.schedule import Scheduler
from dvar.engine.native.tile import i64

I8P = ir.IntType(8).as_pointer()


class Assembly:
    """The module of a graph.

    ``run(table, pieces, threads, thread, counter)`` computes everything: ``table`` has a pointer for every
    slot of memory, ``pieces`` is room for ``threads`` times ``bytes``, ``counter`` a number that is zero.
    """

    def __init__(self, inputs: Sequence[Node], roots: Sequence[Node], vector: int) -> None:
        nodes = topological(roots)
        classes = AxisClasses(nodes)
        self.loops = Scheduler(nodes, classes).loops
        self.memory = Memory(inputs, roots, self.loops)
        self.module = ir.Module("dvar")
        rooms = [Room(self.memory, n, loop, vector) for n, loop in enumerate(self.loops)]
        self.codes = [LoopCode(self.module, room) for room in rooms]
        self.bytes = max((room.buffers.bytes for room in rooms), default=0) + 64
        self.parallel = any(room.is_parallel for room in rooms)
        self._run()

    def _run(self) -> None:
        kind = ir.FunctionType(ir.VoidType(), [I8P.as_pointer(), I8P, I64, I64, I64.as_pointer()])
        function = ir.Function(self.module, kind, "run")
        table, pieces, threads, thread, counter = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        passed = b.alloca(I64)
        b.store(i64(0), passed)
        wait = self._barrier() if self.parallel else None
        mine = b.gep(pieces, [b.mul(thread, i64(self.bytes))])
        alone = b.icmp_signed("==", thread, i64(0))

        def meet() -> None:
            if wait is not None:
                b.call(wait, [counter, passed, threads])

        for code in self.codes:
            if code.room.is_parallel:
                first, last = (
                    b.sdiv(b.mul(i64(code.room.tiles), t), threads)
                    for t in (thread, b.add(thread, i64(1)))
                )
                b.call(code.function, [table, mine, first, last])
                meet()
                if code.finish is not None:
                    with b.if_then(alone):
                        b.call(code.finish, [table, pieces, i64(self.bytes), threads])
                    meet()
                continue
            with b.if_then(alone):
                b.call(code.function, [table, mine, i64(0), i64(code.room.tiles)])
                if code.finish is not None:
                    b.call(code.finish, [table, pieces, i64(self.bytes), i64(1)])
            meet()
        b.ret_void()

    def _barrier(self) -> Value:
        """Waits until all threads are here: each adds one to a counter that never goes back."""
        kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64.as_pointer(), I64])
        function = ir.Function(self.module, kind, "barrier")
        function.linkage = "internal"
        counter, passed, threads = function.args
        b = ir.IRBuilder(function.append_basic_block("entry"))
        goal = b.add(b.load(passed), threads)
        b.store(goal, passed)
        b.atomic_rmw("add", counter, i64(1), "acq_rel")
        spin, yields, rest, done = (
            b.append_basic_block(n) for n in ("spin", "yields", "rest", "done")
        )
        before = b.block
        b.branch(spin)
        b.position_at_end(spin)
        turns = b.phi(I64)
        turns.add_incoming(i64(0), before)
        here = b.load_atomic(counter, "acquire", 8)
        more = b.add(turns, i64(1))
        turns.add_incoming(more, rest)
        b.cbranch(b.icmp_signed(">=", here, goal), done, yields)
        b.position_at_end(yields)
        # A thread that never gets a core would otherwise be waited for in vain.
        with b.if_then(b.icmp_signed(">", turns, i64(20_000)), likely=False):
            give = self.module.globals.get("sched_yield") or ir.Function(
                self.module, ir.FunctionType(I32, []), "sched_yield"
            )
            b.call(give, [])
        b.branch(rest)
        b.position_at_end(rest)
        b.branch(spin)
        b.position_at_end(done)
        b.ret_void()
        return function
