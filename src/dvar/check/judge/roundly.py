"""Sides that agree but for the rounding of names that are told by numbers only: ``∂L/∂w = δ x`` behind ``δ = -0.25 · 0.19``."""

from __future__ import annotations

import numpy as np

from dvar.check.judge import numbers
from dvar.check.judge.literal import is_plain
from dvar.check.judge.matching import like_node, value_at
from dvar.check.judge.place import Place
from dvar.core.node import Node, topological
from dvar.core.op import Array


def agree(place: Place, left: Node, right: Node) -> bool:
    """Whether two sides come to the same number but for the rounding of names that are told by a number only."""
    state = place.ledger.given
    values, slack = [], 0.0
    for node in (left, right):
        exact = value_at(node, state)
        if exact is None or exact.ndim or not np.isfinite(float(exact)):
            return False
        values.append(float(exact))
        for leaf in topological([node], set(state)):
            unit = _rounded_by(place, leaf) if leaf in state else None
            moved = (
                value_at(node, {**state, leaf: state[leaf] + unit / 2})
                if unit is not None
                else None
            )
            slack += abs(float(moved) - float(exact)) if moved is not None else 0.0
    size = max(map(abs, values))
    return 0.0 < slack <= numbers.SMALL * size and abs(values[0] - values[1]) <= slack


def _rounded_by(place: Place, leaf: Node) -> Array | None:
    """One unit of the last digit of a name: ``δ = -0.25 · 0.19 = -0.047`` is rounded, however few digits it has."""
    key = place.world.keys.get(leaf)
    found = place.world.find(key, place.position) if key is not None else None
    if key is None or found is None or is_plain(found[0].value) or not found[0].numeric:
        return numbers.unit_of(place, leaf)
    unit = place.ledger.units.get(key)
    return like_node(unit, leaf) if unit is not None else None
