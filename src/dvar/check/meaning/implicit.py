"""Curves: two names that an equation ties together, ``x² + y² = 25``, where ``dy/dx`` is asked for.

The one is a function of the other that nobody writes down; its slope is that of the implicit function theorem,
``-F_x / F_y``, and a derivative of anything by ``x`` goes by way of ``y`` as well.  So on surfaces with ``∂z/∂x``, by
whichever name a line takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from dvar.check.meaning import differentiate
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.letters import parts
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import Jacobian, NotUnderstood, Value, add, number, subtract
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

if TYPE_CHECKING:
    from dvar.check.meaning.differentiate import Place
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World

_ANY = frozenset("fghFG")
_COORDINATES = frozenset("xyzuvw")
_NEAR = 200
_ON = 1e-3
_FAR = 12
"""Statements behind an equation in which its derivative is looked for."""
_SOON = 3
"""So many statements from an equation on, a prime asks for its slope."""
_NEXT = 6
"""So many, words of names among them, a partial derivative does."""
_ASKED = re.compile(
    r"implicit|differentiat|derivative|d²?[a-z]/d[a-z]|\\frac\s*\{\s*\\?(mathrm|text)?\{?d|slope|tangent|curve|"
    r"implizit|ableit|implícit|deriv|dériv",
    re.IGNORECASE,
)


_OTHER = re.compile(r"\n#|\\item\b|\\(?:sub)*section\b|\n\s*\**\(?\d+[.)]\s")
"""What parts one exercise from another."""
_STEP = re.compile(
    r"#+\W*(?:steps?|solution|solving|solve|differentiat\w*|answer|schritt|lösung|paso|étape)\b",
    re.IGNORECASE,
)
"""A heading within an exercise."""
_SAID = re.compile(r"d([a-z])(?:/|\}\s*\{)d([a-z])\b")
_POINT = re.compile(r"\(\s*(-?\d+(?:[./]\d+)?)\s*,\s*(-?\d+(?:[./]\d+)?)\s*\)")


@dataclass(frozen=True)
class Curve:
    """An equation between two names, the one that is a function of the other, and where it stands."""

    left: t.Expr
    right: t.Expr
    of: t.Symbol
    by: t.Symbol
    position: int
    names: frozenset[str] = frozenset()
    """By which names its slope may be taken."""
    point: tuple[str, str] | None = None
    """The last point in brackets in front of what is judged, ``(3, 4)``."""


@dataclass(frozen=True)
class Tied:
    """A name that is a function of another, of which no more is known than its slope.

    Attributes:
        names: its key and what it stands for, and those of what it is a function of.
        slope: the derivative of the one by the other.
        curve: the equation that ties them; apart: what is zero on it.
        held: other names of a surface, which are held fixed.
    """

    names: tuple[tuple[Key, Node], tuple[Key, Node]]
    slope: Node
    curve: Curve
    apart: Node
    held: tuple[tuple[Key, Node], ...] = ()

    @property
    def all(self) -> tuple[tuple[Key, Node], ...]:
        return (*self.names, *self.held)


def curves(document: Document, statements: Sequence[Statement]) -> list[Curve]:
    """The curves of a document: equations of whose names words or formulas ask a slope."""
    found = []
    explicit: dict[str, int] = {}
    for n, statement in enumerate(statements):
        left, *rest = (m.expr for m in statement.members)
        told = rest[0] if rest else None
        is_any = isinstance(told, t.Apply) and told.head.base in _ANY  # y = f(x) is no formula
        if rest and not is_any and isinstance(left, t.Symbol) and not left.scripts:
            explicit[left.base] = statement.span[0]
        curve = _curve(document, statement, n, statements[n : n + _FAR])
        if curve is None:
            continue
        at = explicit.get(curve.of.base)
        if at is None or _OTHER.search(document.text, at, statement.span[0]):
            found.append(curve)
    return found


def at(
    curves: Sequence[Curve], document: Document, statements: Sequence[Statement], ordinal: int
) -> Curve | None:
    """The last curve in front of a statement, under the same heading."""
    start, first = statements[ordinal].span[0], statements[ordinal].members[0]
    if not first.relation and not any(map(is_slope, parts([statements[ordinal]]))):
        return None
    for curve in reversed(curves):
        if curve.position < ordinal:
            between = document.text[statements[curve.position].span[1] : start]
            if any(not _STEP.match(line) for line in between.split("\n")[1:] if line[:1] == "#"):
                return None
            points = _POINT.findall(between[-_NEAR:])
            curve = replace(curve, by=_by(curve, statements[ordinal]))
            return replace(curve, point=points[-1]) if points else curve
    return None


def _by(curve: Curve, statement: Statement) -> t.Symbol:
    """By what a line takes the slope of a surface."""
    inside = [p for p in parts([statement]) if isinstance(p, t.Derivative) and len(p.wrt) == 1]
    by = [p.wrt[0] for p in inside if isinstance(p.of, t.Symbol) and p.of.base == curve.of.base]
    by += [p.wrt[0] for p in inside]
    names = [p for p in by if isinstance(p, t.Symbol) and p.base in curve.names]
    return _plain(names[0]) if names else curve.by


def _curve(
    document: Document, statement: Statement, position: int, behind: Sequence[Statement]
) -> Curve | None:
    members = statement.members
    if len(members) != 2 or members[0].relation or members[1].relation != "=":
        return None
    left, right = members[0].expr, members[1].expr
    if left is None or right is None or isinstance(left, (t.Apply, t.Derivative)):
        return None
    if isinstance(left, t.Symbol) and not (left.scripts and _has(right, left.base)):
        return None
    inside = [*t.walk(left), *t.walk(right)]
    if any(isinstance(p, (t.Derivative, t.Big, t.Matrix)) for p in inside):
        return None
    start, end = statement.span
    around = document.text[max(0, start - _NEAR) : end + _NEAR // 2]
    if not any(_is_bent(p) for p in inside):
        return None
    bare = {p.base for p in inside if isinstance(p, t.Symbol) and not p.subscripts}
    bare -= {p.head.base for p in inside if isinstance(p, t.Apply)}  # functions are no coordinates
    if any(isinstance(p, t.Symbol) and p.primes for p in inside):
        return None
    said = [
        (t.Symbol(of, statement.span), t.Symbol(by, statement.span))
        for of, by in _SAID.findall(around)
    ]
    symbols = [p for p in inside if isinstance(p, t.Symbol)]
    is_surface = bare <= _COORDINATES and not any(p.subscripts or p.accents for p in symbols)
    slopes = [*_slopes(behind, is_surface)]
    asked = is_surface and any(of.base in bare for of, _ in _slopes(behind[1:_NEXT], True))
    if not (asked or _ASKED.search(around) or any(map(_is_primed, parts(behind[1:_SOON])))):
        return None
    first, second = (slopes, said) if len(bare) > 2 else (said, slopes)
    for of, by in (*first, *second, *_primes(behind, bare)):
        if of.base in bare and by.base in bare and of.base != by.base:
            names = frozenset(bare - {of.base} if is_surface else [by.base])
            return Curve(left, right, of, by, position, names)
    return None


def _has(tree: t.Expr, base: str) -> bool:
    return any(isinstance(p, t.Symbol) and p.base == base for p in t.walk(tree))


def _slopes(statements: Sequence[Statement], partial: bool) -> Iterator[tuple[t.Symbol, t.Symbol]]:
    """The names of which derivatives are taken, and by which."""
    for part in parts(statements):
        if isinstance(part, t.Derivative) and isinstance(part.of, t.Symbol) and part.wrt:
            by = part.wrt[0]
            is_one = part.spelling == "d" or (partial and not part.of.scripts)
            if isinstance(by, t.Symbol) and is_one and not part.operator:
                yield _plain(part.of), _plain(by)


def _primes(statements: Sequence[Statement], bare: set[str]) -> Iterator[tuple[t.Symbol, t.Symbol]]:
    """``y'`` where an equation has y and one other name."""
    for part in parts(statements) if len(bare) == 2 else ():
        if isinstance(part, t.Symbol) and _is_primed(part) and part.base in bare:
            (by,) = bare - {part.base}
            yield _plain(part), t.Symbol(by, part.span)


