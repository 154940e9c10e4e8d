"""Where the numbers of a node lie in memory: a slot, an offset and a stride for every axis.

A transposed, cut or broadcast array is the same memory with other strides, so moves cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from dvar.core.node import Node
from dvar.ops.subscript import Slice


@dataclass(frozen=True)
class Strided:
    """An array in memory; all counts in elements.

    Attributes:
        slot: which pointer.
        dtype: what lies there.
        sizes: the shape.
        strides: the distance of neighbours along each axis; 0 where it is repeated.
        offset: where the first element lies.
        lane: the axis in the lanes if the memory holds one tile of it, else None.
    """

    slot: int
    dtype: str
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0
    lane: int | None = None


def sizes_of(node: Node) -> tuple[int, ...]:
    """The shape of a node, all of whose sizes are numbers."""
    return tuple(int(size) for size in node.shape)  # type: ignore[arg-type]


def count_of(node: Node) -> int:
    """How many numbers a node holds."""
    return prod(sizes_of(node))


def contiguous(shape: Sequence[int], last: int | None = None) -> tuple[int, ...]:
    """The strides of an array in C order; ``last`` is an axis that is made the fastest instead."""
    order = [a for a in range(len(shape)) if a != last] + ([] if last is None else [last])
    strides = [0] * len(shape)
    step = 1
    for a in reversed(order):
        strides[a] = step
        step *= shape[a]
    return tuple(strides)


def moved(node: Node, of: Strided) -> Strided | None:
    """The memory of a node that only moves its operand; None where strides cannot say it."""
    name = node.op.name
    if name == "transpose":
        return _transposed(of, [a % len(of.sizes) for a in node.param("axes")])
    if name == "broadcast_to":
        return _repeated(of, node.shape)  # type: ignore[arg-type]  # numbers
    if name == "reshape":
        return _reshaped(of, node.shape)  # type: ignore[arg-type]
    if name == "getitem" and len(node.inputs) == 1:
        return _cut(of, node.param("index"))
    return None


def _transposed(x: Strided, axes: Sequence[int]) -> Strided:
    lane = None if x.lane is None else list(axes).index(x.lane)
    return replace(
        x,
        sizes=tuple(x.sizes[a] for a in axes),
        strides=tuple(x.strides[a] for a in axes),
        lane=lane,
    )


def _repeated(x: Strided, shape: tuple[int, ...]) -> Strided:
    extra = len(shape) - len(x.sizes)
    strides = [0] * extra + [
        s if x.sizes[a] == shape[extra + a] else 0 for a, s in enumerate(x.strides)
    ]
    lane = None if x.lane is None else x.lane + extra
    return replace(x, sizes=shape, strides=tuple(strides), lane=lane)


def _reshaped(x: Strided, shape: tuple[int, ...]) -> Strided | None:
    """Axes that lie behind each other may be merged, and cut in another way."""
    old = [(n, s, a) for a, (n, s) in enumerate(zip(x.sizes, x.strides, strict=True)) if n != 1]
    strides: list[int] = []
    lane: int | None = None
    i = j = 0
    new = [n for n in shape if n != 1]
    while i < len(old) and j < len(new):
        m, n, left, right = i + 1, j + 1, old[i][0], new[j]
        while left != right:
            if left < right:
                left *= old[m][0]
                m += 1
            else:
                right *= new[n]
                n += 1
        run = old[i:m]
        if any(run[k][1] != run[k + 1][0] * run[k + 1][1] for k in range(len(run) - 1)):
            return None
        if any(a == x.lane for _, _, a in run):
            if len(run) > 1 or n - j > 1:
                return None  # a tile holds only a part of this axis
            lane = j
        step = run[-1][1]
        steps = []
        for size in reversed(new[j:n]):
            steps.append(step)
            step *= size
        strides += reversed(steps)
        i, j = m, n
    if x.lane is not None and lane is None:
        return None
    whole, places = [], []
    k = 0
    for a, n in enumerate(shape):
        whole.append(0 if n == 1 else strides[k])
        if n != 1:
            places.append(a)
            k += 1
    return replace(
        x, sizes=shape, strides=tuple(whole), lane=None if lane is None else places[lane]
    )


def _cut(x: Strided, index: Sequence[object]) -> Strided | None:
    sizes: list[int] = []
    strides: list[int] = []
    offset, lane = x.offset, None
    for a, item in enumerate(index):
        if isinstance(item, Slice):
            start, stop, step = slice(*item).indices(x.sizes[a])
            count = len(range(start, stop, step))
            if a == x.lane:
                if count != x.sizes[a] or step != 1:
                    return None
                lane = len(sizes)
            sizes.append(count)
            strides.append(x.strides[a] * step)
            offset += start * x.strides[a]
        elif isinstance(item, int) and a != x.lane:
            offset += (item % x.sizes[a]) * x.strides[a]
        else:
            return None
    return replace(x, sizes=tuple(sizes), strides=tuple(strides), offset=offset, lane=lane)
