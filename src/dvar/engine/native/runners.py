"""One row in machine code, over many numbers that lie anywhere: what a tape is run by.

A runner is a function ``(slots, operands, result, count)``: the operands are places in the slots, all first ones
side by side, then all second ones; the results go side by side.  It knows nothing of the program, so it is
compiled once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from llvmlite import ir

from dvar.core.node import Node
from dvar.core.op import CONSTANT, number
from dvar.engine.native.lanes import I32, I64, Lanes, Point, Value, scalar_type
from dvar.engine.native.machine import Loaded, object_code, vector_bytes
from dvar.engine.native.tile import NotNative, i64
from dvar.engine.native.values import on_lanes

I8P = ir.IntType(8).as_pointer()
RUNNER = ir.FunctionType(ir.VoidType(), [I8P, I8P, I8P, I64])

# Words of a stage: a runner's address, how many numbers it computes of how many operands in all, and how many sums
# come after it.
STAGE = 4


def counted(b: Value, count: Value, first: Sequence[Value]) -> tuple[Value, list[Value], Value]:
    """The head of a loop that runs ``count`` times, perhaps never: its index, what it carries, and where it ends.

    ``again`` closes it.
    """
    before, head = b.block, b.append_basic_block("head")
    inside, after = b.append_basic_block("inside"), b.append_basic_block("after")
    b.branch(head)
    b.position_at_end(head)
    index = b.phi(I64)
    index.add_incoming(i64(0), before)
    carried = []
    for x in first:
        phi = b.phi(x.type)
        phi.add_incoming(x, before)
        carried.append(phi)
    b.cbranch(b.icmp_unsigned("<", index, count), inside, after)
    b.position_at_end(inside)
    return index, carried, after


def again(
    b: Value, index: Value, after: Value, carried: Sequence[Value], new: Sequence[Value]
) -> None:
    """Round again, with what the loop carries from now on."""
    following, here = b.add(index, i64(1)), b.block
    index.add_incoming(following, here)
    for phi, x in zip(carried, new, strict=True):
        phi.add_incoming(x, here)
    b.branch(index.parent)
    b.position_at_end(after)


def moving(node: Node) -> list[int]:
    """Which operands are read from slots; an exponent that is known is part of the code."""
    is_known = node.op.name == "power" and node.inputs[1].op is CONSTANT
    return [0] if is_known else list(range(len(node.inputs)))


def runner(node: Node, real: str) -> int:
    """The address of the runner for a node's row, its parameters and the types of its operands.

    Args:
        node: elementwise, on single numbers.
        real: the type that everything has in the slots.

    Raises:
        NotNative: the row has no machine code.
    """
    if node.op.native is None or not node.op.is_elementwise:
        raise NotNative(node)
    module = ir.Module("dvar")
    function = ir.Function(module, RUNNER, "run")
    slots, places, result, count = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    cell = scalar_type(real)
    slots = b.bitcast(slots, cell.as_pointer())
    places = b.bitcast(places, I32.as_pointer())
    result = b.bitcast(result, cell.as_pointer())
    width = vector_bytes() // (8 if real == "float64" else 4)
    whole = b.udiv(count, i64(width))
    done = b.mul(whole, i64(width))
    for lanes, start, times in ((width, i64(0), whole), (1, done, b.sub(count, done))):
        index, _, after = counted(b, times, ())
        first = b.add(start, b.mul(index, i64(lanes)))
        point = Point(b, lanes)
        operands = []
        for n, x in enumerate(node.inputs):
            if n not in moving(node):
                operands.append(point.constant(number(x), x.dtype))
                continue
            at = b.add(first, b.mul(count, i64(moving(node).index(n))))
            row = [b.load(b.gep(places, [b.add(at, i64(k))])) for k in range(lanes)]
            cells = [b.load(b.gep(slots, [b.zext(place, I64)])) for place in row]
            operands.append(Lanes(point, point.together(cells), real).to(x.dtype))
        made = on_lanes(node, operands).to(real)
        to = b.gep(result, [first])
        if lanes > 1:
            to = b.bitcast(to, made.v.type.as_pointer())
        b.store(made.v, to, align=8 if real == "float64" else 4)
        again(b, index, after, (), ())
    b.ret_void()
    return _loaded(str(module)).address("run")


@lru_cache(maxsize=2)
def machine(real: str) -> int:
    """The address of what runs a tape: ``(slots, results, operands, stages, count)``.

    A stage is a call of a runner, then sums of a product and a number, one after the other: all sums, differences
    and products are such, so there is nothing to decide between them.  Product and sum are both rounded.
    """
    module = ir.Module("dvar")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [I8P, I8P, I8P, I8P, I64]), "run")
    cell = scalar_type(real)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    raw, results, operands, stages, count = function.args
    slots, results = (b.bitcast(x, cell.as_pointer()) for x in (raw, results))
    operands, stages = (b.bitcast(x, t.as_pointer()) for x, t in ((operands, I32), (stages, I64)))
    stage, phis, end = counted(b, count, (results, operands))
    at, (result, places) = b.mul(stage, i64(STAGE)), phis
    address, members, words, sums = (
        b.load(b.gep(stages, [b.add(at, i64(k))])) for k in range(STAGE)
    )
    with b.if_then(b.icmp_unsigned("!=", members, i64(0))):
        run = b.inttoptr(address, RUNNER.as_pointer())
        b.call(run, [raw, b.bitcast(places, I8P), b.bitcast(result, I8P), members])
    result, places = b.gep(result, [members]), b.gep(places, [words])
    index, _, after = counted(b, sums, ())
    first = b.mul(index, i64(3))
    x, y, z = (
        b.load(b.gep(slots, [b.zext(b.load(b.gep(places, [b.add(first, i64(k))])), I64)]))
        for k in range(3)
    )
    b.store(b.fadd(b.fmul(x, y), z), b.gep(result, [index]))
    again(b, index, after, (), ())
    new = [b.gep(result, [sums]), b.gep(places, [b.mul(sums, i64(3))])]
    again(b, stage, end, phis, new)
    b.ret_void()
    return _loaded(str(module)).address("run")


@cache
def _loaded(text: str) -> Loaded:
    """Code that stays in memory: there are few rows."""
    return Loaded(object_code(text))
