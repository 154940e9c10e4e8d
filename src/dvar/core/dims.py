"""Sizes of axes: numbers, or names such as ``m`` and ``D_x``, and what arithmetic on them needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dvar.core.errors import MissingValue, ShapeError


class Dim:
    """A named size, or an integer polynomial of named sizes (``m``, ``2*n``, ``m*n + 1``).

    Immutable; equal polynomials compare equal.  A polynomial without names is an ``int``, never a Dim.
    """

    __slots__ = ("_hash", "terms")

    def __init__(self, name: str) -> None:
        self._set({(name,): 1})

    def _set(self, terms: Mapping[tuple[str, ...], int]) -> None:
        self.terms = tuple(sorted(terms.items()))
        self._hash = hash(self.terms)

    @staticmethod
    def _of(terms: dict[tuple[str, ...], int]) -> Size:
        terms = {names: k for names, k in terms.items() if k}
        if not terms:
            return 0
        if set(terms) == {()}:
            return terms[()]
        dim = Dim.__new__(Dim)
        dim._set(terms)
        return dim

    @staticmethod
    def _terms(size: Size) -> dict[tuple[str, ...], int]:
        return dict(size.terms) if isinstance(size, Dim) else {(): size}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for names, _ in self.terms for name in names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dim) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __add__(self, other: Size) -> Size:
        terms = dict(self.terms)
        for names, k in Dim._terms(other).items():
            terms[names] = terms.get(names, 0) + k
        return Dim._of(terms)

    __radd__ = __add__

    def __neg__(self) -> Size:
        return self * -1

    def __sub__(self, other: Size) -> Size:
        return self + (-1 * other)

    def __rsub__(self, other: Size) -> Size:
        return (self * -1) + other

    def __mul__(self, other: Size) -> Size:
        terms: dict[tuple[str, ...], int] = {}
        for a, j in self.terms:
            for b, k in Dim._terms(other).items():
                key = tuple(sorted(a + b))
                terms[key] = terms.get(key, 0) + j * k
        return Dim._of(terms)

    __rmul__ = __mul__

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number, given a number for every name.  Raises MissingValue naming the first unknown one."""
        total = 0
        for names, k in self.terms:
            for name in names:
                if name not in sizes:
                    raise MissingValue(
                        f"the size {name} is not known: no input with a value has an axis {name}"
                    )
                k *= sizes[name]
            total += k
        return total

    def __str__(self) -> str:
        parts = []
        # The number last, as one writes it: n - 1.
        for names, k in sorted(self.terms, key=lambda term: (not term[0], term[0])):
            factors = ([] if k == 1 and names else [str(k)]) + list(names)
            parts.append("*".join(factors))
        return " + ".join(parts).replace("+ -", "- ")

    __repr__ = __str__


Size = int | Dim
Shape = tuple[Size, ...]


def product(sizes: Iterable[Size]) -> Size:
    total: Size = 1
    for size in sizes:
        total = total * size
    return total


def resolve(value: Any, sizes: Mapping[str, int]) -> Any:
    """A parameter or shape with named sizes replaced by numbers.  Raises MissingValue."""
    if isinstance(value, Dim):
        return value.value(sizes)
    if isinstance(value, tuple):
        return tuple(resolve(part, sizes) for part in value)
    return value


def is_numeric(shape: Sequence[Size]) -> bool:
    """Whether every size is a number."""
    return all(isinstance(size, int) for size in shape)


def show(shape: Sequence[Size]) -> str:
    """A shape as people read it: ``scalar`` or ``(3, m)``."""
    if not shape:
        return "scalar"
    inner = ", ".join(map(str, shape))
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def broadcast(shapes: Sequence[Shape]) -> Shape | str:
    """The common shape under NumPy's broadcasting rule, or the reason there is none."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    rank = max(map(len, shapes))
    out: list[Size] = []
    for axis in range(-rank, 0):
        size: Size = 1
        for shape in shapes:
            if len(shape) < -axis or shape[axis] == 1 or shape[axis] == size:
                continue
            if size != 1:
                return f"axis {axis} is {size} in one operand but {shape[axis]} in another"
            size = shape[axis]
        out.append(size)
    return tuple(out)


def bind(name: str, shape: Shape, actual: tuple[int, ...], sizes: dict[str, int]) -> None:
    """Learn named sizes from an array: ``shape`` is declared, ``actual`` is what came.

    Raises:
        ShapeError: rank or sizes disagree; says which axis of which input.
    """
    if len(shape) != len(actual):
        raise ShapeError(
            f"{name} is declared as {show(shape)} but its value has shape {show(actual)}"
        )
    for axis, (size, got) in enumerate(zip(shape, actual, strict=True)):
        if isinstance(size, int):
            fits = size == got
        elif len(size.terms) == 1 and size.terms[0][1] == 1 and len(size.terms[0][0]) == 1:
            (only,) = size.names
            fits = sizes.setdefault(only, got) == got
            if not fits:
                raise ShapeError(
                    f"axis {axis} of {name} is {got}, but {only} is already {sizes[only]}",
                    rule=f"{name}: {show(shape)}",
                )
        else:
            fits = not size.names <= set(sizes) or size.value(sizes) == got
        if not fits:
            raise ShapeError(
                f"axis {axis} of {name} is declared as {size} but its value has {got}",
                rule=f"{name}: {show(shape)}",
            )
