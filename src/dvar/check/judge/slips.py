"""Lines that were not understood, as mistakes where one slip explains why.

In a program that is a shape that does not fit, elsewhere a name that no other line has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, islice

from dvar.check.cause.bend import Bend
from dvar.check.cause.bends import turned
from dvar.check.cause.find import Fault, find, may_be_mended
from dvar.check.cause.renaming import reversed_indices
from dvar.check.cause.trying import compared
from dvar.check.cause.turning import reversed_products
from dvar.check.judge import links, misfits, numbers, telescoping, witnesses
from dvar.check.judge.chain import ARITHMETIC, BRIDGED, Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.step import STRANGE
from dvar.check.judge.strangers import strangers
from dvar.check.meaning import effort, gradients
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import UNCONNECTED, NotUnderstood, node_of, sizes, squeezed
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import places

READINGS = 4
TRIED = 12
"""So many names are tried in the place of a strange one."""
_LIKELY = frozenset({"sign", "transpose", "missing-sum"})
"""Slips that are so few that none mends a line by chance."""
_MISFITS = ("the product of shapes", "the two sides have shapes", "shapes ")
_LOOKED_AT = (*_MISFITS, UNCONNECTED, numbers.NO_FIT, numbers.NOT_GIVEN)


def may_be(place: Place, verdict: Verdict) -> bool:
    """Whether a line, or a member of it between two that agree, is of the kind that a slip may explain."""
    return any(_may_be(place, gap) for gap in _gaps(verdict))


def _may_be(place: Place, gap: Verdict) -> bool:
    why = "" if gap.link is None else gap.link.why
    return place.code or why.endswith(STRANGE) or why.startswith(_LOOKED_AT)


def _gaps(verdict: Verdict) -> list[Verdict]:
    """What was not understood of a line."""
    if verdict.verdict == "unknown":
        return [verdict]
    if verdict.note not in (BRIDGED, ARITHMETIC):
        return []
    return [
        Verdict("unknown", member, before, link, links=verdict.links)
        for before, member, link in verdict.links
        if link.verdict == "unknown"
    ]


def as_mistake(
    place: Place,
    text: str,
    verdict: Verdict,
    others: Sequence[t.Symbol],
    beside: Sequence[tuple[int, Statement]],
) -> Verdict:
    """A line that was not understood, as wrong if one slip explains it.

    Args:
        others: names that may have been meant; beside: the statements of the problem.
    """
    for gap in _gaps(verdict):
        found = _judged(place, text, gap, others, beside)
        if found.verdict == "wrong":
            return found
    return verdict


def _judged(
    place: Place,
    text: str,
    verdict: Verdict,
    others: Sequence[t.Symbol],
    beside: Sequence[tuple[int, Statement]],
) -> Verdict:
    """One gap, as wrong if one slip explains it."""
    link, before, member = verdict.link, verdict.previous, verdict.member
    if link is None or before is None or member is None or not _may_be(place, verdict):
        return verdict
    if link.why.endswith(STRANGE) and _is_misspelt(place, verdict, others):
        return replace(verdict, verdict="wrong", link=replace(link, verdict="wrong"))
    if link.why.endswith(STRANGE):
        is_slip = _is_strange_slip(place, text, verdict, others, beside)
        wrong = replace(link, verdict="wrong", why="")
        return replace(verdict, verdict="wrong", link=wrong) if is_slip else verdict
    left, right = before.expr, member.expr
    if left is None or right is None:
        return verdict
    if link.why == numbers.NO_FIT:
        return _turned(place, verdict, left, right)
    if link.why.startswith(UNCONNECTED):
        return _with_link_apart(place, text, verdict, left, right, others)
    if link.why.startswith(numbers.NOT_GIVEN):
        return _without_a_name(place, text, verdict, left, right, others)
    if not link.why.startswith(_MISFITS):
        return verdict
    return _unfit(place, text, verdict, link, (left, right), others, beside)


def _unfit(
    place: Place,
    text: str,
    verdict: Verdict,
    link: Link,
    sides: tuple[t.Expr, t.Expr],
    others: Sequence[t.Symbol],
    beside: Sequence[tuple[int, Statement]],
) -> Verdict:
    """Two sides whose shapes do not fit."""
    left, right = sides
    lacks = _lacks_an_axis(place, link)
    if not (lacks or place.world.is_spread):
        return verdict
    is_said = place.code or misfits.are_said(place, left, right)

    def may_count(bend: Bend) -> bool:
        is_lost = lacks and _is_lost_factor(bend)
        return is_lost or _is_sure_of_shapes(place, left, right, bend, is_said)

    found = _mended(place, text, link, left, right, others, may_count)
    if found is None:
        return verdict
    wrong, bend = found
    is_lost = lacks and _is_lost_factor(bend)
    if is_lost and witnesses.bear_out(place, verdict, dict(beside)):
        wrong = replace(link, verdict="wrong", causes=(bend.cause, "shape"))
        return replace(verdict, verdict="wrong", link=wrong)
    if not _is_sure_of_shapes(place, left, right, bend, is_said):
        return verdict
    return replace(verdict, verdict="wrong", link=replace(wrong, why=_said(link.why)))


def _is_sure_of_shapes(
    place: Place, left: t.Expr, right: t.Expr, bend: Bend, is_said: bool
) -> bool:
    """Whether shapes that do not fit are a fault of the line, which one slip explains, and not of the reading."""
    if not (place.world.is_spread and (is_said or _is_renumbered(place, right, bend))):
        return False
    # Programs say what they multiply; in a worksheet products are often laid out freely,
    # and sums over the examples are often understood.
    loose = bend.cause in ("transpose", "missing-sum", "missing-path")
    # A sum has terms of different shapes, and the document says all shapes: nothing is laid out freely.
    is_declared = isinstance(right, t.Sum) and is_said
    if not place.code and loose and not is_declared:
        return False
    # Only what all examples share gets the sum over them.
    return bend.cause != "missing-sum" or not _is_computed(place, left)


def _without_a_name(
    place: Place,
    text: str,
    verdict: Verdict,
    left: t.Expr,
    right: t.Expr,
    others: Sequence[t.Symbol],
) -> Verdict:
    """``f'(x) = 2 - 3`` for ``2x - 3``, where no name has a number: a slope that is none without its x."""
    if place.ledger.given_by_key or not isinstance(left, t.Derivative | t.Apply):
        return verdict
    link = links.as_functions(place.world, place.position, left, right, [{}], code=place.code)
    if link.verdict != "wrong":
        return verdict
    with place.world.unchanged(), effort.briefly():
        fault = Fault(place, text, left, right, link, others)
        is_slip = may_be_mended(fault, _is_lost_factor)
        bend = find(fault).bend if is_slip else None
    is_slip = bend is not None and _is_lost_factor(bend)
    return replace(verdict, verdict="wrong", link=link) if is_slip else verdict


