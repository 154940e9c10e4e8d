"""Sums, products, maxima over an index: which numbers it runs through, and what that makes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product as every
from typing import TYPE_CHECKING

from dvar.check.meaning import chains, chance, gradients, limits, structures
from dvar.check.meaning.bounds import Bounds, bounds_in, is_range
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.values import (
    NotUnderstood,
    Unconnected,
    Value,
    add,
    aligned,
    number,
    sizes,
    squeezed,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_BATCH = frozenset({"batch", "rows", "examples", "samples", "axis"})
"""Words below a sum over the examples of a batch."""
LONGEST = 64
"""Terms of one sum."""


def big(e: Interpreter, tree: t.Big) -> Value:
    if tree.name == "E":
        return chance.expectation(e, tree)
    if tree.name == "int" or (tree.name == "sum" and chance.is_over_outcomes(e, tree)):
        return chance.integral(e, tree)
    if tree.name == "lim":
        return limits.limit(e, tree)
    if tree.name not in ("sum", "prod", "max", "min"):
        raise NotUnderstood(tree.name)
    letters = tree.indices
    if not letters:
        return _over_everything(e, tree)
    if tree.name == "sum" and set(letters) <= _BATCH - free_letters(tree.body, e.world.spelling):
        return _over_examples(e, e.node(tree.body))
    if tree.name == "prod":
        return _product(e, _terms(e, tree))
    values = _terms(e, tree)
    if not values:
        return number(0.0)
    if tree.name == "sum" and (whole := chains.summed(values)) is not None:
        return whole
    terms = [e.plain(value) for value in values]
    total = terms[0]
    for term in terms[1:]:
        if tree.name == "sum":
            total = add(total, term)
        else:
            total = TABLE["maximum" if tree.name == "max" else "minimum"](*aligned(total, term))
    return total


def _product(e: Interpreter, terms: list[Value]) -> Value:
    """``\\prod``: of matrices the later factors stand on the left or on the right, as authors like it."""
    if not terms:
        return number(1.0)
    terms, _ = chains.contracted(e, terms, [""] * (len(terms) - 1))
    if len(terms) == 1:
        return terms[0]
    nodes = [e.plain(term) for term in terms]
    options: list[tuple[str, Node]] = []
    if all(n.ndim == 2 and n.shape[0] == n.shape[1] and n.shape[0] != 1 for n in nodes):
        options += [
            ("later factors to the left", _in_turn("matmul", nodes[::-1])),
            ("later factors to the right", _in_turn("matmul", nodes)),
        ]
    options.append(("product of each element", _in_turn("multiply", nodes)))
    return e.choices.pick(options)


def _in_turn(row: str, nodes: list[Node]) -> Node:
    total = nodes[0]
    for node in nodes[1:]:
        total = TABLE[row](*((total, node) if row == "matmul" else aligned(total, node)))
    return total


def _terms(e: Interpreter, tree: t.Big) -> list[Value]:
    """What is summed; a derivative that exists in some terms is zero in those where nothing connects it."""
    found: list[Value | None] = []
    apart: Unconnected | None = None
    bound = list(bindings(e, tree))
    for values, truth in bound:
        try:
            found.append(_term(e.inside(values), tree, truth))
        except Unconnected as reason:
            apart = reason
            found.append(None)
    if apart is not None and all(term is None for term in found):
        raise apart
    for n, (values, truth) in enumerate(bound):
        if found[n] is None:
            reader = e.inside(values)
            reader.may_vanish = True
            found[n] = _term(reader, tree, truth)
    return [term for term in found if term is not None]


def _term(e: Interpreter, tree: t.Big, truth: Node | None) -> Value:
    """One term; where its condition is about values it counts only where that holds."""
    value = e.value(tree.body)
    if truth is None:
        return value
    if tree.name not in ("sum", "prod"):
        raise NotUnderstood("a condition under a sum that is not about its index")
    node = e.plain(value)
    other = number(float(tree.name == "prod"))
    return TABLE["where"](truth, node, TABLE["broadcast_to"](other, sizes(node)))


def bindings(e: Interpreter, tree: t.Big) -> Iterator[tuple[dict[str, int], Node | None]]:
    """The numbers that the letters of a sum run through, with what has to hold of values there."""
    letters = [*tree.indices, *_letters_beside(e, tree)]
    told = bounds_in(tree.condition, letters) if tree.condition is not None else {}
    ranges = [_range(e, tree, letter, told.get(letter, Bounds())) for letter in letters]
    if math.prod(max(1, len(r)) for r in ranges) > LONGEST:
        raise NotUnderstood("a sum of so many terms")
    for values in every(*ranges):
        bound = dict(zip(letters, values, strict=True))
        truth: bool | Node = True
        if tree.condition is not None and not is_range(tree.condition):
            truth = structures.condition(e.inside(bound), tree.condition)
        if truth is not False:
            yield bound, None if truth is True else truth


def _letters_beside(e: Interpreter, tree: t.Big) -> list[str]:
    """Letters of a condition that nothing else binds: ``i < j`` sums over pairs."""
    if tree.condition is None:
        return []
    known = {*tree.indices, *e.env}
    inside = free_letters(tree.body, e.world.spelling)
    names = {p.base for p in t.walk(tree.condition) if isinstance(p, t.Symbol) and not p.subscripts}
    return sorted((names & inside & e.world.spelling.letters) - known)


def _range(e: Interpreter, tree: t.Big, letter: str, told: Bounds) -> range:
    low_end, high_end = tree.low or told.low, tree.high or told.high
    low = e.whole(low_end) if low_end is not None else None
    high = e.whole(high_end) if high_end is not None else None
    usual = e.world.run_of(letter)
    if low_end is None and high_end is None and (size := _axis_along(e, tree.body, letter)):
        return range(usual.start, usual.start + size)
    if (
        letter in e.world.apart
        and isinstance(tree.low, t.Number)
        and isinstance(tree.high, t.Symbol)
    ):
        return usual  # the units of one layer, whose numbers are no other's
    start = usual.start if low is None else low + told.open_low
    if tree.high is not None and high is None and not _is_size(tree.high):
        raise NotUnderstood("a sum up to something that is no number")
    stop = usual.stop if high is None else high + 1 - told.open_high
    if tree.low is not None and high is None and low is not None:
        stop = low + len(usual)
    return range(start, stop)


def _axis_along(e: Interpreter, body: t.Expr, letter: str) -> int | None:
    """How long the axes of arrays are that a letter counts along; None where they do not tell.

    The same letter may count the columns of one pair of matrices here, and of another one elsewhere.
    """
    found: set[int] = set()
    for part in t.walk(body):
        if not isinstance(part, t.Symbol) or not part.subscripts:
            continue
        places = [c for sub in part.subscripts for c in _index_letters(sub)]
        if places.count(letter) != 1:
            continue
        key = sort(part, e.world.spelling, e.env).key
        whole = Key(key.stem, key.marks)
        target = gradients.target_of(e, whole) if gradients.is_named(e, whole) else whole
        shape = squeezed(e.world.shape(target) or ()) if target is not None else ()
        if len(shape) != len(places) or whole.stem in e.world.spelling.squared:
            return None
        found.add(shape[places.index(letter)])
    return found.pop() if len(found) == 1 else None


def _index_letters(sub: t.Expr) -> list[str]:
    """The indices of a subscript; what is no single letter counts as one place."""
    if isinstance(sub, t.Label) and not sub.is_text and sub.text.isalpha():
        return list(sub.text)
    return [sub.base] if isinstance(sub, t.Symbol) and not sub.subscripts else ["?"]


def _is_size(tree: t.Expr) -> bool:
    """``n``, ``n_L - 1``: a name that stands for how many there are."""
    if isinstance(tree, t.Sum) and len(tree.terms) == 2 and isinstance(tree.terms[1], t.Number):
        tree = tree.terms[0]
        return isinstance(tree, t.Symbol) and bool(tree.subscripts)
    return isinstance(tree, t.Symbol)


def _over_everything(e: Interpreter, tree: t.Big) -> Value:
    """``\\sum`` without an index: over all entries, or over the one letter that is free in its body."""
    free = sorted(free_letters(tree.body, e.world.spelling) - e.env.keys())
    if len(free) == 1:
        bound = t.Big(
            tree.name, (free[0],), tree.low, tree.high, tree.condition, tree.body, tree.span
        )
        return big(e, bound)
    body = e.node(tree.body)
    if not body.shape or tree.name == "prod":
        raise NotUnderstood("a sum that does not say over what")
    if tree.name != "sum" or body.ndim != 2 or 1 in sizes(body):
        return TABLE[tree.name](body)
    return e.choices.pick([("over all entries", TABLE["sum"](body)), *_along(e, body)])


def _over_examples(e: Interpreter, body: Node) -> Node:
    """``\\sum_{batch} \\delta``: along the axis of the examples."""
    if not body.shape:
        return body
    if body.ndim != 2 or 1 in sizes(body):  # of many examples, or of one
        return e.choices.pick([("over the examples", TABLE["sum"](body)), ("of one", body)])
    return e.choices.pick(_along(e, body))


def _along(e: Interpreter, body: Node) -> list[tuple[str, Node]]:
    """The sums of a matrix along each axis, the one of the examples first."""
    axes = (0, 1) if e.world.rows_are_examples else (1, 0)
    return [(f"axis {k}", TABLE["sum"](body, axis=k, keepdims=True)) for k in axes]
