"""Page → plain text, and the same lines with colour for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dvar.write.page import Block, Code, Equations, Heading, Paragraph, Table, page
from dvar.write.report import Formula, Report

Line = tuple[str, str]
"""A style name (see ``STYLES``) and the text of one line."""

STYLES = {
    "heading": "bold",
    "head": "dim",
    "equation": "",
    "result": "cyan",
    "remark": "dim",
    "reason": "yellow",
    "plain": "",
    "code": "green",
}

REMARK_COLUMN = 56


def to_text(report: Report) -> str:
    """The page as plain lines, never wrapped."""
    return "\n".join(line for _, line in lines(report)) + "\n"


def lines(report: Report) -> Iterator[Line]:
    """The page as styled lines."""
    first = True
    for block in page(report):
        if isinstance(block, Heading) and not first:
            yield "plain", ""
        first = False
        yield from _block(block)


def _block(block: Block) -> Iterator[Line]:
    if isinstance(block, Heading):
        yield "heading", block.text
    elif isinstance(block, Paragraph):
        yield "plain", f"  {block.text}"
    elif isinstance(block, Equations):
        yield from _equations(block)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Code):
        yield from _code(block)


def _equations(block: Equations) -> Iterator[Line]:
    indent = " " * (len(block.left.text) + 2)
    for n, (formula, remark) in enumerate(block.lines):
        start = f"  {block.left.text}" if n == 0 else indent
        written = f"{start} = {formula.text}"
        last = n == len(block.lines) - 1 and n > 0
        note = f"{written:<{REMARK_COLUMN}}  {remark}" if remark else written
        yield ("result" if last else "equation"), note
    for reason in block.reasons:
        yield "reason", f"{indent}   # {reason}"


def _table(block: Table) -> Iterator[Line]:
    rows = [[_cell(cell) for cell in row] for row in (block.head, *block.rows)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for n, row in enumerate(rows):
        cells = (f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        yield ("head" if n == 0 else "plain"), f"  {'   '.join(cells)}".rstrip()


def _cell(cell: Formula | str) -> str:
    return cell.text if isinstance(cell, Formula) else cell


def _code(block: Code) -> Iterator[Line]:
    yield "plain", ""
    yield "heading", block.title
    for line in block.code.splitlines():
        yield "code", f"    {line}"
    yield "remark", f"  {block.cost}"


def print_in_colour(styled: Iterable[Line]) -> None:
    """Print styled lines on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for style, line in styled:
        console.print(Text(line, style=STYLES[style]), soft_wrap=True)
