"""The gradient descent of particle and saddle, whose step grows while it goes well."""

from __future__ import annotations

import numpy as np

import dvar

NEAR, FIRST, OFTEN = 1e-5, 1e-5, 10


def gradient(function, mode):
    """The gradient of a function of a vector in forward (f) or reverse (r) mode."""
    return dvar.grad(function) if mode == "r" else dvar.jacfwd(function)


def length(x):
    return np.sqrt(np.sum(x * x))


def minimised(function, start, mode):
    """Where the descent from ``start`` ends.

    After ten steps that went down the step is doubled, after one that did not it is halved; it is over
    where the slope or the step is small.
    """
    slope = gradient(function, mode)

    def step(state):
        x, value, g, eta, count, _ = state
        doubles = count == OFTEN
        there = x - eta * g
        ends = ~doubles & (length(x - there) <= NEAR)
        reached = function(there)
        down = ~doubles & ~ends & (reached < value)
        g = np.where(down, slope(there), g)
        return (
            np.where(down, there, x),
            np.where(down, reached, value),
            g,
            np.where(doubles, 2 * eta, np.where(down, eta, eta / 2)),
            np.where(down, count + 1, 0),
            ~ends & (length(g) > NEAR),
        )

    g = slope(start)
    first = (start, function(start), g, FIRST, 0, length(g) > NEAR)
    return dvar.while_loop(lambda state: state[-1], step, first)[0]


def maximised(function, start, mode):
    return minimised(lambda x: -function(x), start, mode)
