"""Whether a written answer is right: it is read and judged where it is to stand."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import fields, replace

from dvar.check.judge import chain
from dvar.check.judge.chain import ARITHMETIC, Place
from dvar.check.judge.ledger import Ledger
from dvar.check.judge.links import GIVEN
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.mathematics import Lexicon, read_region

RIGHT = ("ok", "convention")


def holds(
    place: Place, lexicon: Lexicon, subject: Sequence[Member], written: str, latex: bool
) -> bool:
    """Whether ``subject = written`` is judged right."""
    statements = read_region(written, (0, len(written)), latex, lexicon, 0, place.code)
    if len(statements) != 1 or statements[0].members[0].relation or statements[0].condition:
        return False
    first, *rest = statements[0].members
    if any(m.expr is None for m in (first, *rest)):
        return False
    members = [*subject, replace(first, relation="="), *rest]
    return _is_shown(chain.judge_chain(_apart(place), members, frozenset(), len(subject)))


def is_right(place: Place, lexicon: Lexicon, written: str, latex: bool) -> bool:
    """Whether a whole equation is judged right."""
    statements = read_region(written, (0, len(written)), latex, lexicon, 0, place.code)
    if len(statements) != 1 or len(statements[0].members) < 2:
        return False
    return _is_shown(chain.judge_chain(_apart(place), statements[0].members, frozenset()))


def _is_shown(verdict: chain.Verdict) -> bool:
    """Whether a line is right of what is known; what nothing contradicts is not enough."""
    links = [link for _, _, link in verdict.links]
    shown = verdict.verdict in RIGHT and verdict.note != ARITHMETIC
    return shown and all(link.verdict in RIGHT and link.why != GIVEN for link in links)


def _apart(place: Place) -> Place:
    """The same place with a copy of what is known, so that a trial leaves no trace."""
    kept = {f.name: copy.copy(getattr(place.ledger, f.name)) for f in fields(Ledger)}
    return replace(place, ledger=Ledger(**kept))
