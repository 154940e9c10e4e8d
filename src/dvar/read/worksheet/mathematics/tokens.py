"""Tokens of worksheet mathematics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dvar.read.worksheet.tree import Span

NUMBER = "number"
WORD = "word"
"""A run of letters that is not yet known to be one name or several."""
NAME = "name"
"""One symbol."""
FUNCTION = "function"
DIGITS = "digits"
"""Digits right behind a name: its first subscript."""
LABEL = "label"
"""What stands behind ``_`` without braces."""
ATTRIBUTE = "attribute"
"""``.T``, ``.sum`` in code."""
SIGN = "sign"
COMMAND = "command"
TEXT = "text"
BEGIN = "begin"
END = "end"
ROW = "row"
CELL = "cell"
LINE = "line"
QUAD = "quad"
UNKNOWN = "unknown"
STOP = "stop"
"""Behind the last token."""


@dataclass(slots=True)
class Token:
    r"""One token.

    Attributes:
        kind: one of the above.
        text: signs and commands by one name each, whatever they were written as (``·`` is ``cdot``).
        start, end: in the document.
        spaced: something visible parts it from the token before: ``\,`` in LaTeX, a space elsewhere.
        gap: any white space stands before it.
        font, accents: of a name.
    """

    kind: str
    text: str
    start: int
    end: int
    spaced: bool = False
    gap: bool = False
    font: str = ""
    accents: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        return self.start, self.end

    def is_(self, *signs: str) -> bool:
        return self.kind == SIGN and self.text in signs

    def names(self, *commands: str) -> bool:
        """Whether it is one of these commands."""
        return self.kind == COMMAND and self.text in commands


def made(kind: str, text: str, like: Token) -> Token:
    """Another token at the same place."""
    return Token(kind, text, like.start, like.end, like.spaced, like.gap, like.font, like.accents)


def span_of(tokens: Sequence[Token], default: Span) -> Span:
    if not tokens:
        return default
    return min(t.start for t in tokens), max(t.end for t in tokens)
