"""NumPy's functions on traced arrays: each finds its row by the names the row gives.

A new row needs no edit here: ``row.numpy`` says which functions of NumPy and SciPy mean it, and a
function of NumPy that has the row's own name means it too.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from dvar.core.errors import TraceError
from dvar.core.op import Op, constant
from dvar.ops import TABLE
from dvar.ops.shaping import broadcast_to, expand_dims
from dvar.read.trace import facts
from dvar.read.trace.applying import apply_plain, apply_row, wrap_call
from dvar.read.trace.array import DIRECT, IMMUTABLE, Variable
from dvar.read.trace.numpy_more import MORE
from dvar.read.trace.sizes import NamedSize, plain, traced_sizes

Args = tuple[Any, ...]

# ── function → row ──────────────────────────────────────────────────────────────────────────────


def _resolve(dotted: str) -> Any:
    """``linalg.norm`` → ``numpy.linalg.norm``; SciPy only where the user has imported it."""
    if dotted.startswith("scipy."):
        module, _, name = dotted.rpartition(".")
        return getattr(sys.modules.get(module), name, None)
    found: Any = np
    for part in dotted.removeprefix("numpy.").split("."):
        found = getattr(found, part, None)
    return found


def _names(row: Op) -> tuple[str, ...]:
    return (*row.numpy, row.name)


FUNCTIONS: dict[Any, Op] = {}
for _row in TABLE.values():
    for _dotted in _names(_row):
        _function = _resolve(_dotted)
        if callable(_function):
            FUNCTIONS.setdefault(_function, _row)


def _scipy_row(function: Any) -> Op | None:
    """A row that names a function of SciPy, looked up when it is first met."""
    for row in TABLE.values():
        if any(n.startswith("scipy.") and _resolve(n) is function for n in row.numpy):
            FUNCTIONS[function] = row
            return row
    return None


def call(function: Any, args: Args, kwargs: Mapping[str, Any]) -> Any:
    """A function of NumPy or SciPy on traced arrays.

    Raises:
        TraceError: no row means this function; names the nearest that are supported.
    """
    if isinstance(function, np.ufunc):
        args = traced_sizes(args)
        direct = DIRECT.get(function)
        if direct is not None and not kwargs:
            return direct(args)
    special = SPECIAL.get(function)
    if special is not None:
        return special(*args, **_cleaned(function, special, kwargs))
    row = FUNCTIONS.get(function) or _scipy_row(function)
    if row is not None:
        return _apply(function, row, args, kwargs)
    composed = MORE.get(function)
    if composed is not None:
        return composed(*args, **_cleaned(function, composed, kwargs))
    if _name(function) in ON_VALUES:
        return function(*map(_value, args), **{k: _value(v) for k, v in kwargs.items()})
    raise _unsupported(function)


def _unsupported(function: Any) -> TraceError:
    name = _name(function)
    known = sorted({_name(f) for f in (*FUNCTIONS, *SPECIAL, *MORE)})
    near = difflib.get_close_matches(name.rpartition(".")[2], known, 3)
    return TraceError(
        f"dvar does not know the derivative of {name}",
        source=facts.source_here(),
        hint=" or ".join(f"np.{n}" for n in near) if near else "the functions in docs/table.md",
    )


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", function))


# ── arguments ───────────────────────────────────────────────────────────────────────────────────

_NO_VALUE: Any = getattr(np, "_NoValue", None)

# Arguments that say nothing of the mathematics, and the values at which they may be dropped.
_EXTRA: dict[str, tuple[Any, ...]] = {
    "out": (None,),
    "dtype": (None,),
    "where": (True,),
    "casting": ("same_kind", "safe"),
    "order": ("K", "C", "A", None),
    "subok": (True, False),
    "initial": (),
    "kind": (None, "quicksort", "stable", "mergesort", "heapsort"),
    "stable": (None, True, False),
    "optimize": (True, False, "greedy", "optimal"),
    "mode": ("raise", "clip"),
    "copy": (None, True, False),
    "signature": (None,),
    "like": (None,),
}
_FIRST = ("a", "x", "arr", "ary", "m", "v", "A", "array", "arrays", "tup", "x1")


def _accepted(function: Callable[..., Any] | None) -> tuple[str, ...]:
    """The names of a builder's parameters, without the row itself."""
    code = getattr(function, "__code__", None)
    return () if code is None else code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _at_rest(key: str, value: Any) -> bool:
    """Whether an extra argument has a value at which it may be dropped."""
    if isinstance(value, (np.ndarray, Variable)):
        return False
    return any(value is rest or value == rest for rest in _EXTRA.get(key, ()))


