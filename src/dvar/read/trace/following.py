"""A function that puts traced numbers into plain arrays, followed in a second try.

``np.array([a, b])`` and ``out = np.zeros(n); out[i] = a`` ask for plain numbers, and NumPy has no way for us to take
part.  Such a function stops with ``LostDerivative``.  It is then called again while the modules in which that happened
find, under the names they have for NumPy, makers of ``Filled`` arrays.  NumPy itself, libraries and other threads see
no difference.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, get_ident
from types import ModuleType
from typing import Any

import numpy as np

from dvar.core.op import constant
from dvar.ops import TABLE
from dvar.read.trace import containers, facts
from dvar.read.trace.array import FORMS, Variable, made
from dvar.read.trace.filled import Filled
from dvar.read.trace.namespace import row_function
from dvar.read.trace.numpy_api import astype
from dvar.read.trace.numpy_api import call as call_numpy

Function = Callable[..., Any]
Names = dict[str, Any]


def call(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a function returns; followed in a second try where it fills arrays.

    Raises:
        TraceError: it does something that cannot be followed in the second try either.
    """
    try:
        return function(*args, **kwargs)
    except Exception as error:
        if get_ident() in FORMS or not _is_lost(error):
            raise
        where = _globals(error)
    args, kwargs = containers.tree_map(_writable, [list(args), dict(kwargs)])
    while True:
        with _following(where):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                known = {*map(id, where)}
                more = [n for n in _globals(error) if id(n) not in known] if _is_lost(error) else []
                if not more:
                    raise
        where += more  # it happens in another module too


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it was raised for: NumPy puts errors of its own around ours."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_lost(error: BaseException) -> bool:
    return any(isinstance(e, facts.LostDerivative) for e in _chain(error))


def _globals(error: BaseException) -> list[Names]:
    """The names of the user's modules through which an error came."""
    found: dict[int, Names] = {}
    for part in _chain(error):
        at = part.__traceback__
        while at is not None:
            names = at.tb_frame.f_globals
            if str(names.get("__name__", "")).partition(".")[0] not in _LIBRARIES:
                found[id(names)] = names
            at = at.tb_next
    return list(found.values())


_LIBRARIES = frozenset(("dvar", "numpy", "scipy", "pandas", "sklearn"))


def _writable(leaf: Any) -> Any:
    return Filled(leaf.node) if isinstance(leaf, Variable) and leaf.node.shape else leaf


# ── what is replaced, and where ─────────────────────────────────────────────────────────────────

_LOCK = Lock()
_OPEN: dict[tuple[int, str], list[Any]] = {}  # how many threads need it, and what stood there


@contextmanager
def _following(where: Sequence[Names]) -> Iterator[None]:
    """Arrays that these modules make in this thread can be filled."""
    by_identity = {id(old): new for old, new in _replacements()}
    places = [
        (names, name, by_identity[id(value)])
        for names in where
        for name, value in names.items()
        if id(value) in by_identity
    ]
    places += [
        (names, name, Vectorized(value))
        for names in where
        for name, value in names.items()
        if isinstance(value, np.vectorize)
    ]
    with _LOCK:
        for names, name, new in places:
            entry = _OPEN.setdefault((id(names), name), [0, names[name]])
            entry[0] += 1
            names[name] = new
    FORMS[get_ident()] = Filled
    try:
        yield
    finally:
        del FORMS[get_ident()]
        with _LOCK:
            for names, name, _ in places:
                entry = _OPEN[id(names), name]
                entry[0] -= 1
                if not entry[0]:
                    names[name] = entry[1]
                    del _OPEN[id(names), name]


