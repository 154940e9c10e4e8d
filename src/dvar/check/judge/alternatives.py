"""Names of a problem that may have been meant where another one is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from dvar.check.meaning.keys import Key, Spelling, sort
from dvar.check.meaning.letters import parts
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

FORMULAS = 8
"""So many formulas are looked at."""
MEMBERS = 3
"""Of names that differ in their indices only so many are tried before others."""


def named(spelling: Spelling, statements: Sequence[Statement]) -> dict[Key, t.Symbol]:
    """The names in some statements, each as it is written first."""
    found: dict[Key, t.Symbol] = {}
    for statement in statements:
        for part in parts([statement]):
            if isinstance(part, t.Symbol) and not part.primes and part.base not in ("e", "d"):
                found.setdefault(sort(part, spelling, {}).key, part)
    return found


def nearest_first(
    world: World, names: Mapping[Key, t.Symbol], statement: Statement
) -> list[t.Symbol]:
    """Names that may have been meant in a statement, those nearest to it first.

    In ``p = X b = X (XᵀX)⁻¹ Xᵀ y`` the name whose value is worked out is none of them.
    """
    subject = statement.members[0].expr
    if isinstance(subject, t.Symbol) and len(statement.members) > 2:
        subject_key = sort(subject, world.spelling, {}).key
        rest = parts([replace(statement, members=statement.members[1:])])
        if all(
            sort(p, world.spelling, {}).key != subject_key for p in rest if isinstance(p, t.Symbol)
        ):
            names = {key: name for key, name in names.items() if key != subject_key}
    own = {sort(p, world.spelling, {}).key for p in parts([statement]) if isinstance(p, t.Symbol)}
    stems = {key.stem[:1].lower() for key in own}
    kin = _beside(world, own)

    def unlikely(item: tuple[Key, t.Symbol]) -> tuple[bool, bool, int, bool, int]:
        key, symbol = item
        far = abs(symbol.span[0] - statement.span[0])
        is_kin = key.stem in kin
        return key not in own, not is_kin, _apart(key, own), str(key)[:1].lower() not in stems, far

    ordered = [key for key, _ in sorted(names.items(), key=unlikely)]
    seen: Counter[str] = Counter()
    late = set()
    for key in ordered:
        seen[key.stem] += 1
        if seen[key.stem] > MEMBERS and key not in own and _apart(key, own) > 1:
            late.add(key)
    return [names[key] for key in sorted(ordered, key=late.__contains__)]


def _beside(world: World, own: Set[Key]) -> set[str]:
    """What the formulas of some names are made of."""
    stems = {key.stem for key in own}
    formulas = [d.value for stem in stems for d in world.definitions.get(stem, ()) if not d.numeric]
    return {p.base for x in formulas[:FORMULAS] for p in t.walk(x) if isinstance(p, t.Symbol)}


def _apart(key: Key, own: Iterable[Key]) -> int:
    """In how many letters and digits of its indices a name differs from one that is written: ``w_{35}``, ``w_{45}``."""
    least = 3
    for other in own:
        if key.stem == other.stem and len(a := str(key)) == len(b := str(other)):
            least = min(least, sum(x != y for x, y in zip(a, b, strict=True)))
    return least
