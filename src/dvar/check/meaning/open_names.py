"""Open names: what they are before any formula says it, by their letter and by what is beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dvar.check.meaning import entries, gradients, members
from dvar.check.meaning.alphabet import MATRIX_GREEK, ONE_HOT, SCALAR_CAPITALS, SCALAR_GREEK
from dvar.check.meaning.assumptions import as_function, mirrored, with_property
from dvar.check.meaning.chosen import one_hot
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import (
    NotUnderstood,
    number,
    sizes,
)
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import factors_of

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

COUNTS = frozenset(["m", "N", "M", "n"])
"""Letters that say how many examples there are."""


def open_name(
    e: Interpreter, key: Key, hint: tuple[int, ...] | None, tree: t.Symbol | None
) -> Node:
    """A variable; its shape is declared, or what its neighbours ask for, or what such letters usually are."""
    world = e.world
    if world.has_one_example and key.stem in COUNTS and not key.marks and not key.indices:
        return number(1.0)
    shape = world.shape(key)
    if shape is None and key in world.given_shapes:
        shape = world.given_shapes[key]
    if shape is None:
        shape = members.shape_of(world, key)
    if shape is None:
        if not world.matrices:
            shape = ()
        elif hint is not None:
            shape = _fitting(e, key, hint)
        else:
            shape = _usual(e, key, tree)
        world.settle(key, shape)
    if (unit := members.unit(world, key, shape)) is not None:
        return unit
    e.opened.add(familiar_name(e, key, tree))
    key = mirrored(world, key)
    node = world.open_name(key, shape)
    if world.assumed:
        node = with_property(world, key.stem, node)
    if key in world.dependents:
        node = as_function(world, key, node)
    world.keys[node] = key
    if key.stem in world.normalised:
        options = [("a distribution", _normalised(e, key, node))]
        hot = one_hot(world, key, shape)
        if hot is not None:
            options.append(("one-hot", hot))
        return e.choices.pick(options)
    return node


def _normalised(e: Interpreter, key: Key, node: Node) -> Node:
    """The same name with entries that add up to one."""
    if node.shape:
        world = e.world
        in_rows = world.rows_are_examples or key.stem.startswith(ONE_HOT)
        in_rows = world.adds_up == "rows" or (in_rows and not world.adds_up)
        axis = None if 1 in sizes(node) or node.ndim == 1 else int(in_rows)
        total = TABLE["sum"](node, axis=axis, keepdims=axis is not None)
        return TABLE["divide"](node, total)
    letters = e.world.entry_letters.get(key.stem)
    if not key.indices or not isinstance(key.indices[-1], int) or letters is None:
        return node
    total = node
    for k in e.world.run_of(letters):
        if k == key.indices[-1]:
            continue
        other = Key(key.stem, key.marks, (*key.indices[:-1], k))
        part = e.world.open_name(other, ())
        e.world.keys[part] = other
        total = TABLE["add"](total, part)
    return TABLE["divide"](node, total)


def familiar_name(e: Interpreter, key: Key, tree: t.Symbol | None) -> str:
    """How a name is known: entries and members of a family by their stem."""
    if tree is not None and free_letters(tree, e.world.spelling):
        return f"{key.stem}*"
    return str(key)


def _fitting(e: Interpreter, key: Key, hint: tuple[int, ...]) -> tuple[int, ...]:
    """A bias beside a matrix of examples is a column (or a row, where examples are rows)."""
    is_bias = key.stem[:1] in ("b", "c") or key.stem.endswith("_0")
    if len(hint) == 2 and 1 not in hint and is_bias:
        return (1, hint[1]) if e.world.rows_are_examples else (hint[0], 1)
    return hint


def _usual(e: Interpreter, key: Key, tree: t.Symbol | None) -> tuple[int, ...]:
    world = e.world
    n = e.world.default_size
    first = world.entry_sizes.get((key.stem, 0))
    if first is not None and not key.indices:
        second = world.entry_sizes.get((key.stem, 1))
        return (first, second) if second is not None else (first, 1)
    if len(key.indices) > 1 and (key.stem, len(key.indices) - 1) in world.entry_sizes:
        return ()
    if key.stem in world.columns:
        return (1, n) if world.is_row(key.stem) else (n, 1)
    base = key.stem.partition(".")[0]
    if base in SCALAR_GREEK or base in SCALAR_CAPITALS:
        return ()
    if base in MATRIX_GREEK or (len(base) == 1 and base.isupper() and not key.indices):
        return (n, n)
    if len(base) == 1 and base.isupper() and all(isinstance(i, (int, str)) for i in key.indices):
        return (n, n)
    if tree is not None and tree.font == "bf":
        vector = (1, n) if world.is_row(key.stem) else (n, 1)
        return (n, n) if base[:1].isupper() else vector
    return ()


def special_beside(
    e: Interpreter,
    factor: t.Expr,
    left: tuple[int, ...] | None,
    right: tuple[int, ...] | None,
    hint: tuple[int, ...] | None,
) -> tuple[int, ...] | None:
    """How large an identity or a column of ones is between its neighbours, in a product like ``hint``."""
    tree, turned = _bare(factor)
    if tree is None or tree.base not in ("1", "I") or tree.subscripts:
        return None
    if tree.base in e.world.definitions or tree.base in e.env:
        return None
    before = left[1] if left and len(left) == 2 and left[1] != 1 else None
    behind = right[0] if right and len(right) == 2 and right[0] != 1 else None
    whole = hint if hint and len(hint) == 2 else None
    if tree.base == "I":
        n = before or behind or (whole[0] if whole and whole[0] == whole[1] else None)
        return (n, n) if n else None
    if turned:
        n = behind or (whole[1] if whole else None)
        return (1, n) if n else None
    n = before or (whole[0] if whole else None)
    return (n, 1) if n else None


def beside(
    e: Interpreter,
    factor: t.Expr,
    left: tuple[int, ...] | None,
    right: tuple[int, ...] | None,
) -> tuple[int, ...] | None:
    """The shape an untyped factor takes between its neighbours in a product."""
    tree, turned = _bare(factor)
    if tree is None:
        return None
    key = sort(tree, e.world.spelling, e.env).key
    usual = _usual(e, key, tree)
    n = e.world.default_size
    rows = left[1] if left and len(left) == 2 else None
    columns = right[0] if right and len(right) >= 1 else None
    shape: tuple[int, ...]
    if len(usual) == 2 and 1 not in usual:
        shape = (rows or n, columns or n)
    elif usual:
        shape = usual[::-1] if turned else usual
        if rows and not turned:
            shape = (rows, 1)
        elif columns and turned:
            shape = (1, columns)
    elif rows and rows > 1 and _may_be_vector(key):
        shape = (rows, 1)
    elif (
        columns
        and columns > 1
        and right
        and len(right) == 2
        and 1 not in right
        and _may_be_vector(key)
    ):
        shape = (1, columns)
    else:
        return ()
    return shape


def _may_be_vector(key: Key) -> bool:
    base = key.stem.partition(".")[0]
    return len(base) == 1 and base.islower() and base not in "mnkc"


def _bare(tree: t.Expr) -> tuple[t.Symbol | None, bool]:
    if t.is_bracketed(tree):
        return _bare(tree.items[0])
    if isinstance(tree, t.Symbol):
        return tree, any(s.kind == "transpose" for s in tree.scripts)
    return None, False


def is_capital(tree: t.Expr) -> bool:
    found, _ = _bare(tree)
    return found is not None and (found.base[:1].isupper() or found.base in MATRIX_GREEK)


def is_literal(tree: t.Expr) -> bool:
    """Whether an expression is made of numbers only."""
    return not any(isinstance(p, (t.Symbol, t.Apply, t.Derivative)) for p in t.walk(tree))


def is_hungry(e: Interpreter, tree: t.Expr) -> bool:
    """Whether the terms beside an expression show the shape of something in it."""
    if is_untyped(e, tree):
        return True
    if not isinstance(tree, t.Product | t.Quotient):
        return False
    above = (x.above if isinstance(x, t.Quotient) else x for x in factors_of(tree))
    bare = [_bare(factor)[0] for factor in above]
    return any(s is not None and s.base in ("1", "I") and is_untyped(e, s) for s in bare)


def is_untyped(e: Interpreter, tree: t.Expr) -> bool:
    """Whether this is an open name whose shape nothing has shown yet."""
    found, _ = _bare(tree)
    if found is None or found.primes or (found.base == "e" and found.scripts):
        return False
    if not e.world.matrices:
        return False
    recall = e.recall()
    return _is_untyped(e, found) if recall is None else recall.answer(e, found, _is_untyped)


def _is_untyped(e: Interpreter, found: t.Symbol) -> bool:
    world = e.world
    try:
        key = sort(found, world.spelling, e.env).key
    except NotUnderstood:
        return False
    if key.stem in e.locals or (not key.indices and key.stem in e.env):
        return False
    if key.stem in ("1", "I") and world.find(key, e.position) is None:
        return True
    if world.shape(key) is not None or key in world.given_shapes:
        return False
    if world.find(key, e.position) is not None or key.stem in world.size_names:
        return False
    if gradients.is_named(e, key) or world.family(key):
        return False
    return entries.entry(e, key) is None


def acquaint(world: World, own: Sequence[Statement]) -> None:
    """Names that occur in definitions, are given, or stand in several statements are familiar."""
    counted: Counter[str] = Counter()
    for statement in own:
        seen: set[str] = set()
        for part in parts([statement]):
            if isinstance(part, t.Symbol):
                key = sort(part, world.spelling, {}).key
                seen.add(f"{key.stem}*" if free_letters(part, world.spelling) else str(key))
        counted.update(seen)
    world.familiar = {name for name, n in counted.items() if n > 1}
    world.familiar |= {str(key) for key in world.keys.values()}
    world.familiar |= {str(key) for key in (*world.given_shapes, *world.shapes)}