def _is_lost_factor(bend: Bend) -> bool:
    return bend.cause == "missing-factor"


def _is_renaming(bend: Bend) -> bool:
    return bend.cause == "wrong-variable"


def _turned(place: Place, verdict: Verdict, left: t.Expr, right: t.Expr) -> Verdict:
    """``X X = …`` for ``X^T X``: numbers that come out with one transpose more or less, where some are arrays."""
    link = verdict.link
    if all(value.size == 1 for value in place.ledger.given.values()):
        return verdict  # nothing can be turned
    for bend in islice(chain(turned(left, ""), reversed_products(left, "")), TRIED):
        found = numbers.with_numbers(place, bend.tree, right, [{}])
        if found.verdict == "ok" and link is not None:
            wrong = replace(link, verdict="wrong", causes=("transpose", "shape"))
            return replace(verdict, verdict="wrong", link=wrong)
    return verdict


def _lacks_an_axis(place: Place, link: Link) -> bool:
    """Whether two sides have values, of other sizes; only an axis of the examples may be left to a sum."""
    if link.left is None or link.right is None:
        return False
    left, right = (squeezed(sizes(node_of(side))) for side in (link.left, link.right))
    is_summed = len(right) > len(left) and place.world.stacks.wholes
    return sorted(left) != sorted(right) and not is_summed


def _with_link_apart(
    place: Place,
    text: str,
    verdict: Verdict,
    left: t.Expr,
    right: t.Expr,
    others: Sequence[t.Symbol],
) -> Verdict:
    """``∂E/∂w_1 = ∂E/∂o_1 ∂o_2/∂n_1 ∂n_1/∂w_1``: a link of a chain that leads nowhere, where one name mends it."""
    factors = right.factors if isinstance(right, t.Product) else ()
    chained = sum(isinstance(f, t.Derivative) for f in factors)
    link = verdict.link
    if (
        link is None
        or chained < 2
        or not isinstance(left, t.Derivative)
        or telescoping.joins(factors)
    ):
        return verdict
    found = _mended(place, text, link, left, right, others, _is_renaming)
    if found is None or not _is_renaming(found[1]):
        return verdict
    why = "a link of the chain is 0"
    return replace(verdict, verdict="wrong", link=replace(found[0], why=why))


def _mended(
    place: Place,
    text: str,
    link: Link,
    left: t.Expr,
    right: t.Expr,
    others: Sequence[t.Symbol],
    may_count: Callable[[Bend], bool],
) -> tuple[Link, Bend] | None:
    """A link whose right side was not understood, as wrong, with the one slip that explains it, if such may count."""
    try:
        value = place.reader().value(left)
    except NotUnderstood:
        return None
    wrong = replace(link, verdict="wrong", why="", left=value, right=None)
    with place.world.unchanged(), effort.briefly():
        fault = Fault(place, text, left, right, wrong, others)
        bend = find(fault).bend if may_be_mended(fault, may_count) else None
    return None if bend is None else (wrong, bend)


def _is_renumbered(place: Place, written: t.Expr, bend: Bend) -> bool:
    """``δ_2 x^T`` for ``δ_1 x^T``: no layout is meant where another number at one name makes the line right."""
    if bend.cause != "wrong-variable":
        return False
    names = [[p for p in t.walk(x) if isinstance(p, t.Symbol)] for x in (written, bend.tree)]
    if len(names[0]) != len(names[1]):
        return False
    pairs = [(a, b) for a, b in zip(*names, strict=True) if _key(place, a) != _key(place, b)]
    return len(pairs) == 1 and _is_nearly(place, *pairs[0])


