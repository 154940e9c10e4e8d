"""Moves of values that are not in memory: an index of the result as an index of the operand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from llvmlite import ir

from dvar.core.node import Node
from dvar.core.op import CONSTANT
from dvar.derive.sameaxes import gathered_axis, names_of
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.lanes import I32, Lanes, Value
from dvar.engine.native.tile import Along, Index, NotNative, i64, is_lane, plus, times

if TYPE_CHECKING:
    from dvar.engine.native.values import Body


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
    if any(map(is_lane, given)):
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
        start, _, step = slice(*item).indices(size)
        i = next(rest)
        if isinstance(i, Along):
            if step != 1:
                raise NotNative(node)
            inner.append(Along(i.by + start))
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

    if not any(map(is_lane, index[axis:last])):
        value = body.value(x, at(0))
    else:
        array = body.tile.array_of(x)
        beside = any(map(is_lane, (*index[:axis], *index[last:])))
        if array is None or array.lane is not None or beside:
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
    inner: list[Index] = []
    inside: Value | bool = True
    along: tuple[Along, int, range, int] | None = None
    for item, i, size in zip(node.param("index"), index, sizes_of(node), strict=True):
        places = range(*_range(item, size))
        if isinstance(i, Along):
            along, here = (i, len(inner), places, size), i
        else:
            here, fits = _place_in(body, node, i, places)
            if fits is False:
                return body.tile.point.constant(0, node.dtype)
            if fits is not True:
                inside = fits if inside is True else body.tile.builder.and_(inside, fits)
        if not isinstance(item, int):
            inner.append(here)
    value = body.value(x, inner) if along is None else _among_zeros(body, node, inner, *along)
    if inside is True:
        return value
    chosen = Lanes(value.at, value.at.splat(inside), "bool")
    return chosen.select(value, value.like(0))


def _among_zeros(
    body: Body, node: Node, index: Sequence[Index], i: Along, axis: int, places: range, size: int
) -> Lanes:
    """What is put at places along the lanes; a single one is no axis of what is put there."""
    (x,) = node.inputs
    if len(places) == size:
        return body.value(x, index)
    if places.step != 1:
        raise NotNative(node)
    is_axis = i in index

    def held(here: Index) -> Lanes:
        return body.value(x, (*index[:axis], here, *index[axis + 1 :]) if is_axis else index)

    parts = [(places.start, None), (len(places), held), (size - places.stop, None)]
    return _side_by_side(body, node, parts, i)


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


def _stack(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    axis = node.param("axis") % node.ndim
    rest = (*index[:axis], *index[axis + 1 :])

    def part(x: Node) -> Callable[[Index], Lanes]:
        return lambda _: body.value(x, rest)

    return _one_of(body, index[axis], [(1, part(x)) for x in node.inputs], node)


def _concatenate(body: Body, node: Node, index: tuple[Index, ...]) -> Lanes:
    axis = node.param("axis") % node.ndim

    def part(x: Node) -> Callable[[Index], Lanes]:
        return lambda i: body.value(x, (*index[:axis], i, *index[axis + 1 :]))

    parts = [(sizes_of(x)[axis], part(x)) for x in node.inputs]
    if is_lane(index[axis]):
        return _side_by_side(body, node, parts, index[axis])
    return _one_of(body, index[axis], parts, node)


def _side_by_side(
    body: Body, node: Node, parts: Sequence[tuple[int, Callable[[Index], Lanes] | None]], i: Along
) -> Lanes:
    """Parts, or zeros, joined along the lanes: the longest in code for vectors that lie inside of it."""
    zero = body.tile.point.constant(0, node.dtype)
    found: list[tuple[int, int, Callable[[], Lanes]]] = []
    first = -i.by
    for size, part in parts:
        of: Callable[[], Lanes] = partial(part, Along(-first)) if part else lambda: zero
        found += [(size, first, of)] if size else []
        first += size
    if body.inside is not None:
        size, first, of = max(found, key=lambda one: one[0])
        body.keep_inside(first, first + size)
        return of().to(node.dtype)
    value = zero
    for size, first, of in found:
        there = Lanes(zero.at, body.tile.within(body.place, first, first + size), "bool")
        value = there.select(of().to(node.dtype), value)
    return value


def _one_of(
    body: Body, i: Index, parts: Sequence[tuple[int, Callable[[Index], Lanes]]], node: Node
) -> Lanes:
    """The part that an index along the joined axis falls into."""
    if is_lane(i):
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
