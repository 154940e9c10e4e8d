r"""Dots of functions of time: ``\dot x`` behind ``x(t) = v_0 t \cos φ`` is ``dx/dt``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_ORDERS = {"dot": 1, "ddot": 2}
_TIME = "t"


def as_derivatives(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with derivatives by time for the dots of what has a formula in it."""
    timed = {stem for s in statements if (stem := _timed(s)) is not None}
    dotted = any(isinstance(p, t.Symbol) and _order(p) for p in parts(statements))
    if not timed or not dotted:
        return list(statements)

    def change(part: Any) -> t.Expr | None:
        name = part.head if isinstance(part, t.Apply) else part
        if not isinstance(name, t.Symbol) or not (order := _order(name)):
            return None
        of = replace(name, accents=name.accents[:-1], scripts=())
        if stem_of(of) not in timed or name.primes:
            return None
        if isinstance(part, t.Apply) and not (len(part.args) == 1 and _is_time(part.args[0])):
            return None
        if isinstance(part, t.Apply) and (part.scripts or part.subscripts or part.primes):
            return None
        by = t.Symbol(_TIME, name.span)
        slope = t.Derivative(of, (by,) * order, "d", part.span)
        return t.Group("(", (slope,), part.span, (), name.scripts) if name.scripts else slope

    return [rewritten(s, change) for s in statements]


def _timed(statement: Statement) -> str | None:
    """``x`` of ``x(t) = …`` with a formula in which t stands."""
    left, right = (m.expr for m in (*statement.members, *statement.members)[:2])
    if not isinstance(left, t.Apply) or left.primes or left.head.accents or right is None:
        return None
    if len(left.args) != 1 or not _is_time(left.args[0]) or len(statement.members) < 2:
        return None
    inside = any(_is_time(p) for p in t.walk(right))
    return stem_of(left.head) if inside else None


def _is_time(tree: object) -> bool:
    return isinstance(tree, t.Symbol) and tree.base == _TIME and not tree.subscripts


def _order(name: t.Symbol) -> int:
    return _ORDERS.get(name.accents[-1], 0) if name.accents else 0


__all__ = ["as_derivatives"]
