"""Rational form → nodes, in the order in which one reads: what a textbook would write.

- numbers first, then sizes, names, sums, and masks last: ``2 * x * (a - y) * (z > 0)``; a name that
  also stands in a sum of the product stands beside it: ``w * a * (1 - a)``
- one fraction, numbers and sizes below included: ``(yhat - y) / (2 * N)``
- a minus goes into a difference, ``(yhat - y) / N``, but ``1 - a`` keeps its order; a sum begins with a
  positive term where it can, a sum of fractions with its shortest: ``-y/a + (1 - y)/(1 - a)``, unless one
  is no fraction: ``d - sum(d * p) / s``
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from dvar.core.node import Node
from dvar.core.op import CONSTANT, SIZE, Multilinear, as_nodes, constant
from dvar.derive.rational import Rational
from dvar.derive.term import Powers, Sum, Term
from dvar.ops.arithmetic import add, divide, multiply, negative, power, subtract

NUMBER, SIZES, NAME, BESIDE_SUM, SUM, MASK = range(6)
LARGEST_DENOMINATOR = 1000


class Unfit(Exception):
    """A form that cannot be written with the dtypes at hand (a sum of masks); keep what there was."""


class Layout:
    """Writes terms as nodes.

    Attributes:
        decimals: whether 1/10 is written ``0.1 * x`` (the program uses decimals) or ``x / 10``; a third
            is ``x / 3`` in any case.
    """

    def __init__(self, rational: Rational) -> None:
        self.rational = rational
        self.decimals = False
        self._sums: dict[tuple[int, bool], Node] = {}

    def write(self, term: Term, dtype: str) -> Node:
        """Raises Unfit, TooLarge."""
        if not term.powers:
            return constant(_plain(term.coefficient), dtype)
        return self._term(self.rational.finished(term))

    # ── products ────────────────────────────────────────────────────────────────────────────────

    def _term(self, term: Term) -> Node:
        spread = self._spread(term)
        if spread is not None:
            return self._sum(spread)
        flipped = self._turns(term) if term.coefficient < 0 else None
        above, below = self._sides(term.powers)
        masks = [f for f, _ in above if self._kind(f) == MASK]
        if len(masks) == len(above) or not below or any(self._is_contraction(f) for f, _ in above):
            masks = []  # (A @ B) * (Z > 0) / m
        up, down = self._numbers(term.coefficient)
        factors = [self._factor(f, k, f == flipped) for f, k in above if f not in masks]
        divisors = [self._factor(f, k, False) for f, k in below]
        minus = up < 0 and flipped is None
        out = self._fraction(-abs(up) if minus else abs(up), factors, down, divisors)
        for mask in masks:
            out = multiply(out, self._factor(mask, 1, False))
        return out

    def _fraction(self, up: float, factors: list[Node], down: int, divisors: list[Node]) -> Node:
        if factors and up == -1:
            if not factors[0].is_float:  # a mask has no minus of its own
                plain = self._fraction(1, factors, down, divisors)
                return negative(plain if plain.is_float else multiply(1.0, plain))
            factors[0] = negative(factors[0])
        above: list[Node | float] = [*([] if factors and abs(up) == 1 else [up]), *factors]
        below: list[Node | float] = [*([] if down == 1 else [down]), *divisors]
        out = _product(above)
        if below:
            out = divide(out, _product(below))
        assert isinstance(out, Node)
        return out

    def _numbers(self, c: Fraction) -> tuple[float, int]:
        """A coefficient as a number above and one below the line."""
        if c.denominator == 1:
            return _plain(c), 1
        is_short = 10**6 % c.denominator == 0 and c.denominator not in (2, 4, 8)
        if c.denominator > LARGEST_DENOMINATOR or (self.decimals and is_short):
            return float(c), 1
        return c.numerator, c.denominator

    def _sides(self, powers: Powers) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        inside = {f for factor, k in powers if k > 0 for f in self._names_in(factor)}

        def rank(item: tuple[int, int]) -> int:
            kind = self._kind(item[0])
            return BESIDE_SUM if kind == NAME and item[0] in inside else kind

        above = sorted(((f, k) for f, k in powers if k > 0), key=rank)
        below = sorted(((f, -k) for f, k in powers if k < 0), key=rank)
        return above, below

    def _names_in(self, factor: int) -> set[int]:
        inner = self.rational.sum_of(factor) or ()
        return {f for term in inner for f, _ in term.powers}

    def _kind(self, factor: int) -> int:
        thing = self.rational.factors[factor]
        if not isinstance(thing, Node):
            return SUM
        if thing.op is CONSTANT:
            return NUMBER
        return SIZES if thing.op is SIZE else MASK if thing.dtype == "bool" else NAME

    def _is_contraction(self, factor: int) -> bool:
        thing = self.rational.factors[factor]
        return isinstance(thing, Node) and isinstance(thing.op.derivative, Multilinear)

    def _factor(self, factor: int, k: int, flipped: bool) -> Node:
        thing = self.rational.factors[factor]
        base = thing if isinstance(thing, Node) else self._written_sum(factor, thing, flipped)
        return base if k == 1 else power(base, k)

    def _written_sum(self, factor: int, terms: Sum, flipped: bool) -> Node:
        known = self._sums.get((factor, flipped))
        if known is None:
            known = self._sum([t.scaled(-1 if flipped else 1) for t in terms])
            self._sums[factor, flipped] = known
        return known

    # ── signs ───────────────────────────────────────────────────────────────────────────────────

    def _turns(self, term: Term) -> int | None:
        """The difference that takes the minus of the product in."""
        for factor, k in term.powers:
            terms = self.rational.sum_of(factor)
            if terms and k % 2 and k > 0 and _is_mixed(terms) and not self._is_fractional(terms):
                begins_with_one = any(not t.powers and t.coefficient > 0 for t in terms)
                if not begins_with_one:
                    return factor
        return None

    def _is_fractional(self, terms: Sequence[Term]) -> bool:
        return any(self.rational.denominators(t) for t in terms)

    def _spread(self, term: Term) -> list[Term] | None:
        """A number times a sum, multiplied out where that is shorter; a sign always goes in."""
        if len(term.powers) != 1 or term.powers[0][1] != 1:
            return None
        terms = self.rational.sum_of(term.powers[0][0])
        if terms is None:
            return None
        spread = [t.scaled(term.coefficient) for t in terms]
        shorter = sum(self.rational.weight(t) for t in spread) + 2 * (len(spread) - 1)
        signs = term.coefficient == 1 or (term.coefficient == -1 and _is_mixed(terms))
        return spread if signs or shorter < self.rational.weight(term) else None

    # ── sums ────────────────────────────────────────────────────────────────────────────────────

    def _sum(self, terms: Sequence[Term]) -> Node:
        terms = [self.rational.finished(term) for term in terms]
        if self._is_fractional(terms):
            terms.sort(key=lambda t: self.rational.weight(t.scaled(1 if t.coefficient > 0 else -1)))
            plain = [t for t in terms if not self.rational.denominators(t)]
            added = next((t for t in plain if t.coefficient > 0), None)
            if added is None and terms[0] in plain:
                added = next((t for t in terms if t.coefficient > 0), None)
            if added is not None:
                terms = [added, *(t for t in terms if t is not added)]
        elif terms[0].coefficient < 0:
            first = next((n for n, t in enumerate(terms) if t.coefficient > 0), 0)
            terms = [terms[first], *terms[:first], *terms[first + 1 :]]
        out: Node | float | None = None
        for term in terms:
            row = add if term.coefficient > 0 else subtract
            part: Node | float = (
                self._term(term if out is None else term.scaled(1 if row is add else -1))
                if term.powers
                else _plain(term.coefficient if out is None else abs(term.coefficient))
            )
            out = part if out is None else _combined(row, out, part)
        assert isinstance(out, Node)
        return out


def _combined(row: object, x: Node | float, y: Node | float) -> Node:
    left, right = as_nodes([x, y])
    if not left.is_float and not right.is_float:
        raise Unfit  # masks do not add as numbers do
    return add(left, right) if row is add else subtract(left, right)


def _product(factors: Sequence[Node | float]) -> Node | float:
    out = factors[0]
    for factor in factors[1:]:
        out = multiply(out, factor)
    return out


def _is_mixed(terms: Sequence[Term]) -> bool:
    return len({t.coefficient > 0 for t in terms}) == 2


def _plain(c: Fraction) -> float:
    if c.denominator == 1 and abs(c.numerator) < 10**15:
        return c.numerator
    return float(c)
