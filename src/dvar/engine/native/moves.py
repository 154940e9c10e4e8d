"""Moves of values that are not in memory: an index of the result as an index of the operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from dvar.core.node import Node
from dvar.core.op import CONSTANT
from dvar.derive.sameaxes import gathered_axis, names_of
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.lanes import I32, Lanes, Value
from dvar.engine.native.tile import LANE, Index, NotNative, i64, plus, times

if TYPE_CHECKING:
    from dvar.engine.native.values import Body

# In arrays of fewer vectors there is hardly one that lies inside of a part.
SOME = 4


def aligned(x: Node, node: Node, index: tuple[Index, ...]) -> tuple[Index, ...]:
    """The index of an operand under broadcasting."""
    extra = node.ndim - x.ndim
    return tuple(
        0 if x.shape[a] == 1 and node.shape[extra + a] != 1 else index[extra + a]
        for a in range(x.ndim)
    )


def _transpose(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    (x,) = node.inputs
    inner: list[Index] = [0] * x.ndim
    for place, a in enumerate(node.param("axes")):
        inner[a % x.ndim] = index[place]
    return body.value(x, inner)


def _broadcast(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    (x,) = node.inputs
    return body.value(x, aligned(x, node, index))


def _reshape(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    """Only axes of size one come and go; anything else is a matter of memory."""
    (x,) = node.inputs
    kept = [i for i, n in zip(index, node.shape, strict=True) if n != 1]
    if [n for n in x.shape if n != 1] != [n for n in node.shape if n != 1]:
        return body.value(x, _unravelled(body, node, x, index))
    rest = iter(kept)
    return body.value(x, [0 if n == 1 else next(rest) for n in x.shape])


def _unravelled(body: Body, node: Node, x: Node, index: tuple[Index, ...]) -> list[Index]:
    """The same element counted in another shape; the axis in the lanes must stay an axis."""
    (old,), new = names_of(node)
    inner: list[Index] = [None] * x.ndim
    for a, name in enumerate(old):
        if name is not None:
            inner[a] = index[new.index(name)]
    a = b = 0
    while a < x.ndim or b < node.ndim:
        if a < x.ndim and inner[a] is not None:
            a, b = a + 1, new.index(old[a]) + 1
            continue
        m, n = a, b
        while m < x.ndim and inner[m] is None:
            m += 1
        while n < node.ndim and new[n] is None:
            n += 1
        flat = _flattened(body, sizes_of(node)[b:n], index[b:n], node)
        _unflattened(body, flat, sizes_of(x)[a:m], inner, a)
        a, b = m, n
    return inner


def _flattened(body: Body, sizes: Sequence[int], given: Sequence[Index], node: Node) -> Index:
    """One index for a run of axes."""
    if LANE in given:
        raise NotNative(node)
    flat: Index = 0
    for size, i in zip(sizes, given, strict=True):
        flat = plus(body.tile.builder, times(body.tile.builder, flat, size), i)
    return flat


def _unflattened(
    body: Body, flat: Index, sizes: Sequence[int], inner: list[Index], first: int
) -> None:
    """The run of axes from ``first`` on that one index stands for."""
    b = body.tile.builder
    for k in reversed(range(len(sizes))):
        if isinstance(flat, int):
            inner[first + k], flat = flat % sizes[k], flat // sizes[k]
        elif k == 0:
            inner[first] = flat
        else:
            inner[first + k] = b.urem(flat, i64(sizes[k]))
            flat = b.udiv(flat, i64(sizes[k]))


def _getitem(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    if len(node.inputs) > 1:
        return _gathered(body, node, index)
    (x,) = node.inputs
    b = body.tile.builder
    rest = iter(index)
    inner: list[Index] = []
    for item, size in zip(node.param("index"), sizes_of(x), strict=True):
        if isinstance(item, int):
            inner.append(item % size)
            continue
        if not isinstance(item, tuple):
            raise NotNative(node)
        start, stop, step = slice(*item).indices(size)
        i = next(rest)
        if i is LANE:
            if (start, stop, step) != (0, size, 1):
                raise NotNative(node)
            inner.append(i)
        else:
            inner.append(plus(b, times(b, i, step), start))
    return body.value(x, inner)


def _gathered(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    """Elements at computed positions along one axis; a position outside of it gives nan."""
    axis = gathered_axis(node)
    if axis is None:
        raise NotNative(node)
    x, positions = node.inputs
    last = axis + positions.ndim
    place = body.value(positions, index[axis:last])
    size = sizes_of(x)[axis]
    known = positions.op is CONSTANT
    if not known:
        place = place.compare("<", 0).select(place + size, place)
        inside = place.compare(">=", 0).select(place.compare("<", size), place.like(0).to("bool"))
        place = inside.select(place, 0)
    b, point = body.tile.builder, body.tile.point

    def at(lane: int) -> Any:
        here = b.extract_element(place.v, ir.Constant(I32, lane)) if point.width > 1 else place.v
        return (*index[:axis], here, *index[last:])

    if LANE not in index[axis:last]:
        value = body.value(x, at(0))
    else:
        array = body.tile.array_of(x)
        if array is None or array.lane is not None or LANE in (*index[:axis], *index[last:]):
            raise NotNative(node)  # it is not there as a whole
        parts = [b.load(body.tile.address(array, at(n), None)) for n in range(point.width)]
        value = Lanes(point, point.together(parts), node.dtype)
    return value if known else inside.select(value, math.nan)


def _range(item: Any, size: int) -> tuple[int, int, int]:
    if isinstance(item, int):
        return item % size, item % size + 1, 1
    return slice(*item).indices(size)


def _scatter(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    """Zeros with an array put into a box of them."""
    if len(node.inputs) > 1:
        raise NotNative(node)
    (x,) = node.inputs
    b, point = body.tile.builder, body.tile.point
    inner: list[Index] = []
    inside: Value | bool = True
    only: Lanes | None = None  # the single lane that is put somewhere
    shift: int | None = None
    for item, i, size in zip(node.param("index"), index, sizes_of(node), strict=True):
        start, stop, step = _range(item, size)
        if i is LANE:
            if isinstance(item, int):
                only = Lanes(point, body.tile.is_at(body.place, start), "bool")
                continue
            if (start, stop, step) != (0, size, 1):
                shift = start
                if step != 1:
                    raise NotNative(node)
            inner.append(i)
            continue
        here, fits = _place_in(body, node, i, range(start, stop, step))
        if fits is False:
            return point.constant(0, node.dtype)
        if fits is not True:
            inside = fits if inside is True else b.and_(inside, fits)
        if not isinstance(item, int):
            inner.append(here)
    value = body.value(x, inner) if shift is None else _shifted(body, node, x, inner, shift)
    if only is not None:
        value = only.select(value, value.like(0))
    if inside is True:
        return value
    chosen = Lanes(point, point.splat(inside), "bool")
    return chosen.select(value, value.like(0))


def _place_in(body: Body, node: Node, i: Index, places: range) -> tuple[Index, Value | bool]:
    """Which element of a range an index falls on, and whether it does."""
    b = body.tile.builder
    if isinstance(i, int):
        return (places.index(i), True) if i in places else (0, False)
    if places.step != 1:
        raise NotNative(node)
    away = b.sub(i, i64(places.start))
    fits = b.icmp_unsigned("<", away, i64(len(places)))
    # Outside of the range any element will do; it is not taken.
    return b.select(fits, away, i64(0)), fits


def _within(
    body: Body, node: Node, x: Node, index: Sequence[Index], start: int
) -> tuple[Lanes, Value]:
    """An array in memory that begins at a place along the lanes: zero elsewhere; and where it is."""
    array = body.tile.array_of(x)
    if array is None or array.lane is not None:
        raise NotNative(node)
    if any(i is LANE and s != 1 for i, s in zip(index, array.strides, strict=True)):
        raise NotNative(node)
    return body.tile.load_within(array, index, body.place, start)


def _shifted(body: Body, node: Node, x: Node, index: Sequence[Index], start: int) -> Lanes:
    """The same, zero elsewhere."""
    return _if_inside(body, node, x, index, start, lambda: _within(body, node, x, index, start)[0])


def _if_inside(
    body: Body,
    node: Node,
    x: Node,
    index: Sequence[Index],
    start: int,
    otherwise: Callable[[], Lanes],
) -> Lanes:
    """A plain load where a vector lies inside of an array that begins at a place along the lanes.

    What is done otherwise reads nothing but memory: what is known of other nodes afterwards has to be known on
    both ways.
    """
    tile, array = body.tile, body.tile.array_of(x)
    (axis,) = [a for a, i in enumerate(index) if i is LANE]
    if array is None or array.lane is not None or array.strides[axis] != 1:
        raise NotNative(node)
    size, b = array.sizes[axis], tile.builder
    if size < SOME * tile.width:
        return otherwise()
    first = tile.first_within(body.place, start)
    fits = b.icmp_unsigned("<=", first, i64(size - tile.width))
    with b.if_else(fits, likely=True) as (yes, no):
        with yes:
            plain = tile.load_from(array, index, first).to(node.dtype)
            there = b.block
        with no:
            other = otherwise().to(node.dtype)
            elsewhere = b.block
    phi = b.phi(plain.v.type)
    phi.add_incoming(plain.v, there)
    phi.add_incoming(other.v, elsewhere)
    return Lanes(tile.point, phi, node.dtype)


def _stack(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    axis = node.param("axis") % node.ndim
    rest = (*index[:axis], *index[axis + 1 :])

    def part(x: Node) -> Callable[[Index], Lanes]:
        return lambda _: body.value(x, rest)

    return _one_of(body, index[axis], [(1, part(x)) for x in node.inputs], node)


def _concatenate(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    axis = node.param("axis") % node.ndim

    if index[axis] is LANE:
        return _side_by_side(body, node, index)

    def part(x: Node) -> Callable[[Index], Lanes]:
        return lambda i: body.value(x, (*index[:axis], i, *index[axis + 1 :]))

    return _one_of(body, index[axis], [(sizes_of(x)[axis], part(x)) for x in node.inputs], node)


def _side_by_side(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    """Arrays joined along the lanes."""
    axis = node.param("axis") % node.ndim
    sizes = [sizes_of(x)[axis] for x in node.inputs]
    starts = [sum(sizes[:n]) for n in range(len(sizes))]

    def chosen() -> Lanes:
        value: Lanes | None = None
        for x, start in zip(node.inputs, starts, strict=True):
            here, there = _within(body, node, x, index, start)
            here = here.to(node.dtype)
            mask = Lanes(body.tile.point, there, "bool")
            value = here if value is None else mask.select(here, value)
        assert value is not None
        return value

    longest = max(range(len(sizes)), key=sizes.__getitem__)
    return _if_inside(body, node, node.inputs[longest], index, starts[longest], chosen)


def _one_of(
    body: Body, i: Index, parts: Sequence[tuple[int, Callable[[Index], Lanes]]], node: Node
) -> Lanes:
    """The part that an index along the joined axis falls into."""
    if i is LANE:
        raise NotNative(node)
    b, point = body.tile.builder, body.tile.point
    start = 0
    chosen: Lanes | None = None
    for size, of in parts:
        if isinstance(i, int):
            if i < start + size:
                return of(i - start)
        else:
            away = b.sub(i, i64(start))
            fits = b.icmp_unsigned("<", away, i64(size))
            value = of(b.select(fits, away, i64(0))).to(node.dtype)
            mask = Lanes(point, point.splat(fits), "bool")
            chosen = value if chosen is None else mask.select(value, chosen)
        start += size
    assert chosen is not None
    return chosen


MOVES: dict[str, Callable[[Body, Node, tuple[Index, ...]], Lanes]] = {
    "transpose": _transpose,
    "broadcast_to": _broadcast,
    "reshape": _reshape,
    "getitem": _getitem,
    "scatter_add": _scatter,
    "stack": _stack,
    "concatenate": _concatenate,
}
