"""Lines that go on with a formula of before, in a part whose own formula for the name stands further on.

``f(x, y) = xy`` in one part; the next says ``∂f/∂x = -3`` of it, and then turns to ``f(x, y) = x + y``.
"""

from __future__ import annotations

from collections.abc import Callable

from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def settled(
    place: Place, statement: Statement, again: Callable[[], tuple[Verdict, str]]
) -> tuple[Verdict, str] | None:
    """What is to be said of a line that seems wrong by formulas which stand behind it.

    None if none does, or if the line is as wrong by those of before.

    Args:
        place: of the line.
        statement: the line.
        again: judges the line once more.
    """
    before = _superseded(place, statement)
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
    link = Link("unknown", "what a name here means is told only further on")
    return Verdict("unknown", statement.members[-1], None, link), "claim"


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
