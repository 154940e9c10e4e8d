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

    def doubled(x, value, g, eta, count):
        return x, value, g, 2 * eta, 0 * count, length(g) > NEAR

    def tried(x, value, g, eta, count):
        there = x - eta * g
        return dvar.cond(
            length(x - there) > NEAR,
            moved,
            lambda there, x, value, g, eta, count: (x, value, g, eta, count, np.array(False)),
            *(there, x, value, g, eta, count),
        )

    def moved(there, x, value, g, eta, count):
        reached = function(there)
        return dvar.cond(
            reached < value,
            lambda there, reached, x, value, g, eta, count: descended(there, reached, eta, count),
            lambda there, reached, x, value, g, eta, count: (
                *(x, value, g, eta / 2, 0 * count),
                length(g) > NEAR,
            ),
            *(there, reached, x, value, g, eta, count),
        )

    def descended(x, value, eta, count):
        g = slope(x)
        return x, value, g, eta, count + 1, length(g) > NEAR

    def step(state):
        *inner, _ = state
        return dvar.cond(inner[-1] == OFTEN, doubled, tried, *inner)

    g = slope(start)
    first = (start, function(start), g, FIRST, 0, length(g) > NEAR)
    return dvar.while_loop(lambda state: state[-1], step, first)[0]


def maximised(function, start, mode):
    return minimised(lambda x: -function(x), start, mode)
