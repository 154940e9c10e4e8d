"""A graph run many times, its first results becoming its first inputs: a training loop, a recurrence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dvar.core.node import Node, topological
from dvar.core.op import Array, constant
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.kernel import Kernel
from dvar.engine.native.rewrite import rewritten
from dvar.engine.native.stages import Compiled, is_native
from dvar.engine.native.tile import NotNative
from dvar.ops.arithmetic import multiply


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
    ) -> None:
        self.carried, self.stepped = carried, stepped
        self.kernel = _one_kernel(inputs, rewritten(roots), carried, stepped, threads, keep)
        self.each = None if self.kernel else Compiled(inputs, roots, threads)

    def __call__(self, values: Sequence[Array], times: int) -> list[Array]:
        """The carried values after the last time, and the other roots of every time."""
        if self.kernel is not None:
            return self.kernel(values, times)
        assert self.each is not None
        first, last = self.carried, self.carried + self.stepped
        carry, rest = list(values[:first]), values[last:]
        given: list[list[Array]] = []
        for n in range(times):
            done = self.each([*carry, *(x[n] for x in values[first:last]), *rest])
            carry = done[:first]
            given.append(done[first:])
        if not times:
            given = [[np.empty(sizes_of(x), x.dtype) for x in self.each.roots[first:]]]
            return [*carry, *(np.stack(x)[:0] for x in zip(*given, strict=True))]
        return [*carry, *map(np.stack, zip(*given, strict=True))]

    def __str__(self) -> str:
        return str(self.kernel or self.each)


def _one_kernel(
    inputs: Sequence[Node],
    roots: list[Node],
    carried: int,
    stepped: int,
    threads: int,
    keep: bool,
) -> Kernel | None:
    roots = _apart(roots)
    if not all(is_native(node) for node in topological(roots) if node.inputs):
        return None
    try:
        return Kernel(inputs, roots, threads, carried, stepped, repeats=True, keeps=keep)
    except NotNative:
        return None


def _apart(roots: Sequence[Node]) -> list[Node]:
    """The roots, each a node of its own that is computed: results are written each to its place."""
    done: list[Node] = []
    for root in roots:
        while not root.inputs or root in done:
            one = constant(1, root.dtype)
            root = Node.make(multiply, (root, one), (), root.shape, root.dtype)
        done.append(root)
    return done
