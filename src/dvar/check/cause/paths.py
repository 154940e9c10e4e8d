"""Whether a line lacks one of the paths by which a gradient arrives."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress

from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import chains, differentiate, gradients
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.names import key_value
from dvar.check.meaning.values import Jacobian, NotUnderstood, node_of, reshaped, sizes, subtract
from dvar.core.node import topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

MOST = 8
"""So many paths are looked at."""


def missing(
    place: Place, left: t.Expr, right: t.Expr, link: Link, envs: Sequence[Mapping[str, int]]
) -> tuple[str, bool] | None:
    """What is to be said of a path that is missing, and whether that is sure; None if none is.

    Who adds up paths adds up all; one alone may be told as one of several: "through the skip connection ``dX = dY``".
    """
    if _misses_path(place, left, link, envs) or _is_one_path(left, right):
        return "a path of the chain rule is missing", False
    through = _missing_share(place, left, right, link, envs)
    if through is None:
        return None
    is_sure = isinstance(right, t.Sum) and len(right.terms) > 1
    return f"what arrives through {through} is missing", is_sure


def _missing_share(
    place: Place, left: t.Expr, right: t.Expr, link: Link, envs: Sequence[Mapping[str, int]]
) -> str | None:
    """``dX = dQ W_Qᵀ`` where X stands in the formula of K as well: the name that sends back what is missing."""
    if not isinstance(left, t.Symbol) or link.left is None or link.right is None or place.code:
        return None
    if isinstance(right, t.Symbol | t.Number):
        return None  # a name for the gradient
    reader = place.reader(env=dict(envs[0]) if envs else {})
    target = gradients.target_of(reader, sort(left, place.world.spelling, {}).key)
    if target is None or place.world.steps_of(target, place.position) or _is_collected(place, left):
        return None
    total = node_of(link.left)
    with suppress(NotUnderstood):
        value = reader.plain(key_value(reader, target, None, left))
        for result, share in gradients.shares_of(reader, differentiate.place_at(value))[:MOST]:
            sent = node_of(share())
            if sent is total or sizes(sent) != sizes(total):
                continue
            rest = subtract(total, reshaped(sent, sizes(total)))
            if compare(rest, link.right).holds:
                return str(place.world.named[result])
    return None


def _is_collected(place: Place, left: t.Symbol) -> bool:
    """Whether what a name gets is added up in several lines."""
    return stem_of(left) in {key.stem for key in place.world.accumulated}


def _misses_path(place: Place, left: t.Expr, link: Link, envs: Sequence[Mapping[str, int]]) -> bool:
    """Whether the right side is the left one without what arrives along one of its uses."""
    if not isinstance(link.left, Jacobian) or link.right is None:
        return False
    world = place.world
    reader = place.reader(env=dict(envs[0]) if envs else {})
    try:
        if not isinstance(left, t.Derivative) or left.of is None or len(left.wrt) != 1:
            return False
        top = reader.node(left.of)
        at = differentiate.place_of(reader, left.wrt[0])
    except NotUnderstood:
        return False
    under = set(topological([top]))
    users = [
        n
        for n in world.named
        if n in under
        and n is not top
        and any(p in topological([n]) for p, _ in at.parts)
        and n not in {p for p, _ in at.parts}
    ]
    for user in users[:MOST]:
        # The derivative with this user held fixed is what the other paths bring.
        rest = differentiate.jacobian(top, at, {user})
        if compare(rest, link.right).holds:
            return True
        try:
            first = differentiate.jacobian(top, differentiate.place_at(user))
            second = differentiate.jacobian(user, at)
            if (
                chains.links(first, second)
                and compare(chains.join(first, second), link.right).holds
            ):
                return True
        except NotUnderstood:
            continue
    return False


def _is_one_path(left: t.Expr, right: t.Expr) -> bool:
    """Whether the right side is a proper chain from the numerator to the denominator of the left one.

    Its links are right one by one, as the statement's parts are judged; what is missing are other chains.
    """
    if not isinstance(left, t.Derivative) or not isinstance(right, t.Product):
        return False
    chain = [f for f in right.factors if isinstance(f, t.Derivative)]
    if len(chain) < 2 or len(chain) != len(right.factors):
        return False
    if any(c.of is None or len(c.wrt) != 1 for c in chain) or left.of is None or len(left.wrt) != 1:
        return False
    ends = same_tree(chain[0].of, left.of) and same_tree(chain[-1].wrt[0], left.wrt[0])
    return ends and all(same_tree(a.wrt[0], b.of) for a, b in itertools.pairwise(chain))
