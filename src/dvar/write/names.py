"""Names and numbers as people write them: ``W1`` and ``W_{1}``, ``yhat`` and ``\\hat{y}``, six digits."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

import numpy as np

from dvar.core.letters import GREEK

_ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde", "dot": "dot", "vec": "vec"}
_DERIVATIVE = re.compile(r"d(?P<of>[^/()]*)/d(?P<wrt>[^/()]+)")
_COMPONENT = re.compile(r"(?P<name>[^\[\]]+)\[(?P<index>[^\[\]]+)\]")
_STEP = re.compile(r"(?P<of>[a-zA-Z])(?P<sign>minus|plus)(?P<by>\d+)")  # of h_tminus1
_SUBSCRIPTED = re.compile(r"(?P<stem>[^\W\d_]+?)_?(?P<index>\d+)")


@lru_cache(maxsize=4096)
def latex_name(name: str) -> str:
    """A name for print: subscripts, accents, Greek letters, derivatives (``dL/dW1``), components."""
    if match := _DERIVATIVE.fullmatch(name):
        return (
            rf"\frac{{\partial {latex_name(match['of'])}}}{{\partial {latex_name(match['wrt'])}}}"
        )
    if match := _COMPONENT.fullmatch(name):
        index = match["index"].replace(" ", "").replace("_", r"\_")
        return _add_index(latex_name(match["name"]), index)
    if match := _SUBSCRIPTED.fullmatch(name):
        return _add_index(_stem(match["stem"]), match["index"])
    stem, underscore, rest = name.partition("_")
    if match := _STEP.fullmatch(rest):
        sign = "-" if match["sign"] == "minus" else "+"
        return _add_index(_stem(stem), f"{match['of']}{sign}{match['by']}")
    if underscore and stem and rest:
        return _add_index(_stem(stem), latex_name(rest))
    return _stem(name)


def _add_index(base: str, index: str) -> str:
    """One more subscript; ``(W_{1})_{0,0}``, since ``W_{1}_{0,0}`` is no LaTeX."""
    return f"({base})_{{{index}}}" if "_{" in base else f"{base}_{{{index}}}"


def _stem(name: str) -> str:
    if name in GREEK:
        return f"\\{name}"
    for suffix, command in _ACCENTS.items():
        if name.endswith(suffix) and len(name) > len(suffix):
            return rf"\{command}{{{_stem(name[: -len(suffix)])}}}"
    escaped = name.replace("_", r"\_").replace("%", r"\%").replace("#", r"\#")
    return escaped if len(name) == 1 else rf"\mathit{{{escaped}}}"


def number(value: Any, digits: int = 6) -> str:
    """A number in at most ``digits`` significant digits; whole numbers without a point."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, int):  # a mask such as Z > 0 is a factor: 1 or 0, not True or False
        value = int(value)
        return str(value)
    if value == int(value) if np.isfinite(value) else False:
        return str(int(value)) if abs(value) < 10**digits else f"{value:.{digits}g}"
    return f"{value:.{digits}g}"


# Nobody else writes these sixteen digits.
_CONSTANTS = {math.pi: ("pi", r"\pi"), -math.pi: ("-pi", r"-\pi")}
LARGEST_ROOT = 2**16


def constant(value: Any) -> tuple[str, str] | None:
    """A number that is known by name, as text and as LaTeX: pi, or the root of a width such as ``sqrt(3)``."""
    if not isinstance(value, float) or not np.isfinite(value):
        return None
    square = round(min(value * value, LARGEST_ROOT)) if value > 1 else 0
    if value != math.floor(value) and math.sqrt(square) == value and len(repr(value)) > 12:
        return f"sqrt({square})", rf"\sqrt{{{square}}}"
    return _CONSTANTS.get(value)


def exact(value: Any) -> str:
    """A constant as the user wrote it: every digit that matters, whole numbers without a point."""
    value = value.item() if isinstance(value, np.generic) else value
    known = constant(value)
    if known:
        return known[0]
    if (
        isinstance(value, float)
        and np.isfinite(value)
        and value == int(value)
        and abs(value) < 1e15
    ):
        return str(int(value))
    return repr(value)


def array(value: Any, digits: int = 6, limit: int = 64) -> str:
    """An array as nested lists; a large one as its shape and its range, never a million numbers."""
    value = np.asarray(value)
    if value.ndim == 0:
        return number(value.item(), digits)
    if value.size > limit:
        return summary(value, digits)
    return _nested(value, digits)


def _nested(value: Any, digits: int) -> str:
    if value.ndim == 0:
        return number(value.item(), digits)
    return "[" + ", ".join(_nested(part, digits) for part in value) + "]"


def summary(value: Any, digits: int = 4) -> str:
    """``array (200, 64): min -1.2, mean 0.01, max 3.4``."""
    size = ", ".join(map(str, value.shape))
    if value.dtype == bool:
        return f"array ({size}): {number(float(np.mean(value)) * 100, 3)} % true"
    if not value.size:
        return f"array ({size})"
    parts = (("min", np.min), ("mean", np.mean), ("max", np.max))
    return f"array ({size}): " + ", ".join(f"{n} {number(f(value), digits)}" for n, f in parts)


def latex_array(value: Any, digits: int = 6, limit: int = 64) -> str:
    """A number or a bmatrix; a large array by its shape."""
    value = np.asarray(value)
    if value.ndim == 0:
        return latex_number(value.item(), digits)
    if value.size > limit or value.ndim > 2:
        return rf"\text{{{summary(value, 4)}}}"
    rows = value if value.ndim == 2 else value[:, None]
    body = r" \\ ".join(" & ".join(latex_number(x, digits) for x in row) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def latex_number(value: Any, digits: int = 6) -> str:
    """``1.5e-07`` is printed as a power of ten."""
    text = number(value, digits)
    mantissa, e, exponent = text.partition("e")
    if e and exponent.lstrip("+-").isdigit():
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}.get(text, text)
