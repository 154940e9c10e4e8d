"""A lone e that is Euler's number: ``f'(e) = 3e`` of ``f'(x) = 2x ln x + x``."""

from __future__ import annotations

import math

from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import node_of, number


def holds(place: Place, link: Link) -> Link | None:
    """The verdict for two sides that are equal where an e without any meaning is that number; else None."""
    if link.verdict != "wrong" or link.left is None or link.right is None:
        return None
    sides = [node_of(side) for side in (link.left, link.right)]
    open_ = [n for n in names_beneath(sides) if place.world.keys.get(n) == Key("e") and not n.shape]
    if not open_ or place.world.find(Key("e"), place.position) is not None:
        return None
    exchange = {n: number(math.e) for n in open_}
    left, right = (substitute(side, exchange) for side in sides)
    return (
        Link("ok", "where e is Euler's number", left, right) if compare(left, right).holds else None
    )


__all__ = ["holds"]
