r"""How far index letters run, as authors say it: ``i = 0, …, n - K``, ``1 \le i \le n``, ``j \in 1..T``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from dvar.check.meaning.keys import letters_in, number_of, size_name, stem_of, unwrapped
from dvar.check.meaning.letters import counting, parts
from dvar.check.meaning.unions import Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_UP = {"<": True, "<=": False}
_DOWN = {">": True, ">=": False}
_FROM_ZERO = re.compile(
    r"\bind(ex|ices|exing)\b[^.]{0,30}\b(start|begin|run|count)\w*[^.]{0,10}\b(at|from|with) (0|zero)\b|"
    r"\b(zero|0)[- ](based|indexed)\b|\bcount(ed|ing)? from (0|zero)\b",
    re.IGNORECASE,
)
_PADS = re.compile(
    r"\b(out of (range|bounds)|outside|beyond the (edge|border|boundary)|off the (edge|image))\b[^.]{0,60}"
    r"\b(0|zero|zeros|vanish\w*|dropped|ignored)\b|\bzero[- ]padd\w+|\bpadded with (0|zeros?)\b|"
    r"\b(valid|in[- ]range|in[- ]bounds) (ind(ex|ices)|positions?|terms?)\b",
    re.IGNORECASE,
)
LARGEST = 8
_COUNTS = frozenset("nNmMdDKHB")
"""Letters by which a sum is divided to make it a mean."""
_STEPS = frozenset("ltT")
"""Letters that count layers or steps, of which the one at 0 is an input."""
_ENOUGH = 3


@dataclass
class Bounds:
    """The first and the last number of a letter; ``open`` ends do not belong to it."""

    low: t.Expr | None = None
    high: t.Expr | None = None
    open_low: bool = False
    open_high: bool = False


def bounds_in(condition: t.Expr, letters: Iterable[str]) -> dict[str, Bounds]:
    """What a condition says of how far each letter runs."""
    found = {letter: Bounds() for letter in letters}
    relations = list(condition.operands) if isinstance(condition, t.Logic) else [condition]
    for relation in relations:
        if isinstance(relation, t.Relation):
            for (a, b), sign in zip(pairwise(relation.members), relation.relations, strict=True):
                _see(found, a, b, sign)
    lows = [b for b in found.values() if b.low is not None]
    highs = [b for b in found.values() if b.high is not None]
    if len(found) > 1 and len(lows) == len(highs) == 1:  # 0 ≤ p, q ≤ 1 holds for both
        for bounds in found.values():
            bounds.low, bounds.open_low = lows[0].low, lows[0].open_low
            bounds.high, bounds.open_high = highs[0].high, highs[0].open_high
    return found


def _see(found: dict[str, Bounds], a: t.Expr, b: t.Expr, sign: str) -> None:
    if sign in _DOWN:
        a, b, sign = b, a, {">": "<", ">=": "<="}[sign]
    left, right = _letter(a, found), _letter(b, found)
    if sign in _UP:
        if left is not None and right is None:
            found[left].high, found[left].open_high = b, _UP[sign]
        elif right is not None and left is None:
            found[right].low, found[right].open_low = a, _UP[sign]
    elif sign in ("=", "in") and left is not None:
        ends = _ends(b)
        if ends is not None:
            found[left] = Bounds(*ends)


def _letter(tree: t.Expr, found: dict[str, Bounds]) -> str | None:
    return tree.base if isinstance(tree, t.Symbol) and tree.base in found else None


def _ends(tree: t.Expr) -> tuple[t.Expr, t.Expr] | None:
    """The ends of ``0, …, n - 1``, of ``{1, …, n}``, of ``1..T``."""
    items: tuple[t.Expr, ...] = ()
    if isinstance(tree, t.Group) and tree.kind in ("tuple", "{", "(", "list", "["):
        items = tree.items
    elif isinstance(tree, t.Product):
        items = tree.factors
    if len(items) < 3 or not (
        any(isinstance(item, t.Ellipsis) for item in items[1:-1]) or _are_counted(items)
    ):
        return None
    return items[0], items[-1]


def _are_counted(items: Sequence[t.Expr]) -> bool:
    """``0, 1, 2``."""
    numbers = [item.value for item in items if isinstance(item, t.Number) and item.is_whole]
    return len(numbers) == len(items) and all(b == a + 1 for a, b in pairwise(numbers))


def is_range(condition: t.Expr) -> bool:
    """Whether a condition only says which numbers a letter runs through."""
    return (
        isinstance(condition, t.Relation)
        and condition.relations in (("=",), ("in",))
        and _ends(condition.members[1]) is not None
    )


# ── sizes ───────────────────────────────────────────────────────────────────────────────────────


def bound(world: World, statements: Sequence[Statement], prose: str) -> None:
    """Let letters run as far as is said, where more than the name of a size is said.

    Sizes that nothing else tells are made large enough for every letter to have some numbers.
    """
    world.first = 0 if _FROM_ZERO.search(prose) else 1
    if world.first == 0:
        for stem, letter in world.entry_letters.items():
            if world.run_of(letter).start == 0:
                world.bases.setdefault(stem, 0)
    world.pads = _PADS.search(prose) is not None
    _see_shifted(world, statements)
    said = [(c, b) for c, b in _said(world, statements) if b.low is not None and b.high is not None]
    for letter, bounds in said:
        world.limited.add(letter)
        _name_sizes(world, bounds.high)
        if bounds.high is None or _is_plain(bounds.high):
            continue
        for _ in range(LARGEST):
            low, high = _number(world, bounds.low), _number(world, bounds.high)
            if low is None or high is None or high - low + 1 >= _ENOUGH:
                break
            _enlarge(world, bounds.high)
    unbounded = _unbounded(statements)
    for letter, bounds in said:
        low, high = _number(world, bounds.low), _number(world, bounds.high)
        if low is not None and low < 0 and letter in unbounded:
            continue  # a window in one place, any number in others
        if low is not None and high is not None and 0 <= high - low < LARGEST:
            _settle(world, letter, low + bounds.open_low, high - bounds.open_high)
    _fit_entries(world, statements)
    _begin_sums(world, statements)


def _begin_sums(world: World, statements: Sequence[Statement]) -> None:
    """``x_{i+k}`` begins at 0 where i and k do."""
    names = (p for p in parts(statements) if isinstance(p, t.Symbol))
    for symbol, sub in ((x, sub) for x in names for sub in x.subscripts):
        if isinstance(sub, t.Sum) and min(sub.signs) > 0:
            letters = [x.base for x in sub.terms if isinstance(x, t.Symbol)]
            if len(letters) == len(sub.terms) and {world.starts.get(c) for c in letters} == {0}:
                world.bases.setdefault(stem_of(symbol), 0)


def begin_alike(
    world: World, statements: Sequence[Statement], places: Mapping[tuple[str, int], Set[str]]
) -> None:
    """Letters of the same entries begin at the same number: i of ``S_i`` beside ``\\sum_{k=0}^{N-1} S_k``.

    Args:
        world: where each letter is said to begin.
        statements: in which other sums may begin at 1.
        places: (stem, position) → the letters that stand there.
    """
    sums = (p for p in parts(statements) if isinstance(p, t.Big) and isinstance(p.low, t.Number))
    ones = {c for p in sums if isinstance(p.low, t.Number) and p.low.value for c in p.indices}
    while True:
        before = len(world.starts)
        for (stem, _), letters in places.items():
            if 0 in {world.starts.get(c) for c in letters}:
                world.bases.setdefault(stem, 0)
                for letter in letters - _STEPS if not letters & ones else ():
                    world.starts.setdefault(letter, 0)
        if len(world.starts) == before:
            return


def _unbounded(statements: Sequence[Statement]) -> set[str]:
    """Letters of sums that do not say how far they run."""
    return {
        letter
        for part in parts(statements)
        if isinstance(part, t.Big) and part.low is None and part.condition is None
        for letter in counting(part)
    }


def _name_sizes(world: World, high: t.Expr | None) -> None:
    for name in _names(high) if high is not None else ():
        world.counts.setdefault(name, world.sizes.setdefault(name, _ENOUGH))
        world.size_names.add(name)


def _fit_entries(world: World, statements: Sequence[Statement]) -> None:
    """Arrays have as many entries as the letters of their indices have numbers."""
    for part in parts(statements):
        if not isinstance(part, t.Symbol):
            continue
        position = 0
        for sub in part.subscripts:
            for letter in letters_in(sub) if isinstance(sub, (t.Label, t.Symbol)) else [""]:
                if letter in world.limited and (stem_of(part), position) in world.entry_sizes:
                    world.entry_sizes[stem_of(part), position] = world.sizes[letter]
                position += 1


def _see_shifted(world: World, statements: Sequence[Statement]) -> None:
    """Names with an index that is a sum: how far they reach is not how far one letter runs."""
    for part in parts(statements):
        if not isinstance(part, t.Symbol):
            continue
        for sub in part.subscripts:
            for single in sub.items if isinstance(sub, t.Group) else (sub,):
                if isinstance(single, t.Sum):
                    world.shifted.add(stem_of(part))
                    letters = [x for x in single.terms if isinstance(x, (t.Symbol, t.Product))]
                    if len(letters) > 1 and min(single.signs) > 0:
                        world.extended.add(stem_of(part))


def _settle(world: World, letter: str, low: int, high: int) -> None:
    if low != 1:
        world.starts[letter] = low
    world.sizes[letter] = high - low + 1


def _said(world: World, statements: Sequence[Statement]) -> Iterator[tuple[str, Bounds]]:
    for part in parts(statements):
        if isinstance(part, t.Big) and counting(part):
            if part.low is not None and part.high is not None:
                yield part.indices[0], Bounds(part.low, part.high)
            elif part.condition is not None:
                yield from bounds_in(part.condition, part.indices).items()
    for statement in statements:
        tree = statement.condition
        if tree is None and len(statement.members) == 2 and statement.members[1].expr is not None:
            left, right = statement.members[0].expr, statement.members[1]
            if left is not None and right.expr is not None and right.relation in ("=", "in"):
                tree = t.Relation((left, right.expr), (right.relation,), statement.span)
        if tree is not None:
            letters = [c for c in _names(tree) if c in world.spelling.letters]
            yield from bounds_in(tree, letters).items()


def _names(tree: t.Expr) -> list[str]:
    names = (p for p in t.walk(tree) if isinstance(p, t.Symbol) and not p.scripts)
    return [name for p in names if (name := size_name(p)) is not None]


def _is_plain(high: t.Expr) -> bool:
    """``n`` and ``n - 1``, which name a size."""
    if isinstance(high, t.Sum) and len(high.terms) == 2 and isinstance(high.terms[1], t.Number):
        high = high.terms[0]
    return isinstance(high, (t.Symbol, t.Number))


def _number(world: World, tree: t.Expr | None) -> int | None:
    if tree is None:
        return None
    return number_of(tree, world.spelling, {**world.sizes, **world.counts})


def _enlarge(world: World, high: t.Expr) -> None:
    """Make the first size in a bound larger: that of what the others are taken from."""
    if isinstance(high, t.Sum) and isinstance(high.terms[0], t.Symbol) and high.signs[0] > 0:
        name = size_name(high.terms[0]) or ""
        if name not in world.told_sizes:
            world.counts[name] += 1
            if name not in world.spelling.letters:
                world.sizes[name] = world.counts[name]


def means(statements: Sequence[Statement], unions: Unions) -> None:
    """``\\frac1d \\sum_k x_k``: a sum that is divided by d has d terms, if it does not say how many.

    So does one that is divided by a letter which stands nowhere else.
    """
    found: list[tuple[str, str]] = []
    for part in parts(statements):
        pairs = [(part.below, part.above)] if isinstance(part, t.Quotient) else []
        for front, sum_ in pairwise(part.factors) if isinstance(part, t.Product) else ():
            one = unwrapped(front)
            if isinstance(one, t.Quotient) and isinstance(one.above, t.Number):
                pairs.append((one.below, sum_))
        found += [
            (inside.indices[0], name)
            for below, inside in pairs
            if isinstance(inside, t.Big) and inside.name == "sum" and len(inside.indices) == 1
            if inside.low is None and inside.condition is None
            if isinstance(below, t.Symbol) and not (below.subscripts or below.scripts)
            if (name := size_name(below)) is not None
        ]
    divided = Counter(name for _, name in found)
    several = [s for s in statements if len(s.members) > 1] if divided else []
    written = Counter(p.base for p in parts(several) if isinstance(p, t.Symbol))
    for letter, name in found:
        if name in _COUNTS or (len(name) == 1 and divided[name] == written[name]):
            unions.join(("letter", letter), ("size", name))
