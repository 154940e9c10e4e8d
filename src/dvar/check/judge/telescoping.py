r"""Chains through functions that a document leaves open: ``∂J/∂L · ∂L/∂p`` is ``∂J/∂p``, whatever L is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.check.judge import links
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.keys import unwrapped
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree


def holds(place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]) -> Link | None:
    """A chain through functions that are left open, where it is right without them."""
    tree = _joined(place, right)
    if tree is None:
        return None
    link = links.as_functions(place.world, place.position, left, tree, envs, code=place.code)
    return link if link.verdict in ("ok", "convention") else None


def _joined(place: Place, tree: t.Expr) -> t.Expr | None:
    """A product without the open functions that links of it have in between; None where there is none."""
    if not isinstance(tree, t.Product):
        return None
    factors = [unwrapped(factor) for factor in tree.factors]
    found = False
    while (pair := _pair(place, factors)) is not None:
        first, second = pair
        upper, lower = factors[first], factors[second]
        assert isinstance(upper, t.Derivative)
        assert isinstance(lower, t.Derivative)
        factors[first] = replace(upper, wrt=lower.wrt)
        del factors[second]
        found = True
    if not found:
        return None
    if len(factors) == 1:
        return factors[0]
    return replace(tree, factors=tuple(factors), operators=("",) * (len(factors) - 1))


def _pair(place: Place, factors: Sequence[t.Expr]) -> tuple[int, int] | None:
    """Two links, the first by an open function and the second of it."""
    for n, upper in enumerate(factors):
        if not isinstance(upper, t.Derivative) or len(upper.wrt) != 1:
            continue
        key = differentiate.key_of(place.reader(), upper.wrt[0])
        if key is None or not gradients.is_open(place.reader(), key):
            continue
        for k, lower in enumerate(factors):
            if isinstance(lower, t.Derivative) and len(lower.wrt) == 1 and k != n:
                if lower.of is not None and same_tree(lower.of, upper.wrt[0]):
                    return n, k
    return None


def joins(factors: Sequence[t.Expr]) -> bool:
    """``∂L/∂y · ∂y/∂z · ∂z/∂w``: each link goes on where the one before it ends, from either side."""
    told = [f for f in factors if isinstance(f, t.Derivative) and len(f.wrt) == 1]
    pairs = list(pairwise(told))
    return len(told) == len(factors) and (
        all(same_tree(a.wrt[0], b.of) for a, b in pairs)
        or all(same_tree(b.wrt[0], a.of) for a, b in pairs)
    )
