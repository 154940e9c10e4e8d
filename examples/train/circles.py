"""A small network that learns which points lie inside a ring.

dvar train examples/train/circles.py::loss --params examples/train/circles.py::start --data examples/train/circles.csv \\
           --columns x=x1,x2 y=inside --steps 3000 --learning-rate 1
"""

import numpy as np


def start():
    """Where training begins: random weights, biases of zero."""
    draw = np.random.default_rng(0)
    return {
        "w1": draw.normal(size=(2, 8)),
        "b1": np.zeros(8),
        "w2": draw.normal(size=(8, 1)) / 8**0.5,
        "b2": np.zeros(1),
    }


def loss(w1, b1, w2, b2, x, y):
    """Cross entropy of a network with one hidden layer."""
    hidden = np.tanh(x @ w1 + b1)
    z = (hidden @ w2 + b2)[:, 0]
    return np.mean(np.logaddexp(0, z) - y * z)
