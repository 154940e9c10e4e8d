r"""One example and many: ``x^{(i)}`` is a column of ``X``, ``\hat y_n`` a row of ``\hat Y``.

A document that writes a model for one example and its gradients for a batch has both names; what is known of
one is known of the other.  Whether examples are columns or rows it says in words, or by how it multiplies.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from dvar.check.meaning.examples import going_on, marks_in
from dvar.check.meaning.keys import Index, Key, sort, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.rows import EXAMPLES, are_rows
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.world import World

COUNTS = frozenset(["m", "N", "M", "n", "B"])
"""Letters that say how many examples there are."""
_FEATURES = frozenset(["phi", "psi"])
"""Letters that authors call the features of an example by."""


@dataclass
class Stacks:
    """The names of a problem that stand for many examples.

    Attributes:
        wholes: stem of one example → stem of all of them: ``a`` → ``A``.
        by_index: stems whose index, a subscript, counts examples.
        letters: index letters that count examples; counts: names of how many there are.
        rows: whether examples are rows.
        applied: functions of one example, ``φ(x_n)`` → all their values.
        many: names of arrays that have an entry for each example.
        entries: stems of matrices whose index beside an example's mark is that of an entry: ``P_k^{(i)}``.
        listed: stems of numbers of one example, ``y^{(i)}``, that stand bare beside a name of all: ``X^T (X w - y)``.
    """

    wholes: dict[str, str] = field(default_factory=dict)
    by_index: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)
    counts: set[str] = field(default_factory=set)
    rows: bool = False
    applied: dict[str, str] = field(default_factory=dict)
    many: set[Key] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    entries: set[str] = field(default_factory=set)

    def whole_of(self, key: Key) -> tuple[Key, Index] | None:
        """The name of all examples, and which one of them ``key`` is."""
        stem = self.wholes.get(key.stem)
        if stem is None or (key.stem in self.entries and key.indices):
            return None
        if key.stem in self.by_index:
            if len(key.indices) != 1:
                return None
            return Key(stem, key.marks, ()), key.indices[0]
        for n, (kind, value) in enumerate(key.marks):
            if kind == "p":
                return Key(stem, key.marks[:n] + key.marks[n + 1 :], key.indices), value
        return None


def survey(world: World, statements: Sequence[Statement], prose: str) -> None:
    """Find the names that stand for many examples."""
    found = world.stacks = Stacks()
    seen = _seen(world, statements)
    found.letters, found.counts = _example_letters(statements, prose)
    world.examples |= _of_examples(world, statements, found.letters)
    found.letters |= set().union(*seen.marked.values())
    if not world.matrices:
        return
    found.letters |= {c for stem, c in seen.turned if _capital(stem) in seen.bare}
    found.letters |= {c for f, c in seen.applied if f in _FEATURES and _capital(f) in seen.bare}
    for stem in seen.marked:
        single = _bare_stem(stem)
        whole = _whole(single, seen.bare)
        if whole is not None:
            found.wholes[single] = whole
    found.entries = seen.entries & found.wholes.keys()
    for stem, used in seen.indexed.items():
        _see_indexed(found, seen, stem, used)
    found.applied = {
        f: _capital(f) for f, _ in seen.applied if f in _FEATURES and _capital(f) in seen.bare
    }
    found.listed = _listed(
        statements, set(seen.marked) - found.wholes.keys(), found.wholes.values()
    )
    found.rows = are_rows(
        {*found.wholes.values(), *found.applied.values()}, found.counts, statements, prose
    )
    if found.wholes and found.rows:
        world.rows_are_examples = True


def _listed(statements: Sequence[Statement], marked: Set[str], wholes: Collection[str]) -> set[str]:
    """Those of some stems of one example that stand bare in a formula with a name of all examples."""
    found: set[str] = set()
    for statement in statements:
        bare = {
            stem_of(p)
            for p in parts([statement])
            if isinstance(p, t.Symbol) and not p.subscripts
            if all(s.kind == "transpose" for s in p.scripts)
        }
        if bare & set(wholes):
            found |= bare & marked
    return found


def _of_examples(
    world: World, statements: Sequence[Statement], letters: Collection[str]
) -> set[str]:
    """Stems that carry an example's mark somewhere: ``a`` and ``x`` in a cost beside a model of one example."""
    found: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Symbol) and any(s.kind == "paren" for s in part.scripts):
            key = sort(part, world.spelling, {}).key
            if any(kind == "p" and value in letters for kind, value in key.marks):
                found.add(key.stem)
    return found - _shared(world, statements, found)


