r"""Derivatives with a point in brackets behind them: ``\frac{\partial f}{\partial x}(3, 4) = 24``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_plain
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def at_points(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with ``∂f/∂x (3, 4)`` as ``∂f(3, 4)/∂x``, where f is defined with so many arguments."""
    arities = dict(filter(None, map(_arity, statements)))
    return [_changed(statement, arities) for statement in statements]


def _arity(statement: Statement) -> tuple[str, int] | None:
    left = statement.members[0].expr
    if len(statement.members) < 2 or not isinstance(left, t.Apply) or left.primes:
        return None
    return left.head.base, len(left.args)


def _changed(statement: Statement, arities: dict[str, int]) -> Statement:
    first, *rest = statement.members
    match first.expr:
        case t.Product(
            factors=(t.Derivative(of=of) as derivative, t.Group(kind="(" | "tuple") as point),
            operators=("",),
        ) if is_plain(point) and not point.scripts:
            head = of.head if isinstance(of, t.Apply) else of
            if not isinstance(head, t.Symbol) or arities.get(head.base) != len(point.items):
                return statement
            value = t.Apply(head, point.items, head.span)
            at = replace(derivative, of=value, span=first.expr.span)
            return replace(statement, members=(replace(first, expr=at), *rest))
    return statement
