r"""How a document steps: what all of its updates have, and one of them lacks.

``w_2 := -α ∂J/∂w_2`` beside ``w_1 := w_1 - α ∂J/∂w_1`` has lost its old value, ``w_2 := w_2`` its step, and
``w_2 := w_2 - t ∂J/∂w_2``, with a t that is nowhere else, its rate.  By itself each of them may be meant so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dvar.check.judge.assignments import is_rate, old_name
from dvar.check.judge.chain import Verdict
from dvar.check.judge.descent import gradient_of, unsigned
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.core.letters import GREEK
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import factors_of, same_tree

NEAR = 60
"""So many statements before and behind a step tell how its document steps."""
NO_START = "the old value is missing"
NO_STEP = "the step is missing"
NO_RATE = "the rate is missing that the other steps have"
NO_GRADIENT = "the gradient is missing"


@dataclass(frozen=True)
class Stride:
    """A step along the gradient of what is stepped.

    Attributes:
        start: where it starts, None where nothing stands in front of the step.
        own: whether that is the old value.
        rates: the names that the gradient is multiplied by.
        is_bare: whether it is multiplied by nothing.
    """

    start: t.Expr | None
    own: bool
    rates: tuple[t.Symbol, ...]
    is_bare: bool


def out_of_step(
    place: Place, members: Sequence[Member], others: Sequence[Statement]
) -> Link | None:
    """What an update lacks that the others of its document have; None if nothing does."""
    mine = stride_of(place, members)
    if mine is not None and _is_usual(place, mine, members, others):
        return None
    strides = (stride_of(place, other.members) for other in _near(members, others))
    beside = [stride for stride in strides if stride is not None and stride.own]
    if not beside:
        return _by_itself(members, mine, _near(members, others))
    left, right = members[0].expr, members[1].expr
    if left is not None and right is not None and same_tree(left, right):
        return Link("wrong", NO_STEP, causes=("missing-factor", "misprint"))
    usual = {stem_of(r) for s in beside for r in s.rates}
    if isinstance(left, t.Symbol) and _is_rate_only(left, right, usual):
        return Link("wrong", NO_GRADIENT, causes=("missing-factor", "misprint"))
    if mine is None or not isinstance(left, t.Symbol):
        return None
    if mine.start is None:
        return Link("wrong", NO_START, causes=("misprint", "wrong-rule"))
    if not mine.own:
        if _is_stepped(mine.start, others):
            return None  # from where another rule leads, as with momentum
        why = f"the step of {stem_of(left)} starts from another name"
        return Link("wrong", why, causes=("wrong-variable", "misprint"))
    return _at_another_rate(place, mine, members, others, beside, usual)


def _by_itself(
    members: Sequence[Member], mine: Stride | None, near: Sequence[Statement]
) -> Link | None:
    """What is to be said of ``w := w``, and of ``w := -α ∂J/∂w``, in a document without another step like it."""
    left, right = members[0].expr, members[1].expr
    if members[1].relation == ":=" and left is not None and right is not None:
        if same_tree(left, right):
            return Link("wrong", NO_STEP, causes=("missing-factor", "misprint"))
    if _lacks_a_rate(members, near):
        return Link("unknown", NO_RATE)
    return None if mine is None or mine.start is not None else Link("unknown", NO_START)


def _lacks_a_rate(members: Sequence[Member], near: Sequence[Statement]) -> bool:
    """``b := b + e`` beside ``w := w + η e x``; what else stands in a step may be a rate of its own."""
    sign, mine = _change(members)
    if not mine or any(map(is_rate, mine)):
        return False
    for other in near:
        way, theirs = _change(other.members)
        rest = [f for f in theirs if not is_rate(f)]
        if way == sign and len(rest) == len(theirs) - 1:
            if all(any(same_tree(f, m) for f in rest) for m in mine):
                return True
    return False


def _change(members: Sequence[Member]) -> tuple[int, tuple[t.Expr, ...]]:
    """The sign and the factors of what is added to an old value."""
    left, right = members[0].expr, members[1].expr if len(members) > 1 else None
    match right:
        case t.Sum(terms=(old, step), signs=(1, sign)) if same_tree(old, left):
            return sign, factors_of(step)
    return 0, ()


def of_definition(statement: Statement) -> Verdict | None:
    """``w = -α ∂J/∂w`` and ``x = x``: steps that lack where they start, or go nowhere, and say nothing of a name."""
    members = statement.members
    left, right = members[0].expr, members[1].expr if len(members) == 2 else None
    if left is None or right is None:
        return None
    why = NO_STEP if same_tree(left, right) else ""
    name = left.head if isinstance(left, t.Apply) else left
    match right:
        case t.Negative(operand=step) | t.Sum(terms=(t.Symbol() | t.Apply(), step), signs=(1, -1)):
            slopes = [f for f in factors_of(step) if isinstance(f, t.Derivative)]
            own = [w for f in slopes for w in f.wrt if isinstance(w, t.Symbol)]
            goes_on = isinstance(right, t.Sum) and _base(right.terms[0]) == _base(name)
            if own and not goes_on and all(_base(w) == _base(name) for w in own):
                why = NO_START if any(is_rate(f) for f in factors_of(step)) else why
    if not why:
        return None
    link = Link("unknown", why)
    return Verdict("unknown", members[1], members[0], link)


def _base(tree: t.Expr) -> str:
    head = tree.head if isinstance(tree, t.Apply) else tree
    return head.base if isinstance(head, t.Symbol) else ""


def _at_another_rate(
    place: Place,
    mine: Stride,
    members: Sequence[Member],
    others: Sequence[Statement],
    beside: Sequence[Stride],
    usual: Collection[str],
) -> Link | None:
    """What is to be said of a step that lacks the one rate of all others, or has another; None if it does not."""
    if len(usual) != 1 or any(len(s.rates) != 1 for s in beside):
        return None
    (of_others,) = usual
    if mine.is_bare and not _is_one(place, beside[0].rates[0]):
        return Link("wrong", f"the rate {of_others} is missing", causes=("missing-factor",))
    if len(mine.rates) != 1:
        return None
    (rate,) = mine.rates
    if stem_of(rate) in usual or not _is_no_rate(place, rate, members, others):
        return None
    why = f"{stem_of(rate)} stands where the other steps have {of_others}"
    return Link("wrong", why, causes=("wrong-variable", "misprint"))


def _is_rate_only(left: t.Symbol, right: t.Expr | None, usual: Collection[str]) -> bool:
    """``b = b - α`` beside ``w = w - α dw``."""
    match right:
        case t.Sum(terms=(old, t.Symbol() as rate), signs=(1, -1)):
            return same_tree(old, left) and stem_of(rate) in usual
    return False


def _is_usual(
    place: Place, mine: Stride, members: Sequence[Member], others: Sequence[Statement]
) -> bool:
    """Whether a step has what is a rate by its name alone: it lacks nothing, whatever the others have."""
    if not mine.own or len(mine.rates) != 1 or not _is_named_so(mine.rates[0]):
        return False
    return not _is_no_rate(place, mine.rates[0], members, others)


def _is_named_so(rate: t.Symbol) -> bool:
    return rate.base in GREEK or len(rate.base) > 1


def _near(members: Sequence[Member], others: Sequence[Statement]) -> list[Statement]:
    """The statements around an update; all of a long document for each of its lines would be too many."""
    right = members[1].expr
    at = (n for n, o in enumerate(others) if o.members[1:] and o.members[1].expr is right)
    own = next(at, len(others))
    return [*others[max(own - NEAR, 0) : own], *others[own + 1 : own + 1 + NEAR]]


def stride_of(place: Place, members: Sequence[Member]) -> Stride | None:
    """``w := w - α ∂J/∂w``; None for what is no step along a gradient of its own."""
    if len(members) < 2 or members[0].relation:
        return None
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Symbol):
        return None
    old = old_name(left)
    if members[1].relation != ":=" and old is None and not _starts_alike(left, right):
        return None
    old = old or left
    start: t.Expr | None = None
    match right:
        case t.Sum(terms=(first, step), signs=(1, _)):
            start = first
        case t.Negative():
            step = right
        case _:
            return None
    target = gradient_of(place, unsigned(step)[0])
    if target is None or target != sort(old, place.world.spelling, {}).key:
        return None
    own = start is not None and same_tree(start, old)
    rates = tuple(_rates(place, step, target))
    return Stride(start, own, rates, len(factors_of(unsigned(step)[0])) == 1)


def _is_one(place: Place, rate: t.Symbol) -> bool:
    given = place.ledger.given_by_key.get(sort(rate, place.world.spelling, {}).key)
    return given is not None and bool(np.all(given == 1))


def _starts_alike(left: t.Symbol, right: t.Expr | None) -> bool:
    """``w = w - …``, as programs and many notes write it."""
    return isinstance(right, t.Sum) and same_tree(right.terms[0], left)


def _rates(place: Place, step: t.Expr, target: Key) -> Iterator[t.Symbol]:
    for factor in factors_of(unsigned(step)[0]):
        if isinstance(factor, t.Symbol) and gradient_of(place, factor) != target:
            yield factor


def _is_stepped(start: t.Expr, others: Sequence[Statement]) -> bool:
    """Whether some line gives a name its value: ``w := v - α dw`` with the v of a step ahead."""
    if not isinstance(start, t.Symbol):
        return True
    heads = (o.members[0].expr for o in others if len(o.members) > 1)
    return any(isinstance(h, t.Symbol) and stem_of(h) == stem_of(start) for h in heads)


def _is_no_rate(
    place: Place, rate: t.Symbol, members: Sequence[Member], others: Sequence[Statement]
) -> bool:
    """Whether a name has a formula of its own, or is told of nowhere else."""
    found = place.world.find(sort(rate, place.world.spelling, {}).key, place.position)
    if found is not None:
        return not found[0].numeric and bool(place.world.definitions.get(stem_of(rate)))
    if _is_named_so(rate):
        return False  # a rate of another name
    here = {id(m.expr) for m in members}
    elsewhere = (m.expr for o in others for m in o.members if id(m.expr) not in here)
    names = (p for e in elsewhere if e is not None for p in t.walk(e))
    return not any(isinstance(p, t.Symbol) and stem_of(p) == stem_of(rate) for p in names)
