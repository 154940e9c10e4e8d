"""The passes over one tile: what is computed in each, stored in buffers, and added to sums."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from dvar.core.node import Node
from dvar.engine.native.arrays import Strided, sizes_of
from dvar.engine.native.groups import Pass, summed_axes
from dvar.engine.native.lanes import I1, Lanes, Value, scalar_type
from dvar.engine.native.products import Product, write_product, write_total
from dvar.engine.native.room import Room
from dvar.engine.native.rowwise import RowWriter
from dvar.engine.native.schedule import CONTRACTIONS
from dvar.engine.native.tile import LANE, Index, Tile, i64
from dvar.engine.native.turning import turn_in, turn_out
from dvar.engine.native.values import Body, combined

# In arrays of fewer vectors there is hardly one that lies inside of a part.
SOME = 4

_START = {"sum": 0.0, "prod": 1.0, "max": -float("inf"), "min": float("inf")}


def identity(node: Node) -> float:
    """What a reduction begins with."""
    return _START.get(node.op.name, 0.0) if node.is_float else 0


class Passes:
    """Writes the passes of a loop over one tile."""

    def __init__(self, room: Room, tile: Tile) -> None:
        self.room, self.tile = room, tile

    def keep(self) -> list[Callable[[], None]]:
        """What is turned once for many runs."""
        return [lambda: self._turn(kept=True)]

    def _turn(self, kept: bool) -> None:
        for array, axis, buffer in self.room.turned.values():
            if (buffer.slot in self.room.kept) == kept:
                turn_in(self.tile, array, axis, buffer)

    def write(self) -> list[Callable[[], None]]:
        """The whole tile, piece by piece: each reads of the others what they leave in memory."""

        def group_of(group: Pass) -> Callable[[], None]:
            return lambda: getattr(self, f"_{group.kind}")(group)

        pieces = [lambda: self._turn(kept=False), *map(group_of, self.room.grouping.passes)]
        return [*pieces, self._leave]

    def _leave(self) -> None:
        """What other loops read goes out, where it has not been written there."""
        for node in self.room.escapes:
            lane = self.room.loop.lane[node]
            if lane is not None and node in self.room.local:
                out = self.room.memory.written(node)
                if self.room.leaves_turned(node):
                    turn_out(self.tile, self.room.local[node], out, lane)
                elif self.room.grouping.kind(node) != "map":
                    self._copy_out(node, out)

    def _copy_out(self, node: Node, out: Strided) -> None:
        def write(body: Body, index: list[Index]) -> None:
            self.tile.store(body.value(node, index), out, index, body.place)

        self._over_box(node, write)

    def _over_box(self, node: Node, write: Callable[[Body, list[Index]], None]) -> None:
        """``write`` for every place of the box, and every vector."""
        lane = self.room.loop.lane[node]

        def at(box: tuple[Index, ...]) -> None:
            self.tile.over_lanes(lambda place: write(Body(self.tile, place), _with_lane(box, lane)))

        self.tile.nest(self.room.grouping.box(node), at)

    def _map(self, group: Pass) -> None:
        if group.space is None:
            self._few(group)
            return
        self.tile.nest(group.space, lambda box: self._lanes(group, [(n, box) for n in group.nodes]))

    def _few(self, group: Pass) -> None:
        """Small boxes: every place is written out in one pass over the lanes, so that values are shared."""
        places: list[tuple[Node, tuple[Index, ...]]] = []
        for node in group.nodes:
            is_fold = self.room.grouping.is_total(node) and node.op.name not in CONTRACTIONS
            box = self.room.grouping.box(node.inputs[0] if is_fold else node)
            places += [(node, index) for index in itertools.product(*map(range, box))]
        self._lanes(group, places)

    def _lanes(self, group: Pass, places: list[tuple[Node, tuple[Index, ...]]]) -> None:
        """Every node at its place, for all vectors of the tile."""
        cells: dict[tuple[Node, tuple[Any, ...]], Value] = {}
        for node, box in places:
            if self.room.grouping.is_total(node):
                key = (node, _kept(node, box, self.room.loop.lane))
                if key not in cells:
                    cells[key] = self._cell(node)

        def write(body: Body) -> None:
            for node, box in places:
                if self.room.grouping.is_total(node):
                    cell = cells[node, _kept(node, box, self.room.loop.lane)]
                    self._accumulate(body, node, box, cell)
                else:
                    self._write(body, node, box)

        self.tile.over_lanes(lambda place: self._at(place, write))
        for (node, kept), cell in cells.items():
            self._add_up(node, kept, cell)

    def _at(self, place: Value, write: Callable[[Body], None]) -> None:
        """The code of one vector: twice where parts are put together along the lanes, which nearly every vector lies
        inside of."""
        tile, b = self.tile, self.tile.builder
        if tile.size < SOME * tile.width:
            write(Body(tile, place))
            return
        before, plain = b.block, b.append_basic_block("inside")
        b.position_at_end(plain)
        body = Body(tile, place, (0, tile.size))
        write(body)
        first, stop = body.inside or (0, 0)
        if (first, stop) == (0, tile.size):
            with b.goto_block(before):
                b.branch(plain)
            return
        last, edge = b.block, b.append_basic_block("edge")
        b.position_at_end(edge)
        write(Body(tile, place))
        after = b.append_basic_block("both")
        b.branch(after)
        with b.goto_block(last):
            b.branch(after)
        with b.goto_block(before):
            fits = tile.is_inside(place, first, stop) if stop - first >= tile.width else I1(0)
            b.cbranch(fits, plain, edge)
        b.position_at_end(after)

    def _write(self, body: Body, node: Node, box: tuple[Index, ...]) -> None:
        index = _with_lane(box, self.room.loop.lane[node])
        held = self.room.local.pop(node, None)  # computed here, not read
        value = body.value(node, index)
        if held is not None:
            self.room.local[node] = held
            self.tile.store(value, held, index, body.place)
        if node in self.room.escapes and not self.room.leaves_turned(node):
            self.tile.store(value, self.room.memory.written(node), index, body.place)

    # ── sums over the lanes ─────────────────────────────────────────────────────────────────────

    def _cell(self, node: Node) -> Value:
        kind = scalar_type(node.dtype)
        cell = self.tile.cell(self.tile.point.type_of(kind))
        self.tile.builder.store(self.tile.point.literal(identity(node), kind), cell)
        return cell

    def _accumulate(self, body: Body, node: Node, box: tuple[Index, ...], cell: Value) -> None:
        (x,) = node.inputs
        value = body.value(x, _with_lane(box, self.room.loop.lane[x])).to(node.dtype)
        before = Lanes(self.tile.point, self.tile.builder.load(cell), node.dtype)
        after = combined(node.op.name, before, value)
        v = after.v
        if self.tile.is_masked:
            v = self.tile.builder.select(self.tile.mask(body.place), v, before.v)
        self.tile.builder.store(v, cell)

    def _add_up(self, node: Node, kept: tuple[Any, ...], cell: Value) -> None:
        b = self.tile.builder
        box = self.room.grouping.box(node)
        offset = _flat_index(b, kept, box)
        at = b.gep(
            self.tile.pointers[self.room.sums[node]],
            [b.mul(offset, i64(self.tile.width))],
            inbounds=True,
        )
        kind = self.tile.point.type_of(scalar_type(node.dtype))
        pointer = b.bitcast(at, kind.as_pointer())
        before = Lanes(self.tile.point, b.load(pointer, align=8), node.dtype)
        value = Lanes(self.tile.point, b.load(cell), node.dtype)
        b.store(combined(node.op.name, before, value).v, pointer, align=8)

    def _fold(self, group: Pass) -> None:
        """A reduction over axes other than the one in the lanes."""
        (node,) = group.nodes
        (x,) = node.inputs
        gone = list(summed_axes(node))
        keep = bool(node.param("keepdims"))
        out = self.room.local[node]

        def write(body: Body, index: list[Index]) -> None:
            left = iter(index)
            at: list[Index] = []
            for a in range(x.ndim):
                if a in gone:
                    at.append(None)
                    if keep:
                        next(left)
                else:
                    at.append(next(left))
            cell = self._cell(node)

            def add(inner: tuple[Index, ...]) -> None:
                whole = list(at)
                for a, i in zip(gone, inner, strict=True):
                    whole[a] = i
                value = Body(self.tile, body.place).value(x, whole).to(node.dtype)
                before = Lanes(self.tile.point, self.tile.builder.load(cell), node.dtype)
                self.tile.builder.store(combined(node.op.name, before, value).v, cell)

            self.tile.nest([sizes_of(x)[a] for a in gone], add)
            value = Lanes(self.tile.point, self.tile.builder.load(cell), node.dtype)
            self.tile.store(value, out, index, body.place)

        self._over_box(node, write)

    def _product(self, group: Pass) -> None:
        (node,) = group.nodes
        how = self.room.by_rows.get(node)
        if how is not None:
            RowWriter(self.tile, node, how).products(self.room.local[node])
            return
        write_product(
            self.tile, Product(node, self.room.loop.lane, self.tile), self.room.local[node]
        )

    def _total(self, group: Pass) -> None:
        (node,) = group.nodes
        sums, how = self.tile.pointers[self.room.sums[node]], self.room.by_rows.get(node)
        if how is not None:
            RowWriter(self.tile, node, how).total(sums)
            return
        write_total(self.tile, Product(node, self.room.loop.lane, self.tile), sums)


def _with_lane(box: tuple[Index, ...], lane: int | None) -> list[Index]:
    index = list(box)
    if lane is not None:
        index.insert(lane, LANE)
    return index


def _kept(node: Node, box: tuple[Index, ...], lane_of: dict[Node, int | None]) -> tuple[Any, ...]:
    """The place in the result of a reduction over the lanes that a place of the operand goes to."""
    (x,) = node.inputs
    gone = set(summed_axes(node))
    whole = _with_lane(box, lane_of[x])
    if node.param("keepdims"):
        return tuple(0 if a in gone else whole[a] for a in range(x.ndim))
    return tuple(whole[a] for a in range(x.ndim) if a not in gone)


def _flat_index(b: Value, index: tuple[Any, ...], sizes: tuple[int, ...]) -> Value:
    flat: Value = i64(0)
    for i, n in zip(index, sizes, strict=True):
        here = i64(i) if isinstance(i, int) else i
        flat = b.add(b.mul(flat, i64(n)), here)
    return flat
