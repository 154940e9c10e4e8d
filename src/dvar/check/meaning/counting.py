"""Counting up: from ``h(x^{(1)})`` and ``h(x^{(2)})`` to ``h(x^{(k)})``."""

from __future__ import annotations

from collections.abc import Callable
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
