r"""Vectors that are rows or columns of a matrix: "W_j is row j of W", "U holds all u_w as its columns"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import identity, reshaped, sizes, squeezed, stacked
from dvar.core.node import Node
from dvar.ops import TABLE

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter
    from dvar.check.meaning.world import World

_SIZES = re.compile(
    r"(?:\\in|∈)\s*(?:\\mathbb\s*\{?R\}?|ℝ|R(?=\^))\s*(?:\^\s*(?:\{[^{}]*\}|\w+)|[^\x00-\u024f\s]*)"
)
_SIGNS = re.compile(
    r"\^\s*\{?\s*\\?(?:top|intercal|mathsf\s*\{?T\}?|mathrm\s*\{?T\}?|T)\b\s*\}?|[ᵀ⊤]|"
    r"\\(?:mathbf|boldsymbol|bm|vec|mathit)\b|[$`*{}\\]"
)
_ONE = r"(?<![A-Za-z])([A-Za-z])_\(?(?:[a-z]|\d)\)?(?![A-Za-z])"
_ALL = r"(?<![A-Za-z])([A-Z])(?![A-Za-z_])"
_KIND = r"(row|column)s?"
_FILL = r"(?:\s|,|\b(?:is|are|as|be|the|its|a|an|all|vectors?|examples?|inputs?|points?|i-?th|j-?th)\b|\b[ij]\b)*"
_SAID = (
    re.compile(rf"{_ONE}{_FILL}\b{_KIND}\b{_FILL}(?:of|in)\s+{_FILL}(?:matrix\s+)?{_ALL}"),
    re.compile(rf"{_KIND}\b{_FILL}(?:of|in)\s+{_FILL}{_ALL}{_FILL}(?:hold|contain)?{_FILL}{_ONE}"),
    re.compile(
        rf"{_ALL}\s+(?:holds?|has|contains?|collects?|stacks?|with|whose)\b[^.;:\n]{{0,20}}?"
        rf"{_ONE}[^.;:\n]{{0,30}}?\b(?:as|in)\s+(?:its |the )?{_KIND}"
    ),
    re.compile(rf"{_ALL}\s+(?:with|has|whose|having)\s+(?:the\s+)?{_KIND}{_FILL}{_ONE}"),
    re.compile(
        rf"\b((?i:row|column))s?{_FILL}{_ONE}{_FILL}(?:of|in)\s+{_FILL}(?:(?:matrix|table)\s+)?{_ALL}"
    ),
)
_KINDS = (
    r"(?:\b(?:one[- ]?hot|unit|basis)(?: basis)?(?: column| row)? vectors?|\bEinheitsvektor(?:en)?"
    r"|\bvecteurs? (?:de base|unitaires?))\b"
)
_UNIT = re.compile(
    rf"(?<![A-Za-z])([A-Za-z])_\(?[a-z]\)?(?![A-Za-z])[^.;:\n]{{0,40}}?{_KINDS}|{_KINDS}\s+([A-Za-z])_[a-z]\b"
)
"""``e_k`` is the k-th unit vector."""
_ORDERS = ((0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0), (1, 0, 2))
"""For each pattern, the groups that hold the vector, the kind and the matrix."""


def see(world: World, prose: str) -> None:
    """Note which vectors are said to be rows or columns of which matrix, and which are unit vectors."""
    text = _SIGNS.sub("", _SIZES.sub("", prose))
    world.units = {m[1] or m[2] for m in _UNIT.finditer(text)}
    for pattern, (one, kind, whole) in zip(_SAID, _ORDERS, strict=True):
        for match in pattern.finditer(text):
            found = match.groups()
            world.members.setdefault(found[one], (found[whole], found[kind].lower()))


def vector(e: Interpreter, key: Key) -> Node | None:
    """A row or a column of its matrix, as a column; None where a name is no such vector."""
    from dvar.check.meaning.entries import array_named

    told = e.world.members.get(key.stem)
    if told is None or key.marks or len(key.indices) != 1 or not isinstance(key.indices[0], int):
        return None
    stem, kind = told
    matrix = array_named(e, Key(stem))
    if matrix is None or matrix.ndim != 2 or 1 in sizes(matrix):
        return None
    axis = 0 if kind == "row" else 1
    at = key.indices[0] - e.world.bases.get(stem, e.world.first)
    count, length = sizes(matrix)[axis], sizes(matrix)[1 - axis]
    if not 0 <= at < count:
        return None
    places = [(at, k) if axis == 0 else (k, at) for k in range(length)]
    return reshaped(stacked([TABLE["getitem"](matrix, place) for place in places]), (length, 1))


def shape_of(world: World, key: Key) -> tuple[int, ...] | None:
    """The shape of such a vector, whichever it is: ``u_o`` where o is no number."""
    stem, kind = world.members.get(key.stem, ("", ""))
    whole = world.shape(Key(stem)) if stem and len(key.indices) == 1 else None
    return (whole[kind == "row"], 1) if whole and len(whole) == 2 else None


def unit(world: World, key: Key, shape: tuple[int, ...]) -> Node | None:
    """``e_k`` where such names are unit vectors; None for any other name."""
    if key.stem not in world.units or key.marks or len(key.indices) != 1:
        return None
    return unit_of(key.indices[0], shape, world.first)


def unit_of(k: int | str, shape: tuple[int, ...], first: int) -> Node | None:
    """The unit vector with a one at place k; None where that is no place."""
    size = max(shape, default=1)
    at = k - first if isinstance(k, int) else -1
    if not 0 <= at < size or len(squeezed(shape)) != 1:
        return None
    return TABLE["reshape"](TABLE["getitem"](identity(size), at), shape)


__all__ = ["see", "shape_of", "unit", "unit_of", "vector"]
