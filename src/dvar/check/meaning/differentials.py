r"""Differentials: ``dL = tr(Aᵀ dX)``, ``d(XY) = dX Y + X dY``.

``dX`` is an arbitrary increment of an open name, and d of anything else is what follows from the increments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dvar.check.meaning import tangents
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.matrices import matrices_in
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_WORD = re.compile(
    r"\bdifferentials?\b|\bdifferentiell|\bdiff[ée]rentielle|\bdiferencial", re.IGNORECASE
)
_INCREMENT = re.compile(r"d[A-Za-z]\w*")
HIGHEST = 3
"""Differentials of a higher order are not written."""


def are_written(statements: Sequence[Statement], text: str, losses: set[str]) -> bool:
    """Whether ``dX`` means an increment here: on the left stands d of a loss, of a formula, or of a function of X.

    Where y is a function of x, ``dx = … dy`` is a gradient by name instead.
    """
    losses = losses - matrices_in(statements)
    made: dict[str, set[str]] = {}
    for statement in reversed(statements):
        _learn(made, statement)
    shown = 0
    head: t.Expr | None = None
    for statement in statements:
        if statement.members[0].relation:  # a chain that goes on
            told = [head, *(m.expr for m in statement.members)]
        else:
            _learn(made, statement)
            told = [m.expr for m in statement.members]
            head = told[0]
        members = [m for m in told if m is not None]
        moved = {name for m in members[1:] for name in _increments(m)}
        if len(members) < 2 or not moved:
            continue
        left = members[0]
        name = ""
        if isinstance(left, t.Symbol) and left.base[:1] == "d":
            name = _numbered(left)[1:]
        if name and any(_is_made_of(made, x, {name}) for x in moved):
            return False
        of_function = bool(name) and _is_made_of(made, name, moved)
        inner = _argument(left)
        held = {_numbered(p) for p in t.walk(inner) if isinstance(p, t.Symbol)} if inner else set()
        shown += 2 * (of_function or bool(held & moved)) or inner is not None or name in losses
    return shown >= (1 if _WORD.search(text) else 2)


def _learn(made: dict[str, set[str]], statement: Statement) -> None:
    """Put down which letters stand in the formula of a name; what was told of it before no longer counts."""
    left, *rest = (m.expr for m in statement.members)
    name = left.head if isinstance(left, t.Apply) else left
    if isinstance(name, t.Symbol) and rest:
        found = {_numbered(p) for x in rest if x for p in t.walk(x) if isinstance(p, t.Symbol)}
        made[_numbered(name)] = found - {_numbered(name)}


def _numbered(name: t.Symbol) -> str:
    """``Z`` and ``Z_2``; a letter below is an index, and says no more."""
    digits = (x.text for x in name.subscripts if isinstance(x, (t.Label, t.Number)))
    return name.base + "".join(f"_{x}" for x in digits if x.isdigit())


def _is_made_of(made: dict[str, set[str]], name: str, others: set[str]) -> bool:
    """Whether one of the others stands in the formula of a name, or in theirs."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        beneath = made.get(waiting.pop(), set()) - seen
        if beneath & others:
            return True
        seen |= beneath
        waiting += sorted(beneath)
    return False


def _increments(tree: t.Expr) -> set[str]:
    """``X`` of each ``dX``."""
    return {
        _numbered(part)[1:]
        for part in t.walk(tree)
        if isinstance(part, t.Symbol) and _INCREMENT.fullmatch(part.base)
    }


def _argument(tree: t.Expr) -> t.Expr | None:
    """What d or ``d^2`` stands in front of."""
    if isinstance(tree, t.Apply) and tree.head.base == "d" and len(tree.args) == 1:
        return tree.args[0]
    if isinstance(tree, t.Product) and len(tree.factors) == 2 and tree.operators == ("",):
        order, second = _order(tree.factors[0]), tree.factors[1]
        if order > 1 or (order and isinstance(second, (t.Call, t.Apply, t.Group))):
            return second
    return None


def _order(tree: t.Expr) -> int:
    """How often d is taken: 2 for ``d^2``, 0 where no d stands."""
    if not isinstance(tree, t.Symbol) or tree.base != "d" or tree.subscripts or tree.accents:
        return 0
    if not tree.scripts:
        return 1
    power = tree.scripts[0].value
    if len(tree.scripts) > 1 or not isinstance(power, t.Number) or not power.is_whole:
        return 0
    return int(power.value) if 1 < power.value <= HIGHEST else 0


def target(e: Interpreter, key: Key) -> Key | None:
    """``X`` of ``dX``, where differentials are written."""
    base, *accents = key.stem.split(".")
    if not e.world.differentials or not _INCREMENT.fullmatch(base):
        return None
    return e.world.spelled_key(base[1:], accents, key)


