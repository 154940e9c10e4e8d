r"""Sums and products that are written with dots: ``w_1 x_1 + w_2 x_2 + \cdots + w_n x_n`` is ``\sum_k w_k x_k``.

Two terms that are alike but for numbers that go up by one, or a first and a last one, tell all the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

_LETTERS = "kjiqprs"
"""Letters for what the dots run over; one that runs over something already is the likeliest to do so here."""


class _Step(NamedTuple):
    """What differs between two terms.

    Attributes:
        start, end: the numbers or letters there: 1 and 2, or 1 and n.
    """

    start: t.Expr
    end: t.Expr


def summed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with such sums and products as ``Big``; dots that tell no rule stay."""
    if not any(isinstance(part, t.Ellipsis) for part in parts(statements)):
        return list(statements)
    known = spelling_of(statements).letters

    def change(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Sum):
            return _whole(part, part.terms, "sum", known)
        if isinstance(part, t.Product):
            return _whole(part, part.factors, "prod", known)
        return None

    return [in_members(s, change) for s in statements]


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
    found: list[_Step] | None = None
    if at >= 2:
        found = _steps(terms[at - 2], first)
        if found and all(_follows(s.start, s.end) for s in found):
            first = terms[at - 2]
        else:
            found = None
    last = _steps(first, terms[at + 1]) if at + 1 < len(terms) else None
    if last and not _is_end(last, found):
        last = None
    steps = found or last
    if steps and not last and at + 1 < len(terms) and _stems(first) <= _stems(terms[at + 1]):
        return None  # a last term that is not understood
    if not steps or len({_text(s.start) for s in steps}) > 1:
        return None  # offsets of their own, w_1 x_0 + w_2 x_1: rare, and left as they are
    letter = _letter(terms, known)
    if letter is None:
        return None
    other = terms[at - 1] if found else terms[at + 1]
    body = _with_letter(first, other, letter)
    start = at - 2 if found else at - 1
    while start and found and _precedes(terms[start - 1], first):
        start, first = start - 1, terms[start - 1]
        steps = _steps(first, terms[start + 1]) or steps
    high = _bound(last[0].end) if last else None
    return _Run(start, at + 2 if last else at + 1, letter, _bound(steps[0].start), high, body)


def _bound(tree: t.Expr) -> t.Expr:
    """A number or letter in a subscript as what it is elsewhere."""
    if not isinstance(tree, t.Label):
        return tree
    return t.Number(tree.text, tree.span) if tree.text.isdigit() else t.Symbol(tree.text, tree.span)


def _stems(tree: t.Expr) -> set[str]:
    return {
        part.base for part in t.walk(tree) if isinstance(part, t.Symbol) and not _is_count(part)
    }


def _precedes(term: t.Expr, other: t.Expr) -> bool:
    steps = _steps(term, other)
    return bool(steps) and all(_follows(s.start, s.end) for s in steps or ())


def _is_end(last: Sequence[_Step], found: Sequence[_Step] | None) -> bool:
    """Whether a last term ends at one number or letter, in the places that are counted."""
    one = len({_text(s.end) for s in last}) == 1
    return (
        one
        and not _follows(last[0].start, last[0].end)
        and (found is None or len(found) == len(last))
    )


def _steps(a: Any, b: Any) -> list[_Step] | None:
    """The places in which two terms differ; None if they differ in more than numbers or letters that count."""
    b = _spaced(a, b)
    if type(a) is type(b):
        if isinstance(a, tuple):
            pairs = (
                [_steps(x, y) for x, y in zip(a, b, strict=False)] if len(a) == len(b) else [None]
            )
            return None if None in pairs else [s for p in pairs for s in p or ()]
        if isinstance(a, (t.Number, t.Label)) and a.text != b.text:
            return _label_steps(a, b)
        if hasattr(a, "span"):
            if isinstance(a, t.Symbol) and a.base != b.base and _is_count(b):
                return None
            inner = [
                _steps(getattr(a, f.name), getattr(b, f.name))
                for f in fields(a)
                if f.name != "span"
            ]
            return None if None in inner else [s for p in inner for s in p or ()]
        return [] if a == b else None
    if isinstance(a, (t.Number, t.Label)) and _is_count(b):
        return [_Step(a, b)] if _number(a) is not None else None
    return None


