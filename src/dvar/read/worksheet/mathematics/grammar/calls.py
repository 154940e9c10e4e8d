r"""Functions that a word makes certain, sums and their like, and attributes of code."""

from __future__ import annotations

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.grammar.brackets import Brackets
from dvar.read.worksheet.mathematics.grammar.cursor import Unreadable, widened
from dvar.read.worksheet.mathematics.grammar.scripts import Hung
from dvar.read.worksheet.mathematics.tokens import COMMAND, FUNCTION, NAME, SIGN, Token

Keywords = tuple[tuple[str, t.Expr], ...]
_ALONG_AXIS = frozenset({"sum", "mean", "prod", "var", "std", "max", "min", "cumsum", "argmax"})
_TOTALS = frozenset({"sum", "mean"})
"""What goes along an axis in notes too: ``db = sum(dZ, 1)``; "var" and "prod" have arguments of another kind."""
_EXAMPLES = frozenset({"batch", "rows", "examples", "samples", "axis"})
"""Words below a sum over the examples of a batch."""
_LOGS = {"2": "log2", "10": "log10", "e": "log"}
_OF_ANGLES = frozenset({"sin", "cos", "tan", "sec", "csc", "cot"})


class Calls(Brackets):
    def call(self) -> t.Expr:
        """A function and its arguments."""
        start = self.at
        token = self.take()
        name = words.FUNCTIONS.get(token.text.lower(), token.text.lower())
        word = self._on_word()
        if name == "log" and len(word.subscripts) == 1 and _shown(word.subscripts[0]) in _LOGS:
            name = _LOGS[_shown(word.subscripts[0])]
            word.subscripts = []
        choice = words.CHOICES.get(name)
        if choice and word.subscripts and not self._has_arguments():
            return self._chosen(choice, word, start)
        arguments = self._arguments(name)
        if arguments is None:
            return self._bare(token, word, start)
        expr = self._called(name, arguments, word, start)
        behind = self.hung(bracket=True)
        return self._attributes(self.attach(expr, behind, start), start)

    def _on_word(self) -> Hung:
        """What stands on the word itself, before the bracket."""
        found = self.hung()
        for script in found.scripts:
            if script.kind == "paren":
                break
        return found

    def _bare(self, token: Token, word: Hung, start: int) -> t.Expr:
        """The function itself, without an argument."""
        symbol = t.Symbol(token.text, token.span, "rm")
        return self.attach(symbol, word, start)

    def _called(self, name: str, arguments: list[t.Expr], word: Hung, start: int) -> t.Expr:
        span = self.since(start)
        plain, keywords = self._keywords(arguments)
        if name in (_ALONG_AXIS if self.code else _TOTALS):
            plain, keywords = self._along(name, plain, keywords)
        if name in words.TRANSPARENT_CALLS and len(plain) == 1:
            return plain[0]
        if name == "sqrt" and len(plain) == 1 and not word:
            return t.Root(plain[0], span)
        if name in words.SUMS_ALONG and len(plain) == 1 and not keywords:
            said = ("axis", words.SUMS_ALONG[name]), ("keepdims", "1")
            name, keywords = "sum", tuple((key, t.Number(value, span)) for key, value in said)
        hung = tuple(word.subscripts), tuple(word.scripts), word.primes
        return t.Call(name, tuple(plain), span, keywords, *hung)

    def _keywords(self, arguments: list[t.Expr]) -> tuple[list[t.Expr], Keywords]:
        """``axis=0`` among the arguments."""
        plain: list[t.Expr] = []
        keywords: list[tuple[str, t.Expr]] = []
        for argument in arguments:
            if isinstance(argument, t.Relation) and argument.relations == ("=",):
                left, right = argument.members
                if isinstance(left, t.Symbol) and (self.code or left.base in words.KEYWORDS):
                    keywords += _setting(left.base, right)
                    continue
            plain.append(argument)
        return plain, tuple(keywords)

    def _along(
        self, name: str, plain: list[t.Expr], keywords: Keywords
    ) -> tuple[list[t.Expr], Keywords]:
        """``x.sum(0)``, and in MATLAB ``sum(x, 2)``: the axis without its keyword."""
        if self.matlab and len(plain) == 3 and name in ("max", "min"):
            plain = [plain[0], plain[2]]  # max(x, [], 2)
        elif name in ("max", "min") and (self.matlab or len(plain) != 2):
            return plain, keywords
        if len(plain) == 2 and (axis := _whole(plain[1])) is not None:
            axis -= self.matlab
            said = "axis" if self.code else "along"  # notes may count from 0 or from 1
            return plain[:1], (*keywords, (said, t.Number(str(axis), plain[1].span)))
        if len(plain) == 2 and self.code and _are_axes(plain[1]):
            return plain[:1], (*keywords, ("axis", plain[1]))
        if self.matlab and len(plain) == 1 and not keywords:
            return plain, (("first", t.Number("1", plain[0].span)),)
        return plain, keywords

    def _has_arguments(self) -> bool:
        """Whether a bracket with several arguments follows."""
        if not self.sees("(", "[", r"\{"):
            return False
        stop = self.mates[self.at]
        n = self.at + 1
        while n < stop:
            if self.tokens[n].is_(","):
                return True
            n = self.mates[n] + 1 if self.mates[n] > n else n + 1
        return False

    def _arguments(self, name: str) -> list[t.Expr] | None:
        """What a function is given; None where nothing follows that could be."""
        if self.sees("(", "[", r"\{") and not (self._holds_talk() and not self.token.is_("(")):
            return self.bracketed_items()
        if self.sees("{"):
            start = self.at
            inner = self.enter()
            if inner[0] == inner[1]:
                return self._arguments(name)
            only = self.tokens[inner[0]]
            if only.is_("(", "[") and self.mates[inner[0]] == inner[1] - 1:
                return self.within(inner[0] + 1, inner[1] - 1, self.items)
            if self.sees("_", "^"):
                self.at = start
                return [self._following(name in _OF_ANGLES)]
            return self.within(*inner, self.items)
        if name not in words.BARE or not (self.starts_operand() or self.sees("-", "|", "norm")):
            return None
        if (
            self.token.kind == SIGN
            and self.token.text == "-"
            and self.peek().gap
            and not self.latex
        ):
            return None
        return [self._following(name in _OF_ANGLES)]

    def _following(self, of_angle: bool = False) -> t.Expr:
        r"""The argument of ``\log y x``: the product that follows, up to a sign or another function.

        None goes on with a derivative, ``\log x \frac{dx}{dt}``, no angle with a power of e, ``\cos(t) e^{5t}``,
        or a rate, ``\cos(u) \dot u``.
        """
        start = self.at
        if self.accept("-"):
            return t.Negative(self._following(of_angle), self.since(start))
        factors = [self.factor()]
        while self.starts_operand() and not self._starts_function():
            is_power = self.token.text == "e" and self.peek().is_("^")
            ends = of_angle and (is_power or self.token.names("dot", "ddot"))
            if ends or self.sees_differential() or self.sees_derivative():
                break
            factors.append(self.factor())
        if (
            self.sees("/")
            and self.peek().kind != FUNCTION
            and not self.peek().names("partial")  # ∂ log π/∂μ
            and not self.token.gap
        ):
            above = factors[0] if len(factors) == 1 else _juxtaposed(factors, self.since(start))
            self.at += 1
            return t.Quotient(above, self.factor(), self.since(start), True)
        if len(factors) == 1:
            return factors[0]
        return _juxtaposed(factors, self.since(start))

    def _starts_function(self) -> bool:
        token = self.token
        return token.kind == FUNCTION or (token.kind == COMMAND and token.text in words.BIGS)

    # ── sums and their like ─────────────────────────────────────────────────────────────────────

    def _chosen(self, name: str, word: Hung, start: int) -> t.Expr:
        r"""``\max_j z_j``, ``\operatorname{argmin}_{w, b} J``."""
        below = word.subscripts
        indices = tuple(dict.fromkeys(x for part in below for x in _index_names(part)))
        condition = _all([part for part in below if isinstance(part, (t.Relation, t.Logic))])
        if not (self.starts_operand() or self.sees("-", "|", "norm")):
            return t.Symbol(name, self.since(start), "rm", (), tuple(below), tuple(word.scripts))
        body = self.big_body()
        return t.Big(name, indices, None, None, condition, body, self.since(start))

    def big(self) -> t.Expr:
        r"""``\sum_{i=1}^m body``."""
        start = self.at
        name = words.BIGS[self.take().text]
        low: t.Expr | None = None
        high = condition = low
        indices: tuple[str, ...] = ()
        for _ in range(3):
            if self.accept("_"):
                if name == "int":
                    low = self.argument() if self.sees("{") else self.alone()
                else:
                    indices, low, condition = self._below()
            elif self.accept("^"):
                high = self.argument() if self.sees("{") else self._above()
                high = high.members[-1] if isinstance(high, t.Relation) else high  # i=1 to n=3
            elif self.token.names("limits", "nolimits"):
                self.at += 1
        if name == "lim" and condition is None and low is not None:
            condition, low = low, None
        body = self.big_body()
        if name == "sum" and not indices and isinstance(body, t.Group) and body.kind == "tuple":
            plain, keywords = self._keywords(list(body.items))
            if keywords and len(plain) == 1:  # Σ(dz, axis=0)
                return t.Call(name, tuple(plain), self.since(start), keywords)
        if name == "int":
            indices, body = _differential(indices, body)
        return t.Big(name, indices, low, high, condition, body, self.since(start))

    def _above(self) -> t.Expr:
        if self.sees("("):
            return self.alone()
        if not self.starts_operand():
            raise self.unexpected()
        return self.alone()

    def big_body(self) -> t.Expr:
        start = self.at
        if self.accept("-"):
            operand = self.big_body()
            return t.Negative(operand, self.since(start))
        self.accept("+")
        if self.sees("cdot", "times", "*") and self.latex:
            self.at += 1
        return self.product()

    def expectation(self, head: t.Symbol, start: int) -> t.Expr | None:
        r"""``\mathbb{E}_{x \sim p}[f(x)]``."""
        if head.font != "bb" or head.base != "E" or not self.sees("[", "(", "{", r"\{"):
            return None
        condition = next((s for s in head.subscripts if isinstance(s, t.Relation)), None)
        indices = tuple(x for s in head.subscripts for x in _index_names(s)[:1])
        items = self.bracketed_items()
        if len(items) != 1:
            raise Unreadable("an expectation of several things", self.since(start))
        return t.Big("E", indices, None, None, condition, items[0], self.since(start))

    def _below(self) -> tuple[tuple[str, ...], t.Expr | None, t.Expr | None]:
        """Index letters, lower bound and filter below a sum."""
        if self.sees("{", "("):
            inner = self.enter()
        elif self.at < self.end:
            self.at += 1
            inner = self.at - 1, self.at
        else:
            raise self.unexpected()
        found = _Below()
        at = n = inner[0]
        while n <= inner[1]:
            if n < inner[1] and self.mates[n] > n:
                n = self.mates[n]
            elif n == inner[1] or self.tokens[n].is_(",", ";", ":", "|"):
                if at < n:
                    self._bound(found, at, n)
                found.only_filters |= n < inner[1] and self.tokens[n].is_(":", "|")
                at = n + 1
            n += 1
        indices = tuple(dict.fromkeys(found.indices))
        return indices, found.low, _all(found.filters)

    def _bound(self, found: _Below, start: int, end: int) -> None:
        tokens = self.tokens[start:end]
        if tokens and tokens[0].text.partition("=")[0].strip().lower() in _EXAMPLES:
            found.indices += [tokens[0].text.partition("=")[0].strip().lower()]  # \\text{axis=0}
            return
        if all(x.kind in (NAME, "label") and len(x.text) == 1 and x.text.isalpha() for x in tokens):
            found.indices += [x.text for x in tokens]
            return
        try:
            part = self.within(start, end, self.comparison)
        except Unreadable:
            found.filters.append(t.Text("".join(x.text for x in tokens), self.place(start, end)))
            return
        if found.only_filters:
            found.filters.append(part)
            return
        if isinstance(part, t.Relation) and part.relations == ("=",) and found.low is None:
            names = _index_names(part.members[0])
            if len(names) == 1:
                found.indices += names
                found.low = part.members[1]
                return
        if isinstance(part, (t.Relation, t.Logic)):
            found.filters.append(part)
            members = part.members if isinstance(part, t.Relation) else ()
            below = {x for member in members for x in _index_names(member)}
            if members and below.isdisjoint(found.indices):
                found.indices += _index_names(part)
        else:
            found.indices += _index_names(part)

    # ── code ────────────────────────────────────────────────────────────────────────────────────

    def attribute(self, expr: t.Expr, start: int) -> t.Expr:
        """``x.sum(axis=0)``, ``x.dot(y)``; what is no method is part of the name."""
        token = self.take()
        name = words.FUNCTIONS.get(token.text.lower(), token.text.lower())
        if self.sees("(") and not self.token.gap:
            arguments = self.bracketed_items()
            if name in ("t", "transpose") and not arguments:
                turned = t.Script("transpose", None, token.span)
                return self.attach(expr, Hung(scripts=[turned]), start)
            return self._called(name, [expr, *arguments], Hung(), start)
        if name == "values" and isinstance(expr, t.Call):
            return expr  # what torch's x.max(1) has beside the places
        if name == "shape" and self.code:
            return self.attach(t.Call(name, (expr,), self.since(start)), self.hung(), start)
        if isinstance(expr, t.Symbol) and not expr.subscripts and not expr.scripts:
            return t.Symbol(f"{expr.base}.{token.text}", self.since(start))
        raise Unreadable(f".{token.text} is not known", token.span)


