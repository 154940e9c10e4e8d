"""The grammar of one expression in LaTeX: numbers, names, brackets and calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from dvar.core.letters import GREEK
from dvar.read.build.functions import lookup, nearest
from dvar.read.latex import words
from dvar.read.latex.names import too_deep
from dvar.read.latex.operators import BESIDE, Operators
from dvar.read.latex.tokens import NESTING_LIMIT, Token
from dvar.read.syntax import (
    Array,
    Binary,
    Call,
    Expr,
    Index,
    Name,
    Number,
    Span,
    Unary,
)

_LONGEST_WORD = 20  # of letters that may have been meant as one name
_KEYWORDS = frozenset({"axis", "keepdims", "ord"})


class Formula(Operators):
    """A recursive-descent parser over the tokens of one expression."""

    def nested(self, tokens: Sequence[Token], span: Span) -> Expr:
        inner = type(self)(self.scope, tokens, span)
        if not tokens:
            raise self.error("something is missing between these braces", span)
        value = inner.expression()
        inner.finish()
        return value

    def finish(self) -> None:
        token = self.peek()
        if token is None:
            return
        if token.is_(","):
            raise self.error("a comma here separates nothing", token.span, "1{,}000 for a thousand")
        raise self.error(f"{token.text} is not expected here", token.span)

    # ── factors ─────────────────────────────────────────────────────────────────────────────────

    def factor(self) -> Expr:
        """A number, name, call or bracket with its scripts."""
        self.scope.depth += 1
        if self.scope.depth > 2 * NESTING_LIMIT:
            raise too_deep(self.scope.page, self.next_span())
        grouped = self.at("(", "[", r"\{", "lbrace", "lbrack")
        base = self.scripts(self.atom(), grouped)
        if isinstance(base, Name) and not grouped and self.at("("):
            base = self.scripts(self.applied(base))
        self.scope.depth -= 1
        return base

    def atom(self) -> Expr:
        token = self.peek()
        if token is None:
            raise self.error("an operand is missing at the end", self.end_span())
        if token.kind == "number":
            return self.number()
        if token.kind == "letters":
            return self.letters()
        if token.kind == "begin":
            return self.environment()
        if token.is_(*words.BARS):
            return self.between_bars()
        if token.kind in ("mark", "command") and token.text in words.BRACKETS:
            return self.bracket()
        if token.kind == "command":
            return self.command()
        raise self.error(f"an operand is missing before {token.text}", token.span)

    def number(self) -> Expr:
        token = self.take()
        value = float(token.text) if "." in token.text else int(token.text)
        return Number(value, token.span)

    def letters(self) -> Expr:
        """Letters side by side multiply, unless together they are a name or a function."""
        token = self.peek()
        assert token is not None
        word = token.text
        following = self.peek(1)
        called = following is not None and following.is_("(")
        if len(word) > 1 and word in self.scope.stems:
            return self.numbered(self.take())
        known = word in words.BARE_FUNCTIONS or (called and lookup(word) is not None)
        if len(word) > 1 and known:
            self.take()
            return self.function(str(getattr(lookup(word), "name", word)), token)
        if len(word) > 2 and word in GREEK:
            return Name(word, self.take().span)
        if called and len(word) > 2 and (near := nearest(word)) is not None:
            raise self.error(f"{word} is not a function dvar knows", token.span, near)
        if len(word) == 2 and word[0] == "d" and "d" not in self.scope.variables:
            self.scope.notes.append(f"{word} is read as one name")  # code for a gradient: dw, db
            return Name(word, self.take().span)
        if 2 < len(word) <= _LONGEST_WORD and not self.is_inside_a_word(token):
            self.scope.notes.append(
                f"{word} is read as {'·'.join(word)}; write \\text{{{word}}} for one name"
            )
        first = self.split_first()
        if first.text == "e" and self.at("^") and "e" not in self.scope.variables:
            return self.exponential(first)
        return self.numbered(first)

    def is_inside_a_word(self, token: Token) -> bool:
        start = token.span[0]
        return start > 0 and self.scope.page.text[start - 1].isalpha()

    def exponential(self, token: Token) -> Expr:
        self.take()
        exponent = self.nested(self.argument("one"), token.span)
        return Call("exp", (exponent,), (), (token.span[0], self.last_end()))

    def command(self) -> Expr:
        token = self.peek()
        assert token is not None
        name = token.text
        following = self.peek(1)
        if name == "prod" and not (following and following.is_("_", "^")):
            return self.function("prod", self.take())
        if name in words.REFUSED:
            raise self.error(rf"\{name} begins {words.REFUSED[name]}", token.span)
        if name in words.FRACTIONS:
            return self.fraction()
        if name in words.ACCENTS:
            return self.accent()
        if name in words.BLACKBOARD or (name in words.FONTS and self.is_indicator()):
            return self.indicator()
        if name in words.BRACES:
            return self.brace()
        if name == "sqrt":
            return self.root()
        if name == "sum":
            return self.sum()
        if name in words.FUNCTIONS:
            return self.function(words.FUNCTIONS[name], self.take())
        if name == "infty":
            return Number(float("inf"), self.take().span)
        return self.word_or_group()

    def word_or_group(self) -> Expr:
        token = self.peek()
        assert token is not None
        word = self.word()
        span = (token.span[0], self.last_end())
        if word is None:
            self.take()
            if token.text not in words.FONTS:
                raise self.scope.page.unknown(token)
            return replace(self.nested(self.argument(), token.span), span=(*token.span,))
        if word.replace(".", "").isdigit():
            return Number(float(word) if "." in word else int(word), span)
        if word == "e" and token.text in words.FONTS and self.at("^"):
            return self.exponential(token)
        scope = self.scope
        known = word in scope.variables or word in scope.functions
        if token.text not in words.FONTS or known or len(word) == 1 or not word.isalpha():
            return Name(word, span)
        row = lookup(word)
        if row is not None or self.at("("):
            return self.function(row.name if row else word, Token("command", word, span))
        return Name(word, span)

    # ── brackets ────────────────────────────────────────────────────────────────────────────────

    def items(self, opener: Token, close: str) -> tuple[list[Expr], list[tuple[str, Expr]]]:
        """Expressions separated by commas up to the closing bracket; ``axis=1`` among them."""
        bars, self.bars = self.bars, 0
        found: list[Expr] = []
        keywords: list[tuple[str, Expr]] = []
        while not self.at(close):
            token, following = self.peek(), self.peek(1)
            if token and following and token.text in _KEYWORDS and following.is_("="):
                self.n += 2
                keywords.append((token.text, self.expression()))
            else:
                found.append(self.expression())
            if not self.at(","):
                break
            self.take()
        self.expect(close, opener)
        self.bars = bars
        return found, keywords

    def bracket(self) -> Expr:
        opener = self.take()
        close, function = words.BRACKETS[opener.text]
        found, _ = self.items(opener, close)
        span = (opener.span[0], self.last_end())
        if not found:
            raise self.error("empty brackets", span)
        if function == "norm":
            return self.norm(found[0], span)
        if function:
            return Call(function, tuple(found), (), span)
        if len(found) == 1:
            return replace(found[0], span=span)
        return Array(tuple(found), span)

    # ── calls ───────────────────────────────────────────────────────────────────────────────────

    def applied(self, name: Name) -> Expr:
        """A name with a bracket behind it: a call, an entry counted from 1, or a product."""
        start = self.n
        opener = self.take()
        found, keywords = self.items(opener, ")")
        span = (name.span[0], self.last_end())
        scope, known = self.scope, name.name
        if known in scope.functions:
            parameters = scope.functions[known]
            said = tuple(x.name for x in found if isinstance(x, Name))
            same = len(said) == len(found) and said == parameters
            return replace(name, span=span) if same else Call(known, tuple(found), (), span)
        numbers = [x.value for x in found if isinstance(x, Number)]
        entry = len(numbers) == len(found) and all(isinstance(k, int) and k > 0 for k in numbers)
        if entry and numbers and (len(numbers) > 1 or (known[-1:].isdigit() and len(known) > 1)):
            items = tuple(Number(k - 1, x.span) for k, x in zip(numbers, found, strict=True))
            return Index(name, items, span)
        letter = known.partition("_")[0].rstrip("0123456789")
        called = known not in scope.variables and letter in words.FUNCTION_LETTERS
        if len(found) != 1 or keywords or called or (len(known) > 1 and self.is_row(known)):
            function = "sigmoid" if known == "sigma" else known
            return Call(function, tuple(found), tuple(keywords), span)
        self.n = start  # a product
        return name

    def is_row(self, name: str) -> bool:
        return name not in self.scope.variables and name not in GREEK and bool(lookup(name))

    def function(self, name: str, token: Token) -> Expr:
        r"""A function word: ``\log x y``, ``\log(x) y``, ``\sin^2 x``, ``\log_2 x``."""
        base = self.base_of_log(name) if self.at("_") else None
        power: Expr | None = None
        if self.at("^"):
            self.take()
            power = self.nested(self.argument("one"), token.span)
        if self.at("'"):
            raise self.error("a derivative: dvar finds derivatives", self.next_span())
        args, keywords = self.arguments_of(token)
        span = (token.span[0], self.last_end())
        if isinstance(power, Unary) and power.operand == Number(1, power.operand.span):
            name, power = f"arc{name}", None
        value: Expr = Call(name, tuple(args), tuple(keywords), span)
        if name in ("max", "min") and len(args) > 1:  # the larger of several, not along an axis
            value = reduce(lambda x, y: Call(f"{name}imum", (x, y), (), span), args)
        if base is not None:
            value = Binary("/", value, Call("log", (base,), (), base.span), span)
        return Binary("**", value, power, span) if power is not None else value

    def base_of_log(self, name: str) -> Expr:
        token = self.take()
        if name != "log":
            shown = rf"\{name}" if name in words.FUNCTIONS else name
            raise self.error(f"{shown} with a subscript is not read", token.span, f"{shown}(…)")
        return self.nested(self.argument("all"), token.span)

    def arguments_of(self, token: Token) -> tuple[list[Expr], list[tuple[str, Expr]]]:
        opener = self.peek()
        if opener is not None and opener.is_("(", "[", "{", r"\{", "lbrace", "lbrack"):
            self.take()
            found, keywords = self.items(opener, words.BRACKETS[opener.text][0])
            if not found:
                raise self.error(f"{token.text} is given nothing", opener.span)
            return found, keywords
        if not (self.starts_factor() or self.at("-")):
            raise self.error(f"{token.text} needs an argument", self.next_span())
        if self.at("-"):
            return [self.signed(BESIDE)], []
        argument = self.factor()
        while self.starts_factor() and not self.starts_function():
            argument = self.times(argument, self.factor())
        return [argument], []

    def starts_function(self) -> bool:
        token = self.peek()
        if token is None:
            return False
        if token.kind == "letters":
            return token.text in words.BARE_FUNCTIONS
        return token.kind == "command" and (token.text in words.FUNCTIONS or token.text == "sum")
