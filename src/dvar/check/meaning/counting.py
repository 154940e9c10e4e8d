"""Counting up: from ``h(x^{(1)})`` and ``h(x^{(2)})`` to ``h(x^{(k)})``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

from dvar.read.worksheet import tree as t


def counted(first: t.Expr, second: t.Expr) -> Callable[[int], t.Expr] | None:
    """A function from k to the expression in which what is 1 in ``first`` and 2 in ``second`` is k.

    None where the two differ in anything else.
    """
    if _at(first, second, 1) is None:
        return None

    def general(k: int) -> t.Expr:
        found: t.Expr | None = _at(first, second, k)
        assert found is not None
        return found

    return general


def listed(items: Sequence[t.Expr]) -> tuple[Callable[[int], t.Expr], int, t.Expr] | None:
    """``r_1, …, r_N`` or ``h(1), h(2), …, h(N)``: a function from the count, where it starts, and where it ends.

    None where the dots do not stand between such entries.
    """
    dots = [n for n, item in enumerate(items) if isinstance(item, t.Ellipsis)]
    if len(dots) != 1 or dots[0] not in (1, 2) or dots[0] != len(items) - 2:
        return None
    ends: list[tuple[t.Expr, t.Expr]] = []
    if _between(items[0], items[-1], None, ends) is None or len({str(a) for a, _ in ends}) != 1:
        return None
    first, last = ends[0]
    assert isinstance(first, (t.Number, t.Label))

    def general(k: int) -> t.Expr:
        found: t.Expr = _between(items[0], items[-1], k, [])
        return found

    return general, int(first.text), last


def _between(a: Any, b: Any, k: int | None, ends: list[tuple[t.Expr, t.Expr]]) -> Any:
    """``a`` with k in the place of the number in which it differs from ``b``."""
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return None
        parts = [_between(x, y, k, ends) for x, y in zip(a, b, strict=True)]
        return None if any(p is None for p in parts) else tuple(parts)
    if isinstance(a, (t.Number, t.Label)) and isinstance(b, (t.Number, t.Label, t.Symbol)):
        if type(a) is type(b) and a.text == b.text:
            return a
        if not a.text.isdigit():
            return None
        ends.append((replace(a, span=(0, 0)), b))
        return a if k is None else replace(a, text=str(k))
    if hasattr(a, "span") and type(a) is type(b):
        changed: dict[str, Any] = {}
        for f in fields(a):
            x, y = getattr(a, f.name), getattr(b, f.name)
            if f.name == "span" or (x is None and y is None):
                continue
            part = _between(x, y, k, ends)
            if part is None:
                return None
            changed[f.name] = part
        return replace(a, **changed)
    return a if a == b else None


def _at(a: Any, b: Any, k: int) -> Any:
    if isinstance(a, tuple) and isinstance(b, tuple):
        if len(a) != len(b):
            return None
        parts = [_at(x, y, k) for x, y in zip(a, b, strict=True)]
        return None if any(p is None for p in parts) else tuple(parts)
    if isinstance(a, (t.Number, t.Label)) and type(a) is type(b):
        if a.text == b.text:
            return a
        if a.text.isdigit() and b.text.isdigit() and int(b.text) - int(a.text) == 1:
            return replace(a, text=str(int(a.text) + k - 1))
        return None
    if hasattr(a, "span") and type(a) is type(b):
        changed: dict[str, Any] = {}
        for f in fields(a):
            if f.name == "span":
                continue
            x, y = getattr(a, f.name), getattr(b, f.name)
            if x is None and y is None:
                continue
            part = _at(x, y, k)
            if part is None:
                return None
            changed[f.name] = part
        return replace(a, **changed)
    return a if a == b else None
