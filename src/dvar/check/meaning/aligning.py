"""A formula and the same formula with numbers put in, side by side: which number stands for which name."""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t

Pairs = list[tuple[t.Symbol, t.Expr]]


def put_in(formula: t.Expr, numbers: t.Expr) -> Pairs | None:
    """Pairs of a name and what is written in its place; None where the two are not built alike.

    ``w_1 x + b_1`` beside ``[0.1 0.4; …] [0.5; 0.2] + [0.1; …]`` gives w_1, x and b_1.
    """
    found: Pairs = []
    return found if _align(formula, numbers, found) else None


def _align(a: t.Expr, b: t.Expr, found: Pairs) -> bool:
    a, b = _bare(a), _inward(_bare(b))
    if isinstance(a, t.Symbol):
        if literal_shape(b) is None:
            return False
        turned = any(s.kind == "transpose" for s in a.scripts)
        others = [s for s in a.scripts if s.kind == "plain"]
        if turned or others:
            return False
        found.append((a, b))
        return True
    match a, b:
        case t.Sum(), t.Sum():
            return _sums(a, b, found)
        case t.Product(), t.Product():
            return _all(a.factors, b.factors, found)
        case t.Quotient(), t.Quotient():
            return _align(a.above, b.above, found) and _align(a.below, b.below, found)
        case t.Negative(), t.Negative():
            return _align(a.operand, b.operand, found)
        case t.Number(), t.Number():
            return a.value == b.value
        case t.Call(), t.Call():
            return a.name == b.name and _all(a.args, b.args, found)
        case t.Apply(), t.Apply():
            return a.head.base == b.head.base and _all(a.args, b.args, found)
        case t.Group(), t.Group():
            same = [s.kind for s in a.scripts] == [s.kind for s in b.scripts]
            return same and _all(a.items, b.items, found)
    return False


def _inward(tree: t.Expr) -> t.Expr:
    """``-5 · 0.5`` as ``(-5) · 0.5``: what stands for ``q m``."""
    if isinstance(tree, t.Negative) and isinstance(tree.operand, t.Product):
        return _negated(tree.operand)
    return tree


def _sums(a: t.Sum, b: t.Sum, found: Pairs) -> bool:
    if len(a.terms) != len(b.terms):
        return False
    signed = zip(b.terms, a.signs, b.signs, strict=True)
    matched = tuple(x if s == r else _negated(x) for x, s, r in signed)
    return _all(a.terms, matched, found)


def _negated(term: t.Expr) -> t.Expr:
    """``w x + b`` beside ``-0.2 · 0.5 - 0.1``: the minus belongs to the first number of a term."""
    if isinstance(term, t.Product):
        return replace(term, factors=(_negated(term.factors[0]), *term.factors[1:]))
    return t.Negative(term, term.span)


def _all(a: tuple[t.Expr, ...], b: tuple[t.Expr, ...], found: Pairs) -> bool:
    return len(a) == len(b) and all(_align(x, y, found) for x, y in zip(a, b, strict=True))


def _bare(tree: t.Expr) -> t.Expr:
    while (
        isinstance(tree, t.Group)
        and len(tree.items) == 1
        and not tree.scripts
        and tree.kind in "([{"
    ):
        if literal_shape(tree) not in ((), None):
            break
        tree = tree.items[0]
    while isinstance(tree, t.Sum) and len(tree.terms) == 1 and tree.signs[0] > 0:
        tree = tree.terms[0]
    return tree


def literal_shape(value: t.Expr) -> tuple[int, ...] | None:
    """The shape of an array of numbers as written; () for a number, None for anything else."""
    match value:
        case t.Number():
            return ()
        case t.Negative():
            return literal_shape(value.operand)
        case t.Sum(terms=(only,)):
            return literal_shape(only)
        case t.Quotient():
            return () if literal_shape(value.above) == literal_shape(value.below) == () else None
        case t.Matrix():
            flat = [literal_shape(entry) for row in value.rows for entry in row]
            if any(s != () for s in flat) or len({len(row) for row in value.rows}) != 1:
                return None
            shape = (len(value.rows), len(value.rows[0]))
            turned = any(s.kind == "transpose" for s in value.scripts)
            return shape[::-1] if turned else shape
        case t.Group(kind="list" | "tuple" | "(" | "[", items=items) if (
            len(items) > 1 or value.kind == "list"
        ):
            inner = {literal_shape(item) for item in items}
            if len(inner) != 1 or None in inner:
                return None
            (shape_,) = inner
            assert shape_ is not None
            if any(s.kind == "transpose" for s in value.scripts) and not shape_:
                return (len(items), 1)
            return (len(items), *shape_)
        case t.Group(items=(item,)):
            return literal_shape(item)
    return None
