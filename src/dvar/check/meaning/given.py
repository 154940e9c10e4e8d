"""Sizes that numbers given for arrays tell."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence, Set

from dvar.check.meaning.aligning import literal_shape, put_in
from dvar.check.meaning.keys import Key, size_name, sort
from dvar.check.meaning.letters import parts
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

LARGEST = 8
"""Sizes that a document gives are taken where they are not larger than this."""


def see_given(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> None:
    """Numbers that are given: arrays have their size, ``m = 4`` is one."""
    _see_entries(world, statements, unions, fixed)
    matrices = _matrices(world, statements)
    rows = _rows(world, statements)
    for statement in statements:
        if len(statement.members) < 2 or statement.members[0].relation:
            continue
        left = statement.members[0].expr
        for before, member in zip(statement.members, statement.members[1:], strict=False):
            if member.expr is None:
                continue
            if isinstance(left, t.Symbol):
                key = sort(left, world.spelling, {}).key
                is_row = world.row_vectors or key in rows
                if is_row and len(given := _flat(member.expr)) == 1:
                    world.given_shapes.setdefault(key, (1, *given))
                _see_given(world, left, member.expr, unions, fixed, matrices)
            if before.expr is not None and not isinstance(before.expr, t.Symbol):
                for name, value in put_in(before.expr, member.expr) or ():
                    if literal_shape(value):
                        _see_given(world, name, value, unions, fixed, matrices)


def _see_entries(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> None:
    """``w_{11} = 0.2``, ``w_{12} = …`` one by one: index letters of w run as far as numbers are given for it."""
    seen: dict[tuple[str, int], dict[Key, set[int]]] = {}
    for statement in statements:
        left, value = statement.members[0].expr, statement.members[-1].expr
        if not isinstance(left, t.Symbol) or value is None or literal_shape(value) != ():
            continue
        key = sort(left, world.spelling, {}).key
        if len(statement.members) != 2 or len(key.indices) != 2:
            continue
        if not all(isinstance(i, int) for i in key.indices):
            continue
        for axis, index in enumerate(key.indices):
            of = seen.setdefault((key.stem, axis), {})
            of.setdefault(Key(key.stem, key.marks), set()).add(int(index))
    known = set(unions.items())
    for (stem, axis), several in seen.items():
        item: Item = ("entry", stem, str(axis))
        sizes = {len(found) for found in several.values()}
        whole = all(found == set(range(1, len(found) + 1)) for found in several.values())
        if whole and len(sizes) == 1 and item in known and 2 <= max(sizes) <= LARGEST:
            fixed.setdefault(item, max(sizes))


def _matrices(world: World, statements: Sequence[Statement]) -> set[Key]:
    """Names that are declared with two sizes, which may turn out to be 1."""
    found = set()
    for statement in statements:
        for before, member in itertools.pairwise(statement.members):
            if isinstance(member.expr, t.Shape) and len(member.expr.sizes) == 2:
                if not any(isinstance(size, t.Number) for size in member.expr.sizes):
                    found |= {sort(n, world.spelling, {}).key for n in names_in(before.expr)}
    return found


def _flat(tree: t.Expr) -> tuple[int, ...]:
    """The length of a list that does not say how it lies."""
    shape = literal_shape(tree) if isinstance(tree, t.Group) and not tree.scripts else None
    return shape if shape is not None and len(shape) == 1 and shape[0] > 1 else ()


def _rows(world: World, statements: Sequence[Statement]) -> set[Key]:
    """Capitals right in front of a small letter: given as a list, ``W`` of ``W a + b`` is a row."""
    found = set()
    for part in parts(statements):
        if not isinstance(part, t.Product):
            continue
        for n, sign in enumerate(part.operators):
            first, second = part.factors[n], part.factors[n + 1]
            if sign not in ("", "cdot", "@") or not isinstance(first, t.Symbol):
                continue
            turned = any(s.kind == "transpose" for s in first.scripts)
            small = isinstance(second, t.Symbol) and second.base.islower() and not second.subscripts
            if first.base.isupper() and not turned and small:
                found.add(sort(first, world.spelling, {}).key)
    return found


def _see_given(
    world: World,
    left: t.Symbol,
    value: t.Expr,
    unions: Unions,
    fixed: dict[Item, int],
    matrices: Set[Key],
) -> None:
    shape = literal_shape(value)
    if shape is None:
        return
    key = sort(left, world.spelling, {}).key
    if not shape:
        if isinstance(value, t.Number) and value.is_whole and 2 <= value.value <= LARGEST:
            name = size_name(left)
            if name is not None and not left.subscripts:
                fixed[("size", name)] = int(value.value)
        return
    world.given_shapes.setdefault(key, shape)
    axes = list(shape) if key in matrices else [n for n in shape if n != 1] or [1]
    alike = len({s for k, s in world.given_shapes.items() if k.stem == key.stem}) == 1
    for axis, n in enumerate(axes):
        fixed[("entry", own_name(key), str(axis))] = n
        unions.root(("entry", own_name(key), str(axis)))
        if key.marks and alike:  # x^{(1)} and x^{(2)} are two examples of x
            fixed[("entry", key.stem, str(axis))] = n
            unions.root(("entry", key.stem, str(axis)))
        elif key.marks:
            fixed.pop(("entry", key.stem, str(axis)), None)


def own_name(key: Key) -> str:
    """What the entries of an array are told by: W^{(1)} and W^{(2)} are two arrays."""
    return str(Key(key.stem, key.marks))


def names_in(tree: t.Expr | None) -> Iterable[t.Symbol]:
    if isinstance(tree, t.Symbol):
        yield tree
    elif isinstance(tree, t.Group) and tree.kind in ("tuple", "("):
        for item in tree.items:
            yield from names_in(item)
