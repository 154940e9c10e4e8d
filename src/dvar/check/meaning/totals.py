"""How many terms a sum without bounds has, by what stands beside it: ``\\frac1d \\sum_k x_k``, ``n \\log a - \\sum_i x_i``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

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
    """``\\frac1d \\sum_k x_k``: a sum that is divided by d has d terms, if it does not say how many.

    So does one that is divided by a letter which stands nowhere else.
    """
    found: list[tuple[str, str]] = []
    for part in parts(statements):
        pairs = [(part.below, part.above)] if isinstance(part, t.Quotient) else []
        for front, sum_ in pairwise(part.factors) if isinstance(part, t.Product) else ():
            one = unwrapped(front)
            if isinstance(one, t.Quotient) and isinstance(one.above, t.Number):
                pairs.append((one.below, sum_))
        found += [
            (inside.indices[0], name)
            for below, inside in pairs
            if isinstance(inside, t.Big) and inside.name == "sum" and len(inside.indices) == 1
            if inside.low is None and inside.condition is None
            if isinstance(below, t.Symbol) and not (below.subscripts or below.scripts)
            if (name := size_name(below)) is not None
        ]
    divided = Counter(name for _, name in found)
    several = [s for s in statements if len(s.members) > 1] if divided else []
    written = Counter(p.base for p in parts(several) if isinstance(p, t.Symbol))
    for letter, name in found:
        if name in _COUNTS or (len(name) == 1 and divided[name] == written[name]):
            unions.join(("letter", letter), ("size", name))


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
