"""Numbers in a text: which expressions are plain numbers, and which number they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from dvar.core.errors import FormulaError
from dvar.read import syntax as s
from dvar.read.steps import Step, run
from dvar.read.syntax import Expr, walk
from dvar.read.where import Places

_CONSTANTS = {"pi": np.pi, "inf": np.inf, "nan": np.nan}
_ARRAYS = frozenset({"array", "asarray", "tensor"})
_ARITHMETIC = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "juxt": np.multiply, "cdot": np.multiply,
    "/": np.true_divide, "**": np.power,
}  # fmt: skip


def is_literal(expr: Expr) -> bool:
    """Whether an expression is a number or nested lists of numbers, arithmetic of numbers included."""
    numbers = 0
    for part in walk(expr):
        match part:
            case s.Number():
                numbers += 1
            case s.Unary() if isinstance(part.operand, s.Array):
                return False
            case s.Unary() | s.Array():
                pass
            case s.Binary() if part.operator in _ARITHMETIC:
                if isinstance(part.left, s.Array) or isinstance(part.right, s.Array):
                    return False
            case s.Name() if part.name in _CONSTANTS:
                numbers += 1
            case _:
                return False
    return numbers > 0


def literal(expr: Expr, places: Places) -> Any:
    """The number or array, or None for anything that is not just a number.

    Raises:
        FormulaError: rows of different lengths.
    """
    if isinstance(expr, s.Call) and expr.function in _ARRAYS and expr.args:
        expr = expr.args[0]  # np.array([1, 2]), torch.tensor([1.0], requires_grad=True)
    if not is_literal(expr):
        return None
    with np.errstate(all="ignore"):
        value = run(_value(expr))
    if not isinstance(value, list):
        return value
    try:
        return np.array(value, dtype=np.float64)
    except ValueError as error:
        deep = "maximum number" in str(error)
        raise FormulaError(
            "the list is nested too deep"
            if deep
            else "the rows of the list have different lengths",
            source=places.source(expr.span),
        ) from None


def _value(expr: Expr) -> Step[Any]:
    match expr:
        case s.Number():
            return expr.value
        case s.Name():
            return _CONSTANTS[expr.name]
        case s.Unary():
            inner: Any = yield _value(expr.operand)
            return -inner
        case s.Binary():
            left: Any = yield _value(expr.left)
            right: Any = yield _value(expr.right)
            # In floats: 9**9**9 in whole numbers would not end.
            return float(_ARITHMETIC[expr.operator](np.float64(left), np.float64(right)))
        case s.Array():
            items = []
            for item in expr.items:
                part: Any = yield _value(item)
                items.append(part)
            return items
    raise AssertionError(expr)
