"""Dual numbers: ``a + bε`` with ``ε^2 = 0``, whatever is of higher order in ε is nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dvar.check.meaning import tangents
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import Value, add, number, reshaped, sizes
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_SAID = re.compile(
    r"(?:\\(?:var)?epsilon|\beps(?:ilon)?|[εϵ]|\\textepsilon)\s*(?:\^\s*\{?\s*2\s*\}?|²|\*\*\s*2)\s*(?:=|\\equiv|≡)\s*0"
)
"""``ε² = 0`` in words between formulas."""
_NAMES = frozenset({"epsilon", "varepsilon", "eps"})
_DUAL = re.compile(r"\b(dual (numbers?|parts?)|infinitesimal|nilpotent)", re.IGNORECASE)
"""Words that make ``d^2 = 0`` say it of any letter."""


def see(world: World, statements: Sequence[Statement], text: str) -> None:
    """Which names have squares that vanish though they do not, by what was said up to here."""
    if _SAID.search(text):
        world.nilpotent |= _NAMES
    is_dual = _DUAL.search(text) is not None
    for statement in statements:
        sides = [m.expr for m in statement.members]
        if len(sides) == 2 and statement.members[1].relation == "=":
            name = _squared(sides)
            if name is not None and (is_dual or name.base in _NAMES):
                world.nilpotent.add(stem_of(name))


def _squared(sides: Sequence[t.Expr | None]) -> t.Symbol | None:
    """ε of ``ε^2 = 0``."""
    left, right = sides
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Number) or right.value != 0:
        return None
    powers = [s.value for s in left.scripts if s.kind == "plain"]
    twice = any(isinstance(p, t.Number) and p.value == 2 for p in powers)
    return left if twice else None


def truncated(world: World, *values: Value) -> tuple[Value, ...]:
    """Values without what is of second order in a name whose square vanishes."""
    if not world.nilpotent:
        return values
    return tuple(_truncated(world, v) if isinstance(v, Node) else v for v in values)


def of_pair(e: Interpreter, a: Node, b: Node) -> Node:
    """``⟨u, u'⟩``, which is ``u + u'ε``."""
    unit = e.node(t.Symbol(min(e.world.nilpotent), (0, 0)))
    return add(a, TABLE["multiply"](b, unit))


def is_apart(world: World, a: Value, b: Value) -> bool:
    """``(a/b) = a/b + (a'b - ab')/b^2 ε``: one side has a part in ε, the other is written for all of it."""
    if not world.nilpotent or not isinstance(a, Node) or not isinstance(b, Node):
        return False
    met = [{k.stem for n in names_beneath([x]) if (k := world.keys.get(n))} for x in (a, b)]
    return bool(met[0] & world.nilpotent) != bool(met[1] & world.nilpotent)


def _truncated(world: World, value: Node) -> Node:
    for name in names_beneath([value]):
        key = world.keys.get(name)
        if key is None or key.stem not in world.nilpotent or name.shape or value.shape:
            continue
        slope = sweep(value, number(1.0), [name]).gradients.get(name)
        start = {name: number(0.0)}
        value = substitute(value, start)
        if slope is not None:
            value = TABLE["add"](value, TABLE["multiply"](name, substitute(slope, start)))
    return value


def steps(world: World, statements: Sequence[Statement]) -> set[str]:
    """Increments that are added to what they are of, ``f(x + dx) - f(x)``: equations hold to first order in them."""
    if not world.differentials:
        return set()
    sums = (
        {(stem_of(x), x.subscripts) for x in p.terms if isinstance(x, t.Symbol)}
        for p in parts(statements)
        if isinstance(p, t.Sum)
    )
    return {f"d{stem}" for terms in sums for stem, below in terms if (f"d{stem}", below) in terms}


def of_first_order(e: Interpreter, value: Value) -> Value:
    """A value without what is of higher order in the increments that are added to what they are of."""
    if not isinstance(value, Node):
        return value
    known = ((n, e.world.keys.get(n)) for n in names_beneath([value]))
    small = {n: key for n, key in known if key is not None and key.stem in e.world.small}
    if not small:
        return value
    seeds = {
        Key(f"{k.stem}.small", k.marks, k.indices): n for n, k in small.items()
    }  # so that what is multiplied by an increment is not taken at zero as well

    def seed(name: Key, shape: tuple[int, ...]) -> Node | None:
        moves = name.stem in e.world.small
        small = Key(f"{name.stem}.small", name.marks, name.indices)
        return tangents.seeded(e, small, shape) if moves else None

    nothing = {n: TABLE["zeros"](n.shape) if n.shape else number(0.0) for n in small}
    slope = substitute(tangents.along(e, value, seed), nothing)
    back = {e.world.open_name(key, sizes(n)): n for key, n in seeds.items()}
    start = substitute(value, nothing)
    return add(start, reshaped(substitute(slope, back), sizes(start)))


__all__ = ["is_apart", "of_first_order", "of_pair", "see", "steps", "truncated"]
