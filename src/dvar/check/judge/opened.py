"""Rules for functions that are left open: ``∂(uᵀv)/∂x`` in terms of ``∂u/∂x`` and ``∂v/∂x``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate
from dvar.check.meaning.assumptions import CONSTANT, depending
from dvar.check.meaning.keys import Key, general
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.read.worksheet import tree as t


def as_functions(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """Rules for functions that are left open: ``∂(uᵀv)/∂x`` in terms of ``∂u/∂x`` and ``∂v/∂x``."""
    world = place.world
    if not any(_derivatives(left, right)):
        return None
    dependent: dict[Key, list[Node]] = {}
    for _ in range(2):  # f(x, y), where x = x(s, t) is a function itself
        with depending(world, dict(dependent)):
            for key, nodes in _dependents(place, left, right, envs).items():
                dependent[key] = nodes
    if not dependent:
        return None
    with depending(world, dependent):
        link = links.as_functions(world, place.position, left, right, envs, code=place.code)
    if link.verdict in ("ok", "convention") and (more := _moved(place, left, right, dependent)):
        with depending(world, {**dependent, **more}):
            link = links.as_functions(world, place.position, left, right, envs, code=place.code)
        if link.verdict == "wrong":
            why = f"{', '.join(map(str, more))} changes as well"
            return Link("wrong", why, causes=("missing-path",), opened=link.opened)
    if link.verdict == "wrong" and (
        _has_loss_of_its_own(place, link) or _tells_slopes(place, right, dependent)
    ):
        return None
    return link if link.verdict in ("ok", "convention", "wrong") else None


def _has_loss_of_its_own(place: Place, link: Link) -> bool:
    """Whether a derivative of a loss without a formula stands on one side only: ``∂E/∂w = ∂E/∂z ∂z/∂w`` tells it."""
    sides = [topological([node_of(v)]) for v in (link.left, link.right) if v is not None]
    first, *rest = ({n for n in side if n in place.world.fresh} for side in sides)
    return any(first != other for other in rest)


def _tells_slopes(place: Place, right: t.Expr, dependent: Mapping[Key, list[Node]]) -> bool:
    """``∂z_j/∂w_{ij} ∂E/∂z_j = y_i ∂E/∂z_j``: without any slope of z on the right, it tells what that is."""
    reader, open_ = place.reader(), {general(key) for key in dependent}
    ofs = (p.of for p in t.walk(right) if isinstance(p, t.Derivative) and p.of is not None)
    names = [x for of in ofs for x in t.walk(of) if isinstance(x, t.Symbol)]
    names += [p for p in t.walk(right) if isinstance(p, t.Symbol) and p.primes]  # k'
    keys = (differentiate.key_of(reader, replace(x, scripts=(), primes=0)) for x in names)
    return not any(key is not None and general(key) in open_ for key in keys)


def _dependents(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> dict[Key, list[Node]]:
    """Open names of which derivatives are taken, with what they depend on: all that is said to, or by what."""
    world, reader = place.world, place.reader(env=envs[0] if envs else {})
    found: dict[Key, list[Node]] = {}
    for whole, by in _derivatives(left, right):
        of, wrt = (differentiate.key_of(reader, x) for x in (whole, by))
        if of is None or wrt is None or of == wrt or not _is_open(place, of):
            continue
        try:
            node = reader.node(by)
            told = [reader.node(x) for x in world.dependent.get(of, ())]
        except NotUnderstood:
            continue
        if node in told or node.op is VARIABLE:
            known = found.setdefault(of, [])
            known += [n for n in (told if node in told else [node]) if n not in known]
        for between in (differentiate.key_of(reader, x) for x in world.dependent.get(of, ())):
            if between in world.dependent and between not in found and _is_open(place, between):
                found[between] = [reader.node(x) for x in world.dependent[between]]
    return found


def _derivatives(*sides: t.Expr) -> Iterator[tuple[t.Expr, t.Expr]]:
    """What is differentiated, and by what."""
    for part in (p for side in sides for p in t.walk(side)):
        if isinstance(part, t.Derivative) and part.of is not None and len(part.wrt) == 1:
            yield part.of, part.wrt[0]


def _is_open(place: Place, key: Key) -> bool:
    world = place.world
    return world.find(key, place.position) is None and general(key) not in world.loss_names


def _moved(
    place: Place, left: t.Expr, right: t.Expr, dependent: Mapping[Key, list[Node]]
) -> dict[Key, list[Node]]:
    """The v of ``∂(uᵀv)/∂x`` that is written ``v(x)`` elsewhere: it depends on x here too."""
    world, reader = place.world, place.reader()
    held = {a.stem for a in place.assumptions if a.kind == CONSTANT}
    more: dict[Key, list[Node]] = {}
    for whole, name_of in _derivatives(left, right):
        by = differentiate.key_of(reader, name_of)
        nodes = [n for n, key in world.keys.items() if key == by and n.op is VARIABLE]
        for name in (p for p in t.walk(whole) if isinstance(p, t.Symbol)):
            of = differentiate.key_of(reader, replace(name, scripts=()))
            if (
                of is None
                or of in dependent
                or held & {"", of.stem}
                or by not in {differentiate.key_of(reader, x) for x in world.dependent.get(of, ())}
            ):
                continue
            if nodes and of != by and world.find(of, place.position) is None:
                more[of] = nodes[-1:]
    return more
