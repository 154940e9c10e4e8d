"""A layer and its backward pass, with two slips in it: ``dvar check examples/check/layers.py::gate``."""

import numpy as np


def gate_forward(x, w, v, b):
    """x: (N, D), w: (D, H), v: (D, H), b: (H,)"""
    a = x @ w + b
    s = 1 / (1 + np.exp(-a))
    c = x @ v
    return s * c, (x, w, v, s, c)


def gate_backward(dout, cache):
    x, w, v, s, c = cache
    da = dout * c * s * (1 + s)
    dc = dout * s
    dx = da @ w.T + dc @ v.T
    dw = x.T @ da
    dv = x.T @ dc
    db = da
    return dx, dw, dv, db
