"""A compiled graph as a function of arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from threading import Lock

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.assembly import Assembly
from dvar.engine.native.crew import MOST, together
from dvar.engine.native.machine import Loaded, object_code, vector_bytes
from dvar.engine.native.memory import ALIGN, ITEM
from dvar.engine.native.schedule import elements
from dvar.engine.native.spare import LARGE, copied, empty

_REPEAT = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int64,
    ctypes.c_int64,
    ctypes.c_void_p,
    ctypes.c_int64,
)


class Kernel:
    """Roots as a function of inputs, in machine code.  Threads that call it take turns.

    A kernel that ``repeats`` runs many times in one call: the first ``carried`` roots take the place of the first
    inputs after each time, the ``stepped`` inputs after these are arrays with one more axis in front, of which
    each time takes one, and so are the remaining roots, of which each time gives one.  With ``keeps``, inputs
    that stay are turned into lanes once, and kept.  With ``until`` the last of the carried roots says whether
    there is another time; ``backwards`` goes from the last of the stepped arrays to the first.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        roots: Sequence[Node],
        threads: int,
        carried: int = 0,
        stepped: int = 0,
        repeats: bool = False,
        keeps: bool = False,
        until: bool = False,
        backwards: bool = False,
    ) -> None:
        self.inputs, self.roots = tuple(inputs), tuple(roots)
        self._carried, self._repeats = carried, repeats
        self.assembly = Assembly(
            inputs, roots, vector_bytes(), carried, stepped, keeps, until, backwards
        )
        self.threads = min(threads, MOST) if self.assembly.parallel else 1
        memory = self.assembly.memory
        self._loaded = Loaded(object_code(self.assembly.module))
        self._run = _REPEAT(self._loaded.address("repeat"))
        self._tables = np.zeros((self.threads, max(1, len(memory.slots))), np.uintp)
        self._held: list[Array] = []
        for slot in memory.between:
            dtype, count = memory.slots[slot]
            # Vectors may reach beyond the end of an array that only passes from loop to loop.
            self._tables[:, slot] = self._room(count * ITEM[dtype] + ALIGN)
        for slot, array in memory.constants.items():
            self._held.append(np.ascontiguousarray(array))
            self._tables[:, slot] = self._held[-1].ctypes.data
        self._pieces = self._room(self.assembly.bytes * self.threads)
        self._turn = Lock()
        self._counter = np.zeros(8, np.int64)
        self._slots = np.array([*memory.inputs, *memory.results], np.intp)
        self._shapes = [
            (sizes_of(root), root.dtype, elements(root) * ITEM[root.dtype] < LARGE)
            for root in roots
        ]

    def _room(self, count: int) -> int:
        """The address of so many bytes, at the beginning of a cache line."""
        room = np.zeros(count + ALIGN, np.uint8)
        self._held.append(room)
        return -(-int(room.ctypes.data) // ALIGN) * ALIGN

    def __call__(self, values: Sequence[Array], times: int = 1) -> list[Array]:
        """The values of the roots; inputs of the declared shapes and types."""
        return self.counted(values, times)[0]

    def counted(self, values: Sequence[Array], times: int) -> tuple[list[Array], int]:
        """The same, and how often it was run: ``times``, or fewer with ``until``."""
        given = [
            # What is carried is written to.
            copied(np.asarray(value), node.dtype)
            if n < self._carried
            else np.ascontiguousarray(value, node.dtype)
            for n, (node, value) in enumerate(zip(self.inputs, values, strict=True))
        ]
        made = self._results(times)
        with self._turn:
            self._tables[0, self._slots] = [id(array) for array in (*given, *made)]
            self._start(times)
            count = int(self._counter[1])
        if count % 2 == 0:
            made[: self._carried] = given[: self._carried]
        return made, count

    def _results(self, times: int) -> list[Array]:
        """Room for the roots."""
        made = []
        for n, (shape, dtype, is_small) in enumerate(self._shapes):
            if self._repeats and n >= self._carried:
                made.append(empty((times, *shape), dtype))
            else:
                made.append(np.empty(shape, dtype) if is_small else empty(shape, dtype))
        return made

    def _start(self, times: int) -> None:
        tables = self._tables
        tables[1:] = tables[0]
        self._counter[0] = 0
        at, step, counter = tables.ctypes.data, tables.strides[0], self._counter.ctypes.data
        run, pieces, threads = self._run, self._pieces, self.threads
        together(lambda n: run(at + n * step, pieces, threads, n, counter, times), threads)

    def __str__(self) -> str:
        lines = []
        for n, code in enumerate(self.assembly.codes):
            room, loop = code.room, code.room.loop
            kind = "numbers" if loop.axis is None else f"{loop.size} places in {room.width} lanes"
            many = f", {room.tiles} tiles of {room.length}" if room.tiles > 1 else ""
            shared = ", shared among threads" if room.is_parallel else ""
            lines.append(f"loop {n}: {kind}{many}{shared}")
            for group in room.grouping.passes:
                how = " row by row" if set(group.nodes) & set(room.by_rows) else ""
                names = ", ".join(f"{x.op.name}{list(x.shape)}" for x in group.nodes)
                lines.append(f"    {group.kind}{how}: {names}")
        return "\n".join([*lines, "", str(self.assembly.module)])
