"""Sides that agree but for rounding: of names that are told by numbers only, of terms that were worked out.

``∂L/∂w = δ x`` behind ``δ = -0.25 · 0.19``; ``w - 0.1 · 0.0285 = 0.5 - 0.003``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dvar.check.judge import links, numbers, rounding
from dvar.check.judge.links import GIVEN, Link
from dvar.check.judge.literal import is_plain, numbers_in
from dvar.check.judge.matching import like_node, value_at
from dvar.check.judge.place import Place
from dvar.check.meaning.points import has_stand_in
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

ABOUT = 0.02
"""So far a value may be from the whole number that it is about, as a part of that."""


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
    return 0.0 < slack <= rounding.SMALL * size and abs(values[0] - values[1]) <= slack


def by_terms(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """A link that failed, right where each term of a sum comes to the number in its place: only rounding parts them."""
    if link.verdict not in ("unknown", "wrong"):
        return link
    if not isinstance(left, t.Sum) or not isinstance(right, t.Sum) or left.signs != right.signs:
        return link
    for term, number in zip(left.terms, right.terms, strict=True):
        if not is_plain(number) or (is_plain(term) and not same_tree(term, number)):
            return link
        if links.is_number(term, place.world):
            found = numbers.between_numbers(place, term, number)
        else:
            found = numbers.with_numbers(place, term, number, envs)
        if found.verdict != "ok":
            return link
    return replace(link, verdict="ok", why="")


def _rounded_by(place: Place, leaf: Node) -> Array | None:
    """One unit of the last digit of a name: ``δ = -0.25 · 0.19 = -0.047`` is rounded, however few digits it has."""
    key = place.world.keys.get(leaf)
    found = place.world.find(key, place.position) if key is not None else None
    if key is None or found is None or is_plain(found[0].value) or not found[0].numeric:
        return rounding.unit_of(place, leaf)
    unit = place.ledger.units.get(key)
    return like_node(unit, leaf) if unit is not None else None


def or_about(number: t.Expr, link: Link) -> Link:
    """``σ(10) ≈ 1``: a whole number behind ≈ need not be exact."""
    if link.numbers is None or not all(n.is_whole for n in numbers_in(number)):
        return link
    a, b = (np.asarray(v, dtype=float) for v in link.numbers)
    is_near = np.all(np.abs(a - b) <= ABOUT * np.maximum(np.abs(b), 1.0))
    return replace(link, verdict="ok") if is_near else link


def or_told(place: Place, left: t.Expr, right: t.Expr, link: Link) -> Link:
    """``f(2) = 5`` of a function that is left open: given, since nothing else tells it."""
    if link.verdict != "unknown" or not is_plain(right):
        return link
    if not isinstance(left, (t.Symbol, t.Apply, t.Derivative)):
        return link
    try:
        value = node_of(place.reader().value(left))
    except NotUnderstood:
        return link
    is_told = value in place.ledger.printed
    return link if is_told or not has_stand_in(value) else Link("ok", GIVEN, link.left)
