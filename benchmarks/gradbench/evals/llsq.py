"""Least squares: a polynomial that follows the sign of t on evenly spaced points."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def objective(x, places):
    """Half the sum of squares; ``places`` counts the points, from which t and its powers are made."""
    t = 2 * places / (len(places) - 1) - 1
    power, fitted = np.ones_like(t), 0.0
    for coefficient in x:
        fitted = fitted + coefficient * power
        power = power * t
    return np.sum((np.sign(t) - fitted) ** 2) / 2


def _arguments(given: Input) -> tuple[np.ndarray, np.ndarray]:
    return np.array(given["x"], float), np.arange(given["n"], dtype=float)


def prepare_primal(given: Input, threads: int) -> Work:
    return compiled(objective, *_arguments(given), threads=threads)


def prepare_gradient(given: Input, threads: int) -> Work:
    return compiled(dvar.grad(objective), *_arguments(given), threads=threads)


FUNCTIONS = {"primal": prepare_primal, "gradient": prepare_gradient}
