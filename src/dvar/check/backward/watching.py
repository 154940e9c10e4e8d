"""What every line of a backward pass computes, and whether that is anything that is known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import Any, NamedTuple

import numpy as np

from dvar.core.op import Array

CLOSE = 1e-6


class Computed(NamedTuple):
    """A value that a line gave to a name."""

    line: int
    name: str
    value: Array


class Watch:
    """While open, notes what the lines of some functions give to their local variables.

    Attributes:
        computed: the values, in the order in which they are computed.
        steps: how many lines were run.
        shapes: of every variable; None for what is neither an array nor a number.
    """

    def __init__(self, codes: Collection[CodeType]) -> None:
        self.codes = set(codes)
        self.computed: list[Computed] = []
        self.steps = 0
        self.shapes: dict[str, tuple[int, ...] | None] = {}
        self._last: dict[int, tuple[int, dict[str, Any]]] = {}
        self._before: Any = None

    def __enter__(self) -> Watch:
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _enter(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if event != "call" or frame.f_code not in self.codes:
            return None
        self._last[id(frame)] = (frame.f_lineno, self._now(frame))
        return self._step

    def _step(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any]:
        self.steps += 1
        line, before = self._last[id(frame)]
        now = self._now(frame)
        for name, value in now.items():
            if name not in before or not _same(before[name], value):
                self.computed.append(Computed(line, name, value))
        self._last[id(frame)] = (frame.f_lineno, now)
        return self._step

    def _now(self, frame: FrameType) -> dict[str, Array]:
        found = {}
        for name, value in frame.f_locals.items():
            if hasattr(value, "detach"):
                value = value.detach().numpy()
            elif hasattr(value, "addressable_shards"):  # an array of JAX
                value = np.asarray(value)
            if isinstance(value, (np.ndarray, np.number, float)):
                found[name] = np.array(value)
            is_number = isinstance(value, (np.ndarray, np.number, float, int))
            self.shapes[name] = np.shape(value) if is_number else None
        return found


@contextmanager
def untraced() -> Iterator[None]:
    """While open, nothing is watched: JAX runs a function without numbers to learn what it does."""
    before = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(before)


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))


class Known:
    """Values that mean something, found again in the shapes that people bring them into."""

    def __init__(self, values: Sequence[tuple[str, Array]]) -> None:
        self._by_size: dict[int, list[tuple[str, Array]]] = {}
        for words, value in values:
            for form in _forms(np.asarray(value, np.float64)):
                self._by_size.setdefault(form.size, []).append((words, form))

    def words(self, value: Array) -> str | None:
        """What a value is, up to a transpose, a sum over axes, a broadcast or a scale by a count; None if nothing."""
        value = np.asarray(value, np.float64)
        if not value.size or not np.isfinite(value).all():
            return None
        flat = np.sort(value.ravel())
        scale = np.max(np.abs(flat))
        for words, form in self._by_size.get(value.size, ()):
            if np.max(np.abs(np.sort(form.ravel()) - flat)) <= CLOSE * max(scale, 1e-12):
                return words
        return None


def _forms(value: Array) -> Iterator[Array]:
    """The value and its sums over axes; transposes have the same elements."""
    yield value
    axes = range(value.ndim)
    if value.ndim > 3:
        return
    for n in axes:
        yield value.sum(axis=n)
    if value.ndim == 3:
        for n in axes:
            yield value.sum(axis=tuple(m for m in axes if m != n))
    if value.ndim > 1:
        yield value.sum()
