"""Values and shapes as the command line takes them: ``x=-2``, ``"x=(3, m)"``, ``X=@data.npy``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from dvar.core.errors import FormulaError, ReadError


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise FormulaError(
            f"{text!r} is not NAME=VALUE", hint='--at x=-2 y=5, or --shape "x=(3, m)"'
        )
    return name.strip(), value.strip()


def values_and_shapes(
    at: Sequence[str], shape: Sequence[str], more: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values and shapes by name.  ``(3, m)`` after ``--shape`` is one more shape."""
    values: dict[str, Any] = {}
    shapes: dict[str, Any] = {}
    for text, is_shape in (*((t, False) for t in (*at, *more)), *((t, True) for t in shape)):
        name, written = _split(text)
        known = shapes if is_shape or written.startswith("(") else values
        if name in known:
            raise FormulaError(f"{name} is given twice", hint=f"one {name}=…")
        known[name] = _shape(written) if known is shapes else _value(name, written)
    return values, shapes


def listed(option: str, text: str | None) -> list[str] | None:
    """The names an option lists.  Raises FormulaError for an empty list."""
    if text is None:
        return None
    from dvar.explain.problem import names_in

    names = names_in(text)
    if not names:
        raise FormulaError(f"{option} is empty", hint=f"{option} w,b")
    return names


def _value(name: str, text: str) -> Any:
    """A number, a fraction, a list, or ``@file.npy``."""
    import numpy as np

    if text.startswith("@"):
        return _array_file(text[1:])
    try:
        top, slash, bottom = text.partition("/")
        if slash:
            return float(top) / float(bottom)
        read = json.loads(text)
        if read is None:
            raise TypeError
        array = np.asarray(read, dtype=float)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
        try:
            array = np.asarray(float(text))  # 1e3, .5, inf
        except ValueError:
            space = " " if name.startswith("-") else "="
            shown = text if len(text) <= 60 else f"{text[:57]}..."
            raise FormulaError(
                f"the value of {name} is {shown!r}, which is not a number or a list of numbers",
                hint=f'{name}{space}0.5, {name}{space}1/3, "{name}{space}[[1, 2], [3, 4]]" '
                f"or {name}{space}@data.npy",
            ) from None
    return array


def _array_file(path: str) -> Any:
    import numpy as np

    try:
        if path.endswith(".npy"):
            return np.load(path, allow_pickle=False)
        return np.loadtxt(path, delimiter=",", ndmin=1)
    except OSError as error:
        raise ReadError(f"cannot read numbers from {path}: {error.strerror or error}") from None
    except (ValueError, EOFError) as error:
        raise ReadError(
            f"cannot read numbers from {path}: {str(error).splitlines()[0]}",
            hint="a file of np.save, or lines of numbers with commas between",
        ) from None


def _shape(text: str) -> tuple[int | str, ...]:
    inner = text.strip().removeprefix("(").removesuffix(")").replace("×", ",")
    parts = [part.strip() for part in inner.split(",") if part.strip()]
    return tuple(int(part) if part.isdigit() else part for part in parts if part != "scalar")


def upstream_value(text: str | None) -> Any:
    """A name stays text, numbers become arrays."""
    if text is None or text.split("=")[0].strip().isidentifier():
        return text
    return _value("--upstream", text)
