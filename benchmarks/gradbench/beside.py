"""``python -m benchmarks.gradbench.beside [EVAL…]``: dvar and its peers side by side, at the suite's sizes.

Every system is a tool in a process of its own, one thread each; for every size they take turns.  A time counts only if
the answer agrees with dvar's.  JAX and HIPS autograd run the same functions as dvar.  With ``--checkout`` of GradBench
come JAX and PyTorch as the suite has them, and its hand-written C++ (compiled there, if it is not yet).
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from benchmarks.gradbench import cases
from benchmarks.gradbench.measure import Tool, times
from benchmarks.gradbench.protocol import EVALS, functions

PAGE = Path(__file__).parents[2] / "docs" / "gradbench.md"
OURS, MANUAL = "dvar", "C++"
TOOLS = {"jax": "JAX, suite", "pytorch": "PyTorch"}
VALUES = ("primal", "objective", "cost")
CLOSE = 1e-6


class Measured(NamedTuple):
    """A function of an eval at one size: milliseconds of the systems that have it."""

    name: str
    size: str
    function: str
    taken: Mapping[str, float]

    @property
    def over_manual(self) -> float | None:
        """dvar's time over that of the C++."""
        manual = self.taken.get(MANUAL)
        return self.taken[OURS] / manual if manual and OURS in self.taken else None

    @property
    def best_peer(self) -> float | None:
        """The time of the fastest other Python system over dvar's."""
        others = [t for system, t in self.taken.items() if system not in (OURS, MANUAL)]
        return min(others) / self.taken[OURS] if others and OURS in self.taken else None


def systems(checkout: Path | None) -> dict[str, list[str]]:
    """The commands of the tools that can be started here."""
    start = [sys.executable, "-m", "benchmarks.gradbench"]
    peers = [sys.executable, "-m", "benchmarks.gradbench.peers"]
    found = {OURS: start}
    found |= {"JAX": [*peers, "jax"]} if find_spec("jax") else {}
    found |= {"HIPS autograd": [*peers, "autograd"]} if find_spec("autograd") else {}
    if checkout is not None:
        for library, tool in (("jax", "jax"), ("torch", "pytorch")):
            if find_spec(library):
                found[TOOLS[tool]] = [*peers, "suite", tool, str(checkout)]
        found[MANUAL] = [*peers, "manual", str(checkout)]
    return found


class Peer:
    """A system that answers, until it has nothing to say or takes too long."""

    def __init__(self, command: list[str], name: str) -> None:
        self._command, self._name = command, name
        self._tool: Tool | None = None
        self.given_up: set[str] = set()

    def close(self) -> None:
        if self._tool is not None:
            self._tool.kill()
            self._tool = None

    def ask(self, function: str, given: Any, limit: float) -> dict[str, Any] | None:
        """The answer; none from the first time on that there is none within so many seconds."""
        if function in self.given_up:
            return None
        try:
            if self._tool is None:
                self._tool = Tool(self._command)
                self._tool.ask("start", limit, eval=self._name)
                if not self._tool.ask("define", limit, module=self._name).get("success"):
                    raise RuntimeError("no such eval")
            asked = {"module": self._name, "function": function, "input": given}
            done = self._tool.ask("evaluate", limit, **asked)
        except (RuntimeError, TimeoutError, BrokenPipeError):
            self.close()
            done = {"success": False}
        if not done.get("success"):
            self.given_up.add(function)
            return None
        return done


def measured(name: str, options: argparse.Namespace) -> Iterator[Measured]:
    """An eval, size by size and function by function."""
    peers = {s: Peer(command, name) for s, command in systems(options.checkout).items()}
    try:
        for size, make in cases.timed(name).items():
            if options.size and size not in options.size:
                continue
            given = {**make(), "min_runs": options.runs, "min_seconds": options.seconds}
            for function in functions(name):
                if options.values or function not in VALUES:
                    taken = _in_turns(peers, function, given, options)
                    yield Measured(name, size, function, taken)
    finally:
        for peer in peers.values():
            peer.close()


