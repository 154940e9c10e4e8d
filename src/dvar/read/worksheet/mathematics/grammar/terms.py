r"""Sums, products, quotients and comparisons, and what each operand is."""

from __future__ import annotations

from collections.abc import Callable

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.grammar.cursor import DEEPEST, Unreadable, widened
from dvar.read.worksheet.mathematics.grammar.derivatives import Derivatives, named
from dvar.read.worksheet.mathematics.tokens import (
    FUNCTION,
    NAME,
    NUMBER,
    SIGN,
    TEXT,
)

_COMPARES = frozenset(words.RELATIONS)
_JOINTS = frozenset({"and", "or"})


class Grammar(Derivatives):
    def member(self) -> t.Expr:
        """One side of a relation: an expression, or several with commas between them."""
        start = self.at
        items = [self.expression()]
        while self.accept(","):
            if self.at >= self.end:
                break
            items.append(self.expression())
        while self.token.kind == TEXT:
            self.said.append(self.take().text)
        if self.at < self.end:
            raise self.unexpected()
        if len(items) == 1:
            return items[0]
        return t.Group("tuple", tuple(items), self.since(start))

    # ── comparisons ─────────────────────────────────────────────────────────────────────────────

    def comparison(self) -> t.Expr:
        start = self.at
        parts = [self._related()]
        names: list[str] = []
        while (joint := self._joint()) is not None:
            names.append(joint)
            parts.append(self._related())
        if len(parts) == 1:
            return parts[0]
        name = "or" if "or" in names else "and"
        return t.Logic(name, tuple(parts), self.since(start))

    def _joint(self) -> str | None:
        token = self.token
        if token.kind == SIGN and token.text in words.LOGIC:
            self.at += 1
            return words.LOGIC[token.text]
        if token.kind == TEXT and token.text.lower() in words.CONJUNCTIONS and self.at + 1 < self.end:
            self.at += 1
            return words.CONJUNCTIONS[token.text.lower()]
        return None

    def _related(self) -> t.Expr:
        start = self.at
        if self.sees("lnot") or (self.token.kind == TEXT and self.token.text == "not"):
            self.at += 1
            return t.Logic("not", (self._related(),), self.since(start))
        if self.token.kind == SIGN and self.token.text in _COMPARES:
            relation = words.RELATIONS[self.take().text]
            side = self._side(relation)
            return side if relation in ("in", "=") else t.Relation((side, side), (relation,), self.since(start))
        members = [self.expression()]
        relations: list[str] = []
        while self.token.kind == SIGN and (self.token.text in _COMPARES or self.token.text in ("to", "implies", "iff")):
            sign = self.take().text
            relation = words.RELATIONS.get(sign, sign)
            if self.at >= self.end:
                break
            relations.append(relation)
            members.append(self._side(relation))
        if not relations:
            return members[0]
        return t.Relation(tuple(members), tuple(relations), self.since(start))

    def _side(self, relation: str) -> t.Expr:
        start = self.at
        if self.token.kind == SIGN and self.token.text in _COMPARES:
            self.at += 1
        side = self.expression()
        return as_shape(side, self.since(start)) if relation == "in" else side

    # ── sums ────────────────────────────────────────────────────────────────────────────────────

    def expression(self) -> t.Expr:
        over = self._over_sign()
        if over is not None:
            return self._stacked(over)
        expr = self.sum()
        return self._conditional(expr) if self.token.kind == TEXT else expr

    def _over_sign(self) -> int | None:
        r"""``{a \over b}``: where the bar stands."""
        n = self.at
        while n < self.end:
            if self.tokens[n].names("over"):
                return n
            if self.tokens[n].kind == SIGN and self.tokens[n].text in _COMPARES:
                return None
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return None

    def _stacked(self, over: int) -> t.Expr:
        start, end = self.at, self.end
        above = self.within(start, over, self.expression)
        below = self.within(over + 1, end, self.expression)
        self.at = end
        return t.Quotient(above, below, self.since(start))

    def sum(self) -> t.Expr:
        start = self.at
        terms: list[t.Expr] = []
        signs: list[int] = []
        sign = self._sign()
        leading = sign is not None
        while True:
            terms.append(self._term())
            signs.append(1 if sign is None else sign)
            sign = self._sign()
            if sign is None:
                break
        if len(terms) > 1:
            return t.Sum(tuple(terms), tuple(signs), self.since(start))
        if leading and signs[0] == -1:
            return t.Negative(terms[0], self.since(start))
        if leading and signs[0] == 0:
            return t.Sum(tuple(terms), tuple(signs), self.since(start))
        return terms[0]

    def _sign(self) -> int | None:
        token = self.token
        if token.kind == SIGN and token.text in words.SUMS:
            self.at += 1
            return words.SUMS[token.text]
        return None

    def _term(self) -> t.Expr:
        """A product, which behind a sign may have a sign of its own: ``a + -b``."""
        start = self.at
        if self.sees("-"):
            self.at += 1
            if self.sees("-", "+"):
                return t.Negative(self._nested_sign(), self.since(start))
            return t.Negative(self.product(), self.since(start))
        self.accept("+")
        return self.product()

    def _nested_sign(self) -> t.Expr:
        """Many signs in a row, without recursion."""
        start = self.at
        negative = False
        while self.sees("-", "+"):
            negative ^= self.take().text == "-"
        operand = self.product()
        return t.Negative(operand, self.since(start)) if negative else operand

    # ── products ────────────────────────────────────────────────────────────────────────────────

    def product(self, until: Callable[[t.Expr, int], bool] | None = None) -> t.Expr:
        start = self.at
        factors = [self.factor()]
        operators: list[str] = []
        first = factors[0]
        while self.at < self.end:
            token = self.token
            if token.kind == SIGN and token.text in words.PRODUCTS:
                if until is not None and until(first, self.at):
                    break
                if self.at + 1 >= self.end:
                    break
                self.at += 1
                operators.append(words.PRODUCTS[token.text])
                factors.append(self._signed())
            elif token.kind == SIGN and token.text in words.QUOTIENTS:
                self.at += 1
                below = self._below_slash(factors[-1])
                above = self._folded(factors, operators, start)
                factors = [t.Quotient(above, below, self.since(start), token.text != "div")]
                operators = []
            elif self.starts_operand() or self._opens_bar():
                operators.append("")
                factors.append(self.factor())
            elif token.kind == TEXT and self._is_aside():
                self.said.append(self.take().text)
            elif token.is_("(") and self._holds_talk():
                self._skip_talk()
            else:
                break
        return self._folded(factors, operators, start)

    def _folded(self, factors: list[t.Expr], operators: list[str], start: int) -> t.Expr:
        if len(factors) == 1:
            return factors[0]
        return t.Product(tuple(factors), tuple(operators), widened(factors[0].span, factors[-1].span))

    def _signed(self) -> t.Expr:
        """A factor with its own sign: ``a * -1``."""
        start = self.at
        negative = False
        while self.sees("-", "+"):
            negative ^= self.take().text == "-"
        operand = self.factor()
        return t.Negative(operand, self.since(start)) if negative else operand

    def _below_slash(self, above: t.Expr) -> t.Expr:
        """``1/2m`` is 1/(2m), ``1/2 (a - y)`` and ``a/b c`` are not."""
        start = self.at
        first = self._signed()
        factors = [first]
        if not isinstance(first, (t.Number, t.Symbol)):
            return first
        while self.token.kind in (NAME, NUMBER) and not self.token.gap and self._belongs_below(above, factors):
            factors.append(self.factor())
        return self._folded(factors, [""] * (len(factors) - 1), start)

    def _belongs_below(self, above: t.Expr, factors: list[t.Expr]) -> bool:
        if self.code or self.token.spaced:
            return False
        if isinstance(factors[0], t.Symbol):
            # a/bc in one run; a/b_1c_1 too
            return self.token.kind == NAME and not self.latex
        half = isinstance(above, t.Number) and isinstance(factors[0], t.Number)
        after = self.peek()
        squared = after.is_("^") and self.token.text != "sigma"
        return not (half and squared)

    def _is_aside(self) -> bool:
        """Words between factors inside brackets."""
        return self.depth > 0 and self.latex and self.at + 1 < self.end and not self._is_joint()

    def _is_joint(self) -> bool:
        first = self.token.text.lower().split(" ")[0].strip(",.")
        return first in words.CONJUNCTIONS or first in words.CONDITIONAL or first in words.OTHERWISE

    def _skip_talk(self) -> None:
        start, end = self.enter()
        self.said += [token.text for token in self.tokens[start:end]]

    # ── operands ────────────────────────────────────────────────────────────────────────────────

    def factor(self) -> t.Expr:
        start = self.at
        self.depth += 1
        try:
            base = self._primary()
        finally:
            self.depth -= 1
        if self.sees("!") and not self.peek().is_("="):
            self.at += 1
            base = t.Call("factorial", (base,), self.since(start))
        if self.sees("**", ".^"):
            self.at += 1
            exponent = self._signed()
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
        if token.is_("(") or token.is_("["):
            opener = self.at
            inner = self.enter()
            return self._contents(token.text, *inner, self.since(opener))
        return self._primary()

    def _primary(self) -> t.Expr:
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
        if token.text == "1" and self.sees("[", r"\{", "(") and not self.token.gap and self._is_iverson():
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
            return self.expectation(head, start) or head
        if self.token.text == "D" and self._is_operator_d():
            return self._differentiated()
        return self.symbol()

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
        if token.text == "{":
            return self.braces()
        if token.text in words.OPENERS:
            return self.bracket()
        if token.text in ("|", "norm"):
            return self._bars()
        if token.text in words.DOTS:
            self.at += 1
            return t.Ellipsis(token.span)
        if token.text in ("cdot", "bullet", "*", "?") and self.at + 1 == self.end:
            self.at += 1
            return t.Text(token.text, token.span)
        raise self.unexpected()

    def _said(self) -> t.Expr:
        token = self.take()
        short = len(token.text.split()) <= 3 and all(c.isalnum() or c in " _-" for c in token.text)
        if token.font == "rm" and short and token.text.lower().split()[0] not in words.PROSE:
            start = self.at - 1
            symbol = t.Symbol(token.text, token.span, "rm")
            return self.attach(symbol, self.hung(), start)
        return t.Text(token.text, token.span)

    # ── bars ────────────────────────────────────────────────────────────────────────────────────

    def _bars(self) -> t.Expr:
        """``|x|``, ``\\|x\\|``, ``||x||``."""
        start = self.at
        sign = self.take().text
        double = sign == "|" and self.sees("|") and not self.token.gap and self._closing_bars() is not None
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

    def _opens_bar(self) -> bool:
        """Whether a bar behind an operand opens: as many open as close."""
        if not self.sees("|", "norm") or self.peek().is_("_", "^", ")", "]", "}", ","):
            return False
        sign, count, n = self.token.text, 0, self.at
        while n < self.end and count < 9:
            count += self.tokens[n].is_(sign)
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return count % 2 == 0

    # ── conditions written into a line ──────────────────────────────────────────────────────────

    def _conditional(self, value: t.Expr) -> t.Expr:
        """``1 if z > 0 else 0``, ``x if x > 0, 0 otherwise``."""
        branches: list[tuple[t.Expr, t.Expr | None]] = []
        start = self.at
        while self._is_if(self.token):
            self.at += 1
            condition = self.comparison()
            branches.append((value, condition))
            self.accept(",", ";")
            if self.token.kind == TEXT and self.token.text.lower() in words.OTHERWISE:
                self.at += 1
                self.accept(",")
                branches.append((self.sum(), None))
                break
            if self.at >= self.end:
                break
            value = self.sum()
            if self.token.kind == TEXT and self.token.text.lower() in words.OTHERWISE:
                self.at += 1
                branches.append((value, None))
                break
        if not branches:
            return value
        return t.Cases(tuple(branches), widened(branches[0][0].span, self.since(start)))

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
        if self.sees("[") and self.mates[self.at] > 0 and self.tokens[min(self.mates[self.at] + 1, self.end - 1)].is_("{"):
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
            shown = " ".join(token.text for token in self.tokens[start:end] if not token.is_("{", "}"))
            return t.Text(shown, self.place(start, end))
        return as_shape(note, note.span) if _is_sizes(note) else note


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


