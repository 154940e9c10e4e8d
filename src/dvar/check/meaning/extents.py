"""How far indices run and how large arrays are: letters, bounds, entries and given numbers that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning import einsums, numbered, outputs, picked, totals
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.alphabet import TIMES
from dvar.check.meaning.bounds import begin_alike, from_one
from dvar.check.meaning.counting import counted_to
from dvar.check.meaning.declared import Declaration, declarations, declare
from dvar.check.meaning.examples import COUNTING, going_on, marks_in
from dvar.check.meaning.given import LARGEST, see_given
from dvar.check.meaning.grams import tall
from dvar.check.meaning.inference import infer
from dvar.check.meaning.keys import Key, family_of, letters_in, size_name, stem_of
from dvar.check.meaning.letters import counting, parts
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.shaping import ONE, Shaping
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_POOL = (3, 4, 2, 5, 3, 4, 2, 5, 3, 4, 2, 5)
_SPREAD = (4, 5, 2, 3, 4, 5, 2, 3, 4, 5, 2, 3)
"""Sizes that nothing is said of, unequal so that a transpose that is missing shows."""


def measure(world: World, statements: Sequence[Statement]) -> None:
    """Give every index letter and size symbol of a problem a number."""
    unions = Unions()
    fixed: dict[Item, int] = {}
    _bounds(world, statements, unions, fixed)
    totals.see(statements, unions)
    _entries(world, statements, unions)
    numbered.number_units(world, statements, unions, fixed)
    _counted_entries(world, statements, fixed)
    see_given(world, statements, unions, fixed)
    _examples(world, statements, unions, fixed)
    declared = declarations(world, statements, unions, fixed)
    told = {key for key, _ in declared}
    declared += [one for one in picked.declared(statements) if one[0] not in told]
    alone = {Key(stem) for stem in _declared_vectors(statements)} - told
    declared += [(Key(k.stem), n) for k, n in declared if Key(k.stem) in alone and len(k.indices)]
    for item in [i for i in fixed if i[0] == "size" and i not in unions.items()]:
        del fixed[item]  # a number that counts nothing
    world.size_names = {item[1] for item in unions.items() if item[0] == "size"}
    shaping = _shaped(world, statements, unions, fixed, declared)
    _number(world, unions, fixed, tall(shaping, statements))
    for key, sizes in declared:
        shape = tuple(_size(world, size) for size in sizes)
        world.shapes[key] = _as_shape(shape)
        world.declared.add(key)
    _take(world, shaping, unions)


def _shaped(
    world: World,
    statements: Sequence[Statement],
    unions: Unions,
    fixed: dict[Item, int],
    declared: Sequence[Declaration],
) -> Shaping:
    """What declarations, numbers and formulas together show of shapes."""
    shaping = Shaping(world, unions)
    declare(shaping, declared, fixed)
    for key, shape in world.given_shapes.items():
        items = [
            ONE if n == 1 else ("given", str(key), str(n), str(axis))
            for axis, n in enumerate(shape)
        ]
        fixed |= {item: n for item, n in zip(items, shape, strict=True) if item != ONE}
        shaping.declare(key, items)
        family = family_of(key)
        alike = [v for k, v in world.given_shapes.items() if family_of(k) == family]
        if len(key.indices) == 1 and len(alike) == 1:
            shaping.declare(family, items)  # one of many is as long as they all are
    for item, n in fixed.items():
        unions.mark(item, n)
    if world.matrices:
        infer(shaping, statements)
        outputs.single(world, statements, shaping, unions, fixed)
    entries = {i for i in unions.items() if i[0] == "entry"}
    of_steps = _of_steps(statements)
    for key, known in shaping.known.items():
        if known and (not key.marks or key.stem in of_steps):
            stems = [key.stem] if key.indices else _spellings(key.stem, known)
            items = [i for i in known if i != ONE or not key.indices]
            for stem in stems:
                for axis, item in enumerate(items, len(key.indices)):  # y_{t,k} of the vector y_t
                    if ("entry", stem, str(axis)) in entries:
                        shaping.join(item, ("entry", stem, str(axis)))
    return shaping


def _of_steps(statements: Sequence[Statement]) -> set[str]:
    """Names of which each step in time has its own, ``h^{(t)}``, or each example: unlike those of layers they have one size."""
    marked = list(marks_in(parts(statements)))
    letters = TIMES | (COUNTING - going_on(statements) if marked else set())
    return {stem for letter, stem in marked if letter in letters}


def _spellings(stem: str, known: Sequence[Item]) -> list[str]:
    """How the entries of an array are called: also ``\\bar y_k`` of y, and ``w_{ij}`` of a matrix W."""
    found = [stem, f"{stem}.bar"]
    if len(stem) == 1 and stem.isupper() and len(known) == 2 and ONE not in known:
        found.append(stem.lower())
    return found


def _take(world: World, shaping: Shaping, unions: Unions) -> None:
    """Put what was found of shapes into the world."""
    counts = {unions.root(("letter", c)) for c in world.stacks.letters} - {unions.root(ONE)}
    for key, known in shaping.known.items():
        if any(i != ONE and unions.root(i) in counts for i in known):
            world.stacks.many.add(key)
        shape = tuple(1 if i == ONE else unions.number(i, world.default_size) for i in known)
        shape = () if all(n == 1 for n in shape) else shape
        world.inferred[key] = shape
        if shape and not key.marks and not key.indices:
            if shape[1] == 1:
                world.columns.add(key.stem)
            elif shape[0] == 1:
                world.rows.add(key.stem)


def _as_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """``R^n`` is a column; ``R^{1×1}`` and ``R`` are scalars."""
    if all(n == 1 for n in shape):
        return ()
    return (shape[0], 1) if len(shape) == 1 else shape


def _bounds(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> None:
    for part in parts(statements):
        if not isinstance(part, t.Big) or not counting(part):
            continue
        for letter in part.indices:
            unions.root(("letter", letter))
        letter = part.indices[0]
        low = part.low.value if isinstance(part.low, t.Number) and part.low.is_whole else None
        if low == 0:
            world.starts[letter] = 0
        if isinstance(part.high, t.Number) and part.high.is_whole:
            size = int(part.high.value) - int(1 if low is None else low) + 1
            if 1 <= size <= LARGEST:
                fixed[("letter", letter)] = size
        elif (symbol := _size_symbol(part.high, low)) is not None:
            size_of = unions.root(("size", symbol))
            is_more = low == 0 and isinstance(part.high, t.Symbol)  # from 0 to n: one more than n
            run = unions.stacked(part.span[0], (size_of, ONE)) if is_more else size_of
            unions.join(("letter", letter), run)


def _size_symbol(high: t.Expr | None, low: object) -> str | None:
    """The name of a size in a bound: ``m``, or ``n`` of ``n - 1`` where counting starts at 0."""
    if isinstance(high, t.Sum) and len(high.terms) == 2 and low == 0:
        if not isinstance(high.terms[1], t.Number):
            return None
        high = high.terms[0]
    if isinstance(high, t.Symbol) and not high.scripts:
        return size_name(high)
    return None


def _entries(world: World, statements: Sequence[Statement], unions: Unions) -> None:
    places: dict[tuple[str, int], set[str]] = {}
    ones = from_one(statements)
    vectors = _declared_vectors(statements)
    named = [p for p in map(_entry_named, parts(statements)) if isinstance(p, t.Symbol)]
    layers = numbered.layers_of(named)
    for part in named:
        if stem_of(part) in vectors:
            continue
        position = 0
        for sub in part.subscripts:
            found = letters_in(sub)
            if isinstance(sub, (t.Label, t.Symbol)) and set(found) <= world.spelling.letters:
                if isinstance(sub, t.Label) and found:
                    position += len(sub.text) - len(found)  # 2ij
                for at, letter in enumerate(found, position):
                    run: Item = ("letter", letter)
                    if letter in ones and world.bases.get(stem_of(part)) == 0 and len(found) == 1:
                        run = unions.stacked(part.span[0], (run, ONE))  # θ_0 beside θ_1, …, θ_n
                    unions.join(run, numbered.entry(part, at, layers))
                    world.entry_letters[stem_of(part)] = letter
                    places.setdefault((stem_of(part), at), set()).add(letter)
                position += max(len(found) - 1, 0)
            position += 1
    begin_alike(world, statements, places)
    for name in parts(statements):
        for stem, place, end in counted_to(name):
            unions.join(("entry", stem, str(place)), ("size", end))


def _entry_named(part: t.Expr | t.Script) -> t.Expr | t.Script:
    """``F_i`` for the entry ``F(x)_i``."""
    if not isinstance(part, t.Apply) or not part.subscripts:
        return part
    return replace(part.head, subscripts=(*part.head.subscripts, *part.subscripts))


def _counted_entries(world: World, statements: Sequence[Statement], fixed: dict[Item, int]) -> None:
    """``w_1 x_1 + w_2 x_2`` beside ``w^T x``: a vector has as many entries as are written out."""
    highest: dict[str, int] = {}
    vectors = _vectors(world, statements)
    for part in parts(statements):
        if not isinstance(part, t.Symbol) or stem_of(part) not in world.columns - vectors:
            continue
        if len(part.subscripts) != 1 or not isinstance(part.subscripts[0], t.Label):
            continue
        if part.subscripts[0].text.isdigit():
            index = int(part.subscripts[0].text) + 1 - world.bases.get(stem_of(part), 1)
            highest[stem_of(part)] = max(highest.get(stem_of(part), 0), index)
    _counted_matrices(world, statements, fixed)
    sizes = {n for n in highest.values() if 2 <= n <= LARGEST}
    for stem, n in highest.items():
        if n in sizes:
            fixed.setdefault(("entry", stem, "0"), n)
    if len(sizes) == 1:  # what is beside such a vector has its size, unless something else is said
        (world.default_size,) = sizes


def _vectors(world: World, statements: Sequence[Statement]) -> set[str]:
    """Names of which each member is a vector, and no entry: ``x_t \\in R^m``, ``x_s^T x_t``."""
    return _declared_vectors(statements) | {
        stem_of(p)
        for p in parts(statements)
        if isinstance(p, t.Symbol) and any(script.kind == "transpose" for script in p.scripts)
        if any(world.spelling.letters & {*letters_in(sub)} for sub in p.subscripts)
    }


def _declared_vectors(statements: Sequence[Statement]) -> set[str]:
    """``x_t \\in R^m`` where x is written as well: any member."""
    alone = {stem_of(p) for p in parts(statements) if isinstance(p, t.Symbol) and not p.subscripts}
    return alone & {
        stem_of(name)
        for s in statements
        if isinstance(name := s.members[0].expr, t.Symbol) and name.subscripts
        if any(isinstance(m.expr, t.Shape) for m in s.members[1:])
    }


def _counted_matrices(
    world: World, statements: Sequence[Statement], fixed: dict[Item, int]
) -> None:
    """``W_{5,3}`` is an entry of a matrix with as many rows and columns, at least."""
    for part in parts(statements):
        if not isinstance(part, t.Symbol) or len(part.subscripts) != 2 or not part.base.isupper():
            continue
        places = [s.text for s in part.subscripts if isinstance(s, (t.Label, t.Number))]
        if len(places) == 2 and all(p.isdigit() and int(p) <= LARGEST for p in places):
            for axis, place in enumerate(places):
                item: Item = ("entry", stem_of(part), str(axis))
                size = int(place) + 1 - world.bases.get(stem_of(part), 1)
                fixed[item] = max(size, fixed.get(item, world.default_size))


def _examples(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> None:
    """Arrays of examples that are given tell how many there are."""
    stacks = world.stacks
    counting: list[Item] = [("letter", c) for c in sorted(stacks.letters)]
    counting += [("size", c) for c in sorted(stacks.counts)]
    if not stacks.wholes or not counting:
        return
    for item in counting:
        if item[0] == "size" or not _count_apart(statements, counting[0][1], item[1]):
            unions.join(counting[0], item)
    for key, shape in world.given_shapes.items():
        if key.stem in stacks.wholes.values() and len(shape) == 2:
            fixed[counting[0]] = shape[0 if stacks.rows else 1]


def _count_apart(statements: Sequence[Statement], a: str, b: str) -> bool:
    """n and m of ``r_{nm} = u_n^T v_m``: of users and of items; unlike i and j of ``K_{ij} = x_i^T x_j``."""
    below: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and part.subscripts:
            letters = "".join(c for sub in part.subscripts for c in letters_in(sub))
            below.setdefault(letters, set()).add(stem_of(part))
    alone = [below.get(c, set()) for c in (a, b)]
    return bool(below.keys() & {a + b, b + a}) and all(alone) and alone[0].isdisjoint(alone[1])


def _exchange(
    values: dict[Item, int],
    unions: Unions,
    fixed: dict[Item, int],
    tall: Sequence[tuple[Item, Item]],
) -> None:
    """Give matrices that are tall no fewer rows than columns, where their sizes are free."""
    firm = {unions.root(item) for item in fixed}
    for rows, columns in ((unions.root(a), unions.root(b)) for a, b in tall):
        if firm & {rows, columns} or not {rows, columns} <= values.keys():
            continue
        if values[rows] < values[columns]:
            values[rows], values[columns] = values[columns], values[rows]


def _told(unions: Unions, fixed: dict[Item, int]) -> dict[Item, int]:
    """The sizes that are said; arrays of many axes have small ones."""
    values: dict[Item, int] = {}
    for item, size in fixed.items():
        root = unions.root(item)
        values[root] = max(size, values.get(root, 0))
    for item in unions.items():
        if item[0] == einsums.MANY:
            values.setdefault(unions.root(item), 2)
    return values


def _number(
    world: World, unions: Unions, fixed: dict[Item, int], tall: Sequence[tuple[Item, Item]]
) -> None:
    values = _told(unions, fixed)
    pool, spread = iter(_POOL), iter(_SPREAD)
    named = {unions.root(i) for i in unions.items() if i[0] == "size"}
    counted = {unions.root(i) for i in unions.items() if i[0] in ("letter", "entry")}
    if world.is_spread and counted - named:  # what only letters count has the usual size
        pool = iter([n for n in _POOL if n != world.default_size])
    stacks = ((unions.root(k), [unions.root(x) for x in v]) for k, v in unions.stacks.items())
    whole = {root: inside for root, inside in stacks if root not in inside}
    for item in unions.items():
        root = unions.root(item)
        if root in values or root in whole:
            continue
        if root in named:
            values[root] = next(pool, 3)
        elif world.is_spread and root not in counted:
            values[root] = next(spread, 3)
        else:
            values[root] = world.default_size
    for root, inside in whole.items():
        sizes = [1 if x == ONE else values.get(x, world.default_size) for x in inside]
        values.setdefault(root, sum(sizes))
    _exchange(values, unions, fixed, tall)
    for root, value in values.items():
        unions.numbers[root] = value
    for item in unions.items():
        if item[0] in ("letter", "size"):
            world.sizes[item[1]] = values[unions.root(item)]
    told = {unions.root(item) for item in fixed}
    world.told_sizes = {i[1] for i in unions.items() if i[0] != "entry" and unions.root(i) in told}
    # A letter that is only an index must not be taken for a number where it stands as a value.
    world.size_names = {item[1] for item in unions.items() if item[0] == "size"}
    for kind, *rest in unions.items():
        if kind == "entry":
            world.entry_sizes[(rest[0], int(rest[1]))] = values[unions.root((kind, *rest))]


def _size(world: World, size: t.Expr) -> int:
    if isinstance(size, t.Number) and size.is_whole:
        return max(1, int(size.value))
    label = size_name(size)
    if label is not None:
        if label not in world.sizes:
            world.sizes[label] = _POOL[len(world.sizes) % len(_POOL)]
            world.size_names.add(label)
        return world.sizes[label]
    if t.is_bracketed(size):
        return _size(world, size.items[0])
    if isinstance(size, t.Sum):
        return max(1, sum(s * _size(world, x) for s, x in zip(size.signs, size.terms, strict=True)))
    return 3


__all__ = ["literal_shape", "measure", "pattern_of", "size_name"]
