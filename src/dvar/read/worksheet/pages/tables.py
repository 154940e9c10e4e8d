r"""The cells of tables: rows with pipes, ``tabular`` of TeX, ``<table>`` of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from dvar.read.worksheet.pages.inline import find_marks, mask
from dvar.read.worksheet.tree import Span

_PIPE = re.compile(r"(?<!\\)\|")
_ROW_END = re.compile(r"\\\\(?:\[[^\]\n]{0,20}\])?|\\tabularnewline\b")
_CELL_END = re.compile(r"(?<!\\)&")
_LINES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|cline\{[^}\n]{0,20}\}|cmidrule(?:\(\w*\))?\{[^}\n]{0,20}\})"
)
_HTML_ROW = re.compile(r"<tr\b[^>]{0,300}>", re.IGNORECASE)
_HTML_CELL = re.compile(r"<t[dh]\b[^>]{0,300}>", re.IGNORECASE)
_HTML_END = re.compile(r"</?t[dhrb]|</table", re.IGNORECASE)


def pipe_cells(text: str, span: Span) -> list[Span]:
    """The cells of a row with pipes, in order; a pipe in a formula is no border."""
    start, stop = _trim(text, span)
    borders = _borders(text, (start, stop))
    first = start
    if text.startswith("|", start):
        first, borders = start + 1, [b for b in borders if b != start]
    cells = []
    for border in borders:
        cells.append((first, border))
        first = border + 1
    if text[first:stop].strip():
        cells.append((first, stop))
    return [_trim(text, cell) for cell in cells]


def _borders(text: str, span: Span) -> list[int]:
    row = text[span[0] : span[1]]
    simple = [match.start() for match in _PIPE.finditer(row)]
    edges = [-1, *simple, len(row)]
    cells = (row[a + 1 : b] for a, b in pairwise(edges))
    if any((cell.count("$") - cell.count("\\$")) % 2 or cell.count("`") % 2 for cell in cells):
        masked = mask(text, span, find_marks(text, span, span[1]))
        simple = [match.start() for match in _PIPE.finditer(masked)]
    return [span[0] + n for n in simple]


def tex_cells(text: str, span: Span) -> Iterator[tuple[int, int, Span]]:
    r"""Row, column and span of each cell of a ``tabular``, the column format skipped."""
    start = span[0]
    for _ in range(3):  # {width}{format}
        opened = re.compile(r"\s*\{").match(text, start, span[1])
        if opened is None:
            break
        start = _brace_end(text, opened.end(), span[1])
    masked = mask(text, (start, span[1]), find_marks(text, (start, span[1]), span[1]))
    masked = _LINES.sub(lambda m: " " * len(m[0]), masked)
    row = 0
    for first, last in _between(masked, _ROW_END):
        for column, (a, b) in enumerate(_between(masked[first:last], _CELL_END)):
            cell = trimmed(masked, first + a, first + b)
            yield row, column, (start + cell[0], start + cell[1])
        row += 1 if masked[first:last].strip() else 0


def html_cells(text: str, span: Span) -> Iterator[tuple[int, int, Span]]:
    """Row, column and span of each cell of an HTML table."""
    row = -1
    for first, last in _between(text[span[0] : span[1]], _HTML_ROW):
        cells = _HTML_CELL.finditer(text, span[0] + first, span[0] + last)
        for column, match in enumerate(cells):
            end = _HTML_END.search(text, match.end(), span[0] + last)
            stop = end.start() if end else span[0] + last
            yield max(row, 0), column, _trim(text, (match.end(), stop))
        row += 1


def _between(text: str, border: re.Pattern[str]) -> Iterator[Span]:
    position = 0
    for match in border.finditer(text):
        yield position, match.start()
        position = match.end()
    yield position, len(text)


def _trim(text: str, span: Span) -> Span:
    return trimmed(text, *span)


def trimmed(text: str, start: int, stop: int) -> Span:
    """A span without the blanks around what it holds."""
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return start, stop


def _brace_end(text: str, start: int, end: int) -> int:
    depth = 1
    while start < end and depth:
        depth += {"{": 1, "}": -1}.get(text[start], 0)
        start += 1
    return start
