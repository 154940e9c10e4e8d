"""Names that are written small here and large there: ``z_2`` where only ``Z_2`` has a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import Circular
from dvar.core.node import Node
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World


def of(e: Interpreter, key: Key) -> Node | None:
    """``z_2`` where only ``Z_2`` has a formula, or the other way round."""
    base = key.stem.partition(".")[0]
    if len(base) != 1 or not key.indices or base in ("L", "l"):
        return None
    other = Key(base.swapcase() + key.stem[1:], key.marks, key.indices)
    found = e.world.find(other, e.position)
    if found is None or found[0].numeric:
        return _only_below(e, key, other)
    if e.world.shape(key):
        return None
    from dvar.check.meaning.names import defined

    try:
        return defined(e, other, *found)
    except Circular:
        return None  # C = (a - t)^2 where a = w x + c: two names after all


def _only_below(e: Interpreter, key: Key, other: Key) -> Node | None:
    """``W_6`` that nothing is made of, and that is differentiated by, where formulas have ``w_6``."""
    if key not in e.world.denominators or key.marks or e.world.given_shapes.get(key):
        return None
    names = _in_formulas(e.world)
    if other not in names or any(name.stem == key.stem for name in names):
        return None
    from dvar.check.meaning.names import key_value

    return e.plain(key_value(e, other, None, t.Symbol(other.stem, (0, 0))))


def _in_formulas(world: World) -> frozenset[Key]:
    """The names that formulas are made of; looked for once for as long as there are no more formulas."""
    made = [d.value for some in world.definitions.values() for d in some if not d.numeric]
    known, names = world.in_formulas
    if known != len(made):
        symbols = (p for x in made for p in t.walk(x) if isinstance(p, t.Symbol))
        names = frozenset(sort(p, world.spelling, {}).key for p in symbols)
        world.in_formulas = len(made), names
    return names
