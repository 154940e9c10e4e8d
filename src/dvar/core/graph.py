"""A graph: named inputs, named results and the nodes between them; a typed program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from dvar.core.body import Body
from dvar.core.dims import show
from dvar.core.errors import GraphError, Source
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, SIZE, VARIABLE


@dataclass(frozen=True)
class Graph:
    """A program in which every name is assigned once.  Immutable.

    Attributes:
        inputs: name → variable, in the order of declaration.
        names: name → node, for every definition, in order (aliases are two names for one node).
        outputs: name → node: what the program returns.
        values: numbers given with the program (``x = -2``), by input name.
        sources: node → where it was written.
        notes: remarks of the reader for the person ("x0 is read as x[0]").
    """

    inputs: Mapping[str, Node]
    names: Mapping[str, Node]
    outputs: Mapping[str, Node]
    values: Mapping[str, object] = field(default_factory=dict)
    sources: Mapping[Node, Source] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @cached_property
    def nodes(self) -> list[Node]:
        """Everything the outputs and definitions need, operands first."""
        return topological([*self.outputs.values(), *self.names.values()])

    @cached_property
    def labels(self) -> dict[Node, str]:
        """Node → the name it is printed by: inputs, then the first definition of each node."""
        labels = {node: name for name, node in self.inputs.items()}
        for name, node in self.names.items():
            if node.op is not CONSTANT:
                labels.setdefault(node, name)
        return labels

    @property
    def output(self) -> tuple[str, Node]:
        """The last output: what one differentiates if nothing else is said."""
        return list(self.outputs.items())[-1]

    def check(self) -> Graph:
        """Prove the graph well-formed and return it.

        Every node is what its row makes of its operands, and every variable is an input.

        Raises:
            GraphError: names the first node that is not.
        """
        known = set(self.inputs.values())
        for node in self.nodes:
            if node.op is VARIABLE:
                if node not in known:
                    raise GraphError(f"the variable {node.param('name')} is not an input")
            elif node.inputs and not _is_well_typed(node):
                raise GraphError(f"{node!r} is not what its row makes of its operands")
        return self

    def __str__(self) -> str:
        return "\n".join(_lines(self.inputs, dict(self.labels), self.nodes, self.outputs.values()))


def _lines(
    inputs: Mapping[str, Node],
    labels: dict[Node, str],
    nodes: Iterable[Node],
    roots: Iterable[Node],
) -> list[str]:
    """A program, one line for each node; the programs inside a node stand below it."""
    lines = [f"input {name}: {node.dtype} {show(node.shape)}" for name, node in inputs.items()]
    fresh = 0
    for node in nodes:
        if node.op is VARIABLE:
            continue
        if node.is_leaf:
            labels.setdefault(node, _leaf(node))
            continue
        if node not in labels:
            fresh += 1
            labels[node] = f"%{fresh}"
        programs = dict(_programs(node.params))
        shown = [f"{k}={v}" for k, v in node.params if not any(p.startswith(k) for p in programs)]
        operands = ", ".join([labels[x] for x in node.inputs] + shown)
        name = f"{labels[node]}: {node.dtype} {show(node.shape)}"
        lines.append(f"{name} = {node.op.name}({operands})")
        for param, body in programs.items():
            lines.append(f"  {param}:")
            lines += [f"    {line}" for line in _inner_lines(body)]
    lines.append("return " + ", ".join(_label(node, labels) for node in roots))
    return lines


def _label(node: Node, labels: Mapping[Node, str]) -> str:
    return labels[node] if node in labels else _leaf(node)


def _inner_lines(body: Body) -> list[str]:
    names: dict[str, Node] = {}
    for n, x in enumerate(body.inputs):
        name = str(x.param("name"))
        names[name if name and name not in names else f"{name}_{n}"] = x
    return _lines(names, {x: name for name, x in names.items()}, body.nodes, body.roots)


def _programs(params: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Body]]:
    """The programs among parameters, also in tuples of them."""
    for name, value in params:
        if isinstance(value, Body):
            yield name, value
        elif isinstance(value, tuple):
            yield from _programs((f"{name}[{n}]", part) for n, part in enumerate(value))


def _leaf(node: Node) -> str:
    if node.op is CONSTANT:
        return repr(node.param("value"))
    if node.op is SIZE:
        return str(node.param("size"))
    return f"{node.op.name}({', '.join(f'{k}={v}' for k, v in node.params)})"


def _is_well_typed(node: Node) -> bool:
    return node.with_inputs(*node.inputs) is node
