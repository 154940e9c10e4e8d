"""Loops and branches as such: blocks of code that go round, of which one is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llvmlite import ir

from dvar.core.body import Body
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Nested
from dvar.derive.control.branches import checkpoint, cond
from dvar.derive.control.passes import Loop, Pass, cut
from dvar.derive.control.scan import scan
from dvar.derive.control.steps import Loop as Steps
from dvar.derive.control.while_loop import while_loop
from dvar.engine.native.arrays import count_of
from dvar.engine.native.cells import Cells, Held, Memory, Writer
from dvar.engine.native.lanes import I8, I64, Lanes, Value, scalar_type
from dvar.engine.native.rewrite import rewritten
from dvar.engine.native.tile import NotNative, i64
from dvar.engine.native.whiles import needed_notes

I8P = ir.IntType(8).as_pointer()
CELL = 8  # bytes of a note


class Flow:
    """Code for programs that hold programs."""

    def __init__(self, writer: Writer) -> None:
        self.w, self.b = writer, writer.b

    def program(self, body: Body, operands: Sequence[Held]) -> list[Held]:
        """The roots of a program, given its operands."""
        roots = rewritten(body.roots)
        held: dict[Node, Held] = dict(zip(body.inputs, operands, strict=True))
        order = topological(roots, set(held))
        alike: dict[object, list[Node]] = {}
        for node in order:
            if isinstance(node.op.derivative, Nested):
                alike.setdefault(_programs_of(node), []).append(node)
        for node in order:
            if node in held:
                continue
            given = [held[x] for x in node.inputs]
            group = alike.get(_programs_of(node), [node])
            if len(group) > 1:
                held.update(self.together(group, given))
            else:
                held[node] = self.node(node, given)
        return [held[root] for root in roots]

    def together(self, nodes: Sequence[Node], operands: Sequence[Held]) -> dict[Node, Held]:
        """Nodes that are results, of different types, of the same programs: these are run once."""
        first = nodes[0]
        if first.op is while_loop:
            ends = self._ends(first, operands)
        elif first.op is cond:
            ends = self._branches(first, operands)
        elif first.op is checkpoint:
            (body,) = first.param("branches")
            ends = self.cells_of(body, operands)
        elif first.op is scan:
            return self._scans(nodes, operands, None)
        else:
            raise NotNative(first)
        return {node: _packed(ends, node) for node in nodes}

    def cells_of(self, body: Body, operands: Sequence[Held]) -> list[Cells]:
        made = self.program(body, operands)
        return [self.w.cells(root, x) for root, x in zip(body.roots, made, strict=True)]

    def node(self, node: Node, operands: Sequence[Held], into: Memory | None = None) -> Held:
        """A node from its operands; ``into`` is where a large result goes."""
        if node.op is VARIABLE or any(not isinstance(size, int) for size in node.shape):
            raise NotNative(node)
        if not node.inputs:
            return self.w.leaf(node)
        if node.op is scan:
            return self._scans([node], operands, into)[node]
        if isinstance(node.op.derivative, Nested):
            return self.together([node], operands)[node]
        return self.w.row(node, operands)

    # ── going round ─────────────────────────────────────────────────────────────────────────────

    def loop(
        self,
        carry: Sequence[Lanes],
        goes_on: Callable[[Value, Cells], Value],
        step: Callable[[Value, Cells], Cells],
    ) -> tuple[Cells, Value]:
        """What is carried when it does not go on any more, and how often it went round."""
        b = self.b
        head, before = b.append_basic_block("head"), b.block
        b.branch(head)
        b.position_at_end(head)
        index = b.phi(I64)
        index.add_incoming(i64(0), before)
        phis = [b.phi(scalar_type(x.dtype)) for x in carry]
        for phi, x in zip(phis, carry, strict=True):
            phi.add_incoming(x.v, before)
        here = [Lanes(self.w.point, p, x.dtype) for p, x in zip(phis, carry, strict=True)]
        again = goes_on(index, here)
        inside, after = b.append_basic_block("inside"), b.append_basic_block("after")
        b.cbranch(again, inside, after)
        b.position_at_end(inside)
        made = step(index, here)
        following = b.add(index, i64(1))
        index.add_incoming(following, b.block)
        for phi, x, old in zip(phis, made, carry, strict=True):
            phi.add_incoming(x.to(old.dtype).v, b.block)
        b.branch(head)
        b.position_at_end(after)
        return here, index

    def _branches(self, node: Node, operands: Sequence[Held]) -> list[Cells]:
        """All results of the branch that is taken."""
        b, w = self.b, self.w
        (condition,) = w.cells(node.inputs[0], operands[0])
        taken, other = node.param("branches")
        blocks = [b.append_basic_block(name) for name in ("taken", "other", "both")]
        b.cbranch(condition.to("bool").v, blocks[0], blocks[1])
        ends = []
        for body, block in zip((taken, other), blocks, strict=False):
            b.position_at_end(block)
            ends.append((self.cells_of(body, operands[1:]), b.block))
            b.branch(blocks[2])
        b.position_at_end(blocks[2])
        return [
            [self._either(x, y, ends[0][1], ends[1][1]) for x, y in zip(first, second, strict=True)]
            for first, second in zip(ends[0][0], ends[1][0], strict=True)
        ]

    def _either(self, x: Lanes, y: Lanes, one: Value, other: Value) -> Lanes:
        phi = self.b.phi(scalar_type(x.dtype))
        phi.add_incoming(x.v, one)
        phi.add_incoming(y.v, other)
        return Lanes(self.w.point, phi, x.dtype)

    def _scans(
        self, nodes: Sequence[Node], operands: Sequence[Held], into: Memory | None
    ) -> dict[Node, Held]:
        """Results of the same loop, each with memory of its own for the pieces of its steps."""
        loop, w = Steps.of(nodes[0]), self.w
        length = loop.length
        assert isinstance(length, int)
        inits, series, fixed = loop.split(operands)
        tapes = [w.memory(x, held) for x, held in zip(loop.series, series, strict=True)]
        count = len(inits)
        carry = [v for x, held in zip(loop.inits, inits, strict=True) for v in w.cells(x, held)]
        sizes = [count_of(x) for x in loop.inits]
        outs: dict[Node, Memory | None] = {
            node: into or (w.room(node, count_of(node)) if _has_pieces(node, count) else None)
            for node in nodes
        }
        starts = {node: self._starts(loop, node.param("results")) for node in nodes}

        def step(index: Value, here: Cells) -> Cells:
            t = self.b.sub(i64(length - 1), index) if loop.reverse else index
            elements = [
                w.part(tape, self.b.mul(t, i64(count_of(x))), count_of(x))
                for tape, x in zip(tapes, loop.body.inputs[count:], strict=False)
            ]
            made = self.cells_of(loop.body, [*cut(here, sizes)[:-1], *elements, *fixed])
            for node, out in outs.items():
                for n in node.param("results"):
                    if n >= count and out is not None:
                        first = self.b.add(i64(starts[node][n]), self.b.mul(t, i64(len(made[n]))))
                        for k, value in enumerate(made[n]):
                            w.store(value, out, self.b.add(first, i64(k)))
            return [v for cells in made[:count] for v in cells]

        ends, _ = self.loop(carry, lambda n, _: self.b.icmp_signed("<", n, i64(length)), step)
        last = cut(ends, sizes)[:-1]
        found: dict[Node, Held] = {}
        for node, out in outs.items():
            if out is None:
                found[node] = _packed(last, node)
                continue
            for n in node.param("results"):
                for k, value in enumerate(last[n] if n < count else ()):
                    w.store(value, out, starts[node][n] + k)
            found[node] = out
        return found

    def _starts(self, loop: Steps, places: Sequence[int]) -> dict[int, int]:
        """Where each result begins in the vector of all."""
        found, place = {}, 0
        assert isinstance(loop.length, int)
        for n in places:
            found[n] = place
            place += count_of(loop.body.roots[n]) * (1 if n < len(loop.inits) else loop.length)
        return found

    # ── loops that a condition ends ─────────────────────────────────────────────────────────────

    def _ends(self, node: Node, operands: Sequence[Held]) -> list[Cells]:
        """What all passes carry at their ends."""
        loop, w = Loop.of(node), self.w
        *inits, fixed = cut(operands, [way.carries for way in loop.passes])
        needed = needed_notes(loop)
        tapes: list[_Tape] = []
        ends: list[Cells] = []
        steps: Value = i64(0)
        for n, (way, nodes, first) in enumerate(zip(loop.passes, loop.inits, inits, strict=True)):
            types = [*way.body.inputs[: way.carries], *way.body.roots[way.carries :]]
            tape = _Tape(self, [types[k] for k in needed[n]])
            carry = [v for x, held in zip(nodes, first, strict=True) for v in w.cells(x, held)]
            sizes = [count_of(x) for x in nodes]

            def made(
                here: Cells, index: Value, n: int = n, way: Pass = way, sizes: list[int] = sizes,
                tape: _Tape = tape,
            ) -> Cells:  # fmt: skip
                own = cut(here, sizes)[:-1]
                known: list[Held] = []
                for earlier, other in enumerate(loop.passes[:n]):
                    loaded = tapes[earlier].read(index)
                    of = dict(zip(needed[earlier], loaded, strict=True))
                    known += [of.get(k, []) for k in range(other.notes)]
                roots = self.cells_of(way.body, [*own, *known, *fixed])
                notes = [*own, *roots[way.carries :]]
                tape.write(index, [notes[k] for k in needed[n]])
                return [v for cells in roots[: way.carries] for v in cells]

            if n == 0:

                def goes_on(_: Value, here: Cells, sizes: list[int] = sizes) -> Value:
                    ((again,),) = self.cells_of(loop.test, [*cut(here, sizes)[:-1], *fixed])
                    return again.to("bool").v

                last, steps = self.loop(carry, goes_on, lambda k, here: made(here, k))
            else:
                tape.make(steps)

                def at(k: Value, way: Pass = way, steps: Value = steps) -> Value:
                    return self.b.sub(self.b.sub(steps, i64(1)), k) if way.reverse else k

                last, _ = self.loop(
                    carry,
                    lambda k, _, steps=steps: self.b.icmp_signed("<", k, steps),  # type: ignore[misc]
                    lambda k, here, at=at: made(here, at(k)),  # type: ignore[misc]
                )
            tapes.append(tape)
            ends += cut(last, sizes)[:-1]
        for tape in tapes:
            tape.free()
        return ends


class _Tape:
    """Notes of steps, in memory that grows.

    Args:
        nodes: what is noted at each step.
    """

    def __init__(self, flow: Flow, nodes: Sequence[Node]) -> None:
        self.flow, self.nodes = flow, nodes
        self.cells = sum(map(count_of, nodes))
        b = flow.b
        if self.cells:
            with b.goto_block(flow.w.entry):
                self.pointer, self.capacity = b.alloca(I8P), b.alloca(I64)
            b.store(ir.Constant(I8P, None), self.pointer)
            b.store(i64(0), self.capacity)

    def make(self, steps: Value) -> None:
        """Room for so many steps."""
        if self.cells:
            self._grow(steps)

    def _grow(self, steps: Value) -> None:
        b = self.flow.b
        size = b.mul(steps, i64(self.cells * CELL))
        new = _c(b, "realloc", I8P, b.load(self.pointer), size)
        b.store(new, self.pointer)
        b.store(steps, self.capacity)

    def _at(self, step: Value, cell: int, kind: Value) -> Value:
        b = self.flow.b
        place = b.add(b.mul(step, i64(self.cells * CELL)), i64(cell * CELL))
        return b.bitcast(b.gep(b.load(self.pointer), [place]), kind.as_pointer())

    def write(self, step: Value, notes: Sequence[Cells]) -> None:
        if not self.cells:
            return
        b = self.flow.b
        held = b.load(self.capacity)
        with b.if_then(b.icmp_signed(">=", step, held), likely=False):
            self._grow(b.add(b.mul(held, i64(2)), i64(32)))
        for n, value in enumerate(v for cells in notes for v in cells):
            v = b.zext(value.v, I8) if value.dtype == "bool" else value.v
            b.store(v, self._at(step, n, v.type))

    def read(self, step: Value) -> list[Held]:
        b, w = self.flow.b, self.flow.w
        found: list[Held] = []
        n = 0
        for node in self.nodes:
            cells: Cells = []
            for _ in range(count_of(node)):
                kind = I8 if node.dtype == "bool" else scalar_type(node.dtype)
                value = b.load(self._at(step, n, kind))
                if node.dtype == "bool":
                    value = b.icmp_unsigned("!=", value, ir.Constant(I8, 0))
                cells.append(Lanes(w.point, value, node.dtype))
                n += 1
            found.append(cells)
        return found

    def free(self) -> None:
        if self.cells:
            _c(self.flow.b, "free", ir.VoidType(), self.flow.b.load(self.pointer))


def _c(b: Value, name: str, result: Value, *operands: Value) -> Value:
    """A function of the C library."""
    function = b.module.globals.get(name) or ir.Function(
        b.module, ir.FunctionType(result, [x.type for x in operands]), name
    )
    return b.call(function, operands)


def _programs_of(node: Node) -> object:
    """What nodes share that are results of the same programs."""
    params = tuple((k, v) for k, v in node.params if k not in ("results", "dtype"))
    return (node.op, node.inputs, params)


def _has_pieces(node: Node, carries: int) -> bool:
    return any(n >= carries for n in node.param("results"))


def _packed(roots: Sequence[Cells], node: Node) -> Cells:
    return [v.to(node.dtype) for n in node.param("results") for v in roots[n]]
