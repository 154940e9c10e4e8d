"""CasADi: scalar graphs, evaluated by its virtual machine."""

from __future__ import annotations

from typing import Any

import casadi
from benchmarks.speed.cases import Data


def gates(data: Data) -> Any:
    x = casadi.SX.sym("x", len(data["x"]))
    nodes = [x[n] for n in range(len(data["x"]))]
    for kind, a, b in data["program"]:
        if kind == "tanh":
            nodes.append(casadi.tanh(nodes[a]))
        elif kind == "add":
            nodes.append(nodes[a] + nodes[b])
        elif kind == "subtract":
            nodes.append(nodes[a] - nodes[b])
        else:
            nodes.append(nodes[a] * nodes[b])
    both = casadi.Function("both", [x], [nodes[-1], casadi.gradient(nodes[-1], x)])
    return (
        lambda: both(data["x"]),
        lambda done: [float(done[0]), float(casadi.sum1(casadi.fabs(done[1])))],
    )
