"""Which expressions are matrices, as far as the text says: there ``A^{-1}`` is an inverse, not a power."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.read.syntax import Array, Binary, Call, Component, Expr, Name, Number, Transpose, Unary

DEPTH = 50  # a formula deeper than this is not searched


def given(
    shapes: Mapping[str, Sequence[int | str]] | None, values: Mapping[str, Any] | None
) -> set[str]:
    """Inputs that come as matrices; a column or a row counts as a vector."""
    found = {
        name
        for name, shape in (shapes or {}).items()
        if not isinstance(shape, str) and len(shape) == 2 and 1 not in shape
    }
    for name, value in (values or {}).items():
        if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) == 2:
            found |= {name} if 1 not in np.shape(value) else set()
    return found


def is_declared(shape: Sequence[Expr]) -> bool:
    """Whether a declared shape is a matrix's."""
    return len(shape) == 2 and not any(isinstance(e, Number) and e.value == 1 for e in shape)


def is_matrix(expr: Expr, known: Collection[str], depth: int = 0) -> bool:
    """Whether an expression is a matrix, given the names that are; one too deep to tell is not."""

    def part(inner: Expr) -> bool:
        return depth < DEPTH and is_matrix(inner, known, depth + 1)

    match expr:
        case Name():
            return expr.name in known
        case Transpose() | Unary():
            return part(expr.operand)
        case Component():
            return expr.example and part(expr.operand)
        case Call():
            return expr.function == "inv"
        case Array():
            rows = [row for row in expr.items if isinstance(row, Array)]
            return bool(rows) and len(rows[0].items) > 1
        case Binary(operator="juxt" | "cdot" | "*"):
            return part(expr.right) and (isinstance(expr.left, (Number, Name)) or part(expr.left))
        case Binary(operator="+" | "-"):
            return part(expr.right) or part(expr.left)
        case Binary(operator="/" | "**"):
            return part(expr.left)
    return False
