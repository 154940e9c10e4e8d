"""Entries of what has a formula as a whole: a formula for them claims something."""

from __future__ import annotations

from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.values import squeezed
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t


def are_entries(left: t.Expr, made: Definition, world: World) -> bool:
    """Whether a left side is entries of an array, or one of a function, that has a formula."""
    return _are_of_array(made, world) or _is_of_function(left, made, world)


def _are_of_array(made: Definition, world: World) -> bool:
    """``S_{ij} = \\sum_c …`` behind ``S = Q K^T``: the entries of what has a formula as a whole."""
    letters = [slot for slot in made.pattern.indices if slot[0] == "letter"]
    if not world.matrices or not letters or len(letters) < len(made.pattern.indices):
        return False
    if made.params:
        return False
    env = {c: world.run_of(c)[min(1, len(world.run_of(c)) - 1)] for c in made.pattern.letters}
    whole = Key(made.pattern.stem, made.pattern.key(env).marks)
    found = world.find(whole, made.position)
    if found is None or found[0].numeric or found[0].position >= made.position:
        return False
    shape = world.shape(whole)
    if shape is None and whole.marks:
        return len(letters) == 1  # z^l of a layer is a vector
    return len(squeezed(shape or ())) == len(letters)


def _is_of_function(left: t.Expr, made: Definition, world: World) -> bool:
    """``F(x)_0 = …`` behind ``F(x) = (…)``."""
    if not isinstance(left, t.Apply) or not left.subscripts or made.pattern.letters:
        return False
    whole = world.find(sort(left.head, world.spelling, {}).key, made.position)
    return whole is not None and whole[0].position < made.position and not whole[0].numeric
