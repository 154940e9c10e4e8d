"""Numbers of answers: six digits, and whether they are all."""

from __future__ import annotations

import numpy as np

from dvar.core.op import Array
from dvar.write import names

DIGITS = 6


def shown(number: Array, latex: bool) -> str:
    """``= 3``, or ``≈ 0.196612`` where digits are left out."""
    value = np.asarray(number, dtype=float)
    exact = np.allclose(rounded(value), value, rtol=1e-12, atol=1e-15)
    about = r"\approx" if latex else "≈"
    return f"{'=' if exact else about} {bare(number, latex)}"


def bare(number: Array, latex: bool) -> str:
    """The number or array alone."""
    value = np.asarray(number, dtype=float)
    return names.latex_array(value, DIGITS) if latex else names.array(value, DIGITS)


def rounded(value: Array) -> Array:
    """The numbers as they are shown."""
    flat = [float(f"{float(x):.{DIGITS}g}") for x in np.asarray(value, dtype=float).ravel()]
    return np.array(flat).reshape(np.shape(value))
