"""An operation of another framework, done twice: by the framework with numbers, and by NumPy on traced arrays.

The numbers decide what a step is: a step that depends on no traced array, or that gives no real numbers, is
what the framework says it is.  A step that only moves elements (a slice, a gather, a transpose) is read off
by sending positions through it.  All others are in a table, and each is compared with the framework's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dvar.core.errors import TraceError
from dvar.read.trace.array import Variable

COMPARISONS = frozenset(("gt", "lt", "ge", "le"))
"""Steps whose truth values are followed, so that a mask says what it asks."""
FLAT = frozenset((
    "full_like", "zeros_like", "ones_like", "empty_like", "new_zeros", "new_ones", "new_full", "new_empty",
    "sign", "sgn", "floor", "ceil", "round", "trunc", "heaviside",
))  # fmt: skip
"""Steps whose result does not change with what they are given, or changes in jumps only."""
Rules = Mapping[str, Callable[..., Any]]


class Lane(NamedTuple):
    """A value of a program.

    Attributes:
        concrete: as the framework has it.
        traced: as a traced array; None where it does not depend on one.
    """

    concrete: Any
    traced: Any = None


class Operation(NamedTuple):
    """One step of a program.

    Attributes:
        name: as the tables call it.
        run: the framework's own function of concrete values.
        args, kwargs: what it is called with; lanes may stand in lists.
    """

    name: str
    run: Callable[..., Any]
    args: Sequence[Any]
    kwargs: Mapping[str, Any]


def entering(concrete: Any, traced: Any) -> Lane:
    """An argument; whole numbers are what they are."""
    return Lane(concrete, traced if is_real(concrete) else None)


def number(x: Any) -> Any:
    """The numbers of an argument.  Raises TraceError if it has none."""
    if not isinstance(x, Variable):
        return x
    if x.value is None:
        raise TraceError("a function of another framework is followed with numbers only")
    return x.value


def replay(step: Operation, rules: Rules, moves: frozenset[str], array: Callable[..., Any]) -> Lane:
    """The result of one step.

    Args:
        step: what is done.
        rules: operations in terms of NumPy, by name.
        moves: names of operations that only move elements, or drop or repeat them, or put zeros between them.
        array: NumPy's array → the framework's.

    Raises:
        TraceError: nothing is known of the operation, or the rule does not give the framework's numbers.
    """
    given = [_each(x, lambda lane: lane.concrete) for x in step.args]
    concrete = step.run(
        *given, **{k: _each(v, lambda lane: lane.concrete) for k, v in step.kwargs.items()}
    )
    lanes = _lanes([*step.args, *step.kwargs.values()])
    whole = step.name in FLAT or (not is_real(concrete) and step.name not in COMPARISONS)
    if whole or all(lane.traced is None for lane in lanes):
        return Lane(concrete)
    rule = rules.get(step.name)
    if rule is not None:
        args = [_each(x, _numpy) for x in step.args]
        traced = rule(*args, **{k: _each(v, _numpy) for k, v in step.kwargs.items()})
    elif step.name in moves:
        traced = _moved(step, array)
    else:
        raise TraceError(f"{step.name} is not among the operations that are known")
    _confirm(step.name, concrete, traced)
    return Lane(concrete, traced)


def _each(x: Any, change: Callable[[Lane], Any]) -> Any:
    if isinstance(x, Lane):
        return change(x)
    if isinstance(x, (list, tuple)) and _lanes(x):
        return type(x)(_each(y, change) for y in x)
    return x


def _lanes(x: Any) -> list[Lane]:
    if isinstance(x, Lane):
        return [x]
    return [lane for y in x for lane in _lanes(y)] if isinstance(x, (list, tuple)) else []


def _numpy(lane: Lane) -> Any:
    if lane.traced is not None:
        return lane.traced
    return np.asarray(lane.concrete) if hasattr(lane.concrete, "shape") else lane.concrete


def is_real(x: Any) -> bool:
    """Whether a value, or one of several, is an array of real numbers."""
    if isinstance(x, (tuple, list)):
        return any(is_real(y) for y in x)
    return "float" in str(getattr(x, "dtype", ""))


def _moved(step: Operation, array: Callable[..., Any]) -> Any:
    """The step as a gather, by sending the numbers 1, 2, … through it; what comes out as 0 was put in."""
    pieces: list[Any] = [np.zeros(1)]
    count = 1

    def numbered(lane: Lane) -> Any:
        nonlocal count
        if not is_real(lane.concrete):
            return lane.concrete
        x = _numpy(lane)
        positions = np.arange(count, count + x.size, dtype=np.float64).reshape(x.shape)
        count += x.size
        pieces.append(np.reshape(x, (-1,)))
        return array(positions)

    args = [_each(x, numbered) for x in step.args]
    moved = step.run(*args, **{k: _each(v, numbered) for k, v in step.kwargs.items()})
    source = np.concatenate(pieces)

    def picked(positions: Any) -> Any:
        where = np.asarray(positions)
        if not np.isfinite(where).all():
            raise TraceError(f"{step.name} reads beyond an array")
        return source[np.rint(where).astype(np.int64)]

    return tuple(map(picked, moved)) if isinstance(moved, (tuple, list)) else picked(moved)


def _confirm(name: str, concrete: Any, traced: Any) -> None:
    """Compare with the framework's numbers."""
    if isinstance(traced, (tuple, list)):
        for x, y in zip(concrete, traced, strict=False):
            _confirm(name, x, y)
        return
    due, found = np.asarray(concrete), np.asarray(number(traced))
    if due.shape != found.shape or not np.allclose(found, due, 1e-5, 1e-7, equal_nan=True):
        raise TraceError(f"{name} is not what its rule says")
