"""Matrices whose ``A^T A`` has an inverse: they have no fewer rows than columns."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning.letters import parts
from dvar.check.meaning.looks import is_inverse
from dvar.check.meaning.shaping import ONE, Shaping
from dvar.check.meaning.unions import Item
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def tall(shaping: Shaping, statements: Sequence[Statement]) -> list[tuple[Item, Item]]:
    """The sizes of such matrices, rows and columns; none where nothing is inverted."""
    found: list[tuple[Item, Item]] = []
    inverts = False
    for part in parts(statements):
        if isinstance(part, (t.Symbol, t.Group)):
            inverts |= any(is_inverse(s) for s in part.scripts)
        elif isinstance(part, t.Product):
            for n, first in enumerate(part.factors):
                found += [p for b in part.factors[n + 1 :] if (p := _pair(shaping, first, b))]
    return list(dict.fromkeys(found)) if inverts else []


def _pair(shaping: Shaping, first: t.Expr, second: t.Expr) -> tuple[Item, Item] | None:
    """Rows and columns of A where the two factors are ``A^T`` and ``A``."""
    if not isinstance(first, t.Symbol) or not isinstance(second, t.Symbol):
        return None
    turned = [
        any(s.kind == "transpose" for s in x.scripts) or x.primes == 1 for x in (first, second)
    ]
    if turned != [True, False] or shaping.key_of(first) != shaping.key_of(second):
        return None
    shape = shaping.find(shaping.key_of(second))
    if shape is None or len(shape) != 2 or ONE in shape:
        return None
    return shape[0], shape[1]
