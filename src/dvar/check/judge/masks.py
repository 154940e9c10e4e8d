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

_LEFT = re.compile(r"\b(leaves|gives|yields|becomes|makes it|results in|leads to)[\s$`:]*$")


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


def _masked_name(members: Sequence[Member]) -> tuple[t.Symbol | None, t.Expr | None]:
    """The name some of whose entries are set to zero, and which."""
    first = members[0].expr
    if len(members) != 2 or not isinstance(first, t.Symbol) or len(first.subscripts) < 1:
        return None, None
    *rest, by = first.subscripts
    if not isinstance(by, t.Relation) or not is_zero(members[1].expr):
        return None, None
    return replace(first, subscripts=tuple(rest)), by
