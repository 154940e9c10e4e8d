r"""Operands: numbers, names, brackets, bars, roots, notes under braces."""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.mathematics.grammar.cursor import DEEPEST, Unreadable
from dvar.read.worksheet.mathematics.grammar.differentials import named
from dvar.read.worksheet.mathematics.grammar.nablas import Nablas
from dvar.read.worksheet.mathematics.grammar.shapes import as_shape, is_sizes, sizes_of
from dvar.read.worksheet.mathematics.tokens import FUNCTION, LABEL, NAME, NUMBER, SIGN

_COMPARES = frozenset(words.RELATIONS)


class Operands(Nablas):
    def signed(self) -> t.Expr:
        raise NotImplementedError

    def factor(self) -> t.Expr:
        start = self.at
        base = self._primary()
        if self.sees("!") and not self.peek().is_("="):
            self.at += 1
            base = t.Call("factorial", (base,), self.since(start))
        if self.sees("**", ".^"):
            self.at += 1
            exponent = self.signed()
            return t.Power(base, exponent, self.since(start))
        return base

    def alone(self) -> t.Expr:
        """One operand without scripts: what ``^`` or ``\\hat`` takes."""
        token = self.token
        if token.kind == NAME:
            return self.name()
        if token.kind == NUMBER:
            self.at += 1
            return t.Number(token.text, token.span)
        if token.kind == FUNCTION:
            self.at += 1
            return t.Symbol(token.text, token.span, "rm")
        if token.kind == LABEL and " " in token.text:
            self.at += 1
            return t.Text(token.text, token.span)
        if token.is_("(") or token.is_("["):
            opener = self.at
            inner = self.enter()
            return self._contents(token.text, *inner, self.since(opener))
        return self._primary()

    def _primary(self) -> t.Expr:
        self.depth += 1
        try:
            return self._operand_here()
        finally:
            self.depth -= 1

    def _operand_here(self) -> t.Expr:
        token = self.token
        if self.depth > 2 * DEEPEST:
            raise Unreadable(f"nested more than {DEEPEST} deep", token.span)
        match token.kind:
            case "number":
                return self._number()
            case "name":
                return self._name()
            case "function":
                return self.call()
            case "sign":
                return self._signed_primary()
            case "command":
                return self._command()
            case "begin":
                return self.environment()
            case "text":
                return self._said()
            case "digits" | "label":
                self.at += 1
                kind = t.Number if token.text.isdigit() else t.Label
                return kind(token.text, token.span)
        raise self.unexpected()

    def _number(self) -> t.Expr:
        start = self.at
        token = self.take()
        if (
            token.text == "1"
            and self.sees("[", r"\{", "(")
            and not self.token.gap
            and self._is_iverson()
        ):
            items = self.bracketed_items()
            expr: t.Expr = t.Group("iverson", tuple(items), self.since(start))
            return self.attach(expr, self.hung(bracket=True), start)
        if token.text == "1" and self.sees("_") and self._is_iverson():
            self.at += 1
            below = self.subscript()
            return t.Group("iverson", tuple(below), self.since(start))
        return self.attach(t.Number(token.text, token.span), self.hung(), start)

    def _is_iverson(self) -> bool:
        """Whether a bracket behind a one holds a condition."""
        n = self.at + self.sees("_")
        stop = self.mates[n] if n < self.end else -1
        if stop < 0:
            return False
        n += 1
        while n < stop:
            token = self.tokens[n]
            if token.kind == SIGN and token.text in _COMPARES:
                return True
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return False

    def _name(self) -> t.Expr:
        inline = self.inline_derivative() if self.token.text[0] in "dD" else None
        if inline is not None:
            return inline
        if self.token.text == "R" and self.token.font == "bb":
            return self._real()
        start = self.at
        if self.token.text == "1" and self.peek().is_("_") and self._is_indicator():
            self.at += 2
            return t.Group("iverson", tuple(self.subscript()), self.since(start))
        if self.token.text == "E" and self.token.font == "bb":
            head = self._hang(self.name(), start)
            mean = self.expectation(head, start)
            if mean is not None and self.sees("^"):  # E[X]^2 is the square of the mean
                return self.attach(t.Group("(", (mean,), mean.span), self.hung(), start)
            return mean or head
        if self.token.text == "D" and self._is_operator_d():
            return self._differentiated()
        if self.token.text in ("grad", "Grad") and self.peek().kind == NAME and not self.code:
            return self.nabla()
        if self.token.text in ("H", "J") and (matrix := self._derivatives_of()) is not None:
            return matrix
        return self.symbol()

    def _derivatives_of(self) -> t.Expr | None:
        """``Hf(x, y)``, ``H_f(x, y)``, ``J_f(x, y)``: the Hessian and the Jacobian of a function of several names."""
        start, text = self.at, self.take().text
        below = self.accept("_")
        head = (
            named(self.subscript()[0])
            if below
            else self.name()
            if self.token.kind == NAME
            else None
        )
        is_operator = below or (text == "H" and "H" not in self.lexicon.defined)
        if is_operator and isinstance(head, t.Symbol) and head.base in self.lexicon.functions:
            inner = self.tokens[self.at + 1 : self.mates[self.at]] if self.sees("(") else []
            if any(x.is_(",") for x in inner):
                slope = self.applied(head, start)
                for _ in range(2 if text == "H" else 1):
                    slope = t.Derivative(slope, (), "nabla", self.since(start), True)
                return slope
        self.at = start
        return None

    def _is_operator_d(self) -> bool:
        """``D_x f``, where no D is defined."""
        if "D" in self.lexicon.defined or self.token.font or not self.peek().is_("_"):
            return False
        n = self._past_argument(self.at + 2)
        if n >= self.end or self.tokens[n].kind not in (NAME, FUNCTION) or self.tokens[n].spaced:
            return False
        below = self.tokens[self.at + 2 : n]
        return any(token.text.isalpha() for token in below)

    def _differentiated(self) -> t.Expr:
        start = self.at
        self.at += 2
        wrt = tuple(named(b) for b in self.subscript())
        return t.Derivative(self.factor(), wrt, "subscript", self.since(start), True)

    def _is_indicator(self) -> bool:
        self.at += 1
        found = self._is_iverson()
        self.at -= 1
        return found

    def _real(self) -> t.Expr:
        r"""``\mathbb{R}^{n \times m}``."""
        start = self.at
        self.at += 1
        found = self.hung()
        sizes: tuple[t.Expr, ...] = ()
        for script in found.scripts:
            if script.value is not None:
                sizes = sizes_of(script.value)
        return t.Shape(sizes, self.since(start))

    def _signed_primary(self) -> t.Expr:
        token = self.token
        if (ahead := self.marked_ahead()) is not None:
            return ahead
        if token.text == "{":
            return self.braces()
        if token.text in words.OPENERS:
            return self.bracket()
        if token.text in ("|", "norm"):
            return self._bars()
        if token.text in words.DOTS:
            self.at += 1
            return t.Ellipsis(token.span)
        ends = self.at + 1 == self.end or self.peek().is_(",", ";")
        if token.text in ("cdot", "bullet", "*", "?", ".") and ends:
            self.at += 1
            return t.Text(token.text, token.span)
        raise self.unexpected()

    def _said(self) -> t.Expr:
        token = self.take()
        short = len(token.text.split()) <= 3 and all(c.isalnum() or c in " _-" for c in token.text)
        if token.font == "rm" and short and token.text.lower().split()[0] not in vocabulary.PROSE:
            start = self.at - 1
            symbol = t.Symbol(token.text, token.span, "rm")
            return self.attach(symbol, self.hung(), start)
        return t.Text(token.text, token.span)

    # ── bars ────────────────────────────────────────────────────────────────────────────────────

    def _bars(self) -> t.Expr:
        """``|x|``, ``\\|x\\|``, ``||x||``."""
        start = self.at
        sign = self.take().text
        double = (
            sign == "|"
            and self.sees("|")
            and not self.token.gap
            and self._closing_bars() is not None
        )
        if double:
            self.at += 1
        stop = self._closing_bars(start) if double else self._closing_bar(sign)
        if stop is None or stop == self.at:
            raise Unreadable("a bar is not closed", self.tokens[start].span)
        inner = self.within(self.at, stop, self.items)
        self.at = stop + 1 + double
        kind = "norm" if double or sign == "norm" else "|"
        group = t.Group(kind, tuple(inner), self.since(start))
        return self.attach(group, self.hung(bracket=True), start)

    def _closing_bar(self, sign: str) -> int | None:
        n = self.at
        while n < self.end:
            if self.tokens[n].is_(sign):
                return n
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return None

    def _closing_bars(self, opened: int | None = None) -> int | None:
        """Two bars in a row further on."""
        n = self.at + (opened is None)
        while n + 1 < self.end:
            if self.tokens[n].is_("|") and self.tokens[n + 1].is_("|"):
                return n
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return None

    def opens_bar(self) -> bool:
        """Whether a bar behind an operand opens: as many open as close."""
        if not self.sees("|", "norm") or self.peek().is_("_", "^", ")", "]", "}", ","):
            return False
        places: list[int] = []
        sign, n = self.token.text, self.at
        while n < self.end and len(places) < 9:
            if self.tokens[n].is_(sign):
                places.append(n)
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        if places == [self.at, self.at + 1]:
            return False  # p || q
        return len(places) % 2 == 0

    # ── commands ────────────────────────────────────────────────────────────────────────────────

    def _command(self) -> t.Expr:
        token = self.token
        text = token.text
        start = self.at
        if text in words.FRACTIONS:
            return self.fraction()
        if text in words.ACCENTS:
            return self.accented()
        if text == "partial":
            return self.partial()
        if text == "nabla":
            return self.nabla()
        if text in words.BIGS:
            return self.big()
        if text == "sqrt":
            return self._root()
        if text in words.BRACES or text in ("overset", "underset", "stackrel"):
            return self._braced_note()
        if text in words.CANCELS:
            self.at += 1
            return t.Brace(self.argument(), None, self.since(start))
        return self._rare()

    def _rare(self) -> t.Expr:
        token = self.token
        start = self.at
        if token.text in ("binom", "dbinom", "tbinom"):
            self.at += 1
            top, bottom = self.argument(), self.argument()
            return t.Call("binomial", (top, bottom), self.since(start))
        if token.text == "operatorname" or token.text in words.FONTS:
            self.at += 1
            return self.attach(self.argument(), self.hung(), start)
        if token.text in ("pdv", "dv", "odv"):
            return self._physics()
        if token.text in ("norm", "abs", "Norm", "Abs"):
            self.at += 1
            kind = "norm" if token.text.lower() == "norm" else "|"
            group = t.Group(kind, (self.argument(),), self.since(start))
            return self.attach(group, self.hung(bracket=True), start)
        if token.text in ("square", "Box", "blank", "underline"):
            raise Unreadable("a blank inside a formula", token.span)
        raise self.unexpected()

    def _physics(self) -> t.Expr:
        r"""``\pdv{f}{x}``, ``\dv{x}``."""
        start = self.at
        kind = "partial" if self.take().text == "pdv" else "d"
        first = self.argument()
        if not self.sees("{"):
            return t.Derivative(None, (first,), kind, self.since(start), True)
        return t.Derivative(first, (self.argument(),), kind, self.since(start))

    def _root(self) -> t.Expr:
        start = self.at
        self.at += 1
        degree: t.Expr | None = None
        if (
            self.sees("[")
            and self.mates[self.at] > 0
            and self.tokens[min(self.mates[self.at] + 1, self.end - 1)].is_("{")
        ):
            degree = self.within(*self.enter(), self.expression)
        if not self.starts_operand():
            raise self.unexpected()
        if self.sees("{"):
            radicand = self.argument()
        elif self.sees("(") and not self.latex:
            radicand = self.within(*self.enter(), self.comparison)
        else:
            radicand = self.alone() if self.latex else self.factor()
        root = t.Root(radicand, self.since(start), degree)
        return self.attach(root, self.hung(bracket=True), start)

    def _braced_note(self) -> t.Expr:
        r"""``\underbrace{body}_{note}``, ``\overset{note}{body}``."""
        start = self.at
        command = self.take().text
        if command in words.BRACES:
            body = self.argument()
            note = None
            while self.sees("_", "^"):
                self.at += 1
                inner = self.enter() if self.sees("{") else None
                note = self._note(*inner) if inner is not None else self.alone()
        else:
            first = self.enter() if self.sees("{") else None
            note = self._note(*first) if first is not None else self.alone()
            body = self.argument()
            accent = words.OVERSET.get(note.text if isinstance(note, t.Text) else "")
            if accent and isinstance(body, t.Symbol) and command != "underset":
                over = replace(body, accents=(*body.accents, accent), span=self.since(start))
                return self.attach(over, self.hung(), start)
        return self.attach(t.Brace(body, note, self.since(start)), self.hung(), start)

    def _note(self, start: int, end: int) -> t.Expr | None:
        """What stands at a brace: a name, a shape, a value or words."""
        if start >= end:
            return None
        try:
            note = self.within(start, end, self.comparison)
        except Unreadable as problem:
            if "nested" in problem.message:
                raise
            shown = " ".join(
                token.text for token in self.tokens[start:end] if not token.is_("{", "}")
            )
            return t.Text(shown, self.place(start, end))
        return as_shape(note, note.span) if is_sizes(note) else note
