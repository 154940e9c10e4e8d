"""Sums that are another sum of the graph times a number: ``sum(x / s)`` where ``sum(x)`` is known.

The gradient of a softmax or a logarithm of a sum adds up shares of a whole whose sum it has.  Only a sum that is there
in any case is used, so that nothing overflows that did not before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dvar.core.node import Node, topological
from dvar.ops.arithmetic import divide, multiply, negative
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to


def known_sums(roots: Sequence[Node]) -> list[Node]:
    """The roots, with such sums taken from the others."""
    nodes = topological(roots)
    sums = {(node.inputs[0], node.params): node for node in nodes if node.op is sum_}
    if len(sums) < 2:
        return list(roots)
    new: dict[Node, Node] = {}
    for node in nodes:
        found = _from_another(node, sums, new) if node.op is sum_ else None
        if found is None:
            operands = tuple(new[x] for x in node.inputs)
            found = node
            if operands != node.inputs:
                found = Node.make(node.op, operands, node.params, node.shape, node.dtype)
        new[node] = found
    return [new[root] for root in roots]


def _from_another(node: Node, sums: dict[Any, Node], new: dict[Node, Node]) -> Node | None:
    """A sum over everything as a multiple of another."""
    (x,) = node.inputs
    steps: list[tuple[Node, Node | None]] = []
    while not steps or (x, node.params) not in sums:
        if x.op is negative:
            steps.append((x, None))
            (x,) = x.inputs
            continue
        if x.op is not multiply and x.op is not divide:
            return None
        first, second = x.inputs
        number = _number(second)
        if number is None and x.op is multiply:
            first, number = second, _number(first)
        if number is None or first.shape != x.shape:
            return None
        steps.append((x, number))
        x = first
    done = sums[x, node.params]
    if node.shape or done.dtype != node.dtype:
        return None
    total = Node.make(done.op, (new[x],), done.params, done.shape, done.dtype)
    for step, number in reversed(steps):
        operands = (total,) if number is None else (total, new[number])
        total = Node.make(step.op, operands, (), (), node.dtype)
    return total


def _number(x: Node) -> Node | None:
    """The number that an array repeats everywhere."""
    while x.op is broadcast_to and x.shape:
        (x,) = x.inputs
    return None if x.shape else x
