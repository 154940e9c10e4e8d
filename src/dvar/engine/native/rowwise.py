"""Products of a matrix that lies row by row in memory with a vector: rows are read as they lie.

The lanes of ``x @ v`` are its rows.  To have them so, a matrix is turned when it is read (``turning.py``), which
pays where its columns are used one by one.  Here a row is a few vectors along the columns instead: it is multiplied
with ``v``, and the sums of as many rows as there are lanes end as one vector.  In ``r @ x`` each row is
added, times its number, to vectors that stay in registers.
"""

from __future__ import annotations

from typing import NamedTuple

from llvmlite import ir

from dvar.core.node import Node
from dvar.engine.native.arrays import Strided, sizes_of
from dvar.engine.native.lanes import I32, Lanes, Value, scalar_type
from dvar.engine.native.memory import ITEM
from dvar.engine.native.products import butterfly
from dvar.engine.native.schedule import CONTRACTIONS, Loop, contraction
from dvar.engine.native.tile import LANE, Index, Tile, i64, kind_size
from dvar.engine.native.turning import fetch

# Sums that are added to in turn, so that one need not wait for the other; vectors of a row held at once.
SUMS, HELD = 8, 8
# So many bytes ahead memory is asked for.
AHEAD = 32 * 1024


class ByRows(NamedTuple):
    """A contraction of a matrix with a vector.

    Attributes:
        matrix: which operand is read row by row.
        column: which of its axes is the one of the columns; the other is in the lanes.
        is_last: whether nothing after it in a tile reads the matrix.
    """

    matrix: int
    column: int
    is_last: bool = False


def by_rows(node: Node, loop: Loop, arrays: list[Strided | None], width: int) -> ByRows | None:
    """How a contraction reads one of its operands row by row, if it can.

    Args:
        node: the contraction.
        loop: the loop it belongs to.
        arrays: where its operands lie before the loop, if they do.
        width: how many lanes a vector has.
    """
    if node.op.name not in CONTRACTIONS or len(node.inputs) != 2 or width == 1:
        return None
    if any(x.dtype != node.dtype for x in node.inputs):
        return None
    for n in range(2):
        column = _column(node.inputs[n], loop, arrays[n], width)
        if column is not None and _is_vector(node, n, column, loop, arrays[1 - n]):
            return ByRows(n, column)
    return None


def _column(x: Node, loop: Loop, array: Strided | None, width: int) -> int | None:
    """The axis along which the elements of a row lie side by side."""
    lane = loop.lane.get(x)
    if array is None or lane is None or array.strides[lane] < width:
        return None
    wide = [a for a, size in enumerate(array.sizes) if a != lane and size != 1]
    if len(wide) != 1 or array.strides[wide[0]] != 1 or array.sizes[wide[0]] < width:
        return None
    return wide[0]


def _is_vector(node: Node, n: int, column: int, loop: Loop, held: Strided | None) -> bool:
    """Whether the other operand, and the result, have one axis to speak of."""
    names, result, summed = contraction(node)
    x, other = node.inputs[n], node.inputs[1 - n]
    lane = loop.lane[x]
    assert lane is not None
    along, across = names[n][lane], names[n][column]
    vector, gone = (along, across) if across not in summed else (across, along)
    if vector not in summed or gone not in result:
        return False
    if vector == across and held is None:
        return False  # what is multiplied with every row has to be there

    def is_one_axis(of: tuple[object, ...], shape: tuple[int, ...], name: object) -> bool:
        return [k for k, size in zip(of, shape, strict=True) if size != 1] == [name]

    return is_one_axis(names[1 - n], sizes_of(other), vector) and is_one_axis(
        result, sizes_of(node), gone
    )


