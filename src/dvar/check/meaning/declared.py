r"""Shapes that a document declares: ``x ∈ R^{D×1}``, ``W_• ∈ R^{n×m}``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.biases import scalars
from dvar.check.meaning.given import names_in, own_name
from dvar.check.meaning.keys import Key, family_of, general, size_name, sort
from dvar.check.meaning.shaping import ONE, Shaping, laid_out
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

Declaration = tuple[Key, tuple[t.Expr, ...]]
"""A name and the sizes said of it."""
_ANY = frozenset({"bullet", "cdot", "*", "·", "•", "ast", "star"})
"""What stands below a name for every index: ``W_•``."""


def declarations(
    world: World, statements: Sequence[Statement], unions: Unions, fixed: dict[Item, int]
) -> list[Declaration]:
    """``x ∈ R^{D×1}``: names with the sizes said of them."""
    found: list[Declaration] = [(k, ()) for k in scalars(world, statements)]
    layered: set[str | None] = set()
    said = list[t.Expr]()
    for statement in statements:
        for before, member in zip(statement.members, statement.members[1:], strict=False):
            if member.relation not in ("in", "is") or not isinstance(member.expr, t.Shape):
                continue
            first = statement.members[0].expr
            several = [first] if before.expr is not first and isinstance(first, t.Symbol) else []
            for name in (*names_in(before.expr), *several):  # z = W x + b ∈ R^h
                key = sort(name, world.spelling, {}).key
                sizes = member.expr.sizes
                if any(value in world.spelling.letters for _, value in key.marks):
                    key, sizes = general(key, world.spelling.letters), _of_layers(sizes)
                entries = ("entry", key.stem, "1") in unions.items()  # x_{ij} beside x_i
                if key.indices and _is_family(world, key, before.expr, member.expr.sizes):
                    key = key if entries else family_of(key)
                if len(sizes) == 1 and key.stem in world.rows:
                    sizes = (t.Number("1", sizes[0].span), *sizes)  # b ∈ R^C of X W + b
                found.append((key, sizes))
                said += member.expr.sizes
                layered |= {size_name(x) for x in sizes} if sizes != member.expr.sizes else set()
                for axis, size in enumerate(sizes):
                    label = size_name(size)
                    if label is not None and not key.indices:  # W_Q and W_O are two things
                        unions.join(("entry", own_name(key), str(axis)), ("size", label))
    for size in (x for x in said if isinstance(x, t.Symbol) and x.base in layered):
        unions.join(("size", size_name(size) or size.base), ("size", size.base))
    return found


def _of_layers(sizes: Sequence[t.Expr]) -> tuple[t.Expr, ...]:
    """``R^{n_l × n_{l-1}}`` of every layer: formulas for all of them hold only where they are alike."""
    return tuple(
        replace(x, subscripts=(), scripts=()) if isinstance(x, t.Symbol) else x for x in sizes
    )


def _is_family(world: World, key: Key, said: t.Expr | None, sizes: Sequence[t.Expr]) -> bool:
    """Whether a shape is that of all members: of ``W_•``, of ``x_1, …, x_T``, of ``x_t``."""
    if set(key.indices) <= _ANY:
        return True
    if isinstance(said, t.Group) and any(isinstance(x, t.Ellipsis) for x in said.items):
        return True
    # W_l ∈ R^{n_l × n_{l-1}}: each layer has its own sizes.
    own = any(isinstance(s, t.Symbol) and (s.subscripts or s.scripts) for s in sizes)
    return not own and len(sizes) == 1 and set(map(str, key.indices)) <= world.spelling.letters


def _item(size: t.Expr, unions: Unions, fixed: dict[Item, int]) -> Item:
    """What a declared size is to the classes of sizes."""
    if isinstance(size, t.Number) and size.is_whole:
        n = int(size.value)
        if n == 1:
            return ONE
        fixed[("number", str(n))] = n
        return ("number", str(n))
    name = size_name(size)
    if name is None:
        return ("formula", str(size.span[0]))
    unions.mark(("size", name), name)
    return ("size", name)


def declare(shaping: Shaping, declared: Sequence[Declaration], fixed: dict[Item, int]) -> None:
    """Give names the shapes that are said of them."""
    said = Counter(general(key) for key, _ in declared)
    for key, sizes in declared:
        shape = [_item(size, shaping.unions, fixed) for size in sizes]
        shaping.declare(key, shape)
        if key.marks and said[general(key)] == 1 and len(sizes) == 2:
            # H^{(0)} ∈ R^{n×f_0}: formulas for every layer hold only where all are alike.
            shaping.settle(general(key), laid_out(tuple(shape)))
