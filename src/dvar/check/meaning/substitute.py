"""Exchange nodes inside a graph."""

from __future__ import annotations

from collections.abc import Mapping

from dvar.core.node import Node, topological


def substitute(root: Node, exchange: Mapping[Node, Node]) -> Node:
    """``root`` with every node in ``exchange`` replaced by its partner of the same shape."""
    done: dict[Node, Node] = dict(exchange)
    for node in topological([root], set(exchange)):
        if node in done:
            continue
        operands = [done[x] for x in node.inputs]
        changed = any(a is not b for a, b in zip(operands, node.inputs, strict=True))
        done[node] = node.with_inputs(*operands) if changed else node
    return done[root]
