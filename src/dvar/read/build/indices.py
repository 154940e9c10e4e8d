"""Values with index letters: ``x_i`` is the array x whose leading axis is named i.

Two values meet letter by letter; where one lacks a letter its axis is one element long, so that what
is written for one index is computed for all of them by broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from dvar.core.axes import Axes
from dvar.core.dims import Shape, Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.ops.contraction import contract
from dvar.read.build.extents import long_axis


class Value(NamedTuple):
    """A node whose leading axes are the ranges of ``letters``."""

    node: Node
    letters: tuple[str, ...] = ()

    @property
    def event(self) -> Shape:
        """The shape for one choice of the indices."""
        return self.node.shape[len(self.letters) :]


class RangeClash(ShapeError):
    """A letter runs over ranges of two sizes."""


def union(values: Sequence[Value]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(letter for value in values for letter in value.letters))


def check_ranges(values: Sequence[Value]) -> None:
    """A letter has one range.  Raises RangeClash."""
    sizes: dict[str, Size] = {}
    for value in values:
        for letter, size in zip(value.letters, value.node.shape, strict=False):
            if sizes.setdefault(letter, size) != size and size != 1 and sizes[letter] != 1:
                raise RangeClash(f"the index {letter} runs over {sizes[letter]} and over {size}")


def spread(value: Value, letters: Sequence[str], rank: int) -> Node:
    """The node with the axes of all ``letters`` and an event of ``rank`` axes, by axes of size one.

    Leading ones are left out: broadcasting adds them.
    """
    wanted = [letter for letter in letters if letter in value.letters]
    order = [value.letters.index(letter) for letter in wanted]
    node = value.node
    if order != sorted(order):
        node = TABLE["transpose"](node, [*order, *range(len(order), node.ndim)])
    sizes = dict(zip(wanted, node.shape, strict=False))
    ones = (1,) * (rank - len(value.event))
    shape: Shape = tuple(sizes.get(letter, 1) for letter in letters) + ones + value.event
    skip = 0
    while len(shape) - skip > node.ndim and shape[skip] == 1:
        skip += 1
    return TABLE["reshape"](node, shape[skip:]) if shape[skip:] != node.shape else node


def together(values: Sequence[Value]) -> tuple[list[Node], tuple[str, ...]]:
    """Nodes that broadcast against each other, and the letters of the result."""
    check_ranges(values)
    letters = union(values)
    rank = max(len(value.event) for value in values)
    return [spread(value, letters, rank) for value in values], letters


def elementwise(row: Callable[..., Node], values: Sequence[Value]) -> Value:
    nodes, letters = together(values)
    return Value(row(*nodes), letters)


def matmul(x: Value, y: Value) -> Value:
    """The matrix product for every choice of the indices."""
    row = TABLE["matmul"]
    if not x.letters and not y.letters:
        return Value(row(x.node, y.node))
    a, b = len(x.event), len(y.event)
    if not a or not b or max(a, b) > 2 or x.event[-1] != y.event[0 if b == 1 else -2]:
        _one = TABLE["matmul"].node  # one example says best what does not fit
        from dvar.core.op import variable

        _one(variable("x", x.event), variable("y", y.event))
        raise ShapeError(f"matmul: {show(x.event)} and {show(y.event)} for every index do not fit")
    check_ranges([x, y])
    letters = union([x, y])
    if a == b == 2:
        return Value(row(spread(x, letters, 2), spread(y, letters, 2)), letters)
    left = (*x.letters, *(["row"] if a == 2 else []), "in")
    right = (*y.letters, "in", *(["column"] if b == 2 else []))
    out = (*letters, *(["row"] if a == 2 else []), *(["column"] if b == 2 else []))
    return Value(contract(Axes((left, right), out), [x.node, y.node]), letters)


def outer(x: Value, y: Value) -> Value:
    """``x yᵀ`` of two vectors."""
    check_ranges([x, y])
    letters = union([x, y])
    axes = Axes(((*x.letters, "row"), (*y.letters, "column")), (*letters, "row", "column"))
    return Value(contract(axes, [x.node, y.node]), letters)


def take_letter(value: Value, letter: str) -> Value:
    """``x_i``: the first axis of the event becomes the index; a column or row counts as a vector."""
    if value.letters == (letter,) and len(value.event) == 1:
        return Value(TABLE["diagonal"](value.node), (letter,))
    if letter in value.letters:
        raise ShapeError(f"the index {letter} stands twice", hint="diagonal(x), trace(x)")
    if not value.letters and (long := long_axis(value.node.shape)) is not None:
        value = Value(TABLE["reshape"](value.node, (value.node.shape[long],)))
    if not value.event:
        raise ShapeError(f"there is no axis for the index {letter}")
    if value.event == (1, 1):
        raise ShapeError(
            f"the index {letter} needs an array, but this is one number, (1, 1)",
            hint=f"the index {letter} at everything that has one: x_{letter}, y_{letter}, …",
        )
    return Value(value.node, (*value.letters, letter))


def rename(value: Value, position: int, letter: str) -> Value:
    letters = (*value.letters[:position], letter, *value.letters[position + 1 :])
    return Value(value.node, letters)


def ordered(value: Value, letters: Sequence[str], sizes: Sequence[Size | None]) -> Value:
    """The value with these leading axes in this order; an index it does not depend on is repeated."""
    rest = tuple(x for x in value.letters if x not in letters)
    whole = (*letters, *rest)
    node = spread(value, whole, len(value.event))
    have = dict(zip(value.letters, value.node.shape, strict=False))
    shape: list[Size] = []
    for letter, size in zip(letters, sizes, strict=True):
        known = have.get(letter, size)
        if known is None:
            raise ShapeError(
                f"nothing says how far {letter} runs",
                hint=f"a range behind a comma: {letter} = 0..4",
            )
        shape.append(known)
    shape += [have[letter] for letter in rest]
    return Value(TABLE["broadcast_to"](node, (*shape, *value.event)), whole)
