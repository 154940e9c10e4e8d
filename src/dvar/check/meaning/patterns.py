r"""Definitions for many at once: ``z_j = \sum_i w_{ji} x_i`` holds for every j."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dvar.check.meaning import kept
from dvar.check.meaning.keys import (
    Bindings,
    Index,
    Key,
    Spelling,
    entry_of,
    letters_in,
    sort,
    stem_of,
)
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.world import World

Slot = tuple[str, Index, int]
"""``("const", 1, 0)``, or ``("letter", "t", 1)`` for ``t + 1``."""


@dataclass(frozen=True)
class Pattern:
    """The left side of a definition: a key in which letters may stand for numbers."""

    stem: str
    marks: tuple[tuple[str, Slot], ...]
    indices: tuple[Slot, ...]

    @cached_property
    def letters(self) -> frozenset[str]:
        slots = [slot for _, slot in self.marks] + list(self.indices)
        return frozenset(str(s[1]) for s in slots if s[0] == "letter")

    def key(self, env: Bindings) -> Key:
        """The name for these letters."""

        def filled(slot: Slot) -> Index:
            kind, what, offset = slot
            return env[str(what)] + offset if kind == "letter" else what

        marks = tuple((kind, filled(slot)) for kind, slot in self.marks)
        return Key(self.stem, marks, tuple(filled(slot) for slot in self.indices))

    def match(self, key: Key) -> dict[str, int] | None:
        """What the letters stand for in ``key``; None where it does not fit."""
        if key.stem != self.stem or len(key.indices) != len(self.indices):
            return None
        if [kind for kind, _ in key.marks] != [kind for kind, _ in self.marks]:
            return None
        bound: dict[str, int] = {}
        pairs = [(slot, value) for (_, slot), (_, value) in zip(self.marks, key.marks, strict=True)]
        pairs += list(zip(self.indices, key.indices, strict=True))
        for (kind, what, offset), value in pairs:
            if kind == "const":
                if what != value:
                    return None
            elif not isinstance(value, int):
                return None
            else:
                letter = str(what)
                if bound.setdefault(letter, value - offset) != value - offset:
                    return None
        return bound


def pattern_of(symbol: t.Symbol, spelling: Spelling) -> tuple[Pattern, tuple[t.Script, ...]]:
    """The pattern of a left side, and what is left over (a power, a transpose)."""
    name = sort(symbol, spelling, {})
    used = {id(s) for s in name.operations}
    marked = [s for s in symbol.scripts if id(s) not in used]
    marks = tuple(
        (
            kind,
            _slots(script.value, spelling)[0] if script.value is not None else ("const", value, 0),
        )
        for (kind, value), script in zip(name.key.marks, marked, strict=True)
    )
    stem = stem_of(symbol)
    indices = tuple(slot for part in symbol.subscripts for slot in _slots(part, spelling, stem))
    return Pattern(stem, marks, indices), name.operations


def _slots(expr: t.Expr, spelling: Spelling, stem: str = "") -> list[Slot]:
    letters = _index_letters(expr, spelling)
    if letters is None and isinstance(expr, t.Label) and _letters(expr, spelling):
        return [("const", int(c), 0) if c.isdigit() else ("letter", c, 0) for c in expr.text]
    if letters is None:
        return [("const", value, 0) for value in entry_of(stem, expr, spelling, {})]
    return [("letter", letter, offset) for letter, offset in letters]


def _index_letters(expr: t.Expr, spelling: Spelling) -> list[tuple[str, int]] | None:
    match expr:
        case t.Label(text=text, is_text=False) if text and all(c in spelling.letters for c in text):
            if text == "L":
                return None
            return [(c, 0) for c in text]
        case t.Symbol(base=base, subscripts=(), scripts=()) if base in spelling.letters:
            return None if base == "L" else [(base, 0)]
        case t.Group(kind="(" | "[" | "{", items=(item,), scripts=()):
            return _index_letters(item, spelling)
        case t.Sum(terms=(first, t.Number() as shift), signs=(1, sign)):
            inner = _index_letters(first, spelling)
            if inner is not None and len(inner) == 1 and shift.is_whole and sign:
                return [(inner[0][0], sign * int(shift.value))]
        case t.Product(factors=factors):
            parts = [_index_letters(f, spelling) for f in factors]
            if all(p is not None for p in parts):
                return [pair for p in parts if p for pair in p]
    return None


def runs(written: Iterable[t.Expr | t.Script], letters: Set[str]) -> dict[str, set[int]]:
    """Names with several indices in one subscript, ``w_{ij}`` or ``w_{2i}``, and how many."""
    found: dict[str, set[int]] = {}
    for part in written:
        if isinstance(part, t.Symbol) and len(part.subscripts) == 1:
            text = getattr(part.subscripts[0], "text", "")
            below = set(letters_in(part.subscripts[0]))
            if below and below <= letters and len(text) > 1:
                found.setdefault(stem_of(part), set()).add(len(text))
    return found


def free_letters(expr: t.Expr | t.Script, spelling: Spelling) -> set[str]:
    """Index letters of scripts that no sum inside the expression binds."""
    return set(_free(expr, spelling, (id(spelling), len(spelling.letters), len(spelling.layered))))


_found_free = kept.table()


def _free(expr: t.Expr | t.Script, spelling: Spelling, now: tuple[int, ...]) -> frozenset[str]:
    """The same; trials of a formula share most of their parts.  ``now``: a survey only adds to a spelling."""
    at = (id(expr), now)
    known = _found_free.get(at)
    if known is None:
        _found_free.trim()
        known = _found_free[at] = frozenset(_find_free(expr, spelling, now)), expr, spelling
    free: frozenset[str] = known[0]
    return free


def _find_free(expr: t.Expr | t.Script, spelling: Spelling, now: tuple[int, ...]) -> set[str]:
    found: set[str] = set()
    if isinstance(expr, t.Big):
        for part in (expr.body, expr.low, expr.high, expr.condition):
            if part is not None:
                found |= _free(part, spelling, now)
        return found - set(expr.indices)
    if isinstance(expr, t.Symbol):
        for part in (
            *expr.subscripts,
            *(s.value for s in expr.scripts if _may_index(s, expr, spelling)),
        ):
            if part is not None:
                found |= _letters(part, spelling)
        for script in expr.scripts:
            if script.value is not None and not _may_index(script, expr, spelling):
                found |= _free(script.value, spelling, now)
        return found
    for child in t.children(expr):
        found |= _free(child, spelling, now)
    if isinstance(expr, (t.Group, t.Apply, t.Call)):
        for part in expr.subscripts:
            found |= _letters(part, spelling)
    return found


_found_within = kept.table()


def letters_within(expr: t.Expr | t.Script) -> frozenset[str]:
    """All that may be an index letter in an expression: its names, and each letter of its labels."""
    known = _found_within.get(id(expr))
    if known is None:
        own: tuple[str, ...] = ()
        if isinstance(expr, t.Symbol):
            own = (expr.base,)
        elif isinstance(expr, t.Label | t.Text):
            own = (expr.text, *expr.text)
        elif isinstance(expr, t.Big):
            own = expr.indices
        found = frozenset(own).union(*map(letters_within, t.children(expr)))
        _found_within.trim()
        known = _found_within[id(expr)] = found, expr
    within: frozenset[str] = known[0]
    return within


def _may_index(script: t.Script, symbol: t.Symbol, spelling: Spelling) -> bool:
    if script.kind in ("paren", "bracket"):
        return True
    return script.kind == "plain" and stem_of(symbol) in spelling.layered


def _letters(expr: t.Expr, spelling: Spelling) -> set[str]:
    found: set[str] = set()
    for part in t.walk(expr):
        if isinstance(part, t.Symbol) and part.base in spelling.letters and part.base != "L":
            found.add(part.base)
        elif isinstance(part, t.Label):
            letters = set(letters_in(part))
            if letters <= spelling.letters:
                found |= letters - {"L"}
    return found


def bound(expr: t.Expr, spelling: Spelling, env: Bindings) -> bool:
    """Whether every index letter in an expression has a number."""
    return free_letters(expr, spelling) <= env.keys()


def is_of_one_layer(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``a_k^{(l)} = p_k`` where every layer has a formula: of the last layer only, what has no l."""
    if not isinstance(left, t.Symbol) or not left.scripts or not isinstance(right, t.Symbol):
        return False
    pattern, _ = pattern_of(left, world.spelling)
    layers = {"l"} & {str(slot[1]) for _, slot in pattern.marks if slot[0] == "letter"}
    layers -= free_letters(right, world.spelling)
    return bool(layers) and any(
        layers <= free_letters(told.value, world.spelling)
        for told in world.definitions.get(pattern.stem, ())
        if len(told.pattern.indices) == len(pattern.indices)
    )
