"""Numbers at the last iterate: ``p_2 = 0.6391`` of ``p_i = σ(β x_i)`` behind ``β_1 = 0.5714``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dvar.check.judge.links import Link
from dvar.check.judge.literal import read_literal
from dvar.check.judge.matching import arrays_of, close, like, like_node, value_at
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t


def or_iterate(place: Place, right: t.Expr, link: Link) -> Link:
    """A link that is right with the last of several numbered values for a name that has none, or its first."""
    if link.verdict not in ("unknown", "wrong") or link.left is None:
        return link
    try:
        literal, _ = read_literal(place.reader(), right, place.ledger)
    except NotUnderstood:
        return link
    for node in arrays_of(link.left):
        for moved in (_latest(place, node), _point(place, node)):
            value = value_at(node, {**place.ledger.given, **moved}) if moved else None
            matched = like(value, literal.value) if value is not None else None
            if matched is not None and close(matched, literal.value, literal.slack):
                shown = matched, literal.value
                return replace(link, verdict="ok", why="at the last iterate", numbers=shown)
    return link


def _point(place: Place, node: Node) -> dict[Node, Array]:
    """x and y at the last point that was printed as a whole: ``pos = (10, 10) - 0.1 [10, 90] = (9, 1)``."""
    names = [n for n in names_beneath([node]) if not n.shape and n in place.world.keys]
    names.sort(key=lambda n: str(place.world.keys[n]))
    points = [v for _, v in _numbers(place) if v.size == len(names) > 1]
    return dict(zip(names, points[-1].ravel(), strict=True)) if points else {}


def _latest(place: Place, node: Node) -> dict[Node, Array]:
    """The last number of ``β_0, β_1, …`` for each bare β beneath."""
    found: dict[Node, Array] = {}
    for name in names_beneath([node]):
        key = place.world.keys.get(name)
        if key is None or key.indices or key.marks or name.shape:
            continue
        steps = [
            (k.indices[0], value)
            for k, value in _numbers(place)
            if k.stem == key.stem and not k.marks and len(k.indices) == 1 and not value.ndim
        ]
        numbered = [(n, value) for n, value in steps if isinstance(n, int)]
        if numbered:
            matched = like_node(max(numbered, key=lambda step: step[0])[1], name)
            if matched is not None:
                found[name] = matched
    return found


def _numbers(place: Place) -> Iterator[tuple[Key, Array]]:
    """What has been given or printed for names."""
    yield from place.ledger.given_by_key.items()
    for node, shown in place.ledger.printed.items():
        key = place.world.named.get(node) or place.world.keys.get(node)
        if key is not None:
            yield key, shown.value


__all__ = ["or_iterate"]
