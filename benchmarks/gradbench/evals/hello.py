"""The square of a number, and its derivative."""

from __future__ import annotations

from benchmarks.gradbench.work import Work, compiled

import dvar


def square(x):
    return x * x


def prepare_square(given: float, threads: int) -> Work:
    return compiled(square, float(given), threads=threads)


def prepare_double(given: float, threads: int) -> Work:
    return compiled(dvar.grad(square), float(given), threads=threads)


FUNCTIONS = {"square": prepare_square, "double": prepare_double}
