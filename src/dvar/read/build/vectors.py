r"""Shapes that a formula implies without a word: in ``w^T x + b`` both w and x are vectors of one length.

Only small letters, and only where nothing else says what they are; it is noted for the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from dvar.read.syntax import (
    Binary,
    Component,
    Declare,
    Define,
    Expr,
    Name,
    Number,
    Statement,
    Transpose,
    canonical,
    walk,
)

Sizes: TypeAlias = "tuple[Expr, ...]"
_LENGTHS = ("n", "d", "D", "p", "q")
_NOWHERE = (0, 0)


def known_shapes(
    shapes: Mapping[str, Sequence[int | str]] | None, values: Mapping[str, Any] | None
) -> dict[str, Sizes | None]:
    """What the caller says of inputs; None where it says something that is not looked at here."""
    known: dict[str, Sizes | None] = {}
    for name, value in (values or {}).items():
        known[canonical(name)] = tuple(Number(size, _NOWHERE) for size in np.shape(value))
    for name, shape in (shapes or {}).items():
        plain = not isinstance(shape, str) and all(
            isinstance(s, int) or s.isidentifier() for s in shape
        )
        known[canonical(name)] = tuple(map(_size, shape)) if plain else None
    return known


def _size(size: int | str) -> Expr:
    return Name(size, _NOWHERE) if isinstance(size, str) else Number(size, _NOWHERE)


def implied(
    statements: Sequence[Statement], given: Mapping[str, Sizes | None]
) -> tuple[list[Declare], list[str]]:
    """Declarations for vectors that stand in ``w^T x``, and a remark on each."""
    shapes: dict[str, Sizes | None] = dict(given)
    for statement in statements:
        names = statement.names
        sizes = statement.shape if isinstance(statement, Declare) else None
        for name in names:
            if isinstance(statement, Declare) or name not in shapes:
                shapes[name] = sizes
    used = {x.name for x in _expressions(statements) if isinstance(x, Name)}
    lengths = (
        name for name in (*_LENGTHS, *(f"n_{k}" for k in range(1, 10_000))) if name not in used
    )
    found: list[Declare] = []
    notes: list[str] = []
    for left, right in _pairs(statements):
        fresh = [x for x in dict.fromkeys((left, right)) if _stem(x.name, shapes) not in shapes]
        if not fresh:
            continue
        partner = _shape_of(right.name if left in fresh else left.name, shapes)
        if len(fresh) == 1 and not partner:
            continue  # the other is computed, a scalar, or not understood
        sizes = _beside(partner) if partner else (Name(next(lengths), left.span),)
        for vector in fresh:
            shapes[vector.name] = sizes
            found.append(Declare((vector.name,), sizes, vector.span))
        notes.append(_remark(fresh, sizes))
    return found, notes


def _stem(name: str, shapes: Mapping[str, Sizes | None]) -> str:
    """``x`` for the example ``x_i`` where something is known of x."""
    stem = name.rpartition("_")[0]
    return stem if stem in shapes and name not in shapes else name


def _shape_of(name: str, shapes: Mapping[str, Sizes | None]) -> Sizes | None:
    stem = _stem(name, shapes)
    sizes = shapes.get(stem)
    return sizes if stem == name or sizes is None else sizes[1:]


def _expressions(statements: Iterable[Statement]) -> Iterator[Expr]:
    for statement in statements:
        parts = (statement.value,) if isinstance(statement, Define) else statement.shape
        for part in parts:
            yield from walk(part)


def _pairs(statements: Iterable[Statement]) -> Iterator[tuple[Name, Name]]:
    for expr in _expressions(statements):
        if isinstance(expr, Binary) and expr.operator in ("juxt", "cdot"):
            left = _vector(expr.left.operand) if isinstance(expr.left, Transpose) else None
            right = _vector(expr.right)
            if left is not None and right is not None:
                yield left, right


def _vector(expr: Expr) -> Name | None:
    """A name of a vector: a small letter, also as an example."""
    if isinstance(expr, Component) and expr.example:
        expr = expr.operand
    elif isinstance(expr, Component) and isinstance(expr.operand, Name) and len(expr.indices) == 1:
        expr = Name(f"{expr.operand.name}_{expr.indices[0]}", expr.span)
    return expr if isinstance(expr, Name) and expr.name[:1].islower() else None


def _beside(partner: Sizes) -> Sizes:
    """The shape of a vector that meets ``partner`` in a product: a column beside a column."""
    is_column = len(partner) == 2 and isinstance(partner[1], Number) and partner[1].value == 1
    return partner if is_column else partner[:1]


def _remark(names: Sequence[Name], sizes: Sizes) -> str:
    shown = " and ".join(name.name for name in names)
    said = ", ".join(
        str(s.name if isinstance(s, Name) else getattr(s, "value", "…")) for s in sizes
    )
    shape = f"({said})" if len(sizes) > 1 else f"({said},)"
    is_, kind = ("is", "a vector") if len(names) == 1 else ("are", "vectors")
    return f"{shown} {is_} taken for {kind} of shape {shape}: nothing else is said"
