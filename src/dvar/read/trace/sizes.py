"""Sizes of a traced array as a function sees them: numbers, and named sizes to calculate with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dvar.core.dims import Dim, Shape, Size
from dvar.core.errors import TraceError
from dvar.core.op import size_of

if TYPE_CHECKING:
    from dvar.read.trace.array import Variable


class NamedSize(Dim):
    """``m = x.shape[1]`` where the size has a name: whole arithmetic stays a size, the rest is traced.

    ``2 * m`` is a size again; ``1 / m`` and ``np.sqrt(m)`` are traced numbers.
    """

    __slots__ = ()

    def _traced(self) -> Variable:
        from dvar.read.trace.array import wrap

        variable: Variable = wrap(size_of(plain(self)))
        return variable

    def __add__(self, other: Any) -> Any:
        return shown(super().__add__(plain(other))) if _whole(other) else self._traced() + other

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return shown(super().__mul__(plain(other))) if _whole(other) else self._traced() * other

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return shown(super().__sub__(plain(other))) if _whole(other) else self._traced() - other

    def __rsub__(self, other: Any) -> Any:
        return shown(super().__rsub__(plain(other))) if _whole(other) else other - self._traced()

    def __neg__(self) -> Any:
        return self * -1

    def __truediv__(self, other: Any) -> Any:
        return self._traced() / _number(other)

    def __rtruediv__(self, other: Any) -> Any:
        return _number(other) / self._traced()

    def __pow__(self, other: Any) -> Any:
        return self._traced() ** _number(other)

    def __rpow__(self, other: Any) -> Any:
        return _number(other) ** self._traced()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*(_number(x) for x in args), **kwargs)

    def __index__(self) -> int:
        raise TraceError(
            f"the size {self} has no number: this function is traced with shapes only",
            hint="np.zeros_like and broadcasting need no numbers, or give example values",
        )

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.__index__())


def _whole(value: Any) -> bool:
    return isinstance(value, (Dim, int, np.integer)) and not isinstance(value, bool)


def _number(value: Any) -> Any:
    return value._traced() if isinstance(value, NamedSize) else value


def traced_sizes(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with traced numbers in place of named sizes."""
    for x in args:
        if isinstance(x, NamedSize):
            return tuple(map(_number, args))
    return args


def plain(size: Any) -> Any:
    """The size as the core knows it."""
    if isinstance(size, NamedSize):
        dim = Dim.__new__(Dim)
        dim._set(dict(size.terms))
        return dim
    return int(size) if isinstance(size, np.integer) else size


def shown(size: Size) -> Any:
    """The size as the user's function sees it."""
    if not isinstance(size, Dim):
        return size
    named = NamedSize.__new__(NamedSize)
    named._set(dict(size.terms))
    return named


def shown_shape(shape: Shape) -> tuple[Any, ...]:
    return tuple(shown(size) for size in shape)
