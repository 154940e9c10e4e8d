"""What it means that a right side is the same multiple of the left one everywhere."""

from __future__ import annotations

from fractions import Fraction

from dvar.check.judge.chain import Place
from dvar.read.worksheet import tree as t

_PARTS = (1, 2, 3, 4, 5, 6, 8, 10)


def is_plain_ratio(ratio: float, *sides: t.Expr) -> bool:
    """Whether a ratio is one that people forget: a whole number, a small fraction, or a number of the line.

    One like 2.446 comes from numbers that were chosen for letters, and says nothing.
    """
    size = abs(ratio)
    if not size:
        return False
    written = {
        abs(float(p.value)) for side in sides for p in t.walk(side) if isinstance(p, t.Number)
    }
    for value in (size, 1 / size):
        if any(abs(value - number) < 1e-6 * value for number in written):
            return True
        if any(abs(value * n - round(value * n)) < 1e-6 * value * n for n in _PARTS):
            return True
    return False


def shown(value: float) -> str:
    """``2/3`` for 0.666667; a factor that is no small fraction as a decimal."""
    near = Fraction(value).limit_denominator(_PARTS[-1])
    return str(near) if abs(float(near) - value) < 1e-9 * value else f"{value:g}"


def of_ratio(place: Place, ratio: float, right: t.Expr) -> tuple[str, str]:
    """A right side that is the same multiple of the left one everywhere."""
    if abs(ratio + 1) < 1e-6:
        return "sign", "the sign is turned"
    if ratio < 0:
        return "sign", f"the sign is turned, and a factor {shown(abs(ratio))} is off"
    numbers = {float(n.value) for n in t.walk(right) if isinstance(n, t.Number)}
    below = any(isinstance(p, t.Quotient) for p in t.walk(right))
    written = {p.base for p in t.walk(right) if isinstance(p, t.Symbol)}
    is_there = ratio > 2 and any(abs(ratio - n) < 1e-6 for n in numbers)
    for name, size in place.world.sizes.items():
        if is_there and name not in written:
            continue  # a 3 that stands in the line is what is too many, not an n that happens to be 3
        if name in place.world.size_names and size > 1 and " " not in name:  # no words of ours
            if abs(ratio - size) < 1e-6 * size:
                return "missing-factor", f"the factor 1/{name} is missing"
            if abs(ratio - 1 / size) < 1e-6:
                return (
                    ("factor", f"the factor 1/{name} is one too many")
                    if name in written
                    else ("missing-factor", f"the factor {name} is missing")
                )
    if ratio > 1:
        if any(abs(ratio - n) < 1e-6 for n in numbers):
            return "factor", f"the factor {shown(ratio)} is one too many"
        return "missing-factor", f"a factor {shown(1 / ratio)} is missing"
    inverse = 1 / ratio
    if below and any(abs(inverse - n) < 1e-6 for n in numbers):
        return "factor", f"the factor {shown(ratio)} is one too many"
    return "missing-factor", f"a factor {shown(inverse)} is missing"
