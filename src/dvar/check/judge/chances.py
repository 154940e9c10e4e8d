r"""Laws as documents state them, as formulas: ``a ∼ N(μ, σ²)``, ``q(z | x) = N(…)``, ``π(a | s) ∝ e^{…}``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.functions import NORMAL
from dvar.check.meaning.keys import arguments, stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import places, same_tree

_AHEAD = 4
"""Statements behind a law in which its density may get a name."""
_NEAR = 300
_LETTERS = "bkmnpq"


def stated(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, those that state laws as definitions of densities."""
    found: list[Statement] = []
    for n, statement in enumerate(statements):
        members = statement.members
        if len(members) != 2 or members[0].relation or None in (members[0].expr, members[1].expr):
            found.append(statement)
            continue
        following = [
            s
            for s in statements[n + 1 : n + 1 + _AHEAD]
            if abs(s.span[0] - statement.span[1]) < _NEAR
        ]
        found.append(
            _drawn(statement, following)
            or _density(statement)
            or _proportional(statement, statements)
            or statement
        )
    return found


def is_event(tree: t.Expr | None) -> bool:
    """``P(y = j | x)``: of a name with a formula this says what it means, and nothing of what it is made of."""
    given = tree.args[0] if isinstance(tree, t.Apply) and len(tree.args) == 1 else None
    if not isinstance(given, t.Relation) or given.relations != ("mid",):
        return False
    event = given.members[0]
    return isinstance(event, t.Relation) and event.relations == ("=",)


def is_meaning(statement: Statement) -> bool:
    """``S_j = P(y = j | x)``: a name and what it is the probability of."""
    first, *rest = (m.expr for m in statement.members)
    return isinstance(first, t.Symbol) and len(rest) == 1 and is_event(rest[0])


def tells_by_itself(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``p(x) = ∫ p(x, z) dz``, also of its logarithm: what one law of several things makes of its parts."""
    law = left.args[0] if isinstance(left, t.Call) and len(left.args) == 1 else left
    if not isinstance(law, t.Apply) or law.primes or law.head.scripts:
        return False
    stem = stem_of(law.head)
    return (
        stem in world.joint
        and len(world.joint[stem].of) > 1
        and any(isinstance(p, t.Apply) and stem_of(p.head) == stem for p in t.walk(right))
    )


def _normal(tree: t.Expr | None, of: t.Expr) -> t.Call | None:
    """``N(m, v)`` as the density of what is drawn."""
    if not isinstance(tree, t.Apply) or tree.head.base != "N":
        return None
    if tree.head.subscripts or tree.head.scripts:
        return None
    args = arguments(tree.args)
    if len(args) == 3 and same_tree(args[0], of):  # N(a; m, v)
        args = args[1:]
    return t.Call(NORMAL, (of, *args), tree.span) if len(args) == 2 else None


def _drawn(statement: Statement, following: Sequence[Statement]) -> Statement | None:
    """``a ∼ N(μ, σ²)`` where ``log π`` follows: π is the density of a."""
    left, right = statement.members
    if right.relation != "sim" or not isinstance(left.expr, t.Symbol):
        return None
    call = _normal(right.expr, left.expr)
    name = next((s for f in following for s in _logged(f)), None)
    if call is None or name is None:
        return None
    return _defining(statement, replace(name, span=left.expr.span), call)


def _logged(statement: Statement) -> list[t.Symbol]:
    """Names of densities whose logarithm is differentiated."""
    found = []
    for part in parts([statement]):
        of = part.of if isinstance(part, t.Derivative) else None
        if isinstance(of, t.Call) and of.name == "log" and len(of.args) == 1:
            inner = of.args[0]
            head = inner.head if isinstance(inner, t.Apply) else inner
            if isinstance(head, t.Symbol) and not head.scripts:
                found.append(head)
    return found


def _density(statement: Statement) -> Statement | None:
    """``q(z | x) = N(μ, σ²)``"""
    left, right = statement.members
    if right.relation not in ("=", ":=", "equiv") or not isinstance(left.expr, t.Apply):
        return None
    args = arguments(left.expr.args)
    call = _normal(right.expr, args[0]) if args else None
    return None if call is None else _defining(statement, left.expr, call)


def _proportional(statement: Statement, everything: Sequence[Statement]) -> Statement | None:
    """``π(a | s) ∝ e^{…}``: the same, divided by its sum over all a."""
    left, right = statement.members
    if right.relation != "propto" or not isinstance(left.expr, t.Apply) or right.expr is None:
        return None
    args = arguments(left.expr.args)
    if not args or not isinstance(args[0], t.Symbol):
        return None
    known = spelling_of(everything).letters
    used = {stem_of(p) for p in t.walk(right.expr) if isinstance(p, t.Symbol)}
    letter = next((c for c in _LETTERS if c not in used and (c not in known or c == "b")), None)
    if letter is None:
        return None
    other = _with(right.expr, args[0], t.Symbol(letter, args[0].span))
    total = t.Big("sum", (letter,), None, None, None, other, right.span)
    return _defining(statement, left.expr, t.Quotient(right.expr, total, right.span))


def _with(tree: t.Expr, name: t.Symbol, other: t.Symbol) -> t.Expr:
    for part, rebuild in places(tree):
        if isinstance(part, t.Symbol) and stem_of(part) == stem_of(name) and part != other:
            if part.subscripts == name.subscripts and not part.scripts:
                return _with(rebuild(other), name, other)
    return tree


def _defining(statement: Statement, name: t.Expr, value: t.Expr) -> Statement:
    left, right = statement.members
    members = (Member("", name, left.span), Member("=", value, right.span))
    return replace(statement, members=members)


__all__ = ["is_event", "is_meaning", "stated"]
