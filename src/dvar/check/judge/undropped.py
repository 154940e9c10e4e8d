r"""Names without the index of their example: ``∂ℓ/∂h = …`` where only ``ℓ^{(i)}`` and ``h^{(i)}`` have formulas.

As they stand such names are open, and anything may be said of them.  A gradient "at t = 2" lacks the other steps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress

from dvar.check.judge import links
from dvar.check.judge.compare import compare
from dvar.check.judge.conditions import names_a_step
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.keys import letters_in, sort
from dvar.check.meaning.values import NotUnderstood
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import rewritten


def as_example(place: Place, left: t.Expr, right: t.Expr) -> Link | None:
    """What is to be said of two sides as those of any one example; None where that is not understood."""
    world = place.world
    bare = [
        p
        for tree in (left, right)
        for p in t.walk(tree)
        if isinstance(p, t.Symbol) and not (p.scripts or p.subscripts or p.primes)
    ]
    dropped = {p.base: letter for p in bare if (letter := _letter_of(place, p)) is not None}
    if len(set(dropped.values())) != 1:
        return None
    (letter,) = set(dropped.values())
    names = {*dropped, *_beside(world, dropped, letter)}

    def indexed(part: object) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or part.base not in names or part not in bare:
            return None
        mark = t.Script("paren", t.Symbol(letter, part.span), part.span)
        return t.Symbol(
            part.base, part.span, part.font, part.accents, part.subscripts, (mark,), part.primes
        )

    a, b = (rewritten(tree, indexed) for tree in (left, right))
    envs = links.assignments(world, [a, b], place.conditions, place.position)
    link = links.as_functions(world, place.position, a, b, envs, code=place.code)
    return link if link.verdict in ("ok", "convention", "wrong") else None


def _letter_of(place: Place, name: t.Symbol) -> str | None:
    """``i`` of h where every ``h^{(i)}`` has a formula and h has none."""
    key = sort(name, place.world.spelling, {}).key
    if place.world.find(key, place.position) is not None:
        return None
    found = set()
    for definition in place.world.definitions.get(key.stem, ()):
        pattern = definition.pattern
        if pattern.indices or len(pattern.marks) != 1 or definition.position > place.position:
            return None
        kind, (what, letter, offset) = pattern.marks[0]
        found.add(str(letter) if (kind, what, offset) == ("p", "letter", 0) else None)
    return found.pop() if len(found) == 1 else None


def _beside(world: World, stems: Collection[str], letter: str) -> Iterator[str]:
    """The open names that stand in the formulas of others with the same index: ``y^{(i)}``."""
    for stem in stems:
        for definition in world.definitions.get(stem, ()):
            for part in t.walk(definition.value):
                if isinstance(part, t.Symbol) and [s.kind for s in part.scripts] == ["paren"]:
                    value = part.scripts[0].value
                    if value is not None and list(letters_in(value)) == [letter]:
                        yield part.base


def of_a_step(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """``∂L/∂w |_{t=2} = ∂L/∂a_2 x_2``: what one result sends back; which of them is meant, the step only hints at."""
    if not isinstance(left, t.Derivative) or not names_a_step(place.conditions, left):
        return None
    reader = place.reader(env=envs[0] if envs else {})
    with suppress(NotUnderstood):
        value = reader.value(right)
        at = differentiate.place_of(reader, left.wrt[0])
        for result, share in gradients.shares_of(reader, at):
            with suppress(NotUnderstood):
                sent = share()
                if compare(sent, value).holds:
                    why = f"the share of {place.world.named[result]}"
                    return Link("ok", why, sent, value)
    return Link("unknown", "which share of the gradient is meant")
