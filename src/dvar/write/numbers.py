"""Numbers, shapes and small arrays as people read them: ``−0.5344``, ``1.2×10⁻⁵``, ``(D_a, m)``."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dvar.write.report import Array

SMALL = 6  # arrays of at most so many elements are written out
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = 4) -> str:
    """To ``digits`` significant digits, with a real minus sign; whole numbers up to a million whole."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if 10**digits <= abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return "0" if text == "-0" else text.replace("-", "−")


def shape(sizes: Sequence[object]) -> str:
    """``scalar``, ``(3,)`` or ``(D_a, m)``."""
    if not sizes:
        return "scalar"
    inner = ", ".join(map(str, sizes))
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def rows(value: Array, digits: int = 4) -> list[list[str]] | None:
    """The elements of a small array, row by row; None for one too large to write out."""
    array = np.asarray(value)
    if array.size > SMALL or array.size == 0 or array.ndim > 2:
        return None
    return [[number(x, digits) for x in row] for row in np.atleast_2d(array).tolist()]


def extent(value: Array, digits: int = 4) -> str:
    """``−0.31 … 2.4``: between which numbers the elements lie."""
    array = np.asarray(value, dtype=float)
    if array.size == 0:
        return "empty"
    finite = array[np.isfinite(array)]
    if finite.size == 0:
        return "no finite element"
    ends = f"{number(finite.min(), digits)} … {number(finite.max(), digits)}"
    odd = array.size - finite.size
    return f"{ends}, {odd} not finite" if odd else ends


def inline(value: Array, digits: int = 4) -> str:
    """One line: ``−4``, ``[0.23, 0.4]``, ``[[1, 2], [3, 4]]``, or the extent of a large array."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array.item(), digits)
    lines = rows(array, digits)
    if lines is None:
        return extent(array, digits)
    inner = [f"[{', '.join(line)}]" for line in lines]
    return inner[0] if array.ndim == 1 else f"[{', '.join(inner)}]"
