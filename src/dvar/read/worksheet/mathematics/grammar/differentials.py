"""What stands below a derivative, as what it is taken by."""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t


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
