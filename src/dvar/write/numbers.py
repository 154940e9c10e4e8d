"""Numbers and small arrays as pictures show them: ``−0.5344``, ``1.2×10⁻⁵``, ``−1 … 3``."""

from __future__ import annotations

import numpy as np

from dvar.write import names
from dvar.write.report import Array

SMALL = 6  # arrays of at most so many elements are written out
DIGITS = 4
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number(value: float, digits: int = DIGITS) -> str:
    """To ``digits`` significant digits, with a real minus sign; whole numbers up to a million whole."""
    value = float(value)
    if 10**digits <= abs(value) < 1e6:
        return f"{value:.0f}".replace("-", "−")
    text = names.number(value, digits).replace("inf", "∞").replace("nan", "NaN")
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{mantissa}×10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return text.replace("-", "−")


def rows(value: Array, digits: int = DIGITS) -> list[list[str]] | None:
    """The elements of a small array, row by row; None for one too large to write out."""
    array = np.asarray(value)
    if array.size > SMALL or array.size == 0 or array.ndim > 2:
        return None
    return [[number(x, digits) for x in row] for row in np.atleast_2d(array).tolist()]


def extent(value: Array, digits: int = DIGITS) -> str:
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


def inline(value: Array, digits: int = DIGITS) -> str:
    """One line: ``−4``, ``[0.23, 0.4]``, ``[[1, 2], [3, 4]]``, or the extent of a large array."""
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array.item(), digits)
    lines = rows(array, digits)
    if lines is None:
        return extent(array, digits)
    inner = [f"[{', '.join(line)}]" for line in lines]
    return inner[0] if array.ndim == 1 else f"[{', '.join(inner)}]"