def _is_primed(part: t.Expr | t.Script) -> bool:
    return isinstance(part, t.Symbol) and part.primes == 1 and not part.subscripts


def value(world: World, key: Key) -> Node | None:
    """What a name of a curve stands for, where its names are tied together."""
    names = world.tied.all if world.tied is not None else ()
    return next((node for name, node in names if name == key), None)


def along(e: Interpreter, top: Node, place: Place, key: Key | None) -> Value | None:
    """A derivative by a name of which another is a function by an equation between them; None by any other name."""
    if not _is_tied(e, place) or (whole := total(e, top, place)).node.op is CONSTANT:
        return None
    if not _is_of_both(e, key):
        return whole
    alone = ("its other argument held fixed", differentiate.jacobian(top, place))
    return e.choices.pick([alone, ("along the curve", whole)])


def total(e: Interpreter, top: Node, place: Place) -> Jacobian:
    """All partial derivatives, and those by way of a name that an equation ties to the place."""
    direct, tied = differentiate.jacobian(top, place), e.world.tied
    if tied is None or not _is_tied(e, place) or tied.names[0][1] not in topological([top]):
        return direct
    over = differentiate.jacobian(top, differentiate.place_at(tied.names[0][1]))
    return replace(direct, node=add(direct.node, TABLE["multiply"](over.node, tied.slope)))


