"""Which names of a document are random, which are probabilities, which functions have vectors as values."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning import laws
from dvar.check.meaning.functions import NORMAL
from dvar.check.meaning.keys import arguments, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def see(world: World, statements: Sequence[Statement]) -> None:
    """``x ∼ p``, ``E_{x∼p}``, ``p(x | z)``: which names are probabilities, and of what."""
    for statement in statements:
        members = statement.members
        if len(members) == 2 and members[1].relation == "sim":
            _law(world, members[0].expr, members[1].expr)
        if len(members) == 2 and isinstance(members[1].expr, t.Call):
            call, head = members[1].expr, members[0].expr
            if call.name == NORMAL:
                _law(world, call.args[0], head.head if isinstance(head, t.Apply) else head)
    for part in parts(statements):
        if isinstance(part, t.Relation) and part.relations == ("sim",):
            _law(world, *part.members)
        elif isinstance(part, t.Apply) and len(arguments(part.args)) > len(part.args):
            world.densities.add(stem_of(part.head))
    letters = {
        p.indices[0]
        for p in parts(statements)
        if isinstance(p, t.Big) and p.name == "E" and len(p.indices) == 1
    }
    for part in parts(statements):
        if (
            isinstance(part, t.Apply)
            and part.args
            and stem_of(part.head) in world.densities | letters
        ):
            drawn = arguments(part.args)[0]
            if isinstance(drawn, t.Symbol) and not drawn.subscripts:
                world.densities.add(stem_of(part.head))
                world.drawn.setdefault(stem_of(part.head), (drawn, part.head))
    _factors(world, statements)
    _vectored(world, statements)
    laws.see(world, statements)


def _vectored(world: World, statements: Sequence[Statement]) -> None:
    """``w^T φ(s)``: the values of φ are vectors as w is."""
    for part in parts(statements):
        if not isinstance(part, t.Product):
            continue
        for first, second in itertools.pairwise(part.factors):
            if not isinstance(first, t.Symbol) or not isinstance(second, t.Apply):
                continue
            turned = [s.kind for s in first.scripts] == ["transpose"] and first.base[:1].islower()
            if turned and second.head.base[:1].islower() and not second.scripts:
                world.vectored.setdefault(stem_of(second.head), replace(first, scripts=()))


def _factors(world: World, statements: Sequence[Statement]) -> None:
    """``p(τ) = ρ(s_0) ∏ …``: what a probability is a product of are probabilities."""
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        if not isinstance(first, t.Apply) or stem_of(first.head) not in world.densities:
            continue
        for product in rest:
            if isinstance(product, t.Product):
                for factor in product.factors:
                    if isinstance(factor, t.Apply) and not factor.primes:
                        world.densities.add(stem_of(factor.head))


def _law(world: World, drawn: t.Expr | None, law: t.Expr | None) -> None:
    if isinstance(drawn, t.Symbol) and isinstance(law, t.Symbol) and not law.scripts:
        world.densities.add(stem_of(law))
        world.laws.setdefault(stem_of(drawn), (drawn, law))


__all__ = ["see"]
