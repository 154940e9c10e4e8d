"""Rows as functions, and the array API's view of traced arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from dvar.core.errors import MissingValue
from dvar.ops import TABLE
from dvar.read.trace import facts
from dvar.read.trace.applying import apply_row
from dvar.read.trace.array import Variable, unwrap, wrap
from dvar.read.trace.numpy_api import astype
from dvar.read.trace.sizes import NamedSize


def _is_traced(argument: Any) -> bool:
    if isinstance(argument, (list, tuple)):
        return any(map(_is_traced, argument))
    return isinstance(argument, (Variable, NamedSize))


@cache
def row_function(name: str) -> Callable[..., Any]:
    """``dvar.relu``: a row as a function of NumPy arrays (NumPy comes back) or traced arrays.

    Raises:
        KeyError: there is no such row.
    """
    row = TABLE[name]

    def function(*args: Any, **kwargs: Any) -> Any:
        if _is_traced(args) or any(map(_is_traced, kwargs.values())):
            return apply_row(row, args, kwargs)
        return _numbers(row(*map(unwrap, args), **kwargs))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The row ``{name}`` of the rule table.  Source: {row.source}."
    return function


def _numbers(result: Any) -> Any:
    if isinstance(result, (tuple, list)):
        return type(result)(map(_numbers, result))
    try:
        return facts.evaluate([result])[0][()]
    except MissingValue:
        return wrap(result)


class _Namespace:
    """The array API's view of traced arrays: NumPy's functions, and our rows beside them."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name in ("astype", "asarray"):
            return astype if name == "astype" else self._asarray
        if hasattr(np, name):
            return getattr(np, name)
        if name in TABLE:
            return row_function(name)
        raise AttributeError(f"the namespace of traced arrays has no {name!r}")

    @staticmethod
    def _asarray(x: Any, dtype: Any = None, **_: Any) -> Any:
        if isinstance(x, Variable):
            return x if dtype is None else astype(x, dtype)
        return np.asarray(x, dtype)


NAMESPACE = _Namespace()
