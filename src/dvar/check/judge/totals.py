"""Rows of a table that sum up those above them, or average them: no example of their own, whatever their label says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

LEAST = 2
"""So many columns must come out, of so many numbers each at least: one alone may do so by chance."""

Row = Mapping[int, Sequence[int]]  # column → its statements


def of_columns(
    table: Mapping[int, Row], statements: Sequence[Statement]
) -> dict[int, dict[int, Fraction]]:
    """The rows whose numbers are the sums, or the means, of the numbers above them in their columns.

    Returns:
        For each the column that does not come out, if there is one, with what is due there.
    """
    found: dict[int, dict[int, Fraction]] = {}
    numbers = {row: dict(_numbers(cells, statements)) for row, cells in table.items()}
    for row in sorted(numbers):
        above = [numbers[r] for r in numbers if r < row and r not in found]
        columns = {c: [n[c] for n in above if c in n] for c in numbers[row]}
        long = {c: column for c, column in columns.items() if len(column) >= LEAST}
        for parts in (False, True):
            due = {c: _due(column, parts) for c, column in long.items()}
            off = [
                c for c, column in long.items() if not _comes_out(numbers[row][c], column, parts)
            ]
            if len(long) - len(off) >= LEAST and len(off) <= 1:
                found[row] = {c: due[c] for c in off}
                break
    return found


def _numbers(
    cells: Row, statements: Sequence[Statement]
) -> Iterator[tuple[int, tuple[Fraction, t.Number]]]:
    for column, ordinals in cells.items():
        tree = statements[ordinals[0]].members[-1].expr if len(ordinals) == 1 else None
        sign = 1
        if isinstance(tree, t.Negative):
            tree, sign = tree.operand, -1
        if isinstance(tree, t.Number):
            yield column, (sign * tree.value, tree)


def _comes_out(
    total: tuple[Fraction, t.Number], column: Sequence[tuple[Fraction, t.Number]], parts: bool
) -> bool:
    """Whether a number is the sum of a column, or its mean, to the digits that are shown."""
    loose = sum((n.unit / 2 for _, n in column if not n.is_whole), Fraction(0))
    if parts:
        loose /= len(column)
    value, shown = total
    if parts or not shown.is_whole:
        loose += shown.unit / 2
    return abs(value - _due(column, parts)) <= loose


def _due(column: Sequence[tuple[Fraction, t.Number]], parts: bool) -> Fraction:
    return sum((value for value, _ in column), Fraction(0)) / (len(column) if parts else 1)
