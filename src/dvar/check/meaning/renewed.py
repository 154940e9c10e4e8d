r"""A result at new parameters: ``E^+`` is what E is with ``w^+`` in the place of ``w``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dvar.check.meaning import names
from dvar.check.meaning.keys import Key
from dvar.check.meaning.substitute import substitute
from dvar.core.node import Node, topological
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World

_DATA = re.compile(r"x|X|y|Y|t|T|i|d|r|inputs?|targets?|labels?|in|data")
"""Names of what no step changes."""


def renewed(e: Interpreter, key: Key) -> Node | None:
    """The value of a result where every parameter has been renewed; None where some may not have been."""
    world = e.world
    if not key.marks or key.marks[-1][0] != "m" or key.marks[-1][1] == "*":
        return None
    found = world.find(Key(key.stem, key.marks[:-1], key.indices), e.position)
    if found is None or found[0].numeric or found[0].params:
        return None
    old = names.defined(e, Key(key.stem, key.marks[:-1], key.indices), *found)
    exchange: dict[Node, Node] = {}
    for node in topological([old]):
        name = world.keys.get(node)
        if name is None:
            continue
        new = Key(name.stem, (*name.marks, key.marks[-1]), name.indices)
        if world.find(new, e.position) is not None:
            value = e.plain(names.key_value(e, new, None, t.Symbol(new.stem, (0, 0))))
            if value.shape != node.shape:
                return None
            exchange[node] = value
        elif not stays(world, name):
            return None
    return substitute(old, exchange) if exchange else None


def stays(world: World, name: Key) -> bool:
    """Whether no step changes what has this name, as far as one can tell."""
    return bool(_DATA.fullmatch(name.stem)) or (world.keeps_biases and name.stem[0] in "bc")
