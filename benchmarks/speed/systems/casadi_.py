"""CasADi: scalar graphs, evaluated by its virtual machine."""

from __future__ import annotations

from typing import Any

import casadi
from benchmarks.speed.cases import Data, run


def gates(data: Data) -> Any:
    x = casadi.SX.sym("x", len(data["x"]))
    last = run(data["program"], [x[n] for n in range(len(data["x"]))], casadi.tanh)
    both = casadi.Function("both", [x], [last, casadi.gradient(last, x)])
    return (
        lambda: both(data["x"]),
        lambda done: [float(done[0]), float(casadi.sum1(casadi.fabs(done[1])))],
    )
