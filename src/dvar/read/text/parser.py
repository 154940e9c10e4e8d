"""Tokens → the syntax tree of one expression, by binding strength (a Pratt parser).

How strongly a sign binds comes from the notation of its row.  Minus before a product takes the whole
product (``-a * b`` is ``-(a * b)``, the same number), which is how the writer prints it.
"""

from __future__ import annotations

from dvar.core.op import COMPARE, MUL, POWER, TERNARY, UNARY
from dvar.read import syntax as s
from dvar.read.build.functions import MODULES
from dvar.read.steps import Step
from dvar.read.syntax import Expr
from dvar.read.text.survey import KEYWORDS, Survey
from dvar.read.text.tokens import MAX_DEPTH, NAME, NUMBER, SIGN, TEXT, Token
from dvar.read.text.words import STRENGTH, Words
from dvar.read.where import Places

_ATTRIBUTES = ("shape", "size", "ndim")


class Parser(Words):
    """Reads expressions."""

    def __init__(self, tokens: list[Token], places: Places, survey: Survey) -> None:
        super().__init__(tokens, places, survey)
        self._depth = 0
        self.grouping = -1  # where a [ is a bracket and not a list

    # ── operators ───────────────────────────────────────────────────────────────────────────────

    def expression(self, floor: int = TERNARY) -> Step[Expr]:
        """An expression whose operators bind at least as strongly as ``floor``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.error(
                f"the formula is nested more than {MAX_DEPTH} deep",
                self.token.span,
                "name the parts: q = …; f = … q …",
            )
        left: Expr = yield self._prefix(floor)
        while True:
            strength = self.strength()
            if strength is None or strength < floor:
                break
            left = yield self._infix(left, strength)
        if floor <= TERNARY and self.token.kind == NAME and self.token.text == "if":
            left = yield self._ternary(left)
        self._depth -= 1
        return left

    def _infix(self, left: Expr, strength: int) -> Step[Expr]:
        token = self.token
        if token.kind != SIGN or token.text not in STRENGTH:
            self._check_juxtaposition(left)
            right: Expr = yield self.expression(UNARY)
            return s.Binary("juxt", left, right, self.span_from(left))
        self.take()
        if token.text == "**":
            self._note_caret(token)
            right = yield self._exponent()
        else:
            right = yield self.expression(strength + 1)
        if strength == COMPARE and self.strength() == COMPARE:
            raise self.error(
                "comparisons cannot be chained", self.token.span, "(a < b) * (b < c) is 1 for both"
            )
        sign = "*" if token.text == "×" else token.text
        return s.Binary(sign, left, right, self.span_from(left))

    def _note_caret(self, token: Token) -> None:
        if self.raw(token) == "^":
            self.note("^ is read as a power (**)")

    def _exponent(self) -> Step[Expr]:
        if not self.sees("{"):
            right: Expr = yield self.expression(UNARY)
            return right
        self.take()
        right = yield self.expression()
        self.expect("}", "to close the exponent")
        return right

    def _check_juxtaposition(self, left: Expr) -> None:
        """Refuse a product without sign that people read in two ways."""
        token = self.token
        if token.kind == NUMBER:
            raise self.error(
                "a number right behind another factor",
                token.span,
                "* between them, or an operator that is missing",
            )
        tight = not token.spaced and self.last.kind == NUMBER
        if tight and isinstance(left, s.Binary) and left.operator == "/":
            is_fraction = isinstance(left.left, s.Number) and self.sees("(")
            if not is_fraction and isinstance(left.right, s.Number):
                a, b = self._shown(left.left), self._shown(left.right)
                raise self.error(
                    f"{a}/{b}{self.raw(token)} can mean two things",
                    (left.span[0], token.span[1]),
                    f"({a}/{b})*{self.raw(token)} or {a}/({b}*{self.raw(token)})",
                )

    def _shown(self, expr: Expr) -> str:
        return self.places.written(expr.span)

    def _ternary(self, value: Expr) -> Step[Expr]:
        branches: list[tuple[Expr, Expr | None]] = []
        current = value
        while self.token.text == "if":
            self.take()
            condition: Expr = yield self.expression(COMPARE)
            branches.append((current, condition))
            if self.sees(",") and (self.next.text == "else" or self.says_otherwise()):
                self.take()
                if self.token.text != "else":
                    current = yield self.expression(COMPARE)
        if self.token.text == "otherwise":
            self.take()
            return s.Cases((*branches, (current, None)), self.span_from(value))
        if self.token.text != "else":
            raise self.unexpected("else, as in: a if x > 0 else b")
        self.take()
        other: Expr = yield self.expression()
        return s.Cases((*branches, (other, None)), self.span_from(value))

    # ── operands ────────────────────────────────────────────────────────────────────────────────

    def _prefix(self, floor: int) -> Step[Expr]:
        token = self.token
        if self.sees("-", "+"):
            self.take()
            operand: Expr = yield self._negated(floor)
            if token.text == "+":
                return operand
            return s.Unary("-", operand, self.span_from(token))
        if self.takes("√"):
            operand = yield self.expression(POWER)
            return s.Call("sqrt", (operand,), (), self.span_from(token))
        operand = yield self.primary()
        operand = yield self._postfix(operand)
        return operand

    def _negated(self, floor: int) -> Step[Expr]:
        if self.token.kind == NUMBER and self.next.text != "**":  # -1 * x has the factor -1
            operand: Expr = yield self.primary()
        else:
            operand = yield self.expression(MUL if floor <= MUL else UNARY)
        return operand

    def primary(self) -> Step[Expr]:
        token = self.token
        if token.kind == NUMBER:
            result: Expr = yield self._number()
        elif token.kind == NAME and token.text not in KEYWORDS:
            result = yield self._name()
        elif token.kind == TEXT:
            self.take()
            result = s.Text(token.text, token.span)
        elif self.sees("(", "{") or (self.sees("[") and self.at == self.grouping):
            result = yield self._group()
        elif self.takes("["):
            items: tuple[Expr, ...] = yield self._items("]", slices=True)
            result = s.Array(items, self.span_from(token))
        elif self.sees("|"):
            result = yield self._barred()
        else:
            raise self.unexpected("a number, a name or (")
        return result

    def _barred(self) -> Step[Expr]:
        """``|x|``, the absolute value, and ``||x||``, the norm."""
        token = self.take()
        is_norm = self.sees("|") and not self.token.spaced
        self.at += is_norm
        self.bars += 1
        inner: Expr = yield self.expression()
        self.bars -= 1
        for _ in range(1 + is_norm):
            self.expect("|", "to close the norm" if is_norm else "to close the absolute value")
        return s.Call("norm" if is_norm else "abs", (inner,), (), self.span_from(token))

    def _number(self) -> Step[Expr]:
        token = self.take()
        digits = token.text.replace("_", "")
        whole = digits.isdigit()
        value = int(digits) if whole and len(digits) <= 300 else float(digits)
        if value == float("inf") or (whole and len(digits) > 300):
            raise self.error("the number is too large", token.span)
        if digits == "1" and self.sees("[") and not self.token.spaced:  # 1[z > 0]
            self.grouping = self.at
            result: Expr = yield self._group()
            return result
        return s.Number(value, token.span)

    def _group(self) -> Step[Expr]:
        """``(a)``, or a tuple."""
        token = self.take()
        closing = {"(": ")", "{": "}"}.get(token.text, "]")
        if self.takes(closing):
            return s.Array((), self.span_from(token))
        first: Expr = yield self.expression()
        if self.takes(closing):
            return first
        if not self.sees(","):
            raise self.unexpected(f"an operator or {closing}")
        self.take()
        rest: tuple[Expr, ...] = yield self._items(closing)
        return s.Array((first, *rest), self.span_from(token))

    def _items(self, closing: str, slices: bool = False) -> Step[tuple[Expr, ...]]:
        items: list[Expr] = []
        while not self.takes(closing):
            item: Expr = yield self._slice() if slices else self.expression()
            items.append(item)
            if not self.sees(",", closing):
                raise self.unexpected(f"a comma or {closing}")
            self.takes(",")
        return tuple(items)

    # ── names, calls, indices ───────────────────────────────────────────────────────────────────

    def _name(self) -> Step[Expr]:
        from dvar.read.text.sums import sum_letters, summation

        while self.token.text in MODULES and self.next.text == "." and not self.is_known():
            self.at += 2
        token = self.token
        if token.kind != NAME:
            raise self.unexpected("a name after the dot")
        if sum_letters(self):
            result: Expr = yield summation(self)
            return result
        self.take()
        if self.sees("(") and self.is_call(token):
            self.take()
            result = yield self.call(token.text, token, ())
        elif self.is_powered(token):
            self.take()
            power = self.take()
            inside: Expr = yield self.expression(POWER)
            applied = s.Call(token.text, (inside,), (), self.span_from(token))
            result = s.Binary("**", applied, s.Number(int(power.text), power.span), applied.span)
        elif self.is_applied(token):
            argument: Expr = yield self.expression(POWER)
            result = s.Call(token.text, (argument,), (), self.span_from(token))
        else:
            result = self._component(token)
        return result

    def _component(self, token: Token) -> Expr:
        """``x_i`` where i is bound here, or just a name."""
        if token.text.endswith("_") and self.sees("{") and not self.token.spaced:
            raise self.error(
                "this subscript is not read: it is neither a label nor an index letter",
                (token.span[0], self.token.span[1]),
                "the steps written out: h1 = …, h2 = … h1",
            )
        base, letters = split_letters(token.text, self.scope)
        name = s.Name(base, token.span)
        return s.Component(name, letters, False, token.span) if letters else name

    def call(self, function: str, start: Expr | Token, first: tuple[Expr, ...]) -> Step[Expr]:
        """Arguments up to the closing bracket."""
        args, kwargs = list(first), []
        while not self.takes(")"):
            if self.token.kind == NAME and self.next.kind == SIGN and self.next.text == "=":
                key = self.take().text
                self.take()
                value: Expr = yield self.expression()
                kwargs.append((key, value))
            else:
                value = yield self.expression()
                args.append(value)
            if not self.sees(",", ")"):
                raise self.unexpected("a comma or )")
            self.takes(",")
        return s.Call(function, tuple(args), tuple(kwargs), self.span_from(start))

    def _postfix(self, operand: Expr) -> Step[Expr]:
        while True:
            if self.takes(".T"):
                operand = s.Transpose(operand, self.span_from(operand))
            elif self.sees(".") and self.next.kind == NAME:
                self.take()
                operand = yield self._attribute(operand, self.take())
            elif self.sees("[") and not isinstance(operand, s.Number):
                operand = yield self._index(operand)
            elif self.sees("**") and self.is_transpose():
                self.at += 2
                operand = s.Transpose(operand, self.span_from(operand))
            elif self.sees("**") and (letter := self.example_letter()):
                self.at += 4
                operand = s.Component(operand, (letter,), True, self.span_from(operand))
            else:
                return operand

    def _attribute(self, operand: Expr, token: Token) -> Step[Expr]:
        if token.text in ("T", "mT"):
            return s.Transpose(operand, self.span_from(operand))
        if self.takes("("):
            result: Expr = yield self.call(token.text, operand, (operand,))
            return result
        if token.text in _ATTRIBUTES:
            return s.Call(token.text, (operand,), (), self.span_from(operand))
        raise self.error(
            f".{token.text} is not known", token.span, ".T, .shape, or a call such as .sum()"
        )

    def _index(self, operand: Expr) -> Step[Expr]:
        self.take()
        items: tuple[Expr, ...] = yield self._items("]", slices=True)
        span = self.span_from(operand)
        if not items:
            raise self.error("an index is missing between [ and ]", span)
        names = [i.name for i in items if isinstance(i, s.Name) and i.name in self.scope]
        if names and len(names) == len(items):
            return s.Component(operand, tuple(names), False, span)
        return s.Index(operand, items, span)

    def _slice(self) -> Step[Expr]:
        start = self.token
        parts: list[Expr | None] = [None, None, None]
        if self.takes(".."):
            return s.Name("...", start.span)
        part, colons = 0, 0
        while not self.sees(",", "]"):
            if part < 2 and self.takes(":"):
                part += 1
                colons += 1
            else:
                inner: Expr = yield self.expression()
                parts[part] = inner
                if not self.sees(",", "]", ":"):
                    raise self.unexpected("a comma, : or ]")
        if not colons:
            if parts[0] is None:
                raise self.unexpected("a number, a name or (")
            return parts[0]
        return s.Slice(parts[0], parts[1], parts[2], self.span_from(start))


def split_letters(name: str, scope: list[str]) -> tuple[str, tuple[str, ...]]:
    """``W_ij`` → W and (i, j) where both letters are bound; else the whole name."""
    base, letters = name, ""
    while True:
        stem, underscore, tail = base.rpartition("_")
        if not underscore or not stem or not tail or not set(tail) <= set(scope):
            return base, tuple(letters)
        base, letters = stem, tail + letters
