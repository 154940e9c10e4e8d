"""Jumps: what ``sign(0)`` and ``step(0)`` are is agreed on by authors, ``\\text{sign}(0) = 1`` of a perceptron."""

from __future__ import annotations

from collections.abc import Callable

from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import functions
from dvar.check.meaning.values import node_of
from dvar.core.node import topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member

_ROWS = ("sign", "greater")
"""Rows of the table that the jumps of a formula come to."""


def either_way(place: Place, members: tuple[Member, ...], judged: Callable[[], Link]) -> Link:
    """The link; one that fails is right where it holds with jumps that at 0 are what they are on one side of it."""
    link = judged()
    if link.verdict in ("wrong", "carried") and _jumps(link, members):
        for side in ("above", "below"):
            with functions.at_zero(side), place.world.read_anew():
                again = judged()
            if again.verdict == "ok":
                return again
    return link


def _jumps(link: Link, members: tuple[Member, ...]) -> bool:
    """Whether a link is about a sign or a step, or about what comes out of one."""
    parts = (p for m in members if m.expr is not None for p in t.walk(m.expr))
    if any(functions.named(p.name) in functions.JUMPS for p in parts if isinstance(p, t.Call)):
        return True
    nodes = topological([node_of(side) for side in (link.left, link.right) if side is not None])
    return any(node.op.name in _ROWS for node in nodes)
