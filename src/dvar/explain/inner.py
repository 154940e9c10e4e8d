"""The programs inside of nodes, the steps of loops and the branches, written out as code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dvar.core.body import Body
from dvar.core.node import Node, topological
from dvar.derive.tidy import tidy
from dvar.write import notation
from dvar.write.report import Program


def inner_programs(roots: Iterable[Node]) -> tuple[Program, ...]:
    """Every program that the formulas name, once, in the order in which they are met."""
    found: dict[Body, str] = {}
    for node in topological(roots):
        for _, value in node.params:
            for body in _bodies(value):
                found.setdefault(body, node.op.name)
    return tuple(
        Program(repr(body), "\n".join(_code(body)), f"the program of that name in {row}")
        for body, row in found.items()
    )


def _bodies(value: Any) -> Iterator[Body]:
    if isinstance(value, Body):
        yield value
        for node in value.nodes:
            for _, inner in node.params:
                yield from _bodies(inner)
    elif isinstance(value, tuple):
        for part in value:
            yield from _bodies(part)


def _code(body: Body) -> Iterator[str]:
    """A line for every value that is used more than once, and one for the results."""
    labels: dict[Node, str] = {}
    for x in body.inputs:
        labels[x] = _unused(str(x.param("name")).replace(" ", "_") or "x", labels.values())
    yield f"input: {', '.join(labels.values())}"
    roots = [tidy(root, labels) for root in body.roots]
    uses: dict[Node, int] = {}
    order = topological(roots)
    for node in order:
        for x in node.inputs:
            uses[x] = uses.get(x, 0) + 1
    for node in order:
        if node.inputs and uses.get(node, 0) > 1 and any(x.inputs for x in node.inputs):
            written = notation.text(node, labels)
            labels[node] = _unused("v1", labels.values())
            yield f"{labels[node]} = {written}"
    yield f"result: {', '.join(notation.text(root, labels) for root in roots)}"


def _unused(name: str, taken: Iterable[str]) -> str:
    known, stem, n = set(taken), name.rstrip("0123456789"), 2
    while name in known:
        name, n = f"{stem}{n}", n + 1
    return name
