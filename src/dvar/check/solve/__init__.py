"""Worksheets solved: every blank filled with a formula and a number, and the steps to it."""

from __future__ import annotations

import os

from dvar.check.solve.filling import solved
from dvar.check.solve.solution import Answer, Solution, Unanswered
from dvar.check.worksheet import path_of
from dvar.core.errors import ReadError
from dvar.read.worksheet.document import Document
from dvar.read.worksheet.pages import read_document, read_path

__all__ = ["Answer", "Solution", "Unanswered", "solve"]


def solve(source: str | os.PathLike[str], *, file: str | None = None) -> Solution:
    """Fill the blanks of a worksheet.

    Blanks are ``df/dx =`` with nothing behind it, with ``?``, ``___`` or dots; questions such as
    "What is ∂J/∂w?"; lists below "compute the following"; and empty cells of tables whose row and
    column say what belongs there.  Where a line asks for the same twice, the formula comes first and
    the number second.

    Args:
        source: the text of a document, or a path to a Markdown, text or TeX file.
        file: a name for a text, for messages.

    Returns:
        The solved document, its answers, and what stayed open with the reasons.  Every answer has
        been read back and judged right where it stands.

    Raises:
        ReadError: the file cannot be read, is no text, or is too large.

    Example:
        >>> solution = solve("$f = x^2 y$ at $x = 3$, $y = 2$. $\\\\frac{df}{dx} = ?$")
        >>> print(solution.text)
        $f = x^2 y$ at $x = 3$, $y = 2$. $\\frac{df}{dx} = 2 x y = 2 \\cdot 3 \\cdot 2 = 12$
    """
    raw, document = _read(source, file)
    text, found = solved(raw, document)
    answers = tuple(a.answer for a in found if a.answer is not None)
    unanswered = tuple(a.unanswered for a in found if a.unanswered is not None)
    return Solution(document.file, text, answers, unanswered)


def _read(source: str | os.PathLike[str], file: str | None) -> tuple[str, Document]:
    """The text as it came, and as it is read."""
    path = path_of(source)
    if path is None:
        raw = str(source)
        document = read_document(raw, file)
    else:
        document = read_path(path)
        raw = path.read_bytes().decode("utf-8")
    if document.lines is not None:
        raise ReadError(
            "the blanks of a notebook cannot be filled yet",
            hint="jupyter nbconvert --to markdown",
        )
    return raw, document
