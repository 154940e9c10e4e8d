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
from dvar.check.meaning.patterns import free_letters
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree


def holds(place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]) -> Link | None:
    """A chain through functions that are left open, where it is right without them."""
    if _is_of_composition(place, left, right):
        return Link("ok", "the links of the chain are those of the composition")
    if _is_total(place, left, right):
        return Link("ok", "the chain rule, through all of what is summed over")
    if _leads_through_dots(left, right):
        return Link("ok", "the links of the chain go on into each other")
    tree = _joined(place, right)
    if tree is None:
        return None
    link = links.as_functions(place.world, place.position, left, tree, envs, code=place.code)
    return link if link.verdict in ("ok", "convention") else None


def _is_of_composition(place: Place, left: t.Expr, right: t.Expr) -> bool:
    """``dy/dx = dh/dg · dg/df · df/dx`` of ``y = h(g(f(x)))``: functions are written for what they give."""
    if not isinstance(left, t.Derivative) or left.of is None or not isinstance(right, t.Product):
        return False
    factors = [unwrapped(factor) for factor in right.factors]
    chain = [f for f in factors if isinstance(f, t.Derivative) and f.of is not None]
    key = differentiate.key_of(place.reader(), left.of)
    found = None if key is None else place.world.find(key, place.position)
    if len(chain) < len(factors) or found is None or not (joins(chain) and len(left.wrt) == 1):
        return False
    links_ = [(f.of, f.wrt[0]) for f in chain]
    tree, heads = found[0].value, list[t.Expr]()
    while isinstance(tree, t.Apply) and len(tree.args) == 1 and not tree.primes:
        heads.append(tree.head)
        tree = tree.args[0]
    ways = list(pairwise([*heads, tree]))
    return same_tree(tree, left.wrt[0]) and any(
        len(told) == len(ways)
        and all(
            a is not None and same_tree(a, c) and same_tree(b, d)
            for (a, b), (c, d) in zip(told, ways, strict=True)
        )
        for told in (links_, links_[::-1])
    )


def _is_total(place: Place, left: t.Expr, right: t.Expr) -> bool:
    r"""``∂L/∂x_k = \sum_i ∂L/∂z_i ∂z_i/∂x_k``, where neither L nor the z_i have a formula."""
    if not isinstance(left, t.Derivative) or len(left.wrt) != 1 or left.of is None:
        return False
    letters: set[str] = set()
    while isinstance(right, t.Big) and right.name == "sum" and right.condition is None:
        letters |= set(right.indices)
        right = right.body
    right = unwrapped(right)
    factors = [unwrapped(f) for f in right.factors] if isinstance(right, t.Product) else []
    chain = [f for f in factors if isinstance(f, t.Derivative)]
    if not letters or len(chain) < max(2, len(factors)) or not joins(chain):
        return False
    if not same_tree(chain[0].of, left.of):
        chain.reverse()
    ways = [f.wrt[0] for f in chain[:-1]]
    if not (same_tree(chain[0].of, left.of) and same_tree(chain[-1].wrt[0], left.wrt[0])):
        return False
    spelling = place.world.spelling
    free = [free_letters(way, spelling) for way in ways]
    summed = [letters & own for own in free]
    ends = free_letters(left.of, spelling) | free_letters(left.wrt[0], spelling)
    known = any(_has_formula(place, x) for x in (left.of, *ways))
    if set().union(*free) - ends - letters:
        return False  # Σ_i ∂L/∂y_{ij} ∂y_{ij}/∂x: nothing says which j
    return all(summed) and set().union(*summed) == letters and not (ends & letters or known)


def _leads_through_dots(left: t.Expr, right: t.Expr) -> bool:
    """``∂L/∂z_1 = ∂L/∂z_9 ∂z_9/∂z_8 ⋯ ∂z_2/∂z_1``: from end to end, whatever the dots stand for."""
    if not isinstance(left, t.Derivative) or not isinstance(right, t.Product):
        return False
    runs: list[list[t.Expr]] = [[]]
    for factor in map(unwrapped, right.factors):
        if isinstance(factor, t.Ellipsis):
            runs.append([])
        else:
            runs[-1].append(factor)
    told = [f for run in runs for f in run if isinstance(f, t.Derivative)]
    if len(runs) < 2 or len(told) < 3 or len(left.wrt) != 1 or not all(map(joins, runs)):
        return False
    down = all(same_tree(a.wrt[0], b.of) for run in runs for a, b in pairwise(run))  # type: ignore[union-attr]
    first, last = (told[0], told[-1]) if down else (told[-1], told[0])
    return same_tree(first.of, left.of) and same_tree(last.wrt[0], left.wrt[0])


def with_a_factor(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """``∂J/∂w = 2 ∂J/∂p ∂p/∂w``: a chain that is the whole way, and beside it a sign or a number.

    Where formulas are known there may be a second way that is as long.
    """
    is_turned = isinstance(right, t.Negative)
    right = right.operand if isinstance(right, t.Negative) else right
    if not isinstance(left, t.Derivative) or not isinstance(right, t.Product):
        return None
    factors = [unwrapped(factor) for factor in right.factors]
    chain = [f for f in factors if isinstance(f, t.Derivative)]
    numbers = [f for f in factors if _is_ratio(f)]
    if len(chain) < 2 or len(chain) + len(numbers) < len(factors) or not (is_turned or numbers):
        return None
    if not joins(chain) or len(left.wrt) != 1:
        return None
    if numbers and any(_has_formula(place, f.of) for f in chain):
        return None
    for first, last in ((chain[0], chain[-1]), (chain[-1], chain[0])):
        if same_tree(first.of, left.of) and same_tree(last.wrt[0], left.wrt[0]):
            why = "the links of the chain are all there is"
            return Link("wrong", why, causes=("sign",) if is_turned else ("factor",))
    return None


def _has_formula(place: Place, tree: t.Expr | None) -> bool:
    key = None if tree is None else differentiate.key_of(place.reader(), tree)
    found = None if key is None else place.world.find(key, place.position)
    return found is not None and not found[0].numeric


def _is_ratio(tree: t.Expr) -> bool:
    """``2`` or ``1/2``."""
    if isinstance(tree, t.Quotient):
        return isinstance(tree.above, t.Number) and isinstance(tree.below, t.Number)
    return isinstance(tree, t.Number) and tree.text != "1"


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
