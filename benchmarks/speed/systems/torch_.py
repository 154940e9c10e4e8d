"""PyTorch, eager; ``torch.compile`` where a C++ compiler is there is another system."""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.speed.cases import RATE, STEPS, Data, run


def _tensors(data: Data, wanted: tuple[str, ...]) -> dict[str, Any]:
    return {name: torch.tensor(value, requires_grad=name in wanted) for name, value in data.items()}


def _loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    z = torch.relu(x @ w1 + b1) @ w2 + b2
    return torch.nn.functional.binary_cross_entropy_with_logits(z, y)


def _flat(done: Any) -> list[float]:
    value, gradients = done
    return [float(value), *(float(g.abs().sum()) for g in gradients)]


def _network(data: Data, loss: Any) -> Any:
    wanted = ("w1", "b1", "w2", "b2")
    tensors = _tensors(data, wanted)

    def call() -> Any:
        value = loss(**tensors)
        return value.detach(), torch.autograd.grad(value, [tensors[w] for w in wanted])

    return call, _flat


def network_wide(data: Data) -> Any:
    return _network(data, _loss)


network_narrow = network_wide


def logistic(data: Data) -> Any:
    tensors = _tensors(data, ("w", "b"))

    def call() -> Any:
        z = tensors["x"] @ tensors["w"] + tensors["b"]
        value = torch.nn.functional.binary_cross_entropy_with_logits(z, tensors["y"])
        return value.detach(), torch.autograd.grad(value, [tensors["w"], tensors["b"]])

    return call, _flat


def _descent(data: Data, steps: int) -> Any:
    wanted = ("w1", "b1", "w2", "b2")

    def call() -> Any:
        tensors = _tensors(data, wanted)
        weights = [tensors[w] for w in wanted]
        for _ in range(steps):
            gradients = torch.autograd.grad(_loss(**tensors), weights)
            with torch.no_grad():
                for w, g in zip(weights, gradients, strict=True):
                    w -= RATE * g
        return weights

    return call, lambda weights: [float(w.detach().abs().sum()) for w in weights]


def descent_tiny(data: Data) -> Any:
    return _descent(data, STEPS["descent_tiny"])


def descent_small(data: Data) -> Any:
    return _descent(data, STEPS["descent_small"])


def sort(data: Data) -> Any:
    tensors = _tensors(data, ("x",))
    x, c = tensors["x"], tensors["c"]

    def call() -> Any:
        (g,) = torch.autograd.grad((x[0] * torch.sort(x).values * c).sum(), [x])
        return g

    return call, lambda g: [float(g[0]), float(g.abs().sum())]


def gates_eager(data: Data) -> Any:
    def call() -> Any:
        inputs = [torch.tensor(v, requires_grad=True, dtype=torch.float64) for v in data["x"]]
        last = run(data["program"], inputs, torch.tanh)
        return last.detach(), torch.autograd.grad(last, inputs, allow_unused=True)

    return call, lambda done: [float(done[0]), sum(abs(float(g)) for g in done[1] if g is not None)]
