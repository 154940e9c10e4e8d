"""Where the nodes of a graph stand in its picture: layers from left to right, as lectures draw them.

Sugiyama's scheme: layers by longest path; long edges get a place in every layer they pass (a lane);
crossings are reduced by sweeps of barycentres; heights are set by least squares under the rule that
nothing in a layer overlaps.  Deterministic, no dependency.

Sources: Sugiyama, Tagawa, Toda, 1981; Gansner et al., A Technique for Drawing Directed Graphs, 1993
(weights of long edges); Robertson et al., Order Restricted Statistical Inference, 1988 (pooling).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from dvar.write.ordering import ordered

ROW_GAP = 18.0
COLUMN_GAP = 40.0
LANE = 10.0  # half the height of a passing edge
WAIT = 2  # layers a node may stand before its first use; else it moves beside it
_SWEEPS = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """What a node needs: three zones side by side (before, body, after), and room above and below.

    The wire runs through all three zones at height zero.
    """

    name: str
    zones: tuple[float, float, float]
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Link:
    """An edge; ``room`` is the height of what is written on it where it enters its head."""

    tail: str
    head: str
    room: float = 0.0


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands: the edges of its zones from left to right, its wire, room above and below.

    All nodes of a column share ``zones``.
    """

    zones: tuple[float, float, float, float]
    y: float
    above: float
    below: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Spots of nodes; for each link the points it goes through, pairwise horizontal across a column."""

    width: float
    height: float
    spots: dict[str, Spot]
    routes: tuple[tuple[tuple[float, float], ...], ...]


def layout(cells: Sequence[Cell], links: Sequence[Link]) -> Layout:
    """Places for ``cells`` (in an order in which every link goes forward).

    Args:
        cells: the nodes; names are unique; tails stand before their heads.
        links: edges between them; several between the same two are several.

    Cost:
        Some forty passes over nodes and lanes; 300 nodes take about a tenth of a second.
    """
    if not cells:
        return Layout(0, 0, {}, ())
    return _Placer(cells, links).run()


class _Placer:
    """Slots are nodes and lanes: integers, nodes first."""

    def __init__(self, cells: Sequence[Cell], links: Sequence[Link]) -> None:
        self.cells = cells
        self.links = links
        index = {cell.name: n for n, cell in enumerate(cells)}
        self.ends = [(index[link.tail], index[link.head]) for link in links]
        self.layer = _layers(len(cells), self.ends)
        self.paths = [self._lanes(tail, head) for tail, head in self.ends]

    def _lanes(self, tail: int, head: int) -> list[int]:
        """The slots of one link: tail, a lane in every layer between, head."""
        path = [tail]
        for at in range(self.layer[tail] + 1, self.layer[head]):
            path.append(len(self.layer))
            self.layer.append(at)
        return [*path, head]

    def run(self) -> Layout:
        segments = [pair for path in self.paths for pair in pairwise(path)]
        rows = ordered(self.layer, segments, len(self.cells))
        self.offset = self._ports(rows)
        self._measure()
        y = self._heights(rows)
        return self._result(rows, y)

    def _ports(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """For each link the height at which it enters its head, in the order of the tails."""
        place = {slot: n for row in rows for n, slot in enumerate(row)}
        arriving: dict[int, list[int]] = defaultdict(list)
        for n, (_, head) in enumerate(self.ends):
            arriving[head].append(n)
        offset = [0.0] * len(self.links)
        for these in arriving.values():
            these.sort(key=lambda n: (place[self.paths[n][-2]], n))
            top = -sum(self.links[n].room for n in these) / 2
            for n in these:
                offset[n] = top + self.links[n].room / 2
                top += self.links[n].room
        return offset

    def _measure(self) -> None:
        """Room above and below the wire of every slot, ports included."""
        self.above = [cell.above for cell in self.cells]
        self.below = [cell.below for cell in self.cells]
        for (_, head), link, offset in zip(self.ends, self.links, self.offset, strict=True):
            self.above[head] = max(self.above[head], link.room / 2 - offset)
            self.below[head] = max(self.below[head], link.room / 2 + offset)
        lanes = len(self.layer) - len(self.cells)
        self.above += [LANE] * lanes
        self.below += [LANE] * lanes

    def _heights(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Heights of all slots: neighbours pull, order and room in a layer hold."""
        y = [0.0] * len(self.layer)
        for row in rows:
            for slot, height in zip(row, _stacked(self._gaps(row)), strict=True):
                y[slot] = height
        before, after = self._pulls()
        for sweep in range(_SWEEPS):
            # The first sweeps go to and fro with one side; the last balance both.
            both = sweep >= _SWEEPS - 12
            forward = sweep % 2 == 0
            for row in rows if forward else reversed(rows):
                pulls = [
                    (before[s] + after[s]) if both else (before if forward else after)[s]
                    for s in row
                ]
                self._settle(row, pulls, y)
        self._straighten(rows, y)
        return y

    def _straighten(self, rows: Sequence[Sequence[int]], y: list[float]) -> None:
        """Level every long edge whose lanes all have room at one height: at an end's, if they can."""
        neighbours: dict[int, tuple[int | None, int | None]] = {}
        for row in rows:
            around = (None, *row, None)
            for upper, slot, lower in zip(around, row, around[2:], strict=False):
                neighbours[slot] = (upper, lower)
        for path, offset in zip(self.paths, self.offset, strict=True):
            lanes = path[1:-1]
            if not lanes:
                continue
            free = [self._freedom(lane, *neighbours[lane], y) for lane in lanes]
            least, most = max(low for low, _ in free), min(high for _, high in free)
            if least > most:
                continue
            mean = sum(y[lane] for lane in lanes) / len(lanes)
            ends = (y[path[0]], y[path[-1]] + offset)
            level = next((e for e in ends if least <= e <= most), min(max(mean, least), most))
            for lane in lanes:
                y[lane] = level

    def _freedom(
        self, slot: int, upper: int | None, lower: int | None, y: list[float]
    ) -> tuple[float, float]:
        """How far up and down a slot may move between its neighbours as they stand."""
        low = -inf if upper is None else y[upper] + self._gaps((upper, slot))[0]
        high = inf if lower is None else y[lower] - self._gaps((slot, lower))[0]
        return low, high

    def _pulls(self) -> tuple[list[list[tuple[int, float, float]]], ...]:
        """For each slot its neighbours to the left and to the right: slot, height apart, weight."""
        before: list[list[tuple[int, float, float]]] = [[] for _ in self.layer]
        after: list[list[tuple[int, float, float]]] = [[] for _ in self.layer]
        nodes = len(self.cells)
        for path, offset in zip(self.paths, self.offset, strict=True):
            for left, right in pairwise(path):
                weight = (1.0, 2.0, 8.0)[(left >= nodes) + (right >= nodes)]
                apart = offset if right == path[-1] else 0.0
                before[right].append((left, -apart, weight))
                after[left].append((right, apart, weight))
        return before, after

    def _settle(
        self, row: Sequence[int], pulls: list[list[tuple[int, float, float]]], y: list[float]
    ) -> None:
        wanted, weights = [], []
        for slot, pull in zip(row, pulls, strict=True):
            total = sum(w for _, _, w in pull)
            wanted.append(sum(w * (y[s] + d) for s, d, w in pull) / total if total else y[slot])
            weights.append(total or 0.05)
        for slot, height in zip(row, pooled(wanted, weights, self._gaps(row)), strict=True):
            y[slot] = height

    def _gaps(self, row: Sequence[int]) -> list[float]:
        """Least distances between neighbours of a layer."""
        lanes = len(self.cells)
        return [
            self.below[a] + self.above[b] + (ROW_GAP if a < lanes or b < lanes else 0)
            for a, b in pairwise(row)
        ]

    def _result(self, rows: Sequence[Sequence[int]], y: list[float]) -> Layout:
        top = min(h - a for h, a in zip(y, self.above, strict=True))
        y = [height - top for height in y]
        columns = self._columns(rows, y)
        spots = {
            cell.name: Spot(columns[self.layer[n]], y[n], self.above[n], self.below[n])
            for n, cell in enumerate(self.cells)
        }
        bottom = max(h + b for h, b in zip(y, self.below, strict=True))
        routes = tuple(
            self._route(path, offset, columns, y)
            for path, offset in zip(self.paths, self.offset, strict=True)
        )
        return Layout(columns[-1][3], bottom, spots, routes)

    def _columns(
        self, rows: Sequence[Sequence[int]], y: list[float]
    ) -> list[tuple[float, float, float, float]]:
        """The zone edges of every column; steep edges get a wider gap before it."""
        climb = [0.0] * len(rows)
        for path, offset in zip(self.paths, self.offset, strict=True):
            for left, right in pairwise(path):
                end = y[right] + (offset if right == path[-1] else 0)
                climb[self.layer[right]] = max(climb[self.layer[right]], abs(end - y[left]))
        columns, x = [], 0.0
        for at, row in enumerate(rows):
            inside = [self.cells[s].zones for s in row if s < len(self.cells)]
            widths = [max((z[k] for z in inside), default=0.0) for k in range(3)]
            if at:
                x += COLUMN_GAP + min(140.0, 0.25 * climb[at])
            edges = (x, x + widths[0], x + widths[0] + widths[1], x + sum(widths))
            columns.append(edges)
            x = edges[3]
        return columns

    def _route(
        self,
        path: list[int],
        offset: float,
        columns: list[tuple[float, float, float, float]],
        y: list[float],
    ) -> tuple[tuple[float, float], ...]:
        points = [(columns[self.layer[path[0]]][3], y[path[0]])]
        for lane in path[1:-1]:
            column = columns[self.layer[lane]]
            points += [(column[0], y[lane]), (column[3], y[lane])]
        head = path[-1]
        return (*points, (columns[self.layer[head]][0], y[head] + offset))


