"""The tool's side of GradBench's protocol: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from benchmarks.gradbench.work import Prepare, timed

EVALS = (
    "hello",
    "llsq",
    "lse",
    "gmm",
    "kmeans",
    "lstm",
    "ba",
    "ht",
    "ode",
    "det",
    "particle",
    "saddle",
)


def functions(name: str) -> Mapping[str, Prepare]:
    """The functions of an eval by name; empty for an eval that there is not."""
    if name not in EVALS:
        return {}
    found: Mapping[str, Prepare] = import_module(f"benchmarks.gradbench.evals.{name}").FUNCTIONS
    return found


def answers(lines: Iterable[str], threads: int) -> Iterator[str]:
    """An answer to every message."""
    for line in lines:
        message = json.loads(line)
        yield json.dumps({"id": message["id"], **answer(message, threads)})


def answer(message: Mapping[str, Any], threads: int) -> dict[str, Any]:
    """What is said in answer to one message, besides its number."""
    match message["kind"]:
        case "start":
            return {"tool": "dvar"}
        case "define":
            known = bool(functions(message["module"]))
            return {"success": known} if known else {"success": False, "error": "no such eval"}
        case "evaluate":
            return _evaluate(message, threads)
    return {}


def _evaluate(message: Mapping[str, Any], threads: int) -> dict[str, Any]:
    prepare = functions(message["module"]).get(message["function"])
    if prepare is None:
        return {"success": False, "error": "no such function"}
    given = message["input"]
    limits = given if isinstance(given, dict) else {"min_seconds": 0}
    try:
        before = time.perf_counter_ns()
        work = prepare(given, threads)
        ready = time.perf_counter_ns() - before
        result, taken = timed(work, limits.get("min_runs", 1), limits.get("min_seconds", 1))
        output = work.answer(result)
    except Exception as error:  # a tool that dies would end the whole run
        traceback.print_exc(file=sys.stderr)
        return {"success": False, "error": f"{type(error).__name__}: {error}"}
    timings = [("prepare", ready), *(("evaluate", n) for n in taken)]
    return {
        "success": True,
        "output": output,
        "timings": [{"name": name, "nanoseconds": n} for name, n in timings],
    }
