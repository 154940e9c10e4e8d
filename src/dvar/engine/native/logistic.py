"""sigmoid, softplus and logaddexp in terms of one exp(-|x|), so that a loss and its gradient share it."""

from __future__ import annotations

import math

import numpy as np

from dvar.core.node import Node
from dvar.core.op import CONSTANT, REALS, number
from dvar.ops.arithmetic import equal, greater_equal, negative, subtract
from dvar.ops.elementwise import exp, logaddexp, unary
from dvar.ops.selection import maximum, where

# Rows of the machine's own: nothing but this file writes them.
decay = unary(
    "decay",
    lambda x: np.exp(-np.abs(x)),
    lambda out, x: -out,
    "",
    REALS,
    native=lambda m, x: m.decay(x),
)
log1p_of_share = unary(
    "log1p_of_share",
    np.log1p,
    lambda out, x: 1 / (1 + x),
    "",
    REALS,
    native=lambda m, x: m.log1p_of_share(x),
)


def sigmoid(x: Node) -> Node:
    e = _decay(x)
    return where(greater_equal(x, 0), 1, e) / (1 + e)


def softplus(x: Node) -> Node:
    return maximum(x, 0) + log1p_of_share(_decay(x))


def log_of_sum(x: Node, y: Node) -> Node:
    """``logaddexp(x, y)``."""
    # Two infinities of one sign have no difference.
    rest = where(equal(x, y), math.log(2.0), log1p_of_share(_decay(x - y)))
    return maximum(x, y) + rest


def _decay(x: Node) -> Node:
    """``exp(-|x|)``, the same node for x and -x."""
    while True:
        if x.op is negative:
            (x,) = x.inputs
        elif x.op is subtract and x.inputs[0].op is CONSTANT and number(x.inputs[0]) == 0:
            x = x.inputs[1]
        else:
            return decay(x)


def as_share(node: Node) -> tuple[Node, Node] | None:
    """x and y of ``exp(x - logaddexp(x, y))``, which is ``sigmoid(x - y)``.

    The derivative of ``logaddexp`` says it that way.
    """
    if node.op is not exp or node.inputs[0].op is not subtract:
        return None
    x, whole = node.inputs[0].inputs
    if whole.op is not logaddexp or x not in whole.inputs:
        return None
    first, second = whole.inputs
    return x, second if x is first else first
