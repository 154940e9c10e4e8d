"""Where equations stand in the text of a report: lines, and the member at fault."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from dvar.check.report import Judgement, Report
from dvar.read.worksheet.tree import Span

# Characters that move the cursor, hide text or turn its direction: a document is not to be trusted
# with a terminal.
_HIDDEN = frozenset("\u061c\u200b\u200e\u200f\u2028\u2029\u2060\ufeff") | {
    chr(n) for n in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


@dataclass(frozen=True)
class Lines:
    """The lines of a report's text.

    Attributes:
        texts: without their ends.
        starts: the offset of each.
        numbers: of each in the file as given.
        judged: for each the equations that begin on it.
    """

    texts: tuple[str, ...]
    starts: tuple[int, ...]
    numbers: tuple[int, ...]
    judged: tuple[tuple[Judgement, ...], ...]

    def of(self, span: Span) -> range:
        """The lines that a span touches."""
        start = bisect_right(self.starts, span[0]) - 1
        end = bisect_right(self.starts, max(span[0], span[1] - 1)) - 1
        return range(start, end + 1)


def lines_of(report: Report) -> Lines:
    texts = report.text.split("\n")
    starts = [0]
    for text in texts[:-1]:
        starts.append(starts[-1] + len(text) + 1)
    numbers: Sequence[int] = report.lines or range(1, len(texts) + 1)
    judged: list[list[Judgement]] = [[] for _ in texts]
    for judgement in report.judgements:
        judged[bisect_right(starts, judgement.span[0]) - 1].append(judgement)
    return Lines(
        tuple(text.removesuffix("\r") for text in texts),
        tuple(starts),
        # A last line without content may have no number of its own.
        tuple(numbers[min(n, len(numbers) - 1)] for n in range(len(texts))),
        tuple(map(tuple, judged)),
    )


def fault_span(report: Report, judgement: Judgement) -> Span:
    """The member at fault, or the whole equation where it is not to be found.

    A chain may repeat a member; what comes last was reached last.
    """
    start, end = judgement.span
    if judgement.found:
        at = report.text.rfind(judgement.found, start, end)
        if at >= 0:
            return at, at + len(judgement.found)
    return start, end


def visible(text: str) -> str:
    """Text as a terminal may print it: one sign for one character, none of which acts."""
    return "".join(map(_visible, text))


def harmless(text: str) -> str:
    """Text of several lines in which no character acts; every offset stays as it is."""
    return "".join(c if c in "\n\r\t" else _visible(c) for c in text)


def _visible(c: str) -> str:
    if c == "\t":
        return " "
    return "\ufffd" if c in _HIDDEN or unicodedata.category(c) in ("Cc", "Cs") else c


def width(text: str) -> int:
    """How many columns a terminal needs for it."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in "WF" else 1


def window(text: str, inner: Span, room: int) -> tuple[str, Span]:
    """A line cut to ``room`` around a part of it, and where that part is then; cuts show as ``…``."""
    if len(text) <= room:
        return text, inner
    start, end = inner
    if end < room or (end - start >= room - 2 and start < room // 4):
        left = 0
    else:
        # In the middle; of a part that is itself too long the beginning is shown.
        before = max(0, room - (end - start)) // 2
        left = max(0, min(start - before - 1, len(text) - room))
    cut = text[left : left + room]
    if left > 0:
        cut = "…" + cut[1:]
    if left + room < len(text):
        cut = cut[:-1] + "…"
    return cut, (max(0, start - left), min(room, end - left))
