"""Sides that agree only since a name that both still have happens to have its number, or since both vanish."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dvar.check.judge.compare import forms
from dvar.check.judge.ledger import State
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_zero
from dvar.check.judge.matching import value_at
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import Jacobian, node_of, sizes
from dvar.check.meaning.world import World
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree, signed_terms, without

_LABELS = frozenset({"y", "t", "d", "target", "label", "m", "mask"})
"""Names for what is 0 or 1 on purpose."""
_LINEAR = frozenset(
    {"reshape", "broadcast_to", "transpose", "negative", "add", "subtract", "stack", "trace"}
)
"""What zeros alone go into gives zeros."""
ELSEWHERE = 0.375
"""What such a name is put to instead."""
EMPTY = "how one depends on the other: as it is read here, both sides vanish"
LOST = "how one depends on the other: as it is read here, it does not"
ROUND = 0.02
"""Sides that differ by at most this part may differ by rounding."""


def by_chance(place: Place, link: Link) -> bool:
    """Whether two sides that hold at the given numbers differ once a name that both still have is another number.

    Where an author has made use of a value, the name is gone.  One that is left in both sides may be left
    where its value was not used (``-0.3 x``), unless both are about just the same names; a 0 is no value to use.
    """
    if link.left is None or link.right is None:
        return False
    given = place.ledger.states()[1]
    left, right = (_leaves(node_of(v), given) for v in (link.left, link.right))
    kept = [n for n in left & right if n in given and (left == right or not np.any(given[n]))]
    if not kept:
        return False
    labels = {n for n in kept if _stem(place, n) in _LABELS}
    drawn = ((n, Point(seed=5).value(n)) for n in left | right if n not in given)
    moved = {n: value for n, value in drawn if value is not None}  # names without a number
    moved |= {**given, **{n: given[n] + ELSEWHERE for n in kept if n not in labels}}
    for low in (0, -1):  # labels are 0 and 1, or -1 and 1
        flipped = {n: np.where(given[n] == 1, low, 1) for n in labels}
        at = moved | {n: x for n, x in flipped.items() if np.all(np.isin(given[n], (-1, 0, 1)))}
        for _, a, b in forms(link.left, link.right):
            x, y = value_at(a, at), value_at(b, at)
            if x is None or y is None or np.all(np.abs(x - y) <= ROUND * np.abs(x)):
                return False
    return True


def unless_empty(
    place: Place,
    left: t.Expr,
    right: t.Expr,
    envs: Sequence[dict[str, int]],
    compared: Callable[[], Link],
) -> Link:
    """What is to be said of a derivative that is 0 as it is read, as of a loss of ``p_i`` where p has a formula.

    A slip shows if that loss is any function of what is computed.
    """
    link, world = compared(), place.world
    of = link.left.of if isinstance(link.left, Jacobian) else None
    if (
        link.verdict != "ok"
        or len(envs) > 1
        or not isinstance(of, tuple)
        or not isinstance(of[-1], Key)
    ):
        return link
    if not _are_empty(link, left, right):
        return link
    with world.read_anew():
        world.forget(of[-1].stem)
        again = compared()
    return replace(link, verdict="unknown", why=EMPTY) if again.verdict == "wrong" else link


def says_nothing(link: Link, left: t.Expr, right: t.Expr) -> bool:
    """Whether slopes of names that nothing connects vanish on both sides: ``0 = W · 0``, whatever W is.

    The slope of a sum is the sum of the slopes all the same.
    """
    of = right.body if isinstance(right, t.Big) else None
    if isinstance(left, t.Derivative) and isinstance(of, t.Derivative):
        return not same_tree(left.wrt, of.wrt)
    has_slope = any(isinstance(p, t.Derivative) for p in t.walk(right))
    return has_slope and _are_empty(link, left, right)


def _are_empty(link: Link, *trees: t.Expr) -> bool:
    """Whether a derivative is nothing but 0 as it is read, which nobody wrote: of a loss that nothing connects."""
    if any(is_zero(tree) or isinstance(tree, t.Cases) for tree in trees) or link.left is None:
        return False
    return _is_nothing(node_of(link.left))


def _is_nothing(node: Node) -> bool:
    """Whether a value is made of zeros so that nothing else in it matters: ``c (0 - 0)``."""
    if node.op.name in ("multiply", "matmul"):
        return any(map(_is_nothing, node.inputs))
    if node.op.name in _LINEAR:
        return all(map(_is_nothing, node.inputs))
    value = Point(seed=5).value(node) if node.op is CONSTANT else None
    return value is not None and not np.any(value)


def unless_vain(link: Link, left: t.Expr, right: t.Expr, moves: bool = False) -> Link:
    """A link between derivatives that vanish one and all as they are read, ``∂C/∂s ∂s/∂w`` where w is nowhere in s.

    So ``½ wᵀ dS w = ½ tr(w wᵀ dS)`` of differentials, if nothing that ``moves`` is in S.
    """
    slopes = [p for x in (left, right) for p in t.walk(x) if isinstance(p, t.Derivative)]
    names = [(p.of, by) for p in slopes for by in p.wrt]
    if link.verdict == "wrong" and isinstance(left, t.Derivative) and link.left is not None:
        # An array of zeros: the way from the one to the other was not read.
        lost = bool(sizes(node_of(link.left))) and _is_nothing(node_of(link.left))
        return replace(link, verdict="unknown", why=LOST) if lost else link
    if link.verdict != "ok" or link.right is None or any(map(_are_kin, names)):
        return link
    if not (slopes or moves):
        return link
    is_vain = _are_empty(link, left, right) and _is_nothing(node_of(link.right))
    return replace(link, verdict="unknown", why=EMPTY) if is_vain else link


def _are_kin(pair: tuple[t.Expr | None, t.Expr]) -> bool:
    """``∂x_i/∂x_j``, which is 0 on purpose."""
    of, by = pair
    return isinstance(of, t.Symbol) and isinstance(by, t.Symbol) and of.base == by.base


def _leaves(node: Node, known: State) -> set[Node]:
    """What a value is made of: names, and results whose numbers are printed."""
    return {n for n in topological([node], known) if n in known or n.op is VARIABLE}


def _stem(place: Place, node: Node) -> str:
    key = place.world.keys.get(node) or place.world.named.get(node)
    return "" if key is None else key.stem


def is_asked(world: World, left: t.Expr | None, right: t.Expr | None) -> bool:
    """``e^x = 3x`` beside ``h(x) = e^x - 3x``: an equation that asks where h is zero."""
    if left is None or right is None:
        return False
    apart = [*signed_terms(left), *signed_terms(right, -1)]
    formulas = (d.value for made in world.definitions.values() for d in made)
    sums = (f for f in formulas if isinstance(f, t.Sum) and len(f.terms) == len(apart))
    return any(not without(signed_terms(f, sign), apart) for f in sums for sign in (1, -1))
