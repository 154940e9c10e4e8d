"""Two ways to read one link: what ``sign(0)`` is, is agreed on by authors, and ± stands for two signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import functions
from dvar.check.meaning.values import node_of
from dvar.core.node import topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import rewritten

_ROWS = ("sign", "greater")
"""Rows of the table that the jumps of a formula come to."""


def either_way(place: Place, members: tuple[Member, ...], judged: Callable[[], Link]) -> Link:
    """The link; one that fails is right where it holds with jumps that at 0 are what they are on one side of it."""
    link = judged()
    if link.verdict in ("wrong", "carried") and _jumps(link, members):
        for side in ("above", "below"):
            with functions.at_zero(side), place.world.read_anew():
                again = judged()
            if again.verdict == "ok":
                return again
    return link


def each_sign(before: Member, member: Member) -> list[tuple[Member, Member]]:
    """``(12 ± √36)/2 = 6 ± 3`` once with the upper signs and once with the lower ones; otherwise the members."""
    first, second = ((_signed(before, sign), _signed(member, sign)) for sign in (1, -1))
    both = first[0] is not before and first[1] is not member
    return [first, second] if both else [(before, member)]


def _signed(member: Member, sign: int) -> Member:
    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Sum) or 0 not in part.signs:
            return None
        terms = tuple(rewritten(term, change) for term in part.terms)
        return replace(part, terms=terms, signs=tuple(s or sign for s in part.signs))

    parts = t.walk(member.expr) if member.expr is not None else ()
    if not any(isinstance(p, t.Sum) and 0 in p.signs for p in parts):
        return member
    return replace(member, expr=rewritten(member.expr, change))


def _jumps(link: Link, members: tuple[Member, ...]) -> bool:
    """Whether a link is about a sign or a step, or about what comes out of one."""
    parts = (p for m in members if m.expr is not None for p in t.walk(m.expr))
    if any(functions.named(p.name) in functions.JUMPS for p in parts if isinstance(p, t.Call)):
        return True
    nodes = topological([node_of(side) for side in (link.left, link.right) if side is not None])
    return any(node.op.name in _ROWS for node in nodes)