def _is_tied(e: Interpreter, place: Place) -> bool:
    return e.world.tied is not None and place.parts == ((e.world.tied.names[1][1], None),)


def _is_of_both(e: Interpreter, key: Key | None) -> bool:
    """Whether a function is told to be one of both names that an equation ties: F of ``F(x, y) = 0``."""
    found = None if key is None else e.world.find(key, e.position)
    if found is None or e.world.tied is None:
        return False
    params = (p for p in found[0].params if isinstance(p, t.Symbol))
    known = {sort(p, e.world.spelling, {}).key for p in params}
    return {name for name, _ in e.world.tied.names} <= known


def is_slope(part: t.Expr | t.Script) -> bool:
    """Whether an expression is a derivative."""
    return isinstance(part, t.Derivative) or (isinstance(part, t.Symbol) and part.primes > 0)


def _plain(name: t.Symbol) -> t.Symbol:
    return replace(name, scripts=(), primes=0)


def _is_bent(tree: t.Expr | t.Script) -> bool:
    """Whether a part of an equation is more than a multiple of a name: a straight line has one slope anyhow."""
    if isinstance(tree, t.Product):
        return sum(_has_names(factor) for factor in tree.factors) > 1
    if isinstance(tree, (t.Call, t.Root)):
        return _has_names(tree)
    if isinstance(tree, t.Quotient):
        return _has_names(tree.below)
    return isinstance(tree, (t.Symbol, t.Group)) and bool(tree.scripts)


def _has_names(tree: t.Expr) -> bool:
    return any(isinstance(part, t.Symbol) for part in t.walk(tree))


@contextmanager
def tying(e: Interpreter, curve: Curve | None) -> Iterator[None]:
    """Within this block the names of a curve are tied together, if its equation is understood."""
    world = e.world
    before = world.tied, world.dependents, world.familiar
    try:
        if curve is not None:
            world.tied = _tied(e, curve)
        if world.tied is not None:
            (key, _), (_, by) = world.tied.names
            world.dependents = {key: (by,)}
            world.familiar = world.familiar | {str(k) for k, _ in world.tied.all}
        yield
    finally:
        world.tied, world.dependents, world.familiar = before


def _tied(e: Interpreter, curve: Curve) -> Tied | None:
    """The names as they are from the equation on: formulas that stand elsewhere are those of other problems."""
    world = e.world
    keys = [sort(name, world.spelling, {}).key for name in (curve.of, curve.by)]
    others = [Key(base) for base in sorted(curve.names - {curve.by.base})]
    for key in (*keys, *others):
        found = world.find(key, e.position)
        if found is not None and not found[0].numeric:
            if curve.position < found[0].position < e.position:
                return None
    of, by = nodes = [world.open_name(key, ()) for key in keys]
    world.keys.update(zip(nodes, keys, strict=True))
    names = ((keys[0], of), (keys[1], by))
    held = tuple((key, world.open_name(key, ())) for key in others)
    world.keys.update((node, key) for key, node in held)
    world.tied = Tied(names, number(0.0), curve, number(0.0), held)
    try:
        apart = subtract(e.node(curve.left), e.node(curve.right))
    except NotUnderstood:
        return None
    slopes = {} if apart.shape else sweep(apart, number(1.0), nodes).gradients
    if of not in slopes or by not in slopes:
        return None
    slope = TABLE["negative"](TABLE["divide"](slopes[by], slopes[of]))
    return Tied(names, slope, curve, apart, held)


def numbers_at(tied: Tied | None) -> dict[Node, float]:
    """The numbers of the two names at the point that was told last, if that lies on the curve."""
    if tied is None or tied.curve.point is None:
        return {}
    x, y = (float(Fraction(text)) for text in tied.curve.point)
    (_, of), (_, by) = tied.names
    known = {of: np.asarray(y), by: np.asarray(x)}
    apart = Point(known=known).value(tied.apart)
    on_curve = apart is not None and abs(float(apart)) < _ON * max(1.0, abs(x), abs(y))
    return {of: y, by: x} if on_curve else {}
