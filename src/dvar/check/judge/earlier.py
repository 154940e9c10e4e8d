"""Lines that go on with another formula for a name than the one that holds.

``f(x, y) = xy`` in one part; the next says ``∂f/∂x = -3`` of it, and then turns to ``f(x, y) = x + y``.  And
``J = a² - 2ab + b²`` behind ``J = a(a - b)``, which are one if ``b = …`` is put in: as functions of b they are two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import renewal
from dvar.check.judge.another import has_formula
from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.values import node_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement


def settled(
    place: Place,
    statement: Statement,
    again: Callable[[], tuple[Verdict, str]],
    right: Mapping[int, Sequence[Member]],
) -> tuple[Verdict, str] | None:
    """What is to be said of a line that seems wrong by formulas which stand behind it.

    None if none does, or if the line is as wrong by those of before.

    Args:
        place: of the line.
        statement: the line.
        again: judges the line once more.
        right: the chains before it, by their ordinals, in which nothing is wrong.
    """
    superseded = _superseded(place, statement)
    before = superseded or _varied(place, statement, right)
    if not before:
        return None
    with place.world.unchanged():
        for definition in before:
            place.world.define(definition)
        found = again()
    if found[0].verdict in ("wrong", "carried"):
        return None
    if found[0].verdict in ("ok", "convention"):
        return found
    if not superseded:
        return None
    link = Link("unknown", "what a name here means is told only further on")
    return Verdict("unknown", statement.members[-1], None, link), "claim"


def replaced(place: Place, tree: t.Expr) -> list[Definition]:
    """Formulas of before for what a tree differentiates that another one of before has replaced, the last one first."""
    world, found = place.world, []
    tops = [p.of for p in t.walk(tree) if isinstance(p, t.Derivative)]
    for top in tops:
        known = differentiate.key_of(place.reader(), top) if top is not None else None
        now = world.find(known, place.position) if known is not None else None
        if now is None or now[0].numeric:
            continue
        pattern = now[0].pattern
        made = (*[d for d in world.superseded if d.pattern == pattern], *world.defining(pattern))
        same = [d for d in made if not d.numeric and d is not now[0]]
        found += [d for d in same if d.position < place.position]
    return [replace(d, position=place.position) for d in reversed(found)]


def _superseded(place: Place, statement: Statement) -> list[Definition]:
    """Formulas of before for names in a line whose formulas here all stand behind it."""
    world, found = place.world, []
    trees = [m.expr for m in statement.members if m.expr is not None]
    stems = {stem_of(p) for x in trees for p in t.walk(x) if isinstance(p, t.Symbol)}
    for before in world.superseded:
        here = [d for d in world.defining(before.pattern) if not d.numeric]
        if before.pattern.stem in stems and all(d.position > place.position for d in here):
            found.append(before)
    return found


def _varied(
    place: Place, statement: Statement, right: Mapping[int, Sequence[Member]]
) -> list[Definition]:
    """The last formulas that right lines tell for names, where something with a formula of its own is varied."""
    world = place.world
    slope = statement.members[0].expr
    if not isinstance(slope, t.Derivative) or slope.of is None:
        return []
    varied = {
        stem_of(by) for by in slope.wrt if isinstance(by, t.Symbol) and has_formula(place, by)
    }
    of = {stem_of(x) for x in t.walk(slope.of) if isinstance(x, t.Symbol)}
    found: dict[str, Definition] = {}
    for ordinal, (first, *others) in right.items() if varied else ():
        told = others[-1].expr if others else None
        if first.expr is None or told is None:
            continue
        made = definition_of(first.expr, told, ordinal, world.spelling, False)
        used = {stem_of(x) for x in t.walk(told) if isinstance(x, t.Symbol)}
        if made is not None and made.pattern.stem in of and used & varied:
            if world.defining(made.pattern):
                found[made.pattern.stem] = made
    return list(found.values())


def in_case(place: Place, statements: Sequence[Statement], verdict: Verdict) -> Verdict:
    """The verdict, or that a formula holds with the number that is told right in front of it."""
    link = verdict.link
    if verdict.verdict != "wrong" or len(verdict.links) > 1 or link is None or link.numbers:
        return verdict
    if link.left is None or link.right is None:
        return verdict
    at = place.world, statements, place.position, link.env
    if not renewal.holds_in_case(*at, node_of(link.left), node_of(link.right)):
        return verdict
    return Verdict("ok", note="in the case said before", links=verdict.links)
