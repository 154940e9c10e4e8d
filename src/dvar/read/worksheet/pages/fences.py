"""What a fence or a cell of a program holds: statements that may be mathematics, with their results; comments."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from dvar.read.worksheet.mathematics.dialects import PYTHON
from dvar.read.worksheet.pages.program import result_in, statements
from dvar.read.worksheet.pages.python import formulas
from dvar.read.worksheet.tree import Span


def lines_of(text: str, span: Span, language: str) -> Iterator[tuple[str, Span, Span | None]]:
    """``("code", span, where its result stands)`` and ``("comment", span, None)``."""
    known = formulas(text, span) if language in PYTHON else None
    parts = [*statements(text, span, language), ("", (0, 0))]
    for (kind, place), (after, comment) in itertools.pairwise(parts):
        if kind == "comment":
            yield kind, place, None
        elif known is None or place[0] in known:
            yield kind, place, result_in(text, place, comment) if after == "comment" else None
