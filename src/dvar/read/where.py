"""Places in a text: from spans of characters to lines with carets."""

from __future__ import annotations

from bisect import bisect_right

from dvar.core.errors import Source
from dvar.read.syntax import Span


class Places:
    """The lines of a text.

    Args:
        text: what was given to read.
        file: where it came from.
    """

    def __init__(self, text: str, file: str | None = None) -> None:
        self.text, self.file = text, file
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def source(self, span: Span) -> Source:
        """The line a span starts in, with the part of the span in that line."""
        start = max(0, min(span[0], len(self.text)))
        n = bisect_right(self._starts, start) - 1
        line = self._lines[n]
        column = start - self._starts[n]
        length = max(1, min(span[1] - start, len(line) - column))
        return Source(line.rstrip("\r"), n + 1, column, length, self.file)

    def line(self, span: Span) -> int:
        return bisect_right(self._starts, max(0, span[0]))

    def written(self, span: Span, limit: int = 40) -> str:
        """What stands in the span, on one line, cut to ``limit`` characters."""
        shown = " ".join(self.text[span[0] : min(span[1], span[0] + 4 * limit)].split())
        return shown if len(shown) <= limit else shown[: limit - 1] + "…"
