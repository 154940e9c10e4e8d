"""What stands between the brackets of ``x[…]``, as hashable data: read, measured, applied, written.

An index is a tuple with one item for every axis of the operand:

    2                    a position (negative only where the size of the axis is a name)
    Slice(1, None, 1)    a range
    Literal([2, 0])      positions known when the graph is made
    Slot(1)              positions the graph computes: operand 1 of the node
    None                 a new axis
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dvar.core.dims import Dim, Shape, Size, broadcast, show
from dvar.core.errors import DtypeError, OutOfRange, ShapeError
from dvar.core.node import Literal, Node
from dvar.core.op import CONSTANT, SIZE


class Slice(NamedTuple):
    """``start:stop:step``; None is the end of the axis, so a full slice is ``:`` whatever the size.

    A tuple, so that named sizes in it are replaced by numbers as in every parameter.
    """

    start: Size | None
    stop: Size | None
    step: int

    def __repr__(self) -> str:
        start, stop = ("" if b is None else str(b) for b in (self.start, self.stop))
        return f"{start}:{stop}" + (f":{self.step}" if self.step != 1 else "")


@dataclass(frozen=True, slots=True)
class Slot:
    """Positions computed by the graph: the operand of that number."""

    operand: int


FULL = Slice(None, None, 1)
REVERSED = Slice(None, None, -1)
Item: TypeAlias = "Size | Slice | Literal | Slot | None"
Index: TypeAlias = "tuple[Item, ...]"

# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def read(index: Any, shape: Shape) -> tuple[Index, list[Node]]:
    """An index as one writes it → its normal form, and the nodes that its slots stand for.

    Raises:
        OutOfRange: a position that its axis does not have.
        ShapeError: too many items, or a mask of unknown count.
        DtypeError: positions that are not whole numbers.
    """
    raw = _without_ellipsis(
        [_item(i) for i in (index if isinstance(index, tuple) else (index,))], shape
    )
    items: list[Item] = []
    nodes: list[Node] = []
    axis = 0
    for item in raw:
        if item is None:
            items.append(None)
            continue
        if isinstance(item, np.ndarray) and item.dtype == bool:
            _check_mask(item, shape, axis)
            items += [Literal(places) for places in np.nonzero(item)]
            axis += item.ndim
            continue
        if isinstance(item, slice):
            items.append(_slice(item, shape[axis], axis))
        elif isinstance(item, np.ndarray):
            items.append(Literal(_in_range(item, shape[axis], axis)))
        elif isinstance(item, Node):
            nodes.append(item)
            items.append(Slot(len(nodes)))
        else:
            items.append(_position(item, shape[axis], axis))
        axis += 1
    return tuple(items), nodes


def _item(item: Any) -> Any:
    """One item with constants, lists and NumPy numbers made plain."""
    if isinstance(item, Node):
        if item.op is SIZE:
            return item.param("size")
        if item.op is CONSTANT:
            return _item(item.param("value").array)
        if item.dtype == "bool":
            raise ShapeError(
                "a computed mask as an index has no shape: how many it takes is not known before",
                hint="where(mask, x, 0), or a mask of constants",
            )
        if item.dtype != "int64":
            raise DtypeError(
                f"an index is made of whole numbers, not of {item.dtype}",
                hint="an input declared as integers, or argsort",
            )
        return item
    if isinstance(item, slice):
        return slice(_bound(item.start), _bound(item.stop), _bound(item.step))
    if item is None or item is Ellipsis or isinstance(item, Dim):
        return item
    array = np.asarray(item)
    if array.size == 0 and array.ndim == 1:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub" or (array.dtype == bool and not array.ndim):
        raise DtypeError(
            f"an index is made of whole numbers, slices and masks; {item!r} is none of these"
        )
    return array if array.ndim else int(array)


def _bound(bound: Any) -> Size | None:
    bound = None if bound is None else _item(bound)
    if bound is not None and not isinstance(bound, (int, Dim)):
        raise DtypeError(
            "the ends of a slice are whole numbers known when the graph is made",
            hint="take(x, positions), with positions that may be computed",
        )
    return bound


def _without_ellipsis(raw: list[Any], shape: Shape) -> list[Any]:
    """The items with ``...`` and missing axes written out as full slices."""
    used = sum(
        i.ndim if isinstance(i, np.ndarray) and i.dtype == bool else i is not None
        for i in raw
        if i is not Ellipsis
    )
    if used > len(shape):
        axes = "axis" if len(shape) == 1 else "axes"
        raise ShapeError(
            f"{used} indices for an array {show(shape)} of {len(shape)} {axes}"
            if shape
            else "a scalar cannot be indexed"
        )
    places = [n for n, i in enumerate(raw) if i is Ellipsis]
    if len(places) > 1:
        raise ShapeError("an index has more than one '...'", hint="write ':' for the other axes")
    at = places[0] if places else len(raw)
    return raw[:at] + [slice(None)] * (len(shape) - used) + raw[at + 1 :]


def _check_mask(mask: np.ndarray[Any, Any], shape: Shape, axis: int) -> None:
    for k, got in enumerate(mask.shape):
        size = shape[axis + k]
        if isinstance(size, int) and size != got:
            raise ShapeError(f"axis {axis + k} has size {size} but its mask has {got}")


def _position(at: Size, size: Size, axis: int) -> Size:
    if isinstance(at, Dim) or isinstance(size, Dim):
        return at
    _in_range(np.asarray(at), size, axis)
    return at % size


def _in_range(at: np.ndarray[Any, Any], size: Size, axis: int) -> np.ndarray[Any, Any]:
    """Positions counted from the front where the size is a number."""
    if isinstance(size, Dim):
        return at.astype(np.int64)
    return np.asarray(_checked(at, size, axis) % max(1, size), np.int64)


def _checked(at: np.ndarray[Any, Any], size: int, axis: int) -> np.ndarray[Any, Any]:
    outside = at[(at < -size) | (at >= size)]
    if outside.size:
        raise OutOfRange(
            f"index {outside.flat[0]} is out of range for axis {axis} of size {size}",
            hint=f"an index between {-size} and {size - 1}" if size else None,
        )
    return at


def _slice(item: slice, size: Size, axis: int) -> Slice:
    """A slice with its ends counted from the front, None where it runs to the end of the axis."""
    start, stop, step = item.start, item.stop, 1 if item.step is None else item.step
    if step == 0:
        raise ShapeError("a slice cannot have a step of zero")
    named = any(isinstance(b, Dim) for b in (start, stop, size))
    if named:
        return _named_slice(start, stop, step, size, axis)
    assert isinstance(size, int)
    start, stop, step = item.indices(size)
    length = len(range(start, stop, step))
    if not length:
        return Slice(None, 0, 1)
    if length == 1:
        step = 1
    beyond = start + length * step
    at_front = start == (0 if step > 0 else size - 1)
    to_end = not 0 <= beyond < size
    return Slice(None if at_front else start, None if to_end else beyond, step)


def _named_slice(start: Any, stop: Any, step: Any, size: Size, axis: int) -> Slice:
    """Where a size is a name only what is true for every large enough size can be said."""
    if step > 0:
        start = None if start == 0 else start
        stop = None if stop == size else stop
    made = Slice(start, stop, step)
    if step not in (1, -1) or (step == -1 and (start is not None or stop is not None)):
        raise ShapeError(
            f"how long {made} is cannot be said of axis {axis} of size {size}",
            hint="a size that is a number, or a slice with step 1",
        )
    from_end = [isinstance(b, int) and b < 0 for b in (start, stop)]
    if from_end[0] and stop is not None and not from_end[1]:
        raise ShapeError(
            f"how long {made} is cannot be said of axis {axis} of size {size}",
            hint="count both ends from the same side",
        )
    return made


# ── measuring ───────────────────────────────────────────────────────────────────────────────────


def has_arrays(index: Index) -> bool:
    return any(isinstance(item, (Literal, Slot)) for item in index)


def without_new(index: Index) -> Index:
    """The index without its new axes."""
    return tuple(item for item in index if item is not None)


def with_new(index: Index, shape: Shape) -> Shape:
    """The shape of an array taken by ranges and positions, with the new axes put in."""
    sizes = iter(shape)
    kept = [item for item in index if item is None or isinstance(item, Slice)]
    return tuple(1 if item is None else next(sizes) for item in kept)


def length(item: Slice, size: Size) -> Size:
    """How many positions a slice takes."""
    if isinstance(size, int) and not any(isinstance(b, Dim) for b in item):
        return len(range(*slice(item.start, item.stop, item.step).indices(size)))
    if item.step == -1:
        return size
    start, stop = (
        size + b if isinstance(b, int) and b < 0 else b
        for b in (item.start or 0, size if item.stop is None else item.stop)
    )
    return stop - start


def shape_of(index: Index, shapes: Sequence[Shape]) -> Shape:
    """The shape of ``x[index]``; ``shapes`` are those of ``x`` and of the slots.

    As in NumPy: index arrays broadcast to one shape, which stands where they stood, or in front
    when a slice lies between them; beside an array a position counts as one too.
    """
    out: list[Size] = []
    arrays: list[Shape] = []
    sizes = iter(shapes[0])
    gathers = has_arrays(index)
    for item in index:
        size = 1 if item is None else next(sizes)
        if item is None:
            out.append(1)
        elif isinstance(item, Slice):
            out.append(length(item, size))
        elif gathers:
            arrays.append(_array_shape(item, shapes))
    if not gathers:
        return tuple(out)
    common = broadcast(arrays)
    if isinstance(common, str):
        pairs = " and ".join(show(s) for s in arrays)
        raise ShapeError(f"the index arrays {pairs} do not broadcast: {common}")
    front = place_of_arrays(index) or 0
    return (*out[:front], *common, *out[front:])


def place_of_arrays(index: Index) -> int | None:
    """Which axis of ``x[index]`` is the first that the index arrays make.

    None where a slice lies between the arrays, so that their axes come in front of all others.
    """
    places = [n for n, item in enumerate(index) if not (item is None or isinstance(item, Slice))]
    if places != list(range(places[0], places[0] + len(places))):
        return None
    return places[0]


def _array_shape(item: Item, shapes: Sequence[Shape]) -> Shape:
    if isinstance(item, Slot):
        return shapes[item.operand]
    return item.array.shape if isinstance(item, Literal) else ()


# ── applying ────────────────────────────────────────────────────────────────────────────────────


def to_numpy(
    index: Sequence[Any], arrays: Sequence[Any], shape: tuple[int, ...]
) -> tuple[Any, ...]:
    """The index as NumPy takes it; ``arrays`` are the values of the slots, ``shape`` that of ``x``.

    Raises:
        ShapeError: computed positions, or a range of a named axis, go beyond the axis.
    """
    axes = iter(enumerate(shape))
    return tuple(None if item is None else _applied(item, arrays, *next(axes)) for item in index)


def _applied(item: Any, arrays: Sequence[Any], axis: int, size: int) -> Any:
    if isinstance(item, Literal):
        return _checked(item.array, size, axis)
    if isinstance(item, Slot):
        return _checked(np.asarray(arrays[item.operand - 1], np.int64), size, axis)
    if not isinstance(item, tuple):
        _checked(np.asarray(item), size, axis)
        return item
    # A plain tuple where named sizes were replaced by numbers.
    start, stop, step = item
    ends = [0 if start is None else start, size if stop is None else stop]
    ends = [bound + size if bound < 0 else bound for bound in ends]
    if step > 0 and not 0 <= ends[0] <= ends[1] <= size:
        raise ShapeError(f"{Slice(*item)} goes beyond axis {axis} of size {size}")
    return slice(*item)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────

# Longer lists of positions are cut in the middle.
_SHOWN = 16


def show_index(index: Index, slots: Sequence[str], separator: str = ", ") -> str:
    """The inside of the brackets as in Python; full slices at the end are not written."""
    kept = list(index)
    while len(kept) > 1 and kept[-1] == FULL:
        kept.pop()
    return separator.join(_show_item(item, slots, separator) for item in kept)


def _show_item(item: Item, slots: Sequence[str], separator: str) -> str:
    if isinstance(item, Slot):
        return slots[item.operand - 1]
    if not isinstance(item, Literal):
        return str(item)
    places = item.array
    if places.ndim == 1 and places.size > _SHOWN:
        head = separator.join(map(str, places[: _SHOWN // 2]))
        return f"[{head}{separator}...{separator}{places[-1]}]"
    return str(places.tolist()).replace(", ", separator)
