"""A list of tokens as it is rewritten: what came out last, what comes next."""

from __future__ import annotations

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.lexicon import Lexicon
from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    COMMAND,
    DIGITS,
    LABEL,
    NAME,
    NUMBER,
    WORD,
    Token,
)

_BEHIND_VALUE = frozenset({NAME, DIGITS, LABEL, ATTRIBUTE})
_PARAMETRIC = frozenset(["h", "f", "p", "q", "g", "u", "V", "Q", "J", "L", "D", "G"])


class Stream:
    def __init__(self, tokens: list[Token], lexicon: Lexicon, latex: bool, code: bool) -> None:
        self.tokens, self.lexicon, self.latex, self.code = tokens, lexicon, latex, code
        self.out: list[Token] = []
        self.n = 0

    def is_parameter(self, token: Token) -> bool:
        """``hθ(x)`` typed without a subscript."""
        last = self.last
        if self.latex or token.gap or last is None or last.kind != NAME or not self.before("("):
            return False
        return token.text in ("theta", "phi", "psi", "w") and last.text in _PARAMETRIC

    # ── neighbours ──────────────────────────────────────────────────────────────────────────────

    @property
    def last(self) -> Token | None:
        return self.out[-1] if self.out else None

    @property
    def next(self) -> Token | None:
        return self.tokens[self.n] if self.n < len(self.tokens) else None

    def behind(self, *signs: str) -> bool:
        return self.last is not None and self.last.is_(*signs)

    def before(self, *signs: str) -> bool:
        return self.next is not None and self.next.is_(*signs)

    def is_factor(self, token: Token, last: Token, before: Token | None) -> bool:
        """``3y2x`` in LaTeX: digits between two names behind a number; ``2w1x1`` is of two names with digits."""
        after, end = self.next, self.tokens[self.n + 1 : self.n + 2]
        if not self.latex or before is None or before.kind != NUMBER or after is None:
            return False
        single = after.kind in (WORD, NAME) and len(after.text) == 1 and last.text.islower()
        near = single and token.text != "1" and not (last.gap or after.gap)
        return near and not any(x.kind == NUMBER and not x.gap for x in end)

    def is_attribute(self, token: Token) -> bool:
        after, last = self.next, self.last
        if after is None or after.kind != WORD or after.gap or token.gap or last is None:
            return False
        if last.kind not in _BEHIND_VALUE and not last.is_(")", "]", "}"):
            return False
        if self.latex:
            return after.text == "T"
        return self.code or after.text == "T" or after.text in words.METHODS

    def is_product(self, token: Token) -> bool:
        """``p_i.p_j``, ``u . v``: a low dot between two factors; no sentence ends behind a space."""
        after, last = self.next, self.last
        if after is None or last is None or after.gap != token.gap:
            return False
        value = last.kind in _BEHIND_VALUE or last.is_(")", "}")
        if token.gap:
            return value and after.kind in (WORD, NAME) and len(after.text) == 1
        if not self.latex:
            return False
        return value and (after.kind in (WORD, NAME, COMMAND) or after.is_("("))
