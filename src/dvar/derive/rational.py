"""Factored rational functions: the form in which elementwise arithmetic cancels.

A **term** is ``coefficient · Π factor^exponent``.  A factor is an atom (a node that is not looked into)
or a **sum** of terms; factors are interned and numbered, sums up to a scale and the order of terms, so
that ``y - a`` and ``a - y`` are one factor.  Exponents may be negative; a sum whose terms have negative
exponents is a sum of fractions.

Multiplication merges exponents.  Addition merges like terms, takes out common factors, and tries the
sum over its common denominator, expanded and divided by what the denominator holds.  A sum of fractions
is replaced by one fraction only where a denominator disappears: ``-y/a + (1-y)/(1-a)`` stays, times
``a(1-a)`` it is ``a - y``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

from dvar.core.node import Node
from dvar.derive.meeting import Meeting
from dvar.derive.polynomial import (
    MOST_TERMS,
    Polynomial,
    TooLarge,
    add_to,
    plain,
    power,
    product,
    quotient,
)
from dvar.derive.term import (
    ONE,
    UNIT,
    ZERO,
    Sum,
    Term,
    collected,
    common,
    merge,
    without,
)

MOST_WEIGHT = 250
LARGEST_EXPONENT = 64
Logistic: TypeAlias = "Callable[[Node], tuple[Term, Term] | None]"


class Rational:
    """Arithmetic on terms over one table of factors.

    Args:
        logistic: for ``u`` the terms ``1/(1 + exp(u))`` and ``exp(u)/(1 + exp(u))`` written with
            ``sigmoid``, None where there is no such row.
    """

    def __init__(self, logistic: Logistic) -> None:
        self.factors: list[Node | Sum] = []
        self.names: dict[int, Term] = {}
        """Factor → the named atom it equals."""
        self.whole: dict[tuple[Fraction, frozenset[tuple[int, int]]], Term] = {}
        """A whole term → the named atom it equals."""
        self.meeting = Meeting(self)
        self.one_plus: dict[int, int] = {}
        """Factor ``1 + e`` → factor ``e``, where ``e`` is an exponential."""
        self._logistic = logistic
        self._ids: dict[object, tuple[int, Fraction]] = {}
        self._weights: list[int] = []
        self._dens: list[frozenset[int]] = []
        self._folds: dict[int, Term | None] = {}
        self._quotients: dict[tuple[int, int], Term | None] = {}
        self._expansions: dict[int, Polynomial | None] = {}

    # ── factors ─────────────────────────────────────────────────────────────────────────────────

    def atom(self, node: Node) -> Term:
        known = self._ids.get(node)
        if known is None:
            known = self._enter(node, node, 1, frozenset(), UNIT)
        return self.names.get(known[0]) or Term(UNIT, ((known[0], 1),))

    def number_of(self, node: Node) -> int | None:
        """The number of a factor that occurs."""
        known = self._ids.get(node)
        return known[0] if known else None

    def _enter(
        self, key: object, factor: Node | Sum, weight: int, dens: frozenset[int], lead: Fraction
    ) -> tuple[int, Fraction]:
        self._ids[key] = known = (len(self.factors), lead)
        self.factors.append(factor)
        self._weights.append(weight)
        self._dens.append(dens)
        return known

    def _intern(self, terms: Sum) -> Term:
        """A sum without common factors as a factor, times what makes it that.

        The scale and the order first met are kept: ``y - a`` stays ``-(a - y)`` where that came first.
        """
        lead = min(terms, key=lambda t: sorted(t.powers)).coefficient
        key = frozenset((t.key, t.coefficient / lead) for t in terms)
        known = self._ids.get(key)
        if known is None:
            scale = UNIT
            if len({abs(t.coefficient) for t in terms}) == 1:
                scale = abs(lead)
            if all(t.coefficient < 0 for t in terms):
                scale = -scale
            terms = tuple(t.scaled(1 / scale) for t in terms)
            weight = sum(self.weight(t) for t in terms) + 2 * (len(terms) - 1)
            if weight > MOST_WEIGHT or len(terms) > MOST_TERMS:
                raise TooLarge
            dens = frozenset[int]().union(*(self.denominators(t) for t in terms))
            known = self._enter(key, terms, weight, dens, lead / scale)
            self._notice_one_plus(known[0], terms)
        factor, first = known
        name = self.names.get(factor)
        scale = lead / first
        return name.scaled(scale) if name else Term(scale, ((factor, 1),))

    def _notice_one_plus(self, factor: int, terms: Sum) -> None:
        one = [t for t in terms if t == ONE]
        rest = [t for t in terms if t != ONE]
        if len(one) == len(rest) == 1 and rest[0].coefficient == 1 and len(rest[0].powers) == 1:
            ((inner, k),) = rest[0].powers
            thing = self.factors[inner]
            if k == 1 and isinstance(thing, Node) and thing.op.name == "exp":
                self.one_plus[factor] = inner

    def sum_of(self, factor: int) -> Sum | None:
        thing = self.factors[factor]
        return thing if isinstance(thing, tuple) else None

    def weight(self, term: Term) -> int:
        """Roughly what it costs to read: see ``tidy.cost``."""
        c = abs(term.coefficient)
        parts = (c.numerator != 1) + (c.denominator != 1)
        total = parts + 2 * (term.coefficient < 0)
        for factor, k in term.powers:
            parts += 1
            total += self._weights[factor] + 3 * (abs(k) > 1)
        return total + 2 * max(0, parts - 1) or 1

    def denominators(self, term: Term) -> frozenset[int]:
        """The distinct factors in denominators, those inside sums included."""
        own = frozenset(factor for factor, k in term.powers if k < 0)
        return own.union(*(self._dens[factor] for factor, _ in term.powers))

    # ── products ────────────────────────────────────────────────────────────────────────────────

    def multiply(self, a: Term, b: Term) -> Term:
        if not a.coefficient or not b.coefficient:
            return ZERO
        return self._settle(merge(a, b))

    def power(self, a: Term, k: int) -> Term:
        """Raises ZeroDivisionError, TooLarge."""
        if abs(k) > LARGEST_EXPONENT:
            raise TooLarge
        return self._settle(self.raised(a, k)) if k else ONE

    def raised(self, a: Term, k: int) -> Term:
        """The power as it stands, before its factors meet."""
        return Term(a.coefficient**k, tuple((f, e * k) for f, e in a.powers))

    def _settle(self, term: Term) -> Term:
        """Identities of products, until none applies."""
        for _ in range(16):
            smaller = self.meeting.smaller(term) or self._divided(term) or self._unfractioned(term)
            if smaller is None:
                break
            term = smaller
        if self.weight(term) > MOST_WEIGHT:
            raise TooLarge
        return term

    def _divided(self, term: Term) -> Term | None:
        """Cancel a sum above against a sum below that divides it, or is divided by it."""
        above = [f for f, k in term.powers if k > 0 and self.sum_of(f)]
        below = [f for f, k in term.powers if k < 0 and self.sum_of(f)]
        for a in above:
            for b in below:
                for p, q, sign in ((a, b, 1), (b, a, -1)):
                    rest = self._quotient(p, q)
                    if rest is not None:
                        smaller = merge(term, Term(UNIT, ((p, -sign), (q, sign))))
                        return merge(smaller, self.power(rest, sign))
        return None

    def _quotient(self, a: int, b: int) -> Term | None:
        if (a, b) not in self._quotients:
            self._quotients[a, b] = self._quotient_of(a, b)
        return self._quotients[a, b]

    def _quotient_of(self, a: int, b: int) -> Term | None:
        p, q = self._expansion(a), self._expansion(b)
        if p is None or q is None:
            return None
        try:
            out = quotient(p, q)
        except TooLarge:
            return None
        return None if out is None else self._of(out)

    def _unfractioned(self, term: Term) -> Term | None:
        """Write a sum of fractions as one fraction if that frees the whole of a denominator."""
        for factor, k in term.powers:
            if not self._dens[factor]:
                continue
            if factor not in self._folds:
                self._folds[factor] = self._folded(self.sum_of(factor) or ())
            fold = self._folds[factor]
            if fold is None:
                continue
            if not fold.coefficient:
                return ZERO
            other = merge(
                without(term, factor),
                Term(fold.coefficient**k, tuple((f, e * k) for f, e in fold.powers)),
            )
            if len(self.denominators(other)) < len(self.denominators(term)):
                return other
        return None

    def finished(self, term: Term) -> Term:
        """The term with its exponentials written as ``sigmoid`` where they make one.

        Not done while factors may still come: ``1/(1+e)**2`` waits for the ``e`` above it.
        """
        for factor, k in term.powers:
            inner = self.one_plus.get(factor)
            if inner is None or k >= 0:
                continue
            j = next((e for f, e in term.powers if f == inner), 0)
            pair = self._pair(factor, inner, j) if 0 <= j <= -k else None
            if pair is not None:
                rest = without(without(term, factor), inner)
                s, c = self.power(pair[0], -k - j), self.power(pair[1], j)
                return self.finished(self.multiply(self.multiply(rest, s), c))
        return term

    def _pair(self, factor: int, inner: int, j: int) -> tuple[Term, Term] | None:
        """``1/(1+e)`` and ``e/(1+e)``.  A named ``1 + e`` is opened only where ``e`` stands above."""
        if self.sum_of(factor) is None:
            s = self.whole.get((UNIT, frozenset({(factor, -1)})))
            return (s, self.add(ONE, s.scaled(-1))) if s and j else None
        exponential = self.factors[inner]
        assert isinstance(exponential, Node)
        return self._logistic(exponential.inputs[0])

    # ── sums ────────────────────────────────────────────────────────────────────────────────────

    def add(self, a: Term, b: Term) -> Term:
        whole = self.total([a, b])
        parts = self.finished(a), self.finished(b)
        if parts[0] is a and parts[1] is b:
            return whole
        other = self.total(parts)
        return whole if self.weight(self.finished(whole)) <= self.weight(other) else other

    def total(self, terms: Iterable[Term]) -> Term:
        """The sum of terms, its common factors outside."""
        parts = collected(terms)
        shared = common(parts) if len(parts) > 1 else ()
        if not shared:
            parts = collected(part for term in parts for part in self._opened(term))
            shared = common(parts) if len(parts) > 1 else ()
        if len(parts) < 2:
            return parts[0] if parts else ZERO
        if shared:
            inverse = Term(UNIT, tuple((f, -k) for f, k in shared))
            rest = [merge(part, inverse) for part in parts]
            return self.multiply(Term(UNIT, shared), self.total(rest))
        factored = self._intern(tuple(parts))
        fold = self._folded(parts)
        better = fold is not None and self._better(fold, factored, len(parts))
        return fold if fold is not None and better else factored

    def _opened(self, term: Term) -> Sum:
        """The terms of a bare sum, so that sums of sums are flat."""
        if len(term.powers) == 1 and abs(term.coefficient) == 1:
            ((factor, k),) = term.powers
            inner = self.sum_of(factor)
            if k == 1 and inner is not None:
                return tuple(t.scaled(term.coefficient) for t in inner)
        return (term,) if term.coefficient else ()

    def _better(self, fold: Term, factored: Term, count: int) -> bool:
        new, old = len(self.denominators(fold)), len(self.denominators(factored))
        if new != old:
            return new < old
        if self.weight(fold) >= self.weight(factored):
            return False
        longest = max((len(self.sum_of(f) or ()) for f, k in fold.powers if k > 0), default=1)
        return not new or longest < count

    def _folded(self, parts: Sequence[Term]) -> Term | None:
        """The sum over its common denominator, expanded and cancelled; None where that is idle."""
        below: dict[int, int] = {}
        for part in parts:
            for factor, k in part.powers:
                if k < 0:
                    below[factor] = max(below.get(factor, 0), -k)
        if not below and not any(self.sum_of(f) for part in parts for f, _ in part.powers):
            return None
        shift = Term(UNIT, tuple(below.items()))
        above: Polynomial = {}
        try:
            for part in parts:
                add_to(above, self._expand(merge(part, shift)), 1)
            if not above:
                return ZERO
            for factor in below:
                divisor = self._expansion(factor)
                while below[factor] and divisor is not None:
                    smaller = quotient(above, divisor)
                    if smaller is None:
                        break
                    above, below[factor] = smaller, below[factor] - 1
            return merge(self._of(above), Term(UNIT, tuple((f, -k) for f, k in below.items() if k)))
        except TooLarge:
            return None

    def _expand(self, term: Term) -> Polynomial:
        """A term with nonnegative exponents as a polynomial.  Raises TooLarge."""
        out: Polynomial = {(): plain(term.coefficient)}
        for factor, k in term.powers:
            inner = self._expansion(factor)
            out = product(out, {((factor, k),): 1} if inner is None else power(inner, k))
        return out

    def _expansion(self, factor: int) -> Polynomial | None:
        """A factor as a polynomial in atoms; None for sums of fractions, and for what is too large."""
        if factor not in self._expansions:
            self._expansions[factor] = self._expansion_of(factor)
        return self._expansions[factor]

    def _expansion_of(self, factor: int) -> Polynomial | None:
        inner = self.sum_of(factor)
        if inner is None:
            return {((factor, 1),): 1}
        if self._dens[factor]:
            return None
        out: Polynomial = {}
        try:
            for term in inner:
                add_to(out, self._expand(term), 1)
        except TooLarge:
            return None
        return out

    def _of(self, p: Polynomial) -> Term:
        """A polynomial as a term: a common monomial and a sum.  Raises TooLarge."""
        parts = [Term(Fraction(c), monomial) for monomial, c in p.items()]
        shared = common(parts) if len(parts) > 1 else ()
        inverse = Term(UNIT, tuple((f, -k) for f, k in shared))
        rest = tuple(merge(part, inverse) for part in parts)
        return merge(Term(UNIT, shared), self._intern(rest)) if len(rest) > 1 else rest[0]
