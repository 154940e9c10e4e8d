"""A compiled graph as a function of arrays."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.assembly import Assembly
from dvar.engine.native.machine import Loaded, object_code, vector_bytes
from dvar.engine.native.memory import ITEM

_RUN = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
)


@lru_cache(maxsize=1)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="dvar")


class Kernel:
    """Roots as a function of inputs, in machine code.  One call at a time."""

    def __init__(self, inputs: Sequence[Node], roots: Sequence[Node], threads: int) -> None:
        self.inputs, self.roots = tuple(inputs), tuple(roots)
        self.assembly = Assembly(inputs, roots, vector_bytes())
        self.threads = threads if self.assembly.parallel else 1
        memory = self.assembly.memory
        self._loaded = Loaded(object_code(self.assembly.module))
        self._run = _RUN(self._loaded.address("run"))
        self._table = np.zeros(max(1, len(memory.slots)), np.uintp)
        self._between = {}
        for slot in memory.between:
            dtype, count = memory.slots[slot]
            # Vectors may reach beyond the end of an array that only passes from loop to loop.
            self._between[slot] = np.zeros(count * ITEM[dtype] + 64, np.uint8)
            self._table[slot] = self._between[slot].ctypes.data
        for slot, array in memory.constants.items():
            held = memory.constants[slot] = np.ascontiguousarray(array)
            self._table[slot] = held.ctypes.data
        self._pieces = np.zeros(self.assembly.bytes * self.threads + 64, np.uint8)
        self._aligned = -(-self._pieces.ctypes.data // 64) * 64
        self._counter = np.zeros(8, np.int64)
        self._results = [
            (slot, sizes_of(root), root.dtype)
            for slot, root in zip(memory.results, roots, strict=True)
        ]

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        """The values of the roots; inputs of the declared shapes and types."""
        table = self._table
        held = []
        for slot, node, value in zip(self.assembly.memory.inputs, self.inputs, values, strict=True):
            array = np.ascontiguousarray(value, node.dtype)
            held.append(array)
            table[slot] = array.__array_interface__["data"][0]
        done = []
        for slot, shape, dtype in self._results:
            array = np.empty(shape, dtype)
            done.append(array)
            table[slot] = array.__array_interface__["data"][0]
        self._counter[0] = 0
        at = table.ctypes.data, self._aligned, self.threads
        counter = self._counter.ctypes.data
        others = [_workers().submit(self._run, *at, n, counter) for n in range(1, self.threads)]
        self._run(*at, 0, counter)
        for other in others:
            other.result()
        return done

    def __str__(self) -> str:
        lines = []
        for n, code in enumerate(self.assembly.codes):
            room, loop = code.room, code.room.loop
            kind = "numbers" if loop.axis is None else f"{loop.size} places in {room.width} lanes"
            many = f", {room.tiles} tiles of {room.length}" if room.tiles > 1 else ""
            shared = ", shared among threads" if room.is_parallel else ""
            lines.append(f"loop {n}: {kind}{many}{shared}")
            for group in room.grouping.passes:
                lines.append(
                    f"    {group.kind}: "
                    + ", ".join(f"{x.op.name}{list(x.shape)}" for x in group.nodes)
                )
        return "\n".join([*lines, "", str(self.assembly.module)])