def _layers(count: int, ends: Sequence[tuple[int, int]]) -> list[int]:
    """Longest path from the left; what would wait long for its first use stands beside it instead."""
    layer = [0] * count
    out: dict[int, list[int]] = defaultdict(list)
    entering = [0] * count
    for tail, head in ends:
        if tail >= head:
            raise ValueError("links must go from earlier to later cells")
        out[tail].append(head)
        entering[head] += 1
    for tail in range(count):
        for head in out[tail]:
            layer[head] = max(layer[head], layer[tail] + 1)
    for n in reversed(range(count)):
        # Moving a node with no more edges in than out makes edges shorter, or at least not longer.
        if out[n] and entering[n] <= len(out[n]):
            first = min(layer[head] for head in out[n])
            if first - layer[n] > WAIT:
                layer[n] = first - 1
    return layer


def _stacked(gaps: Sequence[float]) -> list[float]:
    heights = [0.0]
    for gap in gaps:
        heights.append(heights[-1] + gap)
    middle = heights[-1] / 2
    return [height - middle for height in heights]


def pooled(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The heights nearest to ``wanted`` (weighted least squares) that keep order and ``gaps``.

    Pool adjacent violators: neighbours that would collide move together to their common mean.
    """
    shift = [0.0]
    for gap in gaps:
        shift.append(shift[-1] + gap)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for want, weight, moved in zip(wanted, weights, shift, strict=True):
        block = (want - moved, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, heavy, many = blocks.pop()
            total = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / total, total, many + block[2])
        blocks.append(block)
    means = [mean for mean, _, many in blocks for _ in range(many)]
    return [mean + moved for mean, moved in zip(means, shift, strict=True)]
