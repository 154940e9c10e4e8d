"""The parts of a document: sections, what a bold beginning opens, and where a name gets numbers of another shape."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

EQUALS = frozenset({"=", ":=", "equiv", "approx", "is", "=="})
_RUN_IN = re.compile(
    r"^[ \t]*(?:[-*+][ \t]+|\d+[.)][ \t]+)?(?:(?:\*\*|__)[^|*_\n]{2,80}(?:\*\*|__)|"
    r"^[ \t]*[*_](?:Edit|Update|Addendum|Remark|Note|Example)\b[^*_\n]{0,40}[*_]|\\paragraph\b|\\item\b)",
    re.MULTILINE,
)
"""What opens a part of a text without a heading of its own: a bold beginning, a paragraph or item in TeX."""


_TITLE = re.compile(r"\n[ \t]*\n[A-Za-z][^\n:=]{2,50}:(?=[ \t\n])")
"""The same in plain text: a line of its own, or the beginning of one."""


def equation(statement: Statement) -> tuple[t.Expr | None, t.Expr | None]:
    """The first two members of a chain that begins here and equates them."""
    members = statement.members
    if len(members) < 2 or members[0].relation or members[1].relation not in EQUALS:
        return None, None
    return members[0].expr, members[1].expr


def section_of(document: Document, statement: Statement) -> int:
    return document.regions[statement.region].section


def parts_of(document: Document, statements: Sequence[Statement]) -> list[int]:
    """The part of the document in which each statement stands: sections, and paragraphs with a bold beginning."""
    found: list[int] = []
    section, end = -1, 0
    for statement in statements:
        here = section_of(document, statement)
        start = statement.span[0]
        gap, region = document.text[end:start], document.regions[statement.region]
        in_text = region.kind == "plain" and not region.latex
        opened = here != section or _RUN_IN.search(gap) or (in_text and _TITLE.search(gap))
        found.append((found[-1] if found else -1) + bool(opened))
        section, end = here, max(end, statement.span[1])
    begun = _reshaped(document, statements, found)
    return [part + sum(n <= ordinal for n in begun) for ordinal, part in enumerate(found)]


def _reshaped(
    document: Document, statements: Sequence[Statement], parts_: Sequence[int]
) -> list[int]:
    """The first statements of paragraphs in which a name is given a list that was given a number before, or the reverse."""
    found: list[int] = []
    given: dict[tuple[str, str], int] = {}
    first, end, part = 0, 0, 0
    for ordinal, statement in enumerate(statements):
        if parts_[ordinal] != part or "\n\n" in document.text[end : statement.span[0]]:
            first = ordinal
        given = given if parts_[ordinal] == part else {}
        end, part = max(end, statement.span[1]), parts_[ordinal]
        region = document.regions[statement.region]
        left, right = equation(statement)
        if not isinstance(left, t.Symbol) or right is None or region.is_program or region.cell:
            continue
        shape = literal_shape(right)
        if shape is None or left.subscripts or left.scripts:
            continue
        name, rank = (stem_of(left), left.font), len(shape)
        if (given.setdefault(name, rank) == 0) != (rank == 0):
            found.append(first)
            given = {name: rank}
    return found
