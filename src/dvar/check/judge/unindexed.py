"""Sums over an index that nothing in them has: what they add up is told by the author's habits only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dvar.check.judge.chain import Verdict
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import sort
from dvar.check.meaning.letters import is_idle, parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def is_open(place: Place, statement: Statement, verdict: Verdict, causes: Sequence[str]) -> bool:
    """Whether a difference depends on what such a sum adds up."""
    return _are_all_alike(statement, causes) or _are_behind(place, verdict)


def _are_all_alike(statement: Statement, causes: Sequence[str]) -> bool:
    """``Σ_{i=1}^N dy``: where a gradient that is added up has no i, its entries are meant."""
    if not set(causes) <= {"factor", "missing-factor"}:
        return False
    return any(
        isinstance(x, t.Derivative) or (isinstance(x, t.Symbol) and x.base[:1] == "d" != x.base)
        for body in _bare(parts([statement]))
        for x in t.walk(body)
    )


def _are_behind(place: Place, verdict: Verdict) -> bool:
    """``MSE = (1 + 0 + 1)/3`` behind ``MSE = 1/n Σ_{i=1}^n (y - p)^2``: y and p differ with the example."""
    name = verdict.previous.expr if verdict.previous is not None else None
    if not isinstance(name, t.Symbol) or verdict.link is None or verdict.link.numbers is None:
        return False
    found = place.world.find(sort(name, place.world.spelling, {}).key, place.position)
    return found is not None and any(True for _ in _bare(t.walk(found[0].value)))


def _bare(among: Iterator[t.Expr | t.Script]) -> Iterator[t.Expr]:
    """What is summed over an index without having it."""
    for part in among:
        if isinstance(part, t.Big) and part.name == "sum" and part.indices and is_idle(part):
            yield part.body
