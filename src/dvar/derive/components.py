"""Components of a vector whose size is a name: ``dL/dx[0]`` apart, and ``dL/dx[i]`` for all the others.

A gradient such as ``sum(d*x) * eye(n)[0] + d*x[0]`` says little; that its first component is
``2*d[0]*x[0] + sum(d[1:]*x[1:])`` and every other one ``d[i]*x[0]`` is what one writes on paper.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dvar.core.errors import MissingRule
from dvar.core.node import Node, topological
from dvar.core.op import constant, variable
from dvar.derive.tidy import tidy
from dvar.ops import TABLE
from dvar.ops.reduction import sum as sum_

GENERAL = "i"


def components(
    gradient: Node, names: Mapping[Node, str]
) -> dict[str, tuple[Node, dict[Node, str]]]:
    """Index → the component there and the labels to print it with.

    The singled-out positions come first, then ``i`` for all the others.

    Raises:
        MissingRule: not a vector, nothing is singled out, or a row that moves elements otherwise.
    """
    inside = [x for x in topological([gradient], set(names)) if x not in names]
    places = sorted({_place(x) for x in inside if x.op is TABLE["scatter_add"]})
    if gradient.ndim != 1 or not places:
        raise MissingRule("no component is singled out")
    found = {}
    for place in (*places, None):
        labels = dict(names)
        node = _component(gradient, place, names, labels)
        found[GENERAL if place is None else str(place)] = (tidy(node, [*labels]), labels)
    return found


def _place(scatter: Node) -> int:
    index = scatter.param("index")
    if len(index) != 1 or not isinstance(index[0], int) or index[0] < 0:
        raise MissingRule("elements are scattered to more than one place")
    return int(index[0])


def _component(
    root: Node, place: int | None, names: Mapping[Node, str], labels: dict[Node, str]
) -> Node:
    """The component at ``place``; None is any position that is not singled out."""
    done: dict[Node, Node] = {}
    for node in topological([root], set(names)):
        if not node.shape:
            done[node] = _scalar(node, place, names, labels, done)
        elif node in names:
            done[node] = _atom(node, place, names, labels)
        elif node.op is TABLE["scatter_add"]:
            here = place is not None and _place(node) == place
            done[node] = done[node.inputs[0]] if here else constant(0.0, node.dtype)
        elif node.op is TABLE["broadcast_to"] and not node.inputs[0].shape:
            done[node] = done[node.inputs[0]]
        elif node.op.is_elementwise:
            done[node] = node.with_inputs(*(done[x] for x in node.inputs))
        else:
            raise MissingRule(f"components through {node.op.name} are not written out")
    return done[root]


def _scalar(
    node: Node,
    place: int | None,
    names: Mapping[Node, str],
    labels: dict[Node, str],
    done: Mapping[Node, Node],
) -> Node:
    if _single(node, names):
        return _atom(node.inputs[0], int(node.param("index")[0]), names, labels)
    if node.op is sum_ and place is not None and node.inputs[0].ndim == 1:
        apart, rest = _split(node.inputs[0], place, names)
        return _component(apart, None, names, labels) + rest
    if node.inputs and node.op.is_elementwise:
        return node.with_inputs(*(done[x] for x in node.inputs))
    return node


def _single(node: Node, names: Mapping[Node, str]) -> bool:
    """``x[0]`` of a named vector."""
    if node.op is not TABLE["getitem"] or node.inputs[0] not in names:
        return False
    index = node.param("index")
    return len(index) == 1 and isinstance(index[0], int)


def _atom(
    node: Node, place: int | None, names: Mapping[Node, str], labels: dict[Node, str]
) -> Node:
    name = f"{names[node]}[{GENERAL if place is None else place}]"
    made = variable(name, (), node.dtype)
    labels[made] = name
    return made


def _split(terms: Node, place: int, names: Collection[Node]) -> tuple[Node, Node]:
    """A sum over the vector with the term of the singled-out place apart, so that like terms meet."""
    rest = sum_(_ranged(terms, slice(place + 1, None), names))
    if place:
        rest = sum_(_ranged(terms, slice(None, place), names)) + rest
    return _ranged(terms, place, names), rest


def _ranged(root: Node, index: slice | int, names: Collection[Node]) -> Node:
    """A range (or one element) of an elementwise formula, taken of the vectors it is made of."""
    done: dict[Node, Node] = {}
    for node in topological([root], set(names)):
        if not node.shape:
            done[node] = node
        elif node in names:
            done[node] = node[index]
        elif node.op.is_elementwise:
            done[node] = node.with_inputs(*(done[x] for x in node.inputs))
        else:
            raise MissingRule(f"components through {node.op.name} are not written out")
    return done[root]