def _spaced(a: Any, b: Any) -> Any:
    """``wn`` beside ``w1`` with its letter below it, also where it was read as a product."""
    if isinstance(a, t.Product) and isinstance(b, t.Product) and len(b.factors) > len(a.factors):
        return _joined(b)
    if not (isinstance(a, t.Symbol) and isinstance(b, t.Symbol) and len(a.subscripts) == 1):
        return b
    if b.subscripts or b.base[:-1] != a.base or _number(a.subscripts[0]) is None:
        return b
    return replace(b, base=a.base, subscripts=(t.Label(b.base[-1], b.span),))


def _joined(product: t.Product) -> t.Product:
    factors, operators = [product.factors[0]], []
    for operator, factor in zip(product.operators, product.factors[1:], strict=True):
        before = factors[-1]
        if (
            not operator
            and isinstance(before, t.Symbol)
            and not before.subscripts
            and _is_count(factor)
        ):
            factors[-1] = replace(before, subscripts=(factor,))
        else:
            operators.append(operator)
            factors.append(factor)
    return replace(product, factors=tuple(factors), operators=tuple(operators))


def _label_steps(a: t.Number | t.Label, b: t.Number | t.Label) -> list[_Step] | None:
    """``1`` and ``2``, or ``j1`` and ``jn``: one sign of two labels."""
    if _number(a) is not None and (_number(b) is not None or len(b.text) == 1):
        return [_Step(a, b)]
    if len(a.text) != len(b.text):
        return None
    places = [n for n, (x, y) in enumerate(zip(a.text, b.text, strict=True)) if x != y]
    if len(places) != 1 or not a.text[places[0]].isdigit():
        return None
    n = places[0]
    start = t.Number(a.text[n], a.span)
    digit = b.text[n].isdigit()
    return [_Step(start, t.Number(b.text[n], b.span) if digit else t.Symbol(b.text[n], b.span))]


def _is_count(tree: t.Expr) -> bool:
    """A number, or a letter alone."""
    if isinstance(tree, t.Symbol):
        return len(tree.base) == 1 and not (tree.subscripts or tree.scripts or tree.primes)
    return isinstance(tree, t.Label) and (len(tree.text) == 1 or tree.text.isdigit())


def _number(tree: t.Expr) -> int | None:
    text = tree.text if isinstance(tree, (t.Number, t.Label)) else ""
    return int(text) if text.isdigit() and len(text) < 4 else None


def _follows(a: t.Expr, b: t.Expr) -> bool:
    x, y = _number(a), _number(b)
    return x is not None and y is not None and y == x + 1


def _text(tree: t.Expr) -> str:
    return tree.base if isinstance(tree, t.Symbol) else getattr(tree, "text", "")


def _with_letter(a: Any, b: Any, letter: str) -> Any:
    """The first of two terms with a letter in the places in which they differ."""
    b = _spaced(a, b)
    if isinstance(a, tuple):
        return tuple(_with_letter(x, y, letter) for x, y in zip(a, b, strict=True))
    if not hasattr(a, "span"):
        return a
    if isinstance(a, (t.Number, t.Label)):
        if type(a) is type(b) and a.text == b.text:
            return a
        if (
            isinstance(a, t.Label)
            and len(a.text) > 1
            and isinstance(b, t.Label)
            and _number(a) is None
        ):
            pairs = zip(a.text, b.text, strict=True)
            return replace(a, text="".join(x if x == y else letter for x, y in pairs))
        return t.Symbol(letter, a.span)
    inner = {
        f.name: _with_letter(getattr(a, f.name), getattr(b, f.name), letter)
        for f in fields(a)
        if f.name != "span"
    }
    return replace(a, **inner)


def _letter(terms: Sequence[t.Expr], known: frozenset[str] | set[str]) -> str | None:
    """A letter that stands nowhere in the terms, rather one that counts something elsewhere."""
    used = {
        c
        for term in terms
        for part in t.walk(term)
        if not isinstance(part, t.Script)
        for c in _text(part)
    }
    free = [c for c in _LETTERS if c not in used]
    return next((c for c in free if c in known), free[0] if free else None)
