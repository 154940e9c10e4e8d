"""A second differentiator, kept naive on purpose: one Python object per number, one closure per gate.

It shares nothing with dvar but NumPy.  Arrays are NumPy arrays of such objects, so that NumPy itself
does the broadcasting, the sums and the matrix products.
"""

import math

import numpy as np


class Value:
    """A number that remembers what it was made of, and the partial derivative of each operand."""

    def __init__(self, number, made_of=()):
        self.number, self.made_of, self.gradient = float(number), made_of, 0.0

    def __add__(self, other):
        other = value(other)
        return Value(self.number + other.number, ((self, 1.0), (other, 1.0)))

    def __mul__(self, other):
        other = value(other)
        return Value(self.number * other.number, ((self, other.number), (other, self.number)))

    def __truediv__(self, other):
        other = value(other)
        quotient = self.number / other.number
        return Value(quotient, ((self, 1 / other.number), (other, -quotient / other.number)))

    def __pow__(self, other):
        n = value(other).number
        return Value(self.number**n, ((self, n * self.number ** (n - 1)),))

    def __neg__(self):
        return Value(-self.number, ((self, -1.0),))

    def __sub__(self, other):
        return self + -value(other)

    def sin(self):
        return Value(math.sin(self.number), ((self, math.cos(self.number)),))

    def cos(self):
        return Value(math.cos(self.number), ((self, -math.sin(self.number)),))

    def exp(self):
        e = math.exp(self.number)
        return Value(e, ((self, e),))

    def tanh(self):
        t = math.tanh(self.number)
        return Value(t, ((self, 1 - t * t),))

    __radd__, __rmul__ = __add__, __mul__


def value(x):
    return x if isinstance(x, Value) else Value(x)


def values(array):
    """An array of numbers as an array of values."""
    return np.vectorize(Value, otypes=[object])(array)


def numbers(array, what="number"):
    return np.vectorize(lambda v: getattr(v, what), otypes=[float])(array)


def backward(result):
    """Fill in ``gradient``: every value after all that use it."""
    order, seen = [], set()

    def visit(v):
        if id(v) not in seen:
            seen.add(id(v))
            for operand, _ in v.made_of:
                visit(operand)
            order.append(v)

    visit(result)
    result.gradient = 1.0
    for v in reversed(order):
        for operand, partial in v.made_of:
            operand.gradient += v.gradient * partial
