"""What two numbers that should be one tell of the slip: a sign, a factor, a logarithm, a point."""

from __future__ import annotations

import math

import numpy as np

from dvar.check.judge.literal import is_plain, plain_units
from dvar.check.judge.place import Place
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

FINE = 0.01
"""A number is telling where a unit of its last digit is at most this part of it."""
SMALL = 4
"""A whole number below this one is found anywhere."""


def of_mean(place: Place, expected: Array, found: Array) -> tuple[str, str] | None:
    """Numbers that are a sum where a mean is due."""
    if expected.shape != found.shape or not np.any(expected):
        return None
    for name in sorted(place.world.stacks.counts):
        size = place.world.sizes.get(name, 1)
        if size > 1 and np.allclose(found, size * expected, rtol=2e-3, atol=1e-9):
            return "missing-factor", f"the factor 1/{name} is missing"
    return None


def room_of(shown: t.Expr, value: Array) -> float:
    """How far from a number another one may be that is meant by it; 0 where it is shown too roughly to tell."""
    unit = float(np.max(plain_units(shown, value).astype(float), initial=0.0))
    least = float(np.min(np.abs(value), initial=np.inf))
    return unit if unit <= FINE * least else 0.0


def of_known(place: Place, come: Array, due: Array, shown: t.Expr) -> tuple[str, str] | None:
    """A known number that is missing as a factor or as a term, or that is one too many.

    Args:
        come: what the numbers put in come to; due: what they should come to, as it is ``shown``.
    """
    if come.size != 1 or due.size != 1:
        return None
    e, f = float(come.ravel()[0]), float(due.ravel()[0])
    room = room_of(shown, due)
    if room == 0.0:
        return None
    for number, (off, _) in place.ledger.numbers.items():
        n = float(number)
        if number.denominator == 1 and n < SMALL:
            continue
        if abs(abs(e) * n - abs(f)) <= room + off * abs(e):
            return "missing-factor", f"the factor {n:g} is missing"
        if abs(abs(e) / n - abs(f)) <= room + off * abs(f / n):
            return "factor", f"the factor {n:g} is one too many"
        if abs(abs(f - e) - n) <= room + off:
            return "missing-path", f"the term {n:g} is missing"
    return None


def of_numbers(expected: Array, found: Array, right: t.Expr) -> tuple[str, str] | None:
    if expected.shape != found.shape:
        return None
    e, f = expected.ravel(), found.ravel()
    tolerance = 0.006 * np.maximum(np.abs(e), 1e-12)
    if is_plain(right):
        tolerance = np.maximum(tolerance, plain_units(right, found).ravel().astype(float))
    if np.all(np.abs(e + f) <= tolerance) and np.any(np.abs(e) > 0):
        return "sign", "the sign is turned"
    same = np.abs(e - f) <= tolerance
    if np.all(np.abs(np.abs(e) - np.abs(f)) <= tolerance) and not np.all(same):
        return "sign", "the sign of an entry is turned"
    masked = np.where(np.abs(e) <= 1e-12, 0, 1) != np.where(np.abs(f) <= 1e-12, 0, 1)
    if e.size > 1 and np.any(masked) and np.all(same | masked):
        return "mask", "an entry that is cut off by the mask"
    sorts = np.allclose(np.sort(e), np.sort(f), rtol=5e-3, atol=1e-9)
    if e.size > 1 and sorts and not np.all(same):
        return "routing", "the entries are in another order"
    if e.size == 1:
        return _of_ratio_of_numbers(float(e[0]), float(f[0]))
    return None


def _of_ratio_of_numbers(e: float, f: float) -> tuple[str, str] | None:
    if not (math.isfinite(e) and math.isfinite(f)) or e == 0 or f == 0:
        return None
    ratio = f / e
    for base, name in ((math.log(10), "10"), (math.log(2), "2")):
        if abs(ratio * base - 1) < 2e-3 or abs(ratio / base - 1) < 2e-3:
            return "log-base", f"a logarithm to base {name} in place of the natural one"
    for factor in (2.0, 0.5, 4.0, 0.25, 3.0, 1 / 3):
        if abs(ratio - factor) < 2e-3 * factor:
            return (
                "missing-factor" if ratio < 1 else "factor"
            ), f"the number is {ratio:.3g} times too large"
    places = round(math.log10(abs(ratio)))
    if places and abs(math.log10(abs(ratio)) - places) < 1e-3:
        return "arithmetic", "the decimal point"
    return None
