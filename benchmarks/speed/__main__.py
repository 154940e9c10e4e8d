"""Runs the cases and writes the table: ``python -m benchmarks.speed [--only CASE …] [--write]``.

Every system runs in a process of its own; the processes take turns, so that a busy machine slows all alike.
The time of a system is the median of the rounds.  Systems must agree on the result before any of them counts.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.speed.cases import CASES, Case

SYSTEMS = {
    "dvar_": "dvar",
    "jax_": "JAX",
    "torch_": "PyTorch",
    "torch_compile": "torch.compile",
    "casadi_": "CasADi",
    "autograd_": "HIPS autograd",
}
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


def row(case: Case, times: dict[str, Measured]) -> str:
    """A line of the table: every system, and how many times as long the best peer takes as dvar."""
    unit = {1e-3: "ms", 1e-6: "µs"}[case.unit]
    peers = {title: t.seconds for title, t in times.items() if title != "dvar"}
    cells = [case.title]
    mine = times.get("dvar")
    cells.append(f"{mine.seconds / case.unit:.3g} {unit}" if mine else "–")
    cells.append(
        ", ".join(f"{title} {s / case.unit:.3g}" for title, s in sorted(peers.items(), key=_second))
    )
    best = min(peers.values(), default=None)
    cells.append(f"**{best / mine.seconds:.1f}**" if mine and best else "–")
    cells.append(f"{mine.prepared:.2f} s" if mine else "–")
    return f"| {' | '.join(cells)} |"


def _second(pair: tuple[str, float]) -> float:
    return pair[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    chosen = parser.parse_args()
    os.environ["DVAR_CACHE"] = ""  # the first call is to be a first call
    lines = [
        "| work | dvar | peers | best peer / dvar | dvar's first call |",
        "|---|--:|---|--:|--:|",
    ]
    print("\n".join(lines), flush=True)
    for name in chosen.only:
        lines.append(row(CASES[name], measure(name, chosen.rounds)))
        print(lines[-1], flush=True)
    if chosen.write:
        machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
        PAGE.write_text(_page("\n".join(lines), machine, chosen.rounds), encoding="utf-8")


def _page(table: str, machine: str, rounds: int) -> str:
    return f"""# How fast

Measured with `python -m benchmarks.speed --rounds {rounds} --write` on {machine},
Python {platform.python_version()}: every system in a process of its own, in turns; the median of {rounds} rounds;
a system counts only if its result agrees.

{table}

"–": the system cannot do it, or not in a time worth measuring. The first call traces and compiles, with nothing kept on disk
from before (`DVAR_CACHE=` empty).
"""


if __name__ == "__main__":
    main()
