"""Sorts of whole arrays, in machine code (``radix.py``): the order of numbers, and what is put in an order."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from llvmlite import ir

from dvar.core.op import Array
from dvar.engine.native.crew import MOST, together
from dvar.engine.native.machine import Loaded, object_code
from dvar.engine.native.radix import Radix, place
from dvar.engine.native.spare import empty

# Below this many numbers a row, comparing is as fast; from this many on, threads share the work.
MANY, PARALLEL = 4096, 65_536
# The most bytes of scratch memory that are kept for the next time.
HELD = 2**26
_spare: list[Array] = []


def argsort(x: Array, axis: int, threads: int = 1) -> Array:
    """Positions in ascending order along an axis; equal numbers keep their order, nan comes last."""
    if not x.ndim or x.shape[axis] < MANY:
        return np.argsort(x, axis=axis, kind="stable")
    rows = np.moveaxis(x, axis, -1)
    found = empty(rows.shape, "int64")
    for row in np.ndindex(rows.shape[:-1]):
        if not _order(rows[row], found[row], threads):
            found[row] = np.argsort(rows[row], kind="stable")
    return np.moveaxis(found, -1, axis)


def _order(x: Array, found: Array, threads: int) -> bool:
    """Whether the order of one row was found: not where too many numbers lie too close to each other."""
    is_float = x.dtype.kind == "f"
    numbers = np.ascontiguousarray(x, np.float64 if is_float else np.int64)
    count = len(numbers)
    workers = _workers(count, threads)
    words = _scratch(2 * count)
    notes = np.zeros((workers, Radix.NOTES), np.int64)
    counter = np.zeros(1, np.int64)
    arrays = (numbers, words, words[count:], found, notes, counter)
    pointers = [a.ctypes.data for a in arrays]
    order = _functions()[0]
    together(lambda n: order(*pointers, count, workers, n, int(is_float)), workers)
    if words.nbytes <= HELD:
        _spare[:] = [words]
    return not notes[:, Radix.GAVE_UP].any()


def _scratch(count: int) -> Array:
    """Memory that was used before, where there is enough."""
    try:
        words = _spare.pop()
    except IndexError:
        return np.empty(count, np.int64)
    return words if len(words) >= count else np.empty(count, np.int64)


def placed(x: Array, order: Array, axis: int, threads: int = 1) -> Array:
    """Each element at the position that stands beside it: ``x`` taken along the inverse of an order."""
    if x.ndim > 1 or len(x) < MANY or x.dtype != np.float64:
        found = np.empty_like(x)
        np.put_along_axis(found, order, x, axis)
        return found
    numbers, order = np.ascontiguousarray(x), np.ascontiguousarray(order)
    found = empty(numbers.shape, numbers.dtype)
    count = len(numbers)
    workers = _workers(count, threads)
    pointers = [a.ctypes.data for a in (numbers, order, found)]
    put = _functions()[1]
    together(lambda n: put(*pointers, count, workers, n), workers)
    return found


def _workers(count: int, threads: int) -> int:
    return min(threads, MOST) if count >= PARALLEL else 1


def inverse(order: Array, axis: int, threads: int = 1) -> Array:
    """Where each position went: the order of an order, without sorting."""
    size = order.shape[axis]
    places = np.arange(size).reshape(
        [size if a == axis % order.ndim else 1 for a in range(order.ndim)]
    )
    found = np.empty_like(order)
    np.put_along_axis(found, order, np.broadcast_to(places, order.shape), axis)
    return found


@lru_cache(maxsize=1)
def _functions() -> tuple[Callable[..., None], Callable[..., None]]:
    module = ir.Module("order")
    Radix(module)
    place(module)
    loaded = Loaded(object_code(module))

    def function(name: str, pointers: int, counts: int) -> Callable[..., None]:
        kinds = [ctypes.c_void_p] * pointers + [ctypes.c_int64] * counts
        raw = ctypes.CFUNCTYPE(None, *kinds)(loaded.address(name))

        def call(*arguments: int, code: Loaded = loaded) -> None:
            """``code`` stays as long as this does."""
            raw(*arguments)

        return call

    return function("order", 6, 4), function("place", 3, 3)
