"""Names of one side of a line that nothing in the document explains."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.check.judge.compare import compare
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import node_of, reshaped, sizes, squeezed
from dvar.check.meaning.world import World
from dvar.core.errors import ShapeError
from dvar.core.node import Node, topological
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

_STEM = re.compile(r"[_^*]")


def strangers(place: Place, link: Link, left: t.Expr | None = None) -> set[str]:
    """Open names of one side only that no formula has and nothing gives: who knows what they mean?

    What stands on both sides is the same on both, whatever it means; so is what a left side is a gradient by.
    """
    world = place.world
    under = set(topological([*world.named, *world.open_gradients.values()]))
    under |= {node for _, node in world.tied.all} if world.tied is not None else set()
    sides = [
        {n for n in topological([node_of(v)]) if n in world.keys}
        for v in (link.left, link.right)
        if v is not None
    ]
    both = set.intersection(*sides) if sides else set()
    common = {world.keys[n].stem for n in both}
    common |= _taken_by(left) | _arguments_of(world, left)
    unknown = {
        name
        for name in link.opened - world.familiar
        if _STEM.split(name, maxsplit=1)[0] not in common
    }
    for node in set().union(*sides) - both:
        key = world.keys[node]
        if node not in under and node not in place.ledger.given and not _is_label(world, key):
            unknown.add(str(key))
    if world.divisor is not None:  # the number of examples, which needs no word
        unknown.discard(world.divisor.base)
    return unknown


def _taken_by(left: t.Expr | None) -> set[str]:
    """What a side is a gradient by: ``w`` of ``∂L/∂w_i`` and of ``\\bar w_i``."""
    names = left.wrt if isinstance(left, t.Derivative) else (left,)
    return {x.base for x in names if isinstance(x, t.Symbol)}


def _arguments_of(world: World, left: t.Expr | None) -> set[str]:
    """What a function of a left side is told to be a function of: ``u``, ``v`` of ``∂g/∂v`` for ``g(u, v) = …``."""
    of = left.of if isinstance(left, t.Derivative) else left
    head = of.head if isinstance(of, t.Apply) else of
    told = world.definitions.get(head.base, ()) if isinstance(head, t.Symbol) else ()
    return {stem_of(x) for d in told for x in d.params if isinstance(x, t.Symbol)}


def _is_label(world: World, key: Key) -> bool:
    """Whether a name holds one-hot labels for a class that has a name: ``Y`` beside ``y_i``."""
    named = key.stem in world.normalised and key.stem[:1].isupper() and not key.indices
    return named and key.stem.lower() in world.spelling.chosen


def is_vague(world: World, parts: object) -> bool:
    """Whether nothing says what shape the only name has by which a gradient is taken."""
    if not isinstance(parts, tuple) or len(parts) != 1:
        return False
    key = world.keys.get(parts[0][0])
    return key is not None and key not in world.declared | world.given_shapes.keys()


def as_upstream(place: Place, link: Link) -> bool:
    """Whether a line is right if ``d_k`` are the entries of the gradient that arrives from above.

    They are where all that no formula explains is one family of entries, and the line has one such gradient.
    """
    world = place.world
    if link.left is None or link.right is None:
        return False
    left, right = node_of(link.left), node_of(link.right)
    told = {*topological(list(world.named)), *topological([left])}
    entries = {n: world.keys[n] for n in topological([right]) if n in world.keys and n not in told}
    if (
        len({key.stem for key in entries.values()}) != 1
        or entries.keys() & place.ledger.given.keys()
    ):
        return False
    if any(key.marks or len(key.indices) != 1 for key in entries.values()):
        return False
    first = min(world.bases.get(key.stem, world.first) for key in entries.values())
    fresh = [n for n in topological([left, right]) if n in world.fresh]
    arriving = _arriving(world, fresh, first)
    numbers = [key.indices[0] for key in entries.values()]
    if not set(numbers) <= set(arriving):
        return False
    exchange = {node: arriving[key.indices[0]] for node, key in entries.items()}
    try:
        exchanged = substitute(left, exchange), substitute(right, exchange)
    except ShapeError:  # an entry where an array is multiplied
        return False
    return bool(compare(*exchanged).holds)


def _arriving(world: World, gradients: Sequence[Node], first: int) -> dict[object, Node]:
    """The entries of the only gradient of an open loss, by their numbers."""
    if len(gradients) == 1 and len(squeezed(sizes(gradients[0]))) == 1:
        (whole,) = gradients
        flat = reshaped(whole, squeezed(sizes(whole)))
        return {k + first: TABLE["getitem"](flat, (k,)) for k in range(sizes(flat)[0])}
    named: dict[Key, Node] = {}
    for gradient in gradients:
        _, parts, _ = world.fresh[gradient]
        of = world.named.get(parts[0][0]) if isinstance(parts, tuple) and len(parts) == 1 else None
        if of is None or not of.indices or gradient.shape:
            return {}
        named[of] = gradient
    if len({(of.stem, of.marks, of.indices[:-1]) for of in named}) != 1:
        return {}
    return {of.indices[-1]: gradient for of, gradient in named.items()}
