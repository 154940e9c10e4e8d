r"""Expansions: ``f(x + h) ≈ f(x) + h f'(x)`` and ``f'(x) ≈ (f(x + h) - f(x))/h`` hold as far as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from dvar.check.judge.compare import compare
from dvar.check.judge.links import READINGS, Link
from dvar.check.judge.place import Place
from dvar.check.meaning import limits
from dvar.check.meaning.choices import Choices, readings
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.differentiate import jacobian, place_at
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, number, sizes
from dvar.core.errors import DvarError
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import factors_of, renamed

_ORDERS = 4
_CONSTANT = re.compile(r"const(?:ant|s)?\.?|[cCkK]|cte|cst")


def is_expanded(left: t.Expr, right: Member) -> bool:
    """``f(x) ≈ f(a) + f_x(a) (x - a)``: what f is about at one place by what it is at another, and no formula for it."""
    if right.relation != "approx" or right.expr is None or not isinstance(left, t.Apply):
        return False
    if left.primes or left.head.primes or not all(isinstance(a, t.Symbol) for a in left.args):
        return False
    uses = (p.head for p in t.walk(right.expr) if isinstance(p, t.Apply))
    return any(p.base == left.head.base for p in uses)


def _of_open(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """The verdict for an open function whose gradient is written with ∇: what holds for any holds for one of them."""
    world, trees = place.world, [*t.walk(left), *t.walk(right)]
    beneath = [p.of for p in trees if isinstance(p, t.Derivative)]
    heads = {x.head.base if isinstance(x, t.Apply) else getattr(x, "base", "") for x in beneath}
    for part in trees:
        if not isinstance(part, t.Apply) or part.head.base not in heads or len(part.args) != 1:
            continue
        (by,) = part.args
        if isinstance(by, t.Symbol) and world.is_function(stem_of(part.head)):
            name = replace(by, subscripts=())  # x of x_k, x_0: the point itself
            left, right = (renamed(side, by, name) for side in (left, right))
            pattern = pattern_of(replace(part.head, primes=0), world.spelling)[0]
            with world.read_anew():
                world.define(Definition(pattern, _some(name), place.position, (name,)))
                return _holds(place, left, right)
    return None


def _some(by: t.Symbol) -> t.Expr:
    """A number that depends on all entries of a name, in no special way: ``Σ e^x + (Σ x)^3``."""
    terms = t.Call("sum", (t.Call("exp", (by,), by.span),), by.span)
    cube = t.Power(t.Call("sum", (by,), by.span), t.Number("3", by.span), by.span)
    return t.Sum((terms, cube), (1, 1), by.span)


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
    return _holds(place, left, rest) or _of_open(place, left, rest) or link


def or_constant(
    place: Place, subject: t.Expr | None, left: t.Expr, right: t.Expr, link: Link
) -> Link:
    """``J(w) = … + const``: right where what is left out does not depend on w."""
    rest = right.terms[-1] if isinstance(right, t.Sum) and len(right.terms) > 1 else None
    name = rest.text if isinstance(rest, t.Text) else getattr(rest, "base", "")
    if link.verdict == "ok" or not _CONSTANT.fullmatch(name) or not isinstance(subject, t.Apply):
        return link
    if not isinstance(right, t.Sum) or place.world.definitions.get(name):
        return link
    said = replace(right, terms=right.terms[:-1], signs=right.signs[:-1])

    def attempt(choices: Choices) -> Link | None:
        reader = place.reader(choices)
        try:
            sides = reader.node(left), reader.node(said)
            apart = TABLE["subtract"](*sides)
            slopes = [jacobian(apart, place_at(reader.node(x))).node for x in subject.args[:1]]
        except (NotUnderstood, DvarError):
            return None
        held = all(compare(slope, number(0.0)).holds for slope in slopes)
        return Link("ok", "up to a constant", *sides) if held else None

    return next((found for found, _ in readings(attempt, READINGS) if found), link)


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
            last = tuple(x for s in sums if isinstance(x := factors_of(s.terms[-1])[0], t.Symbol))
            at = [p for s in sums for x in s.terms[:-1] for p in t.walk(x)]
            fixed = sums and not any(isinstance(p, t.Symbol) for p in at)
            bare = tuple(a for a in args if isinstance(a, t.Symbol) and fixed)
            yield from [last] if last else ()
            yield from [(*bare, *last)] if bare and last else ()  # f(h, 2 + k) is about f(0, 2)
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
