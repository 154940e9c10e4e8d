"""Entries of what has a formula as a whole: a formula for them claims something, unless it only says how they are called."""

from __future__ import annotations

from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import squeezed
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree


def spells_out(left: t.Expr, right: t.Expr, world: World) -> bool:
    """``x = [x_0, x_1, …, x_{n-1}]`` says how the entries of x are called, and how many there are."""
    if isinstance(left, t.Apply) and isinstance(right, t.Matrix):  # s(x) = [s(x)_1, …]
        inside = (p for p in t.walk(right) if isinstance(p, t.Apply) and p.subscripts)
        return any(same_tree(p.head, left.head) for p in inside)
    if not isinstance(left, t.Symbol) or not isinstance(right, (t.Group, t.Matrix)):
        return False
    rows = (right.items,) if isinstance(right, t.Group) else right.rows
    items = [entry for row in rows for entry in row]
    symbols = [item for item in items if isinstance(item, t.Symbol)]
    dots = any(isinstance(item, t.Ellipsis) for item in items)
    if len(symbols) + dots < len(items) or len(symbols) < 2:
        return False
    keys = [sort(item, world.spelling, {}).key for item in symbols]
    key = sort(left, world.spelling, {}).key
    runs = [f"{i}{n}" for i in key.indices for n, _ in enumerate(keys, 1)]
    alike = [k for k in keys if len(k.indices) == 1 and k.stem == key.stem]
    if runs and [str(k.indices[0]) for k in alike] == runs:
        return True  # P_1 = (P_11, P_12, P_13)
    if any(k.stem != key.stem or len(k.indices) != len(key.indices) + 1 for k in keys):
        return False
    first, last = keys[0].indices[-1], keys[-1].indices[-1]
    if isinstance(first, int) and world.find(key, 10**9) is None:
        n = len(symbols)
        if dots:
            n = world.sizes.get("n", 3) if not isinstance(last, int) else last - first + 1
        elif any(a != first + k for k, a in enumerate(i.indices[-1] for i in keys)):
            return False
        world.bases[key.stem] = first
        world.given_shapes.setdefault(key, (min(n, 8),))
    return True


def are_entries(left: t.Expr, made: Definition, world: World) -> bool:
    """Whether a left side is entries of an array, or one of a function, that has a formula."""
    return _are_of_array(made, world) or _is_of_function(left, made, world)


def _are_of_array(made: Definition, world: World) -> bool:
    """``S_{ij} = \\sum_c …`` and ``S_{12} = …`` behind ``S = Q K^T``: the entries of what has a formula as a whole."""
    letters = [slot for slot in made.pattern.indices if slot[0] == "letter"]
    run = "".join(str(slot[1]) for slot in made.pattern.indices if slot[0] == "const")
    if made.params or not world.matrices or (letters and run) or not (letters or len(run) == 2):
        return False
    env = {c: world.run_of(c)[min(1, len(world.run_of(c)) - 1)] for c in made.pattern.letters}
    whole = Key(made.pattern.stem, made.pattern.key(env).marks)
    found = world.find(whole, made.position)
    if found is None or found[0].numeric or found[0].position >= made.position:
        return False
    shape = world.shape(whole)
    if shape is None and whole.marks:
        return len(letters) == 1  # z^l of a layer is a vector
    return len(squeezed(shape or ())) == (len(letters) or len(run))


def _is_of_function(left: t.Expr, made: Definition, world: World) -> bool:
    """``F(x)_0 = …`` behind ``F(x) = (…)``."""
    if not isinstance(left, t.Apply) or not left.subscripts or made.pattern.letters:
        return False
    whole = world.find(sort(left.head, world.spelling, {}).key, made.position)
    return whole is not None and whole[0].position < made.position and not whole[0].numeric
