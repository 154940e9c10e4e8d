"""Rows in memory, columns in the lanes: a tile is turned when it is read, and turned back when written."""

from __future__ import annotations

from collections.abc import Iterable

from llvmlite import ir

from dvar.engine.native.arrays import Strided
from dvar.engine.native.lanes import I32, Value
from dvar.engine.native.memory import ITEM
from dvar.engine.native.tile import Tile, i64, memory_type

SQUARE = 4
# The most vectors ahead that memory is asked for, if the next tile is not nearer.
AHEAD = 8
# Fewer rows are in a cache.
MANY = 4096


def turn_in(tile: Tile, x: Strided, lane: int, out: Strided) -> None:
    """Fill the buffer ``out`` with the places of this tile of ``x``, whose lanes are not neighbours."""
    _turn(tile, x, lane, out, inwards=True)


def turn_out(tile: Tile, buffer: Strided, out: Strided, lane: int) -> None:
    """Write a tile to an array in which the lanes are not neighbours."""
    _turn(tile, out, lane, buffer, inwards=False)


def _turn(tile: Tile, rows: Strided, lane: int, columns: Strided, inwards: bool) -> None:
    boxes = [a for a in range(len(rows.sizes)) if a != lane and rows.sizes[a] != 1]
    boxes.sort(key=lambda a: -rows.strides[a])
    flat = _flat(rows, boxes)
    if flat is None or flat < 2 or tile.width not in (4, 8, 16):
        _one_by_one(tile, rows, lane, columns, inwards)
        return
    squares = _Squares(tile, rows, lane, columns, columns.strides[boxes[-1]])
    whole = flat // SQUARE * SQUARE

    def at(place: Value, present: int) -> None:
        if rows.strides[lane] == flat and rows.sizes[0] >= MANY:
            ahead = i64(min(tile.count, AHEAD * tile.width))
            fetch(tile, rows, flat, tile.builder.add(place, ahead), tile.width)
        if whole > SQUARE * 4:
            with tile.loop(whole, SQUARE) as first:
                squares.turn(place, present, first, SQUARE, inwards)
        else:
            for first in range(0, whole, SQUARE):
                squares.turn(place, present, i64(first), SQUARE, inwards)
        if flat > whole and flat > SQUARE:  # some columns twice cost less than single elements
            squares.turn(place, present, i64(flat - SQUARE), SQUARE, inwards)
        elif flat > whole:
            squares.turn(place, present, i64(whole), flat - whole, inwards)

    tile.in_steps(tile.count, tile.width, at)


def _flat(x: Strided, axes: list[int]) -> int | None:
    """How many elements lie side by side at each place, if all of them do."""
    step = 1
    for a in reversed(axes):
        if x.strides[a] != step:
            return None
        step *= x.sizes[a]
    return step


def fetch(tile: Tile, rows: Strided, pitch: int, place: Value, count: int) -> None:
    """Ask for rows that are read a little later, so that memory does not keep us waiting.

    Args:
        tile: what is being written.
        rows: where they lie, side by side.
        pitch: elements of a row.
        place: the first row, counted from the beginning of the tile.
        count: how many rows.
    """
    b = tile.builder
    byte = ir.IntType(8).as_pointer()
    pointer = b.gep(tile.pointers[rows.slot], [b.mul(b.add(tile.start, place), i64(pitch))])
    base = b.bitcast(pointer, byte)
    # To be read, into the second-level cache: the first has few places for what is under way.
    flags = [ir.Constant(I32, n) for n in (0, 2, 1)]
    for line in range(0, count * pitch * ITEM[rows.dtype], 64):
        tile.point.call("llvm.prefetch.p0", ir.VoidType(), b.gep(base, [i64(line)]), *flags)


