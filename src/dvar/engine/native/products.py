"""Matrix products on a tile, in blocks that stay in registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

from llvmlite import ir

from dvar.core.node import Node
from dvar.engine.native.arrays import Strided, sizes_of
from dvar.engine.native.lanes import I32, Lanes, Value, scalar_type
from dvar.engine.native.schedule import contraction
from dvar.engine.native.tile import LANE, Index, NotNative, Tile, i64, plus, times

# Vectors side by side, and rows, that accumulate at once: 24 accumulators leave room among 32 registers.
SIDE, ROWS = 4, 6
# Where along each name: an index.
_At: TypeAlias = "dict[object, Index]"
BLOCK = 4


class Product:
    """A contraction of two operands: its names, sizes and where its operands lie."""

    def __init__(self, node: Node, lane_of: dict[Node, int | None], tile: Tile) -> None:
        if len(node.inputs) != 2:
            raise NotNative(node)
        (a, b), self.result, self.summed = contraction(node)
        self.names = [a, b]
        self.node = node
        self.sizes: dict[Any, int] = {
            name: size
            for names, x in zip(self.names, node.inputs, strict=True)
            for name, size in zip(names, sizes_of(x), strict=True)
        }
        self.lanes = {
            names[lane]
            for names, x in zip(self.names, node.inputs, strict=True)
            if (lane := lane_of.get(x)) is not None
        }
        self.arrays: list[Strided] = []
        for x in node.inputs:
            array = tile.array_of(x)
            if array is None or array.dtype != node.dtype:
                raise NotNative(node)
            self.arrays.append(array)

    def has_lanes(self, n: int) -> bool:
        return any(name in self.lanes for name in self.names[n])

    def index(self, names: Sequence[object], at: _At) -> list[Index]:
        return [LANE if name in self.lanes else at[name] for name in names]

    def load(self, tile: Tile, n: int, at: _At, place: Value) -> Lanes:
        return tile.load(self.arrays[n], self.index(self.names[n], at), place)


def write_product(tile: Tile, p: Product, out: Strided) -> None:
    """``out[o, lane] = Σ_k x[k, lane] · w[k, o]``, or with lanes in both operands."""
    both = p.has_lanes(0) and p.has_lanes(1)
    free = [n for n in p.result if n not in p.lanes]
    plain = 0 if not p.has_lanes(0) else 1
    # Rows of the block run along an axis that the vectors do not have, so that these are shared.
    alone = [n for n in free if n not in p.names[1 - plain]] if not both else []
    rows = max(alone, key=lambda n: p.sizes[n]) if alone else None
    others = [n for n in free if n != rows]

    def at_place(at: _At, place: Value, side: int) -> None:
        if rows is None:
            _block(tile, p, out, at, None, [0], place, side)
            return
        size = p.sizes[rows]
        count = _fitting(size)
        whole = size // count
        if whole > 1:
            with tile.loop(whole * count, count) as first:
                _block(tile, p, out, at, rows, _range(tile, first, count), place, side)
        elif whole:
            _block(tile, p, out, at, rows, list(range(count)), place, side)
        if size % count:
            _block(tile, p, out, at, rows, list(range(whole * count, size)), place, side)

    def at_other(index: tuple[Index, ...]) -> None:
        at = dict(zip(others, index, strict=True))

        def at_vectors(place: Value, lanes: int) -> None:
            at_place(at, place, lanes // tile.width)

        tile.in_steps(tile.vectors * tile.width, SIDE * tile.width, at_vectors)

    tile.nest([p.sizes[n] for n in others], at_other)


def _fitting(size: int) -> int:
    """Rows of a block: as many as fit, without leaving a thin rest."""
    if size <= ROWS:
        return size
    return min(range(ROWS, 2, -1), key=lambda n: (size % n != 0, -n))


def _range(tile: Tile, first: Value, count: int) -> list[Index]:
    b = tile.builder
    return [first if n == 0 else b.add(first, i64(n)) for n in range(count)]


def _block(
    tile: Tile,
    p: Product,
    out: Strided,
    at: _At,
    rows: object,
    places: Sequence[Index],
    place: Value,
    side: int,
) -> None:
    b = tile.builder
    kind = tile.point.type_of(scalar_type(p.node.dtype))
    zero = tile.point.literal(0, scalar_type(p.node.dtype))
    vectors = [b.add(place, i64(n * tile.width)) if n else place for n in range(side)]
    cells = [[tile.cell(kind) for _ in vectors] for _ in places]
    for row in cells:
        for cell in row:
            b.store(zero, cell)

    def add(index: tuple[Index, ...]) -> None:
        here = {**at, **dict(zip(p.summed, index, strict=True))}
        lanes = 0 if p.has_lanes(0) else 1
        wide = [
            p.load(tile, lanes, here | ({rows: places[0]} if rows is not None else {}), v)
            for v in vectors
        ]
        for n, row in enumerate(places):
            there = here if rows is None else {**here, rows: row}
            for k, v in enumerate(vectors):
                if k == 0 or p.has_lanes(1 - lanes):
                    other = p.load(tile, 1 - lanes, there, v)
                before = Lanes(tile.point, b.load(cells[n][k]), p.node.dtype)
                b.store(wide[k].fma(other, before).v, cells[n][k])

    sizes = [p.sizes[n] for n in p.summed]
    tile.nest(sizes, add, few=4)
    for n, row in enumerate(places):
        there = at if rows is None else {**at, rows: row}
        for k, v in enumerate(vectors):
            value = Lanes(tile.point, b.load(cells[n][k]), p.node.dtype)
            tile.store(value, out, p.index(p.result, there), v)


# ── over the lanes ──────────────────────────────────────────────────────────────────────────────


def write_total(tile: Tile, p: Product, sums: Value) -> None:
    """Adds ``Σ_lane x[s, a, lane] · y[s, b, lane]`` to ``sums``, block by block for every place of s.

    A block of 4 x 4 accumulators ends as 16 numbers, which lie together in ``sums``.
    """
    if any(n not in p.lanes for n in p.summed):
        raise NotNative(p.node)
    shared, left, right = sides(p.node)
    rows, columns = (blocks(p.sizes, side) for side in (left, right))
    b = tile.builder

    def at_shared(index: tuple[Index, ...]) -> None:
        here = dict(zip(shared, index, strict=True))
        first: Index = 0
        for i, n in zip(index, shared, strict=True):
            first = plus(b, times(b, first, p.sizes[n]), i)
        first = times(b, first, rows * columns)
        with tile.loop(rows) as i, tile.loop(columns) as j:
            block = plus(b, b.add(b.mul(i, i64(columns)), j), first)
            target = b.gep(sums, [b.mul(block, i64(BLOCK * BLOCK))], inbounds=True)
            xs, ys = _places(tile, p, left, i), _places(tile, p, right, j)
            _total_block(tile, p, [here | x for x in xs], [here | y for y in ys], target)

    tile.nest([p.sizes[n] for n in shared], at_shared)


def _places(tile: Tile, p: Product, names: Sequence[object], block: Value) -> list[_At]:
    """The four places of a block; places beyond the end repeat the last and are ignored later."""
    b = tile.builder
    total = 1
    for n in names:
        total *= p.sizes[n]
    found = []
    for k in range(min(BLOCK, total)):
        flat = b.add(b.mul(block, i64(BLOCK)), i64(k))
        if total % BLOCK:
            flat = b.select(b.icmp_signed("<", flat, i64(total)), flat, i64(total - 1))
        at: _At = {}
        for n in reversed(names):
            if len(names) == 1:
                at[n] = flat
            else:
                at[n] = b.urem(flat, i64(p.sizes[n]))
                flat = b.udiv(flat, i64(p.sizes[n]))
        found.append(at)
    return found


def _total_block(tile: Tile, p: Product, left: list[_At], right: list[_At], target: Value) -> None:
    b, dtype = tile.builder, p.node.dtype
    kind = tile.point.type_of(scalar_type(dtype))
    zero = tile.point.literal(0, scalar_type(dtype))
    cells = [[tile.cell(kind) for _ in right] for _ in left]
    for row in cells:
        for cell in row:
            b.store(zero, cell)

    def add(place: Value) -> None:
        xs = [p.load(tile, 0, at, place) for at in left]
        ys = [p.load(tile, 1, at, place) for at in right]
        if tile.is_masked:
            mask = tile.mask(place)
            xs = [Lanes(tile.point, b.select(mask, x.v, zero), dtype) for x in xs]
            ys = [Lanes(tile.point, b.select(mask, y.v, zero), dtype) for y in ys]
        for x, row in zip(xs, cells, strict=True):
            for y, cell in zip(ys, row, strict=True):
                before = Lanes(tile.point, b.load(cell), dtype)
                b.store(x.fma(y, before).v, cell)

    if tile.vectors == 1:
        add(i64(0))
    else:
        with tile.loop(tile.vectors * tile.width, tile.width) as place:
            add(place)
    sums: list[Value | None] = [None] * (BLOCK * BLOCK)
    for n, row in enumerate(cells):
        for k, cell in enumerate(row):
            sums[n * BLOCK + k] = b.load(cell)
    _add_sums(tile, sums, target, dtype)


def _add_sums(tile: Tile, vectors: list[Value | None], target: Value, dtype: str) -> None:
    """The sum of each vector's lanes, added to the numbers at ``target``."""
    b, width = tile.builder, tile.width
    zero = tile.point.literal(0, scalar_type(dtype))
    present = sum(v is not None for v in vectors)
    if width not in (4, 8, 16) or present <= width // 2:
        for n, v in enumerate(vectors):
            if v is not None:
                at = b.gep(target, [i64(n)], inbounds=True)
                b.store(b.fadd(b.load(at), lane_sum(tile, v, dtype)), at)
        return
    for first in range(0, BLOCK * BLOCK, width):
        group = [v if v is not None else zero for v in vectors[first : first + width]]
        at = b.gep(target, [i64(first)], inbounds=True)
        pointer = b.bitcast(at, group[0].type.as_pointer())
        done = b.fadd(b.load(pointer, align=4), butterfly(b, group, width))
        b.store(done, pointer, align=4)


