"""A graph run many times, its first results becoming its first inputs: a training loop, a recurrence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.stages import Compiled
from dvar.engine.native.whole import one_kernel


class Repeated:
    """Roots as a function of inputs, computed again and again.

    All the times are one call of machine code where the whole graph is machine code; otherwise each time is a
    call of its own.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        roots: Sequence[Node],
        carried: int,
        stepped: int,
        threads: int,
        keep: bool = True,
        backwards: bool = False,
    ) -> None:
        self.carried, self.stepped, self.backwards = carried, stepped, backwards
        self.kernel = one_kernel(
            inputs, roots, carried, stepped, threads, keep=keep, backwards=backwards
        )
        self.each = None if self.kernel else Compiled(inputs, roots, threads)

    def __call__(self, values: Sequence[Array], times: int) -> list[Array]:
        """The carried values after the last time, and the other roots of every time."""
        if self.kernel is not None:
            return self.kernel(values, times)
        assert self.each is not None
        first, last = self.carried, self.carried + self.stepped
        carry, rest = list(values[:first]), values[last:]
        given: list[list[Array]] = []
        for n in reversed(range(times)) if self.backwards else range(times):
            done = self.each([*carry, *(x[n] for x in values[first:last]), *rest])
            carry = done[:first]
            given.append(done[first:])
        if self.backwards:
            given.reverse()
        if not times:
            given = [[np.empty(sizes_of(x), x.dtype) for x in self.each.roots[first:]]]
            return [*carry, *(np.stack(x)[:0] for x in zip(*given, strict=True))]
        return [*carry, *map(np.stack, zip(*given, strict=True))]

    def __str__(self) -> str:
        return str(self.kernel or self.each)
