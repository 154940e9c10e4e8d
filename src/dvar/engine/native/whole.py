"""Graphs that are machine code as a whole, so that they run many times in one call."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.node import Node, topological
from dvar.core.op import constant
from dvar.engine.native.kernel import Kernel
from dvar.engine.native.rewrite import rewritten
from dvar.engine.native.rows import is_native
from dvar.engine.native.tile import NotNative
from dvar.ops.arithmetic import multiply


def one_kernel(
    inputs: Sequence[Node],
    roots: Sequence[Node],
    carried: int,
    stepped: int,
    threads: int,
    keep: bool = True,
    until: bool = False,
    backwards: bool = False,
) -> Kernel | None:
    """All the times as one call of machine code; None where a node has no machine code."""
    roots = _apart(rewritten(roots))
    if not all(is_native(node) for node in topological(roots) if node.inputs):
        return None
    try:
        return Kernel(
            inputs,
            roots,
            threads,
            carried,
            stepped,
            repeats=True,
            keeps=keep,
            until=until,
            backwards=backwards,
        )
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
