"""Functions in plain NumPy, to be explained as they are.

dvar explain examples/model.py::loss w=[1,2] "x=[[3,4],[5,6]]" y=[1,0]
dvar explain examples/model.py::neuron w=[2,-3] x=[-1,-2] b=-3
"""

import numpy as np


def loss(w, x, y):
    """Half the squared error of a linear model, averaged over the rows of x."""
    error = x @ w - y
    return np.mean(error**2) / 2


def neuron(w, b, x):
    """A sigmoid neuron."""
    z = np.sum(w * x) + b
    return 1 / (1 + np.exp(-z))
