"""A charged particle flies past two charges; where must one of them be for it to land at the origin?"""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.descent import gradient, minimised
from benchmarks.gradbench.work import Input, Work, compiled

import dvar

STEP = 0.1


def miss(w, mode):
    """The square of the distance at which the particle crosses the axis; w is one number in an array."""
    charges = np.stack([np.array([10.0, 10.0]) - np.stack([0.0, 1.0]) * w, np.array([10.0, 0.0])])

    def potential(x):
        return np.sum(1 / np.sqrt(np.sum((charges - x) ** 2, axis=1)))

    force = gradient(potential, mode)

    def above(state):
        x, v = state
        return (x + STEP * v)[1] > 0

    def flown(state):
        x, v = state
        return x + STEP * v, v - STEP * force(x)

    x, v = dvar.while_loop(above, flown, (np.array([0.0, 8.0]), np.array([0.75, 0.0])))
    return (x[0] - x[1] / v[1] * v[0]) ** 2


def _prepare(outer: str, inner: str):
    def prepare(given: Input, threads: int) -> Work:
        def best(w):
            return minimised(lambda w: miss(w, inner), w, outer)

        start = np.array([given["w"]], float)
        return compiled(best, start, threads=threads, answer=lambda w: float(w[0]))

    return prepare


FUNCTIONS = {modes: _prepare(*modes) for modes in ("rr", "ff", "fr", "rf")}
