"""Rules of differentiation told by primes: ``(fg)' = f'g + fg'`` of any two functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_BY = ("x", "t", "s")


def as_derivatives(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with derivatives by one variable for the primes of such a rule."""
    made = {stem_of(x) for s in statements if isinstance(x := s.members[0].expr, t.Symbol)}
    return [_rule(s) if _is_rule(s, made) else s for s in statements]


def _is_rule(statement: Statement, made: set[str]) -> bool:
    """Whether functions that nothing else defines stand with and without a prime: a transpose is no slope.

    ``(ab)' = b'a'`` turns two matrices.
    """
    first, *rest = statement.members
    of = first.expr
    if not isinstance(of, t.Group) or not of.primes or len(rest) != 1 or of.scripts:
        return False
    inside = {p.base for p in t.walk(of) if isinstance(p, t.Symbol) and _is_function(p)}
    names = [p for p in t.walk(rest[0].expr) if isinstance(p, t.Symbol)] if rest[0].expr else []
    with_prime, without = ({p.base for p in names if bool(p.primes) is x} for x in (True, False))
    every = {p.base for p in (*t.walk(of), *names) if isinstance(p, t.Symbol)}
    told = with_prime == without == inside == every
    return told and bool(inside) and not (inside & made or every >= set(_BY))


def _is_function(symbol: t.Symbol) -> bool:
    return len(symbol.base) == 1 and symbol.base.islower() and not symbol.subscripts


def _rule(statement: Statement) -> Statement:
    trees = [m.expr for m in statement.members if m.expr is not None]
    used = {p.base for tree in trees for p in t.walk(tree) if isinstance(p, t.Symbol)}
    by = next(letter for letter in _BY if letter not in used)
    return cast("Statement", rewritten(statement, partial(_slope, by)))


def _slope(by: str, part: t.Expr | t.Script) -> t.Expr | None:
    if not isinstance(part, (t.Symbol, t.Group)) or not part.primes:
        return None
    of = replace(part, primes=0)
    return t.Derivative(of, (t.Symbol(by, part.span),) * part.primes, "d", part.span)
