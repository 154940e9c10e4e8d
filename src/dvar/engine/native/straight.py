"""A node that holds programs as one function of machine code, with all loops and branches inside of it.

For programs of a few numbers: a particle on its way, a descent whose steps grow.  Every element is a value
of its own (``cells.py``), every loop is a loop (``flow.py``), however they are nested.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from llvmlite import ir

from dvar.core.dims import is_numeric
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.native.arrays import count_of, sizes_of
from dvar.engine.native.cells import Held, Memory, Writer
from dvar.engine.native.flow import Flow
from dvar.engine.native.machine import Loaded, object_code
from dvar.engine.native.spare import empty
from dvar.engine.native.tile import NotNative, i64, memory_type

_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)
I8P = ir.IntType(8).as_pointer()
FEW = 64  # operands of so many elements are read at once


def straight(node: Node) -> Straight | None:
    """The node as one function; None where its programs are too large or have a row without code here."""
    if not all(is_numeric(x.shape) for x in (node, *node.inputs)):
        return None
    try:
        return Straight(node)
    except NotNative:
        return None


class Straight:
    """One node as a function of arrays."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.module = ir.Module("dvar")
        kind = ir.FunctionType(ir.VoidType(), [I8P.as_pointer(), I8P])
        function = ir.Function(self.module, kind, "run")
        entry, start = (function.append_basic_block(n) for n in ("entry", "start"))
        b = ir.IRBuilder(start)
        writer = Writer(b, entry)
        table, result = function.args
        out = Memory(
            b.bitcast(result, memory_type(node.dtype).as_pointer()), node.dtype, count_of(node)
        )
        operands: list[Held] = []
        for n, x in enumerate(node.inputs):
            pointer = b.load(b.gep(table, [i64(n)]))
            held = Memory(
                b.bitcast(pointer, memory_type(x.dtype).as_pointer()), x.dtype, count_of(x)
            )
            operands.append(writer.cells(x, held) if held.size <= FEW else held)
        made = Flow(writer).node(node, operands, out)
        if made is not out:
            for n, value in enumerate(writer.cells(node, made)):
                writer.store(value, out, n)
        b.ret_void()
        with b.goto_block(entry):
            b.branch(start)
        self._loaded = Loaded(object_code(self.module))
        self._run = _FUNCTION(self._loaded.address("run"))

    def __call__(self, operands: Sequence[Array]) -> Array:
        """The value of the node."""
        given = [
            np.ascontiguousarray(array, x.dtype)
            for array, x in zip(operands, self.node.inputs, strict=True)
        ]
        made = empty(sizes_of(self.node), self.node.dtype)
        table = np.array([array.ctypes.data for array in given], np.uintp)
        self._run(table.ctypes.data, made.ctypes.data)
        return made

    def __str__(self) -> str:
        return f"{self.node.op.name}, as one function\n\n{self.module}"
