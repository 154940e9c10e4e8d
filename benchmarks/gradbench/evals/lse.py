"""The logarithm of a sum of exponentials."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def logsumexp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def prepare_primal(given: Input, threads: int) -> Work:
    return compiled(logsumexp, np.array(given["x"], float), threads=threads)


def prepare_gradient(given: Input, threads: int) -> Work:
    return compiled(dvar.grad(logsumexp), np.array(given["x"], float), threads=threads)


FUNCTIONS = {"primal": prepare_primal, "gradient": prepare_gradient}
