"""Brackets, matrices, cases, conditions and roots."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from dvar.check.meaning import dual, entries, memberships, names, products, slopes
from dvar.check.meaning.counting import counted, listed
from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    aligned,
    number,
    reshaped,
    settle,
    sizes,
    squeezed,
    stacked,
)
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter

_COMPARISONS = {
    ">": "greater",
    "<": "less",
    ">=": "greater_equal",
    "<=": "less_equal",
    "=": "equal",
    "==": "equal",
    "neq": "not_equal",
    "!=": "not_equal",
}


LISTED = 64
"""Entries of one list with dots."""


def group(e: Interpreter, tree: t.Group, hint: tuple[int, ...] | None) -> Value:
    value = _inside(e, tree, hint)
    if tree.primes:
        slope = slopes.of_value(e, e.plain(value), tree.primes)
        if slope is None and not (e.world.matrices and e.plain(value).shape):
            raise NotUnderstood("a prime behind a bracket")
        value = products.transpose_of(e.plain(value)) if slope is None else slope
    if tree.kind == "norm" and len(tree.scripts) == 1 and e.whole(tree.scripts[0].value) == 2:  # type: ignore[arg-type]
        if _order(e, tree) == 2:
            return TABLE["sum"](TABLE["square"](e.node(tree.items[0])))
    scripts = tree.scripts
    if tree.subscripts and tree.kind != "norm" and not _says_what_is_held(e, tree):
        turned = scripts[:1] if scripts and scripts[0].kind == "transpose" else ()
        if turned and turned[0].span < tree.subscripts[0].span:  # (A)^T_{ij}
            value, scripts = names.operated(e, value, turned), scripts[1:]
        value = entries.picked(e, _either_way(e, value), tree.subscripts, "")
    return names.operated(e, value, scripts)


def _says_what_is_held(e: Interpreter, tree: t.Group) -> bool:
    """``(∂f/∂x)_y``: y stays as it is, which goes without saying."""
    labels = [sub.text if isinstance(sub, t.Label) else "" for sub in tree.subscripts]
    return isinstance(tree.items[0], t.Derivative) and all(
        label not in e.world.spelling.letters and Key(label) in e.world.bare for label in labels
    )


def _either_way(e: Interpreter, value: Value) -> Node:
    """``[∂f/∂X]_{ij}`` of a gradient by a matrix, which may be laid out either way."""
    node = e.plain(value)
    if not isinstance(value, Jacobian) or squeezed(value.of_shape) or node.ndim != 2:
        return node
    turned = TABLE["transpose"](node)
    return e.choices.pick([("as it stands", node), ("in the other layout", turned)])


def _order(e: Interpreter, tree: t.Group) -> int:
    if not tree.subscripts:
        return 2
    (sub,) = tree.subscripts[:1]
    if isinstance(sub, t.Label) and sub.text in ("F", "2", "fro"):
        return 2
    if isinstance(sub, t.Symbol) and sub.base == "F":
        return 2
    whole = e.whole(sub)
    if whole in (1, 2):
        return int(whole)
    raise NotUnderstood("a norm of this kind")


def _inside(e: Interpreter, tree: t.Group, hint: tuple[int, ...] | None) -> Value:
    kind = tree.kind
    if kind in ("list", "tuple") or len(tree.items) > 1:
        return _list(e, tree, hint)
    if not tree.items:
        raise NotUnderstood("empty brackets")
    (item,) = tree.items
    if kind in ("(", "[", "{", "overline"):
        return e.value(item, hint)
    if kind == "|":
        inner = e.node(item)
        if inner.ndim == 2 and inner.shape[0] == inner.shape[1]:
            return settle(TABLE["det"](inner))
        return TABLE["abs"](inner)
    if kind == "norm":
        inner = e.node(item)
        if _order(e, tree) == 1:
            return TABLE["sum"](TABLE["abs"](inner))
        return TABLE["sqrt"](TABLE["sum"](TABLE["square"](inner)))
    if kind == "iverson":
        return _truth_as_number(e, item)
    if kind in ("floor", "ceil", "round"):
        return TABLE[kind](e.node(item))
    raise NotUnderstood("brackets of this kind")


def _truth_as_number(e: Interpreter, item: t.Expr) -> Node:
    truth = condition(e, item)
    return number(float(truth)) if isinstance(truth, bool) else TABLE["float64"](truth)


def _list(e: Interpreter, tree: t.Group, hint: tuple[int, ...] | None) -> Node:
    if tree.kind in ("angle", "colon") and len(tree.items) == 2:
        a, b = (e.node(item) for item in tree.items)
        if e.world.nilpotent and tree.kind == "angle":
            return dual.of_pair(e, a, b)
        named = tree.kind == "colon" or all(isinstance(item, t.Symbol) for item in tree.items)
        if not (a.shape or b.shape or named):
            return stacked([a, b])  # ⟨2x, 3y²⟩
        a, b = aligned(a, b)
        return TABLE["sum"](TABLE["multiply"](a, b))
    items = _repeated(e, tree.items, hint) or spelled_out(e, tree.items)
    if len(items) == 1 and tree.kind == "tuple":
        return e.node(items[0], hint)
    return stacked([e.node(item) for item in items])


def _repeated(
    e: Interpreter, items: tuple[t.Expr, ...], hint: tuple[int, ...] | None
) -> list[t.Expr]:
    """``1, 1, ..., 1``: as many as fit where it stands."""
    said = [item for item in items if not isinstance(item, t.Ellipsis)]
    if len(said) in (0, 1, len(items)) or not all(same_tree(item, said[0]) for item in said):
        return []
    length = prod(squeezed(hint)) if hint else e.world.default_size
    return [said[0]] * length


def spelled_out(e: Interpreter, items: tuple[t.Expr, ...]) -> list[t.Expr]:
    """Without dots: ``x_1, ..., x_n`` has an entry for each number up to the last."""
    if not any(isinstance(item, t.Ellipsis) for item in items):
        return list(items)
    found = listed(items)
    end = e.whole(found[2]) if found is not None else None
    if found is None or end is None or end - found[1] > LISTED:
        raise NotUnderstood("dots in a list")
    return [found[0](k) for k in range(found[1], end + 1)]


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


def condition(e: Interpreter, tree: t.Expr) -> bool | Node:
    """Whether something holds: decided for index letters, a node for values."""
    if t.is_bracketed(tree):
        return condition(e, tree.items[0])
    if isinstance(tree, t.Logic):
        parts = [condition(e, part) for part in tree.operands]
        if not all(isinstance(p, bool) for p in parts):
            raise NotUnderstood("a condition joined from several")
        if tree.name == "not":
            return not parts[0]
        return all(parts) if tree.name == "and" else any(parts)
    if not isinstance(tree, t.Relation):
        raise NotUnderstood("a condition")
    truths = [
        _compared(e, a, b, sign)
        for a, b, sign in zip(tree.members, tree.members[1:], tree.relations, strict=False)
    ]
    if len(truths) == 1:
        return truths[0]
    if all(isinstance(x, bool) for x in truths):
        return all(truths)
    out: Node | None = None
    for truth in truths:
        asked = number(float(truth)) if isinstance(truth, bool) else TABLE["float64"](truth)
        out = asked if out is None else TABLE["multiply"](*aligned(out, asked))
    assert out is not None
    return TABLE["greater"](out, 0.5)


def _compared(e: Interpreter, a: t.Expr, b: t.Expr, sign: str) -> bool | Node:
    row = _COMPARISONS.get(sign)
    if sign == "in":
        return memberships.holds(e, a, b)
    if row is None:
        raise NotUnderstood("a condition of this kind")
    for side in (a, b):
        if isinstance(side, t.Symbol) and side.base in e.world.spelling.letters - e.env.keys():
            if side.base.islower() and not side.subscripts and side.base not in e.world.size_names:
                raise NotUnderstood(f"an index {side.base} that nothing binds")
    left, right = e.whole(a), e.whole(b)
    if left is not None and right is not None:
        return {
            "greater": left > right,
            "less": left < right,
            "greater_equal": left >= right,
            "less_equal": left <= right,
            "equal": left == right,
            "not_equal": left != right,
        }[row]
    x, y = e.node(a), e.node(b)
    return TABLE[row](*aligned(x, y))


# ── the rest ────────────────────────────────────────────────────────────────────────────────────


def other(e: Interpreter, tree: t.Expr) -> Value:
    match tree:
        case t.Matrix():
            return names.operated(e, _matrix(e, tree), tree.scripts)
        case t.Cases():
            return _cases(e, tree)
        case t.Root():
            return names.operated(e, _root(e, tree), tree.scripts)
        case t.Label():
            return e.value(t.Symbol(tree.text, tree.span))
        case t.Relation():
            return _truth_as_number(e, tree)
        case t.Ellipsis():
            raise NotUnderstood("dots")
        case t.Text():
            raise NotUnderstood(f"the words “{tree.text.strip()[:30]}”")
        case t.Shape():
            raise NotUnderstood("a shape where a value is due")
        case _:
            raise NotUnderstood("this notation")


def _matrix(e: Interpreter, tree: t.Matrix) -> Node:
    if tree.delimiter == "|":
        inner = t.Matrix(tree.rows, tree.span)
        return settle(TABLE["det"](_matrix(e, inner)))
    diagonal = _diagonal(e, tree)
    if diagonal is not None:
        return diagonal
    rows = []
    tree = replace(tree, rows=_without_dots(e, tree.rows))
    for row in tree.rows:
        entries = [e.node(entry) for entry in row]
        if any(entry.shape for entry in entries):
            return _blocks(e, tree)
        rows.append(stacked(entries))
    return settle(stacked(rows))


def _without_dots(
    e: Interpreter, rows: tuple[tuple[t.Expr, ...], ...]
) -> tuple[tuple[t.Expr, ...], ...]:
    """``[a_{11} … a_{1n}; ⋮; a_{m1} … a_{mn}]`` with all its rows and entries."""
    if not any(isinstance(entry, t.Ellipsis) for row in rows for entry in row):
        return rows
    lines = [
        row[0]
        if all(isinstance(entry, t.Ellipsis) for entry in row)
        else t.Group("tuple", row, row[0].span)
        for row in rows
    ]
    whole = (x for x in spelled_out(e, tuple(lines)) if isinstance(x, t.Group))
    return tuple(tuple(spelled_out(e, line.items)) for line in whole)


def _blocks(e: Interpreter, tree: t.Matrix) -> Node:
    """A matrix of columns side by side, or of rows one above the other."""
    grid = [[e.node(entry) for entry in row] for row in tree.rows]
    for row in grid:
        if any(entry.ndim != 2 for entry in row):
            raise NotUnderstood("a matrix whose entries are lists")
    if all(len(row) == 1 and _is_gradient(row[0]) for row in tree.rows):
        # The rows of a Jacobian are gradients, whichever way those lie when they stand alone.
        rows = [TABLE["transpose"](row[0]) if row[0].shape[1] == 1 else row[0] for row in grid]
        return TABLE["concatenate"](rows, axis=0)
    joined = [TABLE["concatenate"](row, axis=1) if len(row) > 1 else row[0] for row in grid]
    return TABLE["concatenate"](joined, axis=0) if len(joined) > 1 else joined[0]


def _is_gradient(tree: t.Expr) -> bool:
    return isinstance(tree, t.Derivative) and tree.spelling == "nabla"


def _diagonal(e: Interpreter, tree: t.Matrix) -> Node | None:
    """A diagonal matrix written with dots: its first two entries and its last tell the rest."""
    dots = any(isinstance(entry, t.Ellipsis) for row in tree.rows for entry in row)
    if not dots:
        return None
    first = tree.rows[0][0]
    second = tree.rows[1][1] if len(tree.rows) > 1 and len(tree.rows[1]) > 1 else None
    off = tree.rows[0][1] if len(tree.rows[0]) > 1 else None
    if second is None or not (isinstance(off, t.Number) and off.value == 0):
        return None
    general = counted(first, second)
    if general is None:
        raise NotUnderstood("dots in a matrix")
    entries = [e.node(general(k)) for k in e.world.run_of("i")]
    return TABLE["diag"](stacked(entries))


def _is_zero(tree: t.Expr) -> bool:
    """A vector of zeros, as ``\\vec{0}^T``: no name that needs a meaning."""
    return isinstance(tree, t.Symbol) and tree.base == "0" and not tree.subscripts


def _cases(e: Interpreter, tree: t.Cases) -> Value:
    value: Node | None = None
    for branch, when in reversed(tree.branches):
        truth = True if when is None else condition(e, when)
        if truth is False:
            continue
        node = number(0.0) if _is_zero(branch) else e.node(branch)
        if truth is True or value is None:
            value = node  # the last branch stands wherever no other does
            continue
        value = _where(truth, node, value)
    if value is None:
        raise NotUnderstood("cases of which none applies")
    return value


def _where(truth: Node, a: Node, b: Node) -> Node:
    shape = max((truth.shape, a.shape, b.shape), key=len)
    if shape:
        a = a if a.shape else TABLE["broadcast_to"](a, shape)
        b = b if b.shape else TABLE["broadcast_to"](b, shape)
        truth = reshaped(truth, sizes(a)) if truth.shape and truth.shape != a.shape else truth
    return TABLE["where"](truth, a, b)


def _root(e: Interpreter, tree: t.Root) -> Node:
    inner = e.node(tree.radicand)
    if tree.degree is None:
        return TABLE["sqrt"](inner)
    degree = e.whole(tree.degree)
    if degree is None or degree < 1:
        raise NotUnderstood("a root of this degree")
    return TABLE["power"](inner, number(1.0 / degree))
