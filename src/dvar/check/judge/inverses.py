"""Formulas that solve others for another name: ``σ_j = e^{s_j/2}`` behind ``s_j = log σ_j²``.

Only one of the two can say what its name is; the second takes over where something is differentiated by the name
of the first from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge.roles import Role
from dvar.check.judge.sections import equation
from dvar.check.meaning.keys import Key, Spelling, sort
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def settled(
    world: World,
    roles: Mapping[int, Role],
    role: Role,
    statements: Sequence[Statement],
    ordinals: Sequence[int],
    ordinal: int,
) -> Role:
    """The role of a statement, which defines a name that another one has been solved for only where that is varied then.

    Args:
        roles: of the statements before; role: of the statement itself, as far as it goes.
        statements: of the document; ordinals: those of the problem, and its own.
    """
    if role.kind != "definition" or not role.definitions:
        return role
    made = {o for o, r in roles.items() if r.kind == "definition" and r.definitions}
    before = [(o, statements[o]) for o in ordinals if o < ordinal and o in made]
    found = solved(statements[ordinal], before, world.spelling)
    if found is None:
        return role
    behind = [statements[o] for o in ordinals if o > ordinal]
    if not is_varied(found[1], behind, world.spelling):
        return replace(role, definitions=())
    world.ended.setdefault(found[0], ordinal)
    return replace(role, definitions=tuple(replace(d, onwards=True) for d in role.definitions))


def solved(
    statement: Statement, before: Sequence[tuple[int, Statement]], spelling: Spelling
) -> tuple[int, Key] | None:
    """Which formula a statement solves for another name, and the name that formula is for.

    Args:
        before: earlier statements that give names formulas, with their ordinals.
    """
    made = _formula(statement, spelling)
    # Of several names two formulas may as well be a system: Y = C + I behind C = c Y.
    if made is None or len(made[1]) != 1:
        return None
    name, used = made
    for ordinal, other in reversed(before):
        known = _formula(other, spelling)
        if known is not None and used == {known[0]} and known[1] == {name}:
            return ordinal, known[0]
    return None


def is_varied(name: Key, behind: Sequence[Statement], spelling: Spelling) -> bool:
    """Whether something is differentiated by a name in some statements."""
    trees = [m.expr for s in behind for m in s.members if m.expr is not None]
    by = [w for x in trees for p in t.walk(x) if isinstance(p, t.Derivative) for w in p.wrt]
    return any(isinstance(w, t.Symbol) and sort(w, spelling, {}).key == name for w in by)


def _formula(statement: Statement, spelling: Spelling) -> tuple[Key, set[Key]] | None:
    """A name and the names in the formula for it, but for those of its indices."""
    left, right = equation(statement)
    if not isinstance(left, t.Symbol) or right is None or left.primes:
        return None
    name = sort(left, spelling, {}).key
    symbols = [p for p in t.walk(right) if isinstance(p, t.Symbol)]
    indices = {id(q) for p in symbols for s in p.subscripts for q in t.walk(s)}
    used = {sort(p, spelling, {}).key for p in symbols if id(p) not in indices}
    return name, used - {Key("e"), Key("pi")}
