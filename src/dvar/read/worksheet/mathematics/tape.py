"""What the scanner of worksheets reads from and writes to."""

from __future__ import annotations

from dvar.read.worksheet.mathematics import characters, patterns
from dvar.read.worksheet.mathematics.macros import Macro
from dvar.read.worksheet.mathematics.tokens import NUMBER, SIGN, Token
from dvar.read.worksheet.tree import Span

LONGEST = 200_000
"""Characters of one region that are read."""
MOST_EXPANSIONS = 2000
"""Macros put in for one region."""


class Tape:
    """One pass over one piece of text.

    Args:
        text: the piece.
        base: where it begins in the document.
        fixed: the one place that all tokens get, for the body of a macro.
    """

    def __init__(
        self,
        text: str,
        base: int,
        latex: bool,
        code: bool,
        macros: dict[str, Macro],
        fixed: Span | None = None,
        budget: list[int] | None = None,
    ) -> None:
        self.text, self.base, self.latex, self.code = text, base, latex, code
        self.macros, self.fixed = macros, fixed
        self.out: list[Token] = []
        self.spaced = self.gap = False
        self.at = 0
        self.depth = 0
        self.lefts: list[str] = []
        self.braces: list[str] = []
        self.budget = budget if budget is not None else [MOST_EXPANSIONS, LONGEST]
        self.pattern = patterns.CODE if code else patterns.LATEX if latex else patterns.PLAIN
        if (
            latex
            and not patterns.SINGLE.search(text)
            and any(map(characters.is_command, patterns.DOUBLE.findall(text)))
        ):
            self.pattern = patterns.DOUBLED

    def tokens(self) -> list[Token]:
        """All of them."""
        raise NotImplementedError

    def inner(
        self,
        text: str,
        base: int,
        latex: bool,
        macros: dict[str, Macro] | None = None,
        fixed: Span | None = None,
    ) -> list[Token]:
        """The tokens of a text of its own inside this one."""
        place = self.fixed or fixed
        return type(self)(text, base, latex, False, macros or {}, place, self.budget).tokens()

    def add(self, kind: str, text: str, start: int, end: int, font: str = "") -> Token:
        place = self.fixed if self.fixed is not None else (self.base + start, self.base + end)
        token = Token(kind, text, place[0], place[1], self.spaced, self.gap, font)
        self.out.append(token)
        self.spaced = self.gap = False
        return token

    def sign(self, text: str, start: int, end: int) -> None:
        self.depth += (text in "([") - (text in ")]")
        self.add(SIGN, text, start, end)

    def place(self, start: int, end: int) -> Span:
        return self.fixed or (self.base + start, self.base + end)

    def put(self, tokens: list[Token]) -> None:
        if tokens:
            tokens[0].spaced |= self.spaced
            tokens[0].gap |= self.gap
            self.spaced = self.gap = False
        self.out.extend(tokens)

    def percent(self, start: int) -> None:
        if self.out and self.out[-1].kind == NUMBER and not self.gap and not self.code:
            last = self.out[-1]
            last.text = characters.percent(last.text)
            last.end = self.place(start, self.at)[1]
        else:
            self.sign("%", start, self.at)
