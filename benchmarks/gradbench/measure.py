"""``python -m benchmarks.gradbench.measure [EVAL…]``: the tool asked over pipes, and its times.

What is printed is the median of the ``evaluate`` entries that the tool reports, and how long it prepared.
"""

from __future__ import annotations

import argparse
import json
import select
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.gradbench import cases
from benchmarks.gradbench.protocol import EVALS, functions

ROOT = Path(__file__).parents[2]


class Tool:
    """A tool in a process of its own."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._sent = 0

    def __enter__(self) -> Tool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()  # closes both ends, and waits

    def kill(self) -> None:
        """Ends the tool, whatever it does."""
        self._process.kill()
        self._process.communicate()

    def ask(self, kind: str, limit: float | None = None, **fields: Any) -> dict[str, Any]:
        """The answer to one message, within so many seconds.

        Raises:
            RuntimeError: the tool has ended, or answers another message.
            TimeoutError: it does not answer.
        """
        writer, reader = self._process.stdin, self._process.stdout
        assert writer is not None
        assert reader is not None
        writer.write(json.dumps({"id": self._sent, "kind": kind, **fields}) + "\n")
        writer.flush()
        if not select.select([reader], [], [], limit)[0]:
            raise TimeoutError(f"no answer within {limit} s")
        line = reader.readline()
        if not line:
            raise RuntimeError("the tool has ended")
        answer: dict[str, Any] = json.loads(line)
        if answer.get("id") != self._sent:
            raise RuntimeError(f"the tool answers message {answer.get('id')}, not {self._sent}")
        self._sent += 1
        return answer


def measured(name: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Times of an eval, size by size and function by function."""
    own = [sys.executable, "-m", "benchmarks.gradbench"]
    command = shlex.split(options.tool) if options.tool else own
    with Tool(command + ["--multithreaded"] * options.multithreaded) as tool:
        tool.ask("start", eval=name)
        tool.ask("define", module=name)
        for case, make in cases.timed(name).items():
            if options.size and case not in options.size:
                continue
            given = make()
            limits = {"min_runs": options.runs, "min_seconds": options.seconds}
            asked = {**given, **limits} if isinstance(given, dict) else given
            for function in functions(name):
                done = tool.ask("evaluate", module=name, function=function, input=asked)
                yield {"eval": name, "size": case, "function": function, **times(done)}


def times(done: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of its times, in milliseconds."""
    if not done["success"]:
        return {"error": done["error"]}
    by_name: dict[str, list[float]] = {}
    for timing in done["timings"]:
        by_name.setdefault(timing["name"], []).append(timing["nanoseconds"] / 1e6)
    runs = by_name["evaluate"]
    return {
        "prepare": by_name.get("prepare", [0.0])[0],
        "median": statistics.median(runs),
        "mean": statistics.fmean(runs),
        "first": runs[0],
        "runs": len(runs),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradbench.measure")
    parser.add_argument("eval", nargs="*", choices=[[], *EVALS], help="all if none is named")
    parser.add_argument("--size", nargs="+", help="only these sizes, as they are printed")
    parser.add_argument("--runs", type=int, default=3, help="at least so many runs")
    parser.add_argument("--seconds", type=float, default=0.5, help="at least so long")
    parser.add_argument("--multithreaded", action="store_true")
    parser.add_argument("--tool", help="the command of another tool that speaks the protocol")
    parser.add_argument("--json", type=Path, help="where to write all times, in milliseconds")
    parser.add_argument(
        "--beside", type=Path, help="times of another tool, as --json writes them, for a ratio"
    )
    options = parser.parse_args()
    other = {}
    if options.beside:
        for row in json.loads(options.beside.read_text("utf-8")):
            other[row["eval"], row["size"], row["function"]] = row["median"]
    rows = []
    print("| eval | size | function | prepare s | median ms | ratio |\n|---|---|---|--:|--:|--:|")
    for name in options.eval or EVALS:
        for row in measured(name, options):
            rows.append(row)
            print(_line(row, other), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def _line(row: Mapping[str, Any], other: Mapping[Any, float]) -> str:
    start = f"| {row['eval']} | {row['size']} | {row['function']} "
    if "error" in row:
        return f"{start}| {row['error']} | | |"
    beside = other.get((row["eval"], row["size"], row["function"]))
    ratio = f"{row['median'] / beside:.2f}" if beside else ""
    return f"{start}| {row['prepare'] / 1e3:.2f} | {row['median']:.4g} | {ratio} |"


if __name__ == "__main__":
    main()
