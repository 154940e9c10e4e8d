"""Which letters are matrices, by what is written of them alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
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


def between_layers(statements: Sequence[Statement]) -> set[str]:
    """w of ``w^{(l)} a^{(l-1)}``, where one of the two is turned: what takes one layer to the next, be its letter small."""
    found: list[tuple[str, str]] = []
    turned: set[str] = set()
    for part in parts(statements):
        if any(s.kind == "transpose" for s in getattr(part, "scripts", ())):
            names = part.items if isinstance(part, t.Group) else (part,)
            turned |= {stem_of(x) for x in names if isinstance(x, t.Symbol)}
        for a, b in pairwise(part.factors) if isinstance(part, t.Product) else ():
            if not isinstance(a, t.Symbol) or not isinstance(b, t.Symbol) or a.subscripts:
                continue
            above, before = ([s.value for s in x.scripts if s.value is not None] for x in (a, b))
            if len(above) == len(before) == 1 and isinstance(before[0], t.Sum):
                layer, one = before[0].terms[0], before[0].signs == (1, -1)
                if one and letters_in(layer) and letters_in(layer) == letters_in(above[0]):
                    found.append((stem_of(a), stem_of(b)))
    return {weight for weight, layer in found if turned & {weight, layer}}
