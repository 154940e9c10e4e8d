"""Models written with the letter of the labels: ``y = w x + b`` beside a loss ``(y - y_pred)²``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.grouping import equation
from dvar.check.judge.naming import Occurrences
from dvar.check.judge.roles import Role
from dvar.check.meaning.gradients import is_named
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_TAILS = (".hat", "_pred", "_hat", "pred", "hat")
"""What makes the name of a prediction of that of a label."""


def of_output(role: Role, ordinal: int, world: World, occurrences: Occurrences) -> Role:
    """``y = w x + b`` where the loss sets y against a ``y_pred`` that has no formula: that is what the formula is of."""
    if role.kind != "definition" or len(role.definitions) != 1 or role.definitions[0].numeric:
        return role
    pattern = role.definitions[0].pattern
    if pattern.marks or pattern.indices or role.definitions[0].params:
        return role
    label = (pattern.stem, 0, ())
    predicted = [(f"{pattern.stem}{tail}", 0, ()) for tail in _TAILS]
    for family in [*predicted, (pattern.stem, 1, ("pred",)), (pattern.stem, 1, ("hat",))]:
        places = occurrences.at.get(family, [])
        if not places or family in occurrences.begun or ordinal >= places[0]:
            continue
        if not set(places).isdisjoint(occurrences.at.get(label, [])):
            output, _ = pattern_of(occurrences.shown[family], world.spelling)
            return replace(role, definitions=(replace(role.definitions[0], pattern=output),))
    return role


def is_any(roles: Mapping[int, Role], world: World, occurrences: Occurrences) -> bool:
    """Whether a formula may be that of a prediction."""
    return any(of_output(r, n, world, occurrences) is not r for n, r in roles.items())


def slopes(world: World, statements: Sequence[tuple[int, Statement]]) -> tuple[int, int]:
    """How many derivatives are right, and how many are not wrong: which of two letters a formula is of shows there."""
    found = []
    for ordinal, statement in statements:
        left, right = equation(statement)
        if left is not None and right is not None and _is_slope(world, left):
            found.append(links.between(world, ordinal, left, right).verdict)
    return found.count("ok"), -found.count("wrong")


def _is_slope(world: World, left: t.Expr) -> bool:
    """``∂L/∂w``, ``dw``."""
    if not isinstance(left, t.Symbol):
        return isinstance(left, t.Derivative)
    return is_named(Interpreter(world, 10**9), sort(left, world.spelling, {}).key)
