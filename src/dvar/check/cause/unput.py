"""Formulas that are not those whose numbers are put in behind them: ``f = a m = -5 · 0.5`` where ``q`` is -5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from dvar.check.cause.bend import Bend
from dvar.check.cause.missing import missing_terms
from dvar.check.cause.renaming import other_names
from dvar.check.judge import numbers
from dvar.check.judge.links import is_number
from dvar.check.judge.literal import is_plain
from dvar.check.judge.place import Place
from dvar.check.meaning.aligning import put_in
from dvar.read.worksheet import tree as t

TRIED = 400
"""So many changes of a formula are tried; few of them are built like the numbers."""


def meant(
    place: Place, text: str, left: t.Expr, right: t.Expr, others: Sequence[t.Symbol]
) -> Bend | None:
    """The change of a formula for which every number behind it is that of the name in its place; None if there is none.

    Args:
        left: the formula; right: the numbers put in.
        others: names that may have been meant.
    """
    if isinstance(left, t.Symbol) or is_plain(right) or not is_number(right, place.world):
        return None
    if any(isinstance(p, t.Derivative) for p in t.walk(left)):
        return None
    for bend in islice(_changes(left, text, others), TRIED):
        pairs = put_in(bend.tree, right)
        if pairs and all(
            numbers.with_numbers(place, name, value, [{}]).verdict == "ok" for name, value in pairs
        ):
            return bend
    return None


def _changes(tree: t.Expr, text: str, others: Sequence[t.Symbol]) -> Iterator[Bend]:
    """Another name, or a term that is missing."""
    return chain(other_names(tree, text, others), missing_terms(tree, text, others))