class _Below:
    """What stands below a sum, as it is read."""

    def __init__(self) -> None:
        self.indices: list[str] = []
        self.low: t.Expr | None = None
        self.filters: list[t.Expr] = []
        self.only_filters = False


def _setting(name: str, value: t.Expr) -> list[tuple[str, t.Expr]]:
    """A keyword with its value, truth values as numbers; types and the like say nothing."""
    if not isinstance(value, t.Symbol):
        return [(name, value)]
    truth = {"true": "1", "false": "0"}.get(value.base.lower())
    return [] if truth is None else [(name, t.Number(truth, value.span))]


def _whole(expr: t.Expr) -> int | None:
    """The whole number that is written."""
    if isinstance(expr, t.Negative) or (isinstance(expr, t.Sum) and expr.signs == (-1,)):
        inner = _whole(expr.operand if isinstance(expr, t.Negative) else expr.terms[0])
        return None if inner is None else -inner
    return int(expr.text) if isinstance(expr, t.Number) and expr.is_whole else None


def _shown(expr: t.Expr) -> str:
    return expr.text if isinstance(expr, (t.Label, t.Number)) else ""


def _index_names(expr: t.Expr) -> list[str]:
    """The letters that an expression below a sum runs over."""
    match expr:
        case t.Symbol():
            subs = [_shown(s) for s in expr.subscripts]
            return ["_".join([expr.base + "'" * expr.primes, *filter(None, subs)])]
        case t.Label():
            return list(expr.text) if expr.text.isalpha() and len(expr.text) < 4 else [expr.text]
        case t.Group():
            return [x for item in expr.items for x in _index_names(item)]
        case t.Relation():
            names = [_index_names(member) for member in expr.members]
            order = [1, 0, 2] if len(names) == 3 else range(len(names))
            return next((names[n] for n in order if names[n]), [])
        case t.Product():
            return [x for f in expr.factors for x in _index_names(f)]
        case t.Apply():
            return _index_names(expr.head)
    return []


def _all(conditions: list[t.Expr]) -> t.Expr | None:
    """Conditions that hold together."""
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    span = widened(conditions[0].span, conditions[-1].span)
    return t.Logic("and", tuple(conditions), span)


def _differential(indices: tuple[str, ...], body: t.Expr) -> tuple[tuple[str, ...], t.Expr]:
    """``f(x) dx`` under an integral."""
    if not isinstance(body, t.Product):
        return indices, body
    last = body.factors[-1]
    if isinstance(last, t.Symbol) and last.base.startswith("d") and len(last.base) > 1:
        rest = body.factors[:-1]
        inner = rest[0] if len(rest) == 1 else t.Product(rest, body.operators[:-1], body.span)
        return (last.base[1:],), inner
    return indices, body


def _juxtaposed(factors: list[t.Expr], span: t.Span) -> t.Product:
    return t.Product(tuple(factors), ("",) * (len(factors) - 1), span)


def _are_axes(tree: t.Expr) -> bool:
    """``(0, 1)`` in ``x.sum((0, 1))``."""
    is_tuple = isinstance(tree, t.Group) and tree.kind == "tuple"
    return isinstance(tree, t.Group) and is_tuple and None not in map(_whole, tree.items)