def _in_turns(
    peers: Mapping[str, Peer], function: str, given: Any, options: argparse.Namespace
) -> dict[str, float]:
    ours: Any = None
    taken: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for system, peer in peers.items():
            done = peer.ask(function, given, options.limit)
            if done is None:
                continue
            if system == OURS:
                ours = done["output"]
            elif not agrees(ours, done["output"]):
                print(f"{system} {function}: another answer", file=sys.stderr)
                peer.given_up.add(function)
                taken.pop(system, None)
                continue
            taken.setdefault(system, []).append(times(done)["median"])
    return {system: statistics.median(found) for system, found in taken.items()}


def agrees(ours: Any, other: Any) -> bool:
    """Whether two answers have one structure and, nearly, the same numbers."""
    if isinstance(ours, dict):
        same = isinstance(other, dict) and ours.keys() == other.keys()
        return same and all(agrees(ours[key], other[key]) for key in ours)
    try:
        a, b = np.array(ours, float), np.array(other, float)
    except (TypeError, ValueError):
        return False
    if a.shape != b.shape:
        return False
    scale = max(1.0, float(np.max(np.abs(a), initial=0)))
    return bool(np.max(np.abs(a - b), initial=0) <= CLOSE * scale)


# ── the table ───────────────────────────────────────────────────────────────────────────────────


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench.beside")
    parser.add_argument("eval", nargs="*", choices=[[], *EVALS[1:]], help="all if none is named")
    parser.add_argument("--size", nargs="+", help="only these sizes, as they are printed")
    parser.add_argument("--checkout", type=Path, help="a clone of GradBench")
    parser.add_argument("--values", action="store_true", help="the functions themselves as well")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--runs", type=int, default=3, help="at least so many runs a round")
    parser.add_argument("--seconds", type=float, default=0.1, help="at least so long")
    parser.add_argument("--limit", type=float, default=60, help="seconds for one answer")
    parser.add_argument("--write", action="store_true", help="write docs/gradbench.md")
    options = parser.parse_args()
    if options.checkout is not None:
        options.checkout = options.checkout.absolute()
    columns = list(systems(options.checkout))
    print("\n".join(_head(columns)))
    found = []
    for name in options.eval or EVALS[1:]:
        for one in measured(name, options):
            found.append(one)
            print(_line(one, columns), flush=True)
    if options.write:
        PAGE.write_text(_page(found, columns, options), "utf-8")


def _head(columns: list[str]) -> list[str]:
    names = " | ".join(columns)
    return [
        f"| eval | size | function | {names} | dvar / C++ | best Python peer / dvar |",
        f"|---|---|---|{'--:|' * len(columns)}--:|--:|",
    ]


def _line(one: Measured, columns: list[str]) -> str:
    cells = [f"{one.taken[s]:.3g}" if s in one.taken else "–" for s in columns]
    cells += ["–" if r is None else f"{r:.2g}" for r in (one.over_manual, one.best_peer)]
    return f"| {one.name} | {one.size} | {one.function} | {' | '.join(cells)} |"


def _page(found: list[Measured], columns: list[str], options: argparse.Namespace) -> str:
    text = f"""# GradBench

Milliseconds, measured with `python -m benchmarks.gradbench.beside --write` and a clone of
[GradBench](https://github.com/gradbench/gradbench) (`--checkout`) on {platform.machine()},
Python {platform.python_version()}: every system in a process of its own with one thread, in turns; the median of
{options.rounds} rounds. Tracing and compiling are done before, for all systems.

- JAX and HIPS autograd run the same functions as dvar, "JAX, suite" and PyTorch those of the suite's tools (made to wait for
  their results, in double precision); C++ is the suite's program with derivatives written by hand.
- "–": it has no such function, its answer is another one, or it takes longer than {options.limit:g} s.
- In `det` a minor that stands in several larger ones is computed once, in Python; the C++ repeats it. The C++ of `ode`
  is a closed form that takes no steps, that of `kmeans` differentiates nothing.
"""
    return "\n".join([text, *_head(columns), *(_line(one, columns) for one in found), ""])


if __name__ == "__main__":
    main()
