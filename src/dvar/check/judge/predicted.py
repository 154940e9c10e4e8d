"""Models written with the letter of the labels: ``y = w x + b`` beside a loss ``(y - y_pred)²``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.naming import Occurrences, family_of
from dvar.check.judge.roles import NOISES, Role
from dvar.check.judge.sections import equation
from dvar.check.meaning.gradients import is_named
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import sort
from dvar.check.meaning.patterns import pattern_of
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import same_tree, signed_terms, without

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


def of_model(role: Role, statement: Statement, occurrences: Occurrences) -> Role:
    """``y = X w`` beside ``(y - X w)²``: what a model is set against is observed, the formula that of a prediction."""
    left, right = equation(statement)
    if role.kind != "definition" or len(role.definitions) != 1 or len(statement.members) > 2:
        return role
    if (
        not isinstance(left, t.Symbol)
        or right is None
        or not _is_set_against(left, right, occurrences)
    ):
        return role
    made = role.definitions[0]
    pattern = replace(made.pattern, stem=f"{made.pattern.stem}.hat")
    return replace(role, definitions=(replace(made, pattern=pattern),))


def _is_set_against(left: t.Symbol, right: t.Expr, occurrences: Occurrences) -> bool:
    model = signed_terms(right)
    for whole in occurrences.residuals.get(family_of(left), ()):
        rest = signed_terms(whole)
        own = [sign for sign, term in rest if same_tree(term, left)]
        rest = [(-s * own[0], term) for s, term in rest if not same_tree(term, left)] if own else []
        left_out = without(model, rest)
        if rest and len(rest) == len(model) - len(left_out) and _is_noise(left_out, rest):
            return True
    return False


def _is_noise(terms: Sequence[tuple[int, t.Expr]], model: Sequence[tuple[int, t.Expr]]) -> bool:
    """Whether what a residual leaves out of a model is nothing, or a name for what the model leaves open."""
    names = [term for _, term in terms if isinstance(term, t.Symbol)]
    is_model = len(model) > 1 or isinstance(model[0][1], t.Product | t.Apply)
    return not terms or (len(names) == len(terms) == 1 and (is_model or names[0].base in NOISES))


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
