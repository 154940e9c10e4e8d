"""The order of nodes within the layers of a picture, so that few edges cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

_SWEEPS = 16
_SWAP_LIMIT = 400  # slots up to which single swaps are tried too

Segments = Sequence[tuple[int, int]]


def ordered(layer: Sequence[int], segments: Segments, nodes: int) -> list[list[int]]:
    """The slots of each layer from top to bottom.

    Args:
        layer: of every slot; slots below ``nodes`` are nodes, the others lanes of long edges.
        segments: pairs of slots in neighbouring layers.

    Source:
        Sugiyama, Tagawa, Toda, 1981 (barycentres); Gansner et al., 1993 (transpose).
    """
    before: dict[int, list[int]] = defaultdict(list)
    after: dict[int, list[int]] = defaultdict(list)
    for left, right in segments:
        after[left].append(right)
        before[right].append(left)
    rows = _initial(layer, before, nodes)
    best, fewest = [list(row) for row in rows], crossings(rows, after)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        forward = sweep % 2 == 0
        _sweep(rows, before if forward else after, forward)
        if len(layer) <= _SWAP_LIMIT:
            _swap(rows, before, after)
        count = crossings(rows, after)
        if count < fewest:
            best, fewest = [list(row) for row in rows], count
    return best


def _initial(layer: Sequence[int], before: dict[int, list[int]], nodes: int) -> list[list[int]]:
    """Nodes in the order given; lanes beside what they come from."""
    rows: list[list[int]] = [[] for _ in range(max(layer) + 1)]
    place: dict[int, float] = {}
    for slot, at in enumerate(layer):
        rows[at].append(slot)
    for at, row in enumerate(rows):
        if at:
            row.sort(key=lambda slot: (_mean([place[s] for s in before[slot]], slot / nodes), slot))
        for n, slot in enumerate(row):
            place[slot] = n
    return rows


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _sweep(rows: list[list[int]], toward: dict[int, list[int]], forward: bool) -> None:
    """Sort every layer by the mean place of its neighbours in the layer before."""
    numbers = range(1, len(rows)) if forward else range(len(rows) - 2, -1, -1)
    for at in numbers:
        fixed = {slot: n for n, slot in enumerate(rows[at - 1 if forward else at + 1])}
        own = {slot: n for n, slot in enumerate(rows[at])}
        scale = len(fixed) / max(1, len(own))
        keys = {slot: _mean([fixed[s] for s in toward[slot]], n * scale) for slot, n in own.items()}
        rows[at].sort(key=lambda slot: (keys[slot], own[slot]))


def _swap(rows: list[list[int]], before: dict[int, list[int]], after: dict[int, list[int]]) -> None:
    """Exchange neighbours where that removes crossings on both sides together."""
    place = {slot: n for row in rows for n, slot in enumerate(row)}
    for row in rows:
        for n in range(len(row) - 1):
            a, b = row[n], row[n + 1]
            gain = sum(
                _crossed(side[a], side[b], place) - _crossed(side[b], side[a], place)
                for side in (before, after)
            )
            if gain > 0:
                row[n], row[n + 1] = b, a
                place[a], place[b] = n + 1, n


def _crossed(upper: Sequence[int], lower: Sequence[int], place: dict[int, int]) -> int:
    return sum(place[u] > place[v] for u in upper for v in lower)


def crossings(rows: Sequence[Sequence[int]], after: dict[int, list[int]]) -> int:
    """How many pairs of edges cross."""
    total = 0
    for left, right in pairwise(rows):
        place = {slot: n for n, slot in enumerate(right)}
        seen: list[int] = []
        for slot in left:
            ends = sorted(place[s] for s in after[slot])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
