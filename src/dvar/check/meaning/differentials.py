r"""Differentials: ``dL = tr(Aᵀ dX)``, ``d(XY) = dX Y + X dY``.

``dX`` is an arbitrary increment of an open name, and d of anything else is what follows from the increments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dvar.check.meaning import tangents
from dvar.check.meaning.keys import Key, sort
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


def are_written(statements: Sequence[Statement], text: str, losses: set[str]) -> bool:
    """Whether ``dX`` means an increment here: on the left stands d of a loss or of a formula."""
    losses = losses - _matrices(statements)
    shown = 0
    for statement in statements:
        members = [m.expr for m in statement.members if m.expr is not None]
        if len(members) < 2 or not any(_increments(m) for m in members[1:]):
            continue
        left = members[0]
        of_formula = _argument(left) is not None
        of_loss = isinstance(left, t.Symbol) and left.base[:1] == "d" and left.base[1:] in losses
        shown += of_formula or of_loss
    return shown >= (1 if _WORD.search(text) else 2)


def _matrices(statements: Sequence[Statement]) -> set[str]:
    """Letters of matrices, ``Q K^T``, ``Q \\in R^{n \\times d}``: no losses, whatever they are elsewhere."""
    found: set[str] = set()
    for statement in statements:
        trees = [m.expr for m in statement.members if m.expr is not None]
        whole = any(isinstance(tree, t.Shape) for tree in trees)
        for part in (part for tree in trees for part in t.walk(tree)):
            factors = part.factors if isinstance(part, t.Product) else (part,)
            names = [x for x in factors if isinstance(x, t.Symbol)]
            if whole or any(s.kind == "transpose" for x in names for s in x.scripts):
                found |= {x.base for x in names}
    return found


def _increments(tree: t.Expr) -> bool:
    return any(
        isinstance(part, t.Symbol) and _INCREMENT.fullmatch(part.base) for part in t.walk(tree)
    )


def _argument(tree: t.Expr) -> t.Expr | None:
    """What d stands in front of."""
    if isinstance(tree, t.Apply) and tree.head.base == "d" and len(tree.args) == 1:
        return tree.args[0]
    if isinstance(tree, t.Product) and _is_d(tree.factors[0]) and tree.operators[0] == "":
        second = tree.factors[1]
        return second if isinstance(second, (t.Call, t.Apply, t.Group)) else None
    return None


def _is_d(tree: t.Expr) -> bool:
    return (
        isinstance(tree, t.Symbol) and tree.base == "d" and not tree.subscripts and not tree.scripts
    )


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
        if moving is not None and name not in moving:
            return None
        base, *accents = name.stem.split(".")
        return tangents.seeded(
            e, Key(".".join([f"d{base}", *accents]), name.marks, name.indices), shape
        )

    return tangents.along(e, value, seed)


def in_front(e: Interpreter, tree: t.Product) -> Node | None:
    """``d log det X``, which reads like a product."""
    if not e.world.differentials or len(tree.factors) != 2 or _argument(tree) is None:
        return None
    return of(e, e.node(tree.factors[1]))


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
                opened.add(name)
            else:
                beneath |= {e.world.keys[n] for n in topological([value]) if n in e.world.keys}
        if opened:
            found |= opened | beneath
    return frozenset(found) or None


def _named(e: Interpreter, tree: t.Expr) -> Iterator[tuple[Key, t.Symbol]]:
    for part in t.walk(tree):
        if isinstance(part, t.Symbol):
            name = target(e, sort(part, e.world.spelling, e.env).key)
            if name is not None:
                yield name, part


def of_applied(e: Interpreter, tree: t.Apply) -> Node | None:
    """``d(XY)``"""
    if not e.world.differentials or not _is_d(tree.head) or len(tree.args) != 1:
        return None
    return of(e, e.node(tree.args[0]))


__all__ = ["are_written", "by_name", "in_front", "moving", "of_applied", "target"]
