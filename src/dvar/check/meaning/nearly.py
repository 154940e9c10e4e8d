"""Names that are nearly those of a formula: ``u'(w)`` where u depends on ``w_0``, ``w_1``, ``Z_2`` for ``z_2``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning import differentiate, names
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import Value, squeezed
from dvar.core.node import Node, topological

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def by_other_name(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
    """The derivative by what is nearly called so; None where there is nothing of the kind."""
    readings = (_by_member, _by_layer, _by_other_case, _by_sum)
    values = (read(e, top, place) for read in readings)
    return next((value for value in values if value is not None), None)


def _by_other_case(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
    """``dy/dZ_2`` where y is made of ``z_2``: both have a formula, and are the same thing."""
    key = e.world.named.get(place.parts[0][0]) if len(place.parts) == 1 else None
    if key is None or len(key.stem) != 1 or not key.indices:
        return None
    return _by(e, top, place, Key(key.stem.swapcase(), key.marks, key.indices))


def _by_sum(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
    """``dL/db_1`` where numbers have been put in without the zeros of ``b_1``: by ``Z_1``, which it is added to."""
    key = e.world.keys.get(place.parts[0][0]) if len(place.parts) == 1 else None
    if key is None or key.stem != "b":
        return None
    sums = (_by(e, top, place, Key(stem, key.marks, key.indices)) for stem in "Zz")
    return next((value for value in sums if value is not None), None)


def _by_layer(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
    """``∇_a C`` where C is made of ``a^L``: the last of the layers, which is all that C says of any."""
    if len(place.parts) != 1:
        return None
    called = {**e.world.keys, **e.world.named}
    key = called.get(place.parts[0][0])
    if key is None or key.indices or key.marks:
        return None
    under = topological([top])
    layers = [n for n in under if n in called and _is_layer_of(called[n], key)]
    last = [n for n in layers if not any(n in topological([m]) for m in layers if m is not n)]
    if len(last) != 1:
        return None
    e.choices.suppose(differentiate.PARTIAL)
    return differentiate.jacobian(top, differentiate.place_at(last[0]))


def _is_layer_of(key: Key, family: Key) -> bool:
    return key.stem == family.stem and len(key.marks) == 1 and not key.indices


def _by(e: Interpreter, top: Node, place: differentiate.Place, other: Key) -> Value | None:
    """The derivative by a name that has a formula, which makes a line right, but none wrong."""
    found = e.world.find(other, e.position)
    if found is None or found[0].numeric or found[0].params or top.shape:
        return None
    node = names.defined(e, other, *found)
    by = differentiate.place_at(node)
    under = set(topological([top]))
    if squeezed(by.shape) != squeezed(place.shape) or not all(n in under for n, _ in by.parts):
        return None
    e.choices.suppose(differentiate.PARTIAL)
    return differentiate.jacobian(top, by)


def _by_member(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
    """The derivative by one of the numbered names that may be meant; None where there is none.

    Which of them is open, so this makes a line right, but none wrong.
    """
    keys = e.world.keys
    if len(place.parts) != 1 or place.shape or top.shape:
        return None
    key = keys.get(place.parts[0][0])
    if key is None or key.indices or key.marks:
        return None
    members = [
        node
        for node in topological([top])
        if node in keys and keys[node].stem == key.stem and len(keys[node].indices) == 1
    ]
    if not members or any(node.shape for node in members):
        return None
    e.choices.suppose(differentiate.PARTIAL)
    by = sorted(members, key=lambda node: str(keys[node]))
    return e.choices.pick(
        [
            (f"by {keys[node]}", differentiate.jacobian(top, differentiate.place_at(node)))
            for node in by
        ]
    )
