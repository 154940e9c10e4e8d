"""Parts of the grammar with a shape of their own: fractions, roots, sums, bars, braces, matrices."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dvar.read.latex import words
from dvar.read.latex.names import Names
from dvar.read.latex.tokens import Token, outside
from dvar.read.syntax import (
    Array,
    Binary,
    Call,
    Cases,
    Component,
    Declare,
    Define,
    Expr,
    Name,
    Number,
    Span,
    Sum,
)

LOGIC, COMPARE, ADD, MULTIPLY = range(4)


class Blocks(Names):
    """Commands with arguments and environments."""

    bars = 0  # how many | are open

    def said(self) -> tuple[str, int]:
        r"""The word of ``\text{ and }`` that stands here and how many tokens it takes; else nothing."""
        token = self.peek()
        if token is None or token.kind != "command" or token.text not in words.FONTS:
            return "", 0
        start = self.n
        self.take()
        content = "".join(t.text for t in self.argument()) if self.at("{") else ""
        length, self.n = self.n - start, start
        return content, length

    # ── fractions and roots ─────────────────────────────────────────────────────────────────────

    def fraction(self) -> Expr:
        token = self.take()
        above, below = self.argument(), self.argument()
        if self.is_differential(above) and self.is_differential(below):
            raise self.error(
                "this is a derivative: dvar finds derivatives",
                (token.span[0], self.last_end()),
                "write the definitions only",
            )
        span = (token.span[0], self.last_end())
        return Binary("/", self.nested(above, token.span), self.nested(below, token.span), span)

    def is_differential(self, tokens: list[Token]) -> bool:
        if not tokens or tokens[0].kind != "letters" or not tokens[0].text.startswith("d"):
            return tokens[:1] != [] and tokens[0].is_("partial")
        is_word = tokens[0].text in self.scope.stems or "d" in self.scope.variables
        return not is_word and (len(tokens) > 1 or len(tokens[0].text) > 1)

    def root(self) -> Expr:
        token = self.take()
        degree: Expr | None = None
        if self.at("["):
            opener = self.take()
            degree = self.expression()
            self.expect("]", opener)
        inner = self.nested(self.argument(), token.span)
        span = (token.span[0], self.last_end())
        if degree is None or degree == Number(2, degree.span):
            return Call("sqrt", (inner,), (), span)
        return Binary("**", inner, Binary("/", Number(1, degree.span), degree, degree.span), span)

    # ── sums ────────────────────────────────────────────────────────────────────────────────────

    def sum(self) -> Expr:
        r"""``\sum_{i=1}^{m}`` takes what follows, up to the next + or - at its level."""
        token = self.take()
        below: list[Token] = []
        high: Expr | None = None
        while self.at("_", "^"):
            if self.take().is_("_"):
                below = self.argument("all")
            else:
                high = self.nested(self.argument("all"), token.span)
        if axis := re.fullmatch(r"axis(\d{1,2})", self.label(below) or ""):  # as dvar writes it
            keywords = (("axis", Number(int(axis[1]), token.span)),)
            return Call(
                "sum", (self.expression(MULTIPLY),), keywords, (token.span[0], self.last_end())
            )
        letters, low = self.indices(below, token.span)
        if len(letters) > 1 and high is not None and low is not None:
            raise self.error(
                "one range for several indices", token.span, r"\sum_{i=1}^{m} \sum_{j=1}^{n}"
            )
        scope = self.scope
        scope.bound += letters
        body = self.expression(MULTIPLY)
        del scope.bound[len(scope.bound) - len(letters) :]
        scope.closed |= set(letters)
        span = (token.span[0], self.last_end())
        if not letters:
            return Call("sum", (body,), (), span)
        for letter in reversed(letters):
            body = Sum(letter, low, high, body, span)
        return body

    def indices(self, tokens: list[Token], span: Span) -> tuple[list[str], Expr | None]:
        """The index letters under a sum and where the first one begins."""
        if not tokens:
            return [], None
        at = next((n for n, t in enumerate(tokens) if t.is_("=")), len(tokens))
        head, tail = tokens[:at], tokens[at + 1 :]
        letters = [c for t in head if t.kind == "letters" for c in t.text]
        if not letters or any(t.kind != "letters" and not t.is_(",") for t in head):
            shown = "".join(t.text for t in tokens)
            hint = r"\sum_{i=1}^{m} or \sum_i"
            raise self.error(f"the range {shown} of this sum is not read", tokens[0].span, hint)
        return letters, self.nested(tail, span) if tail else None

    # ── bars ────────────────────────────────────────────────────────────────────────────────────

    def between_bars(self) -> Expr:
        opener = self.take()
        count = 1
        is_norm = words.BARS[opener.text] == "norm"
        if not is_norm and self.at(opener.text) and self.next_span()[0] == opener.span[1]:
            self.take()  # ||x||
            count, is_norm = 2, True
        self.bars += 1
        inner = self.expression()
        for _ in range(count):
            self.expect(opener.text, opener)
        self.bars -= 1
        span = (opener.span[0], self.last_end())
        return self.norm(inner, span) if is_norm else Call("abs", (inner,), (), span)

    def norm(self, inner: Expr, span: Span) -> Expr:
        r"""``\lVert x \rVert_1``: the Euclidean (Frobenius) norm unless the subscript says otherwise."""
        order: tuple[tuple[str, Expr], ...] = ()
        if self.at("_"):
            self.take()
            tokens = self.argument("all")
            label = "".join(t.text for t in tokens)
            if label in ("1", "infty"):
                value = 1 if label == "1" else float("inf")
                order = (("ord", Number(value, tokens[0].span)),)
            elif label not in ("2", "F"):
                raise self.error(
                    f"the norm {label} is not read", tokens[0].span, "1, 2, F or \\infty"
                )
        return Call("norm", (inner,), order, (span[0], self.last_end()))

    # ── indicator ───────────────────────────────────────────────────────────────────────────────

    def is_indicator(self) -> bool:
        r"""``\mathbf{1}[z > 0]``, with a bracket or a condition below."""
        content, length = self.said()
        following = self.peek(length)
        opens = following is not None and following.is_("[", r"\{", "_", "(", "lbrack", "lbrace")
        return content in ("1", "I") and length > 0 and opens

    def indicator(self) -> Expr:
        token = self.take()
        content = "".join(t.text for t in self.argument())
        if content not in ("1", "I", "𝟙"):
            hint = "mean(x) or sum(x)" if content == "E" else None
            raise self.error(rf"\{token.text}{{{content}}} has no value", token.span, hint)
        if self.at("_"):
            self.take()
            inside = self.argument()
            if inside and inside[0].is_(r"\{", "(", "["):
                inside = inside[1:-1]
            condition = self.nested(inside, token.span)
        elif self.at("[", "(", r"\{", "lbrack", "lbrace"):
            opener = self.take()
            condition = self.expression()
            self.expect(words.BRACKETS[opener.text][0], opener)
        else:
            raise self.error("an indicator needs its condition", token.span, r"\mathbb{1}[z > 0]")
        span = (token.span[0], self.last_end())
        one, zero = Number(1, token.span), Number(0, token.span)
        return Cases(((one, condition), (zero, None)), span)

    # ── braces under and over ───────────────────────────────────────────────────────────────────

    def brace(self) -> Expr:
        r"""``\underbrace{bc}_u`` names a part, or says its shape; talk under it says nothing."""
        token = self.take()
        inside = self.argument()
        body = self.nested(inside, token.span)
        label: list[Token] = []
        if self.at("_", "^"):
            self.take()
            label = self.argument("all")
        span = (token.span[0], self.last_end())
        if label and label[0].is_("in"):
            return self.shaped(body, label, span)
        name = self.label(label) if label else None
        talk = bool(label) and label[0].kind == "command" and label[0].text in words.FONTS
        if name is None or talk or name in self.scope.variables:
            return replace(body, span=span)
        self.scope.extra.append(Define((name,), (), (), body, span))
        self.scope.knows(name)
        return Name(name, span)

    def shaped(self, body: Expr, label: list[Token], span: Span) -> Expr:
        inner = body.operand if isinstance(body, Component) else body
        if isinstance(inner, Name):
            shape = read_shape(type(self)(self.scope, label[1:], span))
            self.scope.extra.append(Declare((inner.name,), shape, span))
        return replace(body, span=span)

    # ── environments ────────────────────────────────────────────────────────────────────────────

    def environment(self) -> Expr:
        begin = self.take()
        is_cases = begin.text in words.CASES
        rows: list[list[Expr | None]] = [[]]
        read: Callable[[int], Expr | None] = self.cell if is_cases else lambda _: self.expression()
        while not (self.peek() and self.next_kind() == "end"):
            if self.next_kind() == "row":
                self.take()
                rows.append([])
            elif self.at("&"):
                self.take()
            elif rows[-1] and not is_cases and not self.is_after_ampersand():
                self.finish_cell()
            else:
                rows[-1].append(read(len(rows[-1])))
        end = self.take()
        span = (begin.span[0], end.span[1])
        rows = [row for row in rows if row]
        if not rows:
            raise self.error(f"an empty {begin.text}", span)
        return self.cases(rows, span) if is_cases else self.matrix(rows, begin, span)

    def next_kind(self) -> str:
        token = self.peek()
        if token is None:
            raise self.error("an environment is not closed", self.end_span())
        return token.kind

    def is_after_ampersand(self) -> bool:
        return self.n > 0 and self.tokens[self.n - 1].is_("&")

    def finish_cell(self) -> None:
        token = self.take()
        raise self.error(
            f"{token.text} is not expected in this entry", token.span, "& between entries"
        )

    def matrix(self, rows: list[list[Expr | None]], begin: Token, span: Span) -> Expr:
        cells = [tuple(cell for cell in row if cell is not None) for row in rows]
        if len({len(row) for row in cells}) > 1:
            lengths = ", ".join(str(len(row)) for row in cells)
            raise self.error(f"the rows have {lengths} entries", span, "as many in every row")
        lines = [Array(row, (row[0].span[0], row[-1].span[1])) for row in cells]
        value: Expr = Array(tuple(lines), span)
        function = words.MATRICES[begin.text]
        return Call(function, (value,), (), span) if function else value

    def cell(self, column: int) -> Expr | None:
        """A value, or a condition: ``\\text{if } x > 0``, ``x > 0``, ``\\text{otherwise}``."""
        if column == 0:
            value = self.expression()
            if self.at(","):
                self.take()
            return value
        while True:
            word, length = self.said()
            token = self.peek()
            plain = token is not None and token.kind == "letters"
            if plain and token is not None:
                word, length = token.text, 1
            first = word.split()[0] if word.split() else ""
            if first in words.OTHERWISE:
                self.n += length
                return None
            if first not in words.CONDITION_WORDS:
                break
            self.n += length
        condition = self.expression()
        if self.at(",", "."):
            self.take()
        return condition

    def cases(self, rows: list[list[Expr | None]], span: Span) -> Expr:
        branches: list[tuple[Expr, Expr | None]] = []
        for row in rows:
            if row[0] is None or len(row) > 2:
                raise self.error("a case is a value & a condition", span)
            branches.append((row[0], row[1] if len(row) == 2 else None))
        return Cases(tuple(branches), span)


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────

_SETS = frozenset({"R", "Z", "N", "Q"})


def read_shape(cursor: Names) -> tuple[Expr, ...]:
    r"""What stands behind ``\in``: ``\mathbb{R}^{m \times n}``, ``R^n``, ``m \times n``, ``\{0, 1\}``."""
    token = cursor.peek()
    if token is None:
        raise cursor.error(
            r"a shape is missing after \in", cursor.end_span(), r"\mathbb{R}^{m \times n}"
        )
    if not _took_set(cursor, token):
        return _sizes(cursor, cursor.tokens[cursor.n :])
    sizes: tuple[Expr, ...] = ()
    while (token := cursor.peek()) is not None:
        cursor.take()
        if token.is_("^"):
            sizes = _sizes(cursor, cursor.argument("all"))
        elif token.is_("_"):  # positive numbers and the like
            cursor.argument("all")
        else:
            raise cursor.error(f"{token.text} is not expected in a shape", token.span)
    return sizes


def _took_set(cursor: Names, token: Token) -> bool:
    if token.is_("Reals", "Re"):
        cursor.take()
        return True
    if token.kind == "letters" and token.text in _SETS:
        cursor.take()
        return True
    if token.kind == "command" and token.text in words.BLACKBOARD | words.FONTS:
        start = cursor.n
        cursor.take()
        if "".join(t.text for t in cursor.argument()) in _SETS:
            return True
        cursor.n = start
        return False
    if token.is_(r"\{", "[", "(", "lbrace"):
        within = [n for n, _ in outside(cursor.tokens[cursor.n :])]
        cursor.n += within[0] if within else len(cursor.tokens) - cursor.n
        return True
    return False


def _sizes(cursor: Names, tokens: list[Token]) -> tuple[Expr, ...]:
    cuts = [n for n, t in outside(tokens) if t.is_("times", ",", "*", "cdot")]
    starts = [0, *(n + 1 for n in cuts)]
    parts = [tokens[a:b] for a, b in zip(starts, [*cuts, len(tokens)], strict=True)]
    return tuple(cursor.nested(part, cursor.where) for part in parts)
