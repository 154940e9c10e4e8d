"""Tables with pipes as grids of cells, the empty ones included: nobody else looks at those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dvar.read.worksheet.pages.tables import pipe_cells
from dvar.read.worksheet.tree import Span

_RULE = re.compile(r"^[ \t]*\|?[ \t:]*-[-\s:|]*$")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)")
_EMPTY = re.compile(r"[\s$?_\\.…]*")
"""Nothing, ``?``, ``$?$``, ``___`` or dots."""


@dataclass(frozen=True)
class Grid:
    """The cells of one table, row 0 above the rule; each is a span of its content."""

    text: str
    rows: tuple[tuple[Span, ...], ...]

    def cell(self, row: int, column: int) -> str:
        """The content of a cell; empty where the row is too short."""
        if column >= len(self.rows[row]):
            return ""
        start, end = self.rows[row][column]
        return self.text[start:end]

    def blanks(self) -> Iterator[tuple[int, int]]:
        """Row and column of each empty cell below the header."""
        for r, row in enumerate(self.rows[1:], 1):
            for c in range(len(row)):
                if _EMPTY.fullmatch(self.cell(r, c)):
                    yield r, c


def grids(text: str) -> list[Grid]:
    """The tables of a text that are drawn with pipes and a rule below the header."""
    lines = list(_lines(text))
    found: list[Grid] = []
    n = 1
    while n < len(lines):
        above, here = lines[n - 1], lines[n]
        if not _is_row(text, above) or not _is_rule(text, here):
            n += 1
            continue
        rows = [_cells(text, above)]
        n += 1
        while n < len(lines) and _is_row(text, lines[n]):
            rows.append(_cells(text, lines[n]))
            n += 1
        found.append(Grid(text, tuple(rows)))
    return found


def _lines(text: str) -> Iterator[Span]:
    """The lines outside of fences."""
    at, fenced = 0, False
    for line in text.split("\n"):
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield at, at + len(line)
        at += len(line) + 1


def _is_row(text: str, line: Span) -> bool:
    return "|" in text[slice(*line)]


def _is_rule(text: str, line: Span) -> bool:
    written = text[slice(*line)]
    return "|" in written and _RULE.match(written) is not None


def _cells(text: str, line: Span) -> tuple[Span, ...]:
    """The cells; an empty one stands a blank behind its border, so that an answer has room."""
    return tuple(pipe_cells(text, line))
