"""Empty cells of tables as questions: what the row and the column say belongs there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dvar.check.judge.cells import output_of
from dvar.check.meaning.world import World
from dvar.check.solve.grid import Grid
from dvar.check.solve.questions import BRIEF, FORMULA, NUMBER, VALUE, Blank, Question
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement

_SYMBOLIC = re.compile(
    r"\b(?:symbol\w*|formula|expression|formel|formule|f[oó]rmula|analytic\w*)\b", re.IGNORECASE
)
_NUMERIC = re.compile(
    r"\b(?:values?|numbers?|numeric\w*|evaluated|forward|wert|valeur|valor|result)\b", re.IGNORECASE
)
_GRADIENT = re.compile(
    r"\b(?:grad\w*|derivatives?|ableitung|d[eé]riv[eé]e|derivada|adjoint|backward)\b", re.IGNORECASE
)


def cell_questions(
    tables: Sequence[Grid], statements: Sequence[Statement], ordinals: Sequence[int], world: World
) -> Iterator[Question]:
    """The empty cells of tables whose row or column says what belongs there.

    Args:
        tables: of the document.
        ordinals: the statements of one problem, to which a table belongs if one of them stands in it.
    """
    for grid in tables:
        first, last = grid.rows[0][0][0], grid.rows[-1][-1][1]
        here = [n for n in ordinals if first <= statements[n].span[0] <= last]
        if here:
            told = [statements[n] for n in ordinals]
            yield from _Cells(grid, statements, here, told, world).questions()


@dataclass
class _Cells:
    grid: Grid
    statements: Sequence[Statement]
    ordinals: Sequence[int]
    told: Sequence[Statement]
    world: World

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

    def _name(self, row: int, column: int) -> Member | None:
        """The name or derivative in a cell, if it is nothing else."""
        statement = self._statement(row, column)
        if statement is None or len(statement.members) != 1:
            return None
        member = statement.members[0]
        named = isinstance(member.expr, (t.Symbol, t.Apply, t.Derivative))
        return member if named and not member.relation else None

    def _kind_of(self, row: int) -> str:
        """Numbers in a row that has some, else formulas."""
        cells = (self.grid.cell(row, c) for c in range(len(self.grid.rows[row])))
        return VALUE if any(NUMBER.fullmatch(cell.strip("$ ")) for cell in cells) else FORMULA

    def _output(self, column: int) -> t.Symbol | None:
        """What the gradients of a column are gradients of, as far as the table tells."""
        rows: list[tuple[t.Symbol, t.Expr | None]] = []
        for row in range(1, len(self.grid.rows)):
            name, cell = self._name(row, 0), self._statement(row, column)
            if name is not None and isinstance(name.expr, t.Symbol):
                rows.append((name.expr, cell.members[-1].expr if cell is not None else None))
        return output_of(rows, self.told)

    def _subject(self, row: int, column: int) -> tuple[Member, str] | None:
        left = self._statement(row, column - 1)
        if left is not None and len(left.members) > 1 and left.members[0].expr is not None:
            # What stands in front of a bare number was put there from the head of its column.
            if left.members[0].span[0] >= left.span[0]:
                return left.members[0], VALUE
        head = self._name(0, column)
        if head is not None:
            label = self.grid.cell(row, 0)
            titled = self._statement(row, 0) is None and re.search(r"[^\W\d_]{2,}", label)
            wants = _wants(label, "" if titled else self._kind_of(row))
            return (head, wants) if wants else None
        title, name = self.grid.cell(0, column), self._name(row, 0)
        if column == 0 or name is None:
            return None
        if _GRADIENT.search(title) and isinstance(name.expr, t.Symbol):
            loss = self._output(column)
            if loss is None and self.world.loss is not None:
                loss = t.Symbol(self.world.loss.stem.partition(".")[0], name.span)
            if loss is None:
                return None
            derivative = t.Derivative(loss, (name.expr,), "partial", name.span)
            return replace(name, expr=derivative), _wants(title, BRIEF)
        wants = _wants(title, "")
        return (name, wants) if wants else None


def _wants(title: str, otherwise: str) -> str:
    if _SYMBOLIC.search(title):
        return FORMULA
    return VALUE if _NUMERIC.search(title) else otherwise
