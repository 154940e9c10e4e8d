"""Blocks to regions: what each holds, in which section, with which words around it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dvar.read.worksheet.document import Cell, Region, Section
from dvar.read.worksheet.pages.blocks import Block, Blocks
from dvar.read.worksheet.pages.clean import changed
from dvar.read.worksheet.pages.constructs import CONSTRUCTS
from dvar.read.worksheet.pages.fences import lines_of
from dvar.read.worksheet.pages.flow import Flow
from dvar.read.worksheet.pages.inline import Mark, find_marks, mask
from dvar.read.worksheet.pages.labels import Sections
from dvar.read.worksheet.pages.lexicon import holds_no_value, is_program
from dvar.read.worksheet.pages.plain import Found, find_plain, is_formula
from dvar.read.worksheet.pages.program import (
    NO_MATHEMATICS,
    PROSE,
    assignment,
    is_drawing,
    is_matlab,
    is_output,
    kind_of,
    statements,
)
from dvar.read.worksheet.pages.tables import html_cells, pipe_cells, tex_cells, trimmed
from dvar.read.worksheet.tree import Span

_SPOKEN = ("inline", "display", "code")
_TEX = re.compile(r"\\[A-Za-z]")
_DELIMITED = re.compile(r"\$|\\\[|\\\(|\\begin\{(?:align|equation|gather|eqnarray|multline)")
_BETWEEN = re.compile(
    r"(?:^[ \t]*:(?:label|nowrap|name|class|number)\w*:[^\n]*(?:\n|$)|^[ \t]*\n)+", re.MULTILINE
)
"""Blank lines and options of a directive."""
_SENTENCE_END = re.compile(r"(?<!\.)\.\s*(?:\\\\)?\s*$")


_NEW_LINE = frozenset(("", ".", ";"))
"""What stands between two formulas of which the second begins a line of its own."""
_LINE_END = re.compile(r"[ \t.,;]*(?:\n|$)")
_ESCAPED = re.compile(r"(?<!\w)\w*(?:\\_\w*)+|\\[*()\[\]]|(?<= )\.(?= )")
r"""Markdown's escapes ``y\_hat`` and ``2 \* x``, and the dot that is a product sign, ``dz/dy . dy/dx``."""
_CLOSED = re.compile(r"[ \t]*;")
"""The end of a statement in MATLAB."""
_CAPITAL = re.compile(r"\s*[A-Z]")


@dataclass(slots=True)
class _Draft:
    """A region before its words are known."""

    span: Span
    kind: str
    latex: bool
    section: int
    group: int
    cell: Cell | None = None
    language: str = ""


