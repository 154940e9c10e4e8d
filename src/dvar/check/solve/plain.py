"""Graphs of answers as formulas: without what only fits a shape, and whether the document names all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from dvar.check.meaning.values import sizes, squeezed
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE

_PLAIN = frozenset({0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5})
"""Numbers that a derivative brings along; any other may stand for a size."""


_AXES = re.compile(r", (?:axis=0|keepdims=True)")
_COLUMN = re.compile(r"\[\[[^\[\],]+\](?:, \[[^\[\],]+\])*\]")


def as_typed(written: str, text: str) -> str:
    """A formula in the way of a document: ``x^2`` where nobody writes ``x**2``, columns as lists where all are."""
    if "**" not in text:
        written = written.replace("**", "^")
    if "[[" not in text:
        flat = _COLUMN.sub(lambda m: "[" + re.sub(r"[\[\]]", "", m[0]) + "]", written)
        written = _AXES.sub("", flat)
    return written


def squeezed_text(formula: str) -> str:
    """Without what only spaces a formula."""
    return re.sub(r"\\left|\\right|\\,|\\cdot|[\s*]", "", formula)


def inner(node: Node) -> Node:
    return node.inputs[0] if node.op.name == "reshape" and node.inputs else node


def laid_out(node: Node, labels: Mapping[Node, str]) -> Node:
    """Without the moves that only fit a shape, where what is left tells as much."""
    done: dict[Node, Node] = {}
    for part in topological([node], set(labels)):
        if part in labels and part is not node:
            done[part] = part
            continue
        inputs = [done[x] for x in part.inputs] if part not in labels else list(part.inputs)
        moves = part.op.name == "reshape" and squeezed(sizes(part)) == squeezed(sizes(inputs[0]))
        if moves and (part is node or part.ndim < inputs[0].ndim):
            done[part] = inputs[0]
        else:
            changed = any(a is not b for a, b in zip(inputs, part.inputs, strict=True))
            done[part] = part.with_inputs(*inputs) if changed else part
    return done[node]


def is_named(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether the document has a name for all that a formula is made of."""
    return all(n in labels or n.op is not VARIABLE for n in topological([node], set(labels)))


def has_sizes(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether there is a number in a formula that may stand for a number of examples."""
    constants = (
        n for n in topological([node], set(labels)) if n.op is CONSTANT and n not in labels
    )
    return any(set(n.param("value").array.ravel().tolist()) - _PLAIN for n in constants)
