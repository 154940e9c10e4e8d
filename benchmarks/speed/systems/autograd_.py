"""HIPS autograd: plain NumPy, nothing compiled."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
from autograd import value_and_grad
from benchmarks.speed.cases import Data, run


def _loss(weights: Any, x: Any, y: Any) -> Any:
    w1, b1, w2, b2 = weights
    z = anp.maximum(x @ w1 + b1, 0) @ w2 + b2
    return anp.mean(anp.logaddexp(0, z) - y * z)


def _flat(done: Any) -> list[float]:
    value, gradients = done
    return [float(value), *(float(abs(g).sum()) for g in gradients)]


def network_narrow(data: Data) -> Any:
    step = value_and_grad(_loss)
    weights = tuple(data[w] for w in ("w1", "b1", "w2", "b2"))
    return lambda: step(weights, data["x"], data["y"]), _flat


def gates_eager(data: Data) -> Any:
    def program(x: Any) -> Any:
        return run(data["program"], [x[n] for n in range(len(data["x"]))], anp.tanh)

    both = value_and_grad(program)
    return lambda: both(data["x"]), lambda done: [float(done[0]), float(abs(done[1]).sum())]
