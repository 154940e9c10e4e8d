r"""Moments of random variables of which no law is told: ``Var(X) = E[X^2] - E[X]^2 = 1.7 - 1.1^2``.

The mean of a power or a product of such names is a number with a name of its own; the mean of a sum is the sum of
means.  Variances are written by means where the second moment is spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import factors_of, rewritten

_ABOUT = re.compile(
    r"\bVar\b|varian[cz]|expect(ation|ed)|\bmoments?\b|Erwartungswert", re.IGNORECASE
)
_MEAN, _VARIANCE = "E", "var"


def named(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with a name for each moment of what is random."""
    if not _ABOUT.search(document.text):
        return list(statements)
    plain = _writes_plainly(statements)
    uses = [inner for p in parts(statements) for inner in _inside(p, plain)]
    random = {stem_of(x) for use in uses for x in _letters(use)}
    random -= _others(statements)
    if not random:
        return list(statements)
    made = _made(statements, random)
    second = any(isinstance(p, t.Symbol) and stem_of(p) in random and _power(p) == 2 for p in uses)
    change = _Moments(frozenset(random - set(made)), made, second, plain).change
    return [rewritten(s, change) for s in statements]


@dataclass(frozen=True)
class _Moments:
    """Attributes:
    random: names without a law; made: those that are told by a formula of such.
    second: whether the mean of a square is spoken of; plain: whether a plain E is a mean.
    """

    random: frozenset[str]
    made: Mapping[str, t.Expr]
    second: bool
    plain: bool

    def change(self, part: Any) -> t.Expr | None:
        body = _mean_of(part, self.plain)
        if body is not None:
            mean = self.mean(body)
            if mean is None or not _has_scripts(part):
                return mean
            return t.Group("(", (mean,), part.span, (), part.scripts)
        if isinstance(part, t.Call) and part.name == _VARIANCE and len(part.args) == 1:
            of = part.args[0]
            known = self.variance(of, part.span)
            if known is None and isinstance(of, t.Symbol) and stem_of(of) in self.made:
                return t.Symbol(f"Var[{stem_of(of)}]", part.span)
            return known
        if isinstance(part, t.Call) and part.name == "cov" and all(map(self._is_one, part.args)):
            return t.Symbol(f"Cov[{','.join(stem_of(x) for x in _letters_of(part))}]", part.span)
        return None

    def _is_one(self, tree: t.Expr) -> bool:
        return isinstance(tree, t.Symbol) and stem_of(tree) in self.random and not tree.scripts

    def _moves(self, tree: t.Expr) -> bool:
        """Whether something random stands in a formula."""
        names = {stem_of(p) for p in t.walk(tree) if isinstance(p, t.Symbol)}
        return bool(names & (self.random | set(self.made)))

    def mean(self, body: t.Expr) -> t.Expr | None:
        """What the mean of a formula comes to by linearity; None where it has other parts."""
        match body:
            case t.Number():
                return body
            case t.Group(kind="(" | "[", items=(inner,), scripts=(), subscripts=()):
                return self.mean(inner)
            case t.Negative(operand=inner):
                mean = self.mean(inner)
                return None if mean is None else t.Negative(mean, body.span)
            case t.Sum(terms=terms, signs=signs):
                means = [self.mean(x) for x in terms]
                whole = tuple(m for m in means if m is not None)
                return t.Sum(whole, signs, body.span) if len(whole) == len(terms) else None
            case t.Symbol() if stem_of(body) in self.made and not body.scripts:
                mean = self.mean(self.made[stem_of(body)])
                return mean or t.Symbol(f"E[{stem_of(body)}]", body.span)
            case t.Quotient(above=above, below=below) if not self._moves(below):
                mean = self.mean(above)
                return None if mean is None else t.Quotient(mean, below, body.span)
            case t.Symbol() | t.Product():
                return self._of_product(body)
        return None

    def _of_product(self, body: t.Expr) -> t.Expr | None:
        """``3X``: the number, times the mean of what is random."""
        fixed: list[t.Expr] = []
        powers: dict[str, int] = {}
        for factor in factors_of(body):
            if isinstance(factor, t.Symbol) and stem_of(factor) in self.random:
                order = _power(factor)
                if not order:
                    return None
                powers[stem_of(factor)] = powers.get(stem_of(factor), 0) + order
            elif isinstance(factor, t.Number) or _is_constant(factor):
                fixed.append(factor)
            else:
                return None
        if not powers:
            return body
        shown = "".join(f"{x}^{n}" if n > 1 else x for x, n in sorted(powers.items()))
        moment = t.Symbol(f"E[{shown}]", body.span)
        if not fixed:
            return moment
        factors = (*fixed, moment)
        return t.Product(factors, ("",) * (len(factors) - 1), body.span)

    def variance(self, body: t.Expr, span: t.Span) -> t.Expr | None:
        """``Var(3X + 2)`` as ``9 Var(X)``."""
        while isinstance(body, t.Symbol) and stem_of(body) in self.made and not body.scripts:
            body = self.made[stem_of(body)]
        match body:
            case t.Symbol() if stem_of(body) in self.random and not body.scripts:
                return self._variance_of(stem_of(body), span)
            case t.Sum(terms=terms):
                moving = [x for x in terms if not isinstance(x, t.Number)]
                return self.variance(moving[0], span) if len(moving) == 1 else None
            case t.Negative(operand=inner):
                return self.variance(inner, span)
            case t.Group(kind="(" | "[", items=(inner,), scripts=(), subscripts=()):
                return self.variance(inner, span)
            case t.Quotient(above=above, below=below) if not self._moves(below):
                rest = self.variance(above, span)
                two = (t.Script("plain", t.Number("2", span), span),)
                square = t.Group("(", (below,), span, (), two)
                return None if rest is None else t.Quotient(rest, square, span)
            case t.Product(factors=(t.Number() as number, inner)):
                rest = self.variance(inner, span)
                if rest is None:
                    return None
                group = t.Group("(", (rest,), span)
                return t.Product((number, number, group), ("cdot", "cdot"), span)
        return None

    def _variance_of(self, stem: str, span: t.Span) -> t.Expr:
        if not self.second:
            return t.Symbol(f"Var[{stem}]", span)
        two = (t.Script("plain", t.Number("2", span), span),)
        square = t.Group("(", (t.Symbol(f"E[{stem}]", span),), span, (), two)
        return t.Sum((t.Symbol(f"E[{stem}^2]", span), square), (1, -1), span)


