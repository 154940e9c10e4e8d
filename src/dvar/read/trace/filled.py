"""The traced array that can be changed in place, for functions that fill arrays.

It takes the place of ``Variable`` while a function is followed a second time (``following``): NumPy's rules of
what is a view and what a copy hold for it, in assignments, in ``+=`` and in functions with ``out=``.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dvar.core.dims import is_numeric
from dvar.core.errors import TraceError
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array
from dvar.ops.indexing import scatter_add
from dvar.read.trace import facts
from dvar.read.trace.array import IMMUTABLE, Variable, made, read_index, unwrap, wrap
from dvar.read.trace.memory import Memory

_VIEWS = """
    atleast_1d atleast_2d atleast_3d diagonal expand_dims flip fliplr flipud moveaxis ravel real reshape
    rollaxis rot90 squeeze swapaxes transpose
"""
VIEWS = frozenset(getattr(np, name) for name in _VIEWS.split())
_VIEW_METHODS = frozenset(("diagonal", "ravel", "squeeze", "swapaxes"))
_AT: Mapping[Any, Any] = {np.add: operator.add, np.subtract: operator.sub}


class Filled(Variable):
    """A traced array with memory of its own, or a view of another one's."""

    __slots__ = ("_memory", "_of", "_own", "_places")

    def __init__(self, node: Node) -> None:
        self._own: Node | None = node  # while it is alone: no view of it, nothing written
        self._memory: Memory | None = None
        self._places: Array = _NOWHERE
        self._of: Callable[[Any], Any] | None = None  # what makes a view of the whole

    @property
    def node(self) -> Node:  # type: ignore[override]  # a Variable keeps it
        memory = self._memory
        if memory is None:
            assert self._own is not None
            return self._own
        written = memory.at(self._places)
        if written is not None:
            return _admitted(written)
        if self._of is None:
            return _admitted(memory.whole())
        return self._of(Variable(_admitted(memory.around(self._places)))).node  # type: ignore[no-any-return]

    @property
    def shape(self) -> tuple[Any, ...]:
        return self._places.shape if self._own is None else super().shape

    # ── memory ──────────────────────────────────────────────────────────────────────────────────

    def _opened(self) -> Memory:
        """The memory, made when it is first asked for."""
        if self._memory is None:
            node = self.node
            if not is_numeric(node.shape):
                raise facts.LostDerivative(
                    "an array with a size that has no number cannot be changed in place",
                    source=facts.source_here(),
                    hint=IMMUTABLE,
                )
            self._memory, self._own = Memory(node), None
            self._places = self._memory.places
        return self._memory

    def _view(self, of: Callable[[Any], Any]) -> Any:
        """What an operation makes of this array: a view if NumPy makes one."""
        if self._own is not None and not is_numeric(self._own.shape):
            return of(Variable(self._own))
        memory = self._opened()
        places = np.asarray(of(self._places))
        if places.ndim and not np.shares_memory(places, memory.places):
            return of(Variable(self.node))
        view = Filled.__new__(Filled)
        view._own, view._memory, view._places = None, memory, places
        inner = self._of
        view._of = of if inner is None else lambda whole: of(inner(whole))
        return view if places.ndim else Variable(view.node)

    # ── elements ────────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, index: Any) -> Any:
        index = read_index(index)
        numbers = _numbers(index)
        if numbers is None:
            return Variable(self.node)[index]
        return self._view(lambda a: a[numbers if isinstance(a, np.ndarray) else index])

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, Variable) and index.dtype == bool and not np.shape(value):
            self._cover(np.where(index, value, Variable(self.node)))
            return
        index = read_index(index)
        numbers = _numbers(index)
        if numbers is None:
            if not _are_different(index):
                raise _written_twice()
            whole = Variable(self.node)
            moved = scatter_add(unwrap(value - whole[index]), whole.node.shape, index)
            self._cover(whole + wrap(moved))
            return
        memory = self._opened()
        places = np.asarray(self._places[numbers])
        if not np.shares_memory(places, memory.places) and len(np.unique(places)) < places.size:
            raise _written_twice()
        if places.size:
            if np.ndim(value) > places.ndim:
                value = np.reshape(value, places.shape)
            memory.write(places, unwrap(value), index if self._of is None else None)

    def rows(self) -> dict[int, Node]:
        """What was written into it as a whole row, the last of each."""
        return {} if self._memory is None or self._of is not None else self._memory.rows

    def _cover(self, value: Any) -> None:
        """Write all of it."""
        new = unwrap(value)
        if self._memory is not None or np.shape(value) != self.shape or new.dtype != self.dtype:
            self._opened().write(self._places, new)
        else:
            self._own = new

    def _changed(self, by: Callable[[Any, Any], Any], other: Any) -> Filled:
        self._cover(by(Variable(self.node), other))
        return self

    def __iadd__(self, other: Any) -> Any:
        return self._changed(operator.add, other)

    def __isub__(self, other: Any) -> Any:
        return self._changed(operator.sub, other)

    def __imul__(self, other: Any) -> Any:
        return self._changed(operator.mul, other)

    def __itruediv__(self, other: Any) -> Any:
        return self._changed(operator.truediv, other)

    def __ipow__(self, other: Any) -> Any:
        return self._changed(operator.pow, other)

    # ── views and copies ────────────────────────────────────────────────────────────────────────

    @property
    def T(self) -> Any:  # noqa: N802  NumPy's name
        return self._view(np.transpose)

    @property
    def mT(self) -> Any:  # noqa: N802  NumPy's name
        return self._view(lambda a: np.swapaxes(a, -1, -2))

    def reshape(self, *shape: Any, order: Any = "C") -> Any:
        sizes = shape[0] if len(shape) == 1 else shape
        return self._view(lambda a: np.reshape(a, sizes, order=order))

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return self._view(lambda a: np.transpose(a, order))

    def flatten(self, order: str = "C") -> Any:
        return made(Variable(self.node).flatten(order).node)

    def copy(self, order: str = "C") -> Variable:
        return Filled(self.node)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Variable:
        return self.copy()

    def astype(self, dtype: Any, **_: Any) -> Any:
        return made(unwrap(Variable(self.node).astype(dtype)))

    def sort(self, axis: int = -1) -> None:
        self._cover(np.sort(Variable(self.node), axis=axis))

    def fill(self, value: Any) -> None:
        """Write one number everywhere."""
        self[...] = value

    def __getattr__(self, name: str) -> Any:
        if name not in _VIEW_METHODS:
            return super().__getattr__(name)
        function = getattr(np, name)
        return lambda *args, **named: self._view(lambda a: function(a, *args, **named))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        node = self.node
        if any(x.op is VARIABLE for x in topological([node])):
            return super().__array__(dtype, copy)
        return np.array(facts.evaluate([node])[0], dtype)

    # ── NumPy's protocols ───────────────────────────────────────────────────────────────────────

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        (target,) = kwargs.pop("out", (None,))
        if method == "at" and ufunc in _AT and isinstance(args[0], Filled):
            array, index, values = args
            moved = scatter_add(unwrap(values), array.node.shape, read_index(index))
            array._cover(_AT[ufunc](Variable(array.node), wrap(moved)))
            return None
        result = super().__array_ufunc__(ufunc, method, *map(_still, args), **kwargs)
        if target is None:
            return result
        if not isinstance(target, Filled):
            return super().__array_ufunc__(ufunc, method, *args, out=(target,), **kwargs)
        target._cover(result)
        return target

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in VIEWS and args and args[0] is self:
            return self._view(lambda a: function(a, *args[1:], **kwargs))
        if function in _WRITERS and isinstance(args[0], Filled):
            _WRITERS[function](*args, **kwargs)
            return None
        target = kwargs.pop("out", None)
        result = super().__array_function__(function, types, tuple(map(_still, args)), kwargs)
        if isinstance(target, Filled):
            target._cover(result)
            return target
        return result


