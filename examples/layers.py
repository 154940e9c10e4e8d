"""Layers as one writes them in NumPy; dvar explains them by their shapes alone.

dvar explain examples/layers.py::cross_entropy "W=(4,3)" "b=(3,)" "X=(5,4)" "y=(5,)"
dvar explain examples/layers.py::batch_norm "x=(5,4)" "gain=(4,)" "bias=(4,)" --upstream d
dvar explain examples/layers.py::attention "Q=(2,3)" "K=(2,3)" "V=(2,3)" --upstream d
"""

# ruff: noqa: N803, N806

import numpy as np


def cross_entropy(W, b, X, y):
    """The mean loss of a softmax classifier; y holds the numbers of the classes."""
    z = X @ W + b
    z = z - np.max(z, axis=1, keepdims=True)  # so that no exponential overflows
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), y]))


def batch_norm(x, gain, bias):
    """Every column with mean 0 and variance 1 over the batch, then scaled and moved."""
    mu = np.mean(x, axis=0)
    v = np.mean((x - mu) ** 2, axis=0)
    xhat = (x - mu) / np.sqrt(v + 1e-5)
    return gain * xhat + bias


def attention(Q, K, V):
    """Scaled dot-product attention of one head."""
    S = Q @ K.T / np.sqrt(Q.shape[-1])
    P = np.exp(S) / np.sum(np.exp(S), axis=-1, keepdims=True)
    return P @ V
