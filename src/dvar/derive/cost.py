"""What a formula costs to read."""

from __future__ import annotations

from collections.abc import Collection

from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, number
from dvar.ops.arithmetic import divide
from dvar.ops.shaping import broadcast_to, reshape


def cost(node: Node, atoms: Collection[Node] = ()) -> int:
    """What it costs to read: 1 for each name and number, 2 for each operation as often as it is read.

    2 more for a fraction in a fraction, for a minus in front, and for moves that only fit a shape;
    6 more for what is put into the places of a matrix.
    Capped at 10**12.
    """
    stops = frozenset(atoms)
    costs: dict[Node, int] = {}
    for n in topological([node], stops):
        if n in costs:
            continue
        costs[n] = cost_of(n, costs, n in stops)
    return costs[node]


def cost_of(node: Node, costs: dict[Node, int], is_atom: bool) -> int:
    """The same of one node whose operands have theirs."""
    if is_atom or not node.inputs:
        value = number(node)
        return 1 + 2 * (value is not None and value < 0)
    if node.op is broadcast_to and node.inputs[0].op is CONSTANT:
        return costs[node.inputs[0]]  # an array of zeros
    total = 2 + sum(costs[x] for x in node.inputs) + 2 * (node.op in (broadcast_to, reshape))
    if node.op.name == "scatter_add" and node.ndim > 1:
        total += 6  # read by its index
    if node.op is divide:
        total += 2 * sum(x.op is divide for x in node.inputs)
    return min(total, 10**12)
