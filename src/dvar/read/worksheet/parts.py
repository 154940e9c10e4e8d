"""Formulas with other parts: each part with a way to put another in its place, or all parts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

Rebuild = Callable[[t.Expr], t.Expr]
Change = Callable[[Any], t.Expr | None]
"""What stands in the place of a part of a formula, which may be a script; None: its own parts are asked."""


def rewritten(part: Any, change: Change) -> Any:
    """A formula, or a tuple of its parts, changed from the top down; what ``change`` gives is not asked again."""
    if isinstance(part, tuple):
        return tuple(rewritten(inner, change) for inner in part)
    if not hasattr(part, "span"):
        return part
    new = change(part)
    if new is not None:
        return new
    kept = {f.name: rewritten(getattr(part, f.name), change) for f in fields(part)}
    return replace(part, **kept)


def in_members(statement: Statement, change: Change) -> Statement:
    """A statement with its members changed like ``rewritten`` does; its condition stays."""
    members = (replace(m, expr=rewritten(m.expr, change)) for m in statement.members)
    return replace(statement, members=tuple(members))


def renamed(tree: t.Expr, old: t.Symbol, new: t.Symbol) -> t.Expr:
    """A formula with another name, wherever a name stands in it."""

    def change(part: Any) -> t.Expr | None:
        is_old = isinstance(part, t.Symbol) and same_tree(part, old)
        return replace(new, span=part.span) if is_old else None

    changed: t.Expr = rewritten(tree, change)
    return changed


def factors_of(tree: t.Expr) -> tuple[t.Expr, ...]:
    """The factors of a product; of anything else itself."""
    return tree.factors if isinstance(tree, t.Product) else (tree,)


def multiplied(tree: t.Apply) -> t.Product:
    """``a(b + c)`` as the product of a and a bracket."""
    group = t.Group("(", tree.args, tree.span, tree.subscripts, tree.scripts)
    return t.Product((tree.head, group), ("",), tree.span)


Terms = list[tuple[int, t.Expr]]
"""Terms with their signs."""


def signed_terms(tree: t.Expr, sign: int = 1) -> Terms:
    """The terms of a sum with their signs, without the brackets that only bind."""
    if t.is_bracketed(tree):
        return signed_terms(tree.items[0], sign)
    if not isinstance(tree, t.Sum):
        return [(sign, tree)]
    each = zip(tree.terms, tree.signs, strict=True)
    return [found for term, own in each for found in signed_terms(term, sign * own)]


def without(terms: Terms, others: Terms) -> Terms:
    """The terms that are not among others."""
    return [(s, x) for s, x in terms if not any(s == o and same_tree(x, y) for o, y in others)]


def same_tree(a: Any, b: Any) -> bool:
    """Whether two trees are written alike, wherever they stand; bold letters and arrows are looks only."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple):
        a, b = ([x for x in side if x != "vec"] for side in (a, b))
        return len(a) == len(b) and all(same_tree(x, y) for x, y in zip(a, b, strict=True))
    if hasattr(a, "span"):
        return all(
            same_tree(getattr(a, f.name), getattr(b, f.name))
            for f in fields(a)
            if f.name not in ("span", "font", "inline")
        )
    return bool(a == b)


def places(tree: t.Expr) -> Iterator[tuple[t.Expr, Rebuild]]:
    """Every part of a tree with a function that puts another in its place."""
    stack: list[tuple[Any, Rebuild]] = [(tree, lambda new: new)]
    while stack:
        part, rebuild = stack.pop()
        if not isinstance(part, t.Script):
            yield part, rebuild
        for f in reversed(fields(part)):
            value = getattr(part, f.name)
            if isinstance(value, tuple):
                for n, item in enumerate(value):
                    if hasattr(item, "span"):
                        stack.append((item, _in_tuple(part, f.name, value, n, rebuild)))
                    elif isinstance(item, tuple):
                        for k, inner in enumerate(item):
                            if hasattr(inner, "span"):
                                stack.append((inner, _in_rows(part, f.name, value, n, k, rebuild)))
            elif hasattr(value, "span"):
                stack.append((value, _in_field(part, f.name, rebuild)))


def _in_field(part: Any, name: str, rebuild: Rebuild) -> Rebuild:
    return lambda new: rebuild(replace(part, **{name: new}))


def _in_tuple(part: Any, name: str, value: tuple[Any, ...], n: int, rebuild: Rebuild) -> Rebuild:
    return lambda new: rebuild(replace(part, **{name: (*value[:n], new, *value[n + 1 :])}))


def _in_rows(
    part: Any, name: str, value: tuple[Any, ...], n: int, k: int, rebuild: Rebuild
) -> Rebuild:
    def put(new: t.Expr) -> t.Expr:
        row = (*value[n][:k], new, *value[n][k + 1 :])
        return rebuild(replace(part, **{name: (*value[:n], row, *value[n + 1 :])}))

    return put
