"""How well the formulas of a problem fit together: which cannot be read, and which have shapes that do not fit."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.meaning import effort
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import unwrapped
from dvar.check.meaning.looks import is_slope
from dvar.check.meaning.names import read_definition
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import NotUnderstood
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement


def misfits(world: World, statements: Sequence[Statement], ordinals: Sequence[int]) -> list[int]:
    """The statements of which a side has shapes that do not fit.

    Products with the slope of an activation, ``X^T δ W^T f'(z)``, are often in no order at all.
    """
    found = []
    for ordinal in ordinals:
        trees = [m.expr for m in statements[ordinal].members if m.expr is not None]
        env = {c: world.sample(c) for tree in trees for c in free_letters(tree, world.spelling)}
        for tree in (x for x in trees if not _is_sketch(x)):
            try:
                Interpreter(world, ordinal, None, env).node(tree)
            except NotUnderstood as reason:
                found += [ordinal] * _is_misfit(reason)
    return found


def _is_sketch(tree: t.Expr) -> bool:
    tree = unwrapped(tree.operand if isinstance(tree, t.Negative) else tree)
    if not isinstance(tree, t.Product) or set(tree.operators) - {"", "cdot"}:
        return False
    return any(is_slope(factor) for factor in tree.factors)


def _is_misfit(reason: NotUnderstood) -> bool:
    said = str(reason)
    told = ("fit", "product of", "of an array of shape", "whose definition was not")
    return any(words in said for words in told)


def warm_up(world: World, ordinals: Sequence[int]) -> tuple[set[int], int]:
    """Read every definition once: shapes of open names are found; which cannot be read, and how many do not fit."""
    failed: set[int] = set()
    unfit = 0
    end = ordinals[-1] if ordinals else 0
    for definitions in list(world.definitions.values()):
        for definition in definitions:
            if definition.numeric or definition.params:
                continue
            env = {letter: world.sample(letter) for letter in definition.pattern.letters}
            reader = Interpreter(world, end)
            try:
                with effort.bounded():
                    read_definition(reader, definition, env)
            except effort.TooMuch:
                failed.add(definition.position)
            except NotUnderstood as reason:
                failed.add(definition.position)
                unfit += _is_misfit(reason)
    return failed, unfit
