"""Small arrays as single numbers: every element of a node is a value of its own.

Moves then cost nothing, and what is computed of a few numbers stays in registers, also round loops.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from llvmlite import ir

from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.lanes import I1, I8, Lanes, Point, Value
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS, contraction
from dvar.engine.native.tile import NotNative, i64, memory_type
from dvar.engine.native.values import combined, on_lanes
from dvar.engine.reference import evaluate
from dvar.ops.subscript import Slot

Cells: TypeAlias = "list[Lanes]"

# More elements than this are not held one by one; more instructions are not written.
MANY, MOST = 512, 12_000


class Memory(NamedTuple):
    """Elements side by side.

    Attributes:
        pointer: to the first.
        dtype: what lies there.
        size: how many there are.
    """

    pointer: Value
    dtype: str
    size: int


Held: TypeAlias = "Cells | Memory"


class Writer:
    """Code for single numbers, at one place that moves on.

    Attributes:
        b: where it is written.
        entry: the block in which room on the stack is made.
        made: how many values there are so far.
    """

    def __init__(self, builder: Value, entry: Value) -> None:
        self.b, self.entry = builder, entry
        self.point = Point(builder, 1)
        self.made = 0

    def count(self, node: Node, more: int) -> None:
        """Raises NotNative where the code becomes too long."""
        self.made += more
        if more > MANY or self.made > MOST:
            raise NotNative(node)

    # ── memory ──────────────────────────────────────────────────────────────────────────────────

    def room(self, node: Node, count: int) -> Memory:
        """New memory on the stack, for elements of the type of a node."""
        if count > 64 * MANY:
            raise NotNative(node)
        dtype = node.dtype
        with self.b.goto_block(self.entry):
            pointer = self.b.alloca(memory_type(dtype), max(1, count))
        return Memory(pointer, dtype, count)

    def part(self, x: Memory, start: Value | int, count: int) -> Memory:
        place = i64(start) if isinstance(start, int) else start
        return Memory(self.b.gep(x.pointer, [place]), x.dtype, count)

    def load(self, x: Memory, place: Value | int) -> Lanes:
        one = self.b.load(self.part(x, place, 1).pointer)
        value = self.b.icmp_unsigned("!=", one, ir.Constant(I8, 0)) if x.dtype == "bool" else one
        return Lanes(self.point, value, x.dtype)

    def store(self, value: Lanes, x: Memory, place: Value | int) -> None:
        v = value.to(x.dtype).v
        self.b.store(self.b.zext(v, I8) if x.dtype == "bool" else v, self.part(x, place, 1).pointer)

    def cells(self, node: Node, held: Held) -> Cells:
        """The elements one by one."""
        if not isinstance(held, Memory):
            return held
        self.count(node, held.size)
        return [self.load(held, n) for n in range(held.size)]

    def memory(self, node: Node, held: Held) -> Memory:
        """The elements side by side."""
        if isinstance(held, Memory):
            return held
        room = self.room(node, len(held))
        for n, value in enumerate(held):
            self.store(value, room, n)
        return room

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    def leaf(self, node: Node) -> Held:
        (array,) = evaluate([node], {})
        self.count(node, array.size)
        return [self.point.constant(v, node.dtype) for v in array.ravel().tolist()]

    def row(self, node: Node, operands: Sequence[Held]) -> Held:
        """A node from its operands.  Raises NotNative."""
        name = node.op.name
        if name in _MOVES:
            return self._move(node, operands)
        if name in ("getitem", "scatter_add"):
            is_static = len(node.inputs) == 1
            own = _AT if is_static else _COMPUTED
            return own[name](self, node, operands)
        all_cells = [self.cells(x, held) for x, held in zip(node.inputs, operands, strict=True)]
        self.count(node, int(np.prod(sizes_of(node))))
        if name in CONTRACTIONS and len(all_cells) == 2:
            return self._contract(node, all_cells)
        own_rule = _OWN.get(name)
        if own_rule is not None:
            return own_rule(self, node, all_cells[0])
        if not node.op.is_elementwise:
            raise NotNative(node)
        places = [_spread(x, node) for x in node.inputs]
        return [
            self._elementwise(node, [x[p[n]] for x, p in zip(all_cells, places, strict=True)])
            for n in range(len(places[0]))
        ]

    def _elementwise(self, node: Node, operands: Cells) -> Lanes:
        if node.op.native is not None:
            return on_lanes(node, operands)
        if node.op.name not in ("remainder", "floor_divide"):
            raise NotNative(node)
        x, y = (v.to(node.dtype) for v in operands)
        rest = self._rest(x, y)
        if node.op.name == "remainder":
            return rest
        quotient = (x - rest) / y
        return quotient if y.is_float else y.compare("==", 0).select(y.like(0), quotient)

    def _rest(self, x: Lanes, y: Lanes) -> Lanes:
        """The remainder with the sign of the divisor, as NumPy has it; whole numbers by zero leave zero."""
        b = self.b
        by = y if y.is_float else y.compare("==", 0).select(y.like(1), y)
        raw = b.frem(x.v, by.v) if x.is_float else b.srem(x.v, by.v)
        rest = Lanes(self.point, raw, x.dtype)
        other_sign = b.xor(rest.compare("<", 0).v, by.compare("<", 0).v)
        turned = b.and_(other_sign, rest.compare("!=", 0).v)
        return Lanes(self.point, turned, "bool").select(rest + by, rest)

    def _move(self, node: Node, operands: Sequence[Held]) -> Held:
        """Elements in another order: the row itself, applied to their numbers, says which."""
        starts = np.cumsum([0, *(int(np.prod(sizes_of(x))) for x in node.inputs)])
        numbers = [
            np.arange(a, b).reshape(sizes_of(x))
            for a, b, x in zip(starts, starts[1:], node.inputs, strict=False)
        ]
        return self._picked(node, operands, node.op.forward(*numbers, **dict(node.params)))

    def _picked(self, node: Node, operands: Sequence[Held], places: Array) -> Held:
        flat = np.ravel(places)
        whole = operands[0]
        if len(operands) == 1 and isinstance(whole, Memory):
            if flat.size and np.array_equal(flat, np.arange(flat[0], flat[0] + flat.size)):
                return self.part(whole, int(flat[0]), flat.size)
            self.count(node, flat.size)
            return [self.load(whole, int(n)) for n in flat]
        every = [
            value
            for x, held in zip(node.inputs, operands, strict=True)
            for value in self.cells(x, held)
        ]
        self.count(node, flat.size)
        return [every[n].to(node.dtype) for n in flat]

    def _contract(self, node: Node, operands: Sequence[Cells]) -> Cells:
        parts, result, summed = contraction(node)
        sizes = {
            name: size
            for names, x in zip(parts, node.inputs, strict=True)
            for name, size in zip(names, sizes_of(x), strict=True)
        }
        arrays = [
            np.arange(len(c)).reshape(sizes_of(x))
            for c, x in zip(operands, node.inputs, strict=True)
        ]
        terms = int(np.prod([sizes[n] for n in summed], dtype=int))
        self.count(node, 0)
        self.made += terms * int(np.prod(sizes_of(node)))
        found = []
        for index in _box([sizes[n] for n in result]):
            at = dict(zip(result, index, strict=True))
            total: Lanes | None = None
            for inner in _box([sizes[n] for n in summed]):
                here = {**at, **dict(zip(summed, inner, strict=True))}
                x, y = (
                    c[int(a[tuple(here[n] for n in names)])].to(node.dtype)
                    for c, a, names in zip(operands, arrays, parts, strict=True)
                )
                total = x * y if total is None else x.fma(y, total)
            found.append(self.point.constant(0, node.dtype) if total is None else total)
        return found


def _box(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    return list(itertools.product(*map(range, sizes)))


def _spread(x: Node, node: Node) -> list[int]:
    """For every element of a result, which element of an operand stands beside it."""
    numbers = np.arange(int(np.prod(sizes_of(x)))).reshape(sizes_of(x))
    places: list[int] = np.broadcast_to(numbers, sizes_of(node)).ravel().tolist()
    return places


# Rows that take elements as they are, wherever these stand.
_MOVES = frozenset(("transpose", "reshape", "broadcast_to", "stack", "concatenate", "roll"))

# ── positions ───────────────────────────────────────────────────────────────────────────────────


def _getitem(w: Writer, node: Node, operands: Sequence[Held]) -> Held:
    return w._move(node, operands)


def _scatter(w: Writer, node: Node, operands: Sequence[Held]) -> Held:
    values = w.cells(node.inputs[0], operands[0])
    shape = sizes_of(node)
    w.count(node, int(np.prod(shape)))
    zero = w.point.constant(0, node.dtype)
    found = [zero] * int(np.prod(shape))
    for value, place in zip(values, _places(node, shape).ravel().tolist(), strict=True):
        found[place] = value if found[place] is zero else found[place] + value
    return found


def _places(node: Node, shape: tuple[int, ...], *slots: Array) -> Array:
    """The numbers of the elements of an array of that shape which an index takes."""
    from dvar.ops.indexing import getitem

    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    return np.asarray(getitem.forward(numbers, *slots, index=node.param("index")))


def _one_slot(
    w: Writer, node: Node, operands: Sequence[Held], shape: tuple[int, ...]
) -> tuple[Lanes, int, Array, Array]:
    """A single computed position, counted from the front: its value, its range, the places at 0 and the
    way to those at 1.
    """
    axes = [a for a, item in enumerate(node.param("index")) if isinstance(item, Slot)]
    if len(operands) != 2 or node.inputs[1].shape or len(axes) != 1:
        raise NotNative(node)
    (position,) = w.cells(node.inputs[1], operands[1])
    size = shape[axes[0]]
    first = _places(node, shape, np.asarray(0)).ravel()
    step = _places(node, shape, np.asarray(min(1, size - 1))).ravel() - first
    position = position.to("int64")
    from_end = position.compare("<", 0)
    return from_end.select(position + size, position), size, first, step


def _getitem_computed(w: Writer, node: Node, operands: Sequence[Held]) -> Held:
    x = w.memory(node.inputs[0], operands[0])
    position, size, first, step = _one_slot(w, node, operands, sizes_of(node.inputs[0]))
    w.count(node, first.size)
    near = position.maximum(position.like(0)).minimum(position.like(size - 1))
    found = [
        w.load(x, w.b.add(w.b.mul(near.v, i64(int(s))), i64(int(f))))
        for f, s in zip(first, step, strict=True)
    ]
    if np.dtype(node.dtype).kind != "f":
        return found
    inside = position.compare("==", near)
    return [inside.select(value, math.nan) for value in found]


def _scatter_computed(w: Writer, node: Node, operands: Sequence[Held]) -> Held:
    values = w.cells(node.inputs[0], operands[0])
    shape = sizes_of(node)
    position, size, first, step = _one_slot(w, node, operands, shape)
    w.count(node, int(np.prod(shape)))
    found = [w.point.constant(0, node.dtype)] * int(np.prod(shape))
    for k in range(size):
        here = position.compare("==", k)
        for value, f, s in zip(values, first, step, strict=True):
            found[int(f + k * s)] = here.select(value, value.like(0))
    return found


_AT: dict[str, Callable[[Writer, Node, Sequence[Held]], Held]] = {
    "getitem": _getitem,
    "scatter_add": _scatter,
}
_COMPUTED: dict[str, Callable[[Writer, Node, Sequence[Held]], Held]] = {
    "getitem": _getitem_computed,
    "scatter_add": _scatter_computed,
}

# ── along axes ──────────────────────────────────────────────────────────────────────────────────


def _rows_along(node: Node) -> Array:
    """The numbers of the elements that are reduced together, one row for each element of the result."""
    (x,) = node.inputs
    axis = node.param("axis")
    gone = list(range(x.ndim)) if axis is None else [a % x.ndim for a in axis]
    kept = [a for a in range(x.ndim) if a not in gone]
    numbers = np.arange(int(np.prod(sizes_of(x)))).reshape(sizes_of(x))
    return numbers.transpose([*kept, *gone]).reshape(int(np.prod(sizes_of(node))), -1)


def _reduce(w: Writer, node: Node, x: Cells) -> Cells:
    found = []
    for row in _rows_along(node).tolist():
        if not row:
            raise NotNative(node)
        values = [x[n].to(node.dtype) for n in row]
        total = values[0]
        for value in values[1:]:
            total = combined(node.op.name, total, value)
        found.append(total)
    return found


def _place(w: Writer, node: Node, x: Cells) -> Cells:
    """argmax and argmin: the first where several are equal; a nan wins, as in NumPy."""
    sign = ">" if node.op.name == "argmax" else "<"
    found = []
    for row in _rows_along(node).tolist():
        best, at = x[row[0]], w.point.constant(0, "int64")
        for n, k in enumerate(row[1:], 1):
            wins = x[k].compare(sign, best)
            if best.is_float:
                is_nan, was_nan = x[k].compare("!=", x[k]), best.compare("!=", best)
                wins = Lanes(
                    w.point, w.b.or_(wins.v, w.b.and_(is_nan.v, w.b.not_(was_nan.v))), "bool"
                )
            best, at = wins.select(x[k], best), wins.select(w.point.constant(n, "int64"), at)
        found.append(at)
    return found


def _truth(w: Writer, node: Node, x: Cells) -> Cells:
    join = w.b.or_ if node.op.name == "any" else w.b.and_
    found = []
    for row in _rows_along(node).tolist():
        total = ir.Constant(I1, node.op.name == "all")
        for k in row:
            total = join(total, x[k].to("bool").v)
        found.append(Lanes(w.point, total, "bool"))
    return found


def _running(w: Writer, node: Node, x: Cells) -> Cells:
    """cumsum."""
    shape = sizes_of(node)
    axis = node.param("axis") or 0
    numbers = np.moveaxis(np.arange(len(x)).reshape(shape), axis, 0)
    if node.param("reverse"):
        numbers = numbers[::-1]
    found = list(x)
    for before, here in itertools.pairwise(numbers):
        for a, k in zip(np.ravel(before).tolist(), np.ravel(here).tolist(), strict=True):
            found[k] = found[a].to(node.dtype) + x[k].to(node.dtype)
    return found


_OWN: dict[str, Callable[[Writer, Node, Cells], Cells]] = {
    **dict.fromkeys(REDUCTIONS, _reduce),
    "argmax": _place,
    "argmin": _place,
    "any": _truth,
    "all": _truth,
    "cumsum": _running,
}