def by_name(e: Interpreter, key: Key, tree: t.Symbol) -> Node | None:
    """The value of ``dX`` or ``dL``; None if it is no differential."""
    from dvar.check.meaning.names import key_value

    name = target(e, key)
    if name is None:
        return None
    return of(e, e.plain(key_value(e, name, None, tree)))


def of(e: Interpreter, value: Node) -> Node:
    """What follows for a value from the increments of the open names in it."""
    moving = e.world.moving

    def seed(name: Key, shape: tuple[int, ...]) -> Node | None:
        if (moving is not None and name not in moving) or target(e, name) is not None:
            return None  # an increment is as large everywhere: d(dx) = 0
        base, *accents = name.stem.split(".")
        return tangents.seeded(
            e, Key(".".join([f"d{base}", *accents]), name.marks, name.indices), shape
        )

    return tangents.along(e, value, seed)


def _with_d(tree: t.Product) -> tuple[tuple[t.Expr, ...], tuple[str, ...]]:
    """The factors of a product, each d with what it stands in front of: ``2 d[x^T x]``."""
    factors, operators = [tree.factors[0]], list[str]()
    for sign, factor in zip(tree.operators, tree.factors[1:], strict=True):
        taken = isinstance(factor, (t.Call, t.Apply, t.Group))
        if sign == "" and taken and _order(before := factors[-1]) == 1:
            inner = (
                factor.items[0]
                if isinstance(factor, t.Group) and len(factor.items) == 1
                else factor
            )
            assert isinstance(before, t.Symbol)
            factors[-1] = t.Apply(before, (inner,), (before.span[0], factor.span[1]))
        else:
            factors.append(factor)
            operators.append(sign)
    return tuple(factors), tuple(operators)


def in_front(e: Interpreter, tree: t.Product) -> Node | None:
    """``d log det X`` and ``d^2 y``, which read like products."""
    if not e.world.differentials:
        return None
    if _argument(tree) is None:
        factors, operators = _with_d(tree)
        if len(factors) == len(tree.factors):
            return None
        return e.node(t.Product(factors, operators, tree.span) if operators else factors[0])
    value = e.node(tree.factors[1])
    for _ in range(_order(tree.factors[0])):
        value = of(e, value)
    return value


# ── what moves ──────────────────────────────────────────────────────────────────────────────────


def moving(e: Interpreter, trees: Sequence[t.Expr]) -> frozenset[Key] | None:
    """The open names that move in an equation; None if all do.

    ``dL = 2⟨E, X dW⟩`` speaks of what happens when W moves.
    """
    from dvar.check.meaning.names import key_value

    found: set[Key] = set()
    for tree in trees:
        opened: set[Key] = set()
        beneath: set[Key] = set()
        for name, symbol in _named(e, tree):
            try:
                value = e.plain(key_value(e, name, None, symbol))
            except NotUnderstood:
                continue
            if value.op is VARIABLE:
                opened |= {name, e.world.keys.get(value, name)}  # S = Σ: what moves is Σ
            else:
                beneath |= {e.world.keys[n] for n in topological([value]) if n in e.world.keys}
        if opened:
            found |= opened | {key for key in beneath if key.stem in e.world.increments}
    return frozenset(found or _behind_d(e, trees)) or None


def _behind_d(e: Interpreter, trees: Sequence[t.Expr]) -> set[Key]:
    """The names that d stands in front of with a function: z of ``dL = y d log z``."""
    walked = (p for tree in trees for p in t.walk(tree) if not isinstance(p, t.Script))
    inner = (x for p in walked if (x := _argument(p)) is not None)
    names = (p for x in inner for p in t.walk(x) if isinstance(p, t.Symbol))
    keys = {sort(p, e.world.spelling, e.env).key for p in names}
    return {key for key in keys if key.stem in e.world.increments}


def increments(statements: Sequence[Statement]) -> frozenset[str]:
    """Letters whose d is written somewhere: beneath a formula only these move, data do not."""
    members = (m.expr for s in statements for m in s.members if m.expr is not None)
    return frozenset(name.partition("_")[0] for m in members for name in _increments(m))


def _named(e: Interpreter, tree: t.Expr) -> Iterator[tuple[Key, t.Symbol]]:
    for part in t.walk(tree):
        if isinstance(part, t.Symbol):
            name = target(e, sort(part, e.world.spelling, e.env).key)
            if name is not None:
                yield name, part


def of_applied(e: Interpreter, tree: t.Apply) -> Node | None:
    """``d(XY)``"""
    if not e.world.differentials or _order(tree.head) != 1 or len(tree.args) != 1:
        return None
    return of(e, e.node(tree.args[0]))


__all__ = [
    "are_written",
    "by_name",
    "in_front",
    "increments",
    "moving",
    "of_applied",
    "target",
]
