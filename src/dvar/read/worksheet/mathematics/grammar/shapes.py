r"""Sets of arrays: what stands behind ∈ or under a brace, as a shape where it is one."""

from __future__ import annotations

import re

from dvar.read.worksheet import tree as t

_BY = re.compile(r"([A-Za-z]|\d+)x([A-Za-z]|\d+)")


def sizes_of(expr: t.Expr) -> tuple[t.Expr, ...]:
    """``n \\times m`` as sizes."""
    if isinstance(expr, t.Group) and len(expr.items) == 1 and not expr.scripts:
        return sizes_of(expr.items[0])
    if isinstance(expr, (t.Symbol, t.Label)):
        return _joined_sizes(expr) or (expr,)
    if isinstance(expr, t.Group) and expr.kind in ("tuple", "list"):
        return expr.items
    if not isinstance(expr, t.Product):
        return (expr,)
    if set(expr.operators) <= {"times", "*"}:
        return expr.factors
    if all(isinstance(f, t.Symbol) and not f.subscripts for f in expr.factors):
        run = "".join(f.base for f in expr.factors if isinstance(f, t.Symbol))
        if joined := _joined_sizes(t.Symbol(run, expr.span)):
            return joined
    between = expr.factors[1::2]
    if len(expr.factors) % 2 and all(isinstance(f, t.Symbol) and f.base == "x" for f in between):
        return expr.factors[::2]
    return (expr,)


def _joined_sizes(expr: t.Symbol | t.Label) -> tuple[t.Expr, ...]:
    """``dxn``, which is d times n in a place for sizes."""
    found = _BY.fullmatch(expr.base if isinstance(expr, t.Symbol) else expr.text)
    if found is None:
        return ()
    return tuple(
        t.Number(part, expr.span) if part.isdigit() else t.Symbol(part, expr.span)
        for part in found.groups()
    )


def as_shape(expr: t.Expr, span: t.Span) -> t.Expr:
    """What stands behind ∈ as a shape, where it is one."""
    if (
        isinstance(expr, t.Symbol)
        and expr.base == "R"
        and len(expr.scripts) == 1
        and not expr.subscripts
    ):
        value = expr.scripts[0].value
        return expr if value is None else t.Shape(sizes_of(value), span)
    if isinstance(expr, t.Power) and isinstance(expr.base, t.Symbol) and expr.base.base == "R":
        return t.Shape(sizes_of(expr.exponent), span)
    if (
        isinstance(expr, t.Product)
        and set(expr.operators) == {"times"}
        and all(map(_is_size, expr.factors))
    ):
        return t.Shape(expr.factors, span)
    items = expr.items if isinstance(expr, t.Group) and expr.kind == "tuple" else ()
    if all(map(_is_size, items)) and any(isinstance(item, t.Symbol) for item in items):
        return t.Shape(items, span)
    return expr


def _is_size(expr: t.Expr) -> bool:
    if isinstance(expr, t.Number):
        return expr.is_whole
    return isinstance(expr, (t.Symbol, t.Sum, t.Product)) or (
        isinstance(expr, t.Group) and len(expr.items) == 1
    )


def is_sizes(expr: t.Expr) -> bool:
    if isinstance(expr, t.Product):
        return set(expr.operators) == {"times"}
    return isinstance(expr, t.Group) and expr.kind == "tuple"
