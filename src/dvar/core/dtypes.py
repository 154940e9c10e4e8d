"""The types of numbers that dvar works in, and which of them a result has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.errors import DtypeError

_RANK = {"bool": 0, "int64": 1, "float32": 2, "float64": 3}
_BY_KIND = {"b": "bool", "i": "int64", "u": "int64"}


def promote(dtypes: Sequence[str]) -> str:
    """The dtype of a result: the widest operand."""
    return dtypes[0] if len(dtypes) == 1 else max(dtypes, key=_RANK.__getitem__)


def dtype_of(value: Any) -> str:
    """The dtype dvar works in for an array or number.  Raises DtypeError for objects and complex."""
    dtype = np.asarray(value).dtype
    if dtype.kind == "f":
        return "float32" if dtype.itemsize <= 4 else "float64"
    if dtype.kind in _BY_KIND:
        return _BY_KIND[dtype.kind]
    raise DtypeError(
        f"dvar works with real numbers, not with {dtype}",
        hint="np.array of a list of numbers: a list is a container here"
        if dtype == "object"
        else None,
    )
