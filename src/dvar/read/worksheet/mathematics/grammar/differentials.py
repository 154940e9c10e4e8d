"""What stands below a derivative, as what it is taken by; and how far an operator in front of a product acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import factors_of, same_tree


def counted(expr: t.Expr, order: int) -> tuple[t.Expr, int]:
    """``x^2`` below a second derivative: x, twice."""
    if not isinstance(expr, t.Symbol) or not expr.scripts:
        return expr, 1
    last = expr.scripts[-1]
    value = last.value
    if (
        last.kind != "plain"
        or not isinstance(value, t.Number)
        or not value.is_whole
        or value.value > order
    ):
        return expr, 1
    return replace(expr, scripts=expr.scripts[:-1]), int(value.value)


def unwrapped(expr: t.Expr) -> t.Expr:
    """``d(loss)/dw`` is of the loss."""
    match expr:
        case t.Group(kind="(", items=(only,), subscripts=(), scripts=(), primes=0):
            return only
    return expr


def named(expr: t.Expr) -> t.Expr:
    """A label below an operator is a symbol."""
    if isinstance(expr, t.Label) and not expr.text.isdigit():
        letters = expr.text.rstrip("0123456789")
        digits = expr.text[len(letters) :]
        subscripts = (t.Label(digits, expr.span),) if digits and letters else ()
        return t.Symbol(letters or expr.text, expr.span, "", (), subscripts)
    return expr


def by_product_rule(terms: Sequence[t.Expr]) -> list[t.Expr]:
    """``d/dx f · g + f · d/dx g``: where another term tells the rest of the rule, an operator acts on one factor."""
    return [_split(term, [o for o in terms if o is not term]) or term for term in terms]


def _split(term: t.Expr, others: Sequence[t.Expr]) -> t.Product | None:
    if not isinstance(term, t.Derivative) or not term.operator:
        return None
    if not isinstance(term.of, t.Product):
        return None
    factors, signs = term.of.factors, term.of.operators
    for other in others:
        *ahead, slope = factors_of(other)
        if not isinstance(slope, t.Derivative) or not slope.operator or slope.of is None:
            continue
        n = len(ahead)
        if same_tree((*ahead, *factors_of(slope.of)), factors) and same_tree(slope.wrt, term.wrt):
            of = factors[0] if n == 1 else t.Product(factors[:n], signs[: n - 1], term.of.span)
            return t.Product((replace(term, of=of), *factors[n:]), signs[n - 1 :], term.span)
    return None
