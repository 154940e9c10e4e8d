"""Errors of units by what they are used for: a formula for δ is one for ∂L/∂b where the document says ``∂L/∂b = δ``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.chain import Verdict
from dvar.check.judge.place import Place
from dvar.check.meaning.looks import is_bias
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree

BY_USE = "by what it is used for"


def judged(
    place: Place, members: Sequence[Member], statements: Sequence[Statement]
) -> Verdict | None:
    """What is wrong with the formula of an error; None if nothing is known against it."""
    name, formula = members[0].expr, members[-1].expr
    if not isinstance(name, t.Symbol) or name.base != "delta" or formula is None:
        return None
    slopes = [x for s in statements if (x := _slope(s, name)) is not None]
    if len(members) != 2 or len(slopes) != 1:
        return None
    link = links.between(place.world, place.position, slopes[0], formula)
    if link.verdict != "wrong":
        return None
    due = Member("", slopes[0], members[0].span)
    return Verdict("wrong", members[1], due, link, BY_USE, links=[(due, members[1], link)])


def _slope(statement: Statement, name: t.Symbol) -> t.Derivative | None:
    """The ``∂L/∂b^{(l)}`` of ``∂L/∂b^{(l)} = δ^{(l)}``."""
    slope = statement.members[0].expr
    last = statement.members[-1].expr
    if not isinstance(slope, t.Derivative) or len(slope.wrt) != 1 or not same_tree(last, name):
        return None
    by = slope.wrt[0]
    if not isinstance(by, t.Symbol) or not is_bias(by):
        return None
    return slope if same_tree(replace(by, base=name.base), name) else None


__all__ = ["BY_USE", "judged"]
