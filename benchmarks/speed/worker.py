"""One system at one case, in a process of its own: ``python -m benchmarks.speed.worker SYSTEM CASE``.

Reads a line for every measurement wanted and answers with JSON: at first what was prepared, then seconds.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

from benchmarks.speed.cases import CASES

# A measurement repeats calls until so many seconds are over, and gives the mean.
LONG_ENOUGH = 0.3


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def main(system: str, name: str) -> None:
    case = CASES[name]
    try:
        module = importlib.import_module(f"benchmarks.speed.systems.{system}")
        make = getattr(module, name)
    except (ImportError, AttributeError) as missing:
        _say(missing=str(missing))
        return
    data = case.data()
    start = time.perf_counter()
    call, result = make(data)
    done = call()
    prepared = time.perf_counter() - start
    _say(prepared=prepared, result=result(done))
    for _ in sys.stdin:
        calls, start = 0, time.perf_counter()
        while True:
            call()
            calls += 1
            taken = time.perf_counter() - start
            if taken > LONG_ENOUGH:
                break
        _say(seconds=taken / calls / case.per)


if __name__ == "__main__":
    main(*sys.argv[1:])
