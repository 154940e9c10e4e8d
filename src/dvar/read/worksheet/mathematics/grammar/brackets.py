r"""Brackets of every kind, matrices and cases."""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable, widened
from dvar.read.worksheet.mathematics.grammar.symbols import Symbols
from dvar.read.worksheet.mathematics.tokens import (
    BEGIN,
    CELL,
    DIGITS,
    NUMBER,
    ROW,
    SIGN,
    STOP,
    TEXT,
    Token,
    made,
)


class Brackets(Symbols):
    def bracket(self) -> t.Expr:
        """A bracket with what hangs on it."""
        start = self.at
        opener = self.token.text
        inner = self.enter()
        expr = self._contents(opener, *inner, self.since(start))
        item = expr.items[0] if t.is_bracketed(expr) else None
        if isinstance(item, t.Derivative) and item.spelling == "nabla" and self.sees("("):
            if isinstance(name := item.of, t.Symbol) and name.base in self.lexicon.functions:
                return replace(item, of=self.applied(name, start), span=self.since(start))
        if self.latex and self.sees("[") and isinstance(expr, t.Group) and expr.kind == "[":
            if isinstance(expr.items[0], t.Number):
                return expr  # [0.15][0] is a product, no entry
        return self._attributes(self.attach(expr, self.hung(bracket=True), start), start)

    def braces(self) -> t.Expr:
        r"""A group in TeX's braces: they bind but are not seen."""
        start = self.at
        inner = self.enter()
        if inner[0] == inner[1]:
            found = self.hung()
            if found:  # {}_i
                return self.attach(t.Text("", self.since(start)), found, start)
            return t.Text("", self.since(start))
        items = self.within(*inner, self.items)
        if len(items) != 1:  # {w_1, …, w_n}, of a set whose braces got lost
            group = t.Group("{", tuple(items), self.since(start))
            return self.attach(group, self.hung(), start)
        (expr,) = items
        found = self.hung()
        if isinstance(expr, t.Symbol):
            head = self.attach(expr, found, start)
            return self.applied(head, start) if isinstance(head, t.Symbol) else head
        return self.attach(expr, found, start)

    def _contents(self, opener: str, start: int, end: int, span: t.Span) -> t.Expr:
        kind = words.KINDS[opener]
        first = self.tokens[start] if start < end else None
        if first is not None and first.kind == BEGIN and self.mates[start] == end - 1:
            return self._framed(kind, start, end, span)
        if self._is_spaced_list(kind, start, end):
            return self._spaced_rows(start, end, span)
        items = self.within(start, end, self.items)
        if kind == "[":
            matrix = _matrix_of_lists(items, span)
            if matrix is not None:
                return matrix
            if items and _is_row(items[0]) and any(map(_computes, items)):
                raise Unreadable("matrices side by side", span)
            kind = "list" if len(items) != 1 or self.code else "["
        elif kind == "(" or (kind == "angle" and are_components(items)):
            kind = "(" if len(items) == 1 else "tuple"
        if not items and kind not in ("list", "tuple", "{"):
            raise Unreadable("empty brackets", span)
        return t.Group(kind, tuple(items), span)

    def bracketed_items(self) -> list[t.Expr]:
        """The items of the bracket that opens here."""
        return self.within(*self.enter(), self.items)

    def items(self) -> list[t.Expr]:
        out: list[t.Expr] = []
        while self.at < self.end:
            if self.sees(",", ";") or self.token.kind in (ROW, CELL):
                self.at += 1
                continue
            if self.token.kind == TEXT and out and self.peek().kind != SIGN and self.latex:
                self.said.append(self.take().text)
                continue
            out.append(self._item())
            if (
                self.at < self.end
                and not self.sees(",", ";")
                and self.token.kind not in (ROW, CELL, TEXT)
            ) and not self.accept("norm"):
                raise self.unexpected()
        return out

    def _item(self) -> t.Expr:
        start = self.at
        if self.sees(":") and (self.at + 1 >= self.end or self.peek().is_(",")):
            token = self.take()
            return t.Text(":", token.span)
        item = self.comparison()
        if self.sees("|") and self.peek().is_("|"):
            self.at += 1  # KL(p||q)
            self.tokens[self.at] = made(SIGN, "norm", self.token)
            return item
        if self.sees("|", ":"):
            sign = "mid" if self.take().text == "|" else ":"
            other = self.comparison() if self.at < self.end and not self.sees(",") else item
            return t.Relation((item, other), (sign,), self.since(start))
        return item

    def _holds_talk(self) -> bool:
        """Whether the bracket here holds nothing but words: ``(\\text{the error})``."""
        stop = self.mates[self.at]
        inner = self.tokens[self.at + 1 : min(stop, self.at + 4)]
        return bool(inner) and all(token.kind == TEXT for token in inner)

    # ── lists without commas ────────────────────────────────────────────────────────────────────

    def _is_spaced_list(self, kind: str, start: int, end: int) -> bool:
        """``[1 2; 3 4]``: numbers (in code anything) with spaces between them."""
        if kind != "[" or end - start < 2:
            return False
        gaps = False
        n = start
        while n < end:
            token = self.tokens[n]
            if token.is_(","):
                return False
            if n > start and self._parts_items(n):
                gaps = True
            if (
                not self.code
                and token.kind not in (NUMBER, DIGITS)
                and not token.is_("-", "+", ";")
            ):
                return False
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return gaps or (self.code and any(self.tokens[k].is_(";") for k in range(start, end)))

    def _parts_items(self, n: int) -> bool:
        """Whether an item of a list without commas ends before the token ``n``."""
        token, before = self.tokens[n], self.tokens[n - 1]
        if not token.gap or (
            before.kind == SIGN and before.text not in words.CLOSERS and before.text != "'"
        ):
            return False
        if token.kind == SIGN:
            signed = token.is_("-", "+") and n + 1 < len(self.tokens) and not self.tokens[n + 1].gap
            return signed or token.text in words.OPENERS
        return True

    def _spaced_rows(self, start: int, end: int, span: t.Span) -> t.Expr:
        rows: list[list[t.Expr]] = [[]]
        at = n = start
        while n <= end:
            ends_row = n < end and self.tokens[n].is_(";")
            if n == end or ends_row or (n > at and self._parts_items(n)):
                if at < n:
                    rows[-1].append(self.within(at, n, self.expression))
                at = n + 1 if ends_row else n
                if ends_row:
                    rows.append([])
            n = self.mates[n] + 1 if n < end and self.mates[n] > n else n + 1
        rows = [row for row in rows if row]
        if len(rows) == 1:
            return t.Group("list", tuple(rows[0]), span)
        return t.Matrix(tuple(map(tuple, rows)), span, "[")

    # ── matrices and cases ──────────────────────────────────────────────────────────────────────

    def environment(self) -> t.Expr:
        r"""``\begin{bmatrix} … \end{bmatrix}``."""
        start = self.at
        name = self.token.text
        inner = self.enter()
        span = self.since(start)
        if name in words.CASES:
            return self.attach(self._cases(*inner, span), self.hung(), start)
        if name in words.MATRICES:
            matrix = self._matrix(words.MATRICES[name], *inner, span)
            return self.attach(matrix, self.hung(bracket=True), start)
        if name in words.TRANSPARENT:
            return self.within(*inner, self.comparison)
        raise Unreadable(f"the environment {name} is not known", span)

    def _framed(self, kind: str, start: int, end: int, span: t.Span) -> t.Expr:
        """An environment that fills a bracket."""
        name = self.tokens[start].text
        if kind == "{" and (name in words.TRANSPARENT or name in ("array", "matrix")):
            return self._cases(start + 1, end - 1, span)
        inner = self.within(start, end, self.environment)
        if isinstance(inner, t.Matrix) and not inner.scripts and inner.delimiter == "":
            return t.Matrix(inner.rows, span, kind)
        return t.Group(kind, (inner,), span)

    def _rows(self, start: int, end: int) -> list[list[tuple[int, int]]]:
        """The cells of an environment, as ranges."""
        rows: list[list[tuple[int, int]]] = [[]]
        at = n = start
        while n <= end:
            kind = self.tokens[n].kind if n < end else ROW
            if n == end or kind in (ROW, CELL):
                rows[-1].append((at, n))
                at = n + 1
                if kind == ROW:
                    rows.append([])
            elif self.mates[n] > n:
                n = self.mates[n]
            n += 1
        return [row for row in rows if any(a < b for a, b in row)]

    def _matrix(self, delimiter: str, start: int, end: int, span: t.Span) -> t.Matrix:
        rows = []
        for cells in self._rows(start, end):
            rows.append(tuple(self._cell(a, b) for a, b in cells))
        if not rows:
            raise Unreadable("a matrix without entries", span)
        return t.Matrix(tuple(rows), span, delimiter)

    def _cell(self, start: int, end: int) -> t.Expr:
        while end > start and self.tokens[end - 1].is_(",", ".", ";"):
            end -= 1
        if start >= end:
            return t.Text("", self.place(start, end))
        return self.within(start, end, self.comparison)

    def _cases(self, start: int, end: int, span: t.Span) -> t.Expr:
        branches = [self._branch(cells) for cells in self._rows(start, end)]
        if not branches:
            raise Unreadable("cases without a case", span)
        return t.Cases(tuple(branches), span)

    def _branch(self, cells: list[tuple[int, int]]) -> tuple[t.Expr, t.Expr | None]:
        """One row: a value and when it holds."""
        cells = [(a, b) for a, b in cells if a < b]
        a, b = cells[0]
        rest = cells[1:]
        if not rest:
            b = self._value_end(a, b)
            rest = [(b, cells[0][1])]
        while b > a and self.tokens[b - 1].is_(",", ";", ":", "."):
            b -= 1
        if a >= b:
            raise Unreadable("a case without a value", self.place(a, b))
        value = self.within(a, b, self._value)
        return value, self.condition(rest[0][0], rest[-1][1])

    def _value(self) -> t.Expr:
        value = self.expression()
        if self.sees("=") and self.at + 1 < self.end:  # \frac{dL}{dx} = 1 in a case
            self.at += 1
            return self.expression()
        return value

    def _value_end(self, start: int, end: int) -> int:
        """Where the value ends that no ``&`` parts from its condition."""
        n = start
        while n < end:
            token = self.tokens[n]
            if n > start and (
                token.kind == TEXT or token.is_(",", ";", ":") or token.names("forall")
            ):
                return n
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return end

    def condition(self, start: int, end: int) -> t.Expr | None:
        """When something holds; None for "otherwise" and for nothing."""
        while start < end and self._is_introduction(self.tokens[start]):
            start += 1
        while start < end and self.tokens[end - 1].is_(",", ".", ";", ":"):
            end -= 1
        if start >= end:
            return None
        texts = [token for token in self.tokens[start:end] if token.kind == TEXT]
        if any(set(_words(token.text)) & vocabulary.OTHERWISE for token in texts):
            return None
        first = self.tokens[start]
        if end - start == 1 and first.text.lower() in vocabulary.OTHERWISE:
            return None
        try:
            return self.within(start, end, self.conditions_listed)
        except Unreadable as problem:
            if "nested" in problem.message or not texts:
                raise
            shown = " ".join(token.text for token in self.tokens[start:end])
            return t.Text(shown, self.place(start, end))

    def conditions_listed(self) -> t.Expr:
        """Conditions with commas between them; ``i = 1, …, m`` is one."""
        start = self.at
        parts = [self._condition()]
        while self.at < self.end:
            if self.sees(","):
                self.at += 1
                continue
            if self.token.kind == TEXT:
                if self.peek().kind != STOP or not isinstance(parts[-1], (t.Relation, t.Logic)):
                    raise self.unexpected()
                self.said.append(self.take().text)
                break
            parts.append(self._condition())
        if len(parts) == 1:
            return parts[0]
        return _range(parts, self.since(start)) or t.Logic("and", tuple(parts), self.since(start))

    def _condition(self) -> t.Expr:
        if self.token.names("forall", "exists"):
            self.at += 1
        return self.comparison()

    def _is_introduction(self, token: Token) -> bool:
        return token.is_(",", ":", ";") or token.kind == CELL or self._is_if(token)

    @staticmethod
    def _is_if(token: Token) -> bool:
        if token.kind != TEXT:
            return False
        said = _words(token.text)
        filled = all(word in vocabulary.CONDITIONAL or word in _FILLING for word in said)
        return filled and any(word in vocabulary.CONDITIONAL for word in said)


