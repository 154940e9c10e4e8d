r"""Gradients of gates: ``δi = δc \odot g \odot i (1 - i)`` is by what the sigmoid of i is taken of.

An author who never names the argument of ``i = σ(W x + U h + b)`` has one name for two gradients.  Which one is
meant tell the lines: the factor ``1 - i`` on the right of ``δi`` belongs to the argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.letters import parts
from dvar.core.node import Node, topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_ACCENTS = frozenset(["hat", "tilde", "bar", "check"])
_SEVERAL = 2
"""So many gates with the same accent below derivatives show that it is a name for their arguments."""


def by_arguments(statements: Sequence[Statement], marked: Sequence[str]) -> dict[str, bool]:
    """Stems of gates whose gradients by name are by their arguments; whether that is sure, all through a document.

    Args:
        statements: all of the document.
        marked: what stands before a name, or behind it, where its gradient is meant: ``delta``, ``d``.
    """
    gates = {stem for s in statements for stem in _gate(s)}
    told: set[str] = set()
    inner: set[str] = set()
    for statement in statements:
        first = statement.members[0].expr
        if not isinstance(first, t.Symbol) or len(statement.members) < 2:
            continue
        stem = next((g for g in gates for m in marked if stem_of(first) == m + g), None)
        if stem is None:
            continue
        told.add(stem)
        formulas = [m.expr for m in statement.members[1:] if m.expr is not None]
        if any(_is_slope(x, stem) for formula in formulas for x in t.walk(formula)):
            inner.add(stem)
    return dict.fromkeys(gates if inner else (), len(inner) > 1 and 2 * len(inner) > len(told))


def arguments_named(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements with ``\hat a = W x + U h`` behind ``a = tanh(W x + U h)``, where gradients are by ``\hat a``.

    Only where the same accent is put on several gates, and such names stand nowhere but below derivatives.
    """
    below: set[int] = set()
    for part in parts(statements):
        if isinstance(part, t.Derivative):
            below |= {id(w) for w in part.wrt}
    names = [p for p in parts(statements) if isinstance(p, t.Symbol) and len(p.accents) == 1]
    free = {p.accents for p in names if p.accents[0] in _ACCENTS}
    used = {stem_of(p) for p in names if id(p) not in below}
    asked = {stem_of(p) for p in names if id(p) in below} - used
    made: dict[int, t.Symbol] = {}
    for n, statement in enumerate(statements):
        name = statement.members[0].expr
        if isinstance(name, t.Symbol) and not name.accents and any(_gate(statement)):
            for accents in free:
                inner = replace(name, accents=accents)
                if stem_of(inner) in asked:
                    made[n] = inner
    if len(made) < _SEVERAL or len({name.accents for name in made.values()}) > 1:
        return list(statements)
    found: list[Statement] = []
    for n, statement in enumerate(statements):
        found.append(statement)
        if n in made:
            found.append(_of_argument(statement, made[n]))
    return found


def _of_argument(statement: Statement, name: t.Symbol) -> Statement:
    """What the function of a gate is taken of, by a name of its own."""
    first, told = statement.members[:2]
    assert isinstance(told.expr, t.Call | t.Apply)
    (argument,) = told.expr.args
    members = (replace(first, expr=name), replace(told, expr=argument))
    return replace(statement, members=members, span=argument.span)


def argument(e: Interpreter, key: Key, node: Node) -> Node:
    """What the function of a gate is taken of, where its value goes through that."""
    found = e.world.find(key, e.position)
    told = found[0].value if found is not None else None
    if found is None or not isinstance(told, t.Call | t.Apply) or len(told.args) != 1:
        return node
    inner = e.inside(found[1]).node(told.args[0])
    return inner if inner in topological([node]) else node


def _gate(statement: Statement) -> Iterator[str]:
    """The name that is a function of something without a name of its own."""
    first, *rest = (m.expr for m in statement.members)
    if not isinstance(first, t.Symbol) or not rest:
        return
    told = rest[0]
    args = told.args if isinstance(told, t.Call | t.Apply) else ()
    if len(args) == 1 and isinstance(args[0], t.Sum | t.Product):
        yield stem_of(first)


def _is_slope(tree: object, stem: str) -> bool:
    """``1 - i``, ``1 - a^2``; a sign may be wrong."""
    if not isinstance(tree, t.Sum) or len(tree.terms) != 2:
        return False
    one = any(isinstance(x, t.Number) and x.text == "1" for x in tree.terms)
    return one and any(isinstance(x, t.Symbol) and stem_of(x) == stem for x in tree.terms)
