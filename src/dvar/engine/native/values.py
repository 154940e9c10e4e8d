"""The value of any node at a place: loaded, or computed from its operands where it is used."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from dvar.core.dtypes import promote
from dvar.core.node import Node
from dvar.core.op import CONSTANT, number
from dvar.engine.native import functions
from dvar.engine.native.arrays import Strided, sizes_of
from dvar.engine.native.lanes import Lanes, Value
from dvar.engine.native.moves import MOVES, aligned
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS, contraction
from dvar.engine.native.tile import LANE, Along, Index, NotNative, Tile, is_lane


class Body:
    """The values of nodes at one vector of the tile; each is computed once.

    Values that are moved along the lanes are taken at places further on, or before.  Arrays that are put together
    along the lanes are one of their parts where the vector lies ``inside`` of it with all that is moved; code that
    holds elsewhere asks for each lane.

    Attributes:
        inside: where this code holds: None at any vector, else the places first … stop - 1 of the whole axis, to
            which all lanes belong; they become fewer with what is written.
    """

    def __init__(self, tile: Tile, place: Value, inside: tuple[int, int] | None = None) -> None:
        self.tile, self.place, self.inside = tile, place, inside
        self._known: dict[tuple[Any, ...], Lanes] = {}

    def keep_inside(self, first: int, stop: int) -> None:
        """Says that the code holds at these places only."""
        assert self.inside is not None
        self.inside = max(self.inside[0], first), min(self.inside[1], stop)

    def value(self, node: Node, index: Sequence[Index]) -> Lanes:
        """The node at an index."""
        key = _key(node, index)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._compute(node, tuple(index))
        return found

    def remember(self, node: Node, index: Sequence[Index], value: Lanes) -> None:
        self._known[_key(node, index)] = value

    def _compute(self, node: Node, index: tuple[Index, ...]) -> Lanes:
        point = self.tile.point
        if node.op is CONSTANT and not node.shape:
            return point.constant(number(node), node.dtype)
        array = self.tile.array_of(node)
        if array is not None and not (array.lane is not None and _is_moved(index)):
            return self._loaded(node, array, index)
        move = MOVES.get(node.op.name)
        if move is not None:
            try:
                return move(self, node, index)
            except NotNative as refused:
                # An array that cannot be read at other places along the lanes: what moves it is left out, not the array.
                raise NotNative(refused.node if refused.node.inputs else node) from refused
        if node.op.name in CONTRACTIONS:
            return self._contract(node, index)
        if node.op.name in REDUCTIONS:
            return self._reduce(node, index)
        if node.op.native is None or not node.op.is_elementwise:
            raise NotNative(node)
        operands = [self.value(x, aligned(x, node, index)) for x in node.inputs]
        return on_lanes(node, operands)

    def _loaded(self, node: Node, array: Strided, index: tuple[Index, ...]) -> Lanes:
        tile = self.tile
        for i, size, stride in zip(index, array.sizes, array.strides, strict=True):
            if not is_lane(i) or not stride or array.lane is not None:
                continue
            if i == LANE and size == tile.size:
                continue
            if stride != 1:
                raise NotNative(node)
            if self.inside is None:
                return tile.load_within(array, index, self.place)
            self.keep_inside(-i.by, size - i.by)
        return tile.load(array, index, self.place)

    def _contract(self, node: Node, index: tuple[Index, ...]) -> Lanes:
        """A small product, written out."""
        parts, result, summed = contraction(node)
        at = dict(zip(result, index, strict=True))
        sizes = {
            n: size
            for names, x in zip(parts, node.inputs, strict=True)
            for n, size in zip(names, sizes_of(x), strict=True)
        }
        total: Lanes | None = None
        for inner in _box([sizes[n] for n in summed]):
            here = {**at, **dict(zip(summed, inner, strict=True))}
            first, *rest = (
                self.value(x, [here[n] for n in names]).to(node.dtype)
                for names, x in zip(parts, node.inputs, strict=True)
            )
            for other in rest[:-1]:
                first = first * other
            if total is None or not total.is_float:
                product = first * rest[-1]
                total = product if total is None else total + product
            else:
                total = first.fma(rest[-1], total)
        return self.tile.point.constant(0, node.dtype) if total is None else total

    def _reduce(self, node: Node, index: tuple[Index, ...]) -> Lanes:
        """A reduction over a few places, written out."""
        (x,) = node.inputs
        axis = node.param("axis")
        gone = range(x.ndim) if axis is None else [a % x.ndim for a in axis]
        left = iter(index)
        keep = bool(node.param("keepdims"))
        at: list[Index] = []
        for a in range(x.ndim):
            at.append(None if a in gone and not keep else next(left))
        total: Lanes | None = None
        for inner in _box([int(x.shape[a]) for a in gone]):  # type: ignore[arg-type]
            for a, i in zip(gone, inner, strict=True):
                at[a] = i
            value = self.value(x, at).to(node.dtype)
            total = value if total is None else combined(node.op.name, total, value)
        if total is None:
            raise NotNative(node)
        return total


def _key(node: Node, index: Sequence[Index]) -> tuple[Any, ...]:
    return (node, *(i if isinstance(i, (int, Along)) else id(i) for i in index))


def _is_moved(index: Sequence[Index]) -> bool:
    return any(is_lane(i) and i != LANE for i in index)


def on_lanes(node: Node, operands: list[Lanes]) -> Lanes:
    """An elementwise row on lanes."""
    dtype = node.dtype
    if node.op.dtype == "bool":
        dtype = promote([x.dtype for x in operands])
    first = 1 if node.op.name == "where" else 0
    if node.op.name != "int64":
        operands = operands[:first] + [x.to(dtype) for x in operands[first:]]
    native: Callable[..., Any] = node.op.native  # type: ignore[assignment]  # asked before
    done: Lanes = native(functions, *operands, **dict(node.params))
    return done.to(node.dtype)


def combined(name: str, x: Lanes, y: Lanes) -> Lanes:
    """Two parts of a reduction in one."""
    if name == "max":
        return x.maximum(y)
    if name == "min":
        return x.minimum(y)
    return x * y if name == "prod" else x + y


def _box(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Every place of a box."""
    return list(itertools.product(*map(range, sizes)))
