"""The value of any node at a place: loaded, or computed from its operands where it is used."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from dvar.core.dtypes import promote
from dvar.core.node import Node
from dvar.core.op import CONSTANT, number
from dvar.engine.native import functions
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.lanes import Lanes, Value
from dvar.engine.native.moves import MOVES, aligned
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS, contraction
from dvar.engine.native.tile import Index, NotNative, Tile


class Body:
    """The values of nodes at one vector of the tile; each is computed once."""

    def __init__(self, tile: Tile, place: Value) -> None:
        self.tile, self.place = tile, place
        self._known: dict[tuple[Any, ...], Lanes] = {}

    def value(self, node: Node, index: Sequence[Index]) -> Lanes:
        """The node at an index."""
        key = (node, *(i if isinstance(i, (int, str)) else id(i) for i in index))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._compute(node, tuple(index))
        return found

    def remember(self, node: Node, index: Sequence[Index], value: Lanes) -> None:
        key = (node, *(i if isinstance(i, (int, str)) else id(i) for i in index))
        self._known[key] = value

    def _compute(self, node: Node, index: tuple[Index, ...]) -> Lanes:
        point = self.tile.point
        if node.op is CONSTANT and not node.shape:
            return point.constant(number(node), node.dtype)
        array = self.tile.array_of(node)
        if array is not None:
            return self.tile.load(array, index, self.place)
        move = MOVES.get(node.op.name)
        if move is not None:
            return move(self, node, index)
        if node.op.name in CONTRACTIONS:
            return self._contract(node, index)
        if node.op.name in REDUCTIONS:
            return self._reduce(node, index)
        if node.op.native is None or not node.op.is_elementwise:
            raise NotNative(node)
        operands = [self.value(x, aligned(x, node, index)) for x in node.inputs]
        return on_lanes(node, operands)

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
