"""What right lines say for the reading of one that differs.

A difference that no slip explains may be one of the reading: a name that means something else here, a loss that
is another one.  Where lines beside it hold that speak of the same function and of the same names, the reading is
theirs; then only what is left unsaid of the names may excuse it: a symmetric matrix, a vector that sums to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dvar.check.judge import links
from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import gradients
from dvar.check.meaning.assumptions import UNSAID, assuming
from dvar.check.meaning.functions import SIGMAS
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.points import is_stand_in, names_beneath
from dvar.check.meaning.values import node_of
from dvar.core.node import topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import same_tree

LOOKED = 16
"""So many lines are looked at, the nearest first."""
STEADY = 3
"""So many lines about the same function hold for each that does not: else it is read wrong."""


def bear_out(place: Place, verdict: Verdict, statements: Mapping[int, Statement]) -> bool:
    """Whether right lines are about the same function, and about all that two sides that differ are made of."""
    before, member, link = verdict.previous, verdict.member, verdict.link
    if before is None or member is None or before.expr is None or member.expr is None:
        return False
    if link is None or link.left is None or link.right is None:
        return False
    subject = statements[place.position].members[0].expr
    of = next((x for x in (subject, before.expr) if x is not None and _of(place, x)), None)
    asked = _asked(place, link, before.expr, member.expr)
    if of is None or asked is None:
        return False
    left, right = (topological([node_of(side)]) for side in (link.left, link.right))
    if any(map(is_stand_in, {*left, *right})):
        return False  # it may be another function than is supposed
    is_open = any(n in place.world.fresh for n in left)
    if is_open and _has_loss(place):
        return False  # a step on the way to it has not been read
    # Of a loss that is left open nobody can mean another one.
    is_any = is_open or not _is_explicit(place, member.expr)
    evidence = _Evidence(asked)
    for a, b, other in verdict.links:  # what the chain has come to so far
        if other.verdict == "ok" and a.expr is not None and b.expr is not None:
            evidence.asked -= _names(place, a.expr) | _names(place, b.expr)
            evidence.is_same |= is_any or _is_explicit(place, b.expr)
    for sides in _right_lines(place, statements):
        if _are_alike(place, sides[0], of):
            return False  # one of two formulas for a gradient may be that of another loss
        same = _is_same(place, of, sides[0])
        about = _names(place, sides[0]) | _names(place, sides[1])
        if same or about & evidence.asked:
            is_telling = same and (is_any or _is_explicit(place, sides[1]))
            evidence.take(_judged(place, *sides), about, same, is_telling)
    return evidence.is_enough and not _may_hold(place, before.expr, member.expr)


@dataclass
class _Evidence:
    """What right lines leave to be asked: names, and whether one is of the same."""

    asked: set[str]
    is_same: bool = False
    held: int = 0
    off: int = 0

    def take(self, link: Link, about: set[str], same: bool, is_telling: bool) -> None:
        self.off += same and link.verdict == "wrong"
        if link.verdict != "ok":
            return
        self.held += same
        self.asked -= about
        self.is_same |= is_telling

    @property
    def is_enough(self) -> bool:
        return self.is_same and not self.asked and STEADY * self.off <= self.held


def _has_loss(place: Place) -> bool:
    world = place.world
    return any(world.find(key, place.position) is not None for key in world.loss_names)


def _are_alike(place: Place, one: t.Expr, other: t.Expr) -> bool:
    """Whether two sides are the same, or names of one thing."""
    if isinstance(one, t.Symbol) and isinstance(other, t.Symbol):
        spelling = place.world.spelling
        return sort(one, spelling, {}).key == sort(other, spelling, {}).key
    return same_tree(one, other)


def _is_same(place: Place, one: t.Expr, other: t.Expr) -> bool:
    """Whether two derivatives are of one function; one that is written out is what it is, if its names are known."""
    if isinstance(one, t.Derivative) and not isinstance(one.of, t.Symbol | t.Apply):
        return bool(_names(place, one) & _names(place, other))
    return _of(place, one) == _of(place, other)


def _asked(place: Place, link: Link, *sides: t.Expr) -> set[str] | None:
    """The names of two sides that may be those of something else; None if one of them gets its formula later on.

    Of a name without a formula, which stands on both sides, it is no matter what it means.
    """
    both = [names_beneath([node_of(x)]) for x in (link.left, link.right) if x is not None]
    apart = {place.world.keys[n].stem for n in set(both[0]) ^ set(both[1]) if n in place.world.keys}
    found = set[str]()
    for part in (p for tree in sides for p in t.walk(tree) if isinstance(p, t.Symbol)):
        key = sort(part, place.world.spelling, {}).key
        known = place.world.find(key, place.position)
        if known is not None and known[0].position > place.position and not place.code:
            return None
        if known is not None or key.stem in apart:
            found |= _names(place, part)
    return found


def _right_lines(
    place: Place, statements: Mapping[int, Statement]
) -> Iterator[tuple[t.Expr, t.Expr]]:
    """Lines beside that say what a derivative is, the nearest first; whether they hold is not known yet."""
    looked = 0
    for ordinal in sorted(place.world.parts, key=lambda n: abs(n - place.position)):
        members = statements[ordinal].members
        sides = [m.expr for m in members if m.expr is not None][:2]
        if ordinal == place.position or len(sides) < 2 or members[0].relation:
            continue
        if _of(place, sides[0]) is None or links.is_number(sides[1], place.world):
            continue
        looked += 1
        if looked > LOOKED:
            return
        yield sides[0], sides[1]


def _judged(place: Place, left: t.Expr, right: t.Expr) -> Link:
    """Two sides as they are read first."""
    with place.world.unchanged():
        return links.between(place.world, place.position, left, right, limit=1)


def _may_hold(place: Place, left: t.Expr, right: t.Expr) -> bool:
    """Whether two sides are equal by something that nobody has said of their names."""
    for kinds in UNSAID:
        with assuming(place.world, kinds):
            if _judged(place, left, right).verdict == "ok":
                return True
    return False


def _of(place: Place, tree: t.Expr) -> str | None:
    """What a side is the derivative of; None where it is none."""
    if isinstance(tree, t.Derivative):
        return None if tree.of is None else " ".join(sorted(_names(place, tree.of)))
    if not isinstance(tree, t.Symbol):
        return None
    key = sort(tree, place.world.spelling, {}).key
    if gradients.is_named(place.reader(), key):
        return "the loss"
    known = place.world.find(key, place.position)
    value = known[0].value if known is not None else None
    return _of(place, value) if isinstance(value, t.Derivative) else None


def _is_explicit(place: Place, tree: t.Expr) -> bool:
    """Whether a side is told by no other derivative: what holds by the chain rule holds of every function."""
    return all(_of(place, p) is None for p in t.walk(tree) if not isinstance(p, t.Script))


def _names(place: Place, tree: t.Expr) -> set[str]:
    found = set()
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and part.base not in SIGMAS:
            key = sort(part, place.world.spelling, {}).key
            found.add(str(Key(key.stem, key.marks)))
    return found - {"e", "pi"} - place.world.spelling.letters
