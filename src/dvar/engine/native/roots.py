"""A root compared with a number, without the root: lengths are compared with thresholds, and a root takes long.

Roots are rounded correctly, so they grow with what they are taken of, and the largest number whose root is not above
a threshold can be found.  Comparing with that number gives the same answers to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import constant, number
from dvar.ops.arithmetic import greater, greater_equal, less, less_equal, multiply
from dvar.ops.elementwise import sqrt

_TURNED = {greater: less, greater_equal: less_equal, less: greater, less_equal: greater_equal}


def without_root(node: Node, inputs: Sequence[Node]) -> Node | None:
    """``sqrt(x) <= number`` and its like as comparisons of ``x``; None for anything else."""
    op = node.op
    if op not in _TURNED:
        return None
    root, other = inputs
    if other.op is sqrt:
        root, other, op = other, root, _TURNED[op]
    if root.op is not sqrt or root.shape != node.shape or root.dtype != other.dtype:
        return None
    limit = number(other)
    if limit is None or not 0 <= limit < math.inf:
        return None
    (x,) = root.inputs
    kind: Any = np.dtype(root.dtype).type
    below = op in (less, less_equal)
    # Up to there the comparison is true, or false.
    last = _last(kind, lambda y: y <= limit if op in (less_equal, greater) else y < limit, limit)
    if last is None:
        return None
    edge = constant(last, root.dtype)
    # What is below zero has no root, and no comparison of that is true.
    return multiply(greater_equal(x, 0), less_equal(x, edge)) if below else greater(x, edge)


def _last(kind: Any, holds: Callable[[Any], bool], limit: float) -> Any:
    """The largest number for whose root something holds that holds for small roots only; None where it is for none."""
    at = kind(limit) * kind(limit)
    if not np.isfinite(at):
        return None
    up, down = kind(math.inf), kind(0)
    while not holds(np.sqrt(at)):
        if at == 0:
            return None
        at = np.nextafter(at, down)
    while holds(np.sqrt(np.nextafter(at, up))):
        at = np.nextafter(at, up)
    return at
