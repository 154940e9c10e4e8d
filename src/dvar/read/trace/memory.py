"""Arrays that a function makes and fills: each knows its memory, and what was written where.

``h = np.zeros((T, n))`` followed by ``h[t] = np.tanh(…)`` is no chain of changed copies in a derivation but rows
put together.  So writes wait until somebody reads: what is read as it was written is what was written, and
what was filled part by part is stacked.

Whether a result is a view of the same memory or a copy is left to NumPy: beside every array goes an array of
the places it has in its memory, and each operation that may make a view is done to both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Array, constant, is_constant
from dvar.ops.arithmetic import add, greater
from dvar.ops.extremes import one_hot
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.joining import concatenate, stack
from dvar.ops.rounding import astype
from dvar.ops.selection import where
from dvar.ops.shaping import broadcast_to, ravel, reshape
from dvar.read.trace import facts

FEW = 8
"""More writes than these are put into place by one node."""


@dataclass(frozen=True)
class Write:
    """Something written: the places, what was put there, one number or many, and the index into the whole array."""

    places: Array
    value: Node
    index: Any = None

    @property
    def values(self) -> Node:
        """A number for each place."""
        return broadcast_to(self.value, self.places.shape)


class Memory:
    """What one array consists of.

    Attributes:
        node: what was there before the writes that wait.
        places: the number of every place, in the form of the array.
        rows: what was written as a whole row, the last of each.
    """

    __slots__ = ("_owner", "_writes", "node", "places", "rows")

    def __init__(self, node: Node) -> None:
        shape = tuple(size for size in node.shape if isinstance(size, int))
        self.node = node
        self.places = np.arange(math.prod(shape)).reshape(shape)
        self.rows: dict[int, Node] = {}
        self._writes: list[Write] = []
        self._owner = np.full(self.places.size, -1)

    def write(self, places: Array, value: Any, index: Any = None) -> None:
        """Put a value, which is broadcast, at places that are all different."""
        dtype = self.node.dtype
        node = value if isinstance(value, Node) else constant(value, dtype)
        if node.dtype != dtype:
            node = astype(node, dtype)
        self._owner[places.ravel()] = len(self._writes)
        self._writes.append(Write(places, node, index))
        if isinstance(index, int) and places.ndim:
            self.rows[index] = self._writes[-1].values

    def whole(self) -> Node:
        """All of it."""
        if self._writes:
            self.node = self._joined()
            self._writes.clear()
            self._owner[:] = -1
        return self.node

    def at(self, places: Array) -> Node | None:
        """What was written at just these places; None where they have to be looked up in the whole."""
        if not places.size:
            return None
        owner = self._owner[places.ravel()]
        k = int(owner[0])
        if (owner != k).any() or (k < 0 and not is_constant(self.node)):
            return None
        if k < 0:
            return constant(_number(self.node).reshape(-1)[places], self.node.dtype)
        written = self._writes[k]
        if not places.ndim and written.places.ndim:
            (where_in,) = np.argwhere(written.places == places)
            return getitem(written.values, tuple(map(int, where_in)))
        return written.values if np.array_equal(written.places, places) else None

    def around(self, places: Array) -> Node:
        """An array that has in these places what belongs there."""
        is_touched = (self._owner[places.ravel()] >= 0).any()
        return self.whole() if is_touched else self.node

    # ── the writes together ─────────────────────────────────────────────────────────────────────

    def _joined(self) -> Node:
        live = [w for k, w in enumerate(self._writes) if (self._owner[w.places] == k).any()]
        if all(is_constant(w.value) for w in live) and is_constant(self.node):
            return self._numbers(live)
        is_whole = (self._owner >= 0).all() and sum(w.places.size for w in live) == self.places.size
        tiled = self._tiled(live) if is_whole else None
        return tiled if tiled is not None else self._scattered(live)

    def _numbers(self, live: Sequence[Write]) -> Node:
        numbers = np.array(_number(self.node))
        for w in live:
            numbers.reshape(-1)[w.places] = _number(w.value)
        return constant(numbers, self.node.dtype)

    def _tiled(self, live: Sequence[Write]) -> Node | None:
        """Parts that fill the whole side by side: stacked, or one behind the other."""
        ordered = sorted(live, key=lambda w: int(w.places.flat[0]))
        rank = self.places.ndim
        if np.array_equal(ordered[0].places, self.places):
            return ordered[0].values
        if rank > 1 and all(not w.places.ndim for w in ordered):
            return _rows([w.values for w in ordered], self.places.shape)
        if any(w.places.ndim not in (rank - 1, rank) for w in ordered):
            return None
        for axis in range(rank):
            parts = [
                np.expand_dims(w.places, axis) if w.places.ndim < rank else w.places
                for w in ordered
            ]
            if len({p.shape[:axis] + p.shape[axis + 1 :] for p in parts}) > 1:
                continue
            if not np.array_equal(np.concatenate(parts, axis), self.places):
                continue
            if all(w.places.ndim < rank for w in ordered):
                return stack([w.values for w in ordered], axis)
            return concatenate(
                [reshape(w.values, p.shape) for w, p in zip(ordered, parts, strict=True)], axis
            )
        return None

    def _scattered(self, live: Sequence[Write]) -> Node:
        """Parts put at their places in what was there before."""
        numbered = {id(w): k for k, w in enumerate(self._writes)}
        kept = [self._owner[w.places] == numbered[id(w)] for w in live]
        if len(live) > FEW or not all(still.all() for still in kept):
            flat = np.concatenate([w.places[still] for w, still in zip(live, kept, strict=True)])
            parts = [_chosen(w.values, still) for w, still in zip(live, kept, strict=True)]
            live = [Write(flat, parts[0] if len(parts) == 1 else concatenate(parts, 0))]
        if is_constant(self.node):
            there = (self._owner >= 0).reshape(self.places.shape)
            rest = np.where(there, 0, _number(self.node))
            moved = _sum([self._moved(w) for w in live])
            return add(constant(rest, self.node.dtype), moved) if rest.any() else moved
        node = self.node
        for w in live:
            node = where(self._mask(w), self._moved(w) if w.value.shape else w.value, node)
        return node

    def _moved(self, w: Write) -> Node:
        """Zeros but for what was written."""
        if w.index is not None:
            return scatter_add(w.values, self.places.shape, w.index)
        flat = scatter_add(ravel(w.values), (self.places.size,), w.places.ravel())
        return reshape(flat, self.places.shape)

    def _mask(self, w: Write) -> Node:
        """Where something was written; said by the labels where there are some."""
        if _has_nodes(w.index):
            return greater(self._ones(w.index), 0.0)
        there = np.zeros(self.places.size, bool)
        there[w.places.ravel()] = True
        return constant(there.reshape(self.places.shape))

    def _ones(self, index: Any) -> Node:
        shape = self.places.shape
        if len(shape) == 2 and isinstance(index, tuple) and len(index) == 2:
            rows, labels = index
            if isinstance(labels, Node) and np.array_equal(rows, np.arange(shape[0])):
                return one_hot(labels, shape[1])
        return scatter_add(constant(1.0), shape, index)


def _has_nodes(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return any(isinstance(part, Node) for part in parts)


def _number(node: Node) -> Array:
    return facts.evaluate([node])[0]


def _rows(values: Sequence[Node], shape: tuple[int, ...]) -> Node:
    """Single numbers as rows of rows."""
    if len(shape) == 1:
        return stack(list(values), 0)
    step = len(values) // shape[0]
    return stack([_rows(values[n : n + step], shape[1:]) for n in range(0, len(values), step)], 0)


def _chosen(value: Node, still: Array) -> Node:
    flat = ravel(value)
    return flat if still.all() else getitem(flat, np.flatnonzero(still))


def _sum(nodes: Sequence[Node]) -> Node:
    total, *rest = nodes
    for node in rest:
        total = add(total, node)
    return total
