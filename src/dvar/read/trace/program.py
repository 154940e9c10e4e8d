"""A user's function as a program of its own: called once, with arrays that have shapes but no numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dvar.core.errors import TraceError
from dvar.core.node import Node, substituted, topological
from dvar.core.op import VARIABLE, like
from dvar.read.trace import containers, facts
from dvar.read.trace.array import Variable


def placeholder(node: Node, name: str, shape: Any = None) -> Node:
    """A variable that stands for an array inside a program."""
    made = like(node, name, shape)
    facts.learn(made, None)
    return made


def filled(tree: Any, nodes: Sequence[Node | None]) -> Any:
    """The tree with traced arrays at the leaves that have a node."""
    leaves = containers.leaves(tree)
    return containers.rebuild(
        tree,
        [
            leaf if node is None else Variable(node)
            for leaf, node in zip(leaves, nodes, strict=True)
        ],
    )


def lifted(
    inputs: Sequence[Node], roots: Sequence[Node]
) -> tuple[list[Node], list[Node], list[Node]]:
    """What a program takes from around it, made arguments.

    A function may use traced arrays that it is not given.  What can be computed of these alone, without
    the inputs, is computed outside, and comes in.

    Returns:
        Nodes around the program, variables for them, and the roots in terms of these.
    """
    inner, outer = set(inputs), set[Node]()
    order = topological(roots)
    for node in order:
        if node in inner:
            continue
        if node.op is VARIABLE or any(x in outer for x in node.inputs):
            outer.add(node)
        if any(x in inner for x in node.inputs):
            inner.add(node)
    outer -= inner
    uses = dict.fromkeys(x for node in order if node in inner for x in node.inputs if x in outer)
    uses.update(dict.fromkeys(root for root in roots if root in outer))
    given = list(uses)
    names = [str(x.param("name")) if x.op is VARIABLE else x.op.name for x in given]
    variables = [like(x, name) for x, name in zip(given, names, strict=True)]
    return given, variables, substituted(roots, dict(zip(given, variables, strict=True)))


def same_containers(what: str, given: Any, made: Any, where: str) -> None:
    """Raises TraceError where a function did not return the containers that it must."""
    if not containers.same_form(given, made):
        raise TraceError(
            f"{what} does not return the containers of {where}",
            hint=f"{_shown(given)}, not {_shown(made)}",
        )


def _shown(tree: Any) -> str:
    paths = [containers.show_path("", path) for path, _ in containers.leaves_with_paths(tree)]
    return ", ".join(path or "an array" for path in paths)
