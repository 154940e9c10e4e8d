"""Whether one side lacks a mask: it is the other one wherever that does not vanish."""

from __future__ import annotations

import numpy as np

from dvar.check.judge.compare import forms
from dvar.check.meaning.points import Point
from dvar.check.meaning.values import Value

_POINTS = 12


def lacks_mask(left: Value, right: Value) -> bool:
    """Whether each entry of one side is that of the other at some points, and zero at others."""
    for _, a, b in forms(left, right):
        if a.shape == b.shape:
            pairs = [(Point(seed=n).value(a), Point(seed=n).value(b)) for n in range(_POINTS)]
            values = [(x, y) for x, y in pairs if x is not None and y is not None]
            if not values:
                return False
            with np.errstate(all="ignore"):
                first, second = (
                    np.stack([np.asarray(v[n], float) for v in values]) for n in (0, 1)
                )
            return _is_masked(first, second) or _is_masked(second, first)
    return False


def _is_masked(cut: np.ndarray, whole: np.ndarray) -> bool:
    off = cut == 0
    alike = np.isclose(cut, whole, rtol=1e-9, atol=0) & ~off
    if not np.all(off | alike):
        return False
    return bool(np.any(alike.any(axis=0) & (off & (whole != 0)).any(axis=0)))
