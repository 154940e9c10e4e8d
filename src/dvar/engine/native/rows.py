"""Which rows can be machine code."""

from __future__ import annotations

from dvar.core.node import Node
from dvar.derive.sameaxes import gathered_axis
from dvar.engine.native.moves import MOVES
from dvar.engine.native.schedule import CONTRACTIONS, REDUCTIONS


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
    """Whether an index is made of positions and ranges, or takes numbers along one axis."""
    if node.op.name not in ("getitem", "scatter_add"):
        return True
    if node.op.name == "getitem" and gathered_axis(node) is not None:
        return node.is_float and node.inputs[1].dtype == "int64"
    return len(node.inputs) == 1 and all(isinstance(i, (int, tuple)) for i in node.param("index"))
