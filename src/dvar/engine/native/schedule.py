"""Which loops compute a graph: one axis at a time becomes the lanes, and is cut into tiles.

Examples of a batch do not know of each other until a sum over them.  So all nodes that carry the axis of
examples, forward and backward, are computed tile by tile in one loop, and only sums leave it.  A sum that
comes back to nodes with examples (batch normalisation) begins another loop: the next phase.  Nodes that
know nothing of the axis stand between the loops, with loops of their own over other axes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from dvar.core.node import Node
from dvar.core.op import CONSTANT
from dvar.derive.sameaxes import AxisClasses, gathered_axis, names_of
from dvar.ops.indexing import getitem

REDUCTIONS = frozenset(("sum", "max", "min", "prod"))
CONTRACTIONS = frozenset(("matmul", "einsum"))
# Rows that only look at an array in another way.
VIEWS = frozenset(("transpose", "broadcast_to", "getitem"))
JOINS = frozenset(("stack", "concatenate"))
# So many numbers for each place along the lanes do not stay in the cache.
TALL = 12_000
# Parts of so few elements do not fill vectors.
SHORT = 8


def elements(node: Node) -> int:
    return prod(node.shape)  # type: ignore[arg-type]  # machine code is made for numbers


@dataclass(eq=False)
class Loop:
    """Nodes that are computed together, lane by lane along one axis.

    Attributes:
        axis: the class of the axis in the lanes; None for numbers without axes.
        size: how long it is.
        nodes: what is computed, operands first: carriers of the axis, and reductions over it.
        lane: node → which of its axes is the one in the lanes, None where it has none.
        moved: what is computed where it is used, at other places along the lanes (``overlap.py``).
    """

    axis: int | None
    size: int
    nodes: list[Node] = field(default_factory=list)
    lane: dict[Node, int | None] = field(default_factory=dict)
    moved: list[Node] = field(default_factory=list)

    def add(self, node: Node, classes: AxisClasses) -> None:
        self.nodes.append(node)
        for x in (node, *node.inputs):
            of = classes.of(x)
            self.lane[x] = of.index(self.axis) if self.axis in of else None


class Scheduler:
    """Makes the loops for a list of nodes (operands first), with some nodes given."""

    def __init__(self, nodes: Sequence[Node], classes: AxisClasses) -> None:
        self.classes = classes
        self.loops: list[Loop] = []
        self._order = {node: n for n, node in enumerate(nodes)}
        self._schedule([n for n in nodes if n.inputs], frozenset())

    def _schedule(self, nodes: Sequence[Node], used: frozenset[int]) -> None:
        if not nodes:
            return
        axis = self._best_axis(nodes, used)
        if axis is None:
            loop = Loop(None, 1)
            for node in nodes:
                loop.add(node, self.classes)
            self.loops.append(loop)
            return
        phases = self._phases(nodes, axis)
        apart: dict[int, list[Node]] = defaultdict(list)
        within: dict[int, list[Node]] = defaultdict(list)
        for node in nodes:
            if self._runs_in(node, axis):
                within[phases[node] - self._ends(node, axis)].append(node)
            else:
                apart[phases[node]].append(node)
        for p in range(max(phases.values()) + 1):
            self._schedule(apart[p], used | {axis})
            if within[p]:
                loop = Loop(axis, int(self.classes.size[axis]))  # type: ignore[call-overload]
                for node in within[p]:
                    loop.add(node, self.classes)
                self.loops.append(loop)

    def _runs_in(self, node: Node, axis: int) -> bool:
        return axis in self.classes.of(node) or self._ends(node, axis)

    def _ends(self, node: Node, axis: int) -> bool:
        """Whether the node reduces over the axis."""
        return (
            axis not in self.classes.of(node)
            and node.op.name in REDUCTIONS | CONTRACTIONS
            and any(axis in self.classes.of(x) for x in node.inputs)
        )

    def _gathers(self, node: Node, x: Node, axis: int) -> bool:
        """Whether the node takes elements of ``x`` along the axis, wherever they are."""
        if node.op is not getitem or x is not node.inputs[0]:
            return False
        place = gathered_axis(node)
        return place is not None and self.classes.of(x)[place] == axis

    def _phases(self, nodes: Sequence[Node], axis: int) -> dict[Node, int]:
        """The number of the loop each node belongs to, or the first in which it is known."""
        phases: dict[Node, int] = {}
        for node in nodes:
            at = 0
            for x in node.inputs:
                if x in phases:
                    # What takes a carrier apart otherwise than by a reduction needs the whole of it.
                    cut = axis in self.classes.of(x) and (
                        not self._runs_in(node, axis) or self._gathers(node, x, axis)
                    )
                    at = max(at, phases[x] + cut)
            phases[node] = at + self._ends(node, axis)
        return phases

    # ── which axis ──────────────────────────────────────────────────────────────────────────────

    def _best_axis(self, nodes: Sequence[Node], used: frozenset[int]) -> int | None:
        found: dict[int, float] = {}
        twice: set[int] = set(used)
        everything = dict.fromkeys(x for n in nodes for x in (n, *n.inputs))
        for node in everything:
            of = self.classes.of(node)
            if node.op.name in JOINS:
                place = node.param("axis") % node.ndim
                if int(node.shape[place]) < SHORT * len(node.inputs):
                    twice.add(of[place])  # its elements have nothing in common
            for n, axis in enumerate(of):
                if axis in of[:n]:
                    twice.add(axis)
                # An axis that is contiguous in memory needs no turning.
                weight = 1.25 if n == len(of) - 1 else 1.0
                found[axis] = found.get(axis, 0) + weight * elements(node)
        candidates = {
            a: score for a, score in found.items() if a not in twice and self.classes.size[a] != 1
        }
        if not candidates:
            return None
        whole = sum(map(elements, everything))
        return max(candidates, key=lambda a: self._worth(candidates[a], whole, nodes, a))

    def _worth(
        self, score: float, whole: int, nodes: Sequence[Node], axis: int
    ) -> tuple[float, int]:
        """What an axis covers, against what its loops would have to write to memory."""
        phases = self._phases(nodes, axis)
        members = {n: phases[n] - self._ends(n, axis) for n in nodes if self._runs_in(n, axis)}
        leaving = {
            x
            for n in nodes
            for x in n.inputs
            if (x in members and members.get(n) != members[x]) or n not in members
        }
        size = int(self.classes.size[axis])  # type: ignore[call-overload]
        # What a single vector makes too much of for the cache is written to memory all the same.
        leaving |= {n for n in members if _is_made(n) and elements(n) // size > TALL}
        written = sum(elements(x) for x in leaving if x.inputs)
        return min(1.0, size / 8) * score / (written + whole / 16), size


def _is_made(node: Node) -> bool:
    """Whether a node is kept for a tile, rather than computed where it is used."""
    return node.op.name in REDUCTIONS | CONTRACTIONS


def contraction(node: Node) -> tuple[list[tuple[object, ...]], tuple[object, ...], list[object]]:
    """Names of the operands' axes and of the result's, and the names that are summed over."""
    operands, result = names_of(node)
    summed = list(dict.fromkeys(n for part in operands for n in part if n not in result))
    return operands, result, summed


def without_views(loops: Sequence[Loop], roots: Sequence[Node]) -> list[Loop]:
    """The loops that are more than copies of arrays: what is read from a part of an array is read there."""
    wanted = set(roots)

    def is_view(node: Node) -> bool:
        if len(node.inputs) > 1 or node in wanted:
            return False
        # What is read in another shape lies in C order (``memory.py``), unless it is a view itself.
        is_whole = node.op.name == "reshape" and node.inputs[0].op.name not in VIEWS
        return is_whole or node.op.name in VIEWS

    return [loop for loop in loops if not all(map(is_view, loop.nodes))]


def is_leaf(node: Node) -> bool:
    return not node.inputs


def is_number(node: Node) -> bool:
    """Whether a node is a constant that goes into the code."""
    return node.op is CONSTANT and not node.shape


def users(nodes: Sequence[Node]) -> Mapping[Node, list[Node]]:
    """Node → the nodes that use it."""
    found: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in dict.fromkeys(node.inputs):
            found.setdefault(x, []).append(node)
    return found