def sizes_of(expr: t.Expr) -> tuple[t.Expr, ...]:
    """``n \\times m`` as sizes."""
    if isinstance(expr, t.Group) and len(expr.items) == 1 and not expr.scripts:
        return sizes_of(expr.items[0])
    if isinstance(expr, t.Group) and expr.kind in ("tuple", "list"):
        return expr.items
    if not isinstance(expr, t.Product):
        return (expr,)
    if set(expr.operators) <= {"times", "*"}:
        return expr.factors
    between = expr.factors[1::2]
    if len(expr.factors) % 2 and all(isinstance(f, t.Symbol) and f.base == "x" for f in between):
        return expr.factors[::2]
    return (expr,)


def as_shape(expr: t.Expr, span: t.Span) -> t.Expr:
    """What stands behind ∈ as a shape, where it is one."""
    if isinstance(expr, t.Symbol) and expr.base == "R" and len(expr.scripts) == 1 and not expr.subscripts:
        value = expr.scripts[0].value
        return expr if value is None else t.Shape(sizes_of(value), span)
    if isinstance(expr, t.Power) and isinstance(expr.base, t.Symbol) and expr.base.base == "R":
        return t.Shape(sizes_of(expr.exponent), span)
    if isinstance(expr, t.Product) and set(expr.operators) == {"times"} and all(map(_is_size, expr.factors)):
        return t.Shape(expr.factors, span)
    if isinstance(expr, t.Group) and expr.kind == "tuple" and all(map(_is_size, expr.items)):
        if any(isinstance(item, t.Symbol) for item in expr.items):
            return t.Shape(expr.items, span)
    return expr


def _is_size(expr: t.Expr) -> bool:
    if isinstance(expr, t.Number):
        return expr.is_whole
    return isinstance(expr, (t.Symbol, t.Sum, t.Product)) or (isinstance(expr, t.Group) and len(expr.items) == 1)


def _is_sizes(expr: t.Expr) -> bool:
    if isinstance(expr, t.Product):
        return set(expr.operators) == {"times"}
    return isinstance(expr, t.Group) and expr.kind == "tuple"


