"""What a word means where it stands: a call, a product, a function applied without brackets."""

from __future__ import annotations

from dvar.core.letters import GREEK
from dvar.core.op import MUL
from dvar.read.build.functions import INFIX, lookup, signature
from dvar.read.syntax import CONSTANTS, canonical
from dvar.read.text.cursor import Cursor
from dvar.read.text.survey import KEYWORDS, Survey
from dvar.read.text.tokens import END, LINE, NAME, NUMBER, SIGN, Token
from dvar.read.where import Places

STRENGTH = {sign: strength for sign, (_, strength) in INFIX.items()} | {"cdot": MUL, "×": MUL}


class Words(Cursor):
    """A cursor that knows what the whole text says of names.

    Attributes:
        survey: what the whole text says of names.
        scope: index letters bound here.
        notes: remarks for the person.
        bars: how many | are open.
        in_shape: whether a shape is being read, where ``x`` and ``×`` stand between sizes.
    """

    def __init__(self, tokens: list[Token], places: Places, survey: Survey) -> None:
        super().__init__(tokens, places)
        self.survey = survey
        self.scope: list[str] = []
        self.notes: list[str] = []
        self.in_shape = False
        self.bars = 0

    def note(self, remark: str) -> None:
        if remark not in self.notes:
            self.notes.append(remark)

    def strength(self) -> int | None:
        """How strongly what comes next binds to its left; None if it is no operator."""
        token = self.token
        if token.kind == SIGN and token.text in STRENGTH:
            return None if self.in_shape and token.text == "×" else STRENGTH[token.text]
        return MUL if self.starts_operand() else None

    def starts_operand(self) -> bool:
        token = self.token
        if token.kind == NAME:
            return token.text not in KEYWORDS and not (self.in_shape and is_times(token.text))
        return token.kind == NUMBER or self.sees("(", "√") or (self.sees("|") and not self.bars)

    def is_known(self) -> bool:
        return self.survey.is_variable(canonical(self.token.text))

    def is_call(self, token: Token) -> bool:
        """Whether a name before a bracket is called, not multiplied."""
        name, adjacent = canonical(token.text), not self.token.spaced
        found = self.survey
        if name in found.functions:
            return True
        if found.is_variable(name):
            return adjacent and (name in found.defined or self._is_component())
        if name in found.defined or (adjacent and self._is_component() and name in found.arrays):
            return True
        if name in CONSTANTS:
            return False
        if lookup(token.text) or token.text == "sigma":
            return adjacent or name not in found.plain
        if adjacent and name in found.plain:
            self.note(f"{token.text}(…) is read as a product: {token.text} is no function")
        return adjacent and name not in found.plain

    def _is_component(self) -> bool:
        """``(1, 2)`` ahead: whole numbers only."""
        at = self.at + 1
        while self.tokens[at].kind == NUMBER and self.tokens[at].text.isdigit():
            at += 1
            if self.tokens[at].text == ")":
                return True
            if self.tokens[at].text != ",":
                return False
            at += 1
        return False

    def is_applied(self, token: Token) -> bool:
        """``log y``: a function of one operand before something that is no bracket."""
        if not self.starts_operand() or self.sees("(") or self.strength() is None:
            return False
        if len(token.text) == 1 or token.text in GREEK:
            return False
        row = lookup(token.text)
        if row is None or self.survey.is_variable(canonical(token.text)):
            return False
        if len([p for p in signature(row).parameters.values() if p.default is p.empty]) != 1:
            return False
        if self.token.kind == NUMBER and not self.next.spaced and self.next.kind == NAME:
            raise self.error(
                f"where does the argument of {token.text} end?",
                (token.span[0], self.next.span[1]),
                f"{token.text}({self.raw(self.token)}*{self.raw(self.next)})",
            )
        return True

    def says_otherwise(self) -> bool:
        """Whether cases that are going on end with ``otherwise``."""
        rest = self.tokens[self.at :]
        end = next((n for n, t in enumerate(rest) if t.kind in (LINE, END)), len(rest))
        return any(t.text == "otherwise" for t in rest[:end])

    def is_powered(self, token: Token) -> bool:
        """``sin^2(x)``, ``cos^2 x``: a power of a function of one operand."""
        if not (self.sees("**") and self.next.kind == NUMBER and self.next.text.isdigit()):
            return False
        after = self.tokens[self.at + 2]
        starts = after.kind == NAME and after.text not in KEYWORDS
        row = lookup(token.text) if len(token.text) > 1 and token.text not in GREEK else None
        if row is None or self.survey.is_variable(canonical(token.text)):
            return False
        required = [p for p in signature(row).parameters.values() if p.default is p.empty]
        return len(required) == 1 and (starts or (after.kind == SIGN and after.text in "(|"))

    def is_transpose(self) -> bool:
        """``w^T``."""
        unknown = "T" not in self.survey.plain and not self.survey.is_variable("T")
        return unknown and self.next.kind == NAME and self.next.text == "T"

    def example_letter(self) -> str | None:
        """``x^(i)`` with an index letter."""
        texts = [t.text for t in self.tokens[self.at + 1 : self.at + 4]]
        if len(texts) == 3 and texts[0] == "(" and texts[2] == ")" and texts[1] in self.scope:
            return texts[1]
        return None


def is_times(word: str) -> bool:
    """Whether a word between sizes is the sign between them: ``3 x m``, ``3 x4``."""
    return word in ("x", "by") or (word[0] == "x" and word[1:].isdigit())
