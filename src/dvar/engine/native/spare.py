"""Memory of large arrays that is used again: the system gives fresh memory page by page, each filled with zeros first."""

from __future__ import annotations

from collections import Counter, deque
from math import prod
from typing import Any

import numpy as np

from dvar.core.op import Array

ALIGN = 64
# Bytes of an array from which on it is worth it; the most that are kept for later whoever asks.
LARGE, HELD = 2**17, 2**27
# So much more than is asked for may be taken.
LOOSE = 1.25
# Who asked twice in so many turns will ask again: rooms of such a size are kept, however large.
LATELY = 16

# By their addresses.  Arrays end in any thread, so it is changed only by what cannot be interrupted.
_free: dict[int, Array] = {}
_asked: deque[int] = deque(maxlen=LATELY)


def empty(shape: tuple[int, ...], dtype: str | np.dtype[Any]) -> Array:
    """An array of any content; its memory comes back to us when nobody holds it or a part of it any more."""
    kind = np.dtype(dtype)
    count = prod(shape) * kind.itemsize
    if count < LARGE:
        return np.empty(shape, kind)
    made: Array = np.asarray(_Block(count, shape, kind))
    return made


def copied(x: Array, dtype: str) -> Array:
    """A copy in C order."""
    if x.nbytes < LARGE:
        return np.array(x, dtype, order="C")
    made = empty(x.shape, dtype)
    made[...] = x
    return made


class _Block:
    """What an array is made on; it ends with the last of these arrays."""

    def __init__(self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._room = _taken(count + ALIGN)
        start = -(-int(self._room.ctypes.data) // ALIGN) * ALIGN
        self.__array_interface__ = {
            "data": (start, False),
            "shape": shape,
            "typestr": dtype.str,
            "version": 3,
        }

    def __del__(self, free: dict[int, Array] = _free) -> None:
        free[self._room.ctypes.data] = self._room
        _give_back()


def _give_back() -> None:
    """The oldest rooms go back to the system, but for ``HELD`` bytes and what is asked for again and again."""
    often = Counter(list(_asked))
    rooms = [(at, x.nbytes) for at, x in list(_free.items()) if often[x.nbytes] < 2]
    extra = sum(count for _, count in rooms) - HELD
    for at, count in rooms:
        if extra <= 0:
            return
        _free.pop(at, None)
        extra -= count


def _taken(count: int) -> Array:
    """The smallest room that is free and fits, or a new one."""
    if count > HELD // LATELY:
        _asked.append(count)
        _give_back()
    for at, room in sorted(_free.copy().items(), key=lambda item: item[1].nbytes):
        if count <= room.nbytes <= LOOSE * count and _free.pop(at, None) is room:
            return room
    return np.empty(count, np.uint8)
