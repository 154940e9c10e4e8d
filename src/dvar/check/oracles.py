"""Independent derivatives of a function of arrays: complex steps and extrapolated differences."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator

import numpy as np

from dvar.core.op import Array

# Complex steps and the two modes agree to rounding; differences lose digits to cancellation: with
# steps of 1e-3 and values around one, about 1e-12 / 1e-3.
EXACT, DIFFERENCES = 1e-9, 1e-8
SINGLE = 1e-6  # what rounding to single precision leaves


def close(a: Array, b: Array, tolerance: float) -> bool:
    """Whether shapes are equal and no element differs by more than ``tolerance``, beside the largest."""
    if np.shape(a) != np.shape(b):
        return False
    scale = 1 + np.max(np.abs(b), initial=0.0)
    return bool(np.all(np.abs(np.subtract(a, b, dtype=float)) <= tolerance * scale))


def _numeric(
    f: Callable[[Array], Array], x: Array, derivative: Callable[[Callable[[complex], Array]], Array]
) -> Array:
    """The gradient of ``f``, one element of ``x`` after the other."""
    out = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1.0
        out[place] = derivative(lambda h, unit=unit: f(x + h * unit))  # type: ignore[misc]
    return out


def _complex_step(f: Callable[[complex], Array]) -> Array:
    out = f(1e-25j)
    if out.dtype.kind != "c":
        raise TypeError("the forward turned a complex number into a real one")
    return np.asarray(out.imag / 1e-25)


def _extrapolated(step: float) -> Callable[[Callable[[complex], Array]], Array]:
    """Central differences with steps halved four times, extrapolated to step zero (Richardson)."""

    def derivative(f: Callable[[complex], Array]) -> Array:
        h = [step / 2**k for k in range(5)]
        row = [(f(s) - f(-s)) / (2 * s) for s in h]
        for order in range(1, len(row)):
            row = [(4**order * b - a) / (4**order - 1) for a, b in itertools.pairwise(row)]
        return np.asarray(row[0])

    return derivative


def oracles(f: Callable[[Array], Array], x: Array) -> Iterator[tuple[str, float, Array]]:
    """Independent gradients of ``f``, the sharpest first: name, tolerance, gradient.

    A complex step says nothing where the forward is not analytic (``abs``, ``sort``), so differences
    have the last word, at several steps: at least one stays clear of the kinks.
    """
    analytic = _by_complex_step(f, x)
    if analytic is not None:
        yield "a complex step", EXACT, analytic
    for step in (2e-2, 2e-3, 2e-4):
        yield "differences", DIFFERENCES, _numeric(f, x, _extrapolated(step))


def _by_complex_step(f: Callable[[Array], Array], x: Array) -> Array | None:
    """None where the forward does not take complex numbers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return _numeric(f, x, _complex_step)
    except (TypeError, ValueError, ArithmeticError, Warning):
        return None
