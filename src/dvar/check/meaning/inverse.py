"""Derivatives by a quantity that is a function of what is differentiated: ``dσ/ds`` where ``s = log σ²``."""

from __future__ import annotations

from dataclasses import replace

from dvar.check.meaning import differentiate
from dvar.check.meaning.values import Value
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.ops import TABLE


def by_inverse(top: Node, place: differentiate.Place) -> Value | None:
    """``∂D/∂s`` where ``s = log σ²`` and D is written in σ: by the rule for inverse functions.

    None where the place is no function of a single number that ``top`` depends on.
    """
    (node, at), *others = place.parts
    if others or at is not None or node.shape or top.shape or not node.inputs:
        return None
    number = _only_number(node)
    if number is None:
        return None
    on = differentiate.place_at(number)
    if not any(part in topological([top]) for part, _ in on.parts):
        return None
    by = differentiate.jacobian(node, on)
    whole = differentiate.jacobian(top, on)
    ratio = TABLE["divide"](whole.node, by.node)
    return replace(whole, node=ratio, wrt=place.parts, wrt_shape=place.shape)


def _only_number(node: Node) -> Node | None:
    """The only number, or entry of an array, that a value depends on."""
    under = topological([node])
    entries = {n for n in under if n.op is TABLE["getitem"] and n.inputs[0].op is VARIABLE}
    names = {n for n in under if n.op is VARIABLE} - {n.inputs[0] for n in entries}
    found = entries | names
    return next(iter(found)) if len(found) == 1 and not any(n.shape for n in found) else None
