"""Empty cells of tables as questions: what the row and the column say belongs there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dvar.check.judge.headers import VALUE as VALUES
from dvar.check.judge.headers import speaks_of_gradients
from dvar.check.judge.subjects import Subjects
from dvar.check.solve.grid import Grid
from dvar.check.solve.questions import BRIEF, FORMULA, NUMBER, VALUE, Blank, Question
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement

_SYMBOLIC = re.compile(
    r"\b(?:symbol\w*|formula|expression|formel|formule|f[oó]rmula|analytic\w*)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def cell_questions(
    tables: Sequence[Grid],
    subjects: Subjects,
    statements: Sequence[Statement],
    ordinals: Sequence[int],
) -> Iterator[Question]:
    """The empty cells of tables whose row or column says what belongs there.

    Args:
        tables: of the document; subjects: what their cells are about.
        statements: of the document, with bare numbers in cells made equations.
        ordinals: the statements of one problem, to which a table belongs if one of them stands in it.
    """
    for grid in tables:
        first, last = grid.rows[0][0][0], grid.rows[-1][-1][1]
        here = [n for n in ordinals if first <= statements[n].span[0] <= last]
        regions = subjects.document.regions
        cells = (regions[statements[n].region].cell for n in here)
        table = next((cell.table for cell in cells if cell is not None), None)
        if table is not None:
            yield from _Cells(grid, subjects, statements, here, table).questions()


@dataclass
class _Cells:
    grid: Grid
    subjects: Subjects
    statements: Sequence[Statement]
    ordinals: Sequence[int]
    table: int

    def questions(self) -> Iterator[Question]:
        dollars = any("$" in self.grid.cell(r, c) for r, c in self._all())
        for row, column in self.grid.blanks():
            wanted = self._subject(row, column)
            if wanted is None:
                continue
            member, wants = wanted
            blank = self._blank(row, column, dollars)
            ordinal = self._last_before(self.grid.rows[row][-1][1])
            yield Question((member,), member.span, ordinal, dollars, wants, blank)

    def _all(self) -> Iterator[tuple[int, int]]:
        for r, row in enumerate(self.grid.rows):
            for c in range(len(row)):
                yield r, c

    def _blank(self, row: int, column: int, dollars: bool) -> Blank:
        text = self.grid.text
        start, end = self.grid.rows[row][column]
        while text[start - 1 : start] in (" ", "\t"):
            start -= 1
        while text[end : end + 1] in (" ", "\t"):
            end += 1
        mark = "$" if dollars else ""
        return Blank((start, end), f" {mark}", f"{mark} ", is_cell=True)

    def _last_before(self, offset: int) -> int:
        return max(
            (n for n in self.ordinals if self.statements[n].span[0] <= offset),
            default=self.ordinals[0],
        )

    def _statement(self, row: int, column: int) -> Statement | None:
        """The statement of a cell that holds just one."""
        if column < 0 or column >= len(self.grid.rows[row]):
            return None
        start, end = self.grid.rows[row][column]
        inside = [n for n in self.ordinals if start <= self.statements[n].span[0] < end]
        return self.statements[inside[0]] if len(inside) == 1 else None

    def _kind_of(self, row: int) -> str:
        """Numbers in a row that has some, else formulas."""
        cells = (self.grid.cell(row, c) for c in range(len(self.grid.rows[row])))
        return VALUE if any(NUMBER.fullmatch(cell.strip("$ ")) for cell in cells) else FORMULA

    def _subject(self, row: int, column: int) -> tuple[Member, str] | None:
        left = self._statement(row, column - 1)
        if left is not None and len(left.members) > 1 and left.members[0].expr is not None:
            # What stands in front of a bare number was put there from the head of its column.
            if left.members[0].span[0] >= left.span[0]:
                return left.members[0], VALUE
        if column == 0:
            return None
        title, label = self.grid.cell(0, column), self.grid.cell(row, 0)
        name = self.subjects.single(self.table, row, 0)
        is_label = name is None and self._statement(row, 0) is None and _WORD.search(label)
        words = f"{title} {label}" if is_label else title
        subject = self.subjects.of((self.table, row, column))
        if subject is None:
            named = name is not None and isinstance(name.expr, t.Symbol | t.Apply | t.Derivative)
            return (name, FORMULA) if name and named and _SYMBOLIC.search(words) else None
        if _SYMBOLIC.search(words):
            return subject, FORMULA
        if speaks_of_gradients(words):
            return subject, VALUE if VALUES.search(words) else BRIEF
        if VALUES.search(words):
            return subject, VALUE
        return None if is_label else (subject, self._kind_of(row))
