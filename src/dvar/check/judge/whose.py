"""Factors that depend on whose loss a gradient belongs to: of each example, or of their mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain, numbers_in
from dvar.check.judge.unclaimed import is_gradient_name
from dvar.check.meaning.alphabet import COUNTS
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import Jacobian, Value, node_of
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_OF_ONE = re.compile(
    r"\b(?:one|single|each|individual) (?:(?:single|training|data) ?)?(?:example|sample|observation|point|instance|case)\b|"
    r"\bper[- ](?:example|sample|point|instance)|"
    r"\b(?:drop|omit|ignor|leav|neglect|without)\w*\b[^.\n]{0,30}(?:factor|1/|\\frac|constant|mean|average)|"
    r"(?:factor|1/\w|constant)\W[^.\n]{0,20}\b(?:drop|omit|ignor|left out|neglect)",
    re.IGNORECASE,
)
"""Words by which a text goes from the mean of a loss to what one example adds to it."""


def is_share(place: Place, verdict: Verdict) -> bool:
    """``dW = (1/m) dZ Aᵀ``: a factor of 1/m between names of gradients depends on whose loss they belong to.

    ``dZ`` may be of the loss of single examples and ``dW`` of their mean; both habits are common.
    """
    member, before = verdict.member, verdict.previous
    if member is None or before is None or member.expr is None or before.expr is None:
        return False
    if place.world.shares_are_known or not is_gradient_name(place, before.expr):
        return False
    link = verdict.link
    if link is not None and "shape" in link.causes:
        return False
    if link is not None and link.difference is not None and link.difference.ratio is None:
        if _counts(place, link.left) == _counts(place, link.right):
            return False  # no number of examples makes the difference
    if link is not None and link.numbers is None and _is_small_factor(place, link, member.expr):
        return False
    numbers = link.numbers if link is not None else None
    if numbers is not None:
        return is_plain(member.expr) and _is_count_of(place, *numbers)
    return any(is_gradient_name(place, part) for part in t.walk(member.expr))


def is_said_of_one(
    place: Place, document: Document, statement: Statement, statements: Sequence[Statement]
) -> bool:
    """Whether the text between a loss and its derivative leaves the mean: "for one example", "dropping the 1/m"."""
    first = statement.members[0].expr
    parts = () if first is None else t.walk(first)
    loss = next((p.of for p in parts if isinstance(p, t.Derivative)), None)
    if not isinstance(loss, t.Symbol):
        return False
    found = place.world.find(Key(stem_of(loss)), place.position)
    if found is None or not 0 <= found[0].position < len(statements):
        return False
    start = statements[found[0].position].span[1]
    return _OF_ONE.search(document.text[start : statement.span[0]]) is not None


def is_of_an_array(place: Place, verdict: Verdict) -> bool:
    """Whether what should be a loss came out as an array: something in its formula is not what it is taken for."""
    of = verdict.previous.expr if verdict.previous is not None else None
    loss = of.of if isinstance(of, t.Derivative) else None
    left = verdict.link.left if verdict.link is not None else None
    if not isinstance(loss, t.Symbol) or loss.subscripts or loss.scripts:
        return False
    key = Key(stem_of(loss))
    found = place.world.find(key, place.position)
    if found is not None and any(isinstance(p, t.Big) for p in t.walk(found[0].value)):
        return False  # what adds up is meant for a number, whatever its terms have come out as
    return isinstance(left, Jacobian) and bool(left.of_axes) and key in place.world.loss_names


def _is_small_factor(place: Place, link: Link, written: t.Expr) -> bool:
    """Whether two formulas differ by a factor of 2, or by a sign, and nothing is so many."""
    ratio = None if link.difference is None else link.difference.ratio
    if ratio is None or not any(np.isclose(abs(ratio), n) for n in (0.5, 1, 2)):
        return False
    counts = {p.base for p in t.walk(written) if isinstance(p, t.Symbol)} & COUNTS
    told = [place.world.find(Key(c), place.position) for c in counts]
    if any(found is not None and isinstance(found[0].value, t.Call | t.Apply) for found in told):
        return False  # m = X.shape[1]: so many as there are, here two
    # A 2 that is written is no number of examples: those of the author's go by a letter, or are many.
    return 2 not in place.world.sizes.values() or any(n.value == 2 for n in numbers_in(written))


def _counts(place: Place, value: Value | None) -> set[Node]:
    """The open numbers of examples in a value."""
    if value is None:
        return set()
    keys = place.world.keys
    return {n for n in names_beneath([node_of(value)]) if n in keys and keys[n].stem in COUNTS}


def _is_count_of(place: Place, due: Array, written: Array) -> bool:
    """Whether two numbers differ by how many examples there are, but for rounding."""
    counts = {n for n in place.world.sizes.values() if n > 1}
    counts |= {n for array in place.ledger.given.values() for n in np.shape(array) if n > 1}
    off = np.abs(due.astype(float)).max(initial=0.0) * 0.01
    return any(
        np.allclose(due.astype(float), written.astype(float) * factor, rtol=0.01, atol=off)
        for n in counts
        for factor in (n, 1 / n)
    )


def lacks_a_function(place: Place, verdict: Verdict, expected: str) -> bool:
    """``y = 2 - x`` beside ``y = x²`` and ``f(x) = x² + x - 2``: no path is missing, it is asked where f is zero."""
    sides = [m.expr for m in (verdict.previous, verdict.member) if m is not None]
    parts = [p for side in sides if side is not None for p in t.walk(side)]
    if any(isinstance(p, t.Derivative) or is_gradient_name(place, p) for p in parts):
        return False
    made = place.world.definitions.items()
    return any(expected.endswith(f" {stem}") and any(d.params for d in ds) for stem, ds in made)
