"""Formulas for one piece of what a name stands for: "for b > 0 … h'(b) = b - z + λ", "b = z - λ where z > λ".

What a document says of signs in front of a formula holds for the formulas behind it, and a formula that was
given for one piece says nothing of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dvar.check.judge import links
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain
from dvar.check.judge.matching import value_at
from dvar.check.judge.place import Place
from dvar.check.meaning.conditions import are_about_values
from dvar.check.meaning.keys import sort, stem_of
from dvar.check.meaning.structures import condition
from dvar.check.meaning.values import NotUnderstood, Value, node_of
from dvar.core.node import Node, topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

_PIECES = frozenset({"abs", "sign", "where", "maximum", "minimum", "greater", "less"})
_ORDERS = frozenset({"<", ">", "<=", ">="})


def standing(
    statements: Sequence[Statement], ordinals: Sequence[int], ordinal: int
) -> list[t.Expr]:
    """The last bound told of each name in front of a statement of its problem."""
    found: dict[str, t.Expr] = {}
    for before in ordinals:
        if before >= ordinal:
            break
        if (told := _sign(statements[before])) is not None:
            name, supposed = told
            found[stem_of(name)] = supposed
    return list(found.values())


def _sign(statement: Statement) -> tuple[t.Symbol, t.Relation] | None:
    """``b > 0`` as a condition on b."""
    first, *rest = statement.members
    if len(rest) != 1 or rest[0].relation not in _ORDERS or first.relation:
        return None
    name, bound = first.expr, rest[0].expr
    if not isinstance(name, t.Symbol) or bound is None or not is_plain(bound):
        return None
    return name, t.Relation((name, bound), (rest[0].relation,), statement.span)


def holds(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> Link | None:
    """An equation that holds wherever the signs are as they are said; None where nothing is said, or it does not."""
    own, signs = list(place.conditions), list(place.signs.get(place.position, ()))
    piece = [c for c in _of_formula(place, left) if are_about_values([c])]
    for told in (piece, signs, [*signs, *piece]) if piece else (signs,):
        if not told:
            continue
        place.world.conditions = [*own, *told]
        try:
            link = links.as_functions(
                place.world, place.position, left, right, envs, code=place.code
            )
        finally:
            place.world.conditions = place.conditions
        if link.verdict == "ok":
            return Link("ok", "where the signs are as said before", link.left, link.right)
    is_of_others = bool(piece) and link.verdict == "unknown"
    return Link("unknown", "what is known holds for other signs") if is_of_others else None


def is_elsewhere(place: Place, left: t.Expr) -> bool:
    """Whether the formula of a name does not hold at the numbers that are given."""
    reader = place.reader()
    for tree in _of_formula(place, left):
        if not are_about_values([tree]):
            continue
        try:
            truth = condition(reader, tree)
        except NotUnderstood:
            continue
        place.sync()
        values = (
            [value_at(truth, state) for state in place.ledger.states()[:2]]
            if isinstance(truth, Node)
            else ()
        )
        if any(v is not None and not np.all(v) for v in values):
            return True
    return False


def is_of_a_piece(place: Place, value: Value) -> bool:
    """Whether a value has pieces, and where in them it is taken has been said and not put in."""
    told = (p for c in place.signs.get(place.position, ()) for p in t.walk(c))
    keys = {sort(p, place.world.spelling, {}).key for p in told if isinstance(p, t.Symbol)}
    if keys <= set(place.ledger.given_by_key):
        return False
    return any(n.op.name in _PIECES for n in topological([node_of(value)]))


def _of_formula(place: Place, left: t.Expr) -> Sequence[t.Expr]:
    """Where the formula of a name holds."""
    head = left.head if isinstance(left, t.Apply) else left
    if not isinstance(head, t.Symbol) or head.primes:
        return ()
    found = place.world.find(sort(head, place.world.spelling, {}).key, place.position)
    if found is None or found[0].position >= place.position:
        return ()
    return place.signs.get(found[0].position, ())


__all__ = ["holds", "is_elsewhere", "is_of_a_piece", "standing"]
