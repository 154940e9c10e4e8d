"""The traced array: what a user's function receives instead of a NumPy array.

A Variable is a node and what is known of it.  Where there are numbers every operation is computed at
once, so Python's ``if``, ``for`` and ``while`` on values work; the graph is the record of what was done.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import partial
from threading import get_ident
from typing import Any

import numpy as np

from dvar.core.dims import product, show
from dvar.core.errors import DtypeError, TraceError
from dvar.core.node import Node
from dvar.core.op import SIZE, VARIABLE
from dvar.read.trace import facts
from dvar.read.trace.sizes import NamedSize, plain, shown, shown_shape

NO_NUMBER = (
    "np.where(condition, a, b) or dvar.cond for a choice, dvar.while_loop for a loop that it ends; "
    "plain Python works where numbers are given, without jit"
)
AT_A_PLACE = "dvar.take(array, i, axis=0) in place of array[i] where the array is a plain one"
IMMUTABLE = "np.where(mask, new, x) or np.concatenate([x[:i], new, x[i+1:]]) makes a new array"

# Methods that are the NumPy function of the same name with the array first.
_METHODS = """
    all any argmax argmin argsort choose clip compress cumprod cumsum diagonal dot max mean min nonzero
    prod ptp ravel repeat round searchsorted squeeze std sum swapaxes take trace var
