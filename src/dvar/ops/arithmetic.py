"""Rows: + - * / ** and comparisons.  ``out`` is the result, ``x, y`` the operands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.node import Node, operators
from dvar.core.op import (
    ADD,
    ATOM,
    COMPARE,
    MATMUL,
    MUL,
    NONZERO,
    POSITIVE,
    POWER,
    REALS,
    UNARY,
    Constant,
    Edge,
    Notation,
    Op,
    Partials,
    number,
)

ONE = "... -> ..."
TWO = "... , ... -> ..."


def _times(operands: Sequence[str], node: Node) -> str:
    r"""``2 x`` for a number and a name, ``x \cdot y`` for numbers, ``x \odot y`` for two arrays."""
    left, right = operands
    x, y = node.inputs
    if x.shape and y.shape:
        return rf"{left} \odot {right}"
    if right[:1].isdigit() or right.startswith(("-", "(-")):
        return rf"{left} \cdot {right}"
    return rf"{left} \, {right}"


def _power_partials(out: Node, x: Node, y: Node) -> Sequence[Node | float | None]:
    exponent = number(y)
    if exponent is None:
        return (y * x ** (y - 1), operators["xlogy"](out, x))  # 0 where x is 0
    if exponent == 2:
        return (2 * x, None)
    return (0, None) if exponent == 0 else (y * x ** (exponent - 1), None)


# fmt: off
add = Op(
    "add", TWO, np.add, Partials(lambda out, x, y: (1, 1)),
    notation=Notation("{0} + {1}", "{0} + {1}", ADD, (ADD, MATMUL), (ADD, ADD)),
    domain=(REALS, REALS), native=lambda m, x, y: x + y, source="sum rule; Griewank & Walther, Evaluating Derivatives, table 2.3",
)
subtract = Op(
    "subtract", TWO, np.subtract, Partials(lambda out, x, y: (1, -1)),
    notation=Notation("{0} - {1}", "{0} - {1}", ADD, (ADD, MATMUL), (ADD, MATMUL)),
    domain=(REALS, REALS), native=lambda m, x, y: x - y, source="sum rule; Griewank & Walther, Evaluating Derivatives, table 2.3",
)
multiply = Op(
    "multiply", TWO, np.multiply, Partials(lambda out, x, y: (y, x)),
    notation=Notation("{0} * {1}", _times, MUL, (MUL, UNARY), (MUL, MUL)),
    domain=(REALS, REALS), native=lambda m, x, y: x * y, source="product rule; Griewank & Walther, table 2.3",
)
divide = Op(
    "divide", TWO, np.true_divide, Partials(lambda out, x, y: (1 / y, -x / y**2)),
    notation=Notation("{0} / {1}", r"\frac{{{0}}}{{{1}}}", MUL, (MATMUL, UNARY), (0, 0)),
    dtype="float", domain=(REALS, NONZERO), numpy=("divide", "true_divide"),
    edges=(Edge((0.0, 2.0), 0.0, (0.5, 0.0)),),
    native=lambda m, x, y: x / y, source="quotient rule; Griewank & Walther, table 2.3",
)
negative = Op(
    "negative", ONE, np.negative, Partials(lambda out, x: (-1,)),
    notation=Notation("-{0}", "-{0}", MUL, (MUL,), (MUL,)),
    domain=(REALS,), native=lambda m, x: -x, source="d(-x)/dx = -1",
)
power = Op(
    "power", TWO, np.power, Partials(_power_partials),
    notation=Notation("{0}**{1}", "{0}^{{{1}}}", POWER, (POWER + 1, UNARY), (POWER + 1, 0)),
    domain=(POSITIVE, REALS), aliases=("pow",), numpy=("power", "float_power", "pow"),
    edges=(Edge((2.0, 3.0), 8.0, (12.0, 8.0 * float(np.log(2.0)))),),
    native=lambda m, x, y: m.power(x, y), source="DLMF 4.2.26; d(x^y)/dx = y x^(y-1), d(x^y)/dy = x^y log x",
)
# fmt: on


def _comparison(name: str, symbol: str, latex: str, forward: Callable[..., Any]) -> Op:
    notation = Notation(
        f"{{0}} {symbol} {{1}}",
        # As a number a condition is an indicator: one where it holds, else zero.
        rf"\mathbb{{{{1}}}}\left[{{0}} {latex} {{1}}\right]",
        COMPARE,
        (ADD, ADD),
        (0, 0),
        latex_precedence=ATOM,
    )
    return Op(
        name, TWO, forward, Constant(), notation=notation, dtype="bool",
        domain=(REALS, REALS), native=lambda m, x, y: x.compare(symbol, y), source="piecewise constant",
    )  # fmt: skip


greater = _comparison("greater", ">", ">", np.greater)
less = _comparison("less", "<", "<", np.less)
greater_equal = _comparison("greater_equal", ">=", r"\geq", np.greater_equal)
less_equal = _comparison("less_equal", "<=", r"\leq", np.less_equal)
equal = _comparison("equal", "==", "=", np.equal)
not_equal = _comparison("not_equal", "!=", r"\neq", np.not_equal)

operators.update(
    {
        "+": add,
        "-": subtract,
        "*": multiply,
        "/": divide,
        "**": power,
        "neg": negative,
        ">": greater,
        "<": less,
        ">=": greater_equal,
        "<=": less_equal,
    }
)
