"""Units that are written with their numbers: how many of them there are, and in which layer they are counted."""

from __future__ import annotations

from collections.abc import Sequence, Set

from dvar.check.meaning.given import LARGEST
from dvar.check.meaning.keys import behind_numbers, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def layers_of(named: Sequence[t.Symbol]) -> set[str]:
    """Names with a number and letters behind it below them: ``a_{1j}`` and ``a_{2i}`` are two arrays."""
    return {stem_of(part) for part in named if behind_numbers(_below(part))}


def _below(part: t.Symbol) -> str:
    return "".join(s.text for s in part.subscripts if isinstance(s, t.Label))


def entry(part: t.Symbol, at: int, layers: Set[str]) -> Item:
    """What is as long as an index of a name runs; each layer has an array of its own."""
    text = _below(part)
    apart = at > 0 and stem_of(part) in layers and text[:1].isdigit()
    return "entry", f"{stem_of(part)}_{text[0]}" if apart else stem_of(part), str(at)


def number_units(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> None:
    """``δ_j`` beside δ_3, δ_4, δ_5: units that are numbered on through the layers do not begin at 1.

    Nor are there more of them than are written out: ``w_{31} a_{21} + w_{32} a_{22}`` beside ``w_{3i}``.
    """
    seen: dict[Item, set[int]] = {}
    known = set(unions.items())
    named = [p for p in parts(statements) if isinstance(p, t.Symbol)]
    layers = layers_of(named)
    for part in named:
        texts = [s.text for s in part.subscripts if isinstance(s, t.Label)]
        joined = len(texts) == 1 and stem_of(part) in layers
        for position, text in enumerate(texts[0] if joined else texts):
            if text.isdigit() and len(text) == 1:
                seen.setdefault(entry(part, position, layers), set()).add(int(text))
    classes: dict[Item, list[str]] = {}
    for item in unions.items():
        if item[0] == "letter":
            classes.setdefault(unions.root(item), []).append(item[1])
    sized = {unions.root(item) for item in known if item[0] == "size"}
    for root, letters in classes.items():
        used = {i: n for i, n in seen.items() if i in known and unions.root(i) == root}
        found = set().union(*used.values())
        if len(found) < 2 or any(letter in world.starts for letter in letters):
            continue
        is_usual = min(found) == 1 and (root in sized or any(i[2] == "0" for i in used))
        if is_usual or 0 in found:
            continue
        size = max(found) - min(found) + 1
        if size <= LARGEST and not any(unions.root(i) == root for i in fixed):
            fixed[("letter", letters[0])] = size
            if min(found) > 1:
                world.starts.update(dict.fromkeys(letters, min(found)))
