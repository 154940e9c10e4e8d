"""Claims about a curve: what holds for all of its points, and numbers at one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from dvar.check.judge import following
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import implicit
from dvar.read.worksheet import tree as t


def holds(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """The verdict for ``y'' = -25/y³`` of ``x² + y² = 25``: right on the curve; None where it is not."""
    if place.world.tied is None:
        return None
    curve = place.world.tied.curve
    on_curve = replace(place, asked=[(curve.left, curve.right)])
    if following.follows(on_curve, [(left, right)]):
        return Link("ok", "holds on the curve")
    return None


def has_slope(tree: t.Expr) -> bool:
    """Whether an expression has a derivative in it."""
    return any(map(implicit.is_slope, t.walk(tree)))


@contextmanager
def at_point(place: Place) -> Iterator[None]:
    """Within this block the names of a curve have the numbers of the point that was told last."""
    given = place.ledger.given
    told = implicit.numbers_at(place.world.tied)
    place.ledger.given = {**given, **{n: np.asarray(v, np.longdouble) for n, v in told.items()}}
    try:
        yield
    finally:
        place.ledger.given = given
