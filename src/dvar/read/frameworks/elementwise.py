"""Functions of single elements that PyTorch and JAX call alike, in terms of NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def erf(x: Any) -> Any:
    """The error function, which NumPy has not, of arrays that may be traced."""
    from scipy.special import erf as error_function

    return error_function(x)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "neg": lambda x: -x,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "abs": np.abs,
    "square": lambda x: x * x,
    "erf": erf,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "ge": lambda a, b: a >= b,
    "le": lambda a, b: a <= b,
}
