"""Equations that are to be solved: ``x^2 + y^2 = 25`` ties names of which nothing else is said."""

from __future__ import annotations

from dvar.check.judge.following import MOST, Condition, residual
from dvar.check.judge.literal import is_plain
from dvar.check.judge.numbers import NOT_GIVEN
from dvar.check.judge.place import Place
from dvar.check.judge.step import STRANGE
from dvar.check.meaning import gradients
from dvar.check.meaning.keys import sort
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import UNCONNECTED
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member

_NAMED = (t.Symbol, t.Call, t.Derivative)


def tie(place: Place, before: Member | None, member: Member | None, why: str) -> list[Condition]:
    """``x^2 + y^2 = 25``, ``24 + 16 dy/dt = 0``: an equation to be solved, which nothing said before can contradict.

    Args:
        why: it was not understood; where one side has a name of which nothing is known, ``l/5 = (x + l)/12``, both may have some.
    """
    if before is None or member is None or member.relation != "=":
        return []
    left, right = before.expr, member.expr
    if _is_rate(left, right) and why.startswith(UNCONNECTED) and left and right:
        return [Condition(left, right, place.position)]
    has_stranger = why.endswith(STRANGE)
    if not has_stranger and not why.startswith(NOT_GIVEN):
        return []
    if left is not None and is_plain(left):
        left, right = right, left
    if left is None or right is None or isinstance(left, _NAMED) or isinstance(right, _NAMED):
        return []
    if not has_stranger and (not is_plain(right) or isinstance(right, (t.Matrix, t.Group))):
        return []
    both = [*t.walk(left), *t.walk(right)]
    if place.world.relations and sum(isinstance(p, t.Derivative) for p in both) > 1:
        return []  # how the rates of two names belong together follows from what ties the names
    if any(_is_of_arrays(p) and not (has_stranger and isinstance(p, t.Group)) for p in both):
        return []
    is_open = False
    for symbol in (p for p in both if isinstance(p, t.Symbol)):
        key = sort(symbol, place.world.spelling, {}).key
        found = place.world.find(key, place.position)
        known = found[0] if found and found[0].position < place.position else None
        if gradients.is_named(place.reader(), key) or (known and not known.numeric):
            return []
        is_open |= known is None
    if not is_open or _is_determined(place, left, right):
        return []
    return [Condition(left, right, place.position)]


def _is_rate(left: t.Expr | None, right: t.Expr | None) -> bool:
    """``dV/dt = 100`` of ``V = 4/3 π r^3``, where nobody says how r moves."""
    if not isinstance(left, t.Derivative) or right is None or not is_plain(right):
        return False
    time = left.wrt[0] if len(left.wrt) == 1 else None
    return isinstance(time, t.Symbol) and time.base == "t" and isinstance(left.of, t.Symbol)


def _is_determined(place: Place, left: t.Expr, right: t.Expr) -> bool:
    """Whether as many conditions as there are names here have been set on them before."""
    own = residual(place, left, right)
    about = set(names_beneath([own])) if own is not None else set()
    told = (residual(place, a, b) for a, b in place.asked[-MOST:])
    others = [set(names_beneath([r])) for r in told if r is not None]
    return sum(bool(names) and names <= about for names in others) >= len(about)


def _is_of_arrays(part: object) -> bool:
    if isinstance(part, t.Group):
        return len(part.items) > 1 or part.kind not in "([{"
    if isinstance(part, t.Apply):  # λ(x^2 - 1) is a product
        return not any(isinstance(a, t.Sum) for a in part.args)
    return isinstance(part, (t.Big, t.Matrix, t.Relation))


__all__ = ["tie"]
