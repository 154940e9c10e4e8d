"""How many terms a sum without bounds has, by what stands beside it: ``\\frac1d \\sum_k x_k``, ``n \\log a - \\sum_i x_i``."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning.keys import size_name, stem_of, unwrapped
from dvar.check.meaning.letters import parts
from dvar.check.meaning.unions import Unions
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_TOTALS = frozenset("nNmM")
_COUNTS = _TOTALS | frozenset("dDKHB")
"""Letters by which a sum is divided to make it a mean."""


def see(statements: Sequence[Statement], unions: Unions) -> None:
    """Join the letters of such sums with the names of their numbers."""
    _means(statements, unions)
    _counts(statements, unions)


def _means(statements: Sequence[Statement], unions: Unions) -> None:
    """``\\frac1d \\sum_k x_k``: a sum that is divided by d has d terms, if it does not say how many."""
    for part in parts(statements):
        below = inside = None
        if isinstance(part, t.Product) and len(part.factors) > 1:
            first, inside = unwrapped(part.factors[0]), part.factors[1]
            if isinstance(first, t.Quotient) and isinstance(first.above, t.Number):
                below = first.below
        elif isinstance(part, t.Quotient):
            below, inside = part.below, part.above
        if not isinstance(inside, t.Big) or inside.name != "sum" or len(inside.indices) != 1:
            continue
        bare = isinstance(below, t.Symbol) and not (below.subscripts or below.scripts)
        if not bare or inside.low is not None or inside.condition is not None:
            continue
        name = size_name(below) if isinstance(below, t.Symbol) else None
        if name is not None and name in _COUNTS:
            unions.join(("letter", inside.indices[0]), ("size", name))


def _counts(statements: Sequence[Statement], unions: Unions) -> None:
    """``\\sum_i \\log(a b_i) = n \\log a + …``: the n beside one sum that has no bounds is how many it adds."""
    made = {stem_of(x) for s in statements if isinstance(x := s.members[0].expr, t.Symbol)}
    for statement in statements:
        inside = list(parts([statement]))
        sums = [p for p in inside if isinstance(p, t.Big) and p.name == "sum"]
        letters = {c for p in sums for c in p.indices}
        names = {p.base for p in inside if isinstance(p, t.Symbol) and not p.subscripts}
        counts = (names & _TOTALS) - made - letters
        is_bare = all(p.low is p.high is p.condition is None for p in sums)
        if len(counts) == len(letters) == 1 and is_bare:
            unions.join(("letter", letters.pop()), ("size", counts.pop()))
