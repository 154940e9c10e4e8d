r"""Symbols: ``\hat{y}^{(i)}_k``, ``d\beta``, ``\Delta w_{ij}``, ``\mathbb{R}^{n \times m}``, ``W1``."""

from __future__ import annotations

from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import fonts, vocabulary, words
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable, widened
from dvar.read.worksheet.mathematics.grammar.scripts import Hung, Scripts
from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    COMMAND,
    DIGITS,
    NAME,
    NUMBER,
)

_PREFIXES = frozenset({"d", "Delta"})
_INDEXED_BY_BRACKETS = frozenset(["E", "P", "Pr", "Var", "Cov", "H", "KL", "D", "I"])
_COUNTERS = frozenset("ijklnt")


class Symbols(Scripts):
    applies = True
    """Whether a bracket behind a symbol belongs to it."""
    indexes = True
    """Whether a short one does where others do not: ``dL/dW(1, 2)``."""

    def symbol(self) -> t.Expr:
        """A name with all that hangs on it, and the bracket it is applied to."""
        start = self.at
        head = self._with_prefix(self.name())
        head = self._hang(head, start)
        if len(head.base) == 2 and head.base[0] == "d" and _is_inverted(head):
            of = replace(head, base=head.base[1])  # dX^{-1} is of the inverse
            return t.Apply(t.Symbol("d", head.span), (of,), self.since(start))
        return self.applied(head, start)

    def marked_ahead(self) -> t.Symbol | None:
        """``^*W_6`` or ``{}^*W_6``, as others write ``W_6^+``: a name with the mark of what is new in front."""
        start = self.at
        at = start + (2 if self.token.is_("{") and self.peek().is_("}") else 0)
        if at + 2 >= self.end or not self.tokens[at].is_("^"):
            return None
        sign, name = self.tokens[at + 1], self.tokens[at + 2]
        if name.kind != NAME or sign.text not in ("*", "ast", "+"):
            return None
        self.at = at + 2
        head = self._hang(self.name(), self.at)
        mark = t.Script("mark", t.Label("+", sign.span), self.since(start))
        return replace(head, span=self.since(start), scripts=(*head.scripts, mark))

    def _hang(self, head: t.Symbol, start: int) -> t.Symbol:
        found = self.hung()
        if head.base == "e" and not head.accents:
            found = _exponential(found)
        attached = self.attach(head, found, start)
        assert isinstance(attached, t.Symbol)
        return attached

    def name(self) -> t.Symbol:
        token = self.take()
        font = fonts.font_of(token)
        return t.Symbol(token.text, token.span, font, token.accents)

    def _with_prefix(self, head: t.Symbol) -> t.Symbol:
        r"""``d\beta``, ``\Delta w``: one name where nothing parts the two."""
        after = self.token
        varies = head.base == "delta" and self.lexicon.variations
        # Delta w, as one has to write it without signs
        is_word = head.base == "Delta" and not self.latex
        if not (head.base in _PREFIXES or varies) or head.accents or (after.spaced and not is_word):
            return head
        if head.base == "d" and after.text in self.lexicon.multiplied:
            return head
        if head.base == "Delta" and "Delta" in self.lexicon.defined:
            return head  # Δ = p - y, and Δ w is a product
        if head.base == "d" and after.gap and not (head.font or after.font or self.latex):
            return head
        accented = after.kind == COMMAND and after.text in words.ACCENTS
        if head.base == "d" and after.kind == NAME and self.latex and after.gap and not head.font:
            greek = after.text in vocabulary.GREEK_WORDS
            if not (greek or after.font or len(after.text) > 1 or self.lexicon.increments):
                return head
        if self._holds_accent():
            inner = self.within(*self.enter(), self._accent)
        elif after.kind != NAME and not accented:
            return head
        else:
            inner = self._accent() if accented else self.name()
        if not isinstance(inner, t.Symbol):
            raise Unreadable("an accent over more than a symbol", inner.span)
        span = widened(head.span, inner.span)
        return replace(inner, base=head.base + inner.base, span=span)

    def _holds_accent(self) -> bool:
        r"""Whether a group follows with nothing but an accented letter in it, ``d{\hat y}``."""
        if not self.sees("{"):
            return False
        end, first = self.mates[self.at], self.at + 2
        if first >= end or self.tokens[first - 1].text not in words.ACCENTS:
            return False
        return (self.mates[first] if self.tokens[first].is_("{") else first) == end - 1

    def accented(self) -> t.Expr:
        r"""``\hat{y}_k(x)``."""
        start = self.at
        inner = self._accent()
        if not isinstance(inner, t.Symbol):
            return self.attach(inner, self.hung(), start)
        head = self.attach(inner, self.hung(), start)
        assert isinstance(head, t.Symbol)
        return self.applied(head, start)

    def _accent(self) -> t.Expr:
        start = self.at
        command = self.take().text
        accent = words.ACCENTS[command]
        inner = self.argument()
        span = self.since(start)
        if isinstance(inner, t.Symbol):
            return replace(inner, accents=(*inner.accents, accent), span=span)
        if isinstance(inner, t.Number) and inner.text in ("0", "1"):
            return t.Symbol(inner.text, span, "", (accent,))
        if isinstance(inner, t.Call) and not inner.args:
            return t.Symbol(inner.name, span, "rm", (accent,))
        if accent == "bar":
            return t.Group("overline", (inner,), span)
        if accent == "vec" and isinstance(inner, t.Product):
            return t.Group("(", (inner,), span)
        raise Unreadable(rf"\{command} over more than a symbol", span)

    def argument(self, lone: bool = False) -> t.Expr:
        """What a command takes: a group in braces, or what stands next; a ``lone`` letter of a run, ``\\frac KL``."""
        if self.sees("{"):
            start, end = self.enter()
            if start == end:
                return t.Text("", self.place(start, end))
            return self.within(start, end, self.comparison)
        token = self.token
        if token.kind == NUMBER and len(token.text) > 1 and token.text.isdigit():
            first = token.text[0]  # \frac12
            rest = replace(
                token, text=token.text[1:], start=min(token.start + 1, token.end), gap=False
            )
            self.tokens[self.at] = rest
            return t.Number(first, (token.start, min(token.start + 1, token.end)))
        is_run = token.kind == NAME and len(token.text) == token.end - token.start > 1
        if lone and is_run and token.text.isascii() and token.text.isalpha():
            first, rest = token.text[0], replace(token, text=token.text[1:], start=token.start + 1)
            self.tokens[self.at] = replace(rest, gap=False)
            return t.Symbol(first, (token.start, token.start + 1), token.font)
        if not self.starts_operand():
            raise self.unexpected()
        return self.alone()

    # ── application ─────────────────────────────────────────────────────────────────────────────

    def applied(self, head: t.Symbol, start: int) -> t.Expr:
        """The symbol, or the symbol with the bracket behind it."""
        if not self._takes_bracket(head):
            return self._attributes(head, start)
        arguments = self.bracketed_items()
        span = self.since(start)
        expr: t.Expr = t.Apply(head, tuple(arguments), span)
        if head.base in ("1", "I") and (
            head.font == "bb" or head.base == "1" or _is_condition(arguments)
        ):
            expr = t.Group("iverson", tuple(arguments), span)
        found = self.hung(bracket=True)
        return self._attributes(self.attach(expr, found, start), start)

    def _takes_bracket(self, head: t.Symbol) -> bool:
        token = self.token
        if head.base == "1" and any(s.kind == "transpose" for s in head.scripts):
            return False  # a row of ones times what is in the bracket
        if token.is_("["):
            expected = (
                head.base in _INDEXED_BY_BRACKETS
                or head.base == "1"
                or head.base in words.FUNCTIONS
            )
            return expected and not token.spaced
        if token.is_(r"\{"):
            return head.base in ("1", "I") and not token.spaced
        if not token.is_("(") or self._holds_talk():
            return False
        inner = self.tokens[self.at + 1 : self.mates[self.at]]
        if head.base == "pi" and not (head.subscripts or head.scripts):
            if inner and all(x.kind in (NUMBER, DIGITS) for x in inner):
                return False  # 4π(25)
        if not self.applies:
            return self.indexes and not token.gap and self._is_component()
        return not (token.spaced and head.base not in self.lexicon.functions)

    def _is_component(self) -> bool:
        """``(1, 2)``, ``(x)``: too short to be a factor."""
        inner = self.tokens[self.at + 1 : self.mates[self.at]]
        simple = all(x.kind in (NAME, NUMBER, DIGITS) or x.is_(",") for x in inner)
        return simple and 0 < len(inner) <= 5

    def _holds_talk(self) -> bool:
        raise NotImplementedError

    def bracketed_items(self) -> list[t.Expr]:
        raise NotImplementedError

    def _attributes(self, expr: t.Expr, start: int) -> t.Expr:
        """``.sum(axis=0)`` and the like, in code."""
        while self.token.kind == ATTRIBUTE:
            expr = self.attribute(expr, start)
            expr = self.attach(expr, self.hung(bracket=True), start)
        return expr

    def attribute(self, expr: t.Expr, start: int) -> t.Expr:
        raise NotImplementedError


