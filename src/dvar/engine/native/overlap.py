"""Values that are moved along the lanes, computed where they are used instead of being written to memory first.

A recurrence that looks at its neighbours (``x * np.concatenate([one, y[:-1]])``, a difference, a stencil) takes values of
a loop at other places than its own, so a loop has to end before the next one begins.  Where these values come from arrays
by a few cheap rows, the later loop computes them at the places where it needs them: arrays are read at shifted
places, and the first loop and what it would write are gone.

Source: Ragan-Kelley et al., Halide, PLDI 2013: a stencil's producer computed inline in its consumer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dvar.core.node import Node
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.memory import source
from dvar.engine.native.moves import MOVES
from dvar.engine.native.rematerialise import WRITTEN, cost, traffic
from dvar.engine.native.schedule import REDUCTIONS, VIEWS, Loop, elements

# Cycles to read a vector once more, at another place.
_AGAIN = 2.0
# Rows that put elements elsewhere along the lanes.
_JOINS = frozenset(("concatenate", "scatter_add"))
# So many values at a place are code that a compiler takes long for.
MOST = 200

# A node, its axis in the lanes (None: it has none), and how many elements further than its place it is taken.
At = tuple[Node, int | None, int]


def join_moved(loops: list[Loop], roots: Sequence[Node]) -> None:
    """Takes loops away whose values cost less where they are used."""
    if len(loops) > 1:
        _Overlaps(loops, set(roots)).decide()


@dataclass
class _Work:
    """What a loop does for one vector.

    Attributes:
        cycles: what that takes, about, for a vector inside of what is joined.
        made: values that no loop makes any more.
        read: values in memory.
    """

    cycles: float = 0.0
    made: dict[At, None] = field(default_factory=dict)
    read: dict[At, None] = field(default_factory=dict)


class _Overlaps:
    def __init__(self, loops: list[Loop], roots: set[Node]) -> None:
        self.loops, self.roots = loops, roots
        self.place = {loop: n for n, loop in enumerate(loops)}
        self.made = {node: loop for loop in loops for node in loop.nodes}
        self.readers: dict[Node, dict[Loop, None]] = {}
        self.is_moved: set[Node] = set()
        for loop in loops:
            self._note(loop)

    def _note(self, loop: Loop) -> None:
        """What a loop reads of others, and what of it not at its own place."""
        for node in (*loop.nodes, *loop.moved):
            for x in node.inputs:
                of = source(x, self.made)
                if self.made.get(of, loop) is not loop:
                    self.readers.setdefault(of, {})[loop] = None
                    if of is not x or node.op.name in _JOINS:
                        self.is_moved.add(of)

    def decide(self) -> None:
        """From the last loop to the first: those that read a loop are then as few as they can be."""
        for loop in reversed(self.loops[:-1]):
            if self.is_moved.intersection(loop.nodes) and all(map(_can_be_moved, loop.nodes)):
                self._decide(loop)

    def _decide(self, loop: Loop) -> None:
        read = [node for node in loop.nodes if node in self.readers]
        found = {x for node in read for x in self.readers[node] if x in self.place}
        readers = sorted(found, key=self.place.__getitem__)
        if not readers:
            return
        results = [node for node in loop.nodes if node in self.roots]
        host = next((x for x in readers if x.axis == loop.axis), readers[0])
        spared = self._cycles([loop, *readers])
        if spared is None or (results and host.axis != loop.axis):
            return
        for x in read:
            spared += WRITTEN * _weight(x, loop.lane[x]) * traffic(x)
        nodes, lane = host.nodes, host.lane
        for node in loop.nodes:
            del self.made[node]
        self._give(host, results, loop)
        spent = self._cycles(readers)
        if spent is None or spent >= spared:
            host.nodes, host.lane = nodes, lane
            self.made.update(dict.fromkeys(loop.nodes, loop))
            return
        self.loops.remove(loop)
        del self.place[loop]
        for reader in readers:
            work = self._work(reader)
            assert work is not None  # else it would have no cost
            reader.moved = list(dict.fromkeys(node for node, _, _ in work.made))
            for node, axis, _ in (*work.made, *work.read):
                reader.lane.setdefault(node, axis)
            self._note(reader)

    def _give(self, host: Loop, results: Sequence[Node], loop: Loop) -> None:
        """Lets a later loop compute results that this one would leave."""
        host.nodes = [*results, *host.nodes]
        host.lane = dict(host.lane)
        for node in results:
            self.made[node] = host
            for x in (node, *node.inputs):
                host.lane.setdefault(x, loop.lane[x])

    def _cycles(self, loops: Sequence[Loop]) -> float | None:
        works = [self._work(loop) for loop in loops]
        return None if None in works else sum(work.cycles for work in works if work)

    def _work(self, loop: Loop) -> _Work | None:
        """What a loop has to do; None if there is no code for it."""
        work, own = _Work(), set(loop.nodes)
        pending: list[tuple[At, bool]] = []
        for node in loop.nodes:
            axis = loop.lane[node]
            work.cycles += _weight(node, axis) * cost(node)
            below = None if axis is None else _operands(node, axis, 0)
            if below is None:
                below = [((x, loop.lane[x], 0), True) for x in node.inputs]
                if node.op.name not in REDUCTIONS and not all(
                    self._is_there(x) for x in node.inputs
                ):
                    return None
            pending += below
        seen: set[At] = set()
        arrays: set[Node] = set()
        while pending:
            at, is_inside = pending.pop()
            node, axis, by = at
            if at in seen or (node in own and not by and axis == loop.lane[node]):
                continue
            seen.add(at)
            weight = _weight(node, axis) if is_inside else 0
            if not node.inputs or (node in self.made and node not in own):
                if not self._is_read(node, axis, by, loop):
                    return None
                work.read[at] = None
                work.cycles += weight * (_AGAIN if node in arrays else traffic(node))
                arrays.add(node)
                continue
            below = None if axis is None else _operands(node, axis, by)
            if below is None or len(seen) > MOST or loop.lane.get(node) not in (axis, None):
                return None
            work.made[at] = None
            work.cycles += weight * (0 if node.op.name in MOVES else cost(node))
            pending += [(x, is_inside and inside) for x, inside in below]
        return work

    def _is_there(self, x: Node) -> bool:
        """Whether a node is computed by a loop, or given, or a view of that."""
        while x not in self.made and x.inputs and x.op.name in (*VIEWS, "reshape"):
            x = x.inputs[0]
        return x in self.made or not x.inputs

    def _is_read(self, node: Node, axis: int | None, by: int, loop: Loop) -> bool:
        """Whether an array can be read along the lanes of a loop."""
        maker = self.made.get(node)
        if maker is not None and self.place[maker] >= self.place[loop]:
            return False  # not there yet
        if axis is None or (not by and loop.lane.get(node) == axis):
            return True
        if loop.lane.get(node) not in (axis, None):
            return False
        # Neighbours have to lie side by side.
        if maker is None or node in self.roots:
            return axis == node.ndim - 1
        return maker.lane[node] == axis


def _can_be_moved(node: Node) -> bool:
    return node.op.name in MOVES or (node.op.is_elementwise and node.op.native is not None)


def _weight(node: Node, axis: int | None) -> float:
    """How many vectors of a node there are for one along the lanes."""
    return 1.0 if axis is None else elements(node) / max(1, sizes_of(node)[axis])


def _operands(node: Node, axis: int, by: int) -> list[tuple[At, bool]] | None:
    """What a row takes along an axis, and whether inside of what it joins too; None if it does not go along there."""
    name = node.op.name
    if name == "concatenate":
        return _joined(node, axis, by)
    if name in ("getitem", "scatter_add"):
        return _cut(node, axis, by)
    if name == "transpose":
        return [((node.inputs[0], node.param("axes")[axis] % node.ndim, by), True)]
    if name != "broadcast_to" and (name in MOVES or not _can_be_moved(node)):
        return None
    found: list[tuple[At, bool]] = []
    for x in node.inputs:
        a = axis - node.ndim + x.ndim
        is_one = a < 0 or (x.shape[a] == 1 and node.shape[axis] != 1)
        found.append(((x, None if is_one else a, by), True))
    return found


def _joined(node: Node, axis: int, by: int) -> list[tuple[At, bool]]:
    if node.param("axis") % node.ndim != axis:
        return [((x, axis, by), True) for x in node.inputs]
    longest = max(node.inputs, key=lambda x: sizes_of(x)[axis])
    found: list[tuple[At, bool]] = []
    for x in node.inputs:
        found.append(((x, axis, by), x is longest))
        by -= sizes_of(x)[axis]
    return found


def _cut(node: Node, axis: int, by: int) -> list[tuple[At, bool]] | None:
    """The same place of an array that is cut, or that is put among zeros."""
    index, is_taken = node.param("index"), node.op.name == "getitem"
    if len(node.inputs) > 1 or not all(isinstance(item, (int, tuple)) for item in index):
        return None
    (x,) = node.inputs
    whole = sizes_of(x if is_taken else node)
    slices = [a for a, item in enumerate(index) if isinstance(item, tuple)]
    if not is_taken and axis not in slices:
        return None
    # The axis of the whole, and that of what is put there or taken from there.
    place = slices[axis] if is_taken else axis
    other = place if is_taken else slices.index(axis)
    start, _, step = slice(*index[place]).indices(whole[place])
    if step != 1:
        return None
    return [((x, other, by + start if is_taken else by - start), True)]
