r"""Tangents by name: ``\dot v`` is the derivative of v along a direction, whose seeds are ``\dot x``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dvar.check.meaning import chains, differentiate
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.check.meaning.values import Jacobian, add, number, reshaped, sizes
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World

_DOT = ".dot"


def is_named(e: Interpreter, key: Key) -> bool:
    """Whether a name is the tangent of something with a formula."""
    return _target(e, key) is not None


def by_name(e: Interpreter, key: Key, tree: t.Symbol) -> Node | None:
    """What a dotted name stands for; None where it is a seed, or no tangent at all."""
    from dvar.check.meaning.names import key_value

    target = _target(e, key)
    if target is None:
        return None
    value = e.plain(key_value(e, target, None, tree))
    moving = {k.stem.removesuffix(_DOT) for k in e.world.bare if k.stem.endswith(_DOT)}
    leaves = {name.stem for n in topological([value]) if (name := e.world.keys.get(n)) is not None}
    if leaves.isdisjoint(moving):  # v_1 = x: the seed of x is called by its other name
        moving |= leaves

    told = _told(e)

    def seed(name: Key, shape: tuple[int, ...]) -> Node | None:
        dotted = Key(name.stem + _DOT, name.marks, name.indices)
        if dotted not in e.world.bare and name in told:
            return e.plain(key_value(e, told[name], None, t.Symbol(told[name].stem, (0, 0))))
        return seeded(e, dotted, shape) if name.stem in moving else None

    return along(e, value, seed)


def _told(e: Interpreter) -> dict[Key, Key]:
    """Inputs whose seeds are told by their other names: x where ``v_1 = x`` and ``\\dot v_1 = 1``."""
    found: dict[Key, Key] = {}
    for key in e.world.bare:
        if not key.stem.endswith(_DOT):
            continue
        known = e.world.find(key, e.position)
        made = e.world.find(Key(key.stem.removesuffix(_DOT), key.marks, key.indices), e.position)
        if known is None or made is None or known[0].pattern.letters:
            continue
        if isinstance(made[0].value, t.Symbol):
            found[sort(made[0].value, e.world.spelling, {}).key] = key
    return found


def along(
    e: Interpreter, value: Node, seed_of: Callable[[Key, tuple[int, ...]], Node | None]
) -> Node:
    """The derivative of a value along a direction; ``seed_of`` tells how each open name moves, if it does."""
    total: Node | None = None
    for node in topological([value]):
        name = e.world.keys.get(node)
        if name is None or node.op is CONSTANT:
            continue
        seed = seed_of(name, sizes(node))
        if seed is None:
            continue
        place = differentiate.place_at(node)
        local = differentiate.jacobian(value, place)
        along = Jacobian(place.parts, "seed", seed, sizes(node), ())
        part = reshaped(chains.join(local, along).node, sizes(value))
        total = part if total is None else add(total, part)
    if total is not None:
        return total
    return TABLE["zeros"](sizes(value)) if value.shape else number(0.0)


def _target(e: Interpreter, key: Key) -> Key | None:
    if not e.world.dots or not key.stem.endswith(_DOT):
        return None
    target = Key(key.stem.removesuffix(_DOT), key.marks, key.indices)
    found = e.world.find(target, e.position)
    return None if found is None or found[0].numeric else target


def is_along_any(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``\\dot w_i = ∂w_i/∂x`` where inputs are called x_1 and x_2: by which of them is told elsewhere."""
    if not isinstance(left, t.Symbol) or "dot" not in left.accents:
        return False
    if not isinstance(right, t.Derivative) or len(right.wrt) != 1:
        return False
    by = right.wrt[0]
    if not isinstance(by, t.Symbol) or by.subscripts or by.scripts:
        return False
    return any(key.stem == stem_of(by) and key.indices for key in world.bare)


def seeded(e: Interpreter, name: Key, shape: tuple[int, ...]) -> Node:
    """How an open name moves: an open name as well, without the axes of length 1."""
    node = e.world.open_name(name, shape)
    e.world.keys[node] = name
    return reshaped(node, tuple(n for n in shape if n != 1))