class _Module(ModuleType):
    """A module in which some names stand for something else."""

    def __init__(self, original: ModuleType, other: Mapping[str, Any]) -> None:
        super().__init__(original.__name__, original.__doc__)
        vars(self).update(other)
        self._original = original

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _replacements() -> list[tuple[Any, Any]]:
    """NumPy's and SciPy's modules and functions, each with what stands for it."""
    found = [*_of_numpy(), *_of_math()]
    scipy = sys.modules.get("scipy")
    special = sys.modules.get("scipy.special")
    if scipy is not None and special is not None:
        found += _of_scipy(scipy, special)
    return found


@functools.cache
def _of_numpy() -> list[tuple[Any, Any]]:
    makers: dict[Function, str] = {
        _make: _MAKERS,
        _take: _TAKERS,
        _of_list: _OF_LISTS,
        _full: "full",
        _from_iterator: "fromiter",
    }
    by_name: Names = {
        name: _replacing(getattr(np, name), by)
        for by, names in makers.items()
        for name in names.split()
    }
    by_name |= {"r_": _Joined(np.r_, _rows), "c_": _Joined(np.c_, _columns)}
    by_name |= {
        "vectorize": _replacing(np.vectorize, _vectorize),
        "ndenumerate": _replacing(_PLACES, _enumerated),
    }
    norm = _replacing(np.linalg.norm, _of_list)
    linalg = _Module(np.linalg, {"norm": norm})
    module = _Module(np, {**by_name, "linalg": linalg})
    functions = [(getattr(np, name), new) for name, new in by_name.items()]
    return [(np, module), (np.linalg, linalg), (np.linalg.norm, norm), *functions]


@functools.cache
def _of_math() -> list[tuple[Any, Any]]:
    """``math.exp`` takes plain numbers only."""
    by_name = {name: _calling(getattr(math, name), getattr(np, of)) for name, of in _SAME.items()}
    by_name |= {"log": _calling(math.log, _log), "erf": _calling(math.erf, row_function("erf"))}
    functions = [(getattr(math, name), new) for name, new in by_name.items()]
    return [(math, _Module(math, by_name)), *functions]


def _calling(original: Function, other: Function) -> Function:
    return _replacing(
        original, lambda _, *args: (other if any(map(_is_traced, args)) else original)(*args)
    )


def _log(x: Any, base: Any = math.e) -> Any:
    return np.log(x) if base is math.e else np.log(x) / np.log(base)


@functools.cache
def _of_scipy(scipy: ModuleType, special: ModuleType) -> list[tuple[Any, Any]]:
    rows = [
        name for row in TABLE.values() for name in row.numpy if name.startswith("scipy.special.")
    ]
    names = [name.rpartition(".")[2] for name in rows]
    by_name = {
        name: _replacing(getattr(special, name), _row)
        for name in names
        if not isinstance(getattr(special, name, np.add), np.ufunc)
    }
    module = _Module(special, by_name)
    functions = [(getattr(special, name), new) for name, new in by_name.items()]
    return [(scipy, _Module(scipy, {"special": module})), (special, module), *functions]


def _replacing(original: Function, by: Function) -> Function:
    """A function that is another one in a thread that is followed."""

    @functools.wraps(original)
    def replaced(*args: Any, **kwargs: Any) -> Any:
        if get_ident() not in FORMS:
            return original(*args, **kwargs)
        return by(original, *args, **kwargs)

    return replaced


# ── what stands in their place ──────────────────────────────────────────────────────────────────

_PLACES: Any = np.ndenumerate
_ALIKE = "cos cosh exp expm1 fabs hypot log10 log1p log2 sin sinh sqrt tan tanh"
_SAME = {name: name for name in _ALIKE.split()} | {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "pow": "power",
}  # fmt: skip
_MAKERS = "empty empty_like eye full_like identity ones ones_like zeros zeros_like"
_TAKERS = "array asanyarray asarray ascontiguousarray"
_OF_LISTS = "average cumsum diff dot inner max mean median min outer prod std sum var"


def _make(original: Function, *args: Any, **kwargs: Any) -> Any:
    return _fillable(original(*args, **kwargs))


