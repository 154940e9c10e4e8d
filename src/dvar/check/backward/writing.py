"""Forward passes that write into arrays (``h[:, t] = …``), made such that they can be followed as graphs.

An array that NumPy makes for a function to fill is no traced array, and what is written into it loses its
derivative.  In a copy of the function every such array is one that remembers what is written.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from dvar.check.backward.source import source_of
from dvar.core.errors import TraceError
from dvar.core.op import constant
from dvar.ops.indexing import scatter_add
from dvar.ops.selection import where
from dvar.read.trace.array import Variable, read_index, unwrap, wrap

MADE = frozenset(
    ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
)
MOST = 500
"""Writes into one array; each makes a node of the whole array's size."""
_FILLED = "__filled__"


class Filled(Variable):
    """A traced array into which can be written: each write makes another node."""

    __slots__ = ("_writes",)

    def __init__(self, array: Any) -> None:
        super().__init__(wrap(constant(np.asarray(array))).node)
        self._writes = 0

    def __setitem__(self, index: Any, value: Any) -> None:
        shape, index = self.shape, read_index(index)
        times = np.zeros(shape, int)
        np.add.at(times, index, 1)
        self._writes += 1
        if times.max(initial=0) > 1 or self._writes > MOST:
            raise TraceError("these places cannot be written one by one")
        moved = scatter_add(unwrap(value), shape, index)
        self.node = wrap(where(constant(times > 0), moved, self.node)).node


def _filled(array: Any) -> Any:
    """An array of floats that a function has made, as one that can be followed when it is filled."""
    if isinstance(array, Variable) or np.asarray(array).dtype.kind != "f":
        return array
    return Filled(array)


def followable(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, in which the arrays that it makes and fills are traced.

    Raises:
        ReadError: its source is not to be found.
    """
    source = source_of(function)
    for piece in source.pieces:
        _Marked().visit(piece.tree)
        ast.fix_missing_locations(piece.tree)
    source.names = {**source.names, _FILLED: _filled}
    return source.rebuilt(source.pieces[0])


class _Marked(ast.NodeTransformer):
    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in MADE:
            return node
        return ast.Call(func=ast.Name(_FILLED, ast.Load()), args=[node], keywords=[])
