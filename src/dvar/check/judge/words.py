"""Words for a verdict: what is wrong, why, what it should be, an example of the difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from dvar.check.cause.arithmetic import left_out
from dvar.check.cause.bend import Bend
from dvar.check.cause.find import Fault, Found, find, may_be_mended
from dvar.check.cause.trying import compared
from dvar.check.cause.unput import meant
from dvar.check.derivation import derivation_of
from dvar.check.judge import earlier
from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain
from dvar.check.judge.putting import has_more
from dvar.check.judge.repairs import (
    Written,
    expected_of,
    numbers_due,
    repaired_of,
    shown,
    told_apart,
)
from dvar.check.meaning import effort
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import OUTER, node_of
from dvar.check.report import CAUSES
from dvar.core.node import topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member

NOTHING = 1e-12
"""So small beside the other side is what is left of a 0."""


@dataclass(frozen=True)
class Explained:
    """The parts of a judgement that are for people."""

    message: str = ""
    cause: str | None = None
    causes: tuple[str, ...] = ()
    expected: str | None = None
    found: str | None = None
    from_line: int | None = None
    counterexample: str | None = None
    repaired: str | None = None
    derive: Callable[[], str] | None = None
    sure: bool = False


DOUBT = (
    "the two sides differ as they are read here, but no single slip explains it beyond doubt: "
    "perhaps something else is meant"
)


def doubtful(explained: Explained) -> Explained:
    """What is said of a difference that may be no mistake."""
    return replace(
        explained,
        message=DOUBT,
        cause=None,
        causes=(),
        counterexample=None,
        expected=None,
        repaired=None,
        derive=None,
    )


def unexplained(written: Written, verdict: Verdict) -> Explained:
    """What is said of a difference whatever its cause may be."""
    member = verdict.member
    return Explained(
        found=None if member is None else written.text[member.span[0] : member.span[1]]
    )


def message_of(
    place: Place,
    written: Written,
    verdict: Verdict,
    chain: Sequence[Member],
    others: Sequence[t.Symbol],
) -> Explained:
    link, member = verdict.link, verdict.member
    if link is None or verdict.verdict in ("ok", "definition", "given", "skipped"):
        why = "" if link is None or link.why in _LAID_OUT else link.why
        return Explained(verdict.note or why)
    if verdict.verdict == "convention":
        return Explained(_CONVENTIONS.get(link.why, link.why))
    found = written.text[member.span[0] : member.span[1]] if member is not None else None
    if verdict.verdict == "unknown":
        return Explained(f"not understood: {link.why}", found=found)
    if verdict.verdict == "carried":
        line = link.roots[0] if link.roots else None
        return Explained(
            f"follows from the mistake in line {line}; the step itself is right",
            expected=numbers_due(link),
            found=found,
            from_line=line,
        )
    return _faulty(place, written, verdict, link, found, chain, others)


_LAID_OUT = frozenset({"orientation", "scalar", "elementwise", OUTER})
"""How two sides were laid out to be compared, which is no news to anyone."""
_CONVENTIONS = {
    "layout": "right in the other layout of Jacobians",
    "transposed": "right in the layout whose gradients are transposed",
    "shorthand": "right as a shorthand: the array that the upstream gradient is multiplied with",
    "entry": "right for every entry: an array on one side, one of its entries on the other",
}


def _faulty(
    place: Place,
    written: Written,
    verdict: Verdict,
    link: Link,
    found: str | None,
    chain: Sequence[Member],
    others: Sequence[t.Symbol],
) -> Explained:
    before, member = verdict.previous, verdict.member
    cause = Found(())
    left, right = (None if m is None else m.expr for m in (before, member))
    if left is not None and right is not None:
        if link.causes:
            bend = None if link.mend is None else Bend(link.causes[0], right, link.mend)
            cause = Found(link.causes, bend)
        elif link.left is not None or link.numbers is not None:
            fault = Fault(place, written.text, left, right, link, others)
            with place.world.unchanged():
                cause = find(fault)
                goes_on = bool(chain) and before is not chain[0] and _are_worked_out(left)
                if not cause.causes and (goes_on or _are_worked_out(left, right)):
                    cause = _in_front(fault)
                if not cause.causes and link.numbers is not None:
                    cause = _by_numbers(fault)
                if not cause.causes and isinstance(left, t.Derivative):
                    cause = _by_another_formula(fault)
    expected = expected_of(place, written, link, cause, member)
    repaired = repaired_of(written, verdict, cause, expected)
    of_value = cause.before is None or link.numbers is None
    counterexample = (
        _counterexample(place, link, before, member, written.text) if of_value else None
    )
    only = cause.causes[0] if cause.causes else None
    derive = derivation_of(place, left, link.env)
    return Explained(
        _sentence(link, cause, expected),
        only,
        cause.causes,
        expected,
        found,
        None,
        counterexample,
        repaired,
        derive,
        cause.sure,
    )


def _are_worked_out(*sides: t.Expr) -> bool:
    explicit = (t.Sum, t.Product, t.Quotient, t.Power, t.Group, t.Negative)
    return all(isinstance(side, explicit) for side in sides)


_OF_FORM = frozenset({"sign", "wrong-rule"})
"""Slips that take no name away and bring none."""


def _in_front(fault: Fault) -> Found:
    """A change of the formula in front that makes the two equal: a slip there, or in working it out.

    A name that is gone may be gone by what is said of it (``Σ y_k = 1``); another function or sign does not say that
    it is: ``cos θ · r sin θ + sin θ · r sin θ = r``.
    """
    link = fault.link
    if link.left is None or link.right is None:
        return Found(())
    left, right = (set(names_beneath([node_of(side)])) for side in (link.left, link.right))
    if not right or not right <= left:
        return Found(())
    turned = replace(link, left=link.right, right=link.left, difference=None)
    other = replace(fault, left=fault.right, right=fault.left, link=turned)

    def may_count(bend: Bend) -> bool:
        return left == right or bend.cause in _OF_FORM

    found = find(other) if may_be_mended(other, may_count) else Found(())
    if found.bend is None or not may_count(found.bend):
        return Found(())
    said = f"in working out the formula before, look at {found.bend.what}"
    return Found(found.causes, None, said, found.bend)


def _by_numbers(fault: Fault) -> Found:
    """A slip in the formula in front, whose own numbers stand behind it."""
    bend = meant(fault.place, fault.text, fault.left, fault.right, fault.others)
    if bend is None:
        return Found(())
    said = f"the numbers are those of another formula, look at {bend.what}"
    return Found((bend.cause,), None, said, bend)


def _by_another_formula(fault: Fault) -> Found:
    """A slip by a formula of before that another one has replaced: "for y = 1 it is ``L = -log p``; in general …"."""
    place, left, right = fault.place, fault.left, fault.right
    for before in earlier.replaced(place, left):
        with place.world.unchanged():
            place.world.define(before)
            link = compared(place, left, right, fault.envs)
            if link.verdict != "wrong":
                return Found(())
            found = find(replace(fault, link=link))
        if found.bend is not None:
            return found
    return Found(())


def with_cause(place: Place, verdict: Verdict, told: Explained) -> Explained:
    """Numbers that no slip explains, and that are wrong beyond doubt, are a slip of arithmetic.

    That they lack a known number is no more than a guess, which may not tell whether they are wrong.
    """
    link, before, member = verdict.link, verdict.previous, verdict.member
    if told.causes not in ((), ("arithmetic",)) or link is None or link.numbers is None:
        return told
    cause = None
    left, right = (None if m is None else m.expr for m in (before, member))
    with suppress(effort.TooMuch), place.world.unchanged():
        cause = left_out(place, left, right, link.numbers)
    if cause is None and left is not None and right is not None and has_more(place, left, right):
        more = isinstance(right, t.Sum) and _terms_in(right) > _terms_in(left)
        cause = "missing-path" if more else "missing-factor"
        due = f"the formula in front comes to {told.expected}"
        what = "a term" if more else "a factor"
        return replace(
            told,
            cause=cause,
            causes=(cause, "arithmetic"),
            message=f"{due}; more numbers are put in than it has names: {what} is missing there",
        )
    if cause is None:
        return replace(told, cause="arithmetic", causes=("arithmetic",))
    return replace(told, cause=cause, causes=(cause, "arithmetic"))


def _terms_in(tree: t.Expr) -> int:
    """How many terms a sum has; anything else is one."""
    return len(tree.terms) if isinstance(tree, t.Sum) else 1


def _sentence(link: Link, cause: Found, expected: str | None) -> str:
    said = link.why or cause.remark
    if not said and cause.bend is not None and cause.bend.what:
        said = f"to look at: {cause.bend.what}"
    if not said and cause.causes:
        said = CAUSES[cause.causes[0]]
    if len(cause.causes) > 1:
        said = (
            f"{said} (also possible: {', '.join(cause.causes[1:])})"
            if said
            else f"several causes fit: {', '.join(cause.causes)}"
        )
    should = f"this should be {expected}" if expected else "the two sides differ"
    return f"{should}; {said}" if said else should


def _counterexample(
    place: Place, link: Link, before: Member | None, member: Member | None, text: str
) -> str | None:
    d = link.difference
    if d is None:
        if link.numbers is None:
            return None
        due, written = told_apart(*link.numbers)
        return f"{due} is due, {written} is written"
    at = []
    for side in (link.left, link.right):
        if side is None:
            continue
        for node in topological([node_of(side)]):
            key = place.world.keys.get(node)
            if key is not None and node in d.point.values and not node.shape:
                entry = f"{key} = {float(d.point.values[node]):.3g}"
                if entry not in at:
                    at.append(entry)
    where = f"at {', '.join(at[:5])}: " if at else ""
    return f"{where}{shown(_cleared(d.left, d.right))} against {shown(_cleared(d.right, d.left))}"


def _cleared(value: Array, beside: Array) -> Array:
    """A value in which what rounding has left of a 0 is one."""
    scale = np.max(np.abs(np.asarray(beside, dtype=float)), initial=0.0)
    return np.where(np.abs(value) < NOTHING * scale, 0.0, value)


__all__ = ["Explained", "is_plain", "message_of", "with_cause"]
