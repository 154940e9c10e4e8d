"""Large sizes made small: what holds of ``W ∈ R^{128×784}`` holds of 7 × 6 weights, which are read much sooner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten

LARGE = 12
"""Up to this size arrays are read as they are."""
_SMALL = (7, 6, 9, 8, 11, 10, 5, 12)


def scaled(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with small sizes for large ones, if these are nothing but sizes."""
    sizes = {
        n for p in parts(statements) if isinstance(p, t.Shape) for x in p.sizes if (n := _whole(x))
    }
    large = sorted(n for n in sizes if n > LARGE)
    free = [n for n in _SMALL if n not in sizes]
    if not large or len(large) > len(free) or not _only_sizes(statements, set(large)):
        return list(statements)
    small = dict(zip(large, free, strict=False))

    def number(tree: t.Expr | None) -> t.Expr | None:
        n = _whole(tree)
        return t.Number(str(small[n]), tree.span) if tree is not None and n in small else tree

    def change(part: Any) -> t.Expr | None:
        if isinstance(part, t.Shape):
            return replace(part, sizes=tuple(x for size in part.sizes if (x := number(size))))
        if isinstance(part, t.Big):
            return replace(part, high=number(part.high), body=rewritten(part.body, change))
        return None

    return [in_members(s, change) for s in statements]


def _only_sizes(statements: Sequence[Statement], large: set[int]) -> bool:
    """Whether some numbers stand nowhere but in shapes and above sums."""
    places = 0
    for part in parts(statements):
        if isinstance(part, t.Shape):
            places += sum(_whole(x) in large for x in part.sizes)
        elif isinstance(part, t.Big):
            places += _whole(part.high) in large
    return places == sum(_whole(p) in large for p in parts(statements) if isinstance(p, t.Number))


def _whole(tree: t.Expr | t.Script | None) -> int:
    return int(tree.value) if isinstance(tree, t.Number) and tree.is_whole else 0
