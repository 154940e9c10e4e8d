"""Report → the document with marks in its margin, as plain text or with colour.

By default what needs attention with its surroundings, and of the rest only the marks.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from dvar.check.report import Judgement, Report
from dvar.check.show.places import Lines, fault_span, lines_of, visible, width, window
from dvar.check.show.words import MARKS, explanation, gravest, headline, outcome, reason, tally
from dvar.read.worksheet.tree import Span

# A line of nothing but delimiters tells the reader nothing about where he is.
_ONLY_LAYOUT = re.compile(r"(\\(begin|end)\{[^{}]*\}|[\W_])*")

Line = tuple[tuple[str, str], ...]
"""Pieces of one line: the name of a style (see ``STYLES``) and a text."""

STYLES = {
    "": "",
    "title": "bold",
    "faint": "dim",
    "wrong": "bold red",
    "carried": "magenta",
    "up-to-constant": "yellow",
    "unknown": "yellow",
    "convention": "cyan",
    "ok": "green",
    "definition": "dim",
    "given": "dim",
    "skipped": "dim",
    "expected": "green",
}

WIDTH = 100
_NARROWEST = 48
_ATTENTION = ("wrong", "carried", "up-to-constant", "unknown")
_LABEL = len("expected")
# An equation over more lines than this is shown from its beginning and around its fault.
_MOST_LINES = 6


def to_text(report: Report, *, everything: bool = False, columns: int = WIDTH) -> str:
    """The report as plain text.

    Args:
        everything: show the whole document, not only what needs attention.
        columns: width to cut the lines of the document to.
    """
    return plain(lines(report, everything=everything, columns=columns))


def plain(shown: Iterable[Line]) -> str:
    """Lines without their styles."""
    return "\n".join("".join(text for _, text in line).rstrip() for line in shown) + "\n"


def print_in_colour(shown: Iterable[Line]) -> None:
    """Print lines on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in shown:
        pieces = ((text, STYLES[style]) for style, text in line)
        console.print(Text.assemble(*pieces), soft_wrap=True)


def lines(report: Report, *, everything: bool = False, columns: int = WIDTH) -> Iterator[Line]:
    """The report as lines of styled pieces."""
    title = visible(report.file or "")
    if title:
        yield (("title", title),)
    body = list(_Sheet(report, max(columns, _NARROWEST)).body(everything))
    if body:
        if title:
            yield ()
        yield from body
        yield ()
    yield from _closing(report, max(columns, _NARROWEST) - 2)
    if body:
        yield _legend(report)


def _closing(report: Report, room: int) -> Iterator[Line]:
    """The answer in two lines, then remarks."""
    style = outcome(report)
    yield ((style, f"{MARKS[style].sign} {headline(report)}"),)
    for text, style in ((tally(report), ""), *((note, "faint") for note in report.notes)):
        for line in _wrapped(text, room):
            yield ((style, f"  {line}"),)


def _legend(report: Report) -> Line:
    """The marks that occur."""
    words: dict[str, list[str]] = {}
    styles: dict[str, str] = {}
    for verdict, mark in MARKS.items():
        if mark.sign and report.summary[verdict]:
            words.setdefault(mark.sign, []).append(mark.word)
            styles[mark.sign] = verdict
    return tuple(
        piece
        for sign, style in styles.items()
        for piece in ((style, f"  {sign}"), ("faint", f" {' or '.join(words[sign])}"))
    )