def _shared(world: World, statements: Sequence[Statement], marked: set[str]) -> set[str]:
    """Parameters, whatever mark they carry once: formulas of one example, ``z^{(i)} = w^T x^{(i)}``, have them bare."""
    bare: Counter[str] = Counter()
    for statement in statements:
        first = statement.members[0].expr
        if not isinstance(first, t.Symbol) or stem_of(first) not in marked:
            continue
        if not any(kind == "p" for kind, _ in sort(first, world.spelling, {}).key.marks):
            continue
        for member in statement.members[1:]:
            for part in t.walk(member.expr) if member.expr is not None else ():
                if isinstance(part, t.Symbol):
                    marks = sort(part, world.spelling, {}).key.marks
                    bare[stem_of(part)] += -1 if any(kind == "p" for kind, _ in marks) else 1
    return {stem for stem, more in bare.items() if more > 0}


@dataclass
class _Seen:
    """How names are written.

    Attributes:
        bare: stems without an index.
        marked: stems with an example's mark, and the letters there; indexed: those with one index.
        turned: stems and index letters of vectors, ``x_i^T``, ``w^T x_i``; applied: functions of one, ``φ(x_i)``.
        entries: stems with an example's mark and the index of an entry.
        diagonal: stems of matrices that are said to be diagonal: their entries are no examples.
        letters: that are summed over.
    """

    bare: set[str] = field(default_factory=set)
    marked: dict[str, set[str]] = field(default_factory=dict)
    indexed: dict[str, set[str]] = field(default_factory=dict)
    turned: set[tuple[str, str]] = field(default_factory=set)
    applied: set[tuple[str, str]] = field(default_factory=set)
    diagonal: set[str] = field(default_factory=set)
    entries: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)


def _seen(world: World, statements: Sequence[Statement]) -> _Seen:
    sums = (p for p in parts(statements) if isinstance(p, t.Big))
    summed = {c for p in sums for c in p.indices if c not in "ltL"}
    seen = _Seen(letters=set(world.spelling.letters) & summed)
    inside: dict[
        str, set[str]
    ] = {}  # letters of entries: ``W^{(i)}`` beside ``W_{i,j}^{(1)}`` is no example
    for statement in statements:
        sides = [m.expr for m in statement.members[:2]]
        if isinstance(sides[0], t.Symbol) and isinstance(sides[-1], t.Call):
            if sides[-1].name == "diag":
                seen.diagonal.add(stem_of(sides[0]))
    for part in parts(statements):
        if isinstance(part, t.Apply) and len(part.args) == 1 and isinstance(part.args[0], t.Symbol):
            indices = sort(part.args[0], world.spelling, {}).key.indices
            if len(indices) == 1 and str(indices[0]) in seen.letters:
                seen.applied.add((stem_of(part.head), str(indices[0])))
        if not isinstance(part, t.Symbol):
            continue
        key = sort(part, world.spelling, {}).key
        inside.setdefault(key.stem, set()).update(map(str, key.indices))
        example = {str(v) for kind, v in key.marks if kind == "p" and v in seen.letters}
        if example and (not key.indices or _are_entries(key, seen.letters)):
            seen.marked.setdefault(key.stem, set()).update(example)
            seen.entries |= {key.stem} if key.indices else set()
        elif len(key.indices) == 1 and not example:
            index = str(key.indices[0])
            seen.indexed.setdefault(key.stem, set()).add(index)
            if _is_turned(part) and index in seen.letters:
                seen.turned.add((key.stem, index))
        elif not key.indices:
            seen.bare.add(key.stem)
    seen.turned |= set(_behind_turned(world, statements, seen.letters))
    seen.bare -= _sizes(statements)
    seen.marked = {s: cs for s, cs in seen.marked.items() if not cs <= inside[s]}
    return seen


def _behind_turned(
    world: World, statements: Sequence[Statement], letters: Set[str]
) -> Iterator[tuple[str, str]]:
    """x and i of ``w^T x_i``: a vector that another one is multiplied by."""
    for part in parts(statements):
        for first, second in pairwise(part.factors) if isinstance(part, t.Product) else ():
            if _is_turned(first) and isinstance(second, t.Symbol) and not second.scripts:
                key = sort(second, world.spelling, {}).key
                if len(key.indices) == 1 and key.indices[0] in letters:
                    yield key.stem, str(key.indices[0])


