r"""Sums and products that are written with dots: ``w_1 x_1 + w_2 x_2 + \cdots + w_n x_n`` is ``\sum_k w_k x_k``.

Two terms that are alike but for numbers that go up by one, or a first and a last one, tell all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from dvar.check.meaning.counting import Step, differences, filled, follows, is_count, text
from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

_LETTERS = "kjiqprs"
"""Letters for what the dots run over; one that runs over something already is the likeliest to do so here."""


def summed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with such sums and products as ``Big``; dots that tell no rule stay."""
    if not any(isinstance(part, t.Ellipsis) for part in parts(statements)):
        return list(statements)
    known = spelling_of(statements).letters

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Sum):
            part = _with_plus(part)
            return _whole(part, part.terms, "sum", known)
        if isinstance(part, t.Product):
            return _whole(part, part.factors, "prod", known)
        return None

    return [in_members(s, change) for s in statements]


def _with_plus(tree: t.Sum) -> t.Sum:
    r"""``w_0 x_0 + w_1 x_1 \dots w_m x_m``, with the signs around the dots that the author leaves out."""
    first, last = tree.terms[0], tree.terms[-1]
    inside = last.factors if isinstance(last, t.Product) else ()
    at = next((n for n, x in enumerate(inside) if isinstance(x, t.Ellipsis)), 0)
    alike = isinstance(first, t.Product) and len(first.factors) == at
    if not alike or len(inside) != 2 * at + 1 or tree.signs[-1] < 0 or at < 2:
        return tree
    ends = (inside[:at], inside[at + 1 :])
    a, b = (t.Product(x, ("",) * (at - 1), (x[0].span[0], x[-1].span[1])) for x in ends)
    terms = (*tree.terms[:-1], a, inside[at], b)
    return replace(tree, terms=terms, signs=(*tree.signs, 1, 1))


def _whole(
    part: t.Sum | t.Product, terms: Sequence[t.Expr], name: str, known: frozenset[str] | set[str]
) -> t.Expr | None:
    """The sum or product with its dots written out; None where there are none, or they tell no rule."""
    dots = [n for n, term in enumerate(terms) if isinstance(term, t.Ellipsis)]
    if len(dots) != 1 or not dots[0]:
        return None
    at = dots[0]
    signs = part.signs if isinstance(part, t.Sum) else (1,) * len(terms)
    run = _run(terms, at, known)
    if run is None or len(set(signs[run.first : run.last])) > 1:
        return None
    big = t.Big(name, (run.letter,), run.low, run.high, None, run.body, part.span)
    before, after = terms[: run.first], terms[run.last :]
    if not before and not after and signs[run.first] > 0:
        return big
    if isinstance(part, t.Sum):
        return t.Sum(
            (*before, big, *after),
            (*signs[: run.first], signs[run.first], *signs[run.last :]),
            part.span,
        )
    return None  # what a product of others goes on to is not clear


class _Run(NamedTuple):
    """Terms ``first`` to ``last`` - 1 as one: ``body`` for every ``letter`` from ``low`` to ``high``."""

    first: int
    last: int
    letter: str
    low: t.Expr
    high: t.Expr | None
    body: t.Expr


def _run(terms: Sequence[t.Expr], at: int, known: frozenset[str] | set[str]) -> _Run | None:
    first = terms[at - 1]
    found: list[Step] | None = None
    if at >= 2:
        found = differences(terms[at - 2], first)
        if found and all(follows(s.start, s.end) for s in found):
            first = terms[at - 2]
        else:
            found = None
    last = differences(first, terms[at + 1]) if at + 1 < len(terms) else None
    if last and not _is_end(last, found):
        last = None
    steps = found or last
    if steps and not last and at + 1 < len(terms) and _stems(first) <= _stems(terms[at + 1]):
        return None  # a last term that is not understood
    if not steps or len({text(s.start) for s in steps}) > 1:
        return None  # offsets of their own, w_1 x_0 + w_2 x_1: rare, and left as they are
    letter = _letter(terms, known)
    if letter is None:
        return None
    other = terms[at - 1] if found else terms[at + 1]
    body = filled(first, other, lambda x: t.Symbol(letter, x.span))
    start = at - 2 if found else at - 1
    while start and found and _precedes(terms[start - 1], first):
        start, first = start - 1, terms[start - 1]
        steps = differences(first, terms[start + 1]) or steps
    high = _bound(last[0].end) if last else None
    return _Run(start, at + 2 if last else at + 1, letter, _bound(steps[0].start), high, body)


def _bound(tree: t.Expr) -> t.Expr:
    """A number or letter in a subscript as what it is elsewhere."""
    if not isinstance(tree, t.Label):
        return tree
    return t.Number(tree.text, tree.span) if tree.text.isdigit() else t.Symbol(tree.text, tree.span)


def _stems(tree: t.Expr) -> set[str]:
    return {part.base for part in t.walk(tree) if isinstance(part, t.Symbol) and not is_count(part)}


def _precedes(term: t.Expr, other: t.Expr) -> bool:
    steps = differences(term, other)
    return bool(steps) and all(follows(s.start, s.end) for s in steps or ())


def _is_end(last: Sequence[Step], found: Sequence[Step] | None) -> bool:
    """Whether a last term ends at one number or letter, in the places that are counted."""
    one = len({text(s.end) for s in last}) == 1
    return (
        one
        and not follows(last[0].start, last[0].end)
        and (found is None or len(found) == len(last))
    )


def _letter(terms: Sequence[t.Expr], known: frozenset[str] | set[str]) -> str | None:
    """A letter that stands nowhere in the terms, rather one that counts something elsewhere."""
    used = {
        c
        for term in terms
        for part in t.walk(term)
        if not isinstance(part, t.Script)
        for c in text(part)
    }
    free = [c for c in _LETTERS if c not in used]
    return next((c for c in free if c in known), free[0] if free else None)
