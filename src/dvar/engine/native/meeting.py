"""Where threads wait for each other inside of machine code."""

from __future__ import annotations

from llvmlite import ir

from dvar.engine.native.lanes import I32, I64, Value
from dvar.engine.native.tile import i64


def barrier(module: Value) -> Value:
    """``barrier(counter, passed, threads)``: waits until all threads are here.

    Each adds one to ``counter``, which never goes back; ``passed`` is its own, zero at first.
    """
    kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64.as_pointer(), I64])
    function = ir.Function(module, kind, "barrier")
    function.linkage = "internal"
    counter, passed, threads = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    goal = b.add(b.load(passed), threads)
    b.store(goal, passed)
    b.atomic_rmw("add", counter, i64(1), "acq_rel")
    spin, yields, rest, done = (b.append_basic_block(n) for n in ("spin", "yields", "rest", "done"))
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
    with b.if_then(b.icmp_signed(">", turns, i64(2_000)), likely=False):
        give = module.globals.get("sched_yield") or ir.Function(
            module, ir.FunctionType(I32, []), "sched_yield"
        )
        b.call(give, [])
    b.branch(rest)
    b.position_at_end(rest)
    b.branch(spin)
    b.position_at_end(done)
    b.ret_void()
    return function
