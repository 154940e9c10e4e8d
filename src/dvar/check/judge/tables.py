"""Tables: what a number in a cell is the value of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_plain
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_VALUE = re.compile(
    r"\b(value|values|forward|wert|valor|valeur|result|activation|output)\b", re.IGNORECASE
)
_GRADIENT = re.compile(r"(\bbar\b|\bgrad|\bderiv|adjoint|backward|\\partial|∂|\bdL)", re.IGNORECASE)


def subjects(
    document: Document, statements: Sequence[Statement], ordinals: Sequence[int], world: World
) -> dict[int, list[Member]]:
    """For each statement in a table cell that is a bare number: the chain it goes on from."""
    grid: dict[tuple[int, int, int], list[int]] = {}
    for ordinal in ordinals:
        cell = document.regions[statements[ordinal].region].cell
        if cell is not None:
            grid.setdefault((cell.table, cell.row, cell.column), []).append(ordinal)
    found: dict[int, list[Member]] = {}
    for (table, row, column), here in grid.items():
        for ordinal in here:
            if not _is_number(statements[ordinal]):
                continue
            members = _of_row(document, statements, grid, table, row, column, world) or _of_column(
                statements, grid, table, row, column
            )
            if members is not None:
                found[ordinal] = members
    return found


def _is_number(statement: Statement) -> bool:
    members = statement.members
    return len(members) == 1 and members[0].expr is not None and is_plain(members[0].expr)


def _of_row(
    document: Document,
    statements: Sequence[Statement],
    grid: dict[tuple[int, int, int], list[int]],
    table: int,
    row: int,
    column: int,
    world: World,
) -> list[Member] | None:
    """An equation in the cell to the left, or a name at the head of the row and words above."""
    if row == 0:
        return None
    left = grid.get((table, row, column - 1), [])
    if len(left) == 1 and len(statements[left[0]].members) > 1:
        return list(statements[left[0]].members)
    first = grid.get((table, row, 0), [])
    if column == 0 or len(first) != 1 or len(statements[first[0]].members) != 1:
        return None
    name = statements[first[0]].members[0]
    if not isinstance(name.expr, (t.Symbol, t.Apply, t.Derivative)):
        return None
    header = _header(document, table, column)
    if _GRADIENT.search(header) and isinstance(name.expr, t.Symbol) and world.loss is not None:
        if world.bars:
            barred = replace(name.expr, accents=(*name.expr.accents, "bar"))
            return [Member("", barred, name.span)]
        loss = t.Symbol(world.loss.stem.partition(".")[0], name.span)
        return [Member("", t.Derivative(loss, (name.expr,), "partial", name.span), name.span)]
    return [name] if _VALUE.search(header) else None


def _header(document: Document, table: int, column: int) -> str:
    """The words at the head of a column, which need not be mathematics."""
    first = next(r for r in document.regions if r.cell is not None and r.cell.table == table)
    lines = document.text[: first.span[1]].split("\n")
    for n in range(len(lines) - 1, max(-1, len(lines) - 200), -1):
        if re.fullmatch(r"[\s|:+-]*-[\s|:+-]*", lines[n]) and n > 0 and "|" in lines[n - 1]:
            cells = lines[n - 1].strip().strip("|").split("|")
            return cells[column].strip() if column < len(cells) else ""
    return ""


def _of_column(
    statements: Sequence[Statement],
    grid: dict[tuple[int, int, int], list[int]],
    table: int,
    row: int,
    column: int,
) -> list[Member] | None:
    """A name at the head of the column."""
    head = grid.get((table, 0, column), [])
    if row == 0 or len(head) != 1 or len(statements[head[0]].members) != 1:
        return None
    member = statements[head[0]].members[0]
    if isinstance(member.expr, (t.Symbol, t.Derivative)):
        return [member]
    if isinstance(member.expr, t.Apply) and all(isinstance(a, t.Symbol) for a in member.expr.args):
        return [member]
    return None
