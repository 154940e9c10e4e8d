r"""Limits: ``\lim_{h \to 0} (f(x + h) - f(x))/h`` by values, and by slopes where both parts of a fraction vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning.points import Point
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, number
from dvar.core.node import Node
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_POINTS = 3
_TIMES = 3
"""So often both parts of a fraction may vanish."""


def limit(e: Interpreter, tree: t.Big) -> Node:
    """The value that an expression has in the end."""
    to = tree.condition
    if not isinstance(to, t.Relation) or to.relations != ("to",):
        raise NotUnderstood("a limit")
    name, end = e.node(to.members[0]), e.node(to.members[1])
    if name.shape or end.shape or name.inputs or e.node(tree.body).shape:
        raise NotUnderstood("a limit")
    e.world.familiar |= {*tree.indices}
    return at(e, tree.body, name, end)


def at(e: Interpreter, body: t.Expr, name: Node, end: Node) -> Node:
    """What an expression tends to when a name does."""
    while t.is_bracketed(body):
        body = body.items[0]
    if not isinstance(body, t.Quotient):
        return substitute(e.node(body), {name: end})
    parts = [e.node(body.above), e.node(body.below)]
    for _ in range(_TIMES):
        above, below = (substitute(part, {name: end}) for part in parts)
        if not _vanishes(below):
            return TABLE["divide"](above, below)
        if not _vanishes(above):
            break
        slopes = [sweep(part, number(1.0), [name]).gradients.get(name) for part in parts]
        parts = [number(0.0) if s is None else s for s in slopes]
    raise NotUnderstood("a limit")


def _vanishes(node: Node) -> bool:
    """Whether a value is zero whatever its names stand for."""
    values = [Point(seed=seed).value(node) for seed in range(_POINTS)]
    return all(v is not None and np.all(np.abs(v.astype(float)) < 1e-12) for v in values)


__all__ = ["at", "limit"]
