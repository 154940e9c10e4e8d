"""PyTorch with ``torch.compile``: value, gradient and update of a whole step as one compiled function."""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.speed.cases import RATE, STEPS, Data
from benchmarks.speed.systems import torch_

WEIGHTS = ("w1", "b1", "w2", "b2")


def _loss(weights: list[Any], x: Any, y: Any) -> Any:
    return torch_._loss(*weights, x, y)


def _both(weights: list[Any], x: Any, y: Any) -> Any:
    return torch.func.grad_and_value(_loss)(weights, x, y)


def _network(data: Data) -> Any:
    tensors = torch_._tensors(data, ())
    weights, step = [tensors[w] for w in WEIGHTS], torch.compile(_both)

    def call() -> Any:
        gradients, value = step(weights, tensors["x"], tensors["y"])
        return value, gradients

    return call, torch_._flat


network_wide = network_narrow = _network


def _descent(data: Data, steps: int) -> Any:
    tensors = torch_._tensors(data, ())
    start = [tensors[w] for w in WEIGHTS]

    @torch.compile
    def step(weights: list[Any], x: Any, y: Any) -> list[Any]:
        gradients, _ = _both(weights, x, y)
        return [w - RATE * g for w, g in zip(weights, gradients, strict=True)]

    def call() -> Any:
        weights = start
        for _ in range(steps):
            weights = step(weights, tensors["x"], tensors["y"])
        return weights

    return call, lambda weights: [float(w.abs().sum()) for w in weights]


def descent_tiny(data: Data) -> Any:
    return _descent(data, STEPS["descent_tiny"])


def descent_small(data: Data) -> Any:
    return _descent(data, STEPS["descent_small"])
