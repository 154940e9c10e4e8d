"""Formulas and numbers for what a document leaves open: the derivative of a function without a formula, a direction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from dvar.check.judge import links, related, telling
from dvar.check.judge.links import GIVEN, Link
from dvar.check.judge.literal import numbers_in, read_literal
from dvar.check.judge.matching import like_node, value_at
from dvar.check.judge.place import Place
from dvar.check.judge.strangers import is_vague
from dvar.check.meaning import differentiate
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, node_of, reshaped, sizes, squeezed
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

UNTOLD = "whose formula was not understood"
TELLING = 3
"""So many digits tell that a number is the one that was printed before."""


def given(place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]) -> Link | None:
    """What is to be said of a side that tells what the other is, which is open; None where that is not open.

    A number that goes on with a wrong one carries the mistake.
    """
    if (told := related.rate(place, left, right)) is not None:
        return told
    if not _defines_open(place, left, right, envs):
        return None
    of = left.of if isinstance(left, t.Derivative) else None
    key = None if of is None else differentiate.key_of(place.reader(), of)
    if key is not None and key.stem in place.world.untold:
        return Link("unknown", f"{key}, {UNTOLD}")  # for all that is known it may be wrong
    roots = roots_in(place, right)
    if not roots:
        return Link("ok", GIVEN)
    with suppress(NotUnderstood):
        place.ledger.rooted[node_of(place.reader(env=envs[0]).value(left))] = roots[0]
    return Link("carried", GIVEN, roots=roots)


def roots_in(place: Place, right: t.Expr) -> tuple[int, ...]:
    """The lines of the wrong numbers that stand in a side."""
    if not links.is_number(right, place.world):
        return ()
    known = place.ledger.numbers
    found = {
        known[abs(n.value)][1]
        for n in numbers_in(right)
        if abs(n.value) in known and len(n.text.replace(".", "").strip("0")) >= TELLING
    }
    return tuple(sorted(root for root in found if root is not None))


def _gives_seed(place: Place, node: Node, right: t.Expr) -> bool:
    """``\\dot v_1 = 1`` of an input: the direction is ours to choose."""
    seeds = names_beneath([node])
    key = place.world.keys.get(seeds[0]) if len(seeds) == 1 and not node.shape else None
    if key is None or not key.stem.endswith(".dot") or not links.is_number(right, place.world):
        return False
    if seeds[0] in place.ledger.given or value_at(node, {seeds[0]: np.asarray(2.0)}) != 2.0:
        return False
    place.ledger.give(seeds[0], _plain_value(place, right, seeds[0]))
    return True


def _defines_open(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> bool:
    """Whether the left side is a derivative of a function that the document leaves open: then this is what it is."""
    world = place.world
    made = False
    for env in envs:
        reader = place.reader(env=env)
        try:
            value = reader.value(left)
        except NotUnderstood:
            return False
        node = node_of(value)
        inner = node.inputs[0] if node.op.name == "reshape" and node.inputs else node
        if inner not in world.fresh:
            return telling.begins(place, left, right, env) or _gives_seed(place, inner, right)
        key, parts, _ = world.fresh[inner]
        try:
            told = place.reader(env=env).node(right, sizes(node))
        except NotUnderstood:
            return False
        if links.is_number(right, world):
            place.ledger.give(inner, _plain_value(place, right, inner))
            return True
        if told.shape and told.shape != inner.shape and is_vague(world, parts):
            return not _uses(told, inner)  # dv = … tells what shape v has
        if squeezed(tuple(told.shape)) != squeezed(tuple(inner.shape)) or _uses(told, inner):  # type: ignore[arg-type]
            return False
        known = {inner: reshaped(told, inner.shape)}  # type: ignore[arg-type]
        for at, before in world.open_gradients.items():
            world.open_gradients[at] = substitute(before, known)
        world.open_gradients[(key, parts)] = known[inner]
        made = True
    return made


def _uses(node: Node, inner: Node) -> bool:
    return inner in topological([node])


def _plain_value(place: Place, tree: t.Expr, like: Node) -> Array:
    literal, _ = read_literal(place.reader(), tree, place.ledger)
    matched = like_node(literal.value, like)
    return literal.value if matched is None else matched
