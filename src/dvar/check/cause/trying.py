"""Bends tried one by one: what each makes of its line, how much work that may take, and what chance does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np

from dvar.check.cause.bend import Bend
from dvar.check.judge import links, opened, telescoping
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import effort
from dvar.check.meaning.assumptions import GENERAL, assuming
from dvar.check.meaning.points import RANGES, Point, names_beneath
from dvar.check.meaning.values import node_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t

TRIES = 12_000
"""Parts of work for the bends of one line."""
MOST = 5
"""So many times that much for a line that nothing has repaired yet, where few lines of a document differ."""

SEEDS = (5, 6)
"""Points at which two sides are looked at that agree: what is cut off is 0 at many, but not at all of them."""


def limit() -> int:
    """The parts of work that a line may take of which no bend has made a right one."""
    return TRIES + min(effort.more(), (MOST - 1) * TRIES)


def is_telling(bend: Bend) -> bool:
    """Whether a bend is worth a longer search: one of a few, and not of the many factors and terms of which one may fit."""
    return bend.sure or bend.cause in _FEW


_FEW = frozenset({"sign", "transpose", "missing-sum", "wrong-variable"})


def undisturbed(world: World, bends: Iterator[Bend]) -> Iterator[Bend]:
    """Bends one by one: what reading one makes up for open gradients is forgotten before the next."""
    with ExitStack() as tried:
        tried.enter_context(world.unchanged())
        made_up = len(world.fresh)
        for bend in bends:
            yield bend
            if len(world.fresh) != made_up:
                tried.pop_all().close()
                tried.enter_context(world.unchanged())


def compared(place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]) -> Link:
    """A bent line compared under what is said of its names, as the written one has been."""
    world = place.world
    compared = partial(
        links.as_functions,
        *(world, place.position, left, right, envs),
        code=place.code,
        limit=4,
        hasty=True,
    )
    link = compared()
    if link.verdict == "wrong" and any(a.kind != GENERAL for a in place.assumptions):
        with assuming(world, place.assumptions):
            link = compared()
    if link.verdict in ("wrong", "unknown"):
        held = [dict(env) for env in envs]
        link = opened.as_functions(place, left, right, held) or link
        if link.verdict in ("wrong", "unknown"):
            link = telescoping.holds(place, left, right, held) or link
    return link


def is_chance(bend: Bend, link: Link, before: Link) -> bool:
    """Whether two sides agree only because what has been put in or left out makes them vanish.

    ``before`` is the link without the bend: names that it had are not brought in.
    """
    if link.left is None or link.right is None:
        return False
    both = [node_of(s) for s in (link.left, link.right)]
    points = (Point(span, seed) for seed in SEEDS for span in RANGES)
    values = (point.value(node) for point in points for node in both)
    if all(value is not None and not np.any(value) for value in values):
        return True
    if bend.cause != "wrong-variable" or bend.sure:
        return False
    left, right = (set(names_beneath([node_of(s)])) for s in (link.left, link.right))
    kept = set() if before.right is None else set(names_beneath([node_of(before.right)]))
    return not right <= left | kept
