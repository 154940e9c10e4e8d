"""The solved document: answers put in, the whole judged once more, what is at fault there taken out."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dvar.check.report import Report
from dvar.check.solve.page import Edit, Original, below, quoted
from dvar.check.solve.solution import Unanswered
from dvar.check.solve.solving import Attempt, attempts
from dvar.check.worksheet import judge
from dvar.read.worksheet.document import Document
from dvar.read.worksheet.mathematics import read_statements
from dvar.read.worksheet.pages import read_document
from dvar.read.worksheet.tree import Span

ROUNDS = 4
_TEX = re.compile(r"\\documentclass|\\begin\{document\}")


@dataclass(frozen=True)
class _Put:
    """An edit and the attempts it belongs to."""

    edit: Edit
    owners: tuple[int, ...]
    is_remark: bool = False


def solved(raw: str, document: Document) -> tuple[str, list[Attempt]]:
    """The text with its answers, and what came of each question.

    Each answer was tried where it stands.  A number may still matter for a later line, so the whole is
    judged, and what adds a fault is withdrawn.
    """
    found = attempts(document)
    if all(a.answer is None for a in found):
        return raw, found
    before = {j.source for j in _report(document).faults}
    original = Original(raw)
    for _ in range(ROUNDS):
        puts = _puts(document, found)
        text = original.edited([p.edit for p in puts])
        after = _report(read_document(text, document.file))
        faults = [j.span for j in after.faults if j.source not in before]
        if not faults:
            return text, found
        found = _without(found, puts, faults)
    return raw, [_withdrawn(a) for a in found]


def _report(document: Document) -> Report:
    return judge(document, read_statements(document))


def _puts(document: Document, found: Sequence[Attempt]) -> list[_Put]:
    """All edits in the order of the text."""
    puts: list[_Put] = []
    remarks: dict[int, list[int]] = defaultdict(list)
    tex = (document.file or "").endswith((".tex", ".latex", ".ltx")) or bool(
        _TEX.search(document.text)
    )
    for n, attempt in enumerate(found):
        given, blank = attempt.answer, attempt.question.blank
        if given is None:
            continue
        if blank is not None:
            puts.append(_Put(Edit(*blank.span, blank.filled(given.answer)), (n,)))
            if blank.also is not None:
                puts.append(_Put(Edit(*blank.also, ""), (n,)))
        if blank is None or given.steps:
            remarks[below(document.text, attempt.question.span[1], tex)].append(n)
    for at, owners in remarks.items():
        lines = _lines([found[n] for n in owners])
        latex = any(a.latex for n in owners if (a := found[n].answer) is not None)
        block = quoted(lines, tex, latex)
        puts.append(_Put(Edit(at, at, block), tuple(owners), True))
    return sorted(puts, key=lambda p: (p.edit.start, p.edit.end))


def _lines(found: Sequence[Attempt]) -> list[str]:
    """Steps and answers of one place, each line once."""
    lines: list[str] = []
    for attempt in found:
        given = attempt.answer
        if given is None:
            continue
        lines += given.steps
        if attempt.question.blank is None and not given.steps:
            sign = "" if given.answer.startswith((r"\approx", "≈")) else "= "
            lines.append(f"{given.question} {sign}{given.answer}")
    return list(dict.fromkeys(lines))


# ── withdrawing ─────────────────────────────────────────────────────────────────────────────────


def _without(
    found: Sequence[Attempt], puts: Sequence[_Put], faults: Sequence[Span]
) -> list[Attempt]:
    """The attempts without what lies in a fault; a fault outside of all is laid to the one before it."""
    places = _places(puts)
    out = list(found)
    for start, end in faults:
        touched = [p for p, (a, b) in zip(puts, places, strict=True) if a < end and b > start]
        if not touched:
            touched = [p for p, (a, _) in zip(puts, places, strict=True) if a <= start][-1:]
        for put in touched or puts:
            for n in put.owners:
                out[n] = _shortened(out[n]) if put.is_remark else _withdrawn(out[n])
    return out


def _places(puts: Sequence[_Put]) -> list[Span]:
    """Where the edits stand in the solved text."""
    moved = 0
    places: list[Span] = []
    for put in puts:
        start = put.edit.start + moved
        places.append((start, start + len(put.edit.text)))
        moved += len(put.edit.text) - (put.edit.end - put.edit.start)
    return places


def _shortened(attempt: Attempt) -> Attempt:
    """Without its steps; without its answer where there are none."""
    given = attempt.answer
    if given is None or not given.steps:
        return _withdrawn(attempt)
    return replace(attempt, answer=replace(given, steps=()))


def _withdrawn(attempt: Attempt) -> Attempt:
    given = attempt.answer
    if given is None:
        return attempt
    reason = "what was found does not agree with the rest of the document"
    return Attempt(
        attempt.question, None, Unanswered(given.line, given.column, given.question, reason)
    )
