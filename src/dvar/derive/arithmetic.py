"""Which nodes are elementwise arithmetic, and what they are as terms of their operands' terms."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.node import Node
from dvar.core.op import number
from dvar.derive.rational import Rational
from dvar.derive.term import Term
from dvar.ops.arithmetic import add, divide, multiply, negative, power, subtract
from dvar.ops.shaping import broadcast_to, reshape

_ARITHMETIC = {add, subtract, multiply, divide, negative}
_POWERS = {"square": 2, "reciprocal": -1}


def is_arithmetic(node: Node) -> bool:
    if node.op is power:
        exponent = number(node.inputs[1])
        return exponent is not None and exponent == round(exponent)
    return node.op in _ARITHMETIC or node.op.name in _POWERS


def is_transparent(node: Node) -> bool:
    """A move that broadcasting makes by itself: it need not be written."""
    if node.op is broadcast_to:
        return True
    if node.op is not reshape:
        return False
    (x,) = node.inputs
    extra = node.ndim - x.ndim
    return extra >= 0 and node.shape == (1,) * extra + x.shape


def form_of(node: Node, operands: Sequence[Term], rational: Rational) -> Term:
    """The term of an arithmetic or transparent node.

    Raises:
        ZeroDivisionError, OverflowError, TooLarge: there is none, or none that one could read.
    """
    x, *more = operands
    if node.op is add:
        return rational.add(x, more[0])
    if node.op is subtract:
        return rational.add(x, more[0].scaled(-1))
    if node.op is multiply:
        return rational.multiply(x, more[0])
    if node.op is divide:
        return rational.multiply(x, rational.power(more[0], -1))
    if node.op is negative:
        return x.scaled(-1)
    if node.op is power:
        return rational.power(x, int(number(node.inputs[1]) or 0))
    if node.op.name in _POWERS:
        return rational.power(x, _POWERS[node.op.name])
    return x  # transparent
