"""L-BFGS: SciPy's, on a compiled value and gradient."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dvar.core.errors import ReadError
from dvar.core.op import Array
from dvar.training.batches import Batches, Source, Stream, example_count
from dvar.training.blame import diverged
from dvar.training.checkpoint import Keeper, Standing
from dvar.training.means import Data, check_mean, mean_of
from dvar.training.progress import Bar
from dvar.training.result import Trained
from dvar.training.step import Gradient, Loss, Parameters


def minimise(
    loss: Loss,
    gradient: Gradient,
    parameters: Parameters,
    source: Source,
    steps: int,
    keeper: Keeper,
    bar: Bar,
    ends: Callable[[int, float, Sequence[Array]], bool],
) -> Trained:
    """At most so many iterations, over all examples; it ends earlier where nothing more is gained.

    Of a stream, loss and gradient are the means over a pass, so the loss has to be a mean over the examples.

    Args:
        loss: the loss that is minimised.
        gradient: the loss and its gradient.
        parameters: where to begin.
        source: all examples, or a stream of them.
        steps: iterations at most.
        keeper: keeps where the search stands.
        bar: shows how far it is.
        ends: called after an iteration with how many are done, the loss and the parameters; True ends the search.

    Source: Byrd, Lu, Nocedal & Zhu 1995, A limited memory algorithm for bound constrained optimization.

    Raises:
        ReadError: batches were asked for, the loss is no mean over a stream, or the checkpoint cannot be used.
        Diverged: the loss or its gradient is not finite.
    """
    if isinstance(source, Batches):
        raise ReadError("lbfgs looks at all examples in every step", hint="leave batch_size out")
    from scipy.optimize import minimize

    began = time.perf_counter()
    search = _Search(loss, gradient, parameters, source, keeper, bar, ends)
    finished = True
    if steps:
        try:
            minimize(
                search.answer,
                search.start,
                jac=True,
                method="L-BFGS-B",
                callback=search.accept,
                options={"maxiter": steps, "maxfun": 20 * steps + 20},
            )
            finished = not search.is_ended or len(search.losses) > steps
        except KeyboardInterrupt:
            finished = False
    keeper.keep(search.standing())
    params = parameters.tree(search.arrays(search.found))
    return Trained(params, np.array(search.losses), time.perf_counter() - began, finished, 1)


class _Search:
    """Answers what SciPy asks, and remembers the answers where they are to be kept.

    The search follows from them alone: given the same answers it takes the same way, bit for bit.  So it is gone
    on with by giving the answers of the last time first.

    Attributes:
        start: the parameters at the beginning, as one vector.
        found: the parameters after the last iteration, as one vector.
        losses: the loss at the start and after each iteration.
        is_ended: whether ``ends`` ended it.
    """

    def __init__(
        self,
        loss: Loss,
        gradient: Gradient,
        parameters: Parameters,
        source: Source,
        keeper: Keeper,
        bar: Bar,
        ends: Callable[[int, float, Sequence[Array]], bool],
    ) -> None:
        self._loss, self._gradient, self._parameters = loss, gradient, parameters
        self._source, self._keeper, self._bar, self._ends = source, keeper, bar, ends
        self._is_checked = False
        self.start = _joined(parameters.first)
        self._values: list[float] = []
        self._slopes: list[Array] = []
        standing = keeper.found()
        if standing is not None:
            self.start, values, slopes = standing.carry[-3:]
            self._values, self._slopes = values.tolist(), list(slopes)
        self._known, self._asked = len(self._values), 0
        self.found, self.losses, self.is_ended = self.start, list[float](), False

    def answer(self, flat: Array) -> tuple[float, Array]:
        """The loss and its slope at a point."""
        self._asked += 1
        if self._asked <= self._known:
            value, slope = self._values[self._asked - 1], self._slopes[self._asked - 1]
        else:
            value, slope = self._computed(flat)
            if self._keeper.path is not None:
                self._values.append(value)
                self._slopes.append(slope)
        if not self.losses:
            self.losses.append(value)
        return value, slope

    def _computed(self, flat: Array) -> tuple[float, Array]:
        arrays = self.arrays(flat)
        if isinstance(self._source, Stream):
            value, gradients = mean_of(
                (example_count(batch), *self._of_batch(arrays, batch))
                for batch in self._source.batches()
            )
        else:
            (piece,) = self._source.pieces(0, 1)
            value, gradients = self._finite(arrays, piece.data)
        return value, _joined(gradients)

    def _of_batch(self, arrays: list[Array], batch: Data) -> tuple[float, list[Array]]:
        if not self._is_checked:
            check_mean(self._loss, self._parameters, arrays, batch)
            self._is_checked = True
        return self._finite(arrays, batch)

    def _finite(self, arrays: list[Array], data: Data) -> tuple[float, list[Array]]:
        """The loss and its gradient.  Raises Diverged if they are not finite."""
        value, gradients = self._gradient(arrays, data)
        if not np.isfinite(value) or not all(np.isfinite(g).all() for g in gradients):
            raise diverged(self._loss, self._parameters.tree(arrays), data, len(self.losses) + 1)
        return value, gradients

    def accept(self, intermediate_result: Any) -> None:
        """An iteration is done; StopIteration ends the search.  SciPy looks at the parameter's name."""
        value = float(intermediate_result.fun)
        self.found = intermediate_result.x.copy()
        self.losses.append(value)
        step = len(self.losses) - 1
        self._bar.show(step, value)
        if self._asked <= self._known:
            return
        self._keeper.keep_if_due(self.standing)
        self.is_ended = self._ends(step, value, self.arrays(self.found))
        if self.is_ended:
            raise StopIteration

    def standing(self) -> Standing:
        slopes = np.array(self._slopes).reshape(len(self._slopes), self.start.size)
        carry = [*self.arrays(self.found), self.start, np.array(self._values), slopes]
        return Standing(len(self.losses) - 1, carry, np.array(self.losses))

    def arrays(self, flat: Array) -> list[Array]:
        """One long vector as the arrays of the parameters."""
        like = self._parameters.first
        parts = np.split(flat, np.cumsum([a.size for a in like])[:-1])
        return [p.reshape(a.shape).astype(a.dtype) for p, a in zip(parts, like, strict=True)]


def _joined(arrays: Sequence[Array]) -> Array:
    return np.concatenate([np.ravel(a) for a in arrays]).astype(float)