class Scanner:
    """Reads the pages of one document."""

    def __init__(self, text: str, tex: bool = False) -> None:
        self.text = text
        self.tex = tex
        self.kind = "code"  # of the formulas in a fence
        self.matlab = not tex and is_matlab(text)
        self.sections = Sections()
        self.flow = Flow()
        self.drafts: list[_Draft] = []
        self.changes: list[tuple[int, int, str]] = []
        """Tags, escapes and marks of emphasis inside of plain formulas, and what to put there."""
        self.group = 0
        self._tables = 0
        self._page_end = len(text)

    def read_page(self, page: Span) -> None:
        blocks = Blocks(self.text, page, self._tables)
        self._page_end = page[1]
        for block in blocks.read(CONSTRUCTS):
            self._block(block)
        self._tables = blocks.tables
        self.flow.stop()

    def read_code(self, page: Span, language: str) -> None:
        """A cell of a notebook that is a program."""
        self.group += 1
        self.flow.stop()
        self._code(Block("code", page, language=language))

    def finish(self) -> tuple[str, tuple[Section, ...], tuple[Region, ...]]:
        """The text, without marks inside of plain formulas; sections and regions, in order."""
        self.flow.stop()
        order = sorted(range(len(self.drafts)), key=lambda n: self.drafts[n].span)
        regions = []
        for n in order:
            draft = self.drafts[n]
            before, after = self.flow.words(n)
            regions.append(
                Region(
                    draft.span,
                    draft.kind,
                    draft.latex,
                    draft.section,
                    before,
                    after,
                    draft.cell,
                    draft.group,
                    draft.language,
                )
            )
        return (
            changed(self.text, self.changes),
            self.sections.finish(len(self.text)),
            tuple(regions),
        )

    def _block(self, block: Block) -> None:
        if block.level:
            self.flow.stop()
            line_start = self.text.rfind("\n", 0, block.span[0]) + 1
            self.sections.open(block.title, block.level, line_start)
        self.group += 1
        if block.kind == "text":
            self._text(block)
        elif block.kind == "math":
            self._math(block)
        elif block.kind == "code":
            self.flow.stop()
            self._code(block)
        else:
            self.flow.stop()
            self._table(block)

    def _add(
        self, span: Span, kind: str, latex: bool, cell: Cell | None = None, language: str = ""
    ) -> None:
        self.flow.region(len(self.drafts), wall=kind == "display")
        if not latex:
            for match in _ESCAPED.finditer(self.text, *span):
                self._change(*match.span(), match[0].replace("\\", "").replace(".", "·"))
        section = self.sections.current
        self.drafts.append(_Draft(span, kind, latex, section, self.group, cell, language))

    # -- paragraphs

    def _text(self, block: Block) -> None:
        marks = find_marks(self.text, block.span, self._page_end, self.tex)
        joins = self._joins(block, marks)
        if joins:
            self.flow.join()
        else:
            self.flow.stop()
        self._stretch(block.span, marks)
        if block.level or block.item:
            self.flow.stop()

    def _joins(self, block: Block, marks: list[Mark]) -> bool:
        """Whether a block goes on with the sentence of the block before it."""
        if not self.flow.is_open or block.level or block.item:
            return False
        if not block.fresh:
            return True
        first = self.text[block.span[0] : block.span[1]].lstrip()
        if (
            marks
            and marks[0].kind == "display"
            and not self.text[block.span[0] : marks[0].span[0]].strip()
        ):
            return self.flow.wants_display
        return first[:1].islower()

    def _stretch(self, span: Span, marks: list[Mark], cell: Cell | None = None) -> None:
        """The regions of some text and the words between them."""
        plain = find_plain(self.text, span, marks)
        joined = {n for found in plain for n in found.marks}
        pieces: list[tuple[int, int, Mark | Found]] = [
            (found.span[0], found.span[1], found) for found in plain
        ]
        for n, mark in enumerate(marks):
            if n not in joined:
                pieces.append((*mark.span, mark))
        pieces.sort(key=lambda piece: piece[:2])
        position = span[0]
        for start, stop, piece in pieces:
            if isinstance(piece, Found):
                start, stop = self._outer(piece, marks)
                self._clean(piece.span, marks)
            between = self.text[position:start]
            if "\n" in between and between.strip() in _NEW_LINE:
                self.flow.stop()
            self.flow.text(between)
            tail = between.rpartition("\n")
            own_line = not tail[2].strip() and bool(tail[1] or position == span[0])
            if isinstance(piece, Mark):
                self._mark(piece, span, own_line, cell)
            else:
                self._plain(piece, stop, span, own_line, cell)
            position = stop
        self.flow.text(self.text[position : span[1]])

    def _clean(self, span: Span, marks: list[Mark]) -> None:
        """Take out of a formula what is markup; dollars and backticks stay, for they are read over."""
        for mark in marks:
            start, stop = max(mark.span[0], span[0]), min(mark.span[1], span[1])
            if start >= stop:
                continue
            if mark.kind in ("blank", "break"):
                self._change(start, stop, "")
            elif mark.kind in ("code", "inline") and self.text[mark.span[0]] not in "`$":
                self._change(start, max(start, mark.content[0]), "")
                self._change(min(mark.content[1], stop), stop, "")

    def _change(self, start: int, stop: int, new: str) -> None:
        self.changes.append((start, stop, new.ljust(stop - start)))

    def _outer(self, found: Found, marks: list[Mark]) -> Span:
        """A plain formula with the delimiters at its ends."""
        spans = [found.span, *(marks[n].span for n in found.marks)]
        return min(s for s, _ in spans), max(e for _, e in spans)

    def _mark(self, mark: Mark, span: Span, own_line: bool, cell: Cell | None) -> None:
        start, stop = mark.content
        if mark.kind in ("blank", "break", "nothing"):
            self.flow.text(" ")
        elif mark.kind == "code":
            self._inline_code(mark, cell)
        elif start < stop:
            display = mark.kind == "display"
            self.group += display and own_line
            self._add((start, stop), mark.kind, True, cell)
            if display:
                self._after_display(mark, span)

    def _after_display(self, mark: Mark, span: Span) -> None:
        end = mark.span[1]
        self.group += _LINE_END.match(self.text, end, span[1]) is not None
        ended = _SENTENCE_END.search(self.text[mark.content[0] : mark.content[1]][-40:])
        if ended or _CAPITAL.match(self.text, end, span[1]):
            self.flow.stop()

    def _plain(
        self, found: Found, stop: int, span: Span, own_line: bool, cell: Cell | None
    ) -> None:
        whole = own_line and _LINE_END.match(self.text, stop, span[1]) is not None
        program = self.matlab and not found.latex and _CLOSED.match(self.text, stop) is not None
        self.group += whole
        kind = "code" if found.code or program else "plain"
        self._add(found.span, kind, found.latex, cell, "matlab" if program else "")
        self.group += whole

    def _inline_code(self, mark: Mark, cell: Cell | None) -> None:
        start, stop = mark.content
        code = self.text[start:stop]
        if len(code) > 2 and code[0] == code[-1] == "$" and "$" not in code[1:-1]:
            self._add((start + 1, stop - 1), "inline", True, cell)
            return
        lines = statements(self.text, mark.content, "")
        found = [one for kind, span in lines if kind == "code" for one in self._computations(span)]
        if not found and cell and is_formula(self.text, mark.content, []):
            found = [mark.content]
        for span in found:
            kind = kind_of(self.text, mark.content, "")
            self._add(span, kind, _TEX.search(self.text, *span) is not None, cell)
        if not found:
            self.flow.text(code)

    def _computations(self, span: Span) -> list[Span]:
        """The assignments and equations of code in backticks, if nothing else is in it."""
        code = self.text[span[0] : span[1]]
        if not set("=≈≠") & set(code) or is_program(code) or holds_no_value(code):
            return []
        if assignment(code) == 0 and not _is_sentence(code):
            return [span]
        found = [one.span for one in find_plain(self.text, span, [])]
        edges = [span[0], *(edge for one in found for edge in one), span[1]]
        between = "".join(self.text[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True))
        return found if not between.strip(" ,;") and code[-1] not in "=≈" else []

    # -- fences

    def _math(self, block: Block) -> None:
        """A fence of mathematics: formulas with blank lines between, or text with delimiters."""
        start, stop = block.span
        if _DELIMITED.search(self.text, start, stop):
            self._stretch((start, stop), find_marks(self.text, (start, stop), stop, True))
            return
        position = start
        edges = [m.span() for m in _BETWEEN.finditer(self.text, start, stop)]
        for a, b in [*edges, (stop, stop)]:
            first, last = trimmed(self.text, position, a)
            if first < last:
                self._add((first, last), "display", True)
                self.group += 1
            position = b

    def _code(self, block: Block) -> None:
        if block.language in NO_MATHEMATICS:
            return
        self.kind = kind_of(self.text, block.span, block.language)
        for kind, span, result in lines_of(self.text, block.span, block.language):
            self.group += 1
            if kind == "comment":
                self._words_of_code(span, block)
            elif result is not None:
                self._change(span[1], result[0], " =")
                self._statement((span[0], result[1]), block)
            else:
                self._statement(span, block)
            self.flow.stop()

    def _statement(self, span: Span, block: Block) -> None:
        code = self.text[span[0] : span[1]]
        prose = block.language in PROSE
        if is_program(code) or (not prose and holds_no_value(code)) or is_drawing(code):
            return
        start = assignment(code)
        if prose and is_output(code):
            self._add(span, self.kind, False, language=block.language)
        elif start is not None and not (prose and _is_sentence(code)):
            self._add((span[0] + start, span[1]), self.kind, False, language=block.language)
        elif prose or start is None:
            self._words_of_code(span, block)

    def _words_of_code(self, span: Span, block: Block) -> None:
        """A comment, or a line of a fence without a language."""
        marks = [m for m in find_marks(self.text, span, span[1]) if m.kind in _SPOKEN]
        plain = find_plain(self.text, span, marks)
        joined = {n for found in plain for n in found.marks}
        for n, mark in enumerate(marks):
            if n not in joined and mark.kind != "code" and mark.content[0] < mark.content[1]:
                self._add(mark.content, mark.kind, True, language=block.language)
        for found in plain:
            self._add(found.span, self.kind, found.latex, language=block.language)

    # -- tables

    def _table(self, block: Block) -> None:
        if block.kind == "row":
            cells = [
                (block.row, n, span) for n, span in enumerate(pipe_cells(self.text, block.span))
            ]
        elif block.language == "tex":
            cells = list(tex_cells(self.text, block.span))
        else:
            cells = list(html_cells(self.text, block.span))
        row = block.row
        for n, column, span in cells:
            if n != row:
                row = n
                self.group += 1
            if span[0] < span[1]:
                self._cell(span, Cell(block.table, n, column))

    def _cell(self, span: Span, cell: Cell) -> None:
        marks = find_marks(self.text, span, span[1], self.tex)
        spoken = [mark for mark in marks if mark.kind in _SPOKEN]
        first, last = _without_marks(self.text, span, marks)
        if not spoken and is_formula(self.text, (first, last), []):
            self._clean((first, last), marks)
            latex = _TEX.search(mask(self.text, span, marks), first - span[0], last - span[0])
            self._add((first, last), "cell", latex is not None, cell)
        else:
            self._stretch(span, marks, cell)
        self.flow.stop()


def _is_sentence(code: str) -> bool:
    """Whether a line of a fence without a language has words beside its formula."""
    return re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}|[.,:] [A-Za-z]", code) is not None


def _without_marks(text: str, span: Span, marks: list[Mark]) -> Span:
    """A stretch without the tags and the marks of emphasis at its ends, and without braces around it."""
    start, stop = span
    for mark in marks:
        if mark.kind in ("blank", "break") and mark.span[0] == start:
            start = mark.span[1]
    for mark in reversed(marks):
        if mark.kind in ("blank", "break") and mark.span[1] == stop:
            stop = mark.span[0]
    start, stop = trimmed(text, start, max(start, stop))
    if text[start : start + 1] == "{" and text.find("}", start, stop) == stop - 1:
        return trimmed(text, start + 1, stop - 1)
    return start, stop
