r"""What words say of results after steps: "after this update the error is 0.29", "after 1000 rounds it is 0.01"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.assignments import NEW
from dvar.check.judge.literal import is_plain
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Region, Statement

_AFTER = re.compile(
    r"\b(after|with) (this|the|these|one|a|our)( first| single| one| new| updated)? "
    r"(round|step|update|iteration|weights|parameters)\b[^.$]{0,60}\b(error|loss|cost)\b[^.$]{0,30}"
    r"\b(is|to|becomes|of)\s*(now )?(down to )?\$*\s*$",
    re.IGNORECASE,
)

_ROUNDS = r"\bafter (\d{1,3}(?:,\d{3})+|\d+) (?:\w+ )?(?:rounds|steps|updates|iterations|epochs)\b"
_COMES_TO = r"(?:is|becomes|of|at|to)(?: now| only| about| down to)?"
_LOSS_AFTER = re.compile(
    _ROUNDS + r"[^.$]{0,40}?\b(error|loss|cost|it) (?:\w+ ){0,2}" + _COMES_TO + r"\s*\$*\s*$",
    re.IGNORECASE,
)
_OUTPUTS_AFTER = re.compile(
    _ROUNDS + r"[^.]*\b(?:with|and)(?: the)? outputs?(?: are| is| of)?((?:\s|,|and|\$)*)$",
    re.IGNORECASE,
)
_LOSS_IS = re.compile(rf"\b(error|loss|cost) (?:\w+ ){{0,2}}{_COMES_TO}\s*\$*\s*$", re.IGNORECASE)
_ROUNDS_LATER = re.compile(r"\s*\$*,?\s*" + _ROUNDS, re.IGNORECASE)
_LOSS = re.compile(r"\b(error|loss|cost)\b", re.IGNORECASE)
RUN = re.compile(r"after (\d+) rounds")
"""The mark on what is told of a result after so many rounds."""
OUTPUT = "output"


def after_many(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """The number as that of the loss, or of an output, with a mark that says after how many rounds."""
    first = statement.members[0]
    region = document.regions[statement.region]
    if len(statement.members) > 1 or first.relation or first.expr is None:
        return None
    if not is_plain(first.expr) or region.cell is not None:
        return None
    loss = next((x for s in reversed(found) if (x := _loss(s)) is not None), None)
    if loss is None:
        return None
    if (said := _of_the_loss(region)) is not None:
        name = replace(loss, span=first.span)
    elif (said := _OUTPUTS_AFTER.search(region.before)) is not None:
        count = t.Number(str(said[2].count("$") + 1), first.span)
        name = t.Symbol(OUTPUT, first.span, subscripts=(count,))
    else:
        return None
    mark = t.Script(
        "mark",
        t.Label(f"after {int(said[1].replace(',', ''))} rounds", first.span, True),
        first.span,
    )
    name = replace(name, scripts=(*name.scripts, mark))
    members = (replace(first, expr=name), replace(first, relation="="))
    return replace(statement, members=members)


def _of_the_loss(region: Region) -> re.Match[str] | None:
    """ "After 1000 rounds the error is …", or "the error is … after 1000 rounds"."""
    said = _LOSS_AFTER.search(region.before)
    if said is not None:
        is_named = said[2].lower() != "it" or _LOSS.search(region.before[: said.start()])
        return said if is_named else None
    return _ROUNDS_LATER.match(region.after) if _LOSS_IS.search(region.before) else None


def after_a_step(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Statement | None:
    """The number as that of the loss with the mark that new parameters have."""
    first = statement.members[0]
    if len(statement.members) > 1 or first.relation or first.expr is None:
        return None
    region = document.regions[statement.region]
    if not is_plain(first.expr) or region.cell is not None or not _AFTER.search(region.before):
        return None
    mark = next((m for s in reversed(found) if (m := _mark(s)) is not None), None)
    loss = next((x for s in reversed(found) if (x := _loss(s)) is not None), None)
    if mark is None or loss is None:
        return None
    name = replace(loss, scripts=(*loss.scripts, mark), span=first.span)
    members = (replace(first, expr=name), replace(first, relation="="))
    return replace(statement, members=members)


def _mark(statement: Statement) -> t.Script | None:
    """What tells the new name from the old one on the left of an update."""
    name = statement.members[0].expr
    if len(statement.members) < 2 or not isinstance(name, t.Symbol):
        return None
    marks = [s for s in name.scripts if isinstance(s.value, t.Label) and s.value.text in NEW]
    return marks[0] if len(marks) == 1 else None


def _loss(statement: Statement) -> t.Symbol | None:
    """What a step goes down on: ``∂E/∂w`` stands in an update."""
    if _mark(statement) is None:
        return None
    trees = (m.expr for m in statement.members if m.expr is not None)
    slopes = (p for tree in trees for p in t.walk(tree) if isinstance(p, t.Derivative))
    return next((p.of for p in slopes if isinstance(p.of, t.Symbol)), None)