def _fillable(array: Any) -> Any:
    """A new array, such that it can be filled."""
    if isinstance(array, Variable):
        return made(array.node)
    if not isinstance(array, np.ndarray) or array.dtype.name not in ("float32", "float64"):
        return array
    if not array.ndim:
        return array
    node = constant(array)
    facts.admit(node, facts.here())
    return Filled(node)


def _full(original: Function, shape: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    if not isinstance(fill_value, Variable):
        return _make(original, shape, fill_value, *args, **kwargs)
    whole: Any = np.broadcast_to(fill_value, shape)
    return made(whole.node)


def _from_iterator(original: Function, iter: Any, *args: Any, **kwargs: Any) -> Any:
    listed = list(iter)
    if not _is_traced(listed):
        return _make(original, listed, *args, **kwargs)
    return made(_stacked(listed).node)


def _enumerated(original: Function, arr: Any) -> Any:
    if not isinstance(arr, Variable):
        return original(arr)
    return ((place, arr[place]) for place in np.ndindex(*arr.shape))


def _take(original: Function, a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    """``np.array`` of traced numbers in lists."""
    if not _is_traced(a):
        taken = original(a, dtype, **kwargs)
        return _fillable(taken) if original.__name__ == "array" else taken
    stacked = _stacked(a)
    if dtype is not None:
        stacked = astype(stacked, dtype)
    is_copy = original.__name__ == "array" and kwargs.get("copy", True)
    return made(stacked.node) if is_copy and isinstance(stacked, Variable) else stacked


def _of_list(original: Function, *args: Any, **kwargs: Any) -> Any:
    """``np.mean([a, b])``."""
    whole = [_stacked(a) if isinstance(a, (list, tuple)) and _is_traced(a) else a for a in args]
    return original(*whole, **kwargs)


def _row(original: Function, *args: Any, **kwargs: Any) -> Any:
    """A function of SciPy that is a row of the table."""
    traced = any(map(_is_traced, args))
    return call_numpy(original, args, kwargs) if traced else original(*args, **kwargs)


def _vectorize(original: Function, *args: Any, **kwargs: Any) -> Any:
    return Vectorized(original(*args, **kwargs))


class Vectorized:
    """``np.vectorize``: a function of single numbers, for each place."""

    def __init__(self, plain: np.vectorize) -> None:
        self._plain = plain

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plain = self._plain
        if not any(map(_is_traced, args)) or kwargs or plain.signature or plain.excluded:
            return plain(*args, **kwargs)
        arrays = np.broadcast_arrays(*map(_stacked, args))
        shape = arrays[0].shape
        results = [plain.pyfunc(*(a[place] for a in arrays)) for place in np.ndindex(*shape)]
        return np.reshape(_stacked(results), shape)


class _Joined:
    """``np.r_[a, b]`` and ``np.c_[a, b]``."""

    def __init__(self, original: Any, join: Function) -> None:
        self._original, self._join = original, join

    def __getitem__(self, parts: Any) -> Any:
        if not _is_traced(parts) or get_ident() not in FORMS:
            return self._original[parts]
        parts = parts if isinstance(parts, tuple) else (parts,)
        plain = [self._original[p] if isinstance(p, slice) else p for p in parts]
        return self._join(plain)


def _rows(parts: Sequence[Any]) -> Any:
    return np.concatenate([np.atleast_1d(p) for p in parts])


def _columns(parts: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(p, (-1, 1)) if np.ndim(p) < 2 else p for p in parts], -1)


def _is_traced(a: Any) -> bool:
    return isinstance(a, Variable) or (isinstance(a, (list, tuple)) and any(map(_is_traced, a)))


def _stacked(a: Any) -> Any:
    """Nested lists as an array."""
    if not isinstance(a, (list, tuple)):
        return a
    return np.stack([_stacked(part) for part in a]) if _is_traced(a) else np.asarray(a)
