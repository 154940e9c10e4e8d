"""Names that have lost their index: ``u'(w)`` where u depends on ``w_0``, ``w_1`` and no w is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning import differentiate
from dvar.check.meaning.values import Value
from dvar.core.node import Node, topological

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def by_member(e: Interpreter, top: Node, place: differentiate.Place) -> Value | None:
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
