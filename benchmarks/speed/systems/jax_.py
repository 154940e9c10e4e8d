"""JAX, the whole step jitted, and whole loops as ``fori_loop``."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from benchmarks.speed.cases import RATE, STEPS, Data


def _loss(w1: Any, b1: Any, w2: Any, b2: Any, x: Any, y: Any) -> Any:
    z = jnp.maximum(x @ w1 + b1, 0) @ w2 + b2
    return jnp.mean(jnp.logaddexp(0, z) - y * z)


def _flat(done: Any) -> list[float]:
    value, gradients = done
    return [float(value), *(float(jnp.sum(jnp.abs(g))) for g in gradients)]


def _ready(data: Data) -> dict[str, Any]:
    return {name: jax.device_put(value) for name, value in data.items()}


def network_wide(data: Data) -> Any:
    step = jax.jit(jax.value_and_grad(_loss, argnums=(0, 1, 2, 3)))
    on = _ready(data)
    return lambda: jax.block_until_ready(step(*on.values())), _flat


network_narrow = network_wide


def logistic(data: Data) -> Any:
    def loss(w: Any, b: Any, x: Any, y: Any) -> Any:
        z = x @ w + b
        return jnp.mean(jnp.logaddexp(0, z) - y * z)

    step = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    on = _ready(data)
    return lambda: jax.block_until_ready(step(*on.values())), _flat


def _descent(data: Data, steps: int) -> Any:
    on = _ready(data)
    x, y = on.pop("x"), on.pop("y")

    @jax.jit
    def descend(weights: Any, x: Any, y: Any) -> Any:
        def step(_: Any, weights: Any) -> Any:
            gradients = jax.grad(_loss, argnums=(0, 1, 2, 3))(*weights, x, y)
            return tuple(w - RATE * g for w, g in zip(weights, gradients, strict=True))

        return jax.lax.fori_loop(0, steps, step, weights)

    weights = tuple(on.values())
    return (
        lambda: jax.block_until_ready(descend(weights, x, y)),
        lambda done: [float(jnp.sum(jnp.abs(w))) for w in done],
    )


def descent_tiny(data: Data) -> Any:
    return _descent(data, STEPS["descent_tiny"])


def descent_small(data: Data) -> Any:
    return _descent(data, STEPS["descent_small"])


def sort(data: Data) -> Any:
    jax.config.update("jax_enable_x64", True)
    gradient = jax.jit(jax.grad(lambda x, c: jnp.sum(x[0] * jnp.sort(x) * c)))
    on = _ready(data)
    return (
        lambda: jax.block_until_ready(gradient(on["x"], on["c"])),
        lambda g: [float(g[0]), float(jnp.sum(jnp.abs(g)))],
    )
