"""LaTeX names with their accents, fonts, subscripts and superscripts → names of the text notation.

``W_1`` is W1, ``\\hat y`` is yhat, ``D_{a_1}`` is D_a1, ``W^{[1]}`` is W1, ``x^{(i)}`` is an example of x.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from dvar.core.errors import FormulaError
from dvar.core.letters import GREEK
from dvar.read.latex import words
from dvar.read.latex.matrices import is_matrix
from dvar.read.latex.tokens import Page, Token
from dvar.read.syntax import (
    Binary,
    Call,
    Component,
    Expr,
    Index,
    Name,
    Number,
    Span,
    Statement,
    Transpose,
    Unary,
)

NAME_LIMIT = 200
_SIGNS = {"*": "star", "+": "plus", "-": "minus"}  # h_{t-1} is h_tminus1
_STEM = re.compile(r"[^\W\d_]+")
# What a command takes after it, in groups.
_TAKES = {**dict.fromkeys(words.FRACTIONS, 2), "sqrt": 1}
_TAKES.update(dict.fromkeys([*words.FONTS, *words.ACCENTS, *words.BLACKBOARD], 1))


@dataclass
class Scope:
    """What the whole text says of names.

    Attributes:
        functions: names defined with parameters, and these.
        variables: names that are defined, declared or given a value.
        matrices: those of them that are known to be matrices.
        stems: words of several letters that are one name without ``\\text``.
        bound: index letters in force; ``closed``: those of sums that have ended in this statement.
        extra: statements found inside an expression (underbraces).
        notes: remarks for the person.
    """

    page: Page
    functions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    variables: set[str] = field(default_factory=set)
    matrices: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    bound: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    extra: list[Statement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    depth: int = 0

    def knows(self, name: str) -> None:
        """Take ``name`` for a variable; a word such as ``loss1`` makes ``loss`` one name."""
        self.variables.add(name)
        match = _STEM.match(name)
        if match and len(match[0]) > 1:
            self.stems.add(match[0])


def joined(stem: str, label: str) -> str:
    """A name with a subscript: W and 1 make W1, D and x make D_x, y and hat make yhat."""
    if label in words.ACCENTS.values() or (label[:1].isdigit() and not stem[-1:].isdigit()):
        return stem + label
    return f"{stem}_{label}"


def accented(name: str, accent: str) -> str:
    """The accent stands on the letter: the hat of y1 makes yhat1."""
    match = _STEM.match(name)
    return name[: match.end()] + accent + name[match.end() :] if match else name + accent


class Names:
    """A cursor over tokens that reads names; the grammar of expressions builds on it."""

    def __init__(self, scope: Scope, tokens: Sequence[Token], where: Span) -> None:
        self.scope, self.tokens, self.n = scope, list(tokens), 0
        self.where = where

    # ── cursor ──────────────────────────────────────────────────────────────────────────────────

    def peek(self, ahead: int = 0) -> Token | None:
        n = self.n + ahead
        return self.tokens[n] if n < len(self.tokens) else None

    def at(self, *texts: str) -> bool:
        token = self.peek()
        return token is not None and token.is_(*texts)

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise self.error("the formula ends where something is still to come", self.end_span())
        self.n += 1
        return token

    def expect(self, text: str, opener: Token) -> Token:
        if not self.at(text):
            shown = rf"\{text}" if len(text) > 1 and text.isalpha() else text
            raise self.error(f"{shown} is missing", self.next_span(), f"it closes {opener.text}")
        return self.take()

    def error(self, message: str, span: Span, hint: str | None = None) -> FormulaError:
        return self.scope.page.error(message, span, hint)

    def end_span(self) -> Span:
        end = self.tokens[-1].span[1] if self.tokens else self.where[1]
        return (max(end - 1, 0), end)

    def next_span(self) -> Span:
        token = self.peek()
        return token.span if token is not None else self.end_span()

    def last_end(self) -> int:
        return self.tokens[self.n - 1].span[1] if self.n else self.where[0]

    # ── arguments ───────────────────────────────────────────────────────────────────────────────

    def group(self) -> list[Token]:
        """The tokens inside the braces that start here."""
        depth, start = 0, self.n + 1
        while True:
            token = self.take()
            depth += token.is_("{") - token.is_("}")
            if depth == 0:
                return self.tokens[start : self.n - 1]

    def argument(self, digits: str = "first") -> list[Token]:
        """What TeX takes after a command: a group or one sign.

        ``digits`` of a bare number: ``first`` as TeX has it, ``all``, or ``one`` that must stand alone.
        """
        token = self.peek()
        if token is None:
            raise self.error("an argument is missing here", self.end_span(), "{…}")
        if token.is_("{"):
            return self.group()
        if token.kind == "letters" or (token.kind == "number" and digits != "all"):
            if token.kind == "number" and digits == "one" and len(token.text) > 1:
                raise self.error(
                    f"only {token.text[0]} is raised here", token.span, f"^{{{token.text}}}"
                )
            return [self.split_first()]
        start = self.n
        self.take()
        for _ in range(_TAKES.get(token.text, 0) if token.kind == "command" else 0):
            self.argument()
        return self.tokens[start : self.n]

    def split_first(self) -> Token:
        """The first character of the token that stands here; the rest stays."""
        token = self.take()
        if len(token.text) == 1:
            return token
        start, end = token.span
        first = Token(token.kind, token.text[0], (start, start + 1))
        rest = Token(token.kind, token.text[1:], (start + 1, end))
        self.tokens[self.n - 1 : self.n] = [first, rest]
        return first

    def nested(self, tokens: Sequence[Token], span: Span) -> Expr:
        """The expression that the tokens make, all of them."""
        raise NotImplementedError

    def expression(self, level: int = 0) -> Expr:
        """An expression whose operators bind at least as strongly as ``level``."""
        raise NotImplementedError

    def factor(self) -> Expr:
        """One factor of a product with its scripts."""
        raise NotImplementedError

    # ── scripts ─────────────────────────────────────────────────────────────────────────────────

    def scripts(self, base: Expr, grouped: bool = False) -> Expr:
        """Subscripts, superscripts and primes that follow ``base``, in any order.

        ``grouped``: it stood in brackets, so that a number below it is an entry, not part of a name.
        """
        while True:
            token = self.peek()
            if token is None or not token.is_("_", "^", "'", "!"):
                return base
            self.take()
            if token.is_("_"):
                base = self.subscript(base, self.argument("all"), token.span, grouped)
            elif token.is_("^"):
                base = self.superscript(base, self.argument("one"), token.span)
            elif token.is_("'"):
                base = self.renamed(base, token.span, lambda name: accented(name, "prime"))
            else:
                raise self.error("a factorial has no derivative", token.span)

    def renamed(self, base: Expr, span: Span, change: Callable[[str], str]) -> Expr:
        """Apply a change to the name inside; the order of scripts does not matter in LaTeX."""
        if isinstance(base, Name):
            name = change(base.name)
            if len(name) > NAME_LIMIT:
                raise self.error(f"this name is longer than {NAME_LIMIT} letters", span)
            return replace(base, name=name, span=(base.span[0], self.last_end()))
        if isinstance(base, (Component, Transpose)):
            return replace(base, operand=self.renamed(base.operand, span, change))
        if isinstance(base, Binary) and base.operator == "**":
            return replace(base, left=self.renamed(base.left, span, change))
        if isinstance(base, Call):
            raise self.error(
                f"a mark on the function {base.function} is not read",
                span,
                "write the definitions only; dvar finds derivatives",
            )
        raise self.error("this mark needs a name before it", span)

    def subscript(self, base: Expr, tokens: list[Token], span: Span, grouped: bool) -> Expr:
        letters = [c for t in tokens if t.kind == "letters" for c in t.text]
        plain = all(t.kind == "letters" or t.is_(",") for t in tokens) and letters
        if plain and all(c in self.scope.bound for c in letters):
            return Component(base, tuple(letters), False, (base.span[0], self.last_end()))
        indices = {t.text for t in tokens if t.kind == "letters" and len(t.text) == 1}
        self.check_open(indices, span)
        label = self.label(tokens)
        if label is None or (indices & set(self.scope.bound) and not plain):
            shown = "".join(t.text for t in tokens)
            raise self.error(
                f"the subscript {shown} is not read: it is neither a label nor an index letter",
                span,
            )
        if grouped and label.isdigit():
            return Index(base, (Number(int(label), span),), (base.span[0], self.last_end()))
        return self.labelled(base, label, span)

    def check_open(self, letters: set[str], span: Span) -> None:
        """An index outside its sum is a slip: a bracket is missing."""
        stray = sorted((letters & self.scope.closed) - set(self.scope.bound))
        if stray:
            raise self.error(
                f"{stray[0]} stands outside its sum: a sum reaches up to the next + or -",
                span,
                rf"\sum_{stray[0]} \left( … \right)",
            )

    def labelled(self, base: Expr, label: str, span: Span) -> Expr:
        if isinstance(base, (Name, Component, Transpose, Binary)):
            return self.renamed(base, span, lambda name: joined(name, label))
        if label.isdigit():
            whole = (base.span[0], self.last_end())
            return Index(base, (Number(int(label), span),), whole)
        raise self.error(f"the subscript {label} needs a name before it", span)

    def label(self, tokens: Sequence[Token]) -> str | None:
        """A subscript as part of a name, or None where it says something else."""
        parts: list[str] = []
        inner = type(self)(self.scope, tokens, self.where)
        while (token := inner.peek()) is not None:
            if token.kind in ("letters", "number") and token.text.isalnum():
                parts.append(inner.take().text)
            elif token.is_(","):
                inner.take()
                parts.append("_")
            elif token.is_("_") and parts:
                inner.take()
                below = self.label(inner.argument("all"))
                if below is None:
                    return None
                parts[-1] = joined(parts[-1], below)
            elif token.kind == "command" and (word := inner.word()) is not None:
                parts.append(word)
            elif token.is_("*", "+") or (token.is_("-") and parts):
                parts.append(_SIGNS[inner.take().text])
            else:
                return None
        return "".join(parts) or None

    def superscript(self, base: Expr, tokens: list[Token], span: Span) -> Expr:
        if not tokens:
            raise self.error("an empty superscript", span)
        whole = (base.span[0], self.last_end())
        if self.is_transpose(tokens):
            return Transpose(base, whole)
        first = tokens[0]
        if first.is_("(", "[") and not isinstance(base, Number):
            marked = self.marked(base, tokens, span)
            if marked is not None:
                return marked
        if first.is_("*", "star", "ast") and len(tokens) == 1:
            return self.renamed(base, span, lambda name: accented(name, "star"))
        if all(t.is_("prime", "'") for t in tokens):
            return self.renamed(base, span, lambda name: accented(name, "prime"))
        if first.is_("-") and self.is_transpose(tokens[1:]):
            return Transpose(Call("inv", (base,), (), whole), whole)
        if first.is_("circ", "odot") and len(tokens) > 1:  # an elementwise power
            tokens = tokens[1:]
        exponent = self.nested(tokens, span)
        is_inverse = isinstance(exponent, Unary) and exponent.operand == Number(
            1, exponent.operand.span
        )
        if is_inverse and is_matrix(base, self.scope.matrices):
            return Call("inv", (base,), (), whole)
        return Binary("**", base, exponent, whole)

    def is_transpose(self, tokens: Sequence[Token]) -> bool:
        if len(tokens) == 1:
            (token,) = tokens
            return token.is_("top", "intercal") or (token.kind == "letters" and token.text == "T")
        inside = [t for t in tokens if not t.is_("{", "}")]
        is_font = len(inside) == 2 and inside[0].is_(*words.FONTS)
        return is_font and inside[1].text in ("T", "top")

    def marked(self, base: Expr, tokens: Sequence[Token], span: Span) -> Expr | None:
        """``(i)`` the example, ``[1]`` and ``(1)`` a layer, each with more behind; None for a power."""
        close = ")" if tokens[0].is_("(") else "]"
        end = next((n for n, t in enumerate(tokens) if t.is_(close)), 0)
        inside, rest = tokens[1:end], list(tokens[end + 1 :])
        if len(inside) != 1 or not inside[0].text.isalnum() or inside[0].kind == "command":
            if close == "]":
                raise self.error("a layer in brackets is a number or a letter", span, "^{[1]}")
            return None
        text = inside[0].text
        if close == ")" and inside[0].kind == "letters" and len(text) == 1:
            self.check_open({text}, span)
            base = self.example(base, text)
        elif close == "]" or inside[0].kind == "number":
            base = self.labelled(base, text, span)
        else:
            return None
        if rest and rest[0].is_("^"):
            rest = [t for t in rest[1:] if not t.is_("{", "}")]
        return self.superscript(base, rest, span) if rest else base

    def example(self, base: Expr, letter: str) -> Expr:
        """``x_j^{(i)}`` is entry j of example i: the example is chosen first, however it is written."""
        if isinstance(base, Transpose) or (isinstance(base, Component) and not base.example):
            return replace(base, operand=self.example(base.operand, letter))
        return Component(base, (letter,), True, (base.span[0], self.last_end()))

    # ── stems ───────────────────────────────────────────────────────────────────────────────────

    def word(self) -> str | None:
        """The name that a command makes by itself: a Greek letter, a font with a word in it."""
        token = self.peek()
        if token is None or token.kind != "command":
            return None
        if token.text in GREEK or token.text in words.SYMBOLS:
            self.take()
            return words.SYMBOLS.get(token.text, token.text)
        if token.text not in words.FONTS:
            return None
        start = self.n
        self.take()
        content = self.argument()
        flat = all(t.kind in ("letters", "number") or t.is_("\\_", "_", "-") for t in content)
        if flat and any(t.kind in ("letters", "number") for t in content):
            said = "".join(t.text.lstrip("\\") for t in content if not t.is_("-"))
            return reduce(joined, [part for part in said.split("_") if part])
        self.n = start
        return None

    def numbered(self, token: Token) -> Name:
        """``w1`` is the name w1: nobody multiplies by a digit behind a letter."""
        digits = self.peek()
        if digits is None or digits.kind != "number" or digits.span[0] != token.span[1]:
            return Name(token.text, token.span)
        if not digits.text.isdigit():
            return Name(token.text, token.span)
        self.take()
        return Name(joined(token.text, digits.text), (token.span[0], digits.span[1]))

    def accent(self) -> Expr:
        token = self.take()
        content = self.argument()
        accent = words.ACCENTS[token.text]
        base = self.nested(content, token.span)
        if isinstance(base, (Unary, Number)):
            raise self.error(rf"\{token.text} needs a name under it", token.span)
        return self.renamed(base, token.span, lambda name: accented(name, accent))


def too_deep(page: Page, span: Span) -> FormulaError:
    return FormulaError("the formula is nested too deeply", source=page.source(span))
