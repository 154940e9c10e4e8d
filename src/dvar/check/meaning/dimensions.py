r"""Gradients in more dimensions than a document tells them in: ``δ_{i,j}`` by what was said of ``δ_i``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning import differentiate
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import Value
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


def in_more_dimensions(e: Interpreter, key: Key) -> Value | None:
    """``δ_{i,j}`` where only ``δ_i = ∂E/∂y_i`` has been said: the same for the result ``Y_{i,j}``."""
    from dvar.check.meaning.names import key_value

    for known in e.world.definitions.get(key.stem, ()):
        value = known.value
        if not isinstance(value, t.Derivative) or value.of is None or len(value.wrt) != 1:
            continue
        by = value.wrt[0]
        if key.marks or known.pattern.marks or not isinstance(by, t.Symbol) or not by.subscripts:
            continue
        if len(known.pattern.indices) == len(key.indices):
            continue
        for stem in (by.base, by.base.swapcase()):
            target = Key(stem, (), key.indices)
            found = e.world.find(target, e.position)
            if found is not None and not found[0].numeric:
                place = differentiate.place_at(e.plain(key_value(e, target, None, by)))
                return e.plain(differentiate.by_place(e, value.of, place, target))
    return None
