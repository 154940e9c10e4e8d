"""dvar."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.speed import estimators
from benchmarks.speed.cases import RATE, STEPS, Data, run

import dvar

WEIGHTS = ("w1", "b1", "w2", "b2")


def _loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    z = np.maximum(x @ w1 + b1, 0) @ w2 + b2
    return np.mean(np.logaddexp(0, z) - y * z)


def _flat(done: Any) -> list[float]:
    value, gradients = done
    return [float(value), *(float(np.sum(np.abs(g))) for g in gradients)]


def network_wide(data: Data) -> Any:
    step = dvar.jit(dvar.value_and_grad(_loss, argnums=(0, 1, 2, 3)))
    return lambda: step(*data.values()), _flat


network_narrow = network_wide


def logistic(data: Data) -> Any:
    def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
        z = x @ w + b
        return np.mean(np.logaddexp(0, z) - y * z)

    step = dvar.jit(dvar.value_and_grad(loss, argnums=(0, 1)))
    return lambda: step(*data.values()), _flat


def _descent(data: Data, steps: int) -> Any:
    start = {name: data[name] for name in WEIGHTS}
    examples = {"x": data["x"], "y": data["y"]}

    def call() -> Any:
        return dvar.train(_loss, start, data=examples, steps=steps, learning_rate=RATE).params

    return call, lambda done: [float(np.sum(np.abs(done[w]))) for w in WEIGHTS]


def descent_tiny(data: Data) -> Any:
    return _descent(data, STEPS["descent_tiny"])


def descent_small(data: Data) -> Any:
    return _descent(data, STEPS["descent_small"])


def sort(data: Data) -> Any:
    gradient = dvar.jit(dvar.grad(lambda x, c: np.sum(x[0] * np.sort(x) * c)))
    return lambda: gradient(*data.values()), lambda g: [float(g[0]), float(np.sum(np.abs(g)))]


def gates(data: Data) -> Any:
    return gates_eager(data, dvar.jit)


def gates_eager(data: Data, how: Any = lambda both: both) -> Any:
    def program(x: Any) -> Any:
        return run(data["program"], [x[n] for n in range(len(data["x"]))], np.tanh)

    both = how(dvar.value_and_grad(program))
    return lambda: both(data["x"]), lambda done: [float(done[0]), float(np.sum(np.abs(done[1])))]


def fit_logistic(data: Data) -> Any:
    from dvar.sklearn import LogisticRegression

    return estimators.fit_logistic(LogisticRegression, data)


def fit_network(data: Data) -> Any:
    from dvar.sklearn import MLPClassifier

    return estimators.fit_network(MLPClassifier, data)
