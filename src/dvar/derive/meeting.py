"""Identities of products: what factors of one term are together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dvar.core.node import Node
from dvar.core.op import number
from dvar.derive.term import UNIT, Powers, Sum, Term, merge, without
from dvar.ops import TABLE
from dvar.ops.shaping import broadcast_to, reshape, transpose

if TYPE_CHECKING:
    from dvar.derive.rational import Rational


def _length_times_direction(node: Node) -> tuple[Node, int, Node] | None:
    u, length = node.inputs
    length = length.inputs[0] if length.op is broadcast_to else length
    is_length = length.op.name == "norm" and length.inputs[0] is u
    return (length, 1, u) if is_length and node.shape == u.shape else None


def _cofactor_over_determinant(node: Node) -> tuple[Node, int, Node] | None:
    (a,) = node.inputs
    if a.ndim != 2:
        return None
    return TABLE["det"](a), -1, transpose(TABLE["inv"](a))


# Row → for a node of it another node, an exponent, and what both make: node · other**exponent.
PAIRS: dict[str, Callable[[Node], tuple[Node, int, Node] | None]] = {
    "divide_no_nan": _length_times_direction,
    "cofactor": _cofactor_over_determinant,
}


class Meeting:
    """Finds factors that are less when they are put together.

    Attributes:
        squares: factor ``sqrt(x)`` → ``x``.
        pairs: factor → another one, its exponent, and what the product of both is.
        products: factor that is a name → the product that it is a name for.
    """

    def __init__(self, rational: Rational) -> None:
        self.rational = rational
        self.squares: dict[int, Term] = {}
        self.pairs: dict[int, tuple[int, int, Term]] = {}
        self.products: dict[int, Term] = {}
        self._is_spreading = False

    def smaller(self, term: Term) -> Term | None:
        """A smaller term that is equal; None where nothing meets."""
        return self._logical(term) or self._named(term) or self._spread(term)

    def _logical(self, term: Term) -> Term | None:
        """``mask·mask = mask``, ``sqrt(x)·sqrt(x) = x``, ``exp(-x)·exp(x) = 1``, and the pairs."""
        for factor, k in term.powers:
            thing = self.rational.factors[factor]
            other = self._inverse_of(thing)
            if other is not None and any(f == other and k * e > 0 for f, e in term.powers):
                sign = 1 if k > 0 else -1
                return merge(term, Term(UNIT, ((factor, -sign), (other, -sign))))
            met = (
                self._paired(term, factor, k)
                or self._at_unit(term, factor)
                or self._at_labels(term, factor)
            )
            if met is not None:
                return met
            if k > 1 and isinstance(thing, Node) and thing.dtype == "bool":
                return merge(without(term, factor), Term(UNIT, ((factor, 1),)))
            if abs(k) > 1 and factor in self.squares:
                half, odd = divmod(abs(k), 2)
                sign = 1 if k > 0 else -1
                square = self.rational.power(self.squares[factor], sign * half)
                root = Term(UNIT, ((factor, sign),) if odd else ())
                return merge(merge(without(term, factor), square), root)
            rooted = self._over_root(term, factor, 1 if k > 0 else -1)
            if rooted is not None:
                return rooted
        return None

    def _paired(self, term: Term, factor: int, k: int) -> Term | None:
        """The term with a pair of factors put together."""
        if factor not in self.pairs:
            return None
        other, exponent, made = self.pairs[factor]
        if not any(f == other and k * exponent * e > 0 for f, e in term.powers):
            return None
        sign = 1 if k > 0 else -1
        rest = merge(term, Term(UNIT, ((factor, -sign), (other, -sign * exponent))))
        return merge(rest, self.rational.power(made, sign))

    def _over_root(self, term: Term, factor: int, sign: int) -> Term | None:
        """``sqrt(x)/x`` as ``1/sqrt(x)``, and ``x/sqrt(x)`` as ``sqrt(x)``."""
        square = self.squares.get(factor)
        if square is None or len(square.powers) != 1 or square.coefficient != 1:
            return None
        ((inner, one),) = square.powers
        if one != 1 or not any(f == inner and e * sign < 0 for f, e in term.powers):
            return None
        return merge(term, Term(UNIT, ((factor, -2 * sign), (inner, sign))))

    def _at_unit(self, term: Term, factor: int) -> Term | None:
        """``p · eye(n)[k] = p[k] · eye(n)[k]``: beside a unit vector only one entry counts."""
        unit = self.rational.factors[factor]
        if not isinstance(unit, Node) or not is_unit(unit):
            return None
        for f, e in term.powers:
            other = self.rational.factors[f]
            if f != factor and isinstance(other, Node) and other.shape == unit.shape:
                one = TABLE["getitem"].node(other, *unit.inputs[1:], index=unit.param("index"))
                entry = self.rational.raised(self.rational.atom(one), e)
                return merge(without(term, f), entry)
        return None

    def _at_labels(self, term: Term, factor: int) -> Term | None:
        """``p · one_hot(y)/p[arange(n), y] = one_hot(y)``: of each row only the entry of its label counts."""
        hot = self.rational.factors[factor]
        if not isinstance(hot, Node) or hot.op.name != "one_hot" or hot.ndim != 2:
            return None
        exponents = dict(term.powers)
        for f, e in term.powers:
            other = self.rational.factors[f]
            if f == factor or not isinstance(other, Node) or other.shape != hot.shape:
                continue
            entries = _label_entries(other, hot)
            entry = None if entries is None else self.rational.number_of(entries)
            if entry is not None and exponents.get(entry, 0) * e < 0:
                one = 1 if e > 0 else -1
                return merge(term, Term(UNIT, ((f, -one), (entry, one))))
        return None

    def _inverse_of(self, thing: Node | Sum) -> int | None:
        """For ``exp(-x)`` the factor ``exp(x)``, if it occurs."""
        if not isinstance(thing, Node) or thing.op.name != "exp":
            return None
        (u,) = thing.inputs
        return self.rational.number_of(thing.op(u.inputs[0])) if u.op.name == "negative" else None

    def _named(self, term: Term) -> Term | None:
        """With ``p = e/s``: ``e/(p s) = 1`` and ``y e/s = y p``."""
        exponents = dict(term.powers)
        weight = self.rational.weight(term)
        for name, product in self.products.items():
            if not any(f in exponents for f, _ in product.powers):
                continue
            # The name opened where it stands, or put in for its factors, above or below.
            for step in (exponents.get(name, 0), -1, 1):
                if not step:
                    continue
                swap = self.rational.raised(product, step)
                other = merge(merge(term, Term(UNIT, ((name, -step),))), swap)
                if self.rational.weight(other) < weight and _divides_by_no_more(term, other, name):
                    return other
        return None

    def _spread(self, term: Term) -> Term | None:
        """With ``p = e/s``: ``(e a - s b)/s = p a - b``; ``p (p[k] - eye(n)[k])/p[k] = p - eye(n)[k]``."""
        if self._is_spreading:
            return None
        below = {f for product in self.products.values() for f, e in product.powers if e < 0}
        divisors = tuple((f, e) for f, e in term.powers if e < 0 and f in below)
        self._is_spreading = True
        try:
            for factor, k in term.powers:
                inner = self.rational.sum_of(factor) if k == 1 else None
                rest = without(term, factor).powers
                if inner and divisors and self._contracts(inner, divisors):
                    other = self._over(term, factor, divisors)
                elif inner and rest and any(map(self._has_unit, inner)):
                    other = self._over(term, factor, rest)
                else:
                    continue
                if self.rational.weight(other) < self.rational.weight(term):
                    return other
        finally:
            self._is_spreading = False
        return None

    def _contracts(self, inner: Sum, divisors: Powers) -> bool:
        return any(self._named(merge(part, Term(UNIT, divisors))) is not None for part in inner)

    def _has_unit(self, part: Term) -> bool:
        things = [self.rational.factors[f] for f, _ in part.powers]
        return any(
            isinstance(thing, Node) and (is_unit(thing) or thing.op.name == "one_hot")
            for thing in things
        )

    def _over(self, term: Term, factor: int, powers: Powers) -> Term:
        """A term with some of its factors multiplied into a sum."""
        rational = self.rational
        inner = rational.sum_of(factor) or ()
        parts = [rational.multiply(part, Term(UNIT, powers)) for part in inner]
        taken = Term(UNIT, tuple((f, -e) for f, e in powers))
        rest = merge(without(term, factor), taken)
        return rational.multiply(rest, rational.total(parts))


def is_unit(node: Node) -> bool:
    """Whether a node is ``eye(n)[k]``."""
    if node.op.name != "scatter_add" or len(node.shape) != 1 or number(node.inputs[0]) != 1:
        return False
    slots = node.inputs[1:]
    index = node.param("index")
    return len(index) == 1 and (isinstance(index[0], int) if not slots else not slots[0].shape)


def _label_entries(x: Node, hot: Node) -> Node | None:
    """Of each row of x the entry at the label, as a column; None where the rows are not counted."""
    (labels,), rows = hot.inputs, x.shape[0]
    if not isinstance(rows, int):
        return None
    return reshape(TABLE["getitem"](x, (np.arange(rows), labels)), (rows, 1))


def _divides_by_no_more(term: Term, other: Term, name: int) -> bool:
    """Whether a change brings no division: ``3 x**2 y`` is not ``3 f/x``."""
    before, after = dict(term.powers), dict(other.powers)
    deeper = [f for f, k in after.items() if k < min(before.get(f, 0), 0)]
    depth = [-sum(min(k, 0) for k in powers.values()) for powers in (before, after)]
    return not deeper or (deeper == [name] and depth[1] <= depth[0])
