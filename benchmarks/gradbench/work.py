"""What a question of an eval becomes: a compiled function of ready arrays, and its answer as JSON."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import dvar

Input = Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """
    Attributes:
        run: what is timed: from ready arrays to a ready result.
        answer: the result as JSON.
    """

    run: Callable[[], Any]
    answer: Callable[[Any], Any]


# (input, threads) → work: reads the input, traces and compiles.
Prepare = Callable[[Any, int], Work]


def compiled(
    function: Callable[..., Any],
    *args: Any,
    threads: int,
    answer: Callable[[Any], Any] | None = None,
) -> Work:
    """A function of arrays, compiled for these and not yet run."""
    program = dvar.jit(function, threads=threads)
    program.kernel(*args)
    return Work(lambda: program(*args), answer or plain)


def plain(result: Any) -> Any:
    """Arrays as nested lists, numbers as numbers."""
    if isinstance(result, dict):
        return {name: plain(value) for name, value in result.items()}
    return result.tolist()


def timed(work: Work, runs: int, seconds: float) -> tuple[Any, list[int]]:
    """The last result, and the nanoseconds of every run: at least so many runs, and so many seconds."""
    taken: list[int] = []
    while True:
        before = time.perf_counter_ns()
        result = work.run()
        taken.append(time.perf_counter_ns() - before)
        if len(taken) >= runs and sum(taken) >= seconds * 1e9:
            return result, taken
