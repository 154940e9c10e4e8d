"""Runs the cases and writes the table and its picture: ``python -m benchmarks.speed [--only CASE …] [--write]``.

Every system runs in a process of its own; the processes take turns, so that a busy machine slows all alike.
The time of a system is the median of the rounds.  Systems must agree on the result before any of them counts.
"""

from __future__ import annotations

import argparse
import compileall
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.speed import start
from benchmarks.speed.cases import CASES, Case

import dvar

SYSTEMS = {
    "dvar_": "dvar",
    "jax_": "JAX",
    "torch_": "PyTorch",
    "torch_compile": "torch.compile",
    "casadi_": "CasADi",
    "autograd_": "HIPS autograd",
    "sklearn_": "scikit-learn",
}
START = "start"
ROUNDS = 7
PAGE = Path(__file__).parents[2] / "docs" / "speed.md"


class Measured(NamedTuple):
    """Seconds of one system: to prepare, with the first call, and for one more call or step."""

    prepared: float
    seconds: float


class Worker:
    """A system in a process of its own."""

    def __init__(self, system: str, case: str) -> None:
        command = [sys.executable, "-m", "benchmarks.speed.worker", system, case]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.first = self._answer()
        self.times: list[float] = []

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"missing": "it stopped"}

    def measure(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.times.append(self._answer()["seconds"])

    def close(self) -> None:
        self._process.communicate()


def measure(name: str, rounds: int) -> dict[str, Measured]:
    """The times of all systems that can do a case."""
    workers: dict[str, Worker] = {}
    for system, title in SYSTEMS.items():
        worker = Worker(system, name)
        if "missing" in worker.first:
            worker.close()
        else:
            workers[title] = worker
    _agree(name, {title: worker.first["result"] for title, worker in workers.items()})
    for n in range(rounds):
        order = list(workers.values())
        for worker in order if n % 2 else reversed(order):
            worker.measure()
    for worker in workers.values():
        worker.close()
    return {
        title: Measured(worker.first["prepared"], statistics.median(worker.times))
        for title, worker in workers.items()
    }


def _agree(name: str, results: dict[str, list[float]]) -> None:
    expected, agree = next(iter(results.values()), []), CASES[name].agree
    for title, result in results.items():
        close = len(result) == len(expected) and all(
            math.isclose(a, b, rel_tol=agree, abs_tol=agree)
            for a, b in zip(result, expected, strict=True)
        )
        if not close:
            raise SystemExit(f"{name}: {title} found {result}, not {expected}")


class Row(NamedTuple):
    """A line of the table: the work, the seconds of every system, and those of its first call."""

    title: str
    unit: float
    seconds: dict[str, float]
    first: dict[str, float]

    def __str__(self) -> str:
        mine, first = self.seconds.get("dvar"), self.first.get("dvar")
        best = min((s for title, s in self.seconds.items() if title != "dvar"), default=None)
        unit = {1e-3: "ms", 1e-6: "µs"}[self.unit]
        cells = [
            self.title,
            f"{_short(mine / self.unit)} {unit}" if mine else "–",
            _peers({title: s / self.unit for title, s in self.seconds.items()}),
            f"**{best / mine:.1f}**" if mine and best else "–",
            f"{first:.2f} s" if first is not None else "–",
            _peers(self.first),
        ]
        return f"| {' | '.join(cells)} |"


def row(case: Case, times: dict[str, Measured]) -> Row:
    """What was measured of a case."""
    seconds = {title: t.seconds for title, t in times.items()}
    return Row(case.title, case.unit, seconds, {title: t.prepared for title, t in times.items()})


def starts(rounds: int) -> Iterator[Row]:
    """From a fresh process to the first gradient."""
    work = "fresh process, first gradient"
    for title, systems, kept in (
        (f"{work}, plain", start.PLAIN, False),
        (f"{work}, compiled, nothing on disk", start.COMPILED, False),
        (f"{work}, compiled, code on disk where a system keeps it", start.COMPILED, True),
    ):
        yield Row(title, 1e-3, start.measure(systems, rounds, kept), {})


def _peers(times: dict[str, float]) -> str:
    """The times of the peers, the shortest first."""
    others = sorted(((t, title) for title, t in times.items() if title != "dvar"))
    return ", ".join(f"{title} {_short(t)}" for t, title in others) or "–"


def _short(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _all(names: list[str], rounds: int) -> Iterator[Row]:
    for name in names:
        if name == START:
            yield from starts(rounds)
        else:
            yield row(CASES[name], measure(name, rounds))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*CASES, START]
    parser.add_argument("--only", nargs="*", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    chosen = parser.parse_args()
    os.environ["DVAR_CACHE"] = ""  # the first call is to be a first call
    # Of modules that are compiled, as in any installation.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    compileall.compile_dir(Path(dvar.__file__).parent, quiet=1)
    lines = [
        "| work | dvar | peers | best peer / dvar | dvar's first call | peers' first call |",
        "|---|--:|---|--:|--:|---|",
    ]
    print("\n".join(lines), flush=True)
    rows = []
    for found in _all(chosen.only, chosen.rounds):
        rows.append(found)
        print(found, flush=True)
    lines += [str(found) for found in rows]
    if chosen.write:
        from benchmarks.speed.pictures import bars

        bars(PAGE.with_suffix(".svg"), [(found.title, found.seconds) for found in rows])
        machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
        PAGE.write_text(_page("\n".join(lines), machine, chosen.rounds), encoding="utf-8")


def _page(table: str, machine: str, rounds: int) -> str:
    return f"""# How fast

Measured with `python -m benchmarks.speed --rounds {rounds} --write` on {machine},
Python {platform.python_version()}: every system in a process of its own, in turns; the median of {rounds} rounds;
a system counts only if its result agrees.

![each system's time as a multiple of dvar's](speed.svg)

{table}

"–": the system cannot do it, or not in a time worth measuring. The first call traces and compiles, with nothing kept on disk
from before (`DVAR_CACHE=` empty); times of peers are in seconds, and that of CasADi is the one of building its expression, its
gradient and its function.

![time over size](growth.svg)

Time grows with the work and no faster: `python -m benchmarks.speed.growth --write` measures value and gradient over the
number of examples, a compiled descent over the number of steps, and a scalar graph over the number of gates.
"""


if __name__ == "__main__":
    main()
