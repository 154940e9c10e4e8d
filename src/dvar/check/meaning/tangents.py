r"""Tangents by name: ``\dot v`` is the derivative of v along a direction, whose seeds are ``\dot x``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning import chains, differentiate
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import Jacobian, add, number, reshaped, sizes
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

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
    total: Node | None = None
    for variable in _seeded(e, value):
        place = differentiate.place_at(variable)
        local = differentiate.jacobian(value, place)
        seed = _seed(e, e.world.keys[variable], sizes(variable))
        along = Jacobian(place.parts, "seed", seed, sizes(variable), ())
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


def _seeded(e: Interpreter, value: Node) -> list[Node]:
    """The open names under a value that move: those that are written with a dot somewhere."""
    moving = {k.stem for k in e.world.bare}
    return [
        node
        for node in topological([value])
        if node.op is VARIABLE and node in e.world.keys and e.world.keys[node].stem + _DOT in moving
    ]


def _seed(e: Interpreter, key: Key, shape: tuple[int, ...]) -> Node:
    dotted = Key(key.stem + _DOT, key.marks, key.indices)
    node = e.world.open_name(dotted, shape)
    e.world.keys[node] = dotted
    return reshaped(node, tuple(n for n in shape if n != 1))
