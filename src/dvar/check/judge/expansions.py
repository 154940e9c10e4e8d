r"""Expansions: ``f(x + h) ≈ f(x) + h f'(x)`` and ``f'(x) ≈ (f(x + h) - f(x))/h`` hold as far as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dvar.check.judge.compare import compare
from dvar.check.judge.links import READINGS, Link
from dvar.check.judge.place import Place
from dvar.check.meaning import limits
from dvar.check.meaning.choices import Choices, readings
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, number, sizes
from dvar.core.errors import DvarError
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

_ORDERS = 4


def _holds(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """The verdict for two sides that are about equal where a step is small; None where there is no step."""
    for step in _steps(left, right):

        def attempt(choices: Choices, step: Steps = step) -> Link | None:
            reader = place.reader(choices)
            try:
                return _in_the_end(reader, left, right, step) or _by_orders(
                    reader, left, right, step
                )
            except (NotUnderstood, DvarError):
                return None

        for link, _ in readings(attempt, READINGS):
            if link is not None:
                return link
    return None


def or_expanded(place: Place, left: t.Expr, right: t.Expr, relation: str, link: Link) -> Link:
    """The verdict by orders where two sides that differ are said to be about equal, or leave a rest open."""
    rest = right if relation == "approx" else _cut(right)
    if rest is None or link.verdict not in ("wrong", "unknown"):
        return link
    return _holds(place, left, rest) or link


def _cut(tree: t.Expr) -> t.Expr | None:
    """``f(x) + h f'(x) + O(h^2)``, ``… + \\dots`` without what is left open; None where nothing is."""
    if not isinstance(tree, t.Sum) or len(tree.terms) < 2 or not _is_rest(tree.terms[-1]):
        return None
    return replace(tree, terms=tree.terms[:-1], signs=tree.signs[:-1])


def _is_rest(term: t.Expr) -> bool:
    return isinstance(term, t.Ellipsis) or (
        isinstance(term, t.Apply) and term.head.base in ("O", "o") and len(term.args) == 1
    )


Steps = tuple[t.Symbol, ...]


def _steps(left: t.Expr, right: t.Expr) -> Iterator[Steps]:
    """What is added to the arguments of a function, the last terms first: h and k of ``f(x + h, y + k)``."""
    for part in (p for side in (left, right) for p in t.walk(side)):
        args = part.args if isinstance(part, (t.Apply, t.Call)) else ()
        args = (part.radicand,) if isinstance(part, t.Root) else args
        if args:
            sums = [a for a in args if isinstance(a, t.Sum) and len(a.terms) > 1]
            last = tuple(x for x in (s.terms[-1] for s in sums) if isinstance(x, t.Symbol))
            yield from [last] if len(last) > 1 else ()
            yield from ((x,) for s in sums for x in reversed(s.terms) if isinstance(x, t.Symbol))


def _in_the_end(reader: Interpreter, left: t.Expr, right: t.Expr, steps: Steps) -> Link | None:
    """``f'(x) ≈ (f(x + h) - f(x))/h``: what the fraction tends to."""
    if not isinstance(right, t.Quotient) or len(steps) > 1:
        return None
    name, due = reader.node(steps[0]), reader.node(left)
    if name.shape or name.inputs:
        return None
    end = limits.at(reader, right, name, number(0.0))
    return Link("ok", "in the limit", due, end) if compare(due, end).holds else None


def _by_orders(reader: Interpreter, left: t.Expr, right: t.Expr, steps: Steps) -> Link | None:
    """Equal at the place itself, and in every order of the step that is written down."""
    names = [reader.node(step) for step in steps]
    whole, written = reader.node(left), reader.node(right)
    if whole.shape or written.shape or any(name.inputs for name in names):
        return None
    along = variable("step")
    there = {name: _times(along, name) for name in names}
    sides = [substitute(side, there) for side in (whole, written)]
    start = {along: number(0.0)}
    for order in range(_ORDERS):
        a, b = (substitute(side, start) for side in sides)
        is_written = compare(b, number(0.0)).holds is not True
        if order and not is_written:
            return Link("ok", "to the order that is written", whole, written) if order > 1 else None
        if not compare(a, b).holds:
            return None
        slopes = [sweep(side, number(1.0), [along]).gradients.get(along) for side in sides]
        sides = [number(0.0) if s is None else s for s in slopes]
    return None


def _times(factor: Node, name: Node) -> Node:
    if not name.shape:
        return TABLE["multiply"](factor, name)
    return TABLE["multiply"](TABLE["broadcast_to"](factor, sizes(name)), name)


__all__ = ["or_expanded"]
