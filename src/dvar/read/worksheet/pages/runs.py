r"""Equations in plain text: ``with learning rate η = 0.1, w - η dL/dw = 0.4 holds`` has two.

A run is a row of operands and operators; prose on either side ends it.  ``equations`` decides which runs are
equations.
"""

from __future__ import annotations

from dvar.read.worksheet.pages.equations import DASHES, Run, Unit, equation, is_equation
from dvar.read.worksheet.pages.lexicon import FUNCTIONS, words
from dvar.read.worksheet.pages.tokens import Token

_OPERANDS = frozenset("MNHWCB|")
_WORD_FUNCTIONS = FUNCTIONS - words(
    """
    sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan asin acos atan log ln lg exp
    sqrt max min argmax argmin det tr
    """
)
_ORDERS = frozenset(("<", ">", "~", "<=", ">=", "≤", "≥"))


class Runs:
    """Finds the equations in a row of tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.found: list[Run] = []
        self._units: list[Unit] = []
        self._has_relation = False
        self._waiting: list[tuple[int, int]] = [(0, len(tokens))]
        self._dirty = _dirt(tokens)

    def read(self) -> list[Run]:
        while self._waiting:
            self._walk(*self._waiting.pop())
        self.found.sort(key=lambda run: run.first)
        return self.found

    def _walk(self, start: int, stop: int) -> None:
        n = start
        while n < stop:
            token = self.tokens[n]
            last = self.operand_end(n) if token.kind == "(" else n
            if last is None or not self._goes_on(n, stop):
                self._finish(n)
                if last is not None and self._begins(n):
                    self._push(n, last)
                    n = last
            elif token.kind not in "LG":
                self._push(n, last)
                n = last
            n += 1
        self._finish(stop)

    def operand_end(self, n: int) -> int | None:
        """The end of a bracket with nothing but mathematics in it."""
        close = self.tokens[n].match
        if close < 0 or self._dirty[close] > self._dirty[n]:
            return None
        return close

    def _push(self, n: int, last: int) -> None:
        token = self.tokens[n]
        kind = "B" if token.kind == "(" else token.kind
        self._units.append(Unit(kind, n, last))
        joined = len(self._units) > 1 and any(is_equation(self.tokens, u) for u in self._units[-2:])
        if kind == "R" or (kind == "H" and token.is_open) or joined:
            self._has_relation = True

    def _begins(self, n: int) -> bool:
        kind = self.tokens[n].kind
        return kind in "MNHC(SOR|" or (kind == "W" and self._is_name(n))

    def _goes_on(self, n: int, stop: int) -> bool:
        """Whether the token belongs to the run so far."""
        token = self.tokens[n]
        before = self._units[-1] if self._units else None
        if token.kind == "L":
            return before is not None and self._line_goes_on(before, n, stop)
        if token.kind == "W":
            return self._is_name(n) and (before is None or before.kind not in _OPERANDS)
        if token.kind == "G":
            following = self._at(n + 1)
            beside = following is not None and following.kind in "OR" and n + 1 < stop
            return before is not None and (before.kind in "ORS" or beside)
        if token.kind in "P.,)":
            return False
        if before is None:
            return not self._is_leading_word(n)
        if token.kind in "ORS|":
            return True
        return before.kind not in _OPERANDS or self._side_by_side(before, n)

    def _is_leading_word(self, n: int) -> bool:
        """``sigmoid σ(z) = …``: the word says what follows."""
        token = self.tokens[n]
        following = self._at(n + 1)
        return (
            token.kind == "M"
            and token.text.lower() in _WORD_FUNCTIONS
            and following is not None
            and following.kind in "MNH"
            and following.spaced
        )

    def _side_by_side(self, before: Unit, n: int) -> bool:
        """Whether two operands in a row are a product."""
        token, last = self.tokens[n], self.tokens[before.last]
        if token.kind == "C" or before.kind == "C" or before.kind == "W":
            return False
        if token.kind == "N" and before.kind == "N":
            return False
        if before.kind == "N" and self._is_tight_equation(n):
            return False  # z=1.1 a=1.3
        if (before.kind == "H" and last.trails) or (token.kind == "H" and token.leads):
            return True
        if "H" not in (token.kind, before.kind):
            return True
        if is_equation(self.tokens, before) or (token.kind == "H" and token.relates):
            return self._is_call(n)
        return not token.spaced or self._has_relation or token.kind == "(" or token.brackets

    def _is_tight_equation(self, n: int) -> bool:
        """Whether a blank stands in front of a name, and none between it and its ``=``."""
        sign = self._at(n + 1)
        tight = sign is not None and sign.text == "=" and not sign.spaced
        return tight and self.tokens[n].kind == "M" and self.tokens[n].spaced

    def _is_call(self, n: int) -> bool:
        following = self._at(n + 1)
        return (
            self.tokens[n].kind == "M"
            and following is not None
            and following.kind == "("
            and not following.spaced
            and self.operand_end(n + 1) is not None
        )

    def _is_name(self, n: int) -> bool:
        """Whether a word is an operand: no word and no operand beside it."""
        before, after = self._at(n - 1), self._at(n + 1)
        if after is not None and after.kind in "WPMNHC(|S":
            return False
        if after is not None and after.kind == "R":
            return before is None or before.kind not in "MNH)" or after.text not in _ORDERS
        return before is None or before.kind not in "WPMNHC)"

    def _at(self, n: int) -> Token | None:
        return self.tokens[n] if 0 <= n < len(self.tokens) else None

    def _line_goes_on(self, before: Unit, n: int, stop: int) -> bool:
        """Whether an equation goes on behind a line end."""
        following = self._at(n + 1)
        if following is None or n + 1 >= stop or following.kind in "L.P,)R":
            return False
        if before.kind == "R":
            rest = (self.tokens[k] for k in range(n + 1, min(stop, n + 80)))
            for token in rest:
                if token.kind in "RLP":
                    return token.kind == "L"
            return True
        if before.kind in "OS":
            return self.tokens[before.last].text not in DASHES or self._has_relation
        return following.kind == "O" and len(self.tokens[n].text) > 2 and self._has_relation

    # -- a run that has ended

    def _finish(self, stop: int) -> None:
        units, related = self._units, self._has_relation
        self._units, self._has_relation = [], False
        if not units:
            return
        run = equation(self.tokens, units, stop) if related else None
        if run is not None:
            self.found.append(run)
            return
        for unit in units:
            attached = unit.first > 0 and not self.tokens[unit.first].spaced
            if unit.kind == "B" and not (attached and self.tokens[unit.first - 1].kind in "MW)"):
                self._waiting.append((unit.first + 1, unit.last))


def _dirt(tokens: list[Token]) -> list[int]:
    """For each token how much prose stands in front of it."""
    dirt, count = [], 0
    opened: list[str] = []
    for n, token in enumerate(tokens):
        dirt.append(count)
        if token.kind == "(":
            opened.append(token.text)
        elif token.kind == ")" and opened:
            opened.pop()
        before = tokens[n - 1].kind if n else ""
        if token.kind == "." and token.text in (";", ":"):
            spaced = token.spaced or (n + 1 < len(tokens) and tokens[n + 1].spaced)
            count += not (opened and (token.text == ";" or opened[-1] == "[" or not spaced))
        else:
            beside_word = token.kind in "MNH" and before == "W"
            word_beside = token.kind == "W" and before in ("W", "M", "N")
            prose = token.kind in ".C" or (token.kind == "P" and not _is_label(tokens, n))
            count += prose or beside_word or word_beside or _is_remark(tokens, n)
    return dirt


def _is_label(tokens: list[Token], n: int) -> bool:
    """Whether a word stands alone in brackets at a symbol: ``w_{new}``, ``w(old)``."""
    return 0 < n < len(tokens) - 1 and tokens[n - 1].match == n + 1 and not tokens[n - 1].spaced


def _is_remark(tokens: list[Token], n: int) -> bool:
    """Whether a word alone in brackets stands behind an operand: ``x = 3 (given)``."""
    if not 1 < n < len(tokens) - 1 or len(tokens[n].text) < 3 or tokens[n].kind not in "WM":
        return False
    opened = tokens[n - 1]
    return (
        opened.kind == "("
        and opened.match == n + 1
        and opened.spaced
        and tokens[n].text.isalpha()
        and tokens[n - 2].kind in "MNH)"
    )
