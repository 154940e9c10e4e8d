"""Probabilities of events that are told by numbers: ``P(r|A) = 0.7`` and ``P(r|B) = 0.2`` are two numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_PROBABILITY = frozenset({"P", "Pr"})
_BETWEEN = {"mid": "|", "=": "="}


def named(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with a name for the probability of each event.

    Only where some are given as numbers, and where all that stands in their brackets are names of events: what is
    told for any index, or for any x of a formula, is a function.
    """
    statements = [_without_events(s) for s in statements]
    uses = [p for p in parts(statements) if _is_probability(p)]
    shown = [_shown(use) for use in uses]
    if not uses or None in shown or not any(map(_is_given, statements)):
        return list(statements)
    if any(_is_formula(s) for s in statements):
        return list(statements)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or not _is_probability(part):
            return None
        name = t.Symbol(_shown(part) or "", part.span)
        return replace(name, scripts=part.scripts)

    return [rewritten(s, change) for s in statements]


def _without_events(statement: Statement) -> Statement:
    """``p = P(A > B) = σ(a - b)`` without the member in the middle, which says in words what p is."""
    first, *rest = statement.members
    said = [m for m in rest[:-1] if _is_probability(m.expr) and _is_about_order(m.expr)]
    if not said or not isinstance(first.expr, t.Symbol):
        return statement
    return replace(statement, members=(first, *(m for m in rest if m not in said)))


def _is_about_order(use: t.Expr | None) -> bool:
    args = use.args if isinstance(use, t.Apply) else ()
    return bool(args) and all(isinstance(a, t.Relation) and "mid" not in a.relations for a in args)


def _is_probability(part: object) -> bool:
    if not isinstance(part, t.Apply) or part.primes or part.subscripts:
        return False
    head = part.head
    return head.base in _PROBABILITY and not (head.subscripts or head.scripts or head.primes)


def _shown(use: t.Expr | t.Script) -> str | None:
    """``P(r|A)`` as a name; None where something else than events stands in it."""
    if not isinstance(use, t.Apply):
        return None
    events = [_event(arg) for arg in use.args]
    told = [event for event in events if event is not None]
    return f"P({','.join(told)})" if len(told) == len(events) else None


def _event(tree: t.Expr) -> str | None:
    match tree:
        case t.Symbol(base=base, subscripts=(), scripts=(), primes=0):
            return base
        case t.Number(text=text):
            return text
        case t.Product(factors=factors):
            several = [_event(factor) for factor in factors]  # two red ones, "rr"
            return None if None in several else "".join(map(str, several))
        case t.Relation(members=members, relations=relations):
            sides = [_event(m) for m in members]
            signs = [_BETWEEN.get(r) for r in relations]
            if None in sides or None in signs:
                return None
            rest = zip(signs, sides[1:], strict=True)
            return str(sides[0]) + "".join(f"{sign}{side}" for sign, side in rest)
    return None


def _is_given(statement: Statement) -> bool:
    """``P(A) = 0.5``, with an event that is no number."""
    if len(statement.members) != 2 or statement.members[1].relation != "=":
        return False
    left, right = (m.expr for m in statement.members)
    if (
        not _is_probability(left)
        or not isinstance(right, t.Number)
        or not isinstance(left, t.Apply)
    ):
        return False
    return not any(isinstance(arg, t.Number) for arg in left.args)


def _is_formula(statement: Statement) -> bool:
    """``P(x) = R(x) - C(x)``: what stands in the brackets stands in the formula, outside of other probabilities."""
    left = statement.members[0].expr
    if not isinstance(left, t.Apply) or not _is_probability(left):
        return any(
            isinstance(p, t.Derivative) and _is_probability(p.of) for p in parts([statement])
        )
    inside = {p.base for a in left.args for p in t.walk(a) if isinstance(p, t.Symbol)}
    others = (m.expr for m in statement.members[1:] if m.expr is not None)
    return any(inside & _names(x) for x in others)


def _names(tree: t.Expr) -> set[str]:
    """The names in a formula, but for those of events."""
    found: set[str] = set()

    def note(part: Any) -> t.Expr | None:
        if _is_probability(part):
            return t.Number("0", part.span)
        if isinstance(part, t.Symbol):
            found.add(part.base)
        return None

    rewritten(tree, note)
    return found


__all__ = ["named"]
