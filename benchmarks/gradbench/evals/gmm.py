"""A mixture of Gaussians: the logarithm of the posterior density of its parameters."""

from __future__ import annotations

import math

import numpy as np
from benchmarks.gradbench.work import Input, Work, compiled

import dvar


def logsumexp(x, axis):
    top = np.max(x, axis=axis, keepdims=True)
    return np.squeeze(top, axis) + np.log(np.sum(np.exp(x - top), axis=axis))


def log_gamma_of_many(a: float, d: int) -> float:
    """The logarithm of the multivariate gamma function, a constant here."""
    single = sum(math.lgamma(a - j / 2) for j in range(d))
    return d * (d - 1) / 4 * math.log(math.pi) + single


def triangles(q, lower):
    """For each component the matrix with exp(q) on the diagonal, below it ``lower`` column by column."""
    k, d = q.shape
    row, column = np.arange(d)[:, None], np.arange(d)
    below = np.where(row > column, column * d - column * (column + 3) // 2 + row, 0)
    padded = np.concatenate([np.zeros((k, 1)), lower], axis=1)
    return padded[:, below] + np.exp(q)[:, :, None] * np.eye(d)


def objective(alpha, mu, q, lower, x, gamma, m):
    n, d = x.shape
    k = len(alpha)
    moved = x[:, None, :] - mu[None, :, :]
    scaled = np.einsum("kij,nkj->nki", triangles(q, lower), moved)
    logs = np.sum(q, axis=1)
    each = alpha + logs - np.sum(scaled**2, axis=2) / 2
    fit = np.sum(logsumexp(each, 1)) - n * logsumexp(alpha, 0)
    degrees = d + m + 1
    constant = degrees * d * math.log(gamma / math.sqrt(2)) - log_gamma_of_many(degrees / 2, d)
    squares = np.sum(np.exp(2 * q)) + np.sum(lower**2)
    prior = k * constant - gamma**2 / 2 * squares + m * np.sum(logs)
    return fit - n * d / 2 * math.log(2 * math.pi) + prior


def _arguments(given: Input) -> list[np.ndarray]:
    d, k, n = given["d"], given["k"], given["n"]
    shapes = {"alpha": (k,), "mu": (k, d), "q": (k, d), "l": (k, d * (d - 1) // 2), "x": (n, d)}
    return [np.array(given[name], float).reshape(shape) for name, shape in shapes.items()]


def _prepare(given: Input, threads: int, of_function, answer=None) -> Work:
    gamma, m = float(given["gamma"]), given["m"]

    def function(alpha, mu, q, lower, x):
        return objective(alpha, mu, q, lower, x, gamma, m)

    return compiled(of_function(function), *_arguments(given), threads=threads, answer=answer)


def prepare_objective(given: Input, threads: int) -> Work:
    return _prepare(given, threads, lambda function: function)


def prepare_jacobian(given: Input, threads: int) -> Work:
    def answer(gradients):
        return {
            name: g.tolist() for name, g in zip(("alpha", "mu", "q", "l"), gradients, strict=True)
        }

    return _prepare(given, threads, lambda f: dvar.grad(f, (0, 1, 2, 3)), answer)


FUNCTIONS = {"objective": prepare_objective, "jacobian": prepare_jacobian}
