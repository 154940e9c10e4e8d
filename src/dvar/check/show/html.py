"""Report → the document as a page, each equation with its verdict beside it; nothing is loaded."""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from pathlib import PurePath

from dvar.check.report import Judgement, Report
from dvar.check.show import prose, tex
from dvar.check.show.chunks import Chunk, chunks, ends_paragraph, rows
from dvar.check.show.notes import formula, has_note, mark, note
from dvar.check.show.places import harmless, visible
from dvar.check.show.words import MARKS, headline, outcome, reason, tally
from dvar.core.errors import ReadError
from dvar.read.worksheet.document import Region
from dvar.read.worksheet.mathematics.macros import definitions
from dvar.read.worksheet.pages import read_document
from dvar.write.shell import data, document, fragment_sheet, page_sheet

CHECK_SHEET = ("dvar.check.show", "check.css")
_MOST_LINKS = 200
# What a site generator reads at the head of a page.
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:(?!---)[^\n]*\n){0,200}---[ \t]*(?:\n|$)")
_CONTINUES = re.compile(r"\s*(=|\\approx|\\Rightarrow|\\therefore|\\implies|≈|⇒)")


def to_html(report: Report, title: str = "") -> str:
    """The page.  It has no script, and its policy forbids every connection."""
    heading = title or _name(report)
    body = f'<main class="dvar dvar-check"><header><h1>{escape(heading)}</h1></header>\n'
    return document(
        heading,
        page_sheet() + data(*CHECK_SHEET),
        f"{body}{_content(report)}{_FOOTER}</main>",
    )


def to_html_fragment(report: Report) -> str:
    """For notebooks: the same without a page around it."""
    style = fragment_sheet() + data(*CHECK_SHEET)
    return (
        f'<div class="dvar dvar-fragment dvar-check"><style>{style}</style>{_content(report)}</div>'
    )


_FOOTER = (
    "<footer>Made by dvar. Every verdict was computed from the document itself; "
    "nothing in it was run.</footer>"
)


def _name(report: Report) -> str:
    return PurePath(report.file).name if report.file not in (None, "-", "") else "Worksheet"


def _content(report: Report) -> str:
    article = _Article(report)
    body = article.body()
    return f'{_summary(report, article)}\n<article class="worksheet">\n{body}</article>\n'


def _regions(report: Report) -> tuple[Region, ...]:
    """Where the document has mathematics, judged or not."""
    # The text of a notebook is that of its cells, no longer a notebook.
    file = None if report.lines is not None else report.file
    try:
        return read_document(report.text, file).regions
    except ReadError:  # it is empty
        return ()


def _summary(report: Report, article: _Article) -> str:
    """The answer, a link to each fault, what was found out about the document."""
    state = outcome(report)
    items = [_link(j, n) for n, j in article.numbers if j.is_fault]
    more = len(items) - _MOST_LINKS
    if more > 0:
        items[_MOST_LINKS:] = [f"<li>and {more} more</li>"]
    faults = f'<ol class="faults">{"".join(items)}</ol>' if items else ""
    listed = "".join(f"<li>{escape(visible(text))}</li>" for text in report.notes)
    notes = f'<ul class="sentences">{listed}</ul>' if listed else ""
    return (
        f'<section class="summary {state}" aria-label="Summary"><p class="headline">'
        f'<span aria-hidden="true">{MARKS[state].sign}</span> {escape(headline(report))}</p>'
        f"<p>{escape(tally(report))}</p>{faults}"
        f"{notes}</section>"
    )


def _link(judgement: Judgement, number: int) -> str:
    sign = MARKS[judgement.verdict]
    cause = reason(judgement) if judgement.verdict != "carried" else ""
    words = sign.word + (f": {cause}" if cause else "")
    return (
        f'<li class="{judgement.verdict}"><a href="#eq-{number}">'
        f'<span aria-hidden="true">{sign.sign}</span> Line {judgement.line}</a> {escape(words)}</li>'
    )


class _Article:
    """The document on its way to HTML."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.text = prose.without_holes(harmless(report.text))
        self.macros = definitions(self.text)
        self.numbers = list(enumerate(report.judgements))
        self.chunks = chunks(self.text, report.judgements, _regions(report))
        self._number = {id(j): n for n, j in self.numbers}
        faults = [n for n, j in self.numbers if j.is_fault]
        self._following = dict(pairwise(faults))
        self._waiting: list[Judgement] = []
        self._shown: set[int] = set()

    def body(self) -> str:
        holed = self._with_holes()
        suffix = PurePath(self.report.file or "").suffix.lower()
        if suffix == ".tex" or tex.is_document(holed):
            holed = tex.to_markdown(holed)
        holed = _FRONT_MATTER.sub("", holed, count=1)
        written = prose.to_html(holed, self._fill, self._notes, breaks=suffix in ("", ".txt"))
        return written + self._left_out()

    def _with_holes(self) -> str:
        """The document with numbers in the place of its formulas."""
        out = []
        at = 0
        for n, chunk in enumerate(self.chunks):
            out += [self.text[at : chunk.start], prose.hole(n)]
            at = chunk.end
            # So that a note can stand right below its equation.
            if any(map(has_note, chunk.judgements)) and ends_paragraph(self.text, chunk):
                at = self.text.find("\n", at) + 1 or len(self.text)
                out += [self.text[chunk.end : at], "\n"]
        return "".join([*out, self.text[at:]])

    def _fill(self, number: int, in_code: bool = False) -> str:
        if number in self._shown or number >= len(self.chunks):
            return ""
        self._shown.add(number)
        chunk = self.chunks[number]
        self._waiting += [j for j in chunk.judgements if has_note(j)]
        display = chunk.kind in ("display", "line") and not in_code
        pieces = [self._piece(*row, chunk, display) for row in rows(self.text, chunk)]
        return f'<span class="display">{"".join(pieces)}</span>' if display else " ".join(pieces)

    def _notes(self) -> str:
        """The notes of the equations shown since the last time."""
        waiting, self._waiting = self._waiting, []
        return "".join(self._note(judgement) for judgement in waiting)

    def _note(self, judgement: Judgement) -> str:
        number = self._number[id(judgement)]
        return note(judgement, number, self._following.get(number), self.macros)

    def _left_out(self) -> str:
        """Equations in places that a page does not show, such as the address of a link."""
        left = [
            n
            for n, c in enumerate(self.chunks)
            if n not in self._shown and any(map(has_note, c.judgements))
        ]
        if not left:
            return ""
        shown = "".join(f"<p>{self._fill(n)}</p>{self._notes()}" for n in left)
        return f"<h2>Elsewhere in the file</h2>{shown}"

    def _piece(self, source: str, judgement: Judgement | None, chunk: Chunk, display: bool) -> str:
        """A formula and its mark, in an element that can be linked to."""
        shown = formula(source, chunk.latex, self.macros, display=display)
        if judgement is None:
            return f'<span class="eq"><span class="math">{shown}</span></span>'
        number = self._number[id(judgement)]
        more = " more" if display and _CONTINUES.match(source) else ""
        return (
            f'<span class="eq {judgement.verdict}{more}" id="eq-{number}">'
            f'<span class="math">{shown}</span>{mark(judgement, number, short=not display)}</span>'
        )
