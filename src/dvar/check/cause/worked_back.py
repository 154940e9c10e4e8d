"""Bends found by working back: what a part of the written formula would have to be, and which name is just that.

At one point the value that is due is carried down into the parts, through sums and products of single numbers
(or of entries one by one).  ``a x`` for ``(a - y) x``: a would have to be ``a - y``, so a term ``- y`` is missing.
So every name of a document can be looked at, for the price of its value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from dvar.check.cause.bend import Bend, source_of, times
from dvar.check.judge.compare import Difference
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.alphabet import COUNTS
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.points import finite, same
from dvar.check.meaning.values import NotUnderstood
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import Rebuild, places

NAMES = 60
"""So many names are looked at, the nearest ones."""
LARGEST = 100
"""A coefficient that anyone forgets."""
_ELEMENTWISE = frozenset({"", "cdot", "*", "times", "odot"})


@dataclass(frozen=True)
class _Needed:
    """A part of a formula, its value, and the one that would make the whole right."""

    part: t.Expr
    value: Array
    due: Array
    is_term: bool = True
    """Whether it is no factor: what its factors lack it lacks as well."""


def worked_back(
    place: Place, text: str, right: t.Expr, link: Link, others: Sequence[t.Symbol]
) -> list[Bend]:
    """One name for another, a factor or a term that is missing, where the values say which it is.

    Args:
        place: of the line; text: the document.
        right: the member at fault; link: what it is compared with.
        others: names that may have been meant.
    """
    difference = link.difference
    if difference is None or difference.sides is None:
        return []
    with place.world.unchanged():  # names that are read here first are made up
        return list(_found(place, text, right, link, difference, others))


def _found(
    place: Place,
    text: str,
    right: t.Expr,
    link: Link,
    difference: Difference,
    others: Sequence[t.Symbol],
) -> Iterator[Bend]:
    point = _Point(place.reader(env=dict(link.env)), difference)
    written = point.value(right)
    if written is None or not same(written, difference.right):
        return  # read in another way than the plainest
    put = {id(part): rebuild for part, rebuild in places(right)}
    names = {
        source_of(text, o): (o, value)
        for o in others[:NAMES]
        if not _is_told_behind(place, o) and (value := point.value(o)) is not None and finite(value)
    }
    for needed in _parts(point, _Needed(right, written, difference.left)):
        rebuild = put.get(id(needed.part))
        if rebuild is not None and finite(needed.value, needed.due):
            yield from _coefficients(needed, rebuild, text)
            yield from _terms_too_many(point, needed, rebuild, text)
            for shown, (name, value) in names.items():
                yield from _bends(needed, rebuild, text, shown, name, value)


def _counts(place: Place, name: t.Symbol) -> bool:
    """Whether a name is an index, or how many there are of something: small numbers, of which many fit."""
    return name.base in COUNTS | place.world.size_names | place.world.spelling.letters


def _is_told_behind(place: Place, name: t.Symbol) -> bool:
    """Whether a name gets its formula only further on: ``r = y - p`` says of every p what it lacks of y."""
    key = sort(name, place.world.spelling, {}).key
    found = place.world.find(key, place.position)
    return found is not None and found[0].position >= place.position


@dataclass
class _Point:
    """Where a difference was found, to which parts of a formula are evaluated."""

    reader: Interpreter
    difference: Difference

    def value(self, tree: t.Expr) -> Array | None:
        """The value of an expression in the shape of the two sides; None if it has another one."""
        shape = self.difference.right.shape
        with suppress(NotUnderstood, RecursionError, ValueError):
            value = self.difference.point.value(self.reader.node(tree))
            if value is None:
                return None
            if value.shape == shape or not value.ndim:
                return np.broadcast_to(value, shape)
            if value.size == self.difference.right.size and max(shape, default=1) == value.size:
                return value.reshape(shape)
        return None


def _parts(point: _Point, whole: _Needed) -> Iterator[_Needed]:
    """The parts of a formula that can be worked back to, with what they would have to be."""
    stack = [whole]
    while stack:
        top = stack.pop()
        yield top
        stack += _within(point, top)


def _within(point: _Point, needed: _Needed) -> list[_Needed]:
    value, due = needed.value, needed.due
    with np.errstate(all="ignore"):
        match needed.part:
            case t.Negative(operand=inner):
                return [_Needed(inner, -value, -due, needed.is_term)]
            case t.Group(kind="(" | "[" | "{", items=(inner,), scripts=()):
                return [_Needed(inner, value, due, needed.is_term)]
            case t.Sum(terms=terms, signs=signs):
                values = [point.value(term) for term in terms]
                return [
                    _Needed(term, v, v + sign * (due - value))
                    for term, sign, v in zip(terms, signs, values, strict=True)
                    if v is not None
                ]
            case t.Product(factors=factors, operators=signs) if _ELEMENTWISE.issuperset(signs):
                values = [point.value(factor) for factor in factors]
                told = [v for v in values if v is not None]
                if len(told) < len(values) or not same(np.prod(told, axis=0), value):
                    return []
                pairs = zip(factors, told, strict=True)
                return [_Needed(f, v, v * due / value, False) for f, v in pairs]
            case t.Quotient(above=above, below=below) if not _is_coefficient(needed.part):
                top, bottom = point.value(above), point.value(below)
                if top is None or bottom is None or not same(top / bottom, value):
                    return []
                return [_Needed(above, top, due * bottom, False), _Needed(below, bottom, top / due)]
    return []


def _bends(
    needed: _Needed, rebuild: Rebuild, text: str, shown: str, name: t.Symbol, value: Array
) -> Iterator[Bend]:
    part, span = needed.part, needed.part.span
    with np.errstate(all="ignore"):
        ratio, rest = needed.due / needed.value, needed.due - needed.value
    placed = replace(name, span=span)
    if isinstance(part, t.Symbol) and same(needed.due, value):
        what = f"{shown} for {source_of(text, part)}"
        yield Bend("wrong-variable", rebuild(placed), (span, shown), what)
    if needed.is_term and finite(ratio):
        for factor, written in _factors(placed, shown, ratio, value):
            for operator in ("", "odot"):
                both = (factor, t.Group("(", (part,), span))
                edit = (span, times(written, part, text))
                whole = rebuild(t.Product(both, (operator,), span))
                yield Bend("missing-factor", whole, edit, f"the factor {written}")
    for sign in (-1, 1):
        if same(rest, sign * value):
            terms, signs = (part.terms, part.signs) if isinstance(part, t.Sum) else ((part,), (1,))
            more = t.Sum((*terms, placed), (*signs, sign), span)
            written = f" {'-' if sign < 0 else '+'} {shown}"
            edit = ((span[1], span[1]), written)
            whole = rebuild(t.Group("(", (more,), span))
            yield Bend("missing-path", whole, edit, f"the term{written}")


def _coefficients(needed: _Needed, rebuild: Rebuild, text: str) -> Iterator[Bend]:
    """Another number in front: ``2 p`` for ``3 p``, ``4 p`` for ``\\frac{1}{2} p``."""
    part, due = needed.part, float(needed.due.flat[0].real)
    if not _is_coefficient(part) or not same(needed.due, np.full_like(needed.due, round(due))):
        return
    if 2 <= due <= LARGEST:
        shown, span = f"{due:.0f}", part.span
        what = f"{shown} for {source_of(text, part)}"
        whole = rebuild(t.Number(shown, span))
        yield Bend("factor", whole, (span, shown), what, is_coefficient=True)


def _terms_too_many(point: _Point, needed: _Needed, rebuild: Rebuild, text: str) -> Iterator[Bend]:
    """``2 p + u`` for ``2 p``; a product, ``λ w``, may come from what a document says elsewhere.

    What stands first has a sign of its own, and is left alone.
    """
    part = needed.part
    if not isinstance(part, t.Sum):
        return
    for n in range(1, len(part.terms)):
        if not _is_one_name(part.terms[n]):
            continue
        value = point.value(part.terms[n])
        if value is None or not same(needed.value - part.signs[n] * value, needed.due):
            continue
        terms = part.terms[:n] + part.terms[n + 1 :]
        signs = part.signs[:n] + part.signs[n + 1 :]
        rest = replace(part, terms=terms, signs=signs) if len(terms) > 1 else terms[0]
        span = (part.terms[n - 1].span[1], part.terms[n].span[1])
        what = f"the term {source_of(text, part.terms[n])} is one too many"
        yield Bend("missing-path", rebuild(rest), (span, ""), what)


def _is_one_name(term: t.Expr) -> bool:
    """``u``, ``2 v``, ``u^2``."""
    factors = term.factors if isinstance(term, t.Product) else (term,)
    names = [f for f in factors if not isinstance(f, t.Number)]
    return len(names) <= 1 and all(isinstance(name, t.Symbol) for name in names)


def _is_coefficient(part: t.Expr) -> bool:
    """A number, or a fraction of two; what stands in such a fraction is none, nor is the 1 of ``1/3x``."""
    if isinstance(part, t.Quotient):
        return isinstance(part.above, t.Number) and isinstance(part.below, t.Number)
    return isinstance(part, t.Number) and part.value != 1


def _factors(
    name: t.Symbol, shown: str, ratio: Array, value: Array
) -> Iterator[tuple[t.Expr, str]]:
    """A name, or what is left to 1 of it, if that is what two values differ by."""
    if same(ratio, value):
        yield name, shown
    if same(ratio, 1 - value):
        one = t.Number("1", name.span)
        rest = t.Group("(", (t.Sum((one, name), (1, -1), name.span),), name.span)
        yield rest, f"(1 - {shown})"


__all__ = ["worked_back"]
