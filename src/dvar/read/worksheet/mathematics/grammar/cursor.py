"""A place in a list of balanced tokens, and what every rule of the grammar needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.lexicon import Lexicon
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    COMMAND,
    FUNCTION,
    NAME,
    NUMBER,
    SIGN,
    STOP,
    TEXT,
    UNKNOWN,
    Token,
)
from dvar.read.worksheet.tree import Expr, Span

R = TypeVar("R")
DEEPEST = 45
"""Levels of nesting; each takes some frames of the interpreter's stack."""
_OPERANDS = frozenset({NUMBER, NAME, FUNCTION, BEGIN})
_NO_OPERANDS = frozenset({"over", "limits", "blank", "forall", "exists", "choose", "atop"})


class Unreadable(Exception):
    """What stands here is not understood."""

    def __init__(self, message: str, span: Span) -> None:
        super().__init__(message)
        self.message, self.span = message, span


class Cursor:
    """Reads ``tokens[at:end]``.

    Attributes:
        conditions: what holds, as found on the way: the place at which a derivative is taken.
        said: words on the way.
    """

    def __init__(
        self,
        tokens: list[Token],
        lexicon: Lexicon,
        latex: bool,
        code: bool,
        matlab: bool = False,
    ) -> None:
        self.tokens = tokens
        self.mates = mates_of(tokens)
        self.lexicon, self.latex, self.code, self.matlab = lexicon, latex, code, matlab
        self.at, self.end = 0, len(tokens)
        self.depth = 0
        self.has_over = any(token.names("over", "choose") for token in tokens)
        self.conditions: list[Expr] = []
        self.said: list[str] = []
        stop = tokens[-1].end if tokens else 0
        self.stop = Token(STOP, "", stop, stop)

    # ── rules that others call ──────────────────────────────────────────────────────────────────

    def expression(self) -> Expr:
        """Sums and what binds more strongly."""
        raise NotImplementedError

    def comparison(self) -> Expr:
        """Expressions with relation signs between them, and ``and``, ``or``."""
        raise NotImplementedError

    def product(self, until: Callable[[Expr, int], bool] | None = None) -> Expr:
        raise NotImplementedError

    def factor(self) -> Expr:
        """One operand with all that hangs on it."""
        raise NotImplementedError

    # ── looking ─────────────────────────────────────────────────────────────────────────────────

    @property
    def token(self) -> Token:
        return self.tokens[self.at] if self.at < self.end else self.stop

    def peek(self, k: int = 1) -> Token:
        return self.tokens[self.at + k] if self.at + k < self.end else self.stop

    def sees(self, *signs: str) -> bool:
        return self.at < self.end and self.tokens[self.at].is_(*signs)

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def accept(self, *signs: str) -> bool:
        if self.sees(*signs):
            self.at += 1
            return True
        return False

    def starts_operand(self, token: Token | None = None) -> bool:
        """Whether an operand begins here."""
        token = self.token if token is None else token
        if token.kind in _OPERANDS:
            return True
        if token.kind == COMMAND:
            return token.text not in _NO_OPERANDS
        return token.kind == SIGN and (token.text in words.OPENERS or token.text in words.DOTS)

    # ── moving ──────────────────────────────────────────────────────────────────────────────────

    def within(self, start: int, end: int, rule: Callable[[], R]) -> R:
        """What a rule makes of ``tokens[start:end]``, all of them."""
        saved = self.at, self.end
        self.at, self.end = start, end
        self.depth += 1
        try:
            if self.depth > 2 * DEEPEST:
                raise Unreadable(f"nested more than {DEEPEST} deep", self.token.span)
            out = rule()
            if self.at < self.end:
                raise self.unexpected()
        finally:
            self.depth -= 1
            self.at, self.end = saved
        return out

    def enter(self) -> tuple[int, int]:
        """The inside of the bracket that opens here; goes on behind it."""
        start, mate = self.at, self.mates[self.at]
        if mate <= start or mate >= self.end:
            raise Unreadable("a bracket is not closed", self.token.span)
        self.at = mate + 1
        return start + 1, mate

    def sees_derivative(self) -> bool:
        raise NotImplementedError

    def sees_differential(self) -> bool:
        r"""``dφ`` behind ``\sin θ``, which is no part of the argument."""
        token, after = self.token, self.peek()
        if token.kind != NAME or token.text != "d" or after.kind != NAME or after.spaced:
            return False
        return token.font == "rm" or (not after.gap and after.text not in self.lexicon.multiplied)

    def since(self, start: int) -> Span:
        """The place from the token ``start`` up to here."""
        if start >= len(self.tokens):
            return self.stop.span
        a = self.tokens[start]
        b = self.tokens[max(start, min(self.at, len(self.tokens)) - 1)]
        return min(a.start, b.start), max(a.end, b.end)

    def place(self, start: int, end: int) -> Span:
        """The place of ``tokens[start:end]``."""
        if start >= end:
            at = self.tokens[start - 1].end if 0 < start <= len(self.tokens) else self.stop.end
            return at, at
        return self.tokens[start].start, max(self.tokens[start].end, self.tokens[end - 1].end)

    def unexpected(self) -> Unreadable:
        token = self.token
        if token.kind == STOP:
            return Unreadable("something is missing at the end", token.span)
        if token.kind == UNKNOWN:
            return Unreadable(f"{token.text!r} is not known", token.span)
        if token.kind == COMMAND:
            return Unreadable(rf"\{token.text} is not known", token.span)
        what = f"“{token.text}”" if token.kind == TEXT else f"{token.text!r}"
        return Unreadable(f"{what} is not expected here", token.span)


def widened(a: Span, b: Span) -> Span:
    return min(a[0], b[0]), max(a[1], b[1])
