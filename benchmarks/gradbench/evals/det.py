"""The determinant by expansion into minors.

A minor that stands in several larger ones is computed once: of the n! products of the expansion 2ⁿ minors
remain.  That is less work than an expansion that computes every minor where it is used, and no
elimination.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def determinant(a):
    """From the minors of the last row to the whole, row by row."""
    n = len(a)
    minors = np.ones(1)  # of no rows and no columns
    for size in range(1, n + 1):
        columns = list(combinations(range(n), size))
        place = {chosen: i for i, chosen in enumerate(combinations(range(n), size - 1))}
        smaller = np.array(
            [[place[*chosen[:j], *chosen[j + 1 :]] for j in range(size)] for chosen in columns]
        )
        signs = (-1.0) ** np.arange(size)
        minors = np.sum(signs * a[n - size][np.array(columns)] * minors[smaller], axis=1)
    return minors[0]


def _matrix(given: Input) -> np.ndarray:
    return np.array(given["A"], float).reshape(given["ell"], given["ell"])


def prepare_primal(given: Input, threads: int) -> Work:
    return compiled(determinant, _matrix(given), threads=threads)


def prepare_gradient(given: Input, threads: int) -> Work:
    return compiled(
        dvar.grad(determinant), _matrix(given), threads=threads, answer=lambda g: g.ravel().tolist()
    )


FUNCTIONS = {"primal": prepare_primal, "gradient": prepare_gradient}