def _cleaned(function: Any, target: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Keyword arguments without those that are at rest.  Raises TraceError for the unsupported."""
    accepted = _accepted(target)
    kept = {}
    for key, value in kwargs.items():
        if value is _NO_VALUE:
            continue
        if key in accepted:
            kept[key] = value
        elif not _at_rest(key, value):
            hint = "write x = f(x): " + IMMUTABLE if key == "out" else "leave it out"
            raise TraceError(
                f"{_name(function)}: the argument {key}= is not supported on traced arrays",
                source=facts.source_here(),
                hint=hint,
            )
    return kept


def _apply(function: Any, row: Op, args: Args, kwargs: Mapping[str, Any]) -> Any:
    rest = dict(kwargs)
    if row.name in _OF_LISTS and args and isinstance(args[0], Variable):
        args = (list(args[0]), *args[1:])
    if row.name == "einsum" and not isinstance(args[0], str):
        args = _in_letters(args)
    accepted = _accepted(row.build)
    if not args:
        first = next((key for key in _FIRST if key in rest and key not in accepted), None)
        args = (rest.pop(first),) if first else ()
    if len(args) > 2 and not isinstance(function, np.ufunc):
        args, rest = _by_name(function, args, rest)
    dtype = rest.pop("dtype", None) if "dtype" not in accepted else None
    result = _like_numpy(function, apply_row(row, args, _cleaned(function, row.build, rest)))
    return result if dtype in (None, _NO_VALUE) else astype(result, dtype)


_OF_LISTS = frozenset(("concatenate", "hstack", "stack", "vstack"))


def _in_letters(args: Args) -> Args:
    """``np.einsum(x, [0, 1], y, [1, 2])`` with its axes in letters."""
    *pairs, result = args if len(args) % 2 else (*args, None)
    parts = ["".join("..." if n is ... else chr(97 + n) for n in part) for part in pairs[1::2]]
    arrow = (
        "" if result is None else "->" + "".join("..." if n is ... else chr(97 + n) for n in result)
    )
    return (",".join(parts) + arrow, *pairs[::2])


def _like_numpy(function: Any, result: Any) -> Any:
    """Several results under the names NumPy gives them: ``slogdet(a).logabsdet``."""
    if type(result) is not tuple or getattr(function, "__module__", "") != "numpy.linalg":
        return result
    kind = type(function(np.eye(1)))
    return kind(*result) if hasattr(kind, "_fields") else result


def _by_name(function: Any, args: Args, kwargs: dict[str, Any]) -> tuple[Args, dict[str, Any]]:
    """``np.sum(x, 0, float)``: positional arguments from the first extra one on get their names."""
    import inspect

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return args, kwargs
    names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    if len(names) < len(parameters):
        return args, kwargs
    cut = next((n for n, name in enumerate(names[: len(args)]) if name in _EXTRA), None)
    if cut is None:
        return args, kwargs
    return args[:cut], {**dict(zip(names[cut:], args[cut:], strict=False)), **kwargs}


def _value(argument: Any) -> Any:
    """Numbers in place of Variables, for functions without a derivative."""
    if isinstance(argument, Variable):
        if argument.value is None:
            raise TraceError(
                "this function needs numbers, and the array is traced with its shape only",
                source=facts.source_here(),
                hint="give example values",
            )
        return argument.value
    if type(argument) in (list, tuple):
        return type(argument)(map(_value, argument))
    return argument


# ── ufunc methods ───────────────────────────────────────────────────────────────────────────────

_REDUCE: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logical_and: np.all,
    np.logical_or: np.any,
    np.logaddexp: lambda x, **axes: apply_row(TABLE["logsumexp"], (x,), axes),
}
_ACCUMULATE: dict[Any, Any] = {
    np.add: np.cumsum,
    np.multiply: np.cumprod,
    np.maximum: lambda x, axis=0: _running_max(x, axis, 1.0),
    np.minimum: lambda x, axis=0: _running_max(x, axis, -1.0),
}


def call_ufunc(ufunc: np.ufunc, method: str, args: Args, kwargs: dict[str, Any]) -> Any:
    """``np.add(x, y)``, and ``np.add.reduce(x)`` and its sisters."""
    if kwargs.get("out") is not None or method == "at":
        raise facts.LostDerivative(
            f"np.{ufunc.__name__} into an existing array would lose the derivative",
            source=facts.source_here(),
            hint="a = a + x instead of a += x; " + IMMUTABLE,
        )
    if method == "__call__":
        return call(ufunc, args, kwargs)
    if method == "outer":
        x, y = (a if isinstance(a, Variable) else np.asarray(a) for a in args)
        return ufunc(x[(..., *(None,) * y.ndim)], y)
    table: dict[Any, Any] = {"reduce": _REDUCE, "accumulate": _ACCUMULATE}.get(method, {})
    if ufunc not in table:
        raise TraceError(
            f"dvar does not know the derivative of np.{ufunc.__name__}.{method}",
            source=facts.source_here(),
            hint="np.sum, np.prod, np.max, np.min or np.cumsum",
        )
    x, *more = args
    axis = more[0] if more else kwargs.pop("axis", 0)
    return table[ufunc](x, **kwargs, axis=axis)


# ── functions that are not rows ─────────────────────────────────────────────────────────────────


def astype(x: Any, dtype: Any) -> Any:
    """A traced array in another type.  Whole numbers and truth values have no derivative."""
    target = np.dtype(dtype)
    if not isinstance(x, Variable):
        return np.asarray(x).astype(target)
    if target == x.dtype:
        return x
    return apply_row(TABLE["astype"], (x, target), {})


def _filled(x: Any, number: Any, dtype: Any = None) -> Any:
    """An array like ``x`` of one number; traced where a size has a name."""
    if isinstance(x, Variable) and any(isinstance(size, NamedSize) for size in x.shape):
        shape = tuple(plain(size) for size in x.shape)
        return wrap_call(
            lambda: broadcast_to(constant(number, np.dtype(dtype or x.dtype).name), shape)
        )
    return np.full(np.shape(x), number, dtype or x.dtype)


def _at_least(ndim: int) -> Callable[..., Any]:
    def widen(x: Any) -> Any:
        if not isinstance(x, Variable):
            return (np.atleast_1d, np.atleast_2d)[ndim - 1](x)
        missing = tuple(range(ndim - x.ndim))
        return wrap_call(lambda: expand_dims(x.node, missing)) if missing else x

    def at_least(*arrays: Any) -> Any:
        wide = tuple(map(widen, arrays))
        return wide[0] if len(wide) == 1 else wide

    return at_least


def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    row = TABLE["reshape"]
    if order != "F":
        return apply_row(row, (a, shape), {})
    # Fortran's order is ours with all axes turned round, before and after.
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    return np.transpose(apply_row(row, (np.transpose(a), sizes[::-1]), {}))


def _where(condition: Any, *choice: Any) -> Any:
    """Places where nothing is to be chosen: these are told by numbers."""
    if not choice:
        return np.nonzero(_value(condition))
    return apply_row(TABLE["where"], (condition, *choice), {})


def _running_max(x: Any, axis: int, sign: float) -> Any:
    x = np.moveaxis(x, axis, -1)
    earlier = np.tril(np.ones((x.shape[-1],) * 2, bool))
    found = np.max(np.where(earlier, np.expand_dims(sign * x, -2), -np.inf), axis=-1)
    return np.moveaxis(sign * found, -1, axis)


def _outer(a: Any, b: Any) -> Any:
    flat = [x if np.ndim(x) == 1 else np.reshape(x, -1) for x in (a, b)]
    return apply_row(TABLE["outer"], tuple(flat), {})


SPECIAL: dict[Any, Callable[..., Any]] = {
    np.reshape: _reshape,
    np.ravel: lambda a, order="C": _reshape(a, -1, order),
    np.outer: _outer,
    np.where: _where,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.size if axis is None else a.shape[axis],
    np.copy: lambda a: a,
    np.real: lambda val: val,
    np.positive: lambda x: x,
    np.conjugate: lambda x: x,
    np.iscomplexobj: lambda x: False,
    np.isrealobj: lambda x: True,
    np.zeros_like: lambda a, dtype=None: _filled(a, 0, dtype),
    np.empty_like: lambda a, dtype=None: _filled(a, 0, dtype),
    np.ones_like: lambda a, dtype=None: _filled(a, 1, dtype),
    np.full_like: lambda a, fill_value, dtype=None: _filled(a, 1, dtype) * fill_value,
    np.atleast_1d: _at_least(1),
    np.atleast_2d: _at_least(2),
}

# Nothing has to be read off the arguments of these.
DIRECT.update(
    (function, partial(apply_plain, row))
    for function, row in FUNCTIONS.items()
    if isinstance(function, np.ufunc) and row.build is None and function not in SPECIAL
)

# Questions about numbers: they steer a program and have no derivative.
_ON_VALUES = """
    allclose argwhere array2string array_equal array_equiv array_repr array_str bincount can_cast
    count_nonzero digitize flatnonzero histogram isclose isin lexsort may_share_memory nonzero
    result_type searchsorted shares_memory signbit unique
"""
ON_VALUES = frozenset(_ON_VALUES.split())
