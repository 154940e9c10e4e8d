"""Which letters are matrices, by what is written of them alone."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def matrices_in(statements: Sequence[Statement]) -> set[str]:
    """Letters of matrices, ``Q K^T``, ``Q \\in R^{n \\times d}``: no losses, whatever they are elsewhere."""
    found: set[str] = set()
    for statement in statements:
        trees = [m.expr for m in statement.members if m.expr is not None]
        whole = any(isinstance(tree, t.Shape) for tree in trees)
        for part in (part for tree in trees for part in t.walk(tree)):
            factors = part.factors if isinstance(part, t.Product) else (part,)
            names = [x for x in factors if isinstance(x, t.Symbol)]
            if whole or any(s.kind == "transpose" for x in names for s in x.scripts):
                found |= {x.base for x in names}
    return found
