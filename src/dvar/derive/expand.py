"""Every gate in sight: composite rows written out, and a name for each primitive operation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from dvar.core.dims import resolve
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import SIZE, VARIABLE, constant, variable


def expanded(roots: Sequence[Node], primitive: Collection[Node] = ()) -> Mapping[Node, Node]:
    """Node → the same written in primitive rows, down to what is ``primitive`` already."""
    done: dict[Node, Node] = {}
    for node in topological(roots, set(primitive)):
        if not node.inputs or node in primitive:
            done[node] = node
            continue
        inputs = [done[x] for x in node.inputs]
        params = dict(node.params)
        if node.op.expand is None:
            done[node] = node.op.node(*inputs, **params)
        else:
            body = node.op.expand(*inputs, **params)
            # The expansion may use composite rows itself; its operands are primitive already.
            done[node] = body if body.op is node.op else expanded([body], inputs)[body]
    return done


def specialised(roots: Sequence[Node], sizes: Mapping[str, int]) -> Mapping[Node, Node]:
    """Node → the same with named sizes replaced by numbers."""
    done: dict[Node, Node] = {}
    for node in topological(roots):
        params = {name: resolve(value, sizes) for name, value in node.params}
        if node.op is SIZE:
            done[node] = constant(params["size"], node.dtype)
        elif node.op is VARIABLE:
            shape = resolve(node.shape, sizes)
            done[node] = variable(params["name"], shape, node.dtype, params["key"])
        elif node.inputs:
            done[node] = node.op.node(*(done[x] for x in node.inputs), **params)
        else:
            done[node] = node.op.node(**params) if params != dict(node.params) else node
    return done


def gates(graph: Graph) -> Graph:
    """The same program with composite rows written out and every gate named (``v1``, ``v2``, …)."""
    map_ = expanded([*graph.names.values(), *graph.outputs.values()])
    names = {name: map_[node] for name, node in graph.names.items()}
    outputs = {name: map_[node] for name, node in graph.outputs.items()}
    sources = {map_[node]: source for node, source in graph.sources.items() if node in map_}
    known = {*graph.inputs.values(), *names.values()}
    taken = {*graph.inputs, *names}
    fresh: dict[str, Node] = {}
    count = 0
    for node in topological([*outputs.values(), *names.values()]):
        if node.inputs and node not in known and not _is_fixed(node):
            count += 1
            while f"v{count}" in taken:
                count += 1
            fresh[f"v{count}"] = node
    order = topological([*outputs.values(), *names.values()])
    place = {node: n for n, node in enumerate(order)}
    every = sorted({**fresh, **names}.items(), key=lambda item: place[item[1]])
    return replace(graph, names=dict(every), outputs=outputs, sources=sources).check()


def _is_fixed(node: Node) -> bool:
    """Made of constants only, such as ``1/2``."""
    return all(not x.inputs and x.op.name == "constant" for x in node.inputs)
