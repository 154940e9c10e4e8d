"""How long differentiating takes, gate by gate: ``python benchmarks/gates.py``.

Prints the time to build, differentiate and evaluate random scalar graphs of growing size, and the
exponent of growth (1 is linear); then what importing dvar costs beyond NumPy, and one call of the
command line.  Processes alternate, so that a busy machine slows all alike.
"""

from __future__ import annotations

import gc
import itertools
import math
import os
import random
import statistics
import subprocess
import sys
import time
from tempfile import TemporaryDirectory

from dvar.core.node import Node
from dvar.core.op import variable
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate
from dvar.ops import TABLE

SIZES = (1_000, 10_000, 100_000)
INPUTS = 16
COMMAND = ["explain", "q = x + y; f = q*z", "--at", "x=-2", "y=5", "z=-4"]


def build(gates: int, seed: int = 0) -> tuple[Node, list[Node]]:
    """A random graph of so many gates; a gate takes recent nodes, as programs do."""
    draw = random.Random(seed)
    nodes: list[Node] = [variable(f"x{k}") for k in range(INPUTS)]
    inputs = list(nodes)
    rows = [TABLE[name] for name in ("add", "subtract", "multiply")]
    squash = TABLE.get("tanh", TABLE["negative"])
    while len(nodes) < gates + INPUTS:
        x, y = nodes[-1], nodes[draw.randrange(max(0, len(nodes) - 50), len(nodes))]
        # Every third gate keeps numbers near one, so that evaluating is no test of overflow.
        nodes.append(squash(x) if len(nodes) % 3 == 0 else draw.choice(rows)(x, y))
    return nodes[-1], inputs


def measure(gates: int) -> tuple[float, float, float]:
    """Seconds to build, to differentiate, and to evaluate value and gradients."""
    gc.collect()
    start = time.perf_counter()
    root, inputs = build(gates)
    built = time.perf_counter()
    gradients = sweep(root, ones_like(root), inputs).gradients
    swept = time.perf_counter()
    evaluate([root, *(gradients[x] for x in inputs if x in gradients)], dict.fromkeys(inputs, 0.5))
    done = time.perf_counter()
    return built - start, swept - built, done - swept


def gates_table(repeat: int = 3) -> None:
    print(f"{'gates':>8} {'build':>9} {'sweep':>9} {'evaluate':>9} {'per gate':>9}")
    totals = []
    for gates in SIZES:
        runs = [measure(gates) for _ in range(repeat)]
        parts = [statistics.median(column) for column in zip(*runs, strict=True)]
        totals.append(sum(parts))
        shown = " ".join(f"{1e3 * part:6.1f} ms" for part in parts)
        print(f"{gates:8d} {shown} {1e6 * totals[-1] / gates:6.1f} µs")
    for (a, s), (b, t) in itertools.pairwise(zip(SIZES, totals, strict=True)):
        print(f"growth from {a:,} to {b:,}: exponent {math.log(t / s) / math.log(b / a):.2f}")


def processes(commands: dict[str, list[str]], repeat: int = 15) -> dict[str, float]:
    """The shortest wall time of each command in a fresh process: whatever else runs only adds to it."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    with TemporaryDirectory() as cache:
        # Compiled modules are kept, as in any installation, even where the environment says otherwise:
        # compiling dvar takes longer than everything else that is measured here.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for n in range(repeat + 1):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(
                    [sys.executable, *command], check=True, capture_output=True, env=environment
                )
                if n:  # the first run compiles
                    times[name].append(time.perf_counter() - start)
    return {name: min(taken) for name, taken in times.items()}


def start_up() -> None:
    commands = {
        "an empty process": ["-c", ""],
        "import numpy": ["-c", "import numpy"],
        "import dvar": ["-c", "import dvar"],
        "import dvar.ops": ["-c", "import dvar.ops"],
    }
    explain = ["-m", "dvar", *COMMAND]
    if not subprocess.run([sys.executable, *explain], check=False, capture_output=True).returncode:
        commands["dvar explain"] = explain
    taken = processes(commands)
    for name, seconds in taken.items():
        print(f"{name:>17} {1e3 * seconds:7.1f} ms")
    # `import dvar` alone is lazy; the rule table is what any use of it loads.
    print(f"rules beyond numpy {1e3 * (taken['import dvar.ops'] - taken['import numpy']):6.1f} ms")


if __name__ == "__main__":
    gates_table()
    print()
    start_up()
