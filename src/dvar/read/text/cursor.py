"""A place in a row of tokens: looking, taking, and saying what was expected."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.errors import FormulaError
from dvar.read.syntax import Expr, Span
from dvar.read.text.tokens import END, LINE, SIGN, Token
from dvar.read.where import Places

_CLOSERS = frozenset(")]}")


class Cursor:
    """Tokens and a position among them."""

    def __init__(self, tokens: Sequence[Token], places: Places) -> None:
        self.tokens, self.places, self.at = tokens, places, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def next(self) -> Token:
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    @property
    def last(self) -> Token:
        """The token just taken."""
        return self.tokens[self.at - 1]

    def sees(self, *signs: str) -> bool:
        return self.token.kind == SIGN and self.token.text in signs

    def take(self) -> Token:
        token = self.token
        self.at += 1
        return token

    def takes(self, *signs: str) -> bool:
        """Take one of the signs if it comes next."""
        if self.sees(*signs):
            self.at += 1
            return True
        return False

    def expect(self, sign: str, what: str) -> None:
        if not self.takes(sign):
            raise self.unexpected(f"{sign} {what}")

    def at_end(self) -> bool:
        return self.token.kind in (LINE, END)

    def span_from(self, start: Expr | Token | int) -> Span:
        first = start if isinstance(start, int) else start.span[0]
        return (first, self.last.span[1])

    def raw(self, token: Token) -> str:
        return self.places.text[token.span[0] : token.span[1]]

    def error(self, message: str, span: Span, hint: str | None = None) -> FormulaError:
        return FormulaError(message, source=self.places.source(span), hint=hint)

    def unexpected(self, wanted: str) -> FormulaError:
        """What stands here, and what was expected instead."""
        token = self.token
        if self.at_end() or token.text in _CLOSERS:
            before = self.raw(self.last) if self.at else ""
            here = f"before {self.raw(token)}" if token.text in _CLOSERS else "at the end"
            after = f" after {before}" if before.strip() else ""
            return self.error(f"expected {wanted}{after}, {here}", token.span)
        is_remark = token.text == "/" and self.at and self.last.text == "/"
        hint = "# begins a remark; / divides" if is_remark else None
        return self.error(f"expected {wanted}, not {self.raw(token)}", token.span, hint)