class _Sheet:
    """One document on its way to the terminal."""

    def __init__(self, report: Report, columns: int) -> None:
        self.report = report
        self.lines: Lines = lines_of(report)
        self.digits = len(str(max(self.lines.numbers)))
        self.room = columns - self.digits - len("✗  │ ")
        self.noted: dict[int, list[Judgement]] = {}
        for judgement in report.judgements:
            if judgement.verdict in _ATTENTION:
                # Notes stand under the last line of what is at fault.
                last = self.lines.of(fault_span(report, judgement))[-1]
                self.noted.setdefault(last, []).append(judgement)
        self.blank = f"{' ' * (self.digits + 3)}│"

    def body(self, everything: bool) -> Iterator[Line]:
        shown = range(self._end()) if everything else self._of_interest()
        at = 0
        for n in shown:
            yield from self._skipped(range(at, n))
            yield from self._line(n)
            at = n + 1
        if shown:
            yield from self._skipped(range(at, len(self.lines.texts)))

    def _end(self) -> int:
        """How many lines there are, without the empty ones at the end."""
        return self.report.text.rstrip().count("\n") + 1

    def _of_interest(self) -> list[int]:
        """Lines with faults and what was not understood; around faults the nearest other lines."""
        wanted: set[int] = set()
        for judgement in self.report.judgements:
            if judgement.verdict in _ATTENTION:
                inner = self._lines_of(judgement)
                wanted.update(inner)
                if judgement.is_fault and judgement.verdict != "carried":
                    wanted.update(self._beside(inner[0], -1), self._beside(inner[-1], 1))
        return sorted(wanted)

    def _lines_of(self, judgement: Judgement) -> list[int]:
        """The lines of an equation; of a long one its first and those of its fault."""
        inner = list(self.lines.of(judgement.span))
        if len(inner) <= _MOST_LINES:
            return inner
        fault = self.lines.of(fault_span(self.report, judgement))
        return sorted({inner[0], *fault[:_MOST_LINES]})

    def _beside(self, n: int, step: int) -> Iterator[int]:
        """The nearest line with something on it, if it is near."""
        for near in (n + step, n + 2 * step):
            if 0 <= near < len(self.lines.texts) and self._tells_something(near):
                yield near
                return

    def _tells_something(self, n: int) -> bool:
        return _ONLY_LAYOUT.fullmatch(self.lines.texts[n]) is None

    def _skipped(self, gap: range) -> Iterator[Line]:
        """The marks of lines that are not shown."""
        verdicts = [j.verdict for n in gap for j in self.lines.judged[n] if j.verdict != "skipped"]
        if not verdicts:
            if any(self.lines.texts[n].strip() for n in gap):
                yield (("faint", f"{' ' * (self.digits + 3)}⋮"),)
            return
        marks = [(verdict, MARKS[verdict].sign) for verdict in verdicts]
        if len(marks) > self.room // 2:
            counts = {v: verdicts.count(v) for v in MARKS if v in verdicts}
            marks = [(v, f"{MARKS[v].sign}×{count}") for v, count in counts.items()]
        spaced = [piece for mark in marks for piece in (("", " "), mark)]
        yield (("faint", f"{' ' * (self.digits + 3)}⋮"), *spaced)

    def _line(self, n: int) -> Iterator[Line]:
        """A line of the document, as often as its faults need windows, each with its notes."""
        judged = self.lines.judged[n]
        verdict = gravest(judged)
        noted = self.noted.get(n, [])
        text = visible(self.lines.texts[n])
        done: str | None = None
        for judgement in noted:
            inner = self._within(n, fault_span(self.report, judgement))
            cut, place = window(text, inner, self.room)
            if cut != done:
                yield self._row(n, verdict, cut, place, judgement.verdict)
                done = cut
            yield from self._notes(judgement, cut, place)
        if not noted:
            cut, place = window(text, (0, 0), self.room)
            yield self._row(n, verdict, cut, place, verdict)

    def _within(self, n: int, span: Span) -> Span:
        """A span as columns of a line that it touches."""
        start, text = self.lines.starts[n], self.lines.texts[n]
        first = len(text) - len(text.lstrip())
        return max(first, span[0] - start), max(first, min(span[1] - start, len(text)))

    def _row(self, n: int, verdict: str, text: str, inner: Span, style: str) -> Line:
        number = f"{self.lines.numbers[n]:>{self.digits}}"
        start, end = inner
        marked = style if style in _ATTENTION else ""
        return (
            (verdict, f"{MARKS[verdict].sign or ' '} "),
            ("faint", f"{number} │ "),
            ("", text[:start]),
            (marked, text[start:end]),
            ("", text[end:]),
        )

    def _notes(self, judgement: Judgement, text: str, inner: Span) -> Iterator[Line]:
        """What is to be said of one equation, under its line."""
        start, end = inner
        margin = ("faint", f"{self.blank} ")
        if judgement.is_fault and self._needs_pointing(judgement):
            carets = "^" * max(1, width(text[start:end]))
            yield margin, (judgement.verdict, f"{' ' * width(text[:start])}{carets}")
        for line in _wrapped(explanation(judgement), self.room):
            yield margin, (judgement.verdict, line)
        for label, said, style in _details(judgement):
            for k, line in enumerate(self._fitted(said, style)):
                head = f"  {label if k == 0 else '':<{_LABEL}} "
                yield margin, ("faint", head), (style, line)

    def _needs_pointing(self, judgement: Judgement) -> bool:
        """Whether the mark in the margin leaves open what on the line is meant."""
        lines = self.lines.of(judgement.span)
        if judgement.found or len(self.lines.judged[lines[0]]) > 1:
            return True
        start, end = judgement.span
        first, last = self.lines.starts[lines[0]], lines[-1]
        stop = self.lines.starts[last] + len(self.lines.texts[last])
        around = self.report.text[first:start] + self.report.text[end:stop]
        return _ONLY_LAYOUT.fullmatch(around) is None

    def _fitted(self, said: str, style: str) -> Sequence[str]:
        """Formulas stay whole, so that they can be copied; sentences are wrapped."""
        return [visible(said)] if style else _wrapped(said, self.room - _LABEL - 3)


def _wrapped(text: str, room: int) -> list[str]:
    """Sentences of ours on lines of a width; what must not act on a terminal is taken out."""
    paragraphs = text.split("\n")
    return [
        line
        for paragraph in paragraphs
        for line in textwrap.wrap(visible(paragraph), room, break_long_words=False)
    ]


def _details(judgement: Judgement) -> Iterator[tuple[str, str, str]]:
    """Label, text and style of every fact that the explanation does not already tell."""
    said = explanation(judgement).lower()
    cause = reason(judgement)
    if judgement.verdict != "carried" and cause and cause.lower() not in said:
        yield "cause", cause, ""
    if judgement.expected and judgement.expected != judgement.repaired:
        yield "expected", judgement.expected, "expected"
    if judgement.counterexample:
        yield "example", judgement.counterexample, ""
    if judgement.repaired:
        yield "write", judgement.repaired, "expected"
    if judgement.from_line is not None and f"line {judgement.from_line}" not in said:
        yield "carried", f"from line {judgement.from_line}", ""
