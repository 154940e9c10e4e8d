"""A loss as the mean of the losses of parts of the examples, and the gradient likewise.

The gradient of a mean over examples is the mean of the gradients of its parts, weighted by their sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.op import Array
from dvar.training.batches import example_count
from dvar.training.step import Loss, Parameters

Data = dict[str, Array]
Told = tuple[int, float, list[Array]]
"""Of a part: how many examples, the mean loss, its gradient."""

# How far the loss of two parts may be from the mean of their losses, by rounding.
ROUNDING = {"float32": 1e-3, "float64": 1e-8}
FEW = 7
# Parameters are moved about so much: at the start itself, where weights may be zero, all examples are alike.
MOVES = (0.1, 0.1, 1.0, 1.0)


def parts_of(data: Mapping[str, Array], count: int) -> list[Data]:
    """Consecutive examples, about as many in each part."""
    m = example_count(data)
    ends = [m * n // count for n in range(count + 1)]
    return [
        {name: np.ascontiguousarray(a[i:j]) for name, a in data.items()}
        for i, j in pairwise(ends)
        if j > i
    ]


def mean_of(told: Iterable[Told]) -> tuple[float, list[Array]]:
    """The mean of the parts, weighted by their sizes; added in their order, in float64."""
    whole, value, sums, kinds = 0, 0.0, list[Array](), list[Any]()
    for count, part, gradients in told:
        weighted = [count * g.astype(np.float64) for g in gradients]
        sums = [a + b for a, b in zip(sums, weighted, strict=True)] if whole else weighted
        whole, value, kinds = whole + count, value + count * part, [g.dtype for g in gradients]
    means = [np.asarray(a / whole, kind) for a, kind in zip(sums, kinds, strict=True)]
    return value / whole, means


def check_mean(
    loss: Loss, parameters: Parameters, arrays: Sequence[Array], data: Mapping[str, Array]
) -> None:
    """Raises ReadError if some examples together have another loss than the mean of their losses.

    A few examples, drawn from all of them, are looked at together and in two parts, at parameters drawn around
    ``arrays``.  Two smooth functions that differ anywhere differ almost everywhere, so a draw tells them apart.
    """
    draw = np.random.default_rng(0)
    m = example_count(data)
    kinds = {str(a.dtype) for a in (*arrays, *data.values())}
    near = ROUNDING["float32" if "float32" in kinds else "float64"]
    for move in (0.0, *MOVES):
        rows = np.sort(draw.choice(m, min(FEW, m), replace=False))
        moved = [_moved(a, move, draw) for a in arrays]
        params = parameters.tree(moved)
        with np.errstate(all="ignore"):
            both, mean = _together_and_apart(loss, params, {n: a[rows] for n, a in data.items()})
        if (
            np.isfinite(both)
            and np.isfinite(mean)
            and abs(both - mean) > near * max(1.0, abs(both))
        ):
            raise ReadError(
                f"the loss of {len(rows)} examples is {both:.6g}, the mean over its parts {mean:.6g}: "
                "parts are added up, so the loss has to be a mean over the examples",
                hint="np.mean instead of np.sum; nothing that looks at all examples at once, as batch "
                "normalisation does",
            )


def _moved(array: Array, move: float, draw: np.random.Generator) -> Array:
    noise = move * draw.standard_normal((2, *array.shape))
    return np.asarray(array * (1 + noise[0]) + noise[1], array.dtype)


def _together_and_apart(loss: Loss, params: dict[str, Any], few: Data) -> tuple[float, float]:
    parts = parts_of(few, 2)
    losses = [example_count(part) * float(loss(**params, **part)) for part in parts]
    return float(loss(**params, **few)), sum(losses) / example_count(few)
