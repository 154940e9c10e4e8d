"""Clusters: the sum of squared distances to the nearest centroid, and Newton's direction for the centroids."""

from __future__ import annotations

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def cost(centroids, points):
    apart = points[:, None, :] - centroids[None, :, :]
    return np.sum(np.min(np.sum(apart**2, axis=2), axis=1))


def direction(centroids, points):
    """The gradient divided by the diagonal of the Hessian.

    No entry of a centroid has a second derivative together with another, so that the Hessian times ones
    is its diagonal.
    """

    def gradient(c):
        return dvar.grad(cost)(c, points)

    slope, diagonal = dvar.jvp(gradient, (centroids,), (np.ones(centroids.shape),))
    return slope / diagonal


def _arguments(given: Input) -> tuple[np.ndarray, np.ndarray]:
    return np.array(given["centroids"], float), np.array(given["points"], float)


def prepare_cost(given: Input, threads: int) -> Work:
    return compiled(cost, *_arguments(given), threads=threads)


def prepare_dir(given: Input, threads: int) -> Work:
    return compiled(direction, *_arguments(given), threads=threads)


FUNCTIONS = {"cost": prepare_cost, "dir": prepare_dir}