def _is_inverted(head: t.Symbol) -> bool:
    value = head.scripts[0].value if len(head.scripts) == 1 else None
    return isinstance(value, t.Negative) and isinstance(value.operand, t.Number)


def _is_condition(items: list[t.Expr]) -> bool:
    return len(items) == 1 and isinstance(items[0], (t.Relation, t.Logic))


def _exponential(found: Hung) -> Hung:
    """What hangs on the number e: exponents, whose index belongs to them (``e^x_i``)."""
    scripts = [_exponent(script) for script in found.scripts]
    if len(scripts) == 1 and found.subscripts:
        value = scripts[0].value
        if isinstance(value, t.Symbol) and not value.subscripts:
            inner = replace(value, subscripts=tuple(found.subscripts))
            return Hung([], [replace(scripts[0], value=inner)], found.primes)
    return Hung(found.subscripts, scripts, found.primes)


def _counts(value: t.Expr | None) -> bool:
    """Whether something is a letter of examples or of steps."""
    text = value.text if isinstance(value, t.Label) else getattr(value, "base", "")
    return text in _COUNTERS


def _exponent(script: t.Script) -> t.Script:
    """Of the base e, what stands in brackets is an exponent all the same, unless it counts: ``e^{(t)}``, ``e^{(i-1)}``."""
    value = script.value
    first = value.terms[0] if isinstance(value, t.Sum) else value
    if script.kind != "paren" or value is None or _counts(first):
        return script
    if isinstance(value, t.Label):
        text = value.text
        number = text.isdigit()
        value = t.Number(text, value.span) if number else t.Symbol(text, value.span)
    return t.Script("plain", value, script.span)
