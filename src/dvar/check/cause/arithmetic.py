"""Slips among numbers: changes of what is put in that give the right number."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import replace

import numpy as np

from dvar.check.cause.amounts import of_known, of_mean, of_numbers, room_of
from dvar.check.cause.bend import Bend
from dvar.check.cause.bends import bends
from dvar.check.cause.missing import summands, values_in
from dvar.check.cause.trying import TRIES
from dvar.check.judge import matching
from dvar.check.judge.links import is_number
from dvar.check.judge.literal import is_plain, numbers_in, read_literal
from dvar.check.judge.place import Place
from dvar.check.meaning import effort
from dvar.check.meaning.keys import sort
from dvar.check.meaning.values import NotUnderstood
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import places

KNOWN = 40
"""So many numbers of the lines before, the last ones, are put back."""
NEARLY = 0.01
"""Sides that differ by less of it are no sign of anything left out."""
FINE = 0.002
"""A result tells which number is missing where it is shown to this part of it."""


def slips_of(
    place: Place, text: str, left: t.Expr, right: t.Expr, numbers: tuple[Array, Array]
) -> tuple[tuple[str, ...], Bend | None, str]:
    """Causes for a number that is not what stands in front of it, the bend of the first, and a remark."""
    expected, found = (np.asarray(v, dtype=float) for v in numbers)
    named = of_mean(place, expected, found) or of_numbers(expected, found, right)
    causes = [] if named is None else [named[0]]
    remark = "" if named is None else named[1]
    plain = is_plain(right)
    bent: list[Bend] = []
    known: tuple[str, str] | None = None
    if not plain:
        bent = _repaired(place, text, right, expected, None, _named(place, left))
        if not bent and is_number(left, place.world) and not is_plain(left):
            # What stands in front may be what is wrong.
            causes += [bend.cause for bend in _repaired(place, text, left, found, None)]
    elif is_number(left, place.world):
        bent = _repaired(place, text, left, found, right)
        known = of_known(place, expected, found, right)
    elif isinstance(right, t.Negative) and isinstance(right.operand, t.Group):
        causes += [bend.cause for bend in _repaired(place, text, right, expected, None)]
    causes += [bend.cause for bend in bent]
    if known is not None and not causes:
        causes, remark = [known[0]], known[1]
    if plain:
        causes.append("arithmetic")
    best = bent[0] if bent and not plain else None  # of the member at fault
    return tuple(dict.fromkeys(causes)), best, remark


def _repaired(
    place: Place,
    text: str,
    formula: t.Expr,
    due: Array,
    shown: t.Expr | None,
    named: AbstractSet[float] = frozenset(),
) -> list[Bend]:
    """Changes of a formula with numbers put in that give the right number.

    Where that is ``shown``, it is to be so fine, or hit so exactly, that it is no chance.
    """
    found: list[Bend] = []
    started = effort.spent()
    room = None if shown is None else room_of(shown, due)
    changes = (
        bends(formula, text, (), (), ()),
        _lonely(formula, text, named),
        _squares(formula, text),
    )
    for bend in itertools.chain(*changes):
        if effort.spent() - started > TRIES or len(found) >= 3:
            break
        if bend.cause in ("mask", "missing-sum"):
            continue
        if _comes_to(place, bend.tree, due, room):
            found.append(bend)
    return found


def _comes_to(place: Place, tree: t.Expr, due: Array, room: float | None) -> bool:
    try:
        literal, _ = read_literal(place.reader(), tree, place.ledger)
    except NotUnderstood:
        return False
    matched = matching.like(due, literal.value)
    slack = literal.slack if room is None else (literal.slack / 2 + room) * (room > 0)
    return matched is not None and matching.close(matched, literal.value, slack)


def _named(place: Place, formula: t.Expr) -> set[float]:
    """The numbers that are given for the names in a formula."""
    keys = (
        sort(p, place.world.spelling, {}).key for p in t.walk(formula) if isinstance(p, t.Symbol)
    )
    known = (place.ledger.given_by_key.get(key) for key in keys)
    return {abs(float(value)) for value in known if value is not None and not value.ndim}


def _lonely(formula: t.Expr, text: str, named: AbstractSet[float]) -> Iterator[Bend]:
    """``0.7 * (1)`` for ``0.7 * (1 - 0.7)``: of a difference in brackets one number is left.

    The other one stands beside it, or is that of a name.
    """
    beside = named | {abs(float(n.value)) for n in numbers_in(formula)}
    for part, rebuild in places(formula):
        if not isinstance(part, t.Group) or part.kind != "(" or len(part.items) != 1:
            continue
        only = part.items[0]
        if not isinstance(only, t.Number):
            continue
        for value in sorted(beside - {0.0}):
            more = t.Number(f"{value:.12g}", only.span)
            whole = t.Sum((only, more), (1, -1), only.span)
            edit = ((only.span[1], only.span[1]), f" - {more.text}")
            new = rebuild(replace(part, items=(whole,)))
            yield Bend("missing-path", new, edit, f"the term - {more.text}")


def _squares(formula: t.Expr, text: str) -> Iterator[Bend]:
    """``0.01 * 0.8`` for ``0.01 * 0.8^2``: a number that is not squared."""
    values = {id(number) for number in numbers_in(formula) if not number.is_whole}
    for part, rebuild in places(formula):
        if isinstance(part, t.Number) and id(part) in values:
            power = t.Power(part, t.Number("2", part.span), part.span)
            edit = ((part.span[1], part.span[1]), "^2")
            yield Bend("wrong-rule", rebuild(power), edit, f"the square of {part.text}")


def left_out(
    place: Place, left: t.Expr | None, right: t.Expr | None, numbers: tuple[Array, Array]
) -> str | None:
    """``σ(.4 + .7 · .6)`` for ``σ(.4 · .5 + .7 · .6)``: a number of the lines before is missing.

    Returns:
        The cause; None where no such number gives what is due, or where that is too rough to tell.
    """
    due, written = (np.asarray(v, dtype=float) for v in numbers)
    if due.shape == written.shape and np.allclose(due, written, rtol=NEARLY, atol=0):
        return None  # some number or other makes up for so little
    sides = [(right, due)]
    is_fine = right is None or not is_plain(right) or room_of(right, written) > 0
    if left is not None and is_number(left, place.world) and is_fine:
        sides.append((left, written))
    for tree, goal in sides:
        if tree is None or isinstance(tree, t.Number) or not np.any(goal):
            continue
        room = FINE * float(np.abs(goal).max())
        found = {cause for cause, more in _with_more(place, tree) if _is(place, more, goal, room)}
        if len(found) == 1:
            return found.pop()
    return None


def _is(place: Place, tree: t.Expr, goal: Array, room: float) -> bool:
    try:
        literal, _ = read_literal(place.reader(), tree, place.ledger)
    except NotUnderstood:
        return False
    matched = matching.like(goal, literal.value)
    slack = min(float(np.max(literal.slack, initial=0.0)), room)
    return matched is not None and matching.close(matched, literal.value, np.asarray(slack))


def _with_more(place: Place, tree: t.Expr) -> Iterator[tuple[str, t.Expr]]:
    known = [n for n in place.ledger.numbers if n not in (0, 1)][-KNOWN:]
    values = {id(part) for part in values_in(tree)}
    for part, rebuild in summands(tree):
        if id(part) not in values:
            continue
        for number in known:
            more = t.Number(f"{float(number):.12g}", part.span)
            whole = t.Product((more, t.Group("(", (part,), part.span)), ("*",), part.span)
            for sign in (1, -1):
                times = whole if sign > 0 else t.Negative(whole, part.span)
                yield "missing-factor", rebuild(t.Group("(", (times,), part.span))
                both = t.Sum((part, more), (1, sign), part.span)
                yield "missing-path", rebuild(t.Group("(", (both,), part.span))


__all__ = ["left_out", "slips_of"]
