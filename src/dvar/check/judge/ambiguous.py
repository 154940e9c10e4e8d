"""Lines whose names may be read in more than one way, so that a difference tells nothing."""

from __future__ import annotations

from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def names_only(statement: Statement) -> bool:
    """``q_1 = q_2 = q^*``: several names for one thing, told and not worked out."""
    names = [isinstance(m.expr, t.Symbol) for m in statement.members]
    return len(names) > 2 and all(names)


def may_be_product(place: Place, statement: Statement) -> bool:
    """``x / (dr)`` where d is a number of its own: the product of two names, or what is no differential alone."""
    if Key("d") not in place.world.keys.values() and "d" not in place.world.size_names:
        return False
    below = [p.below for p in parts([statement]) if isinstance(p, t.Quotient)]
    names = (p.base for x in below for p in t.walk(x) if isinstance(p, t.Symbol))
    return any(len(base) == 2 and base[0] == "d" for base in names)
