"""Networks with one output: ``L = -(y \\log a + (1 - y) \\log(1 - a))`` is a number only if a is one."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning.keys import general, sort
from dvar.check.meaning.shapes import shape_of
from dvar.check.meaning.shaping import ONE, Shaping
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_COUNTED = frozenset({"letter", "size", "entry"})


def single(
    world: World,
    statements: Sequence[Statement],
    shaping: Shaping,
    unions: Unions,
    fixed: dict[Item, int],
) -> None:
    """Losses that would be columns of a size that nothing tells are numbers, and so is what they are made of."""
    firm = {unions.root(item) for item in fixed}
    firm |= {unions.root(item) for item in unions.items() if item[0] in _COUNTED}
    for statement in statements:
        formula = _loss(world, statement)
        shape = shape_of(shaping, formula) if formula is not None else None
        if not shape or len(shape) != 2 or shape[1] != ONE or shape[0] == ONE:
            continue
        if unions.root(shape[0]) not in firm and not unions.is_marked(shape[0]):
            fixed[shape[0]] = 1


def _loss(world: World, statement: Statement) -> t.Expr | None:
    """The formula of a loss."""
    members = statement.members
    if len(members) < 2 or members[0].relation or members[1].relation not in ("=", ":="):
        return None
    left = members[0].expr
    head = left.head if isinstance(left, t.Apply) else left
    if not isinstance(head, t.Symbol) or head.primes:
        return None
    key = general(sort(head, world.spelling, {}).key, world.spelling.letters)
    return members[1].expr if key in world.loss_names else None