_FILLING = frozenset(
    ["else", "all", "every", "each", "any", "the", "case", "that", "we", "have", "with", "where"]
)


def _words(text: str) -> list[str]:
    return [word.strip("().,:;").lower() for word in text.split()]


def _range(parts: list[t.Expr], span: t.Span) -> t.Relation | None:
    """``i = 1, …, m``: an equation and what its right side goes on with."""
    first = parts[0]
    if not isinstance(first, t.Relation) or any(
        isinstance(p, (t.Relation, t.Logic)) for p in parts[1:]
    ):
        return None
    items = (first.members[-1], *parts[1:])
    group = t.Group("tuple", items, widened(items[0].span, items[-1].span))
    return t.Relation((*first.members[:-1], group), first.relations, span)


def _is_row(item: t.Expr) -> bool:
    return isinstance(item, t.Group) and item.kind == "list"


def _computes(item: t.Expr) -> bool:
    """Whether rows are added or multiplied: then two matrices were typed next to each other."""
    if isinstance(item, t.Negative):
        return _computes(item.operand) or isinstance(item.operand, (t.Group, t.Matrix))
    parts = item.factors if isinstance(item, t.Product) else ()
    parts = item.terms if isinstance(item, t.Sum) else parts
    return any(_is_row(part) or isinstance(part, t.Matrix) for part in parts)


def _matrix_of_lists(items: list[t.Expr], span: t.Span) -> t.Matrix | None:
    """``[[1, 2], [3, 4]]``."""
    rows: list[tuple[t.Expr, ...]] = []
    for item in items:
        if not isinstance(item, t.Group) or item.kind not in ("list", "[") or item.scripts:
            return None
        rows.append(item.items)
    if not rows or len({len(row) for row in rows}) != 1 or not rows[0]:
        return None
    return t.Matrix(tuple(rows), span, "[")


def are_components(items: list[t.Expr]) -> bool:
    """``⟨1, -4⟩``, ``⟨f_x, f_y, f_z⟩``: the entries of a vector, and no inner product."""
    numbers = (x.operand if isinstance(x, t.Negative) else x for x in items)
    return len(items) > 2 or (len(items) == 2 and any(map(_is_number, numbers)))


def _is_number(item: t.Expr) -> bool:
    if isinstance(item, t.Quotient):
        return _is_number(item.above) and _is_number(item.below)
    return isinstance(item, t.Number)
