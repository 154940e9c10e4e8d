"""Polynomials in several unknowns with rational coefficients: just enough to expand and to divide.

An unknown is a number (the rational form numbers its factors).  A monomial lists ``(unknown, exponent)``
sorted by unknown; a polynomial is monomial → coefficient, in the order in which terms appeared.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeAlias

Monomial = tuple[tuple[int, int], ...]
Number: TypeAlias = "int | Fraction"
Polynomial: TypeAlias = "dict[Monomial, Number]"

MOST_TERMS = 40
"""Longer polynomials are not worked on: nobody would read them, and time must stay bounded."""


class TooLarge(Exception):
    """A polynomial outgrew the bound; the caller keeps what it had."""


def plain(c: Number) -> Number:
    """A whole number as an int: arithmetic on those is many times faster."""
    return c.numerator if c.denominator == 1 else c


def times(a: Monomial, b: Monomial) -> Monomial:
    exponents = dict(a)
    for unknown, k in b:
        exponents[unknown] = exponents.get(unknown, 0) + k
    return tuple(sorted(exponents.items()))


def over(a: Monomial, b: Monomial) -> Monomial | None:
    """The quotient of two monomials, None where it is none."""
    exponents = dict(a)
    for unknown, k in b:
        left = exponents.pop(unknown, 0) - k
        if left < 0:
            return None
        if left:
            exponents[unknown] = left
    return tuple(sorted(exponents.items()))


def add_to(total: Polynomial, p: Polynomial, scale: Number, shift: Monomial = ()) -> None:
    """``total += scale · shift · p``; what cancels goes."""
    for monomial, c in p.items():
        key = times(monomial, shift) if shift else monomial
        value = total.get(key, 0) + scale * c
        if value:
            total[key] = value
        else:
            total.pop(key, None)
    if len(total) > MOST_TERMS:
        raise TooLarge


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    """Raises TooLarge."""
    out: Polynomial = {}
    for monomial, c in p.items():
        add_to(out, q, c, monomial)
    return out


def power(p: Polynomial, k: int) -> Polynomial:
    """Raises TooLarge."""
    if k > MOST_TERMS and len(p) > 1:
        raise TooLarge
    out: Polynomial = {(): 1}
    for _ in range(k if len(p) > 1 else 0):
        out = product(out, p)
    if len(p) == 1:
        ((monomial, c),) = p.items()
        out = {tuple((unknown, e * k) for unknown, e in monomial): c**k}
    return out


def _rank(monomial: Monomial) -> tuple[tuple[int, int], ...]:
    """Lexicographic order: the leading monomial of a product is the product of the leading ones."""
    return tuple((-unknown, k) for unknown, k in monomial)


def quotient(p: Polynomial, q: Polynomial) -> Polynomial | None:
    """``p / q`` where it comes out even, else None.

    Source:
        Cox, Little & O'Shea, Ideals, Varieties, and Algorithms, section 2.3.
    """
    lead = max(q, key=_rank)
    rest: Polynomial = dict(p)
    out: Polynomial = {}
    while rest:
        top = max(rest, key=_rank)
        shift = over(top, lead)
        if shift is None or len(out) >= MOST_TERMS:
            return None
        c = plain(Fraction(rest[top]) / q[lead])
        out[shift] = c
        add_to(rest, q, -c, shift)
    return out
