"""Page → LaTeX that compiles with amsmath, amssymb and graphicx."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.write.markdown import escape
from dvar.write.page import Block, Code, Equations, Heading, Paragraph, Table, page
from dvar.write.report import Formula, Report

# \fit prints a formula as it is, or smaller where it is wider than a share of the line:
# numbers put into matrices can be of any width, and LaTeX breaks no matrix.
PREAMBLE = r"""\documentclass[fleqn]{article}
\usepackage{amsmath,amssymb,array,graphicx,longtable}
\usepackage[margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\LTleft}{0pt}
\setcounter{MaxMatrixCols}{64}
\allowdisplaybreaks
\newcommand{\fit}[2]{\sbox0{$\displaystyle #2$}%
  \ifdim\wd0>#1\linewidth\resizebox{#1\linewidth}{!}{\usebox0}\else\usebox0\fi}
\newcommand{\cell}[2]{\raisebox{0pt}[\dimexpr\height+3pt\relax][\dimexpr\depth+3pt\relax]%
  {$\fit{#1}{#2}$}}
\begin{document}
"""

EQUATION, REMARK, NOTE = 0.6, 0.28, 0.25
"""Shares of the line: for the right side of an equation, its remark, a table's words."""

# Matrices side by side need the room of the remark more than they need the remark.
LONG, WHOLE = 260, 0.85


def to_latex(report: Report, document: bool = True) -> str:
    """A whole document, or only its body for inclusion in another (which has amsmath, longtable)."""
    body = "\n".join(line for block in page(report) for line in _block(block, document))
    # The font of \mathbb has capitals only.
    body = body.replace(r"\mathbb{1}", r"\mathbf{1}")
    return f"{PREAMBLE}{body}\n\\end{{document}}\n" if document else f"{body}\n"


def _block(block: Block, fit: bool) -> Iterator[str]:
    if isinstance(block, Heading):
        yield rf"\section*{{{escape(block.text)}}}"
    elif isinstance(block, Paragraph):
        yield f"{escape(block.text)}\n"
    elif isinstance(block, Equations):
        yield from _equations(block, fit)
    elif isinstance(block, Table):
        yield from _table(block, fit)
    elif isinstance(block, Code):
        yield rf"\subsection*{{{escape(block.title)}}}"
        yield from (r"\begin{verbatim}", block.code.rstrip(), r"\end{verbatim}", escape(block.cost))


def _equations(block: Equations, fit: bool) -> Iterator[str]:
    rows = []
    for n, (formula, remark) in enumerate(block.lines):
        left = block.left.latex if n == 0 else ""
        wide = fit and len(formula.latex) > LONG
        note = rf" && {_remark(remark)}" if remark and not wide else ""
        right = _fitted(formula.latex, WHOLE if wide else EQUATION, fit)
        # Lapped over, so that the remarks of the other lines stay where they are.
        rows.append(f"{left} &= " + (rf"\rlap{{{right}}}" if wide else right) + note)
    yield r"\begin{align*}"
    yield " \\\\\n".join(rows)
    yield r"\end{align*}"
    for reason in block.reasons:
        yield rf"{{\small {escape(reason)}\par}}"


def _fitted(latex: str, share: float, fit: bool) -> str:
    return rf"\fit{{{share:.2f}}}{{{latex}}}" if fit else latex


def _remark(text: str) -> str:
    if len(text) < 28:
        return rf"\text{{{escape(text)}}}"
    return rf"\parbox{{{REMARK}\linewidth}}{{\raggedright\small {escape(text)}}}"


def _table(block: Table, fit: bool) -> Iterator[str]:
    """Columns of formulas as wide as they are, a column of sentences with lines of its own."""
    worded = [
        any(isinstance(row[n], str) and len(str(row[n])) > 24 for row in block.rows)
        for n in range(len(block.head))
    ]
    narrow = [
        not worded[n] and all(_width(row[n]) < 60 for row in block.rows)
        for n in range(len(block.head))
    ]
    rest = max(1, len(block.head) - sum(worded) - sum(narrow))
    share = max(0.1, (0.92 - NOTE * sum(worded) - 0.1 * sum(narrow)) / rest)
    sentence = rf">{{\raggedright\arraybackslash}}p{{{NOTE}\textwidth}}"
    yield rf"\begin{{longtable}}{{{''.join(sentence if w else 'l' for w in worded)}}}"
    yield " & ".join(_cell(cell, share, fit) for cell in block.head) + r" \\ \hline"
    for row in block.rows:
        yield " & ".join(_cell(cell, share, fit) for cell in row) + r" \\"
    yield r"\end{longtable}"


def _width(cell: Formula | str) -> int:
    return len(cell.latex if isinstance(cell, Formula) else cell)


def _cell(cell: Formula | str, share: float, fit: bool) -> str:
    if isinstance(cell, str):
        return escape(cell)
    if not cell.latex:
        return escape(cell.text)
    return rf"\cell{{{share:.2f}}}{{{cell.latex}}}" if fit else f"${cell.latex}$"
