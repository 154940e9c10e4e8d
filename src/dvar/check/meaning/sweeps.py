"""Gradients of values by places, kept: the search for slips asks for the same ones again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning import kept
from dvar.check.meaning.effort import pay
from dvar.check.meaning.values import count, number, reshaped, sizes, squeezed, stacked
from dvar.core.node import Node, topological
from dvar.core.op import constant
from dvar.derive.sweep import sweep
from dvar.ops import TABLE

if TYPE_CHECKING:
    from dvar.check.meaning.differentiate import Place


def seeds(top: Node) -> list[Node]:
    """An upstream gradient for each entry of a value: one there, zero elsewhere."""
    if not top.shape:
        return [number(1.0)]
    return [constant(one.reshape(sizes(top))) for one in np.eye(count(top))]


_gradients = kept.table()


def gradient_at(top: Node, seed: Node, place: Place, beneath: set[Node] | None) -> Node:
    """What an upstream gradient of ``top`` sends to a place, the nodes ``beneath`` held fixed.

    Each counts as the work that it is, kept or not.
    """
    at = (top, seed, place, None if beneath is None else frozenset(beneath))
    if at not in _gradients:
        _gradients.trim()
        _gradients[at] = _swept(top, seed, place, beneath), len(topological([top]))
    gradient, parts = _gradients[at]
    pay(parts)
    return gradient  # type: ignore[no-any-return]


def _swept(top: Node, seed: Node, place: Place, beneath: set[Node] | None) -> Node:
    found = sweep(top, seed, [node for node, _ in place.parts], beneath).gradients
    parts = []
    for node, at in place.parts:
        g = found.get(node)
        if g is None:
            g = TABLE["zeros"](sizes(node)) if node.shape and at is None else number(0.0)
        elif at is not None:
            g = TABLE["getitem"](g, at)
        parts.append(g)
    if len(parts) == 1:
        whole = parts[0]
        return reshaped(whole, squeezed(place.shape)) if squeezed(place.shape) else whole
    return reshaped(stacked([reshaped(p, ()) for p in parts]), squeezed(place.shape))
