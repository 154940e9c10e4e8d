"""Functions of NumPy on samples, series and tables of measured values, as compositions of those that are rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.read.trace.array import Variable

# ── averages and spread ─────────────────────────────────────────────────────────────────────────


def _average(a: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    if weights is None:
        return np.mean(a, axis=axis, keepdims=keepdims)
    if np.ndim(weights) != a.ndim and axis is not None:
        beside = [1] * a.ndim
        beside[axis] = -1
        weights = np.reshape(weights, beside)
    weights = weights + np.zeros_like(a)
    total = np.sum(a * weights, axis=axis, keepdims=keepdims)
    return total / np.sum(weights, axis=axis, keepdims=keepdims)


def _cov(m: Any, bias: bool = False, ddof: int | None = None) -> Any:
    centred = m - np.mean(m, axis=-1, keepdims=True)
    less = ddof if ddof is not None else 0 if bias else 1
    return centred @ centred.T / (m.shape[-1] - less)


def _corrcoef(x: Any) -> Any:
    covariance = _cov(x)
    spread = np.sqrt(np.diagonal(covariance))
    return covariance / np.outer(spread, spread)


def _median(a: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    if axis is None:
        shape = [1] * a.ndim if keepdims else []
        return np.reshape(_median(np.reshape(a, -1), 0), shape)
    ordered = np.moveaxis(np.sort(a, axis=axis), axis, -1)
    n = ordered.shape[-1]
    middle = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2
    return np.expand_dims(middle, axis) if keepdims else middle


def _quantile(a: Any, q: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """Between two neighbours of the ordered values, linearly."""
    if axis is None:
        shape = [1] * a.ndim if keepdims else []
        return np.reshape(_quantile(np.reshape(a, -1), q, 0), [*np.shape(q), *shape])
    ordered = np.moveaxis(np.sort(a, axis=axis), axis, 0)
    place = np.asarray(q) * (ordered.shape[0] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, ordered.shape[0] - 1)
    part = np.reshape(place - below, (*np.shape(q), *(1,) * (a.ndim - 1)))
    found = np.take(ordered, below, 0) * (1 - part) + np.take(ordered, above, 0) * part
    return np.expand_dims(found, axis + np.ndim(q)) if keepdims else found


def _nan_to_num(x: Any, nan: float = 0.0) -> Any:
    return np.where(x != x, nan, x)


def _without_nan(of: Callable[..., Any], instead: float) -> Callable[..., Any]:
    """A reduction in which what is no number counts as another one."""

    def reduced(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return of(np.where(a != a, instead, a), axis=axis, keepdims=keepdims)

    return reduced


def _nanmean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    count = np.sum(np.where(a != a, 0.0, 1.0), axis=axis, keepdims=keepdims)
    return np.sum(np.where(a != a, 0.0, a), axis=axis, keepdims=keepdims) / count


# ── series ──────────────────────────────────────────────────────────────────────────────────────


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    before = (slice(None),) * (axis % a.ndim)
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


def _gradient(f: Any, *spacing: float, axis: Any = None) -> Any:
    """Differences between the neighbours; one-sided at the ends.  Steps of one size along each axis."""
    axes = range(f.ndim) if axis is None else [int(a) for a in np.atleast_1d(axis)]
    if any(np.ndim(step) for step in spacing):
        raise ReadError(
            "gradient: places that are apart by more than one step", hint="np.gradient(f, 0.1)"
        )
    steps = spacing * len(axes) if len(spacing) == 1 else spacing or (1.0,) * len(axes)
    found = []
    for place, step in zip(axes, steps, strict=True):
        a = np.moveaxis(f, place, 0)
        inner = (a[2:] - a[:-2]) / (2 * step)
        ends = [(a[1:2] - a[:1]) / step, (a[-1:] - a[-2:-1]) / step]
        found.append(np.moveaxis(np.concatenate([ends[0], inner, ends[1]]), 0, place))
    return found[0] if len(found) == 1 else tuple(found)


def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    widths = dx if x is None else _diff(x, axis=-1) if isinstance(x, Variable) else np.diff(x)
    y = np.moveaxis(y, axis, -1)
    return np.sum(widths * (y[..., 1:] + y[..., :-1]) / 2, axis=-1)


def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Each shift of the longer one times an element of the shorter one."""
    if np.shape(a)[0] < np.shape(v)[0]:
        a, v = v, a
    long, short = np.shape(a)[0], np.shape(v)[0]
    padded = np.pad(a, short - 1)
    full = sum(
        padded[short - 1 - k : short - 1 - k + long + short - 1] * v[k] for k in range(short)
    )
    cut = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}
    if mode not in cut:
        raise ReadError(f"convolve: mode is {mode!r}", hint='"full", "same" or "valid"')
    length = {"full": long + short - 1, "same": long, "valid": long - short + 1}[mode]
    return full[cut[mode] : cut[mode] + length]


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """As NumPy does it: the longer one stands still, so that the result is turned round where that is the second."""
    if np.shape(a)[0] < np.shape(v)[0]:
        return _convolve(v, a[::-1], mode)[::-1]
    return _convolve(a, v[::-1], mode)


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """On the line through the two neighbours; which these are is told by numbers."""
    at, points = (z.value if isinstance(z, Variable) else np.asarray(z) for z in (x, xp))
    if at is None or points is None:
        raise ReadError(
            "interp: the neighbours are told by numbers", hint="give numbers, without jit"
        )
    n = len(points)
    below = np.clip(np.searchsorted(points, at, side="right") - 1, 0, n - 2)
    low, high = np.take(xp, below, 0), np.take(xp, below + 1, 0)
    part = (x - low) / (high - low)
    line = np.take(fp, below, 0) * (1 - part) + np.take(fp, below + 1, 0) * part
    ends = (fp[0] if left is None else left, fp[n - 1] if right is None else right)
    return np.where(at < points[0], ends[0], np.where(at > points[-1], ends[1], line))


OF_SAMPLES: dict[Any, Callable[..., Any]] = {
    np.average: _average,
    np.ptp: lambda a, axis=None, keepdims=False: (
        np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)
    ),
    np.cov: _cov,
    np.corrcoef: _corrcoef,
    np.median: _median,
    np.quantile: _quantile,
    np.percentile: lambda a, q, axis=None, keepdims=False: _quantile(
        a, np.asarray(q) / 100, axis, keepdims
    ),
    np.nan_to_num: _nan_to_num,
    np.nansum: _without_nan(np.sum, 0.0),
    np.nanprod: _without_nan(np.prod, 1.0),
    np.nanmax: _without_nan(np.max, -np.inf),
    np.nanmin: _without_nan(np.min, np.inf),
    np.nanmean: _nanmean,
    np.diff: _diff,
    np.ediff1d: lambda ary: _diff(np.reshape(ary, -1)),
    np.gradient: _gradient,
    np.trapezoid: _trapezoid,
    np.convolve: _convolve,
    np.correlate: _correlate,
    np.interp: _interp,
}
