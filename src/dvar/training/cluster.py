"""Training on the workers of a Dask cluster: each has a part of the examples, and all gradients are added up.

The gradient of a mean over examples is the mean of the gradients of its parts, weighted by their sizes.  Parts are
cut, and sums taken, in the same order every time, whichever worker does what; a worker that dies has its parts done
by the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from uuid import uuid4

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.op import Array, dtype_of
from dvar.engine.program import Program, compiled
from dvar.read.trace.array import unwrap
from dvar.read.trace.trace import closed, unknown
from dvar.training.batches import Piece, example_count
from dvar.training.optimizers import Optimizer
from dvar.training.step import Gradient, Loss, Parameters, Step, gradient_of

# How often a part is tried again when the worker that has it dies.
RETRIES = 5

Data = dict[str, Array]
Told = tuple[int, float, list[Array]]
"""Of a part: how many examples, the mean loss, its gradient."""


class Workers:
    """The loss and its gradient, for which each worker of a cluster takes a part of the examples.

    Raises:
        ReadError: at the first call, the loss is no mean over the examples.
    """

    def __init__(
        self, loss: Loss, parameters: Parameters, client: Any, threads: int | None
    ) -> None:
        self.loss, self.parameters = loss, parameters
        self._client, self._threads = client, threads
        self._run, self._packed = uuid4().hex, _packed(loss, parameters)
        self._parts: list[Any] = []
        self._is_checked = False

    def __call__(
        self, arrays: Sequence[Array], data: Mapping[str, Array], in_batches: bool = False
    ) -> tuple[float, list[Array]]:
        """The loss, and its gradient for each array of parameters.

        Args:
            arrays: the parameters.
            data: examples by name; unless ``in_batches``, the same in every call: they stay with the workers.
            in_batches: whether every call has other examples.
        """
        if not self._is_checked:
            check_mean(self.loss, self.parameters, arrays, data)
            self._is_checked = True
        if in_batches:
            parts: list[Any] = _parts(data, self._count())
        else:
            parts = self._parts = self._parts or [
                # Where a worker dies, its part is handed out again.
                self._client.submit(_same, part, pure=False)
                for part in _parts(data, self._count())
            ]
        asked = [
            self._client.submit(
                gradient_of_part,
                self._run,
                self._packed,
                list(arrays),
                part,
                self._threads,
                pure=False,
                retries=RETRIES,
            )
            for part in parts
        ]
        return _mean_of(self._client.gather(asked))

    def _count(self) -> int:
        return max(1, len(self._client.scheduler_info()["workers"]))


class SharedStep(Step):
    """A step whose loss and gradient the workers of a cluster compute.

    Raises:
        ReadError: at the first step, the loss is no mean over the examples.
    """

    def __init__(
        self,
        loss: Loss,
        parameters: Parameters,
        optimizer: Optimizer,
        client: Any,
        threads: int | None,
    ) -> None:
        super().__init__(loss, parameters, optimizer, threads)
        self._gradient = Workers(loss, parameters, client, threads)
        self._update = self._compiled_update()

    def run(self, carry: Sequence[Array], rates: Array, piece: Piece) -> tuple[list[Array], Array]:
        """As ``Step.run``; every step is a round of the cluster."""
        losses = np.empty(len(rates), self.rate_dtype)
        carry = list(carry)
        for n, rate in enumerate(rates):
            data = piece.data
            if piece.in_batches:
                data = {name: a[n] for name, a in data.items()}
            arrays, _ = self._apart(carry)
            losses[n], gradients = self._gradient(arrays, data, piece.in_batches)
            carry = self._update([*carry, *gradients, rate])
        return carry, losses

    def _compiled_update(self) -> Program:
        carried = [unknown(f"w{n}", a.shape, dtype_of(a)) for n, a in enumerate(self.start)]
        gradients = [
            unknown(f"g{n}", a.shape, dtype_of(a)) for n, a in enumerate(self.parameters.first)
        ]
        rate = unknown("learning_rate", (), str(self.rate_dtype))
        inputs = [unwrap(x) for x in (*carried, *gradients, rate)]
        arrays, states = self._apart(carried)
        roots = closed(self._moved(arrays, states, gradients, rate), inputs)
        return compiled(inputs, roots, 1)


# ── on the workers ──────────────────────────────────────────────────────────────────────────────

# The training that this process works for: its name, and its compiled gradient.
_here: dict[str, Gradient] = {}


def gradient_of_part(
    run: str, packed: bytes, arrays: list[Array], data: Data, threads: int | None
) -> Told:
    """What one worker says of a part.  ``run`` names the training, so that a worker compiles once for it."""
    if run not in _here:
        import pickle

        loss, parameters = pickle.loads(packed)
        _here.clear()
        _here[run] = gradient_of(loss, parameters, threads)
    return example_count(data), *_here[run](arrays, data)


def _packed(loss: Loss, parameters: Parameters) -> bytes:
    """The loss as it is here, source and all: a worker need not have the file it comes from."""
    import cloudpickle

    module = inspect.getmodule(loss)
    apart = module is not None and module.__name__.partition(".")[0] != "dvar"
    if apart:
        cloudpickle.register_pickle_by_value(module)
    try:
        packed: bytes = cloudpickle.dumps((loss, parameters))
    finally:
        if apart:
            cloudpickle.unregister_pickle_by_value(module)
    return packed


def _same(part: Data) -> Data:
    return part


# ── in parts and together ───────────────────────────────────────────────────────────────────────


def _parts(data: Mapping[str, Array], count: int) -> list[Data]:
    """Consecutive examples, about as many in each part."""
    m = example_count(data)
    ends = [m * n // count for n in range(count + 1)]
    return [
        {name: np.ascontiguousarray(a[i:j]) for name, a in data.items()}
        for i, j in pairwise(ends)
        if j > i
    ]


def _mean_of(told: Sequence[Told]) -> tuple[float, list[Array]]:
    """The mean of the parts, weighted by their sizes; added in their order."""
    whole = sum(count for count, _, _ in told)
    value = sum(count * value for count, value, _ in told) / whole
    columns = zip(*(gradients for _, _, gradients in told), strict=True)
    return value, [
        sum(
            (
                np.asarray(count / whole, g.dtype) * g
                for (count, _, _), g in zip(told, column, strict=True)
            ),
            start=np.zeros_like(column[0]),
        )
        for column in columns
    ]


# ── what is a mean ──────────────────────────────────────────────────────────────────────────────

# How far the loss of two parts may be from the mean of their losses, by rounding.
ROUNDING = {"float32": 1e-3, "float64": 1e-8}
FEW = 7
# Parameters are moved about so much: at the start itself, where weights may be zero, all examples are alike.
MOVES = (0.1, 0.1, 1.0, 1.0)


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
                "a cluster adds up parts, so the loss has to be a mean over the examples",
                hint="np.mean instead of np.sum; nothing that looks at all examples at once, as batch "
                "normalisation does",
            )


def _moved(array: Array, move: float, draw: np.random.Generator) -> Array:
    noise = move * draw.standard_normal((2, *array.shape))
    return np.asarray(array * (1 + noise[0]) + noise[1], array.dtype)


def _together_and_apart(loss: Loss, params: dict[str, Any], few: Data) -> tuple[float, float]:
    parts = _parts(few, 2)
    losses = [example_count(part) * float(loss(**params, **part)) for part in parts]
    return float(loss(**params, **few)), sum(losses) / example_count(few)