class _Squares:
    """Four columns at once: pieces of four elements become vectors, in which squares are turned.

    Vector n holds the pieces of rows n, n + 4, n + 8, …, so that turning every square of four in place
    puts the rows in order.
    """

    def __init__(self, tile: Tile, rows: Strided, lane: int, columns: Strided, step: int) -> None:
        self.tile, self.rows, self.columns, self.step = tile, rows, columns, step
        self.pitch = rows.strides[lane]
        self.piece = ir.VectorType(memory_type(rows.dtype), SQUARE)

    def turn(self, place: Value, present: int, first: Value, count: int, inwards: bool) -> None:
        """Columns ``first`` to ``first + count`` of the vector at ``place``, of which some rows exist."""
        b, tile = self.tile.builder, self.tile
        start = b.mul(b.add(tile.start, place), i64(self.pitch))
        start = b.add(start, b.add(first, i64(self.rows.offset)))
        corner = b.gep(tile.pointers[self.rows.slot], [start], inbounds=True)
        beside = b.add(b.mul(first, i64(self.step)), b.add(place, i64(self.columns.offset)))
        line = [
            b.gep(
                tile.pointers[self.columns.slot], [b.add(beside, i64(k * self.step))], inbounds=True
            )
            for k in range(count)
        ]
        kind = ir.VectorType(self.piece.element, tile.width)
        if inwards:
            pieces = [
                self._load(corner, r, count) if r < present else None for r in range(tile.width)
            ]
            held = [self._joined(pieces[n::SQUARE]) for n in range(SQUARE)]
            for pointer, column in zip(line, _turned(b, held, tile.width), strict=False):
                b.store(column, b.bitcast(pointer, kind.as_pointer()), align=1)
            return
        held = [b.load(b.bitcast(pointer, kind.as_pointer()), align=1) for pointer in line]
        held += [ir.Constant(kind, [0] * tile.width)] * (SQUARE - count)
        turned = _turned(b, held, tile.width)
        for r in range(present):
            lanes = [r // SQUARE * SQUARE + k for k in range(SQUARE)]
            part = b.shuffle_vector(turned[r % SQUARE], turned[r % SQUARE], _lanes(lanes))
            self._store(part, corner, r, count)

    def _load(self, corner: Value, row: int, count: int) -> Value:
        b = self.tile.builder
        pointer = b.gep(corner, [i64(row * self.pitch)], inbounds=True)
        if count == SQUARE:
            return b.load(b.bitcast(pointer, self.piece.as_pointer()), align=1)
        part = ir.Constant(self.piece, [0] * SQUARE)
        for k in range(count):
            one = b.load(b.gep(pointer, [i64(k)], inbounds=True))
            part = b.insert_element(part, one, ir.Constant(I32, k))
        return part

    def _store(self, part: Value, corner: Value, row: int, count: int) -> None:
        b = self.tile.builder
        pointer = b.gep(corner, [i64(row * self.pitch)], inbounds=True)
        if count == SQUARE:
            b.store(part, b.bitcast(pointer, self.piece.as_pointer()), align=1)
            return
        for k in range(count):
            b.store(
                b.extract_element(part, ir.Constant(I32, k)),
                b.gep(pointer, [i64(k)], inbounds=True),
            )

    def _joined(self, pieces: list[Value | None]) -> Value:
        b = self.tile.builder
        zero = ir.Constant(self.piece, [0] * SQUARE)
        parts = [zero if p is None else p for p in pieces]
        while len(parts) > 1:
            size = parts[0].type.count
            both = _lanes(range(2 * size))
            parts = [
                b.shuffle_vector(parts[n], parts[n + 1], both) for n in range(0, len(parts), 2)
            ]
        return parts[0]


def _lanes(lanes: Iterable[int]) -> Value:
    wanted = list(lanes)
    return ir.Constant(ir.VectorType(I32, len(wanted)), wanted)


def _turned(b: Value, rows: list[Value], width: int) -> list[Value]:
    """Squares of four in every quarter of the lanes, with rows and columns exchanged."""
    for distance in (1, 2):
        low = [lane if not lane & distance else width + (lane ^ distance) for lane in range(width)]
        high = [(lane ^ distance) if not lane & distance else width + lane for lane in range(width)]
        new = list(rows)
        for n in range(SQUARE):
            if not n & distance:
                x, y = rows[n], rows[n + distance]
                new[n] = b.shuffle_vector(x, y, _lanes(low))
                new[n + distance] = b.shuffle_vector(x, y, _lanes(high))
        rows = new
    return rows


def _one_by_one(tile: Tile, rows: Strided, lane: int, columns: Strided, inwards: bool) -> None:
    b = tile.builder
    axes = [a for a in range(len(rows.sizes)) if a != lane]

    def copy(index: tuple[object, ...]) -> None:
        at: list[object] = [0] * len(rows.sizes)
        for a, i in zip(axes, index, strict=True):
            at[a] = i
        with tile.loop(tile.count) as place:
            far = _element(tile, rows, lane, at, b.add(tile.start, place))
            near = _element(tile, columns, lane, at, place)
            source, target = (far, near) if inwards else (near, far)
            b.store(b.load(source), target)

    tile.nest([rows.sizes[a] for a in axes], copy, few=1)


def _element(tile: Tile, x: Strided, lane: int, at: list[object], place: Value) -> Value:
    b = tile.builder
    offset = b.add(b.mul(place, i64(x.strides[lane])), i64(x.offset))
    for a, (i, stride) in enumerate(zip(at, x.strides, strict=True)):
        if a != lane and stride:
            value = i64(i * stride) if isinstance(i, int) else b.mul(i, i64(stride))
            offset = b.add(offset, value)
    return b.gep(tile.pointers[x.slot], [offset], inbounds=True)
