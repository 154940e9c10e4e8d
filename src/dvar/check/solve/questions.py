"""What a worksheet asks for: blanks behind ``=``, and questions in words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dvar.check.judge.literal import is_plain
from dvar.check.solve.asking import is_asked
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Region, Statement

FORMULA, VALUE, BOTH, BRIEF, SHAPE = "formula", "value", "both", "brief", "shape"
"""What is wanted; brief is the number where there is one, else the formula; shape the set behind ``∈``."""

RENEWS = frozenset({":=", "+=", "-=", "*=", "/="})
"""Signs that give a name a new value: what stands right of them is asked for, not the old one."""

NUMBER = re.compile(r"-?[\d.]+(?:e-?\d+)?")


@dataclass(frozen=True)
class Blank:
    """A place in the text that an answer is put into.

    Attributes:
        span: what gives way to the answer.
        before, after: what surrounds the answer there.
        also: a mark behind the formula that gives way too: the underscores of ``$f =$ ____``.
        is_cell: whether it is a whole cell of a table.
    """

    span: t.Span
    before: str = ""
    after: str = ""
    also: t.Span | None = None
    is_cell: bool = False

    def filled(self, answer: str) -> str:
        """What takes the place of the span; a number in a cell needs no marks."""
        if self.is_cell and NUMBER.fullmatch(answer):
            return f" {answer} "
        return f"{self.before}{answer}{self.after}"


@dataclass(frozen=True)
class Question:
    """One thing that is asked for.

    Attributes:
        members: what stands before the blank; the first is asked for.
        span: of the question in the text.
        ordinal: of the statement it is, or that stands before it.
        latex: how the answer is written.
        wants: ``FORMULA``, ``VALUE``, ``BOTH``, ``BRIEF`` or ``SHAPE``.
        blank: where the answer goes; None for a question in words, which is answered below.
        conditions: what is to hold.
        code: whether it stands in a program.
        answered: derivatives that were asked for before and answered, as they are written.
        renews: whether the sign in front of the blank gives the name a new value.
        since: the first statement of its problem; used_before: names in formulas of those before.
    """

    members: tuple[Member, ...]
    span: t.Span
    ordinal: int
    latex: bool
    wants: str = BOTH
    blank: Blank | None = None
    conditions: tuple[t.Expr, ...] = ()
    code: bool = False
    answered: tuple[tuple[t.Derivative, str], ...] = ()
    renews: bool = False
    since: int = 0
    used_before: frozenset[str] = frozenset()


def questions(document: Document, statements: Sequence[Statement]) -> list[Question]:
    """All questions but those of empty cells, in the order of the document."""
    found: list[Question] = []
    for ordinal, statement in enumerate(statements):
        question = _blank(document, statements, ordinal)
        if question is None and is_asked(document, statements, ordinal):
            region = document.regions[statement.region]
            question = Question(
                statement.members, statement.span, ordinal, region.latex, code=region.is_program
            )
        if question is not None:
            if statement.condition is not None:
                question = replace(question, conditions=(statement.condition,))
            found.append(question)
    return _in_columns(document, found)


# ── blanks ──────────────────────────────────────────────────────────────────────────────────────

_MARK = re.compile(r"[ \t]*(?:_{2,}|(?:\\_){2,}|\.{3,}|…|[?□▢☐])")
_FRAME = re.compile(
    r"\s*\\(?:boxed|fbox|underline)\s*\{((?:\s|\\[hv]?phantom\s*\{[^{}]*\}|\\hspace\*?\s*\{[^{}]*\}|\\q?quad|~)*)\}"
)
"""A frame around nothing, to be written into."""
_CLOSER = re.compile(r"[ \t]*(?:\$\$|\$|\\\)|\\\]|`)")


def _blank(document: Document, statements: Sequence[Statement], ordinal: int) -> Question | None:
    statement = statements[ordinal]
    members = statement.members
    n = next((n for n, m in enumerate(members) if m.is_blank), None)
    if n is None:
        return None
    before = [m for m in members[:n] if m.expr is not None]
    if not before:
        before = _earlier(statements, ordinal)
    subject = before[0].expr if before else None
    if subject is None or is_plain(subject):
        return None  # y at 3 = ___ asks for y
    region = document.regions[statement.region]
    blank = _place(document.text, members[n], region)
    return Question(
        tuple(before),
        statement.span,
        ordinal,
        region.latex,
        SHAPE if members[n].relation == "in" else BOTH,
        blank,
        code=region.is_program,
        renews=members[n].relation in RENEWS,
    )


def _earlier(statements: Sequence[Statement], ordinal: int) -> list[Member]:
    """The subject of a row that only says ``= ?``: that of the statement before."""
    for n in range(ordinal - 1, max(-1, ordinal - 4), -1):
        first = statements[n].members[0]
        if first.expr is not None and not first.relation:
            return [first]
    return []


def _place(text: str, member: Member, region: Region) -> Blank:
    start, end = member.span
    frame = _FRAME.match(text, start)
    if frame is not None and frame.end() <= region.span[1]:
        return Blank(frame.span(1))
    outside = region.latex and region.kind == "plain"
    if start < end and outside:
        return Blank((start, end), "$", "$")
    if start < end:
        braced = text[start] == "{" and text[end - 1] == "}"
        return Blank((start, end), "{", "}") if braced else Blank((start, end))
    before = "" if text[start - 1 : start].isspace() else " "
    closer = _CLOSER.match(text, start)
    if region.kind != "code" and closer:
        mark = _MARK.match(text, closer.end())
        return Blank((start, start), before, "", mark.span() if mark else None)
    mark = _MARK.match(text, start)
    spelled = (f"{before}$", "$") if outside else (before, "")
    return Blank(mark.span() if mark else (start, start), *spelled)


def _in_columns(document: Document, found: Sequence[Question]) -> list[Question]:
    """Where a line asks for the same twice, the formula is wanted first, then the number."""
    together: dict[tuple[int, str], list[int]] = defaultdict(list)
    for n, question in enumerate(found):
        if question.blank is not None:
            line, _ = document.place(question.span[0])
            written = "".join(document.text[slice(*question.members[0].span)].split())
            together[line, written].append(n)
    out = list(found)
    for places in together.values():
        if len(places) == 2:
            first, second = places
            out[first] = replace(out[first], wants=FORMULA)
            out[second] = replace(out[second], wants=VALUE)
    return out
