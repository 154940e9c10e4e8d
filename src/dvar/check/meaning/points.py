"""Points: numbers for the free names of a document, and the values of nodes there.

Both sides of an equation are functions of its free names; they are compared where those names have random
values, in extended precision.
"""

from __future__ import annotations

import zlib
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.check.meaning.effort import pay
from dvar.check.meaning.values import sizes
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array, variable

RANGES = ((-1.6, 1.6), (0.12, 0.88), (-0.9, 1.9), (0.2, 0.8), (0.01, 0.09), (1.1, 2.9))
"""Where random values are drawn from: both signs first, then where logarithms of x and 1 - x exist."""
RTOL = 1e-9
_STAND_IN = -8
"""Marks the coefficients that make up a function which a document leaves open."""
_COEFFICIENTS = (0.35, 1.4)
_PART = 1000
"""Entries of an array that take as long as a small one in all."""


class Point:
    """One choice of numbers for all variables, and everything computed from them.

    Args:
        span: values are drawn between these two numbers.
        seed: which of the random points.
        known: nodes whose values are given; nothing beneath them is looked at.
    """

    def __init__(
        self,
        span: tuple[float, float] = RANGES[0],
        seed: int = 0,
        known: Mapping[Node, Any] | None = None,
        closed: bool = False,
    ) -> None:
        self.span, self.seed, self.closed = span, seed, closed
        self.values: dict[Node, Array] = {
            node: np.asarray(value, dtype=np.longdouble) for node, value in (known or {}).items()
        }

    def value(self, root: Node) -> Array | None:
        """The value of a node; None at a closed point where a variable has no number."""
        values = self.values
        if root in values:
            return values[root]
        with np.errstate(all="ignore"):
            for node in topological([root], values):
                if node in values:
                    continue
                pay()
                if node.op is VARIABLE:
                    if self.closed:
                        return None
                    values[node] = self._draw(node)
                else:
                    values[node] = _applied(node, [values[x] for x in node.inputs])
                    pay(values[node].size // _PART)
        return values[root]

    def _draw(self, node: Node) -> Array:
        """The same variable has the same number at the same point, in every run."""
        named = f"{node.param('name')}/{node.param('key')}/{self.seed}"
        low, high = self.span
        if is_stand_in(node):  # the same function everywhere
            named, (low, high) = str(node.param("name")), _COEFFICIENTS
        generator = np.random.default_rng(zlib.crc32(named.encode()))
        shape = sizes(node)
        return generator.uniform(low, high, shape).astype(np.longdouble)


def _applied(node: Node, operands: Sequence[Array]) -> Array:
    """One row on numbers in extended precision; in double precision where the row has no other."""
    params = dict(node.params)
    try:
        return np.asarray(node.op.forward(*operands, **params))
    except (TypeError, np.linalg.LinAlgError, ValueError):
        pass
    try:
        narrow = [x.astype(float) if x.dtype.kind == "f" else x for x in operands]
        return np.asarray(node.op.forward(*narrow, **params))
    except (np.linalg.LinAlgError, ValueError, OverflowError):
        shape = sizes(node)
        return np.full(shape, np.nan)


def coefficient(name: str, shape: tuple[int, ...] = ()) -> Node:
    """A number of a function that stands in for one that a document leaves open.

    Equations between formulas are tried with it; it is unknown where numbers are asked for.
    """
    return variable(name, shape, key=_STAND_IN)


def is_stand_in(node: Node) -> bool:
    return node.op is VARIABLE and node.param("key") == _STAND_IN


def has_stand_in(node: Node, known: Container[Node] = ()) -> bool:
    """Whether a value depends on a function that a document leaves open, unless it is ``known``."""
    return any(n not in known and is_stand_in(n) for n in topological([node], known))


def stand_ins(node: Node) -> set[Node]:
    """What a value has in place of functions that a document leaves open."""
    return {*filter(is_stand_in, topological([node]))}


def names_beneath(nodes: Iterable[Node], known: Container[Node] = ()) -> list[Node]:
    """The open names that values depend on, in order; nothing beneath what is ``known`` counts."""
    found = topological(list(nodes), known)
    return [n for n in found if n.op is VARIABLE and not is_stand_in(n)]


def same(a: Array, b: Array, rtol: float = RTOL) -> bool:
    """Whether two values of one shape agree to the precision of the arithmetic.

    What remains of terms that cancel is no difference: the names themselves are of the order of one.
    """
    scale = max(float(np.max(np.abs(a), initial=0)), float(np.max(np.abs(b), initial=0)), 1e-3)
    return bool(np.all(np.abs(a - b) <= rtol * scale))


def finite(*arrays: Array) -> bool:
    with np.errstate(all="ignore"):
        return all(bool(np.all(np.isfinite(x.astype(float)))) for x in arrays)
