r"""What words say of the loss after a step: "after this update the error is 0.29" is about the new parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_plain
from dvar.check.judge.roles import NEW
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_AFTER = re.compile(
    r"\b(after|with) (this|the|these|one|a|our)( first| single| one| new| updated)? "
    r"(round|step|update|iteration|weights|parameters)\b[^.$]{0,60}\b(error|loss|cost)\b[^.$]{0,30}"
    r"\b(is|to|becomes|of)\s*(now )?(down to )?\$*\s*$",
    re.IGNORECASE,
)


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
