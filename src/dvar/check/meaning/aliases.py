r"""Functions by another name: ``\phi = \tanh`` is ``\phi(u) = \tanh(u)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning import functions
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def spelled_out(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with an argument where a name is said to be a function."""
    return [_applied(statement) for statement in statements]


def _applied(statement: Statement) -> Statement:
    if len(statement.members) != 2 or statement.members[1].relation not in ("=", ":="):
        return statement
    left, right = (m.expr for m in statement.members)
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Symbol):
        return statement
    named = functions.named(right.base) in functions.ELEMENTWISE and right.font == "rm"
    if not named or left.primes or right.primes or right.subscripts or right.scripts:
        return statement
    argument = t.Symbol("u", left.span)
    first = replace(statement.members[0], expr=t.Apply(left, (argument,), left.span))
    call = t.Call(functions.named(right.base), (argument,), right.span)
    return replace(statement, members=(first, replace(statement.members[1], expr=call)))
