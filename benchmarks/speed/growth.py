"""Does time grow no faster than the work? ``python -m benchmarks.speed.growth [--write]``.

Three kinds of work, each at sizes that double, and the exponent of growth over the larger half of the sizes: 1 is linear.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.speed.cases import INPUTS, program_of, run

import dvar

DOCS = Path(__file__).parents[2] / "docs"
# A measurement is the best of so many calls: growth is asked for, not what else the machine does.
CALLS = 5


class Growth(NamedTuple):
    """A kind of work at several sizes.

    Attributes:
        title: the work in words.
        of: what grows.
        sizes: how much of it.
        make: a size → the call that is timed.
    """

    title: str
    of: str
    sizes: list[int]
    make: Callable[[int], Callable[[], Any]]


def _loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.logaddexp(0, z) - y * z)


def _network(m: int) -> tuple[dict[str, Any], dict[str, Any]]:
    draw = np.random.default_rng(0)
    weights = {
        "w1": draw.normal(size=(20, 16)).astype(np.float32),
        "b1": np.zeros(16, np.float32),
        "w2": draw.normal(size=(16, 1)).astype(np.float32),
        "b2": np.zeros(1, np.float32),
    }
    x, y = draw.normal(size=(m, 20)), draw.integers(0, 2, (m, 1))
    return weights, {"x": x.astype(np.float32), "y": y.astype(np.float32)}


def _examples(m: int) -> Callable[[], Any]:
    weights, data = _network(m)
    step = dvar.jit(dvar.value_and_grad(_loss, argnums=(0, 1, 2, 3)))
    return lambda: step(*weights.values(), *data.values())


def _steps(steps: int) -> Callable[[], Any]:
    weights, data = _network(256)
    return lambda: dvar.train(_loss, weights, data=data, steps=steps, learning_rate=0.1)


def _gates(gates: int) -> Callable[[], Any]:
    program, x = program_of(gates), np.linspace(0.1, 0.9, INPUTS)
    both = dvar.value_and_grad(lambda x: run(program, [x[n] for n in range(INPUTS)], np.tanh))
    return lambda: both(x)


GROWTH = [
    Growth(
        "network 20→16→1, value and gradient", "examples", [2**n for n in range(14, 23)], _examples
    ),
    Growth("gradient descent, whole loop compiled", "steps", [2**n for n in range(9, 18)], _steps),
    Growth(
        "scalar graph, built and differentiated", "gates", [2**n for n in range(10, 17)], _gates
    ),
]


def measured(work: Growth) -> list[float]:
    """The seconds of one call at each size."""
    times = []
    for size in work.sizes:
        call = work.make(size)
        call()
        taken = []
        for _ in range(CALLS):
            start = time.perf_counter()
            call()
            taken.append(time.perf_counter() - start)
        times.append(min(taken))
    return times


def exponent(sizes: list[int], times: list[float]) -> float:
    """How fast the larger half grows: the slope of the times over the sizes, both as logarithms."""
    half = len(sizes) // 2
    slope = np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)[0]
    return float(slope)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/growth.svg")
    chosen = parser.parse_args()
    lines = []
    for work in GROWTH:
        times = measured(work)
        growth = exponent(work.sizes, times)
        print(f"{work.title}: exponent {growth:.2f}", flush=True)
        for size, seconds in zip(work.sizes, times, strict=True):
            print(f"  {size:>9,} {work.of:8} {seconds * 1e3:10.3f} ms", flush=True)
        lines.append((f"{work.title} ({work.of}; exponent {growth:.2f})", work.sizes, times))
    if chosen.write:
        from benchmarks.speed.pictures import lines_over_sizes

        lines_over_sizes(DOCS / "growth.svg", lines)


if __name__ == "__main__":
    main()
