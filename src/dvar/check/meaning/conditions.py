"""Where formulas are compared: only at points at which the conditions that are said of them hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeGuard

from dvar.check.meaning import kept
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.structures import condition
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import Jacobian, NotUnderstood, Value, node_of, number
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_ORDERS = frozenset({"<", ">", "<=", ">="})
_COMPARED = frozenset({"less", "less_equal", "greater", "greater_equal"})
_SIZES = frozenset({"abs", "sqrt"})


def truths(e: Interpreter, *values: Value) -> list[Node]:
    """Conditions on values under which two sides are said to agree."""
    found = []
    for tree in e.world.conditions:
        if not _is_order(tree):
            continue
        try:
            truth = condition(e, tree)
        except NotUnderstood:
            continue
        if isinstance(truth, Node) and names_beneath([truth]):
            found.append(truth)
    return [*found, *_thresholds([node_of(v) for v in values], found)]


def there(e: Interpreter, *values: Value) -> tuple[Value, ...]:
    """Values at the place that a bar tells, ``f(x + tv)|_{t=0}``."""
    exchange: dict[Node, Node] = {}
    for tree in e.world.conditions:
        if not isinstance(tree, t.Relation) or tree.relations != ("=",):
            continue
        name, value = tree.members
        if isinstance(name, t.Symbol) and isinstance(value, t.Number) and name.base not in e.env:
            node = e.node(name)
            if node.op is VARIABLE and not node.shape:
                exchange[node] = number(float(value.value))
    return tuple(_put(v, exchange) for v in values) if exchange else values


def _put(value: Value, exchange: dict[Node, Node]) -> Value:
    if isinstance(value, Jacobian):
        return replace(value, node=substitute(value.node, exchange))
    return substitute(value, exchange)


def are_about_values(trees: Sequence[t.Expr | None]) -> bool:
    """Whether some conditions say how large something is."""
    return any(map(_is_order, trees))


def _is_order(tree: t.Expr | None) -> TypeGuard[t.Relation]:
    return isinstance(tree, t.Relation) and set(tree.relations) <= _ORDERS


_bounds = kept.table()


def _thresholds(sides: list[Node], said: list[Node]) -> list[Node]:
    """A name that a size is compared with, ``|r| <= d``, is positive."""
    roots = [*sides, *said]
    _bounds.trim()
    for node in topological(roots, _bounds):
        if node not in _bounds:
            below = dict.fromkeys(bound for x in node.inputs for bound in _bounds[x])
            _bounds[node] = (*below, *(b for b in _bounds_of(node) if b not in below))
    found = dict.fromkeys(bound for root in roots for bound in _bounds[root])
    return [TABLE["greater"](bound, number(0.0)) for bound in found]


def _bounds_of(node: Node) -> list[Node]:
    if node.op.name not in _COMPARED or len(node.inputs) != 2:
        return []
    a, b = node.inputs
    pairs = ((a, b), (b, a))
    return [
        bound
        for size, bound in pairs
        if size.op.name in _SIZES and bound.op is VARIABLE and not bound.shape
    ]


__all__ = ["are_about_values", "there", "truths"]
