"""What earlier problems say of shapes: declarations, formulas that still hold, arrays that were given."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.judge.literal import is_numeric
from dvar.check.judge.sections import EQUALS, equation
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import Spelling, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

LOOKED = 30
"""So many formulas of earlier problems are looked at."""


def declarations(context: Sequence[Statement], own: Sequence[Statement]) -> list[Statement]:
    """Shapes that were said of names before."""
    before = context[: max(0, len(context) - len(own))]
    return [s for s in before if any(isinstance(m.expr, t.Shape) for m in s.members)]


def formulas(own: Sequence[Statement], before: Sequence[Definition]) -> list[int]:
    """Where the definitions stand that these statements go on with."""
    places = {d.position: d for d in before if not d.lifted}
    waiting = list({stem_of(p) for p in parts(own) if isinstance(p, t.Symbol)})
    found: set[int] = set()
    while waiting:
        stem = waiting.pop()
        for position, definition in places.items():
            if definition.pattern.stem == stem and position not in found:
                found.add(position)
                waiting += [stem_of(x) for x in t.walk(definition.value) if isinstance(x, t.Symbol)]
    return sorted(found)[-LOOKED:]


def arrays(
    earlier: Sequence[Statement], own: Sequence[Statement], told: Sequence[Statement]
) -> list[Statement]:
    """The arrays of numbers that were given last for names of some statements."""
    names = [p for p in parts(told) if isinstance(p, t.Symbol)]
    anew = {stem_of(x) for s in own if (x := _given(s)) is not None}
    wanted = {stem_of(x) for x in names} - anew
    exact = {_labelled(x) for x in names if x.subscripts}
    found: dict[str, Statement] = {}
    for statement in earlier[: max(0, len(earlier) - len(own))]:
        name = _given(statement)
        if name is None or stem_of(name) not in wanted:
            continue
        if not name.subscripts or _labelled(name) in exact:
            found[_labelled(name) + str([s.value for s in name.scripts])] = statement
    return list(found.values())


def _labelled(name: t.Symbol) -> str:
    """A name with what stands below it: ``W_2`` is no entry of ``W`` where it is given as an array."""
    below = (x.text if isinstance(x, (t.Label, t.Number)) else "?" for x in name.subscripts)
    return "_".join((stem_of(name), *below))


def _given(statement: Statement) -> t.Symbol | None:
    """The name for which a statement gives an array of numbers."""
    left, right = equation(statement)
    if not isinstance(left, t.Symbol) or right is None or len(statement.members) != 2:
        return None
    return left if literal_shape(right) else None


def first_definition(statement: Statement, ordinal: int, spelling: Spelling) -> Definition | None:
    """The formula that a statement begins with."""
    if len(statement.members) < 2 or statement.members[0].relation:
        return None
    left, right = statement.members[0].expr, statement.members[1].expr
    if left is None or right is None or statement.members[1].relation not in EQUALS:
        return None
    if is_numeric(right, lambda name: True):
        return None
    return definition_of(left, right, ordinal, spelling, False)


def arguments_of(statements: Sequence[Statement]) -> set[str]:
    """The arguments of functions that statements define: ``h(x, y) = …`` is about any x and y.

    What solved an earlier exercise is not put in there.
    """
    heads = (s.members[0].expr for s in statements if len(s.members) > 1)
    calls = (x for x in heads if isinstance(x, t.Apply) and not x.primes)
    return {stem_of(a) for x in calls for a in x.args if isinstance(a, t.Symbol)}
