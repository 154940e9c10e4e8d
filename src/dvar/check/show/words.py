"""The words and signs of a report, the same on a terminal, on a page and for a code host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dvar.check.report import CAUSES, Judgement, Report


@dataclass(frozen=True, slots=True)
class Mark:
    """How a verdict is shown: a sign for the margin, and a word where there is room."""

    sign: str
    word: str


MARKS = {
    "wrong": Mark("✗", "wrong"),
    "carried": Mark("↳", "carried"),
    "up-to-constant": Mark("≈", "up to a constant"),
    "unknown": Mark("?", "not understood"),
    "convention": Mark("~", "right by convention"),
    "ok": Mark("✓", "right"),
    "definition": Mark("·", "definition"),
    "given": Mark("·", "given"),
    "skipped": Mark("", ""),
}
"""Verdict → mark, the one that asks for most attention first."""

_NONE_FOUND = "No equations were found."
_RANK = {verdict: n for n, verdict in enumerate(MARKS)}


def gravest(judgements: Sequence[Judgement]) -> str:
    """The verdict that speaks for several equations; ``skipped`` for none."""
    return min((j.verdict for j in judgements), key=_RANK.__getitem__, default="skipped")


def first_fault(report: Report) -> Judgement | None:
    """Where the reader should look first: a mistake rather than what follows from one."""
    return report.first_wrong or next(iter(report.faults), None)


def reason(judgement: Judgement) -> str:
    """The cause of a fault in a few words; empty where none is known."""
    if judgement.cause is not None:
        return CAUSES.get(judgement.cause, judgement.cause)
    if judgement.causes:
        return "several fit: " + "; ".join(CAUSES.get(c, c) for c in judgement.causes)
    return ""


def explanation(judgement: Judgement) -> str:
    """Why an equation has its verdict, in a sentence at least."""
    if judgement.message:
        return judgement.message
    if judgement.verdict == "carried" and judgement.from_line is not None:
        return f"Follows from the mistake on line {judgement.from_line}."
    said = reason(judgement) or MARKS[judgement.verdict].word
    return said[:1].upper() + said[1:] + "."


def outcome(report: Report) -> str:
    """The verdict that speaks for the document."""
    if report.faults:
        return "wrong"
    return "ok" if report.understood[0] else "unknown"


def headline(report: Report) -> str:
    """The answer to "where is my mistake?"."""
    fault = first_fault(report)
    if fault is not None:
        cause = reason(fault)
        what = "The first mistake" if len(report.faults) > 1 else "The mistake"
        return f"{what} is on line {fault.line}" + (f": {cause}." if cause else ".")
    understood, claims = report.understood
    if claims == 0:
        return "There is nothing to judge here."
    if understood == 0:
        return "None of the equations was understood."
    if understood < claims:
        return "Nothing is wrong in what was understood."
    return "Nothing is wrong."


def tally(report: Report) -> str:
    """How many equations there are, what they are, and how much was understood."""
    summary = report.summary
    total = sum(summary.values()) - summary["skipped"]
    if total == 0:
        return _NONE_FOUND
    parts = [
        _with(
            summary["ok"] + summary["convention"], "right", {"by convention": summary["convention"]}
        ),
        _with(
            len(report.faults),
            "wrong",
            {"carried": summary["carried"], "up to a constant": summary["up-to-constant"]},
        ),
        _with(summary["unknown"], "not understood", {}),
        _with(summary["definition"] + summary["given"], "given or defined", {}),
    ]
    said = f"{counted(total, 'equation')}: {', '.join(part for part in parts if part)}"
    understood, claims = report.understood
    if claims == 0:
        return f"{said}."
    # Rounded down, so that "100 %" means all.
    share = "all" if understood == claims else f"{100 * understood // claims} %"
    return f"{said}; {share} of the claims understood."


def _with(count: int, word: str, among: dict[str, int]) -> str:
    """``3 wrong (1 carried)``; empty for none."""
    inner = ", ".join(f"{n} {name}" for name, n in among.items() if n)
    return f"{count} {word}" + (f" ({inner})" if inner else "") if count else ""


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def total_of(reports: Sequence[Report]) -> str:
    """One sentence about several files."""
    if not reports:
        return _NONE_FOUND
    counts = Counter(_state(report) for report in reports)
    said = ", ".join(f"{counts[name]} {name}" for name in _STATES if counts[name])
    return f"{counted(len(reports), 'file')}: {said}."


_STATES = ("with mistakes", "not fully understood", "without mistakes", "without equations")


def _state(report: Report) -> str:
    understood, claims = report.understood
    if report.faults:
        return "with mistakes"
    if not report.judgements:
        return "without equations"
    return "not fully understood" if understood < claims else "without mistakes"
