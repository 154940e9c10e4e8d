"""Page → LaTeX that compiles with amsmath and amssymb."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.write.markdown import escape
from dvar.write.page import Block, Code, Equations, Heading, Paragraph, Table, page
from dvar.write.report import Formula, Report

PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath,amssymb,array,longtable}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""


def to_latex(report: Report, document: bool = True) -> str:
    """A whole document, or only its body for inclusion in another."""
    body = "\n".join(line for block in page(report) for line in _block(block))
    return f"{PREAMBLE}{body}\n\\end{{document}}\n" if document else f"{body}\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield rf"\section*{{{escape(block.text)}}}"
    elif isinstance(block, Paragraph):
        yield f"{escape(block.text)}\n"
    elif isinstance(block, Equations):
        yield from _equations(block)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Code):
        yield rf"\subsection*{{{escape(block.title)}}}"
        yield from (r"\begin{verbatim}", block.code.rstrip(), r"\end{verbatim}", escape(block.cost))


def _equations(block: Equations) -> Iterator[str]:
    rows = []
    for n, (formula, remark) in enumerate(block.lines):
        left = block.left.latex if n == 0 else ""
        note = rf" && \text{{{escape(remark)}}}" if remark else ""
        rows.append(f"{left} &= {formula.latex}{note}")
    yield r"\begin{align*}"
    yield " \\\\\n".join(rows)
    yield r"\end{align*}"
    for reason in block.reasons:
        yield rf"{{\small {escape(reason)}\par}}"


def _table(block: Table) -> Iterator[str]:
    columns = ">{\\raggedright\\arraybackslash}p{" + f"{0.92 / len(block.head):.2f}\\textwidth}}"
    yield rf"\begin{{longtable}}{{{columns * len(block.head)}}}"
    yield " & ".join(_cell(cell) for cell in block.head) + r" \\ \hline"
    for row in block.rows:
        yield " & ".join(_cell(cell) for cell in row) + r" \\"
    yield r"\end{longtable}"


def _cell(cell: Formula | str) -> str:
    return rf"${cell.latex}$" if isinstance(cell, Formula) else escape(cell)