def _writes_plainly(statements: Sequence[Statement]) -> bool:
    """Whether ``E(X)`` is a mean, beside a variance, and no error that is differentiated."""
    about = any(isinstance(p, t.Call) and p.name in (_VARIANCE, "cov") for p in parts(statements))
    slopes = (p.of for p in parts(statements) if isinstance(p, t.Derivative) and p.of is not None)
    return about and not any(
        isinstance(x, t.Symbol) and x.base == _MEAN for of in slopes for x in t.walk(of)
    )


def _letters_of(call: t.Call) -> list[t.Symbol]:
    return sorted((x for x in call.args if isinstance(x, t.Symbol)), key=stem_of)


def _mean_of(part: object, plain: bool) -> t.Expr | None:
    """What is averaged in ``\\mathbb{E}[X]`` or ``E(X)``, over nothing that is told."""
    match part:
        case t.Big(name="E", indices=(), condition=None, body=body):
            return body
        case t.Apply(head=t.Symbol(base="E", subscripts=(), scripts=()), args=(body,), primes=0):
            return body if plain else None
    return None


def _has_scripts(part: object) -> bool:
    return isinstance(part, t.Apply) and bool(part.scripts)


def _inside(part: t.Expr | t.Script, plain: bool) -> Iterator[t.Expr]:
    body = _mean_of(part, plain)
    if body is not None:
        yield body
    elif isinstance(part, t.Call) and part.name == _VARIANCE:
        yield from part.args


def _letters(tree: t.Expr) -> Iterator[t.Symbol]:
    """Single capitals, as random variables are written."""
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and len(part.base) == 1 and part.base.isupper():
            if not (part.subscripts or part.accents or part.primes):
                yield part


def _others(statements: Sequence[Statement]) -> set[str]:
    """Names that have a law or numbers, or are matrices."""
    found: set[str] = set()
    for statement in statements:
        left = statement.members[0].expr
        if isinstance(left, t.Symbol) and len(statement.members) > 1:
            if not isinstance(statement.members[1].expr, (t.Sum, t.Product, t.Symbol, t.Quotient)):
                found.add(left.base)
        signs = {m.relation for m in statement.members}
        trees = [m.expr for m in statement.members if m.expr is not None]
        for part in (p for x in trees for p in t.walk(x)):
            told = signs & {"sim", "in"} or isinstance(part, t.Relation)
            if told:
                found |= {p.base for p in t.walk(part) if isinstance(p, t.Symbol)}
            if isinstance(part, t.Symbol) and any(s.kind == "transpose" for s in part.scripts):
                found.add(part.base)
            if isinstance(part, t.Derivative):
                found |= {p.base for p in t.walk(part) if isinstance(p, t.Symbol)}
    return found


def _made(statements: Sequence[Statement], random: set[str]) -> dict[str, t.Expr]:
    """``Y = 3X + 2``."""
    found: dict[str, t.Expr] = {}
    for statement in statements:
        if len(statement.members) != 2 or statement.members[1].relation not in ("=", ":="):
            continue
        left, right = (m.expr for m in statement.members)
        if isinstance(left, t.Symbol) and left.base in random and right is not None:
            inside = {p.base for p in t.walk(right) if isinstance(p, t.Symbol)}
            if left.base not in inside and not left.scripts:
                found[stem_of(left)] = right
    return found


def _power(name: t.Symbol) -> int:
    """The whole power that a name has; 0 for anything else behind it."""
    if not name.scripts:
        return 1
    (*others, last) = name.scripts
    value = last.value
    if others or last.kind != "plain" or not isinstance(value, t.Number) or not value.is_whole:
        return 0
    return int(value.value)


def _is_constant(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and tree.base.islower() and not (tree.scripts or tree.primes)


__all__ = ["named"]
