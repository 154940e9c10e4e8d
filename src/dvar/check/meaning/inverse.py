"""Derivatives by a function of what is differentiated: ``dσ/ds`` where ``s = log σ²``, ``∂l/∂Σ⁻¹``."""

from __future__ import annotations

from dataclasses import replace

from dvar.check.meaning import differentiate
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import Value
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, variable
from dvar.ops import TABLE


def by_inverse(top: Node, place: differentiate.Place) -> Value | None:
    """``∂D/∂s`` where ``s = log σ²`` and D is written in σ: by the rule for inverse functions.

    None where the place is no function of a single number that ``top`` depends on.
    """
    (node, at), *others = place.parts
    if others or at is not None or top.shape or not node.inputs:
        return None
    if node.op is TABLE["inv"]:
        return _by_inverse_matrix(top, place, node)
    if node.shape:
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


def _by_inverse_matrix(top: Node, place: differentiate.Place, node: Node) -> Value | None:
    """``∂l/∂Σ⁻¹`` where l has Σ itself in it too, as in ``log|Σ|``: there Σ is the inverse of Σ⁻¹."""
    (matrix,) = node.inputs
    fresh = variable("inverse", node.shape, key=-7)
    if matrix not in topological([substitute(top, {node: fresh})]):
        return None
    within = substitute(top, {node: fresh, matrix: TABLE["inv"](fresh)})
    whole = differentiate.jacobian(within, differentiate.place_at(fresh))
    return replace(
        whole,
        of=differentiate.place_parts(top),
        node=substitute(whole.node, {fresh: node}),
        wrt=place.parts,
    )


def _only_number(node: Node) -> Node | None:
    """The only number, or entry of an array, that a value depends on."""
    under = topological([node])
    entries = {n for n in under if n.op is TABLE["getitem"] and n.inputs[0].op is VARIABLE}
    names = {n for n in under if n.op is VARIABLE} - {n.inputs[0] for n in entries}
    found = entries | names
    return next(iter(found)) if len(found) == 1 and not any(n.shape for n in found) else None
