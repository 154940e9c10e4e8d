"""What a later loop computes again instead of reading it from memory.

A value that one loop makes and another needs goes through memory: written once, read by every loop.  Where it is
made from what the later loop reads anyway, or nearly so, computing it there again costs less.

Source: Briggs, Cooper & Torczon, Rematerialization, PLDI 1992, with arrays for registers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dvar.core.node import Node
from dvar.derive.sameaxes import AxisClasses
from dvar.engine.native.groups import CHEAP
from dvar.engine.native.memory import ITEM, source
from dvar.engine.native.schedule import REDUCTIONS, Loop, elements

# Cycles to write or read a vector of an array of at most so many bytes; larger ones come from memory.
_TRAFFIC = ((2**14, 1.5), (2**18, 3.0), (2**22, 6.0))
_FAR = 13.0
# Cycles of a row on a vector: one like addition, one like exp.
_LIGHT, _HEAVY = 1.5, 25.0
# Writing means that the memory is read first.
WRITTEN = 2
# More rows than this are not computed again.
MOST = 16
# Rows that put elements elsewhere along the lanes: they read arrays, not values.
_SHIFTS = frozenset(("concatenate", "scatter_add"))


def compute_again(loops: Sequence[Loop], roots: Sequence[Node], classes: AxisClasses) -> None:
    """Adds nodes to later loops, where that is cheaper than reading them."""
    if len(loops) > 1:
        plan = _Plan(loops, roots, classes)
        # The arrays that light rows read anew are there for heavy ones.
        for limit in (_LIGHT, _HEAVY):
            plan.decide(limit)


class _Plan:
    def __init__(self, loops: Sequence[Loop], roots: Sequence[Node], classes: AxisClasses) -> None:
        self.loops, self.classes = loops, classes
        self.made = {node: n for n, loop in enumerate(loops) for node in loop.nodes}
        self.order = {node: n for n, node in enumerate(self.made)}
        self.own = [list(loop.nodes) for loop in loops]
        self.again: list[set[Node]] = [set() for _ in loops]
        self.later: dict[Node, set[int]] = {}
        self.held = set(roots)
        self.reads: list[set[Node]] = [set() for _ in loops]
        for n, loop in enumerate(loops):
            for node in loop.nodes:
                for x in node.inputs:
                    self._note(n, node, x)
            if loop.moved:
                self.held.update(loop.nodes)
            for node in loop.moved:
                for x in node.inputs:
                    self._note(n, node, x)
                    self.held.add(source(x, self.made))

    def _note(self, n: int, node: Node, x: Node) -> None:
        """Loop n reads x for a node."""
        of = source(x, self.made)
        m = self.made.get(of)
        if m == n:
            return
        self.reads[n].add(of)
        if m is None:
            return
        self.later.setdefault(of, set()).add(n)
        in_place = of is x and (node.op.name in REDUCTIONS or x.shape == node.shape)
        if not in_place or not (node.op.is_elementwise or node.op.name in REDUCTIONS):
            self.held.add(of)

    def decide(self, limit: float) -> None:
        """For every value that goes through memory: whether it needs to."""
        for x in sorted(self.later, key=self.order.__getitem__):
            if x in self.held or cost(x) > limit:
                continue
            needed = {n: self._needed(x, n) for n in self.later[x]}
            if not self._pays(x, needed):
                if limit == _HEAVY:
                    self.held.add(x)
                continue
            del self.later[x]
            for n, found in needed.items():
                assert found is not None  # else it would not pay
                self._add(n, *found)

    def _pays(self, x: Node, needed: Mapping[int, tuple[set[Node], set[Node]] | None]) -> bool:
        each = traffic(x)
        spent = 0.0
        for n, found in needed.items():
            if found is None or len(found[0]) > MOST:
                return False
            rows, arrays = found
            spent += sum(map(cost, rows - self.again[n]))
            spent += sum(map(traffic, arrays - self.reads[n] - {x}))
        return spent < each * (WRITTEN + len(needed))

    def _needed(self, x: Node, n: int) -> tuple[set[Node], set[Node]] | None:
        """The rows that compute x in loop n, and the arrays that these read; None if they cannot."""
        rows: set[Node] = set()
        arrays: set[Node] = set()
        pending = [x]
        while pending:
            node = pending.pop()
            if node in rows:
                continue
            if not self._can_be_again(node, n):
                return None
            rows.add(node)
            for y in node.inputs:
                of = source(y, self.made)
                m = self.made.get(of)
                if m is None or of in self.held or self._is_small(of):
                    arrays.add(of)
                elif m != n:
                    if of is not y or node.op.name in _SHIFTS:
                        return None  # it would have to lie in memory
                    pending.append(of)
        return rows, arrays

    def _is_small(self, node: Node) -> bool:
        """Whether a node is one of few numbers that a loop leaves, which are there in any case."""
        loop = self.loops[self.made[node]]
        return loop.lane.get(node) is None

    def _can_be_again(self, node: Node, n: int) -> bool:
        here, there = self.loops[self.made[node]], self.loops[n]
        if here.axis is None or here.axis != there.axis or here.lane.get(node) is None:
            return False
        if node.op.name in _SHIFTS:
            return True
        same = all(x.shape == node.shape or not elements(x) > 1 for x in node.inputs)
        return node.op.is_elementwise and node.op.native is not None and same

    def _add(self, n: int, rows: set[Node], arrays: set[Node]) -> None:
        """Rows at the beginning of a loop: what they need is there before it."""
        loop = self.loops[n]
        for node in rows - self.again[n]:
            loop.add(node, self.classes)
        self.again[n] |= rows
        self.reads[n] |= arrays
        loop.nodes[:] = [*sorted(self.again[n], key=self.order.__getitem__), *self.own[n]]


def cost(node: Node) -> float:
    return _LIGHT if node.op.name in CHEAP or node.op.name in _SHIFTS else _HEAVY


def traffic(node: Node) -> float:
    """Cycles to write or read a vector of an array."""
    size = elements(node) * ITEM[node.dtype]
    if elements(node) <= 1:
        return 0.0
    return next((cycles for most, cycles in _TRAFFIC if size <= most), _FAR)
