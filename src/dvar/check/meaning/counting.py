"""Counting up: the places in which two expressions differ by what counts, and others with another number there.

``h(x^{(1)})`` and ``h(x^{(2)})`` tell ``h(x^{(k)})``; ``w_1 x_1`` and ``w_n x_n`` the terms between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

from dvar.check.meaning.alphabet import COUNTS
from dvar.read.worksheet import tree as t


class Step(NamedTuple):
    """What differs between two expressions.

    Attributes:
        start, end: the numbers or letters there: 1 and 2, or 1 and n.
    """

    start: t.Expr
    end: t.Expr


def counted(first: t.Expr, second: t.Expr) -> Callable[[int], t.Expr] | None:
    """A function from k to the expression in which what is 1 in ``first`` and 2 in ``second`` is k.

    None where the two differ in anything else.
    """
    found = differences(first, second)
    if found is None or not all(follows(s.start, s.end) for s in found):
        return None
    return lambda k: _numbered(first, second, k - 1)


def listed(items: Sequence[t.Expr]) -> tuple[Callable[[int], t.Expr], int, t.Expr] | None:
    """``r_1, …, r_N`` or ``h(1), h(2), …, h(N)``: a function from the count, where it starts, and where it ends.

    None where the dots do not stand between such entries.
    """
    dots = [n for n, item in enumerate(items) if isinstance(item, t.Ellipsis)]
    if len(dots) != 1 or dots[0] not in (1, 2) or dots[0] != len(items) - 2:
        return None
    found = differences(items[0], items[-1])
    if not found or len({text(s.start) for s in found}) > 1:
        return None
    start = int(text(found[0].start))
    return lambda k: _numbered(items[0], items[-1], k - start), start, found[0].end


def counted_to(part: t.Expr | t.Script) -> Iterator[tuple[str, int, str]]:
    r"""``("x", 0, "n")`` for ``(x_1, \dots, x_n)`` and a column of such: that index of x runs to n."""
    found: Sequence[t.Expr] = part.items if isinstance(part, t.Group) else ()
    if isinstance(part, t.Matrix):
        rows = [r for r in part.rows if not all(isinstance(x, t.Ellipsis) for x in r)]
        for row in rows:
            yield from counted_to(t.Group("tuple", row, part.span))
        if len(rows) < len(part.rows) and all(len(row) == 1 for row in part.rows):
            found = [row[0] for row in part.rows]
    run = listed(found) if any(isinstance(x, t.Ellipsis) for x in found) else None
    if run is None or run[1] != 1 or not isinstance(run[2], (t.Label, t.Symbol)):
        return
    end = run[2].text if isinstance(run[2], t.Label) else run[2].base
    for name in (x for x in t.walk(found[-1]) if isinstance(x, t.Symbol)):
        below = "".join(map(text, name.subscripts))  # of a_{mn}
        for at in (n for n, letter in enumerate(below) if letter == end):
            yield name.base, at, end


def _numbered(a: t.Expr, b: t.Expr, more: int) -> t.Expr:
    """The first of two expressions with larger numbers in the places in which they differ."""

    def put(x: t.Number | t.Label) -> t.Expr:
        return replace(x, text=str(int(x.text) + more))

    found: t.Expr = filled(a, b, put)
    return found


def differences(a: Any, b: Any) -> list[Step] | None:
    """The places in which two terms differ; None if they differ in more than numbers or letters that count."""
    b = _spaced(a, b)
    if type(a) is type(b):
        if isinstance(a, tuple):
            pairs = (
                [differences(x, y) for x, y in zip(a, b, strict=False)]
                if len(a) == len(b)
                else [None]
            )
            return None if None in pairs else [s for p in pairs for s in p or ()]
        if isinstance(a, (t.Number, t.Label)) and a.text != b.text:
            return _label_steps(a, b)
        if hasattr(a, "span"):
            if isinstance(a, t.Symbol) and a.base != b.base and is_count(b):
                return None
            inner = [
                differences(getattr(a, f.name), getattr(b, f.name))
                for f in fields(a)
                if f.name != "span"
            ]
            return None if None in inner else [s for p in inner for s in p or ()]
        return [] if a == b else None
    is_end = is_count(b) or (isinstance(b, t.Symbol) and b.base in COUNTS and not b.scripts)
    return [Step(a, b)] if is_end and _number(a) is not None else None


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
            and is_count(factor)
        ):
            factors[-1] = replace(before, subscripts=(factor,))
        else:
            operators.append(operator)
            factors.append(factor)
    return replace(product, factors=tuple(factors), operators=tuple(operators))


def _label_steps(a: t.Number | t.Label, b: t.Number | t.Label) -> list[Step] | None:
    """``1`` and ``2``, or ``j1`` and ``jn``: one sign of two labels."""
    if _number(a) is not None and (_number(b) is not None or len(b.text) == 1):
        return [Step(a, b)]
    if len(a.text) != len(b.text):
        return None
    places = [n for n, (x, y) in enumerate(zip(a.text, b.text, strict=True)) if x != y]
    if len(places) != 1 or not a.text[places[0]].isdigit():
        return None
    n = places[0]
    start = t.Number(a.text[n], a.span)
    digit = b.text[n].isdigit()
    return [Step(start, t.Number(b.text[n], b.span) if digit else t.Symbol(b.text[n], b.span))]


def is_count(tree: t.Expr) -> bool:
    """A number, or a letter alone."""
    if isinstance(tree, t.Symbol):
        return len(tree.base) == 1 and not (tree.subscripts or tree.scripts or tree.primes)
    return isinstance(tree, t.Label) and (len(tree.text) == 1 or tree.text.isdigit())


def _number(tree: t.Expr) -> int | None:
    written = tree.text if isinstance(tree, (t.Number, t.Label)) else ""
    return int(written) if written.isdigit() and len(written) < 4 else None


def follows(a: t.Expr, b: t.Expr) -> bool:
    x, y = _number(a), _number(b)
    return x is not None and y is not None and y == x + 1


def text(tree: t.Expr) -> str:
    return tree.base if isinstance(tree, t.Symbol) else getattr(tree, "text", "")


def filled(a: Any, b: Any, put: Callable[[t.Number | t.Label], t.Expr]) -> Any:
    """The first of two expressions with something else in the places in which they differ."""
    b = _spaced(a, b)
    if isinstance(a, tuple):
        return tuple(filled(x, y, put) for x, y in zip(a, b, strict=True))
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
            signs = (x if x == y else text(put(replace(a, text=x))) for x, y in pairs)
            return replace(a, text="".join(signs))
        return put(a)
    inner = {
        f.name: filled(getattr(a, f.name), getattr(b, f.name), put)
        for f in fields(a)
        if f.name != "span"
    }
    return replace(a, **inner)
