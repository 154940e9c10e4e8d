"""Training on the workers of a Dask cluster: each has a part of the examples, and all gradients are added up.

The gradient of a mean over examples is the mean of the gradients of its parts, weighted by their sizes.  Parts are
cut, and sums taken, in the same order every time, whichever worker does what; a worker that dies has its parts done
by the others.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from dvar.core.dtypes import dtype_of
from dvar.core.op import Array
from dvar.engine.program import Program, compiled
from dvar.read.trace.array import unwrap
from dvar.read.trace.trace import closed, unknown
from dvar.training.batches import Piece, example_count
from dvar.training.means import Data, Told, check_mean, mean_of, parts_of
from dvar.training.optimizers import Optimizer
from dvar.training.step import Gradient, Loss, Parameters, Step, gradient_of

# How often a part is tried again when the worker that has it dies.
RETRIES = 5


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
            parts: list[Any] = parts_of(data, self._count())
        else:
            parts = self._parts = self._parts or [
                # Where a worker dies, its part is handed out again.
                self._client.submit(_same, part, pure=False)
                for part in parts_of(data, self._count())
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
        return mean_of(self._client.gather(asked))

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
        carried, rate = self._unknowns()
        gradients = [
            unknown(f"g{n}", a.shape, dtype_of(a)) for n, a in enumerate(self.parameters.first)
        ]
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
