"""Rules for functions that are left open: ``∂(uᵀv)/∂x`` in terms of ``∂u/∂x`` and ``∂v/∂x``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate
from dvar.check.meaning.assumptions import CONSTANT, depending
from dvar.check.meaning.keys import Key, general
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node
from dvar.core.op import VARIABLE
from dvar.read.worksheet import tree as t


def as_functions(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """Rules for functions that are left open: ``∂(uᵀv)/∂x`` in terms of ``∂u/∂x`` and ``∂v/∂x``."""
    world, reader = place.world, place.reader(env=envs[0] if envs else {})
    dependent: dict[Key, list[Node]] = {}
    for part in (*t.walk(left), *t.walk(right)):
        if not isinstance(part, t.Derivative) or part.of is None or len(part.wrt) != 1:
            continue
        of, wrt = (differentiate.key_of(reader, x) for x in (part.of, part.wrt[0]))
        if of is None or wrt is None or of == wrt or world.find(of, place.position) is not None:
            continue
        if general(of) in world.loss_names:
            continue
        try:
            node = reader.node(part.wrt[0])
        except NotUnderstood:
            continue
        if node.op is VARIABLE and node not in dependent.setdefault(of, []):
            dependent[of].append(node)
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
    return link if link.verdict in ("ok", "convention", "wrong") else None


def _moved(
    place: Place, left: t.Expr, right: t.Expr, dependent: Mapping[Key, list[Node]]
) -> dict[Key, list[Node]]:
    """The v of ``∂(uᵀv)/∂x`` that is written ``v(x)`` elsewhere: it depends on x here too."""
    world, reader = place.world, place.reader()
    held = {a.stem for a in place.assumptions if a.kind == CONSTANT}
    more: dict[Key, list[Node]] = {}
    for part in (*t.walk(left), *t.walk(right)):
        if not isinstance(part, t.Derivative) or part.of is None or len(part.wrt) != 1:
            continue
        by = differentiate.key_of(reader, part.wrt[0])
        nodes = [n for n, key in world.keys.items() if key == by and n.op is VARIABLE]
        for name in (p for p in t.walk(part.of) if isinstance(p, t.Symbol)):
            of = differentiate.key_of(reader, replace(name, scripts=()))
            if (
                of is None
                or of in dependent
                or held & {"", of.stem}
                or by not in world.moved_by.get(of, ())
            ):
                continue
            if nodes and of != by and world.find(of, place.position) is None:
                more[of] = nodes[-1:]
    return more
