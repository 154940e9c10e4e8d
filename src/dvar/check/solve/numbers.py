"""Numbers of answers: six digits, and whether they are all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dvar.check.judge import matching
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.write import names

DIGITS = 6
_TINY = 1e-12


def value_of(node: Node, known: Mapping[Node, Array]) -> Array | None:
    """The value of a node where these numbers are known, without what only rounding leaves of a zero.

    ``0.5 - 0.6 + 0.1`` is 0, though doubles make 3e-17 of it: a tiny number that is another one as soon
    as the last bits of the numbers it comes from are others.
    """
    found = matching.value_at(node, known)
    if found is None or not np.any(tiny := (found != 0) & (np.abs(found) < _TINY)):
        return found
    draw = np.random.default_rng(0)
    bits = {n: x * (1 + draw.uniform(-8, 8, np.shape(x)) * 2.0**-52) for n, x in known.items()}
    other = matching.value_at(node, bits)
    if other is None:
        return found
    return np.where(tiny & (np.abs(other - found) > 0.01 * np.abs(found)), 0, found)


def first_value(
    nodes: Sequence[Node], states: Sequence[Mapping[Node, Array]], largest: int
) -> Array | None:
    """The first value that one of these nodes has in one of these states; none with more entries than ``largest``."""
    found = (value_of(node, known) for node in nodes for known in states)
    return next((x for x in found if x is not None and x.size <= largest), None)


def shown(number: Array, latex: bool) -> str:
    """``= 3``, or ``≈ 0.196612`` where digits are left out."""
    value = np.asarray(number, dtype=float)
    exact = np.allclose(rounded(value), value, rtol=1e-12, atol=1e-15)
    about = r"\approx" if latex else "≈"
    return f"{'=' if exact else about} {bare(number, latex)}"


def bare(number: Array, latex: bool) -> str:
    """The number or array alone."""
    value = np.asarray(number, dtype=float)
    return names.latex_array(value, DIGITS) if latex else names.array(value, DIGITS)


def rounded(value: Array) -> Array:
    """The numbers as they are shown."""
    flat = [float(f"{float(x):.{DIGITS}g}") for x in np.asarray(value, dtype=float).ravel()]
    return np.array(flat).reshape(np.shape(value))
