"""Programs of very many single numbers, as data for a small machine.

Written out as instructions, a program of 40,000 gates takes a compiler minutes.  Here it becomes a tape: places of
operands in one array of numbers, in the order in which they are computed.  Sums, differences and products are all
``x·y + z``, so the machine runs them one after the other without asking what comes next; other rows are computed
by stages, all that are ready at once and are the same row together, many in a vector.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np

from dvar.core.collecting import rarely_collected
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.joined import joined
from dvar.engine.native.rewrite import rewritten
from dvar.engine.native.runners import machine, moving, runner
from dvar.engine.native.tile import NotNative
from dvar.engine.native.writing import Writing, common_type, takes
from dvar.ops.indexing import scatter_add

_RUN = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_int64)

# A program whose nodes have more elements than this, on the mean, is compiled.
SMALL = 4


def taped(inputs: Sequence[Node], roots: Sequence[Node], order: Sequence[Node]) -> Tape | None:
    """A tape for a program of many single numbers; None where something else serves it better.

    Args:
        inputs: the variables.
        roots: what is wanted.
        order: all nodes beneath the roots, operands first.
    """
    if not _is_of_numbers(order):
        if not any(x.op is scatter_add for x in order):
            return None
        # The gradient of an array that is read number by number: put together, it is one array.
        roots = joined(roots)
        order = topological(roots)
        if not _is_of_numbers(order):
            return None
    try:
        with rarely_collected():
            return Tape(inputs, roots, order)
    except NotNative:
        return None


def _is_of_numbers(order: Sequence[Node]) -> bool:
    arrays = [x for x in order if x.shape]
    elements = sum(int(np.prod(sizes_of(x))) for x in arrays) + len(order) - len(arrays)
    return elements <= SMALL * len(order)


class Tape:
    """Roots as a function of inputs.  Threads that call it take turns."""

    def __init__(
        self, inputs: Sequence[Node], roots: Sequence[Node], order: Sequence[Node]
    ) -> None:
        if not all(map(takes, {x.op for x in order if x.inputs})):
            roots = rewritten(roots)
            order = topological(roots)
        self.real = real = common_type([*order, *inputs])
        # LLVM works beside Python: its code is nearly ready when the tape is written.
        with ThreadPoolExecutor(1) as beside:
            engine = beside.submit(machine, real)
            runners: list[Future[int]] = []
            writing = Writing(
                inputs, order, real, lambda row: runners.append(beside.submit(runner, row, real))
            )
            self._lay_out(writing, roots, runners)
        self._run = _RUN(engine.result())
        self._turn = Lock()

    def _lay_out(
        self, writing: Writing, roots: Sequence[Node], runners: Sequence[Future[int]]
    ) -> None:
        self._shapes = [sizes_of(x) for x in roots]
        results = [np.asarray(writing.held[x]) for x in roots]
        wanted = np.unique(np.concatenate([x.ravel() for x in results]))
        code = writing.code().without_lone_products(wanted)
        done = code.staged()
        leaves = len(writing.leaves)
        # Leaves lie first, then results in the order in which they are computed.
        place = np.arange(leaves + len(code.kind))
        place[leaves + done] = leaves + np.arange(len(done))
        rows = writing.examples[1:]
        self.stages, self._operands = code.written(
            done,
            place,
            np.array([0, *(x.result() for x in runners)], np.int64),
            np.array([3, *(len(moving(x)) for x in rows)], np.int64),
        )
        self._slots = np.zeros(leaves + len(done), self.real)
        self._slots[:leaves] = writing.leaves
        self._given = slice(writing.first_input, writing.first_input + writing.inputs)
        self._results = place[np.concatenate([x.ravel() for x in results])]
        self._cuts = np.cumsum([x.size for x in results])[:-1]
        self._dtypes = [x.dtype for x in roots]
        numbers = np.bincount(code.kind[done], minlength=len(rows) + 1).tolist()
        names = ["x·y + z", *(x.op.name for x in rows)]
        self.counts: Counter[str] = Counter()
        for name, number in zip(names, numbers, strict=True):
            self.counts[name] += number
        self._start = leaves * self._slots.itemsize

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        """The values of the roots."""
        slots = self._slots
        with self._turn:
            slots[self._given] = np.concatenate([np.ravel(x) for x in values]) if values else ()
            at = slots.ctypes.data
            self._run(
                at,
                at + self._start,
                self._operands.ctypes.data,
                self.stages.ctypes.data,
                len(self.stages),
            )
            found = slots[self._results]
        parts: list[Any] = np.split(found, self._cuts)
        return [
            part.reshape(shape).astype(dtype, copy=False)
            for part, shape, dtype in zip(parts, self._shapes, self._dtypes, strict=True)
        ]

    def __str__(self) -> str:
        rows = ", ".join(f"{count} {name}" for name, count in self.counts.most_common())
        return f"a tape of {self.real} in {len(self.stages)} stages: {rows}"
