"""Chains whose first formula would make names be defined by each other: ``a = σ(o) = 1/(1 + e^{-h})``, ``o = w a``.

A slip made the circle, and the next formula of the chain says what the name is; it is read first, so that the
slip is found in its place and everything that follows from the name is understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge.assignments import is_update
from dvar.check.judge.literal import is_literal
from dvar.check.judge.sections import equation
from dvar.check.meaning.keys import Key, Spelling, sort
from dvar.check.meaning.letters import spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def unwound(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, chains that close a circle with their second formula in front."""
    spelling = spelling_of(statements)
    places: dict[Key, int] = {}
    made: dict[Key, set[Key]] = {}
    for n, statement in enumerate(statements):
        left, right = equation(statement)
        if left is None or right is None or is_update(left, right, statement.members[1].relation):
            continue  # the new value is made of the old one
        if isinstance(left, t.Symbol) and not is_literal(right):
            key = sort(left, spelling, {}).key
            if key not in made:
                places[key], made[key] = n, _names(right, spelling)
    found = list(statements)
    for key, n in places.items():
        members = statements[n].members
        if len(members) < 3 or key in made[key] or not _reaches(key, made):
            continue
        other = members[2].expr
        if other is None or is_literal(other) or members[2].relation != "=":
            continue
        names = _names(other, spelling)
        if names and key not in names and not _reaches(key, {**made, key: names}):
            made[key] = names
            found[n] = replace(
                statements[n], members=(members[0], members[2], members[1], *members[3:])
            )
    return found


def _names(tree: t.Expr, spelling: Spelling) -> set[Key]:
    return {sort(p, spelling, {}).key for p in t.walk(tree) if isinstance(p, t.Symbol)}


def _reaches(key: Key, made: Mapping[Key, set[Key]]) -> bool:
    """Whether a name is made of itself by way of others."""
    seen: set[Key] = set()
    waiting = [*made[key]]
    while waiting:
        name = waiting.pop()
        if name == key:
            return True
        if name not in seen:
            seen.add(name)
            waiting += made.get(name, ())
    return False
