"""The transpose of a loop with a known number of steps: a loop in the other direction.

Two things keep it as cheap as one written by hand.  What a step has computed at some cost, a matrix product
say, is kept by the first pass; what is cheap is computed again.  And a gradient that every step adds a
product to (``W`` of ``W @ h``) is not added up step by step: the steps leave the two factors, and one product
over all steps makes the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dvar.core.axes import DOTS, Axes
from dvar.core.body import Body
from dvar.core.dims import product
from dvar.core.node import Node, substituted, topological
from dvar.core.op import Multilinear, Nested, axes_of, like
from dvar.derive.control.bodies import backward, carries_that_depend, gradients
from dvar.derive.control.steps import Loop, result_shapes
from dvar.derive.forward import zeros_like
from dvar.derive.packing import unpack_upstream
from dvar.ops.arithmetic import add
from dvar.ops.contraction import contract
from dvar.ops.linalg import cholesky, cofactor, det, inv, logabsdet, solve

_COSTLY = frozenset((cholesky, cofactor, det, inv, logabsdet, solve))


class _Later(NamedTuple):
    """A product that belongs to the gradient of something fixed, in every step."""

    fixed: int
    axes: Axes
    factors: tuple[Node, ...]


def adjoint(g: Node, node: Node, wanted: Sequence[bool]) -> Sequence[Node | None]:
    """The share of every operand that is wanted."""
    return _Transpose(g, node, wanted).shares()


class _Transpose:
    """A loop being transposed.

    Attributes:
        loop: what is transposed.
        back: carry → variable for its gradient in a step.
        pieces: piece of a result → variable for its gradient in a step.
        roots: what a step of the transpose computes: gradients of the carries, running totals of gradients of
            what is fixed, then gradients of the elements of the series, then factors.
    """

    def __init__(self, g: Node, node: Node, wanted: Sequence[bool]) -> None:
        self.loop = Loop.of(node)
        count = len(self.loop.inits)
        self.want_first, self.want_series, self.want_fixed = self.loop.split(wanted)
        places = node.param("results")
        shapes = result_shapes(self.loop.body, count, self.loop.length, places)
        parts = zip(places, unpack_upstream(g, shapes), strict=True)
        self.upstream = {n: part for n, part in parts if part is not None}
        self.inputs, roots = self.loop.body.fresh()
        self.carries, self.elements, self.fixed = self.loop.split(self.inputs)
        moving = carries_that_depend(self.loop.body, count, wanted)
        self.back = {n: like(roots[n], "g") for n in range(count) if moving[n]}
        self.pieces = {
            n: like(roots[n], "g") for n in self.upstream if n >= count and roots[n].is_float
        }
        sources = [
            *(self.carries[n] for n in self.back),
            *_chosen(self.fixed, self.want_fixed),
            *_chosen(self.elements, self.want_series),
        ]
        seeds = [(roots[n], a) for n, a in (*self.back.items(), *self.pieces.items())]
        shares = gradients(seeds, sources)
        first, second = len(self.back), len(self.back) + sum(self.want_fixed)
        self.later: list[_Later] = []
        self.totals: dict[int, Node] = {}
        sums = self._summed(shares[first:second])
        factors = {f: None for term in self.later for f in term.factors}
        self.given = [f for f in factors if f not in {*self.carries, *self.elements}]
        self.roots = [*shares[:first], *sums, *shares[second:], *self.given]

    # ── sums over the steps ─────────────────────────────────────────────────────────────────────

    def _summed(self, shares: Sequence[Node]) -> list[Node]:
        """New totals of what is added up step by step; the products are left for later."""
        moving = {*self.carries, *self.elements, *self.back.values(), *self.pieces.values()}
        for node in topological(shares):
            if any(x in moving for x in node.inputs):
                moving.add(node)
        sums = []
        places = [j for j, want in enumerate(self.want_fixed) if want]
        for j, share in zip(places, shares, strict=True):
            now: Node | None = None
            for term in _terms(share):
                if _is_worth_it(term) and all(x in moving for x in term.inputs):
                    self.later.append(_Later(j, axes_of(term), term.inputs))
                else:
                    now = term if now is None else now + term
            if now is not None:
                self.totals[j] = like(self.fixed[j], "total")
                sums.append(self.totals[j] + now)
        return sums

    def _products(self, j: int, series: dict[Node, Node]) -> Iterable[Node]:
        """What has been left for later, for one of what is fixed."""
        for term in self.later:
            if term.fixed == j:
                step = term.axes.fresh("step")
                parts = tuple((step, *part) for part in term.axes.operands)
                yield contract(Axes(parts, term.axes.result), [series[f] for f in term.factors])

    # ── what the first pass keeps ───────────────────────────────────────────────────────────────

    def _kept(self) -> list[Node]:
        """Nodes of a step that the transpose takes as they were, and does not compute again."""
        order = topological(self.roots)
        unknown = {*self.back.values(), *self.totals.values(), *self.pieces.values()}
        is_given = {x for x in order if not x.inputs and x not in unknown}
        costly: list[Node] = []
        users: dict[Node, list[Node]] = {}
        after = set(self.roots)
        for node in order:
            for x in dict.fromkeys(node.inputs):
                users.setdefault(x, []).append(node)
            if node.inputs and all(x in is_given for x in node.inputs):
                is_given.add(node)
                if isinstance(node.op.derivative, Multilinear | Nested) or node.op in _COSTLY:
                    costly.append(node)
        found: dict[Node, None] = {}
        for node in costly:
            # What becomes of a product and nothing else is kept in place of it: W @ h + b.
            while node not in after and len(users[node]) == 1:
                (user,) = users[node]
                if user not in is_given or not user.op.is_elementwise or user.shape != node.shape:
                    break
                node = user
            found[node] = None
        return [*self.carries, *found]

    # ── putting it together ─────────────────────────────────────────────────────────────────────

    def shares(self) -> Sequence[Node | None]:
        """The share of every operand that is wanted."""
        loop = self.loop
        kept = self._kept()
        notes = {x: x if x in self.carries else like(x, "kept") for x in kept}
        roots = substituted(self.roots, notes)
        used = {*topological(roots), *(f for term in self.later for f in term.factors)}
        kept = [x for x in kept if notes[x] in used or x in used & set(self.carries)]
        inside = substituted(kept, dict(zip(self.inputs, loop.body.inputs, strict=True)))
        series = dict(zip(self.elements, loop.series, strict=True))
        series.update(zip(kept, loop.with_pieces(inside) if kept else [], strict=True))
        transposed = Loop(
            loop.row,
            Body.of(
                [
                    *self.back.values(),
                    *self.totals.values(),
                    *(notes[x] for x in kept),
                    *self.elements,
                    *self.pieces.values(),
                    *self.fixed,
                ],
                roots,
                backward(loop.body),
            ),
            (
                *(self.upstream.get(n, zeros_like(loop.inits[n])) for n in self.back),
                *(zeros_like(loop.fixed[j]) for j in self.totals),
            ),
            (
                *(series[x] for x in kept),
                *loop.series,
                *(self.upstream[n] for n in self.pieces),
            ),
            loop.fixed,
            loop.length,
            not loop.reverse,
        )
        return self._by_operand(transposed, series)

    def _by_operand(self, transposed: Loop, series: dict[Node, Node]) -> Sequence[Node | None]:
        ranks = list(self.back)
        first = [
            ranks.index(n) if n in self.back and want else None
            for n, want in enumerate(self.want_first)
        ]
        asked = [n for n in first if n is not None]
        asked += range(len(self.back), len(self.roots))
        found = iter(transposed.pruned(asked))
        of_first = [None if n is None else next(found) for n in first]
        of_fixed: list[Node | None] = [
            next(found) if j in self.totals else None for j in range(len(self.fixed))
        ]
        of_series = [next(found) if want else None for want in self.want_series]
        series.update(zip(self.given, found, strict=True))
        for j, total in enumerate(of_fixed):
            for part in self._products(j, series):
                total = part if total is None else total + part
            of_fixed[j] = total
        return [*of_first, *of_series, *of_fixed]


def _chosen(things: Sequence[Node], wanted: Sequence[bool]) -> list[Node]:
    return [x for x, want in zip(things, wanted, strict=True) if want]


def _terms(share: Node) -> list[Node]:
    """The terms of a sum."""
    return [t for x in share.inputs for t in _terms(x)] if share.op is add else [share]


def _is_worth_it(term: Node) -> bool:
    """Whether a product is larger than its two factors together."""
    if not isinstance(term.op.derivative, Multilinear) or len(term.inputs) != 2:
        return False
    if any(DOTS in part for part in axes_of(term).operands):
        return False
    sizes = [product(x.shape) for x in (term, *term.inputs)]
    whole, one, other = (s if isinstance(s, int) else 0 for s in sizes)
    return whole > one + other
