"""A differential equation, solved by the classical method of Runge and Kutta."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar

END = 2.0


def slope(x, y):
    """Each entry grows with the one before it."""
    return x * np.concatenate([np.ones(1), y[:-1]])


def solved(x, steps):
    """The solution at the end, from zero, in so many steps."""
    h = END / steps

    def step(y, _):
        k1 = slope(x, y)
        k2 = slope(x, y + h / 2 * k1)
        k3 = slope(x, y + h / 2 * k2)
        k4 = slope(x, y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    return dvar.scan(step, np.zeros_like(x), length=steps)[0]


def prepare_primal(given: Input, threads: int) -> Work:
    steps = given["s"]
    return compiled(lambda x: solved(x, steps), np.array(given["x"], float), threads=threads)


def prepare_gradient(given: Input, threads: int) -> Work:
    steps = given["s"]
    last = dvar.grad(lambda x: solved(x, steps)[-1])
    return compiled(last, np.array(given["x"], float), threads=threads)


FUNCTIONS = {"primal": prepare_primal, "gradient": prepare_gradient}
