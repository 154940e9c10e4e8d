"""The derivation of the right answer, by ``explain``, for a line that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dvar.check.judge.chain import Place
from dvar.check.meaning import differentiate
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.core.errors import DvarError
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.read.worksheet import tree as t


def derivation_of(
    place: Place, left: t.Expr | None, env: Mapping[str, int]
) -> Callable[[], str] | None:
    """A function that writes the derivation of ``left``, a derivative; None where it is none."""
    if not isinstance(left, t.Derivative) or left.of is None or len(left.wrt) != 1:
        return None
    of, wrt = left.of, left.wrt[0]

    def derive() -> str:
        from dvar.explain import explain

        reader = place.reader(env=dict(env))
        try:
            top = reader.node(of)
            at = differentiate.place_of(reader, wrt)
            graph, wanted = _graph(place, top, [node for node, _ in at.parts])
            if sizes(top):
                return explain(graph, wrt=wanted, upstream="upstream").to_text()
            return explain(graph, wrt=wanted).to_text()
        except (NotUnderstood, DvarError) as reason:
            return f"no derivation: {reason}"

    return derive


def _graph(place: Place, top: Node, wrt: list[Node]) -> tuple[Graph, list[str]]:
    """The part of the problem's world that a derivative is about, as a program with names."""
    world = place.world
    under = topological([top])
    inputs = {str(world.keys.get(n, n.param("name"))): n for n in under if n.op is VARIABLE}
    names: dict[str, Node] = {}
    for node in under:
        key = world.named.get(node)
        if key is not None and node.inputs and str(key) not in inputs:
            names.setdefault(str(key), node)
    for n, node in enumerate(wrt):
        if node not in inputs.values() and node not in names.values():
            names[f"place{n + 1}"] = node
    ordered = {node: n for n, node in enumerate(under)}
    names = dict(sorted(names.items(), key=lambda item: ordered.get(item[1], -1)))
    if top not in names.values():
        names["output"] = top
    output = next(name for name, node in names.items() if node is top)
    values = {
        name: place.ledger.given[node].astype(float)
        for name, node in inputs.items()
        if node in place.ledger.given
    }
    known = {**inputs, **names}
    wanted = [name for node in wrt for name, n in known.items() if n is node][:4]
    complete = len(values) == len(inputs)
    return Graph(inputs, names, {output: top}, values if complete else {}), wanted
