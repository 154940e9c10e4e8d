"""What numbers that are rounded leave open of the results that are computed from them, and numbers copied wrong."""

from __future__ import annotations

import numpy as np

from dvar.check.judge.ledger import State
from dvar.check.judge.literal import Literal, is_plain
from dvar.check.judge.matching import close, like, like_node, value_at
from dvar.check.judge.place import Place
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

ROUNDED = 1e-3
"""A given number with a unit below this part of itself may be rounded; 0.1 is a choice."""
SMALL = 0.01
"""Rounded numbers explain a deviation of at most this part of a result."""
WHOLE = 0.005
"""By this part of itself a whole number may be off what it stands for, where decimals are computed with."""


def rounds_to(place: Place, node: Node, state: State, literal: Literal) -> bool | None:
    """Whether numbers that are rounded, given or printed on the way, explain the deviation.

    Returns:
        None where they do, but would explain much else as well: ``f(2.0946)`` next to a zero of f.
    """
    exact = value_at(node, state)
    if exact is None:
        return False
    slack = np.zeros_like(exact)
    for leaf in topological([node], set(state)):
        unit = unit_of(place, leaf) if leaf in state else None
        if unit is None:
            continue
        for sign in (0.5, -0.5):
            moved = value_at(node, {**state, leaf: state[leaf] + sign * unit})
            if moved is not None:
                slack = slack + np.abs(moved - exact) / 2
    matched, room = like(exact, literal.value), like(slack, literal.value)
    if matched is None or room is None:
        return False
    if not close(matched, literal.value, literal.slack + room):
        return False
    least = SMALL * np.maximum(np.abs(exact), np.max(np.abs(exact), initial=0))
    return None if np.any(slack > least) else True


def unit_of(place: Place, leaf: Node) -> Array | None:
    """One unit of the last digit of a number that may be rounded; None for one that is exact."""
    ledger = place.ledger
    printed = ledger.printed.get(leaf) or ledger.stale.get(leaf)
    if printed is not None and leaf not in ledger.given:
        return None if _is_exact(place, leaf, printed.value) else printed.unit
    key = place.world.keys.get(leaf)
    unit = ledger.units.get(key) if key is not None else None
    if unit is None:
        return None
    value = ledger.given.get(leaf)
    fitted = like_node(unit, leaf)
    if value is None or fitted is None:
        return None
    return np.where(fitted <= ROUNDED * np.abs(value), fitted, 0)


def _is_exact(place: Place, leaf: Node, shown: Array) -> bool:
    """Whether a printed number is the whole result of those that are given: nothing was rounded."""
    due = value_at(leaf, place.ledger.given)
    matched = None if due is None else like(due, shown)
    return matched is not None and close(matched, shown, np.zeros_like(shown))


def is_copied_wrong(left: t.Expr, right: t.Expr) -> bool:
    """``0.1290/(1 - 0.81) = 0.1250/0.19``: a number stands where another one of as many digits stood before."""
    match left, right:
        case t.Number(), t.Number():
            same = left.unit == right.unit and not left.is_whole
            return same and abs(left.value - right.value) > right.unit
        case t.Quotient(), t.Quotient():
            pairs = [(left.above, right.above), (left.below, right.below)]
        case t.Product(), t.Product() if len(left.factors) == len(right.factors):
            pairs = [*zip(left.factors, right.factors, strict=True)]
        case t.Sum(), t.Sum() if left.signs == right.signs:
            pairs = [*zip(left.terms, right.terms, strict=True)]
        case t.Group(items=(a,)), t.Group(items=(b,)):
            pairs = [(a, b)]
        case _:
            return False
    copied = [(a, b) for a, b in pairs if is_plain(a) and is_plain(b)]
    return bool(copied) and any(is_copied_wrong(a, b) for a, b in pairs)


def is_rounded_up(a: Literal, b: Literal) -> bool:
    """``-1.617 · 347 / 562.21 = -1``: a whole number nearby may be meant as a rounded one."""
    whole = b.is_plain and np.all(b.value == np.round(b.value)) and not np.any(b.slack)
    near = np.abs(a.value - b.value) <= WHOLE * np.abs(b.value)
    return bool(whole and not a.is_plain and np.any(a.slack) and np.all(near))
