r"""Formulas for where something is least or greatest: ``w_λ = (XᵀX + λI)⁻¹ Xᵀ y`` behind ``J_λ(w) = …``.

Such a formula defines a name, and claims that a gradient vanishes there.  It is right if one does; it is wrong if
none does, and one slip of those that bring no name makes one vanish: what a name is, other lines may leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, islice, product

import numpy as np

from dvar.check.cause.bend import Bend
from dvar.check.cause.bends import bends
from dvar.check.cause.turning import reversed_products
from dvar.check.judge import links
from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.judge.stationary import is_announced, reads_functions, scalars
from dvar.check.meaning import effort, reading
from dvar.check.meaning.assumptions import assuming
from dvar.check.meaning.differentiate import jacobian, place_at
from dvar.check.meaning.keys import Key, sort, stem_of
from dvar.check.meaning.points import RANGES, Point, finite
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import NotUnderstood, count, reshaped, sizes
from dvar.core.node import Node, topological
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_SOUGHT = re.compile(
    r"\b(optim|minim|maxim|least\b|largest|smallest|solution|solv|closed[- ]form|estimat|MLE\b|MAP\b|ridge|"
    r"normal equation)",
    re.IGNORECASE,
)
"""Words near a formula for where something is least."""
_NEAR = 250
_POINTS = 4
_SMALL = 1e-7
"""So small is a gradient that vanishes, beside itself a little further on."""
_TRIED = 60
"""So many changes of a formula are tried."""
_PLAIN = frozenset({"sign", "transpose", "wrong-rule", "factor", "missing-factor"})


def of_formula(place: Place, document: Document, statement: Statement) -> Verdict | None:
    """What is to be said of a definition of where a gradient vanishes; None if it is no such, or that is not known."""
    if place.code or len(statement.members) != 2 or statement.members[1].relation != "=":
        return None
    before, member = statement.members
    left, right = before.expr, member.expr
    if not isinstance(left, t.Symbol) or right is None or links.is_number(right, place.world):
        return None
    if not _is_sought(document, statement, left):
        return None
    world = place.world
    with world.read_anew(), assuming(world, place.assumptions), effort.briefly():
        world.forget(stem_of(left).split(".")[0])  # whatever it is elsewhere, it is varied here
        reader = place.reader()
        reading.read_all(reader)
        reads_functions(reader)
        sought = [*_sought(place, left)]
        held = next((s for s in sought if s.is_at(right)), None)
        if held is not None:
            why = f"the derivative of {held.of} by {held.by} vanishes there"
            return _said(before, member, Link("ok", why))
        for bend in islice(_changes(right, document.text), _TRIED) if sought else ():
            if sought[-1].is_at(bend.tree):
                said = f"the derivative of {sought[-1].of} does not vanish there"
                why = f"{said}; to look at: {bend.what}"
                link = Link("wrong", why, causes=(bend.cause,), mend=bend.edit)
                return _said(before, member, link)
    return None


def _said(before: Member, member: Member, link: Link) -> Verdict:
    return Verdict(link.verdict, member, before, link, links=[(before, member, link)])


def _is_sought(document: Document, statement: Statement, left: t.Symbol) -> bool:
    """Whether a formula is for where something is least: a star or a hat, or words say so."""
    marked = "hat" in left.accents or any(s.kind == "mark" for s in left.scripts)
    starred = any(isinstance(s.value, t.Label) and s.value.text == "*" for s in left.scripts)
    start, end = statement.span
    near = document.text[max(0, start - _NEAR) : end]
    return marked or starred or is_announced(document, statement) or bool(_SOUGHT.search(near))


@dataclass(frozen=True)
class _Sought:
    """Where the derivative of a scalar by an open name vanishes.

    Attributes:
        top, name: the scalar and the name; is_squared: whether the formula is for the square of the name.
        estimates: other open names, and what their own formulas have found for them.
    """

    place: Place
    top: Node
    name: Node
    is_squared: bool
    estimates: Mapping[Node, Node]

    @property
    def of(self) -> Key:
        return self.place.world.named[self.top]

    @property
    def by(self) -> Key:
        return self.place.world.keys[self.name]

    def is_at(self, formula: t.Expr) -> bool:
        """Whether it vanishes where the name is what a formula comes to, and nowhere near it."""
        try:
            value = self.place.reader().node(formula, sizes(self.name))
            if count(value) != count(self.name) or self.name in topological([value]):
                return False
            value = TABLE["sqrt"](value) if self.is_squared else value
            gradient = jacobian(self.top, place_at(self.name)).node
        except NotUnderstood:
            return False
        put = {self.name: reshaped(value, sizes(self.name))}
        at = substitute(gradient, put)
        return _is_zero(at, gradient) or (
            bool(self.estimates) and _is_zero(substitute(at, self.estimates), gradient)
        )


def _sought(place: Place, left: t.Symbol) -> Iterator[_Sought]:
    """Scalars with a formula that depend on an open name with the letter of a formula's left side, the last ones last."""
    world, letter = place.world, stem_of(left).split(".")[0]
    own = sort(left, world.spelling, {})
    named = {key: node for node, key in world.named.items()}
    hats = ((n, replace(key, stem=f"{key.stem}.hat")) for n, key in world.keys.items())
    estimates = {n: named[hat] for n, hat in hats if hat in named}
    is_squared = any(isinstance(s.value, t.Number) and s.value.value == 2 for s in own.operations)
    is_squared |= ("^", 2) in own.key.marks
    for top in scalars(place):
        beneath = set(topological([top]))
        if any(world.named.get(n) == own.key for n in beneath):
            continue  # ŷ = σ(z) of a loss (ŷ - y)²
        told = world.find(world.named[top], place.position)
        if told is None or told[0].position > place.position:
            continue
        for name, key in world.keys.items():
            if key.stem == letter and name in beneath:
                others = {n: e for n, e in estimates.items() if n is not name}
                yield _Sought(place, top, name, is_squared and not key.marks, others)


def _is_zero(found: Node, elsewhere: Node) -> bool:
    """Whether a value is 0 at all points where another one is not."""
    held = 0
    for span, seed in product(RANGES, range(_POINTS)):
        point = Point(span, seed)
        a, b = point.value(found), point.value(elsewhere)
        if a is None or b is None or not finite(a) or not finite(b):
            continue
        scale = float(np.max(np.abs(b), initial=0.0))
        if scale < _SMALL:
            continue
        if np.max(np.abs(a), initial=0.0) > _SMALL * scale:
            return False
        held += 1
        if held == _POINTS:
            break
    return held > 1


def _changes(tree: t.Expr, text: str) -> Iterator[Bend]:
    """Slips that bring no other name into a formula, and take none away."""
    own = _names(tree)
    for bend in chain(reversed_products(tree, text), bends(tree, text, [], [], [])):
        if bend.cause in _PLAIN and _names(bend.tree) == own:
            yield bend


def _names(tree: t.Expr) -> set[str]:
    return {p.base for p in t.walk(tree) if isinstance(p, t.Symbol)}