def _is_strange_slip(
    place: Place,
    text: str,
    verdict: Verdict,
    others: Sequence[t.Symbol],
    beside: Sequence[tuple[int, Statement]],
) -> bool:
    """Whether a name of one side only is there, or is not on the other one, by a slip.

    Where a name has come into the right side it must be known to be another: a line beside, which has it on
    both sides, is right whatever it means.
    """
    link, before, member = verdict.link, verdict.previous, verdict.member
    left = before.expr if before is not None else None
    right = member.expr if member is not None else None
    if link is None or left is None or right is None or link.left is None or link.right is None:
        return False
    strange, written = strangers(place, link), _names(place, right)
    foreign = strange & written

    def may_count(bend: Bend) -> bool:
        if not foreign:
            return not _is_renaming(bend)
        return bend.cause in _LIKELY or not foreign & _names(place, bend.tree)

    if isinstance(right, t.Symbol):
        return False  # a name alone may stand for whatever is due
    with place.world.unchanged(), effort.briefly():
        # Values that rest on unknown names tell nothing of what is missing.
        wrong = replace(link, verdict="wrong", why="", difference=None)
        fault = Fault(place, text, left, right, wrong, others)
        if compared(place, left, right, fault.envs).verdict == "ok":
            return False  # what is left open on one side is what the line says
        bend = find(fault).bend if may_be_mended(fault, may_count) else None
    if bend is None:
        return False
    if not foreign:
        return not _is_renaming(bend)  # it is missing
    gone = foreign - _names(place, bend.tree)
    if not gone and bend.cause in _LIKELY:
        return True  # the line is right with the same names in it
    if any(before is member and after.anew for before, _, after in verdict.links):
        return gone == foreign  # what stands behind it is right all the same
    if _is_renaming(bend) and gone == foreign and len(gone) == 1:
        if _names(place, bend.tree) < written:
            return True  # nobody calls one thing by two names in one formula
    return gone == foreign and all(_is_another(place, name, beside) for name in gone)


def _names(place: Place, tree: t.Expr) -> set[str]:
    return {str(_key(place, p)) for p in t.walk(tree) if isinstance(p, t.Symbol)}


def _is_another(place: Place, name: str, beside: Sequence[tuple[int, Statement]]) -> bool:
    """Whether a line is right that has a name on both sides."""
    world, tried = place.world, 0
    for ordinal, statement in beside:
        sides = [m.expr for m in statement.members if m.expr is not None]
        if ordinal == place.position or len(sides) < 2:
            continue
        left, right = sides[:2]
        if not (name in _names(place, left) and name in _names(place, right)):
            continue
        tried += 1
        with world.unchanged():
            held = links.between(world, ordinal, left, right, READINGS)
        if held.verdict == "ok":
            return True
        if tried >= TRIED:
            break
    return False


def _is_misspelt(place: Place, verdict: Verdict, others: Sequence[t.Symbol]) -> bool:
    """Whether a name that no other line has is one digit or letter off one that makes the line right."""
    left = verdict.previous.expr if verdict.previous is not None else None
    right = verdict.member.expr if verdict.member is not None else None
    if left is None or right is None:
        return False
    world = place.world
    envs = links.assignments(world, [left, right], place.conditions, place.position)
    tried = 0
    for part, rebuild in places(right):
        if not isinstance(part, t.Symbol) or str(_key(place, part)) in world.familiar:
            continue
        near = [replace(o, span=part.span) for o in others if _is_nearly(place, part, o)]
        turned = reversed_indices(part)
        for other in [*([] if turned is None else [turned]), *near]:
            if tried >= TRIED:
                break
            tried += 1
            tree = rebuild(other)
            link = links.as_functions(world, place.position, left, tree, envs, limit=READINGS)
            if link.verdict == "ok":
                return True
    return False


def _is_nearly(place: Place, a: t.Symbol, b: t.Symbol) -> bool:
    """Whether two names differ in one index only."""
    x, y = _key(place, a), _key(place, b)
    if x.stem != y.stem or len(x.indices) != len(y.indices) or len(x.marks) != len(y.marks):
        return False
    pairs = [*zip(x.indices, y.indices, strict=True), *zip(x.marks, y.marks, strict=True)]
    return sum(p != q for p, q in pairs) == 1


def _key(place: Place, symbol: t.Symbol) -> Key:
    return sort(symbol, place.world.spelling, {}).key


def _is_computed(place: Place, left: t.Expr) -> bool:
    """Whether the gradient is that of something with a formula, or nobody knows of what."""
    if not isinstance(left, t.Symbol):
        return True
    target = gradients.target_of(place.reader(), sort(left, place.world.spelling, {}).key)
    return target is None or place.world.find(target, place.position) is not None


def _said(why: str) -> str:
    return f"{why} does not exist" if why.startswith("the product") else why
