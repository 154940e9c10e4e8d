"""Whose gradients capitals are: ``dZ = A - Y`` is of each example's loss, ``dW = 1/m dZ X^T`` of their mean.

Both habits are common: the factor 1/m may come in with the parameters only.  Which one a document has is seen
from its lines that give a gradient without the help of others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from dvar.check.judge import links
from dvar.check.judge.sections import EQUALS
from dvar.check.meaning import effort, gradients, shares
from dvar.check.meaning.alphabet import counts_examples
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

SAMPLES = 4
"""So many lines are looked at."""
PARAMETERS = 8
"""So many gradients of parameters."""
MOST = 3
"""So many of them, but for one, make a habit."""


def seed(world: World, statements: Sequence[tuple[int, Statement]]) -> None:
    """Find out whether ``dx`` is the derivative of the last result, in a problem that has no loss: ``f = q z``.

    It is where lines say so that name no other gradient.
    """
    if world.loss_names:
        return
    plain = [
        (ordinal, left, right)
        for ordinal, left, right in _named(world, statements)
        if not _uses_gradients(world, right)
    ][:SAMPLES]
    before = [_holds(world, *sides) for sides in plain]
    world.is_seeded = True
    after = [_holds(world, *sides) for sides in plain]
    world.is_seeded = any(after) and not any(before)


def _named(
    world: World, statements: Sequence[tuple[int, Statement]]
) -> Iterator[tuple[int, t.Symbol, t.Expr]]:
    """Lines that say what a gradient by its name is."""
    for ordinal, statement in statements:
        if len(statement.members) < 2 or statement.members[0].relation:
            continue
        left, right = statement.members[0].expr, statement.members[1].expr
        if not isinstance(left, t.Symbol) or right is None:
            continue
        if statement.members[1].relation not in EQUALS or links.is_number(right, world):
            continue
        reader = Interpreter(world, ordinal)
        if gradients.target_of(reader, sort(left, world.spelling, {}).key) is not None:
            yield ordinal, left, right


def decide(world: World, statements: Sequence[tuple[int, Statement]]) -> None:
    """Find out whether gradients of what is computed for a batch are those of each example's own loss."""
    world.divisor = _divisor(world, statements)
    if not world.matrices or shares.count_symbol(world) is None:
        return
    of_results = [x for x in _equations(world, statements) if x[3]]
    habits = {
        habit
        for each in (False, True)
        for ordinal, left, right, _ in [x for x in of_results if not _uses_gradients(world, x[2])][
            :SAMPLES
        ]
        for habit in _held(world, ordinal, left, right, each)
    }
    of_parameters = [x for x in _equations(world, statements) if not x[3]]
    if len(habits) != 1:
        if not of_results or not habits:
            _follow_most(world, of_parameters)
        return
    (world.each,) = habits
    world.shares_are_known = any(
        _uses_gradients(world, right) and _holds(world, ordinal, left, right)
        for ordinal, left, right, _ in of_parameters[:SAMPLES]
    )


def _follow_most(world: World, of_parameters: Sequence[tuple[int, t.Symbol, t.Expr, bool]]) -> None:
    """Take the habit of all gradients of parameters but one: that one has a factor too few or too many."""
    told = Counter(
        habits[0]
        for ordinal, left, right, _ in of_parameters[:PARAMETERS]
        if _uses_gradients(world, right)
        and len(
            habits := [
                *_held(world, ordinal, left, right, False),
                *_held(world, ordinal, left, right, True),
            ]
        )
        == 1
    )
    if told.total() >= MOST and min(told.values()) == 1 and len(told) == 2:
        world.each = told.most_common(1)[0][0]
        world.shares_are_known = True


def _divisor(world: World, statements: Sequence[tuple[int, Statement]]) -> t.Symbol | None:
    """``m`` of ``dW = (1/m) dZ A^T``: what a gradient in terms of others is divided by."""
    for _, _, right in _named(world, statements):
        for part in t.walk(right):
            below = part.below if isinstance(part, t.Quotient) else None
            if isinstance(below, t.Symbol) and counts_examples(below.base) and not below.scripts:
                if _uses_gradients(world, right):
                    return below
    return None


def _held(world: World, ordinal: int, left: t.Expr, right: t.Expr, each: bool) -> Iterator[bool]:
    before, world.each = world.each, each
    try:
        if _holds(world, ordinal, left, right):
            yield each
    finally:
        world.each = before


def _holds(world: World, ordinal: int, left: t.Expr, right: t.Expr) -> bool:
    try:
        with effort.bounded(), world.unchanged():
            return links.between(world, ordinal, left, right).verdict == "ok"
    except effort.TooMuch:
        return False


def _equations(
    world: World, statements: Sequence[tuple[int, Statement]]
) -> Iterator[tuple[int, t.Symbol, t.Expr, bool]]:
    """Lines that say what a gradient for all examples is, and whether it is of a result, not of a parameter."""
    for ordinal, left, right in _named(world, statements):
        reader = Interpreter(world, ordinal)
        target = gradients.target_of(reader, sort(left, world.spelling, {}).key)
        if target is None:
            continue
        if shares.is_for_all(reader, target) or not shares.is_result(reader, target):
            yield ordinal, left, right, shares.is_for_all(reader, target)


def _uses_gradients(world: World, tree: t.Expr) -> bool:
    reader = Interpreter(world, 10**9)
    for part in t.walk(tree):
        if isinstance(part, t.Derivative):
            return True
        if isinstance(part, t.Symbol) and gradients.target_of(
            reader, sort(part, world.spelling, {}).key
        ):
            return True
    return False