class RowWriter:
    """Code for one such contraction on a tile."""

    def __init__(self, tile: Tile, node: Node, how: ByRows) -> None:
        self.tile, self.node, self.how = tile, node, how
        self.kind = scalar_type(node.dtype)
        x = node.inputs[how.matrix]
        self.other = node.inputs[1 - how.matrix]
        array = tile.array_of(x)
        assert array is not None  # it lies row by row
        self.array = array
        (self.lane,) = [a for a in range(x.ndim) if a == tile.lane[x]]
        self.columns = array.sizes[how.column]
        width = tile.width
        # The last vector of a row reaches back over columns that the one before has as well.
        self.full = self.columns // width
        self.again = -self.columns % width
        self.starts = [width * k for k in range(self.full)]
        self.starts += [self.columns - width] if self.again else []

    def _row(self, row: Value) -> Value:
        """Where a row of the tile begins."""
        b, tile = self.tile.builder, self.tile
        place = b.mul(b.add(tile.start, row), i64(self.array.strides[self.lane]))
        return b.gep(
            tile.pointers[self.array.slot], [b.add(place, i64(self.array.offset))], inbounds=True
        )

    def _vector(self, start: Value, column: Index) -> Lanes:
        """Elements of a row side by side."""
        b = self.tile.builder
        pointer = b.gep(start, [i64(column) if isinstance(column, int) else column], inbounds=True)
        kind = self.tile.point.type_of(self.kind)
        v = b.load(b.bitcast(pointer, kind.as_pointer()), align=kind_size(self.node.dtype))
        return Lanes(self.tile.point, v, self.node.dtype)

    def _new(self, v: Lanes) -> Value:
        """The elements of a last vector that no vector before it has, the others zero."""
        b, width = self.tile.builder, self.tile.width
        zero = self.tile.point.literal(0, self.kind)
        lanes = [k if k >= self.again else width + k for k in range(width)]
        return b.shuffle_vector(v.v, zero, ir.Constant(ir.VectorType(I32, width), lanes))

    def _fetch_ahead(self, row: Value, count: int) -> None:
        """Ask for what the next tiles read, while this one is read for the last time."""
        item = ITEM[self.array.dtype]
        pitch = self.array.strides[self.lane]
        if pitch == self.columns:  # nothing lies between the rows
            distance = max(1, AHEAD // (pitch * item))
            fetch(self.tile, self.array, pitch, self.tile.builder.add(row, i64(distance)), count)

    # ── rows times a vector ─────────────────────────────────────────────────────────────────────

    def products(self, out: Strided) -> None:
        """The product of every row with the vector, one row in each lane."""
        tile, b = self.tile, self.tile.builder
        held = self._held_vector()

        def at(place: Value, present: int) -> None:
            if self.how.is_last:
                self._fetch_ahead(place, present)
            starts = [self._row(b.add(place, i64(r))) for r in range(present)]
            sums = self._sums(starts, held)
            sums += [tile.point.literal(0, self.kind)] * (tile.width - present)
            value = Lanes(tile.point, butterfly(b, sums, tile.width), self.node.dtype)
            index: list[Index] = [0] * self.node.ndim
            lane = tile.lane[self.node]
            assert lane is not None
            index[lane] = LANE
            tile.store(value, out, index, place)

        tile.in_steps(tile.count, tile.width, at)

    def _held_vector(self) -> list[Lanes]:
        """The vector in as many registers as a row takes, the columns of the last that come twice as zero."""
        tile, b = self.tile, self.tile.builder
        array = tile.array_of(self.other)
        assert array is not None
        (axis,) = [a for a, size in enumerate(array.sizes) if size != 1]
        index: list[Index] = [0] * len(array.sizes)
        found: list[Lanes] = []
        for start in self.starts:
            if array.strides[axis] == 1:
                index[axis] = start
                vector = self._vector(tile.address(array, index, None), 0)
            else:
                parts = []
                for k in range(tile.width):
                    index[axis] = start + k
                    parts.append(b.load(tile.address(array, index, None)))
                vector = Lanes(tile.point, tile.point.together(parts), self.node.dtype)
            found.append(vector)
        if self.again:
            found[-1] = Lanes(tile.point, self._new(found[-1]), self.node.dtype)
        return found

    def _sums(self, starts: list[Value], held: list[Lanes]) -> list[Value]:
        """For every row a vector whose lanes add up to its product."""
        found = []
        for start in starts:
            total: Lanes | None = None
            for column, vector in zip(self.starts, held, strict=True):
                part = self._vector(start, column)
                total = part * vector if total is None else part.fma(vector, total)
            assert total is not None
            found.append(total.v)
        return found

    # ── numbers times rows ──────────────────────────────────────────────────────────────────────

    def total(self, sums: Value) -> None:
        """Adds the sum of the tile's rows, each times its number, to ``sums``."""
        for first in range(0, len(self.starts), HELD):
            self._total_of(first, sums)

    def _total_of(self, first: int, sums: Value) -> None:
        """The part of the columns from a vector of a row on."""
        columns = self.starts[first : first + HELD]
        tile, b = self.tile, self.tile.builder
        kind = tile.point.type_of(self.kind)
        turns = max(1, SUMS // len(columns))
        cells = [[tile.cell(kind) for _ in columns] for _ in range(turns)]
        for cell in (cell for row in cells for cell in row):
            b.store(tile.point.literal(0, self.kind), cell)

        def add(row: Value, turn: int) -> None:
            start, number = self._row(row), self._number(row)
            for column, cell in zip(columns, cells[turn], strict=True):
                before = Lanes(tile.point, b.load(cell), self.node.dtype)
                b.store(self._vector(start, column).fma(number, before).v, cell)

        whole = tile.count // turns * turns
        if whole:
            with tile.loop(whole, turns) as row:
                if self.how.is_last and first == 0:
                    self._fetch_ahead(row, turns)
                for turn in range(turns):
                    add(b.add(row, i64(turn)), turn)
        for turn in range(tile.count - whole):
            add(i64(whole + turn), turn)
        for k, column in enumerate(columns):
            part = b.load(cells[0][k])
            for turn in range(1, turns):
                part = b.fadd(part, b.load(cells[turn][k]))
            if self.again and column == self.starts[-1]:
                part = self._new(Lanes(tile.point, part, self.node.dtype))
            at = b.bitcast(b.gep(sums, [i64(column)], inbounds=True), kind.as_pointer())
            align = kind_size(self.node.dtype)
            b.store(b.fadd(b.load(at, align=align), part), at, align=align)

    def _number(self, row: Value) -> Lanes:
        """What a row is multiplied with, in every lane."""
        tile = self.tile
        array = tile.array_of(self.other)
        assert array is not None
        index: list[Index] = [
            LANE if a == tile.lane[self.other] else 0 for a in range(self.other.ndim)
        ]
        one = tile.builder.load(tile.address(array, index, row))
        return Lanes(tile.point, tile.point.splat(one), self.node.dtype)
