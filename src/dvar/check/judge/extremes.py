r"""Where something is largest or smallest: ``\arg\max_θ L(θ) = \arg\min_θ -\log L(θ)``.

Two functions are largest at the same place where one rises with the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product

import numpy as np

from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.points import RANGES, Point, finite, names_beneath
from dvar.check.meaning.values import NotUnderstood, sizes
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

_SIGNS = {"argmax": 1, "argmin": -1}
_PLACES = 8
_SEEDS = 3
_SAME = 1e-12
"""A difference that is smaller, as a part of the values, may be one of rounding."""


def judged(place: Place, left: t.Expr, right: t.Expr, env: Mapping[str, int]) -> Link | None:
    """Whether two functions are largest at one place; None where a side says something else."""
    first, second = _extreme(left), _extreme(right)
    if first is None or second is None or _names(first) != _names(second):
        return None
    if {*_names(first)} <= place.world.spelling.letters:
        return _of_entries(place, first, second, env)
    reader = place.reader(env=dict(env))
    try:
        f, g = reader.node(first.body), reader.node(second.body)
        varied = [reader.node(t.Symbol(name, first.span)) for name in _names(first)]
    except NotUnderstood as error:
        return Link("unknown", str(error))
    open_ = set(names_beneath([f])) & set(names_beneath([g]))
    if f.shape or g.shape or not varied or not set(varied) <= open_:
        return Link("unknown", "where it is largest")
    wanted = _SIGNS[first.name] * _SIGNS[second.name]
    for span in RANGES:
        turns = {
            turn * wanted for seed in range(_SEEDS) for turn in _turns(f, g, varied, span, seed)
        }
        if (said := _said(turns)) is not None:
            return said
        if turns:
            break
    return Link("unknown", "whether both are largest at one place")


def _said(turns: set[int]) -> Link | None:
    if turns == {-1}:
        return Link("wrong", "one is largest where the other is smallest", causes=("sign",))
    return Link("ok") if turns == {1} else None


def _of_entries(place: Place, first: t.Big, second: t.Big, env: Mapping[str, int]) -> Link:
    r"""``\arg\max_j p_j = \arg\max_j z_j``: which entry is largest."""
    letters = _names(first)
    wanted = _SIGNS[first.name] * _SIGNS[second.name]
    pairs: list[tuple[Node, Node]] = []
    try:
        for values in product(*(place.world.run_of(c) for c in letters)):
            reader = place.reader(env={**env, **dict(zip(letters, values, strict=True))})
            pairs.append((reader.node(first.body), reader.node(second.body)))
    except NotUnderstood as error:
        return Link("unknown", str(error))
    found: set[int] = set()
    for point in (Point(span, seed) for span in RANGES for seed in range(_SEEDS)):
        told = [(point.value(f), point.value(g)) for f, g in pairs if not (f.shape or g.shape)]
        known = [(a, b) for a, b in told if a is not None and b is not None and finite(a, b)]
        found |= {turn * wanted for turn in _alike(known)}
    return _said(found) or Link("unknown", "whether both are largest at one place")


def _extreme(tree: t.Expr) -> t.Big | None:
    r"""``\arg\max_x a - b`` is about all that stands behind it."""
    if isinstance(tree, t.Sum) and tree.signs[0] == 1 and (whole := _extreme(tree.terms[0])):
        return replace(whole, body=replace(tree, terms=(whole.body, *tree.terms[1:])))
    if isinstance(tree, t.Product) and (whole := _extreme(tree.factors[0])):
        return replace(whole, body=replace(tree, factors=(whole.body, *tree.factors[1:])))
    return tree if isinstance(tree, t.Big) and tree.name in _SIGNS else None


def _names(tree: t.Big) -> list[str]:
    r"""What is varied: ``θ``, also of ``θ ∈ Θ``."""
    about = tree.condition
    if isinstance(about, t.Relation) and isinstance(about.members[0], t.Symbol):
        return [about.members[0].base]
    return sorted(tree.indices)


def _turns(
    f: Node, g: Node, varied: list[Node], span: tuple[float, float], seed: int
) -> Iterator[int]:
    """1 for each pair of places at which both functions change the same way, -1 where they do not."""
    found: list[tuple[Array, Array]] = []
    rest = Point(span, seed)
    for name in names_beneath([f, g]):
        rest.value(name)
    for k in range(_PLACES):
        generator = np.random.default_rng(10 * seed + k)
        at = {n: v for n, v in rest.values.items() if n not in varied}
        point = Point(span, seed, {**at, **{n: generator.uniform(*span, sizes(n)) for n in varied}})
        values = point.value(f), point.value(g)
        if values[0] is not None and values[1] is not None and finite(values[0], values[1]):
            found.append((values[0], values[1]))
    yield from _alike(found)


def _alike(found: Sequence[tuple[Array, Array]]) -> Iterator[int]:
    for (a, x), (b, y) in combinations(found, 2):
        if min(abs(a - b) / (abs(a) + abs(b)), abs(x - y) / (abs(x) + abs(y))) > _SAME:
            yield 1 if (a > b) == (x > y) else -1


__all__ = ["judged"]
