"""Whether a gradient was sent to the wrong side of a maximum, or past a unit that is off."""

from __future__ import annotations

from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.matching import close, like, value_at
from dvar.check.judge.place import Place
from dvar.check.meaning.points import Point
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import Jacobian, Value, node_of
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, Array
from dvar.ops import TABLE

WHERE = {
    "routing": "the gradient goes to the larger side of the maximum",
    "mask": "what is off passes nothing on, what is on passes all",
}


def misrouted(place: Place, link: Link) -> str | None:
    """``routing`` or ``mask`` where the other side of a comparison explains what is written."""
    if link.left is None:
        return None
    node = node_of(link.left)
    hinges = [n for n in topological([node]) if n.op.name == "greater" and len(n.inputs) == 2]
    for hinge in hinges[:4]:
        if not _is_decided(place, hinge):
            continue
        first, second = hinge.inputs
        turned = substitute(node, {hinge: TABLE["greater"](second, first)})
        if _explains(place, _like(link.left, turned), link):
            masks = CONSTANT in (first.op, second.op)
            return "mask" if masks else "routing"
    return None


def _explains(place: Place, turned: Value, link: Link) -> bool:
    if link.numbers is None:
        return link.right is not None and bool(
            compare(turned, link.right, place.ledger.given).holds
        )
    written = link.numbers[1]
    for state in place.ledger.states():
        value = value_at(node_of(turned), state)
        matched = like(value, written) if value is not None else None
        if matched is not None and close(matched, written, abs(written) * 1e-3):
            return True
    return False


def _is_decided(place: Place, hinge: Node) -> bool:
    """Whether the numbers of the document say which side is the larger one."""
    first, second = (_value(place, x) for x in hinge.inputs)
    return first is not None and second is not None and bool((first != second).all())


def _value(place: Place, node: Node) -> Array | None:
    if node.op is CONSTANT:
        return Point().value(node)
    return value_at(node, place.ledger.given)


def _like(value: Value, node: Node) -> Value:
    if not isinstance(value, Jacobian):
        return node
    return Jacobian(value.of, value.wrt, node, value.of_shape, value.wrt_shape)
