"""Vectors in one: ``[h; x]``, columns one above the other, and ``W [h, x]``, where a matrix takes both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.shaping import ONE, Shape, Shaping
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten

_SIGNS = frozenset({"", "cdot", "@", "*", "times"})


def shape_of(
    s: Shaping, tree: t.Matrix, shaped: Callable[[Shaping, t.Expr], Shape | None]
) -> Shape | None:
    """``[h; x]``: columns one above the other, or rows side by side, are as long as they are together."""
    upright = all(len(row) == 1 for row in tree.rows)
    entries = [entry for row in tree.rows for entry in row]
    shapes = [shaped(s, entry) for entry in entries]
    if len(entries) < 2 or not (upright or len(tree.rows) == 1) or not any(shapes):
        return None
    for entry, shape in zip(entries, shapes, strict=True):
        if shape is None:
            s.expect(entry, s.column() if upright else s.column()[::-1])
    along, across = (0, 1) if upright else (1, 0)
    known = [shape for entry in entries if (shape := shaped(s, entry))]
    if len(known) < len(entries) or any(shape[across] != ONE for shape in known):
        return None
    size = s.unions.stacked(tree.span[0], tuple(shape[along] for shape in known))
    return (size, ONE) if upright else (ONE, size)


def vectors(statements: Sequence[Statement]) -> set[str]:
    """h and x of ``W [h; x]``: what a matrix takes are vectors."""
    pairs = (
        pair for p in parts(statements) if isinstance(p, t.Product) for pair in pairwise(p.factors)
    )
    held = [b for a, b in pairs if _is_matrix(a) and isinstance(b, t.Matrix) and len(b.rows) > 1]
    entries = [row[0] for matrix in held for row in matrix.rows if len(row) == 1]
    return {stem_of(x) for x in entries if isinstance(x, t.Symbol) and x.base.islower()}


def stacked(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with lists of names behind a matrix as columns, and with those in front of one as rows."""
    return [in_members(s, _of_products) for s in statements]


def _of_products(part: Any) -> t.Expr | None:
    if not isinstance(part, t.Product):
        return None
    factors = [rewritten(f, _of_products) for f in part.factors]
    for n, sign in enumerate(part.operators):
        left, right = factors[n], factors[n + 1]
        if sign in _SIGNS and _is_matrix(left) and _is_list(right):
            rows = tuple((item,) for item in right.items)
            factors[n + 1] = t.Matrix(rows, right.span, "[", right.scripts)
        elif sign in _SIGNS and _is_list(left) and _is_matrix(right):
            factors[n] = t.Matrix((left.items,), left.span, "[", left.scripts)
    return replace(part, factors=tuple(factors))


def _is_matrix(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and len(tree.base) == 1 and tree.base.isupper()


def _is_list(tree: t.Expr) -> bool:
    """``[h_{t-1}, x_t]``: names in square brackets."""
    if not isinstance(tree, t.Group) or tree.kind != "list" or len(tree.items) < 2:
        return False
    return all(isinstance(item, t.Symbol) and item.base.islower() for item in tree.items)


__all__ = ["shape_of", "stacked", "vectors"]


# ── matrices spelled out ────────────────────────────────────────────────────────────────────────


def spelled_out(statements: Sequence[Statement]) -> list[Statement]:
    """``S = Q Kᵀ = [s_11 s_12; s_21 s_22]`` tells the shape of S, and that the ``s_ij`` are its entries."""
    names: dict[str, str] = {}
    found = []
    for statement in statements:
        for n, member in enumerate(statement.members):
            shape, small = _own_entries(member.expr)
            others = [m.expr for k, m in enumerate(statement.members) if k != n]
            wholes = [x for x in others if isinstance(x, t.Symbol) and x.base.lower() == small]
            if not wholes or wholes[0].base == small or wholes[0].subscripts:
                continue
            names[small] = wholes[0].base
            rest = (*statement.members[:n], *statement.members[n + 1 :])
            told = replace(member, relation="in", expr=shape)
            statement = replace(statement, members=(replace(rest[0], relation=""), *rest[1:], told))
            break
        found.append(statement)

    def change(part: Any) -> t.Expr | None:
        is_entry = isinstance(part, t.Symbol) and part.base in names and len(_place(part)) == 2
        return replace(part, base=names[part.base]) if is_entry else None

    return [in_members(s, change) for s in found] if names else found


def _own_entries(tree: t.Expr | None) -> tuple[t.Shape | None, str]:
    """The shape of a matrix whose entries are called by their places, and the letter in front of these."""
    if not isinstance(tree, t.Matrix) or len(tree.rows) < 2 or tree.scripts:
        return None, ""
    stems = set[str]()
    for i, row in enumerate(tree.rows, 1):
        for j, entry in enumerate(row, 1):
            if not isinstance(entry, t.Symbol) or entry.scripts or _place(entry) != f"{i}{j}":
                return None, ""
            stems.add(stem_of(entry))
    sizes = (t.Number(str(n), tree.span) for n in (len(tree.rows), len(tree.rows[0])))
    return (t.Shape(tuple(sizes), tree.span), stems.pop()) if len(stems) == 1 else (None, "")


def _place(symbol: t.Symbol) -> str:
    """The indices of an entry in one run: ``12`` of ``s_{12}`` and of ``s_{1,2}``."""
    return "".join(getattr(x, "text", getattr(x, "base", "?")) for x in symbol.subscripts)
