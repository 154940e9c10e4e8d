"""Names of one side of a line that nothing in the document explains."""

from __future__ import annotations

from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import node_of
from dvar.check.meaning.world import World
from dvar.core.node import topological


def strangers(place: Place, link: Link) -> set[str]:
    """Open names of one side only that no formula has and nothing gives: who knows what they mean?

    What stands on both sides is the same on both, whatever it means.
    """
    world = place.world
    under = set(topological(list(world.named)))
    sides = [
        {n for n in topological([node_of(v)]) if n in world.keys}
        for v in (link.left, link.right)
        if v is not None
    ]
    both = set.intersection(*sides) if sides else set()
    common = {world.keys[n].stem for n in both}
    unknown = {
        name
        for name in link.opened - world.familiar
        if name.rstrip("*").split("_")[0] not in common
    }
    for node in set().union(*sides) - both:
        key = world.keys[node]
        if node not in under and node not in place.ledger.given and not _is_label(world, key):
            unknown.add(str(key))
    return unknown


def _is_label(world: World, key: Key) -> bool:
    """Whether a name holds one-hot labels for a class that has a name: ``Y`` beside ``y_i``."""
    named = key.stem in world.normalised and key.stem[:1].isupper() and not key.indices
    return named and key.stem.lower() in world.spelling.chosen
