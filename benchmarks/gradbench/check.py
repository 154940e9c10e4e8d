"""``python -m benchmarks.gradbench.check``: every eval on small cases, judged more strictly than GradBench does.

The suite lets NaN pass everywhere, and zeros where the true derivative is small.  Here an answer must have
the shape and the types of the right one, be finite, and agree to ten digits, measured against the largest entry
of its array; the cases are chosen so that no derivative is zero, or so small that it would not be seen.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

from benchmarks.gradbench.cases import small
from benchmarks.gradbench.oracle import ANSWERS
from benchmarks.gradbench.protocol import answers

DIGITS = 1e-10


def complaints(got: Any, wanted: Any, where: str = "output") -> Iterator[str]:
    """What is wrong with an answer."""
    if isinstance(wanted, dict):
        if not isinstance(got, dict) or got.keys() != wanted.keys():
            yield f"{where}: not a table of {', '.join(wanted)}"
            return
        for name in wanted:
            yield from complaints(got[name], wanted[name], f"{where}.{name}")
        return
    if shape(got) != shape(wanted):
        yield f"{where}: the shape is {shape(got)}, not {shape(wanted)}"
        return
    mine, right = list(numbers(got)), list(numbers(wanted))
    if any(isinstance(x, bool) or not isinstance(x, (int, float)) for x in mine):
        yield f"{where}: something that is no number"
        return
    if all(isinstance(x, int) for x in right) and mine != right:
        yield f"{where}: not the same whole numbers"
        return
    scale = max((abs(x) for x in right), default=0.0)
    for n, (x, y) in enumerate(zip(mine, right, strict=True)):
        if not math.isfinite(x) or abs(x - y) > DIGITS * scale:
            yield f"{where}: number {n} is {x}, not {y}"
            return


def shape(tree: Any) -> tuple[Any, ...]:
    """The nesting of lists: sizes where all are alike, else of each."""
    if not isinstance(tree, list):
        return ()
    inner = {shape(x) for x in tree}
    return (len(tree), *(inner.pop() if len(inner) == 1 else ()), *sorted(inner))


def numbers(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list):
        for x in tree:
            yield from numbers(x)
    else:
        yield tree


def judged(name: str, function: str, given: Any, threads: int = 1) -> list[str]:
    """Complaints about one answer of the tool."""
    message = {"id": 0, "kind": "evaluate", "module": name, "function": function, "input": given}
    (line,) = answers([json.dumps(message)], threads)
    reply = json.loads(line)
    if not reply["success"]:
        return [reply["error"]]
    return list(complaints(reply["output"], ANSWERS[name, function](given)))


def main() -> int:
    failed = 0
    for name, function in ANSWERS:
        for case, given in small(name).items():
            found = judged(name, function, given)
            failed += bool(found)
            print(f"{name:9} {function:10} {case:24} {'; '.join(found) or 'right'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
