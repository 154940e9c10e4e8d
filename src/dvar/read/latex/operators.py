"""How expressions in LaTeX bind.

Strengths, loosest first: conditions joined by ``\\land``, comparisons, ``+ -``, explicit products,
juxtaposition.  So ``a / b c`` is ``(a / b) c``, except that a number with a name directly behind it
stays together after a slash: ``1/2m`` is ``1/(2m)``.
"""

from __future__ import annotations

from dvar.core.letters import GREEK
from dvar.read.latex import words
from dvar.read.latex.blocks import ADD, COMPARE, LOGIC, MULTIPLY, Blocks
from dvar.read.syntax import Binary, Expr, Number, Transpose, Unary

BESIDE = MULTIPLY + 1


class Operators(Blocks):
    """Operators between factors."""

    def expression(self, level: int = LOGIC) -> Expr:
        start = self.next_span()[0]
        left = self.signed(max(level, MULTIPLY)) if self.at("-", "+") else self.beside()
        middle: Expr | None = None  # of a chain a < b < c
        while (found := self.operator()) is not None and found[1] >= level:
            symbol, strength = found
            self.take_operator()
            if symbol == "/":
                left = self.divided(left)
                continue
            right = self.expression(strength + 1)
            span = (start, self.last_end())
            if strength == COMPARE and middle is not None:
                left = Binary("*", left, Binary(symbol, middle, right, span), span)
            else:
                left = Binary(symbol, left, right, span)
            middle = right if strength == COMPARE else None
        return left

    def operator(self) -> tuple[str, int] | None:
        token = self.peek()
        if token is None or token.kind not in ("mark", "command"):
            return None
        text = token.text
        if text in words.SUMS:
            return words.SUMS[text], ADD
        if text in words.PRODUCTS:
            return words.PRODUCTS[text], MULTIPLY
        if text in words.COMPARISONS:
            return words.COMPARISONS[text], COMPARE
        if text == "=":  # outside brackets it has been taken for a definition before
            return "==", COMPARE
        if text in ("land", "wedge") or self.said()[0] == "and":
            return "*", LOGIC
        return None

    def take_operator(self) -> None:
        self.n += max(1, self.said()[1])

    def signed(self, level: int) -> Expr:
        sign = self.take()
        negative = sign.is_("-")
        while self.at("-", "+"):
            negative ^= self.take().is_("-")
        operand = self.expression(level)
        return Unary("-", operand, (sign.span[0], self.last_end())) if negative else operand

    def divided(self, left: Expr) -> Expr:
        start = left.span[0]
        first = self.peek()
        right = self.signed(BESIDE) if self.at("-", "+") else self.factor()
        while first is not None and first.kind == "number" and self.is_name_directly_behind():
            right = self.times(right, self.factor())
        left = Binary("/", left, right, (start, self.last_end()))
        while self.starts_factor():
            left = self.times(left, self.factor())
        return left

    def is_name_directly_behind(self) -> bool:
        token = self.peek()
        if token is None or token.span[0] != self.last_end():
            return False
        named = token.text in GREEK or token.text in words.SYMBOLS
        return token.kind == "letters" or (token.kind == "command" and named)

    def beside(self) -> Expr:
        r"""Factors side by side.

        A transpose goes with what follows it: \frac1n w^T x is a number times a product of vectors.
        """
        done: Expr | None = None
        left = last = self.factor()
        while self.starts_factor():
            token = self.peek()
            if token is not None and token.kind == "number" and isinstance(last, Number):
                raise self.error(
                    "two numbers stand side by side", token.span, r"\cdot between them"
                )
            last = self.factor()
            if isinstance(last, Transpose):
                done, left = (self.times(done, left) if done else left), last
            else:
                left = self.times(left, last)
        return self.times(done, left) if done else left

    @staticmethod
    def times(left: Expr, right: Expr) -> Expr:
        return Binary("juxt", left, right, (left.span[0], right.span[1]))

    def starts_factor(self) -> bool:
        token = self.peek()
        if token is None:
            return False
        if token.kind in ("number", "letters"):
            return True
        if token.kind == "begin":
            return True
        if token.is_(*words.BARS):
            return self.bars == 0
        if token.kind == "mark":
            return token.text in ("(", "[", "{")
        if token.kind != "command" or self.operator() is not None:
            return False
        if token.text in words.FONTS:
            return self.said()[0] not in words.CONDITION_WORDS | words.OTHERWISE
        return token.text not in words.CLOSING | {"in", "qquad", "quad"}