def _is_turned(tree: t.Expr) -> bool:
    """``x^T``, ``x'``."""
    marks = tree.scripts if isinstance(tree, t.Symbol) else ()
    return any(s.kind == "transpose" for s in marks) or getattr(tree, "primes", 0) == 1


def _are_entries(key: Key, letters: Set[str]) -> bool:
    """``P_k^{(i)}``: an entry of example i of the matrix P, as the letter k is summed over."""
    return key.stem[:1].isupper() and len(key.indices) == 1 and key.indices[0] in letters


def _sizes(statements: Sequence[Statement]) -> set[str]:
    """Names of how many there are of something."""
    found: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Big) and isinstance(part.high, t.Symbol):
            found.add(stem_of(part.high))
        elif isinstance(part, t.Shape):
            found |= {stem_of(s) for s in part.sizes if isinstance(s, t.Symbol)}
    return found


def _see_indexed(found: Stacks, seen: _Seen, stem: str, used: set[str]) -> None:
    """``x_i`` and ``X``, ``Z_n`` and ``Z``, where the index counts examples."""
    whole = _bare_stem(stem)
    if used <= found.letters and whole[:1].isupper() and _whole(whole, seen.bare) == whole:
        found.wholes[whole] = whole
        found.by_index.add(whole)
        return
    whole = _capital(stem)
    counted = used & seen.letters
    if counted and counted <= found.letters and whole in seen.bare - seen.diagonal:
        if stem not in seen.bare and stem not in found.wholes:
            found.wholes[stem] = whole
            found.by_index.add(stem)


def _whole(stem: str, bare: Collection[str]) -> str | None:
    """The capital that stands for all examples: ``A``, where it or its gradient occurs."""
    for whole in (_capital(stem), stem):
        if whole[:1].isupper() and (whole in bare or f"d{whole}" in bare):
            return whole
    return None


def _bare_stem(stem: str) -> str:
    """``z`` of ``dz``."""
    return stem[1:] if stem[:1] == "d" and len(stem.partition(".")[0]) == 2 else stem


def _capital(stem: str) -> str:
    """``A`` of ``a``, ``Y.hat`` of ``y.hat``, ``Phi`` of ``phi``."""
    base, dot, accents = stem.partition(".")
    if len(base) > 1 and base not in _FEATURES:
        return stem
    return base.capitalize() + dot + accents


def _example_letters(statements: Sequence[Statement], prose: str) -> tuple[set[str], set[str]]:
    """Letters of sums that are divided by how far they run, or run over examples in words; and how far."""
    below: set[str] = set()
    ends: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Quotient):
            below |= {p.base for p in t.walk(part.below) if isinstance(p, t.Symbol)} & COUNTS
        elif isinstance(part, t.Big) and isinstance(part.high, t.Symbol) and part.indices:
            ends.setdefault(part.high.base, set()).update(part.indices)
    said = {c for c in COUNTS if _counts_in_words(c, prose)}
    counts = (below & ends.keys()) | said
    letters = set().union(*(ends.get(c, set()) for c in counts))
    return letters | _of_pairs(statements), counts


def _of_pairs(statements: Sequence[Statement]) -> set[str]:
    """Letters of sums in which several names have it as a mark, ``Σ_n (r^{(n)} - y^{(n)})²``: data come in pairs.

    Not where something is of the one before, as steps and layers are.
    """
    found: set[str] = set()
    for big in (p for p in parts(statements) if isinstance(p, t.Big) and p.name == "sum"):
        marked = set(marks_in(t.walk(big.body)))
        found |= {c for c in big.indices if sum(letter == c for letter, _ in marked) > 1}
    return found - going_on(statements) if found else found


def _counts_in_words(letter: str, prose: str) -> bool:
    """``N examples``, "m is the number of examples"."""
    quoted = rf"[`$\\(]*\b{letter}\b[`$\\)]*"
    number = r"(is|=|for|denotes)? ?(the )?number of (training )?"
    return (
        re.search(rf"{quoted} ?(training |labelled )?{EXAMPLES}\b", prose) is not None
        or re.search(rf"{quoted} {number}{EXAMPLES}\b", prose) is not None
    )
