"""What can be machine code, and graphs that can be it as a whole, so that they run many times in one call."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.node import Node, topological
from dvar.core.op import constant
from dvar.engine.native.kernel import Kernel
from dvar.engine.native.moves import MOVES
from dvar.engine.native.rewrite import rewritten
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS
from dvar.engine.native.tile import NotNative
from dvar.ops.arithmetic import multiply


def is_native(node: Node) -> bool:
    """Whether a node can be machine code, as far as the row alone tells."""
    if 0 in node.shape or any(0 in x.shape for x in node.inputs):
        return False
    op = node.op
    if op.name in MOVES:
        return _is_plain(node)
    if op.name in CONTRACTIONS:
        return len(node.inputs) == 2 and node.is_float and all(x.is_float for x in node.inputs)
    return op.name in REDUCTIONS or (op.native is not None and op.is_elementwise)


def _is_plain(node: Node) -> bool:
    """Whether an index is made of positions and ranges."""
    if node.op.name not in ("getitem", "scatter_add"):
        return True
    return len(node.inputs) == 1 and all(isinstance(i, (int, tuple)) for i in node.param("index"))


def one_kernel(
    inputs: Sequence[Node],
    roots: Sequence[Node],
    carried: int,
    stepped: int,
    threads: int,
    keep: bool = True,
    until: bool = False,
) -> Kernel | None:
    """All the times as one call of machine code; None where a node has no machine code."""
    roots = _apart(rewritten(roots))
    if not all(is_native(node) for node in topological(roots) if node.inputs):
        return None
    try:
        return Kernel(
            inputs, roots, threads, carried, stepped, repeats=True, keeps=keep, until=until
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
