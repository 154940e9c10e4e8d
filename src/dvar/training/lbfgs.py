"""L-BFGS: SciPy's, on a compiled value and gradient."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.compiling import jit
from dvar.core.errors import ReadError
from dvar.core.op import Array
from dvar.read.trace import containers
from dvar.training.batches import Source, Whole
from dvar.training.blame import diverged
from dvar.training.result import Trained
from dvar.training.step import Loss, Parameters
from dvar.transforms import value_and_grad


def minimise(
    loss: Loss,
    parameters: Parameters,
    source: Source,
    steps: int,
    threads: int | None,
) -> Trained:
    """At most so many iterations, over all examples; it ends earlier where nothing more is gained.

    Source: Byrd, Lu, Nocedal & Zhu 1995, A limited memory algorithm for bound constrained optimization.

    Raises:
        ReadError: a batch size was given.
        Diverged: the loss or its gradient is not finite.
    """
    if not isinstance(source, Whole):
        raise ReadError(
            "lbfgs looks at all examples in every step",
            hint="data as arrays, and batch_size left out",
        )
    from scipy.optimize import minimize

    data = source.data

    both = jit(value_and_grad(lambda params, data: loss(**params, **data)), threads=threads)
    losses: list[float] = []
    asked: dict[str, float] = {}

    def value_and_slope(flat: Array) -> tuple[float, Array]:
        tree = parameters.tree(_split(flat, parameters.first))
        value, gradients = both(tree, data)
        slope = np.concatenate([np.ravel(g) for g in containers.leaves(gradients)]).astype(float)
        if not np.isfinite(value) or not np.isfinite(slope).all():
            raise diverged(loss, tree, data, len(losses) + 1)
        asked["value"] = float(value)
        return asked["value"], slope

    def note(intermediate_result: Any) -> None:
        losses.append(float(intermediate_result.fun))

    began = time.perf_counter()
    flat = np.concatenate([np.ravel(a) for a in parameters.first]).astype(float)
    found, finished = flat, True
    if steps:
        losses.append(value_and_slope(flat)[0])
        done = minimize(
            value_and_slope,
            flat,
            jac=True,
            method="L-BFGS-B",
            callback=note,
            options={"maxiter": steps, "maxfun": 20 * steps + 20},
        )
        found = done.x
    params = parameters.tree(_split(found, parameters.first))
    return Trained(params, np.array(losses), time.perf_counter() - began, finished, 1)


def _split(flat: Array, like: Sequence[Array]) -> list[Array]:
    """One long vector as arrays of given shapes and types."""
    ends = np.cumsum([a.size for a in like])
    parts = np.split(flat, ends[:-1])
    return [p.reshape(a.shape).astype(a.dtype) for p, a in zip(parts, like, strict=True)]
