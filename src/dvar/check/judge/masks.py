"""Entries of a gradient that a program sets to zero: ``dh[h <= 0] = 0`` makes ``dh`` another quantity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_plain, is_zero
from dvar.check.meaning import gradients
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree

_LEFT = re.compile(r"\b(leaves|gives|yields|becomes|makes it|results in|leads to)[\s$`:]*$")

_MASK = re.compile(r"\bmask\b[^.$]{0,20}\b(is|becomes|equals)[\s$`:]*$")


def masked(members: Sequence[Member], ordinal: int, world: World) -> Definition | None:
    """What a gradient is from there on; None where a statement is no such one."""
    name, by = _masked_name(members)
    if name is None or not isinstance(by, t.Relation) or world.loss is None or world.loss.indices:
        return None
    reader = Interpreter(world, ordinal)
    target = gradients.target_of(reader, sort(name, world.spelling, {}).key)
    sides = [side for side in by.members if isinstance(side, t.Symbol)]
    wrt = next((s for s in sides if sort(s, world.spelling, {}).key == target), None)
    if wrt is None:
        return None
    loss = t.Symbol(world.loss.stem, name.span)
    gradient = t.Derivative(loss, (wrt,), "partial", name.span)
    value = t.Cases(((t.Number("0", name.span), by), (gradient, None)), name.span)
    made = definition_of(name, value, ordinal, world.spelling, False)
    return None if made is None else replace(made, onwards=True)


def left_over(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """Numbers that words say are left: ``dh[h <= 0] = 0`` leaves ``[-0.3, 0]``."""
    first = statement.members[0]
    if len(statement.members) > 1 or first.relation or first.expr is None or not found:
        return None
    region = document.regions[statement.region]
    name, _ = _masked_name(found[-1].members)
    if name is None or not is_plain(first.expr) or not _LEFT.search(region.before):
        return None
    members = (replace(first, expr=name), replace(first, relation="="))
    return replace(statement, members=members)


def stated(
    document: Document, statement: Statement, following: Statement | None
) -> Statement | None:
    """ "the mask is ``[1, 0]``", where the next line multiplies a gradient by it: it is 1 where z is positive."""
    first = statement.members[0]
    if len(statement.members) > 1 or first.relation or first.expr is None or following is None:
        return None
    if not _MASK.search(document.regions[statement.region].before) or not is_plain(first.expr):
        return None
    slope = following.members[0].expr
    if not isinstance(slope, t.Derivative) or len(slope.wrt) != 1:
        return None
    later = (m.expr for m in following.members[1:] if m.expr is not None)
    if not any(same_tree(part, first.expr) for tree in later for part in t.walk(tree)):
        return None
    one, zero = t.Number("1", first.span), t.Number("0", first.span)
    positive = t.Relation((slope.wrt[0], zero), (">",), first.span)
    mask = t.Cases(((one, positive), (zero, None)), first.span)
    members = (replace(first, expr=mask), replace(first, relation="="))
    return replace(statement, members=members)


def _masked_name(members: Sequence[Member]) -> tuple[t.Symbol | None, t.Expr | None]:
    """The name some of whose entries are set to zero, and which."""
    first = members[0].expr
    if len(members) != 2 or not isinstance(first, t.Symbol) or len(first.subscripts) < 1:
        return None, None
    *rest, by = first.subscripts
    if not isinstance(by, t.Relation) or not is_zero(members[1].expr):
        return None, None
    return replace(first, subscripts=tuple(rest)), by
