"""What is measured: the data, the same for every system, and the work in words."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Data = dict[str, Any]


class Case(NamedTuple):
    """One line of the table.

    Attributes:
        title: the work in words.
        data: makes the data, from a seed.
        per: how many steps one call takes; times are given for one.
        unit: of the time in the table, in seconds.
        agree: how far results may differ, relatively: sums in single precision are taken in different orders,
            and thousands of steps add up what that leaves.
    """

    title: str
    data: Callable[[], Data]
    per: int = 1
    unit: float = 1e-3
    agree: float = 2e-3


def _network(d: int, h: int, m: int) -> Callable[[], Data]:
    def make() -> Data:
        draw = np.random.default_rng(0)
        return {
            "w1": (draw.normal(size=(d, h)) / d**0.5).astype(np.float32),
            "b1": np.zeros(h, np.float32),
            "w2": (draw.normal(size=(h, 1)) / h**0.5).astype(np.float32),
            "b2": np.zeros(1, np.float32),
            "x": draw.normal(size=(m, d)).astype(np.float32),
            "y": draw.integers(0, 2, (m, 1)).astype(np.float32),
        }

    return make


def _logistic() -> Data:
    draw = np.random.default_rng(0)
    return {
        "w": draw.normal(size=30).astype(np.float32),
        "b": np.float32(0),
        "x": draw.normal(size=(1_000_000, 30)).astype(np.float32),
        "y": draw.integers(0, 2, 1_000_000).astype(np.float32),
    }


def _sort() -> Data:
    draw = np.random.default_rng(0)
    return {"x": draw.normal(size=1_000_000), "c": draw.normal(size=1_000_000)}


INPUTS = 16
Program = list[tuple[str, int, int]]


def program_of(gates: int) -> Program:
    """A random scalar program: each gate takes recent results, as programs do, or one of 16 inputs.

    Every gate shrinks differences, so that rounding does not decide the result.
    """
    draw = random.Random(0)
    program: Program = []
    count = 0
    while count < gates:
        n = INPUTS + len(program)
        kind = draw.choice(("tanh", "mean", "half_difference", "multiply"))
        other = draw.randrange(INPUTS) if n % 5 == 0 else draw.randrange(max(0, n - 50), n)
        program.append((kind, n - 1, other))
        count += 2 if kind in ("mean", "half_difference") else 1
    return program


def _gates() -> Data:
    return {"program": program_of(40_000), "x": np.linspace(0.1, 0.9, INPUTS)}


def run(program: Program, inputs: Any, tanh: Callable[[Any], Any]) -> Any:
    """The last result of a program of gates, with the numbers of any system."""
    results = list(inputs)
    for kind, a, b in program:
        if kind == "tanh":
            results.append(tanh(results[a]))
        elif kind == "mean":
            results.append((results[a] + results[b]) * 0.5)
        elif kind == "half_difference":
            results.append((results[a] - results[b]) * 0.5)
        else:
            results.append(results[a] * results[b])
    return results[-1]


def _labelled() -> Data:
    """Two classes with a border that is not straight."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(50_000, 20))
    y = (x[:, 0] + x[:, 1] * x[:, 2] + draw.normal(size=len(x)) > 0).astype(np.int64)
    return {"x": x, "y": y}


STEPS = {"descent_tiny": 20_000, "descent_small": 1_000}
RATE = 0.1

CASES: dict[str, Case] = {
    "network_wide": Case(
        "value and gradient, 64→128→1 ReLU network, m = 200,000, float32",
        _network(64, 128, 200_000),
    ),
    "network_narrow": Case("the same, 20→16→1", _network(20, 16, 200_000)),
    "logistic": Case("logistic regression, 1,000,000 × 30, float32", _logistic),
    "descent_tiny": Case(
        "gradient descent, whole loop compiled, 4→8→1, m = 64, a step",
        _network(4, 8, 64),
        STEPS["descent_tiny"],
        1e-6,
        1e-2,
    ),
    "descent_small": Case(
        "the same, 20→32→1, m = 2,000, a step",
        _network(20, 32, 2_000),
        STEPS["descent_small"],
        1e-6,
        1e-2,
    ),
    "sort": Case("gradient of sum(x[0]*sort(x)*c), n = 1,000,000, float64", _sort),
    "fit_logistic": Case(
        "LogisticRegression().fit of scikit-learn, 50,000 × 20, float64", _labelled
    ),
    "fit_network": Case(
        "MLPClassifier((32,)).fit of scikit-learn, 20 epochs, the same data", _labelled, agree=2e-2
    ),
    "gates": Case("scalar graph of 40,000 gates, compiled: value and gradient", _gates),
    "gates_eager": Case("the same, not compiled: build and gradient", _gates),
}
