"""The words at the head of a column: whether they promise values, gradients or how they are computed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.judge.literal import is_plain
from dvar.read.worksheet.document import Document, Member, Statement

VALUE = re.compile(
    r"\b(values?|forward|results?|activations?|outputs?|numbers?|init(ial)?|start|evaluated|primal|"
    r"werte?|zahl|anfangswert|valor(es)?|valeurs?|inicial|initiale?|valore|"
    r"ergebnis|resultados?|résultats?)\b|值|结果|값|결과|значени",
    re.IGNORECASE,
)
_GRADIENT = re.compile(
    r"(\bbar\b|\bgrad|\bderiv|adjoint|backward|ableitung|gradient|derivad|dérivée|\\partial|∂|\bdL|"
    r"梯度|导数|勾配|기울기|그래디언트|미분|градиент)",
    re.IGNORECASE,
)

CALCULATION = re.compile(
    r"\b(calculations?|computations?|comput\w+|formulas?|working|workings|substitut\w+|expressions?|equations?|"
    r"updates?|operations?|rechnung|formel|berechnung|cálculos?|fórmulas?|operación|calculs?|formules?|calcolo)\b|"
    r"计算|公式|算式|代入|계산|수식|計算",
    re.IGNORECASE,
)

_STEP = re.compile(
    r"\b(?:steps?|updat\w*|descent|ascent|after|new|local|numeric\w*|finite|approx\w*|schritt\w*|nach|neu\w*)\b",
    re.IGNORECASE,
)
"""With these words it is no gradient of the whole that is meant, or not the gradient itself."""

OF = re.compile(r"\b(?:of|for|von|de|du|di)\s+[$`(\\\\]", re.IGNORECASE)
"""A name behind these words is what the gradient of a column is the gradient of."""

_RULE = re.compile(r"[\s|:+-]*-[\s|:+-]*")


def header_of(document: Document, table: int, column: int) -> str:
    """The words at the head of a column, which need not be mathematics."""
    cells_of = ((r, r.cell) for r in document.regions if r.cell is not None)
    first, row = next((r.span[0], cell.row) for r, cell in cells_of if cell.table == table)
    ends = document.text.find("\n", first) if row else document.text.find("\n\n", first)
    lines = document.text[: ends if ends >= 0 else None].split("\n")
    for n in range(len(lines) - 1, max(0, len(lines) - 200), -1):
        if _RULE.fullmatch(lines[n]) and "|" in lines[n - 1]:
            cells = re.split(r"(?<!\\)\|", lines[n - 1].strip().strip("|"))
            return cells[column].strip() if column < len(cells) else ""
    return ""


def label_of(document: Document, table: int, row: int) -> str:
    """The words in the first column of a row, which need not be mathematics."""
    cells_of = ((r, r.cell) for r in document.regions if r.cell is not None)
    first, found = next((r.span[0], c.row) for r, c in cells_of if c.table == table)
    lines = document.text[document.text.rfind("\n", 0, first) + 1 :].split("\n", row - found + 2)
    ruled = len(lines) > 1 and not found and _RULE.fullmatch(lines[1])
    below = lines[row - found + (1 if ruled and row else 0) :]
    label, *rest = re.split(r"(?<!\\)[|&]", below[0].lstrip(" |") if below else "")
    return label.strip() if rest else ""


def speaks_of_gradients(words: str) -> bool:
    """Whether the words say that the numbers are the gradients of the output."""
    return bool(_GRADIENT.search(words)) and not _STEP.search(words)


def holds_another(header: str) -> bool:
    """Whether a column has a quantity of its own, not the value of what stands to its left."""
    return bool(header) and not VALUE.search(header)


def goes_on(document: Document, before: Statement, statement: Statement) -> bool:
    """Whether a cell that begins with ``=`` goes on from an equation: of its row, or of the cell above."""
    here = document.regions[statement.region].cell
    there = document.regions[before.region].cell
    if here is None or there is None or here.table != there.table:
        return here is None
    if here.row == there.row:
        another = holds_another(header_of(document, here.table, here.column))
        return here.column == there.column or not (is_settled(before.members) and another)
    line = document.text.rfind("\n", 0, statement.span[0]) + 1
    alone = not document.text[line : statement.span[0]].strip(" |")
    return alone and here.row == there.row + 1 and here.column == there.column


def is_settled(members: Sequence[Member]) -> bool:
    """Whether an equation has come to its number."""
    last = members[-1].expr
    return len(members) > 1 and last is not None and is_plain(last)