"""
METHODS = frozenset(_METHODS.split())


def _call(function: Any, *args: Any, **kwargs: Any) -> Any:
    from dvar.read.trace.numpy_api import call

    return call(function, args, kwargs)


# Functions of NumPy that are rows of the same operands; ``numpy_api`` puts them here.
DIRECT: dict[np.ufunc, Callable[[tuple[Any, ...]], Any]] = {}


def _binary(ufunc: np.ufunc) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """An operator and its reflection."""

    def straight(self: Variable, other: Any) -> Any:
        if type(other) in _SIMPLE and ufunc in DIRECT:
            return DIRECT[ufunc]((self, other))
        return _call(ufunc, self, other)

    def reflected(self: Variable, other: Any) -> Any:
        if type(other) in _SIMPLE and ufunc in DIRECT:
            return DIRECT[ufunc]((other, self))
        return _call(ufunc, other, self)

    return straight, reflected


class Variable:
    """An array under observation.

    Attributes:
        node: what it is in the graph.
        value: its numbers (read-only), None when traced with shapes only.
        grad: the gradient that ``backward`` left here, else None.
        name: what it is called.
    """

    __slots__ = ("__weakref__", "node")

    def __init__(self, node: Node) -> None:
        self.node = node

    # ── what it is ──────────────────────────────────────────────────────────────────────────────

    @property
    def value(self) -> Any:
        array = facts.known_value(self.node)
        if array is None:
            return None
        if not array.ndim:
            return array[()]
        view = array.view()
        view.setflags(write=False)
        return view

    @value.setter
    def value(self, new: Any) -> None:
        from dvar.read.trace.variable import set_value

        set_value(self, new)

    @property
    def shape(self) -> tuple[Any, ...]:
        array = facts.known_value(self.node)
        return shown_shape(self.node.shape) if array is None else array.shape

    @property
    def ndim(self) -> int:
        return self.node.ndim

    @property
    def size(self) -> Any:
        return shown(product(plain(size) for size in self.shape))

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.node.dtype)

    @property
    def T(self) -> Any:  # noqa: N802  NumPy's name
        return _call(np.transpose, self)

    @property
    def mT(self) -> Any:  # noqa: N802  NumPy's name
        return _call(np.swapaxes, self, -1, -2)

    @property
    def name(self) -> str | None:
        known = facts.fact(self.node).name
        return self.node.param("name") if known is None and self.node.op is VARIABLE else known

    @name.setter
    def name(self, name: str) -> None:
        facts.fact(self.node).name = name

    @property
    def grad(self) -> Any:
        grad = facts.fact(self.node).grad
        return None if grad is None else grad[()]

    def backward(self, upstream: Any = None) -> None:
        """Carry gradients to everything this was made of; see ``dvar.variable``."""
        from dvar.read.trace.variable import backward

        backward(self, upstream)

    def zero_grad(self) -> None:
        """Forget the gradient."""
        facts.fact(self.node).grad = None

    def explain(self, **options: Any) -> Any:
        """The derivation of this result, step by step: ``dvar.explain`` of how it was computed."""
        from dvar.read.trace.variable import explain

        return explain(self, facts.user_frame(), options)

    # ── arithmetic ──────────────────────────────────────────────────────────────────────────────

    __add__, __radd__ = _binary(np.add)
    __sub__, __rsub__ = _binary(np.subtract)
    __mul__, __rmul__ = _binary(np.multiply)
    __truediv__, __rtruediv__ = _binary(np.true_divide)
    __floordiv__, __rfloordiv__ = _binary(np.floor_divide)
    __mod__, __rmod__ = _binary(np.remainder)
    __pow__, __rpow__ = _binary(np.power)
    __matmul__, __rmatmul__ = _binary(np.matmul)
    __and__, __rand__ = _binary(np.logical_and)
    __or__, __ror__ = _binary(np.logical_or)
    __lt__, __gt__ = _binary(np.less)[0], _binary(np.greater)[0]
    __le__, __ge__ = _binary(np.less_equal)[0], _binary(np.greater_equal)[0]

    def __eq__(self, other: object) -> Any:
        return False if other is None else _call(np.equal, self, other)

    def __ne__(self, other: object) -> Any:
        return True if other is None else _call(np.not_equal, self, other)

    __hash__ = object.__hash__  # by identity: equality is elementwise

    def __neg__(self) -> Any:
        return _call(np.negative, self)

    def __pos__(self) -> Variable:
        return self

    def __abs__(self) -> Any:
        return _call(np.abs, self)

    def __invert__(self) -> Any:
        return _call(np.logical_not, self)

    # ── elements ────────────────────────────────────────────────────────────────────────────────

    def __getitem__(self, index: Any) -> Any:
        from dvar.read.trace.applying import wrap_call

        return wrap_call(lambda: self.node[read_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        raise facts.LostDerivative(
            "a traced array cannot be changed in place", source=facts.source_here(), hint=IMMUTABLE
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a scalar has no length")
        return operator.index(self.shape[0])

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("a scalar cannot be iterated over")
        return (self[n] for n in range(len(self)))

    # ── plain numbers, for control flow ─────────────────────────────────────────────────────────

    def _number(self, what: str, hint: str = NO_NUMBER) -> Any:
        value = self.value
        if value is None:
            raise TraceError(
                f"{what} of {self.name or 'this array'} is not known: "
                f"the function is traced with shapes only",
                source=facts.source_here(),
                hint=hint,
            )
        return value

    def _check_leak(self) -> None:
        if self.node.is_float:
            from dvar.read.trace.leaks import check_float_is_meant

            check_float_is_meant()

    def __bool__(self) -> bool:
        return bool(self._number("the truth value"))

    def __float__(self) -> float:
        self._check_leak()
        return float(self._number("the number"))

    def __int__(self) -> int:
        self._check_leak()
        return int(self._number("the number"))

    def __index__(self) -> int:
        if self.node.op is SIZE:
            return operator.index(shown(self.node.param("size")))
        value = self._number("the number")
        if np.ndim(value) or value != int(value):
            raise DtypeError(f"{value} is not a position: an index is a whole number")
        return int(value)

    def item(self, *index: Any) -> Any:
        """The plain number, outside the graph."""
        return np.asarray(self._number("the number")).item(*index)

    def tolist(self) -> Any:
        return self._number("the number").tolist()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if not self.node.is_float:  # nothing to lose: its derivative is zero
            return np.array(self._number("the array", AT_A_PLACE), dtype)
        raise facts.LostDerivative(
            f"turning {self.name or 'a traced array'} into a plain NumPy array would lose its derivative",
            source=facts.source_here(),
            hint="np functions take it as it is; np.stack([a, b]) instead of np.array([a, b]); "
            "x.value for the number alone",
        )

    def __repr__(self) -> str:
        name = f"{self.name}: " if self.name else ""
        value = self.value
        if value is None:
            return f"Variable({name}{self.node.dtype} {show(self.node.shape)})"
        return f"Variable({name}{np.array2string(np.asarray(value), prefix=f'Variable({name}')})"

    def __format__(self, form: str) -> str:
        return format(self._number("the number"), form) if form else repr(self)

    # ── NumPy's protocols ───────────────────────────────────────────────────────────────────────

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        if not kwargs and method == "__call__" and ufunc in DIRECT and _are_simple(args):
            return DIRECT[ufunc](args)
        from dvar.read.trace.numpy_api import call_ufunc

        return call_ufunc(ufunc, method, args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return _call(function, *args, **kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        from dvar.read.trace.namespace import NAMESPACE

        return NAMESPACE

    # ── methods ─────────────────────────────────────────────────────────────────────────────────

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return partial(_call, getattr(np, name), self)
        raise AttributeError(
            f"a traced array has no attribute {name!r}"
            + (f"; arrays cannot be changed here: {IMMUTABLE}" if hasattr(np.ndarray, name) else "")
        )

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *METHODS})

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        sizes = shape[0] if len(shape) == 1 else shape
        return _call(np.reshape, self, sizes, order=order)

    def flatten(self, order: str = "C") -> Any:
        return _call(np.reshape, self, -1, order=order)

    def transpose(self, *axes: Any) -> Any:
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes or None
        return _call(np.transpose, self, order)

    def astype(self, dtype: Any, **_: Any) -> Any:
        from dvar.read.trace.numpy_api import astype

        return astype(self, dtype)

    def copy(self, order: str = "C") -> Variable:
        return self

    def __copy__(self) -> Variable:
        return self

    def __deepcopy__(self, memo: Any) -> Variable:
        return self

    def sort(self, axis: int = -1) -> None:
        raise facts.LostDerivative(
            "x.sort() sorts in place", source=facts.source_here(), hint="x = np.sort(x)"
        )


# Operands that a row takes as they are.
_SIMPLE = frozenset((Variable, float, int))


def _are_simple(operands: tuple[Any, ...]) -> bool:
    return all(type(x) in _SIMPLE for x in operands)


# ── in and out ──────────────────────────────────────────────────────────────────────────────────

# The form of traced arrays in threads where they can be changed in place (``following``).
FORMS: dict[int, type[Variable]] = {}


def made(node: Node) -> Variable:
    """A traced array of a node that was admitted."""
    return (FORMS.get(get_ident(), Variable) if FORMS and node.shape else Variable)(node)


def wrap(result: Any) -> Any:
    """Nodes as Variables, also inside tuples and lists; new ones are computed where they can be."""
    if isinstance(result, Node):
        facts.admit(result, facts.here())
        return made(result)
    if isinstance(result, tuple) and hasattr(result, "_fields"):
        return type(result)(*map(wrap, result))
    if isinstance(result, (list, tuple)):
        return type(result)(map(wrap, result))
    return result


def unwrap(argument: Any) -> Any:
    """Variables as nodes, also inside containers; named sizes as the core knows them."""
    if isinstance(argument, Variable):
        return argument.node
    if isinstance(argument, NamedSize):
        return plain(argument)
    if type(argument) in (list, tuple):
        return type(argument)(map(unwrap, argument))
    return argument


def read_index(index: Any) -> Any:
    """What stands in the brackets; masks need numbers, since they decide the shape."""
    if isinstance(index, tuple):
        return tuple(map(read_index, index))
    if isinstance(index, slice):
        return slice(_bound(index.start), _bound(index.stop), _bound(index.step))
    if isinstance(index, Variable) and index.node.dtype == "bool":
        return np.asarray(index._number("the mask"))
    if isinstance(index, Variable) and index.node.is_float:
        if index.node.op is VARIABLE and (index.value is None or index.shape):
            raise facts.NotAPosition(str(index.name), facts.source_here())
        return _bound(index)
    if isinstance(index, list) and any(isinstance(i, Variable) for i in index):
        return [operator.index(i) for i in index]
    return unwrap(index)


def _bound(bound: Any) -> Any:
    if isinstance(bound, Variable):
        return plain(bound.node.param("size")) if bound.node.op is SIZE else operator.index(bound)
    return unwrap(bound)
