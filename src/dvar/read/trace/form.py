"""Containers apart from the arrays in them: what is left is hashable, and can be filled again."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from dvar.read.trace import containers
from dvar.read.trace.array import Variable


def is_array(leaf: Any) -> bool:
    """Whether a leaf is an array, traced or not; a plain number or a flag is none."""
    return isinstance(leaf, (Variable, np.ndarray, np.generic))


class Form:
    """The containers of a tree, its leaves that are no arrays, and places for those that are.

    Equal forms compare equal, so a program may have one as a parameter.
    """

    def __init__(self, tree: Any) -> None:
        found = containers.leaves_with_paths(tree)
        self._places = [n for n, (_, leaf) in enumerate(found) if is_array(leaf)]
        self._others = [None if is_array(leaf) else leaf for _, leaf in found]
        self._containers = containers.rebuild(tree, [None] * len(found))
        self._key = tuple((path, is_array(leaf) or _key(leaf)) for path, leaf in found)

    def fill(self, arrays: Sequence[Any]) -> Any:
        """The tree with these at the places."""
        leaves = list(self._others)
        for place, array in zip(self._places, arrays, strict=True):
            leaves[place] = array
        return containers.rebuild(self._containers, leaves)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def _key(leaf: Any) -> tuple[str, Hashable]:
    """What tells leaves apart; by identity where they cannot be compared."""
    try:
        hash(leaf)
    except TypeError:
        return "is", id(leaf)
    return "equals", leaf
