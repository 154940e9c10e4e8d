"""Names that an equation ties together and that move in time: ``x² + h² = 25``, of which ``dx/dt`` is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_FAR = 12
"""Statements behind an equation in which its rates are looked for."""


@dataclass(frozen=True)
class Relation:
    """An equation between names, those of them that move, by what, and where it stands."""

    left: t.Expr
    right: t.Expr
    names: tuple[t.Symbol, ...]
    by: t.Symbol
    position: int


@dataclass(frozen=True)
class Motion:
    """What moves in time in a document.

    Attributes:
        clocks: letters that things are differentiated by of which nothing is a formula.
        rates: a name and a letter for each ``dr/dt``.
        dotted: stems with a dot, ``q.dot``, and with two, ``q.ddot``.
    """

    clocks: frozenset[str] = frozenset()
    rates: frozenset[tuple[str, str]] = frozenset()
    dotted: frozenset[str] = frozenset()


def motion(statements: Sequence[Statement]) -> Motion:
    """Which names have rates, and by which letter."""
    rates = frozenset((of.base, by.base) for of, by in _rates(statements))
    names = (p for p in parts(statements) if isinstance(p, t.Symbol) and p.accents)
    dotted = frozenset(stem_of(p) for p in names if p.accents[-1] in ("dot", "ddot"))
    clocks = {by for _, by in rates} | ({"t"} if dotted else set())
    return Motion(frozenset(clocks), rates, dotted)


def relations(statements: Sequence[Statement]) -> list[Relation]:
    """The equations whose names have rates behind them, by a letter that is none of them."""
    found = []
    for n, statement in enumerate(statements):
        members = statement.members
        if len(members) != 2 or members[0].relation or members[1].relation != "=":
            continue
        left, right = (m.expr for m in members)
        if left is None or right is None or isinstance(left, (t.Apply, t.Derivative)):
            continue
        if isinstance(left, t.Symbol) and not left.scripts:
            continue  # V = (4/3) π r³ is a formula for V
        inside = [*t.walk(left), *t.walk(right)]
        if any(isinstance(p, (t.Derivative, t.Big, t.Matrix, t.Apply)) for p in inside):
            continue
        bare = {p.base for p in inside if isinstance(p, t.Symbol) and not p.subscripts}
        moved: dict[str, dict[str, t.Symbol]] = {}
        for of, by in _rates(statements[n + 1 : n + 1 + _FAR]):
            if of.base in bare and by.base not in bare:
                moved.setdefault(by.base, {})[of.base] = of
        for letter, names in moved.items():
            if len(names) > 1:
                by = t.Symbol(letter, statement.span)
                found.append(Relation(left, right, tuple(names.values()), by, n))
    return found


def _rates(statements: Sequence[Statement]) -> Iterator[tuple[t.Symbol, t.Symbol]]:
    for part in parts(statements):
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol) and len(part.wrt) == 1:
            by = part.wrt[0]
            plain = not (part.of.subscripts or part.of.scripts or part.of.primes)
            if plain and isinstance(by, t.Symbol) and part.spelling == "d" and not part.operator:
                yield part.of, by


__all__ = ["Motion", "Relation", "motion", "relations"]
