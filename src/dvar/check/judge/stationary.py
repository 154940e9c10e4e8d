"""Equations that hold where a gradient vanishes: "setting this to zero gives ``XᵀX w = Xᵀy``"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from dvar.check.judge.links import MET, Link, assignments
from dvar.check.judge.literal import is_zero
from dvar.check.judge.place import Place
from dvar.check.meaning import reading, slopes
from dvar.check.meaning.assumptions import POSITIVE, SYMMETRIC, assuming
from dvar.check.meaning.differentiate import jacobian, place_at
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.names import read_definition
from dvar.check.meaning.points import Point, finite, names_beneath
from dvar.check.meaning.values import NotUnderstood, count, flat
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_WORDS = re.compile(
    r"\b(set(ting|s)?|equat\w+|put(ting)?)\b[^.]{0,60}\b(zero|0)\b|stationar|first[- ]order condition|"
    r"normal equations?|\b(at|in) (the|an?|its|this) (optim|minim|maxim)\w+|\bvanish|null ?setzen|"
    r"igual\w+ a cero|annul\w+|\\(overset|stackrel)\s*\{!\}\s*\{=\}\s*0|=\s*0\s*\$?[^.\n]{0,20}(\\implies|\\Rightarrow|⇒|=>)",
    re.IGNORECASE,
)
_NEAR = 300
"""Characters before an equation in which such words are looked for."""
_POINTS = 4
_LOSSES = 6


def is_announced(document: Document, statement: Statement) -> bool:
    """Whether the words around an equation say that something vanishes."""
    start, end = statement.span
    return _WORDS.search(document.text[max(0, start - _NEAR) : end]) is not None


_MULTIPLIERS = frozenset({"lambda", "mu", "nu"})


def varied(statements: Sequence[Statement]) -> set[str]:
    """Names by which a derivative is said to vanish: ``∂Λ/∂π_k = N_k/π_k - λ = 0``; a formula for π solves this.

    So does one for λ, where ``Λ(π, λ) = …`` is told.
    """
    found: set[str] = set()
    told: dict[str, set[str]] = {}
    for statement in statements:
        first, last = statement.members[0].expr, statement.members[-1].expr
        if isinstance(first, t.Apply) and not first.primes:
            names = {stem_of(x) for x in first.args if isinstance(x, t.Symbol)}
            told[stem_of(first.head)] = names & _MULTIPLIERS
        elif isinstance(first, t.Derivative) and len(statement.members) > 1 and is_zero(last):
            of = first.of.head if isinstance(first.of, t.Apply) else first.of
            found |= {stem_of(x) for x in first.wrt if isinstance(x, t.Symbol)}
            found |= told.get(stem_of(of), set()) if isinstance(of, t.Symbol) else set()
    below = slopes.stationary(statements)
    return found.union(*below.values())


def holds(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """The verdict for an equation whose sides differ by a multiple of a gradient; None for any other."""
    found = _holds(place, left, right)
    of_matrices = [a for a in place.assumptions if a.kind in (SYMMETRIC, POSITIVE)]
    if found is not None or not of_matrices:
        return found
    with assuming(place.world, of_matrices):
        return _holds(place, left, right)


def elsewhere(place: Place, formula: t.Expr, number: t.Expr, link: Link) -> Link:
    """``dz/dt = 0 = …`` where it is set to zero: it need not vanish at the numbers that were given before."""
    if link.verdict != "wrong" or not place.is_optimum or not is_zero(number):
        return link
    return replace(link, verdict="unknown", why="it is to vanish, perhaps elsewhere")


def _holds(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    envs = assignments(place.world, [left, right], place.conditions, place.position)
    reader = place.reader()
    try:
        reading.read_all(reader)
        reads_functions(reader)
        reader = place.reader(env=envs[0]) if envs else reader
        a, b = reader.node(left), reader.node(right)
        apart = a if is_zero(right) else TABLE["subtract"](a, b)
    except NotUnderstood:
        return None
    below = set(topological([apart]))
    for top in _tops(place, below):
        for name in names_beneath([top]):
            if count(name) == count(apart) if name in below else count(apart) == 1:
                if isinstance(left, t.Derivative) and apart is not a and _is_multiple(a, top, name):
                    continue  # ∂L/∂b = Σ_i α_i y_i says what the derivative is, and not that it vanishes
                if _is_multiple(apart, top, name):
                    of, by = place.world.named[top], place.world.keys.get(name)
                    why = f"{MET} of {of} with respect to {by} vanishes"
                    return Link("ok", why, a, b)
    return None


def reads_functions(reader: Interpreter) -> None:
    """Read what is written with what it depends on, ``J(w) = …``, at just that."""
    for definitions in list(reader.world.definitions.values()):
        for definition in definitions:
            if definition.params and not definition.pattern.letters and not definition.numeric:
                with suppress(NotUnderstood):
                    read_definition(reader, definition, {})


def scalars(place: Place) -> list[Node]:
    """Results that are numbers, and have names."""
    return [n for n in place.world.named if not n.shape]


def _tops(place: Place, below: set[Node]) -> list[Node]:
    """Scalar results that depend on what the equation is about, but are no part of it."""
    names = set(names_beneath(below))
    found = [n for n in scalars(place) if n not in below and names & set(topological([n]))]
    return found[-_LOSSES:]


def _is_multiple(apart: Node, top: Node, name: Node) -> bool:
    """Whether a value is a constant times the derivative of ``top`` by ``name``, at every point."""
    try:
        gradient = jacobian(top, place_at(name)).node
    except NotUnderstood:
        return False
    if count(apart) == 1 < count(gradient):  # C - α_i - μ_i = 0, by each ξ_i
        entries = [TABLE["getitem"](flat(gradient), (k,)) for k in range(count(gradient))]
        return any(_keeps_ratio(flat(apart), entry) for entry in entries)
    turned = gradient.ndim == 2 and apart.shape == gradient.shape[::-1]
    return _keeps_ratio(apart, gradient) or (
        turned and _keeps_ratio(TABLE["transpose"](apart), gradient)
    )


def _keeps_ratio(apart: Node, gradient: Node) -> bool:
    ratios: list[float] = []
    for seed in range(_POINTS):
        point = Point(seed=seed)
        values = [point.value(node) for node in (apart, gradient)]
        if any(v is None or not finite(v) for v in values):
            continue
        a, g = (np.asarray(v, dtype=float).ravel() for v in values)
        ratio = _ratio(a, g)
        if ratio is None:
            return False
        ratios.append(ratio)
    if len(ratios) > 1 and count(apart) > 1:
        return True  # the factor may have names in it, such as n
    return len(ratios) > 1 and bool(np.allclose(ratios, ratios[0], rtol=1e-7))


def _ratio(a: Array, g: Array) -> float | None:
    """By what a is a multiple of g; None where it is none."""
    largest = int(np.argmax(np.abs(g)))
    if a.size != g.size or abs(g[largest]) < 1e-9:
        return None
    ratio = float(a[largest] / g[largest])
    return ratio if ratio and np.allclose(a, ratio * g, rtol=1e-7, atol=1e-9) else None
