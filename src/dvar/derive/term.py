"""Terms: a rational coefficient times powers of numbered factors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

Powers = tuple[tuple[int, int], ...]
UNIT = Fraction(1)


@dataclass(frozen=True, slots=True)
class Term:
    """``coefficient · Π factor^exponent``; the factors in the order of reading."""

    coefficient: Fraction
    powers: Powers = ()

    @property
    def key(self) -> frozenset[tuple[int, int]]:
        return frozenset(self.powers)

    def scaled(self, scale: Fraction | int) -> Term:
        return replace(self, coefficient=self.coefficient * scale) if scale != 1 else self


Sum = tuple[Term, ...]
ZERO = Term(Fraction(0))
ONE = Term(UNIT)


def merge(a: Term, b: Term) -> Term:
    """The product, nothing simplified but exponents."""
    if not b.powers:
        return a.scaled(b.coefficient)
    exponents = dict(a.powers)
    for factor, k in b.powers:
        exponents[factor] = exponents.get(factor, 0) + k
    powers = tuple((factor, k) for factor, k in exponents.items() if k)
    return Term(a.coefficient * b.coefficient, powers)


def without(term: Term, factor: int) -> Term:
    return Term(term.coefficient, tuple((f, k) for f, k in term.powers if f != factor))


def collected(terms: Iterable[Term]) -> list[Term]:
    """Like terms merged, in the order in which they came."""
    found: dict[frozenset[tuple[int, int]], Term] = {}
    for term in terms:
        first = found.get(term.key)
        found[term.key] = (
            term if first is None else Term(first.coefficient + term.coefficient, first.powers)
        )
    return [term for term in found.values() if term.coefficient]


def common(terms: Sequence[Term]) -> Powers:
    """The factors of all terms.  A denominator only where all have the same power of it."""
    shared: list[tuple[int, int]] = []
    others = [dict(term.powers) for term in terms[1:]]
    for factor, k in terms[0].powers:
        exponents = [k, *(other.get(factor, 0) for other in others)]
        if min(exponents) > 0 or len(set(exponents)) == 1:
            shared.append((factor, min(exponents)))
    return tuple(shared)