_NOWHERE = np.zeros(0, int)


def _copy_to(dst: Any, src: Any, where: Any = True) -> None:
    dst._cover(src if where is True else np.where(where, src, Variable(dst.node)))


def _fill_diagonal(a: Any, val: Any) -> None:
    n = np.arange(min(a.shape))
    a[(n,) * a.ndim] = val


_WRITERS: Mapping[Any, Callable[..., None]] = {
    np.copyto: _copy_to,
    np.fill_diagonal: _fill_diagonal,
}


def _admitted(node: Node) -> Node:
    facts.admit(node, facts.here())
    return node


def _still(argument: Any) -> Any:
    """An array as it is now, also inside lists."""
    if isinstance(argument, Filled):
        return Variable(argument.node)
    if type(argument) in (list, tuple):
        return type(argument)(map(_still, argument))
    return argument


def _numbers(index: Any) -> Any:
    """An index in plain numbers; None where they are not known."""
    if isinstance(index, tuple):
        parts = tuple(map(_numbers, index))
        unknown = any(p is None and i is not None for p, i in zip(parts, index, strict=True))
        return None if unknown else parts
    return facts.known_value(index) if isinstance(index, Node) else index


def _are_different(index: Any) -> bool:
    """Whether one of the positions in brackets is certainly another one each time."""
    parts = index if isinstance(index, tuple) else (index,)
    known = [p if isinstance(p, np.ndarray) else None for p in map(_numbers, parts)]
    return any(p is not None and len(np.unique(p)) == p.size for p in known)


def _written_twice() -> TraceError:
    return facts.LostDerivative(
        "one place may be written to more than once",
        source=facts.source_here(),
        hint="np.add.at(array, index, values) adds all of them",
    )
