"""How a loop is cut into passes over a tile: what is kept in a buffer, and what is computed together.

Most nodes are never stored: an elementwise node is computed where it is used.  A buffer (one tile, so that it
stays in the cache) is made for what a matrix product reads or writes, for reductions, and for costly values
that several passes use.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from math import prod

from dvar.core.node import Node
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS, Loop, contraction, users

# A box of so few places is written out, so that its values can be shared; a product of so few terms too.
FEW = 16
# The same where a place tells which part of something is taken: in a loop all parts would be computed for each.
FEW_PARTS = 256
# A loop that would be written out at more places than this, steps of a recurrence one after the other, has loops within
# from so many places on: a compiler takes seconds for a thousand places, and they save it little.
LONG, FEW_OF_LONG = 4_000, 4
_PARTED = frozenset(("stack", "concatenate", "scatter_add"))
FEW_TERMS = 64
# So many cheap rows in a row cost more than a buffer, where several values are made from them.
CHAIN = 24
FEW_EACH = 2

# Rows that cost as little as reading a buffer would.
CHEAP = frozenset(
    [
        "transpose",
        "broadcast_to",
        "reshape",
        "getitem",
        "add",
        "subtract",
        "multiply",
        "negative",
        "greater",
        "less",
        "greater_equal",
        "less_equal",
        "equal",
        "not_equal",
        "where",
        "float64",
        "float32",
        "int64",
        "relu",
        "abs",
        "sign",
    ]
)


@dataclass
class Pass:
    """Nodes computed in one pass over the tile.

    Attributes:
        kind: ``map``, ``fold`` (a reduction over other axes), ``product`` (a contraction whose result
            has lanes) or ``total`` (a contraction over the lanes).
        nodes: in order.
        space: the sizes of the box that a ``map`` runs over, None if each node has a few places of
            its own.
    """

    kind: str
    nodes: list[Node] = field(default_factory=list)
    space: tuple[int, ...] | None = None


class Grouping:
    """The passes of a loop.

    Attributes:
        passes: in order.
        buffered: nodes that need a buffer of one tile.
    """

    def __init__(
        self,
        loop: Loop,
        wanted: Iterable[Node],
        has_array: Callable[[Node], bool],
        by_rows: Container[Node] = (),
    ) -> None:
        self.loop, self._has_array, self._by_rows = loop, has_array, by_rows
        self._members = set(loop.nodes)
        self._wanted = set(wanted)
        self._users = users(loop.nodes)
        is_long = sum(map(self._written_out, loop.nodes)) > LONG
        self._few, self._few_parts = (FEW_OF_LONG,) * 2 if is_long else (FEW, FEW_PARTS)
        self.kept = self._kept()
        self.passes: list[Pass] = []
        self._at: dict[Node, int] = {}
        self._parted: dict[Node, bool] = {}
        for node in loop.nodes:
            if node in self.kept:
                self._place(node)
        self.buffered = self._buffered()

    # ── what a node is ──────────────────────────────────────────────────────────────────────────

    def box(self, node: Node) -> tuple[int, ...]:
        """The sizes of a node without the axis in the lanes."""
        lane = self.loop.lane.get(node)
        return tuple(int(n) for a, n in enumerate(node.shape) if a != lane)  # type: ignore[arg-type]

    def kind(self, node: Node) -> str:
        name = node.op.name
        over_lanes = self.loop.lane.get(node) is None and any(
            self.loop.lane.get(x) is not None for x in node.inputs
        )
        if name in CONTRACTIONS:
            if over_lanes:
                return "total"
            is_written_out = node not in self._by_rows and self.is_small_product(node)
            return "map" if is_written_out else "product"
        if name in REDUCTIONS:
            if over_lanes:
                return "map"
            return "map" if prod(self.box(node.inputs[0])) <= self._few else "fold"
        return "map"

    def is_small_product(self, node: Node) -> bool:
        _, _, summed = contraction(node)
        sizes = self.name_sizes(node)
        terms = prod(sizes[n] for n in summed)
        return terms <= FEW_EACH or prod(self.box(node)) * terms <= FEW_TERMS

    def name_sizes(self, node: Node) -> dict[object, int]:
        operands, _, _ = contraction(node)
        return {
            name: int(size)  # type: ignore[arg-type]
            for names, x in zip(operands, node.inputs, strict=True)
            for name, size in zip(names, x.shape, strict=True)
        }

    def _written_out(self, node: Node) -> int:
        """At how many places a node is written out, where a loop is not long."""
        places = prod(self.box(node))
        return places if places <= (FEW_PARTS if node.op.name in _PARTED else FEW) else 0

    # ── what is kept ────────────────────────────────────────────────────────────────────────────

    def _kept(self) -> set[Node]:
        kept = set()
        for node in self.loop.nodes:
            kind = self.kind(node)
            if node in self._wanted or kind != "map" or self.is_total(node):
                kept.add(node)
            if kind in ("product", "total"):
                kept.update(
                    x
                    for x in map(self._moved, node.inputs)
                    if x in self._members and not self._has_array(x)
                )
        # What several kept nodes are made from, if it is worth a buffer.
        ends: dict[Node, set[Node]] = {}
        for node in reversed(self.loop.nodes):
            reached: set[Node] = set()
            for user in self._users.get(node, ()):
                reached |= {user} if user in kept else ends[user]
            ends[node] = reached
            if node not in kept and len(reached) > 1 and self._is_costly(node):
                kept.add(node)
        # A chain of cheap rows that every step adds to would be computed from its beginning in every step.
        rows: dict[Node, int] = {}
        for node in self.loop.nodes:
            if node in kept or self._has_array(node) or self.loop.lane.get(node) is None:
                continue
            rows[node] = 1 + sum(rows.get(x, 0) for x in node.inputs)
            if rows[node] > CHAIN and len(ends[node]) > 1:
                kept.add(node)
                del rows[node]
        return kept

    def _moved(self, x: Node) -> Node:
        """What has to lie in memory for ``x`` to be read from there: a transposed array is the array."""
        while x in self._members and not self._has_array(x) and x.op.name == "transpose":
            (x,) = x.inputs
        return x

    def is_total(self, node: Node) -> bool:
        """Whether the node reduces over the lanes."""
        return (
            node.op.name in REDUCTIONS | CONTRACTIONS
            and self.loop.lane.get(node) is None
            and any(self.loop.lane.get(x) is not None for x in node.inputs)
        )

    def _is_costly(self, node: Node) -> bool:
        return not self._has_array(node) and (
            node.op.name not in CHEAP
            or self.kind(node) != "map"
            or node.op.name in CONTRACTIONS | REDUCTIONS
        )

    # ── what goes together ──────────────────────────────────────────────────────────────────────

    def _place(self, node: Node) -> None:
        kind = self.kind(node)
        earliest, aligned = self._needs(node)
        space = self._space(node)
        if kind == "map":
            first = earliest if aligned else earliest + 1
            for n in range(max(first, 0), len(self.passes)):
                if self.passes[n].kind == "map" and self.passes[n].space == space:
                    self.passes[n].nodes.append(node)
                    self._at[node] = n
                    return
        self._at[node] = len(self.passes)
        self.passes.append(Pass(kind, [node], space))

    def _space(self, node: Node) -> tuple[int, ...] | None:
        box = self.box(node.inputs[0]) if self.is_total(node) and node.inputs else self.box(node)
        few = self._few_parts if self._is_parted(node) else self._few
        return None if prod(box) <= few else box

    def _is_parted(self, node: Node) -> bool:
        """Whether a value is put together from parts, as far as it is computed where it is used."""
        found = self._parted.get(node)
        if found is None:
            below = (x for x in node.inputs if x in self._members and x not in self.kept)
            found = node.op.name in _PARTED or any(map(self._is_parted, below))
            self._parted[node] = found
        return found

    def _needs(self, node: Node) -> tuple[int, bool]:
        """The last pass that this node needs, and whether it can run in the same one."""
        last, together = -1, True
        space = self._space(node)
        pending: list[tuple[Node, bool]] = [(x, self._same_place(node, x)) for x in node.inputs]
        seen: set[tuple[Node, bool]] = set()
        while pending:
            x, aligned = pending.pop()
            if (x, aligned) in seen or x not in self._members:
                continue
            seen.add((x, aligned))
            if x in self.kept:
                at = self._at[x]
                mixes = self.passes[at].kind != "map" or self.is_total(x)
                fits = (aligned or space is None) and not mixes and self._space(x) == space
                if at > last:
                    last, together = at, fits
                elif at == last:
                    together = together and fits
            else:
                pending += [(y, aligned and self._same_place(x, y)) for y in x.inputs]
        return last, together

    def _same_place(self, node: Node, x: Node) -> bool:
        """Whether an element of ``node`` needs the element of ``x`` at the same place of the box."""
        if self.is_total(node) and node.op.name in REDUCTIONS:
            return True
        return node.op.is_elementwise and self.box(x) == self.box(node) and x.shape == node.shape

    def _buffered(self) -> set[Node]:
        """Kept nodes that another pass reads, or that a product reads or writes."""
        found = set()
        for node in self.loop.nodes:
            if node not in self.kept or self.is_total(node):
                continue
            if self.kind(node) != "map":
                found.add(node)
        for n, group in enumerate(self.passes):
            for node in group.nodes:
                for x in self._kept_below(node):
                    if self._at[x] != n or group.kind != "map":
                        found.add(x)
        return {x for x in found if not self.is_total(x)}

    def _kept_below(self, node: Node) -> set[Node]:
        found: set[Node] = set()
        pending = list(node.inputs)
        seen: set[Node] = set()
        while pending:
            x = pending.pop()
            if x in seen or x not in self._members:
                continue
            seen.add(x)
            if x in self.kept:
                found.add(x)
            else:
                pending += x.inputs
        return found


def summed_axes(node: Node) -> Sequence[int]:
    """The axes that a reduction reduces."""
    axis = node.param("axis")
    return range(node.inputs[0].ndim) if axis is None else [a % node.inputs[0].ndim for a in axis]
