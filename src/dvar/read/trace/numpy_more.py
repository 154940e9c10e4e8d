"""Functions of NumPy that are no rows but short compositions of those that are, as their manual says.

They are looked at after the table, so a row of the same meaning takes over by being there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dvar.core.errors import ShapeError
from dvar.read.trace.array import Variable
from dvar.read.trace.numpy_samples import OF_SAMPLES


def _is_mask(x: Any) -> bool:
    return bool(x.dtype == bool) if isinstance(x, Variable) else np.asarray(x).dtype == bool


def _mask(x: Any) -> Any:
    return x if _is_mask(x) else x != 0


def _not(x: Any) -> Any:
    return np.equal(x, False) if _is_mask(x) else x == 0


def _any(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(np.where(_mask(a), 1.0, 0.0), axis=axis, keepdims=keepdims) > 0


def _all(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sum(np.where(_mask(a), 0.0, 1.0), axis=axis, keepdims=keepdims) == 0


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    size = ary.shape[axis]
    if np.ndim(indices_or_sections):
        cuts = [0, *indices_or_sections, size]
    else:
        each, extra = divmod(size, int(indices_or_sections))
        steps = [each + 1] * extra + [each] * (int(indices_or_sections) - extra)
        cuts = [0, *(int(cut) for cut in np.cumsum(steps))]
    before = (slice(None),) * (axis % ary.ndim)
    return [ary[(*before, slice(a, b))] for a, b in pairwise(cuts)]


def _column_stack(tup: Sequence[Any]) -> Any:
    return np.concatenate([np.reshape(x, (-1, 1)) if np.ndim(x) < 2 else x for x in tup], 1)


def _append(arr: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        return np.concatenate([np.ravel(arr), np.ravel(values)])
    return np.concatenate([arr, values], axis)


def _dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([_atleast_3d(x) for x in tup], 2)


def _atleast_3d(x: Any) -> Any:
    if np.ndim(x) > 2:
        return x
    return np.expand_dims(np.atleast_2d(x), 2)


def _insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = np.reshape(arr, -1), 0
    if np.ndim(obj):
        raise ShapeError("insert: several places", hint="np.concatenate with slices")
    before = (slice(None),) * (axis % arr.ndim)
    shape = [size if a != axis % arr.ndim else -1 for a, size in enumerate(arr.shape)]
    new = (
        values
        if np.ndim(values) == arr.ndim
        else np.reshape(values, -1)
        if arr.ndim == 1
        else values
    )
    if np.ndim(new) < arr.ndim:
        new = np.broadcast_to(new, [size if size != -1 else 1 for size in shape])
    parts = [arr[(*before, slice(None, obj))], new, arr[(*before, slice(obj, None))]]
    return np.concatenate(parts, axis)


def _block(arrays: Any) -> Any:
    if not isinstance(arrays, list):
        return arrays
    depth, inside = 1, arrays[0]
    while isinstance(inside, list):
        depth, inside = depth + 1, inside[0]

    def joined(part: Any, axis: int) -> Any:
        if not isinstance(part, list):
            return np.atleast_1d(part) if depth == 1 else np.atleast_2d(part)
        return np.concatenate([joined(p, axis + 1) for p in part], axis)

    return joined(arrays, -depth)


def _along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    moved = np.moveaxis(arr, axis, -1)
    shape = moved.shape[:-1]
    made = [func1d(moved[place], *args, **kwargs) for place in np.ndindex(*shape)]
    whole = np.stack(made)
    return (
        np.moveaxis(np.reshape(whole, (*shape, *whole.shape[1:])), -1, axis)
        if whole.ndim > 1
        else np.reshape(whole, shape)
    )


def _windows(x: Any, window_shape: Any, axis: Any = None) -> Any:
    places = np.arange(x.size).reshape(x.shape)
    return np.reshape(x, -1)[sliding_window_view(places, window_shape, axis)]


def _delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        return _delete(np.reshape(arr, -1), obj, 0)
    return np.take(arr, np.delete(np.arange(arr.shape[axis]), obj), axis=axis)


def _meshgrid(*xi: Any, indexing: str = "xy") -> tuple[Any, ...]:
    rank = len(xi)
    places = list(range(rank))
    if indexing == "xy" and rank > 1:
        places[:2] = [1, 0]
    shapes = [[-1 if a == place else 1 for a in range(rank)] for place in places]
    return _broadcast_arrays(*(np.reshape(x, s) for x, s in zip(xi, shapes, strict=True)))


def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    for _ in range(k % 4):
        m = np.flip(np.swapaxes(m, *axes), axes[0])
    return m


def _broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(np.shape(x) for x in args))
    return tuple(np.broadcast_to(x, shape) for x in args)


# ── sums and products ───────────────────────────────────────────────────────────────────────────


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True) -> Any:
    part = np.linspace(0.0, 1.0, num, endpoint)
    part = part.reshape(-1, *(1,) * max(np.ndim(start), np.ndim(stop)))
    return start * (1 - part) + stop * part


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    if isinstance(axes, int):
        left, right = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        left, right = ([int(n) for n in np.atleast_1d(part)] for part in axes)
    letters = "abcdefghijklmnopqrstuvwxyz"
    first = list(letters[: a.ndim])
    second = list(letters[a.ndim : a.ndim + np.ndim(b)])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    shared = {first[i] for i in left}
    out = [c for c in first + second if c not in shared]
    return np.einsum(f"{''.join(first)},{''.join(second)}->{''.join(out)}", a, b)


def _kron(a: Any, b: Any) -> Any:
    rank = max(np.ndim(a), np.ndim(b))
    a, b = (np.reshape(x, (1,) * (rank - np.ndim(x)) + np.shape(x)) for x in (a, b))
    spread = np.reshape(a, [n for size in np.shape(a) for n in (size, 1)])
    beside = np.reshape(b, [n for size in np.shape(b) for n in (1, size)])
    sizes = [np.shape(a)[k] * np.shape(b)[k] for k in range(rank)]
    return np.reshape(spread * beside, sizes)


def _cross(a: Any, b: Any, axis: int = -1) -> Any:
    ab = [np.take(a, n, axis) for n in range(3)], [np.take(b, n, axis) for n in range(3)]
    x, y = ab
    turned = [x[n - 2] * y[n - 1] - x[n - 1] * y[n - 2] for n in range(3)]
    return np.stack(turned, axis)


def _rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    axis, start = axis % a.ndim, start % (a.ndim + 1)
    return np.moveaxis(a, axis, start - 1 if start > axis else start)


def _polyval(p: Any, x: Any) -> Any:
    total = 0.0 * x
    for coefficient in p:
        total = total * x + coefficient
    return total


def _vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803  NumPy's name
    powers = np.arange(x.shape[0] if N is None else N)
    return np.expand_dims(x, 1) ** (powers if increasing else powers[::-1])


def _matrix_power(a: Any, n: int) -> Any:
    if n < 0:
        a, n = np.linalg.inv(a), -n
    return reduce(np.matmul, [a] * n) if n else np.eye(a.shape[-1])


# ── choices ─────────────────────────────────────────────────────────────────────────────────────


def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = np.where(condition, choice, chosen)
    return chosen


def _piecewise(x: Any, condlist: Sequence[Any], funclist: Sequence[Any]) -> Any:
    *choices, default = [f(x) if callable(f) else f for f in funclist]
    if len(funclist) == len(condlist):
        choices, default = [*choices, default], 0
    return _select(condlist, choices, default)


_LN2 = float(np.log(2.0))

MORE: dict[Any, Callable[..., Any]] = {
    **OF_SAMPLES,
    np.logical_and: lambda x1, x2: np.multiply(_mask(x1), _mask(x2)),
    np.logical_or: lambda x1, x2: np.add(_mask(x1), _mask(x2)),
    np.logical_xor: lambda x1, x2: np.not_equal(_mask(x1), _mask(x2)),
    np.logical_not: _not,
    np.bitwise_and: lambda x1, x2: np.multiply(_mask(x1), _mask(x2)),
    np.bitwise_or: lambda x1, x2: np.add(_mask(x1), _mask(x2)),
    np.bitwise_xor: lambda x1, x2: np.not_equal(_mask(x1), _mask(x2)),
    np.invert: _not,
    np.any: _any,
    np.all: _all,
    np.isnan: lambda x: x != x,
    np.isinf: lambda x: np.abs(x) == np.inf,
    np.isfinite: lambda x: np.abs(x) < np.inf,
    np.array_split: _array_split,
    np.hsplit: lambda ary, indices_or_sections: np.split(
        ary, indices_or_sections, axis=min(1, ary.ndim - 1)
    ),
    np.vsplit: lambda ary, indices_or_sections: np.split(ary, indices_or_sections, axis=0),
    np.column_stack: _column_stack,
    np.append: _append,
    np.rot90: _rot90,
    np.atleast_3d: _atleast_3d,
    np.dstack: _dstack,
    np.delete: _delete,
    sliding_window_view: _windows,
    np.insert: _insert,
    np.block: _block,
    np.apply_along_axis: _along_axis,
    np.vander: _vander,
    np.meshgrid: _meshgrid,
    np.fliplr: lambda m: np.flip(m, 1),
    np.flipud: lambda m: np.flip(m, 0),
    np.dsplit: lambda ary, indices_or_sections: np.split(ary, indices_or_sections, axis=2),
    np.rollaxis: _rollaxis,
    np.matrix_transpose: lambda x: np.swapaxes(x, -1, -2),
    np.linalg.matrix_transpose: lambda x: np.swapaxes(x, -1, -2),
    np.broadcast_arrays: _broadcast_arrays,
    np.linspace: _linspace,
    np.tensordot: _tensordot,
    np.vecdot: lambda x1, x2, axis=-1: np.sum(x1 * x2, axis=axis),
    np.linalg.vecdot: lambda x1, x2, axis=-1: np.sum(x1 * x2, axis=axis),
    np.linalg.multi_dot: lambda arrays: reduce(np.matmul, arrays),
    np.linalg.matrix_power: _matrix_power,
    np.kron: _kron,
    np.cross: _cross,
    np.polyval: _polyval,
    np.select: _select,
    np.piecewise: _piecewise,
    np.heaviside: lambda x1, x2: np.where(x1 == 0, x2, np.where(x1 > 0, 1.0, 0.0)),
    np.copysign: lambda x1, x2: np.abs(x1) * np.where(x2 < 0, -1.0, 1.0),
    np.divmod: lambda x1, x2: (np.floor_divide(x1, x2), np.remainder(x1, x2)),
    np.imag: lambda val: np.zeros_like(val),
    np.real_if_close: lambda a: a,
    np.angle: lambda z: np.where(z < 0, np.pi, 0.0),
    np.logaddexp2: lambda x1, x2: np.logaddexp(x1 * _LN2, x2 * _LN2) / _LN2,
    np.hypot: lambda x1, x2: np.sqrt(x1**2 + x2**2),
    np.cbrt: lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
    np.deg2rad: lambda x: x * (np.pi / 180),
    np.radians: lambda x: x * (np.pi / 180),
    np.rad2deg: lambda x: x * (180 / np.pi),
    np.degrees: lambda x: x * (180 / np.pi),
    np.sinc: lambda x: np.where(x == 0, 1.0, np.sin(np.pi * x) / np.where(x == 0, 1.0, np.pi * x)),
}
