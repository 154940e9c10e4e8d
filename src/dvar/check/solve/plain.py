"""Graphs of answers as formulas: without what only fits a shape, and whether the document names all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from dvar.check.meaning.values import sizes, squeezed
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE
from dvar.ops import TABLE

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


_ALONG = re.compile(r"\\sum_\{\\mathrm\{axis\\,([01])\}\} *(\\left\()?")

_SLOPE = re.compile(r"\\frac\{\\partial [^{}]+\}\{\\partial (?:[^{}]|\{[^{}]*\})+\}")


def with_bounds(written: str, sizes: Sequence[str], letter: str) -> Iterator[str]:
    r"""Ways to write a sum along one axis with an index: ``\sum_{i=1}^{N} \left(Z - Y\right)_{i,:}``."""
    found = _ALONG.search(written)
    if found is None:
        return
    start = found.end()
    if found[2]:
        end = _closing(written, start)
        inside, rest = written[start : end - len(r"\right)")], written[end:]
    elif slope := _SLOPE.match(written, start):
        inside, rest = slope[0], written[slope.end() :]
    else:
        inside, rest = written[start:], ""
    if len(_ALONG.findall(written)) == 1 and (found[2] or inside.isalnum() or inside[:1] == "\\"):
        at = f"{letter},:" if found[1] == "0" else f":,{letter}"
        for size in sizes:
            term = rf"\left({inside}\right)_{{{at}}}"
            yield rf"{written[: found.start()]}\sum_{{{letter}=1}}^{{{size}}} {term}{rest}"


def _closing(written: str, start: int) -> int:
    r"""Behind the ``\right)`` that closes a ``\left(`` whose content begins at ``start``."""
    depth = 1
    for match in re.compile(r"\\(left|right)\W").finditer(written, start):
        depth += 1 if match[1] == "left" else -1
        if not depth:
            return match.end()
    return len(written)


def squeezed_text(formula: str) -> str:
    """Without what only spaces a formula."""
    return re.sub(r"\\left|\\right|\\,|\\cdot|[\s*]", "", formula)


def inner(node: Node) -> Node:
    return node.inputs[0] if node.op.name == "reshape" and node.inputs else node


def typed_out(node: Node, labels: Mapping[Node, str]) -> Node:
    """With ``(a - t)**2`` for ``square(a - t)``, which people write in programs only."""
    return _spelled(node, labels, {"square": lambda x: x**2})


def elementary(node: Node, labels: Mapping[Node, str]) -> Node:
    """With ``1 / (1 + e^{-x})`` for ``σ(x)``, where a document has no such name."""
    exp, log = TABLE["exp"], TABLE["log"]
    by = {"sigmoid": lambda x: 1 / (1 + exp(-x)), "softplus": lambda x: log(1 + exp(x))}
    return _spelled(node, labels, by)


def _spelled(
    node: Node, labels: Mapping[Node, str], by: Mapping[str, Callable[[Node], Node]]
) -> Node:
    """With other nodes in the place of these operations, but for what has a name."""

    def change(part: Node, inputs: Sequence[Node]) -> Node | None:
        is_there = part.op.name in by and part not in labels
        return by[part.op.name](*inputs) if is_there else None

    return _replaced(node, labels, change)


def laid_out(node: Node, labels: Mapping[Node, str]) -> Node:
    """Without the moves that only fit a shape, where what is left tells as much."""

    def change(part: Node, inputs: Sequence[Node]) -> Node | None:
        moves = part.op.name == "reshape" and squeezed(sizes(part)) == squeezed(sizes(inputs[0]))
        return inputs[0] if moves and (part is node or part.ndim < inputs[0].ndim) else None

    return _replaced(node, labels, change)


def _replaced(
    node: Node,
    labels: Mapping[Node, str],
    change: Callable[[Node, Sequence[Node]], Node | None],
) -> Node:
    """A graph with what ``change`` makes of each node and its new inputs; what has a name stays."""
    done: dict[Node, Node] = {}
    for part in topological([node], set(labels)):
        if part in labels and part is not node:
            done[part] = part
            continue
        inputs = [done[x] for x in part.inputs] if part not in labels else list(part.inputs)
        new = change(part, inputs)
        if new is None:
            changed = any(a is not b for a, b in zip(inputs, part.inputs, strict=True))
            new = part.with_inputs(*inputs) if changed else part
        done[part] = new
    return done[node]


def unbracketed(written: str) -> str:
    r"""A product without the brackets around the whole of it; a sum behind a factor keeps them."""
    opening, closing = (r"\left(", r"\right)") if written.startswith("\\") else ("(", ")")
    if not (written.startswith(opening) and written.endswith(closing)):
        return written
    inside = written[len(opening) : -len(closing)]
    depth = 0
    for n, sign in enumerate(inside):
        depth += (sign in "({[") - (sign in ")}]")
        if depth < 0 or (not depth and inside[n : n + 3] in (" + ", " - ")):
            return written
    return inside.strip()


def is_named(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether the document has a name for all that a formula is made of."""
    return all(n in labels or n.op is not VARIABLE for n in topological([node], set(labels)))


def has_sizes(node: Node, labels: Mapping[Node, str]) -> bool:
    """Whether there is a number in a formula that may stand for a number of examples."""
    constants = (
        n for n in topological([node], set(labels)) if n.op is CONSTANT and n not in labels
    )
    return any(set(n.param("value").array.ravel().tolist()) - _PLAIN for n in constants)
