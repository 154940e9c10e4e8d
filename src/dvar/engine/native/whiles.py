"""Loops that a condition ends, compiled: the first pass ends in machine code, later ones know their steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Array, like
from dvar.derive.control.passes import Loop, Pass, cut
from dvar.engine.native.whole import one_kernel
from dvar.engine.program import compiled, looped

# There is room for the notes of so many steps at first, and at most, before one looks again.
FIRST, MOST = 64, 1 << 16

Notes = Sequence[int]
"""Which notes of a pass later passes need."""


def _outputs(way: Pass, inputs: Sequence[Node], roots: Sequence[Node], noted: Notes) -> list[Node]:
    """What is carried on, and the notes that are needed."""
    notes = [*inputs[: way.carries], *roots[way.carries :]]
    return [*roots[: way.carries], *(notes[n] for n in noted)]


class _First:
    """The pass that goes on as long as the condition holds."""

    def __init__(self, loop: Loop, noted: Notes, threads: int) -> None:
        way = loop.passes[0]
        self._carries, self._notes = way.carries, bool(noted)
        self.test = compiled(loop.test.inputs, loop.test.roots, threads)
        inputs, roots = way.body.fresh()
        outputs = _outputs(way, inputs, roots, noted)
        carry, fixed = inputs[: way.carries], inputs[way.carries :]
        (again,) = loop.test.at([*roots[: way.carries], *fixed])
        self.kernel = one_kernel(
            [*carry, like(again), *fixed],
            [*outputs[: way.carries], again, *outputs[way.carries :]],
            way.carries + 1,
            0,
            threads,
            until=True,
        )
        self.each = None if self.kernel else compiled(inputs, outputs, threads)

    def __call__(
        self, carry: list[Array], fixed: Sequence[Array]
    ) -> tuple[list[Array], list[Array], int]:
        """What is carried at the end, the notes of all steps, and how many steps there were."""
        k = self._carries
        parts: list[list[Array]] = []
        steps, room = 0, FIRST if self._notes else 1 << 62
        again = bool(self.test([*carry, *fixed])[0])
        while again:
            if self.kernel is not None:
                made, count = self.kernel.counted([*carry, np.ones((), bool), *fixed], room)
                again = bool(made[k])
                carry = made[:k]
                parts.append([x[:count] for x in made[k + 1 :]])
                room = min(2 * room, MOST)
            else:
                assert self.each is not None
                made, count = self.each([*carry, *fixed]), 1
                carry = made[:k]
                parts.append([x[None] for x in made[k:]])
                again = bool(self.test([*carry, *fixed])[0])
            steps += count
        return carry, [np.concatenate(column) for column in zip(*parts, strict=True)], steps


class _Later:
    """A pass over steps that are known.

    Args:
        way: the pass.
        sizes: how many notes each of the earlier passes leaves.
        noted: which of its own notes later passes need.
    """

    def __init__(self, way: Pass, sizes: Sequence[int], noted: Notes, threads: int) -> None:
        inputs, roots = way.body.fresh()
        carry, *notes, fixed = cut(inputs, [way.carries, *sizes])
        used = way.body.used[way.carries :]
        flags = cut(used, sizes)
        self.taken = [
            (n, place)
            for n, part in enumerate(flags[: len(sizes)])
            for place, is_used in enumerate(part)
            if is_used
        ]
        self._carries = way.carries
        self.program = looped(
            [*carry, *(notes[n][place] for n, place in self.taken), *fixed],
            _outputs(way, inputs, roots, noted),
            way.carries,
            len(self.taken),
            threads,
            backwards=bool(way.reverse),
        )

    def __call__(
        self,
        carry: Sequence[Array],
        notes: Mapping[tuple[int, int], Array],
        fixed: Sequence[Array],
        steps: int,
    ) -> tuple[list[Array], list[Array]]:
        """What is carried at the end, and the notes of all steps."""
        series = [notes[key] for key in self.taken]
        made = self.program([*carry, *series, *fixed], steps)
        return made[: self._carries], made[self._carries :]


class Whiles:
    """Loops with the same first pass, which is made once.

    Args:
        nodes: the loops.
        threads: how many threads may work at once.
    """

    def __init__(self, nodes: Sequence[Node], threads: int) -> None:
        self._loops = {node: Loop.of(node) for node in nodes}
        noted = {node: needed_notes(loop) for node, loop in self._loops.items()}
        self._first_notes = sorted({place for of in noted.values() for place in of[0]})
        self.first = _First(self._loops[nodes[0]], self._first_notes, threads)
        self._noted, self.later = noted, dict[Node, list[_Later]]()
        for node, loop in self._loops.items():
            counts = [way.notes for way in loop.passes]
            self.later[node] = [
                _Later(way, counts[:n], noted[node][n], threads)
                for n, way in enumerate(loop.passes)
                if n
            ]

    def __call__(self, node: Node, operands: Sequence[Array], seen: dict[object, Any]) -> Array:
        """The value of a node.  ``seen`` holds what the loops have in common, during one run."""
        loop = self._loops[node]
        key = (self, node.inputs, loop.passes)
        if key not in seen:
            seen[key] = self._ends(node, loop, operands, seen)
        found = [seen[key][n] for n in node.param("results")]
        return found[0] if len(found) == 1 else np.concatenate([x.ravel() for x in found])

    def _ends(
        self, node: Node, loop: Loop, operands: Sequence[Array], seen: dict[object, Any]
    ) -> list[Array]:
        """What all passes carry at their ends."""
        *inits, fixed = cut(operands, [way.carries for way in loop.passes])
        if self not in seen:
            seen[self] = self.first(inits[0], fixed)
        first, columns, steps = seen[self]
        if not steps:
            return [x for init in inits for x in init]
        notes = {(0, place): x for place, x in zip(self._first_notes, columns, strict=True)}
        ends = list(first)
        for n, later in enumerate(self.later[node], 1):
            carry, more = later(inits[n], notes, fixed, steps)
            notes.update({(n, k): x for k, x in zip(self._noted[node][n], more, strict=True)})
            ends += carry
        return ends


def needed_notes(loop: Loop) -> list[Notes]:
    """For each pass, which of its notes later ones look at."""
    counts = [way.notes for way in loop.passes]
    found: list[set[int]] = [set() for _ in loop.passes]
    for n, way in enumerate(loop.passes):
        parts = cut(way.body.used[way.carries :], counts[:n])[:n]
        for seen, part in zip(found, parts, strict=False):
            seen.update(place for place, is_used in enumerate(part) if is_used)
    return [sorted(places) for places in found]
