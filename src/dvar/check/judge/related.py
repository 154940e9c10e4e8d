"""Related rates: ``dh/dt = -(x/h) dx/dt`` of names that ``x² + h² = 25`` ties together."""

from __future__ import annotations

from dvar.check.judge import following
from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.related import Relation
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, number
from dvar.core.errors import DvarError
from dvar.core.node import Node, topological
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree


def holds(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """The verdict for an equation between rates: right where the names move as the equation ties them; else None."""
    before = [r for r in place.world.relations if r.position < place.position]
    for relation in reversed(before[-2:]):
        told, claim = _moving(place, relation), following.residual(place, left, right)
        if told is not None and claim is not None and following.is_met(told, claim):
            return Link("ok", "holds as the names move together")
    return None


def rate(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """What is to be said of a formula for one rate by the others; None where no equation tells it."""
    if not isinstance(left, t.Derivative) or not isinstance(left.of, t.Symbol):
        return None
    told = [r for r in place.world.relations if r.position < place.position]
    mine = [r for r in told if left.of.base in {n.base for n in r.names} and _is_by(left, r)]
    if not mine or not any(isinstance(p, t.Derivative) for p in t.walk(right)):
        return None
    if (link := holds(place, left, right)) is not None:
        return link
    try:
        return _against(place, mine[-1], left, right)
    except (NotUnderstood, DvarError):
        return None


def _is_by(left: t.Derivative, relation: Relation) -> bool:
    return len(left.wrt) == 1 and same_tree(left.wrt[0], relation.by)


def _against(place: Place, relation: Relation, left: t.Derivative, right: t.Expr) -> Link | None:
    """A formula for a rate that differs from what the equation tells."""
    moving, reader = _moving(place, relation), place.reader()
    if moving is None:
        return None
    change = TABLE["getitem"](moving, (1,))
    own, written = reader.node(left), reader.node(right)
    slope = sweep(change, number(1.0), [own]).gradients.get(own)
    if slope is None or written.shape or own in topological([slope, written]):
        return None
    rest = substitute(change, {own: number(0.0)})
    due = TABLE["negative"](TABLE["divide"](rest, slope))
    return None if compare(due, written).holds is not False else Link("wrong", "", due, written)


def _moving(place: Place, relation: Relation) -> Node | None:
    """What is zero: the equation, and how both of its sides change."""
    reader = place.reader()
    try:
        apart = following.residual(place, relation.left, relation.right)
        if apart is None or apart.shape != (1,):
            return None
        single = TABLE["getitem"](apart, (0,))
        nodes = [reader.node(name) for name in relation.names]
        slopes = sweep(single, number(1.0), nodes).gradients
        total: Node | None = None
        for name, node in zip(relation.names, nodes, strict=True):
            rate = reader.node(t.Derivative(name, (relation.by,), "d", name.span))
            if node not in slopes or rate.shape or node.shape:
                return None
            term = TABLE["multiply"](slopes[node], rate)
            total = term if total is None else TABLE["add"](total, term)
    except (NotUnderstood, DvarError):
        return None
    if total is None:
        return None
    return TABLE["concatenate"]([apart, TABLE["reshape"](total, (1,))], axis=0)


__all__ = ["holds", "rate"]