def lane_sum(tile: Tile, v: Value, dtype: str) -> Value:
    """The sum of the lanes of one vector, in halves."""
    b, width = tile.builder, tile.width
    while width > 1:
        half = width // 2
        pick = [list(range(half)), list(range(half, width))]
        low, high = (
            b.shuffle_vector(v, v, ir.Constant(ir.VectorType(I32, half), lanes)) for lanes in pick
        )
        v, width = b.fadd(low, high), half
    return b.extract_element(v, ir.Constant(I32, 0)) if isinstance(v.type, ir.VectorType) else v


def butterfly(b: Value, vectors: list[Value], width: int) -> Value:
    """One vector whose lane n is the sum of the lanes of vector n."""
    distance = 1
    while len(vectors) > 1:
        paired = []
        for n in range(0, len(vectors), 2):
            x, y = vectors[n], vectors[n + 1]
            even, odd = [], []
            for lane in range(width):
                # Lanes whose bit is clear go on with x, the others with y.
                own = lane & distance
                even.append((width if own else 0) + lane)
                odd.append((width if own else 0) + (lane ^ distance))
            kind = ir.VectorType(I32, width)
            left = b.shuffle_vector(x, y, ir.Constant(kind, even))
            right = b.shuffle_vector(x, y, ir.Constant(kind, odd))
            paired.append(b.fadd(left, right))
        vectors = paired
        distance *= 2
    return vectors[0]


def sides(node: Node) -> tuple[list[object], list[object], list[object]]:
    """The names of the result's axes that both operands have, that only the left has, and the others."""
    (x, y), result, _ = contraction(node)
    shared = [n for n in result if n in x and n in y]
    left = [n for n in result if n in x and n not in y]
    return shared, left, [n for n in result if n not in x]


def blocks(sizes: Mapping[object, int], names: Sequence[object]) -> int:
    """How many blocks cover these axes."""
    return -(-prod(sizes[n] for n in names) // BLOCK)
