"""``train``: steps in chunks of machine code, and what has to be done between them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from dvar.core.op import Array
from dvar.engine.program import workers_of
from dvar.training.arguments import check_checkpoint, check_cluster, check_names, rate_at, total_of
from dvar.training.batches import Batches, Source, Stream, Whole, source_of
from dvar.training.blame import diverged
from dvar.training.checkpoint import Keeper, Standing
from dvar.training.optimizers import Optimizer, optimizer_of
from dvar.training.progress import Bar
from dvar.training.result import Trained
from dvar.training.step import Gradient, Loss, Parameters, Step, gradient_of

Rate: TypeAlias = "float | Callable[[int], float]"

# Steps between looking up are so many that they take about this long, in seconds.
CHUNK = 0.1


def train(
    loss: Loss,
    params: Mapping[str, Any],
    *,
    data: Mapping[str, Any] | Callable[[], Iterable[Mapping[str, Any]]],
    steps: int | None = None,
    epochs: int | None = None,
    learning_rate: Rate = 0.1,
    optimizer: str | Optimizer = "gd",
    batch_size: int | None = None,
    seed: int = 0,
    progress: bool | None = None,
    callback: Callable[[int, float, dict[str, Any]], bool | None] | None = None,
    checkpoint: str | Path | None = None,
    threads: int | None = None,
    cluster: Any = None,
) -> Trained:
    """Find parameters with a small loss.

    The loss, its gradient and the update are one compiled program, and many steps are one call of it.

    Args:
        loss: plain NumPy, called as ``loss(**params, **data)``; a scalar, the smaller the better.
        params: where to begin: arrays by name, also containers of arrays (weights of layers).  Not changed.
        data: arrays by name; axis 0 is the examples.  A memory map, or the path of an ``.npy`` file, is read from
            disk as it is needed.  Or a function without arguments that begins a pass over data of any size and
            gives batches, each a step.
        steps, epochs: how long; one of the two.  In an epoch every example is seen once.
        learning_rate: the size of steps; a number, or a function of the number of the step (from 0).
        optimizer: ``"gd"``, ``"momentum"``, ``"adam"``, ``"lbfgs"`` (all examples of a pass, no learning rate), or one of
            ``dvar.training.optimizers``.
        batch_size: examples in a step; None is all of them.
        seed: of the order in which batches take the examples.
        progress: a bar on standard error; None shows it where somebody watches.
        callback: called now and then (at the end of each epoch when there are batches, else, or after steps of
            a stream, about a hundred times) with the steps done, the loss and the parameters; True ends training.  The
            loss is its mean over an epoch of batches, else the last one.
        checkpoint: a file in which training is saved every 20 seconds and at the end.  If it is there,
            training goes on from it, and the result is the same, bit for bit, as without the interruption.
        threads: how many threads may work at once; None is one for each core.
        cluster: a ``distributed.Client``: its workers share the examples of every step.  The loss has to be
            a mean over the examples (and what does not depend on them, as a penalty).

    Returns:
        The parameters, the loss before every step, and a learning curve.  Interrupted (Ctrl-C), what there is.

    Raises:
        Diverged: a number is not finite: says at which step, in which expression and on which line.
        NotSaved: a checkpoint cannot be written; the parameters are in the error's ``.params``.
        ShapeError: arrays differ in their number of examples.
        ReadError: a checkpoint cannot be used; an unknown optimizer; neither or both of steps and epochs; an argument
            that is none of what it may be.

    Example:
        >>> import numpy as np, dvar
        >>> x = np.linspace(-1, 1, 50)
        >>> def loss(a, b, x, y):
        ...     return np.mean((a * x + b - y) ** 2)
        >>> done = dvar.train(loss, {"a": 0.0, "b": 0.0}, data={"x": x, "y": 3 * x - 1}, steps=500)
        >>> round(float(done.params["a"]), 3), round(float(done.params["b"]), 3)
        (3.0, -1.0)
    """
    check_names(loss, params, data)
    check_checkpoint(checkpoint)
    check_cluster(cluster)
    workers_of(threads)
    if not callable(learning_rate):
        rate_at(learning_rate, 0)
    parameters = Parameters(params)
    source = source_of(data, batch_size, seed)
    sees_all = optimizer == "lbfgs" or isinstance(source, Whole)
    total = total_of(steps, epochs, lambda: 1 if sees_all else source.per_epoch)
    stride = max(1, total // 100)
    if callback and not sees_all and (epochs is not None or isinstance(source, Batches)):
        stride = source.per_epoch

    def ends(step: int, last: float, carry: Sequence[Array]) -> bool:
        if callback is None or step % stride:
            return False
        return bool(callback(step, last, parameters.tree(carry)))

    settings = {"names_of_parameters": parameters.names, **source.told}
    if optimizer == "lbfgs":
        from dvar.training.lbfgs import minimise

        settings |= {"optimizer": "lbfgs", "form_of_the_parameters": parameters.forms}
        keeper = Keeper(checkpoint, settings, parameters.tree)
        with Bar(total, 0, progress) as bar:
            gradient = _gradient(loss, parameters, source, threads, cluster)
            return minimise(loss, gradient, parameters, source, total, keeper, bar, ends)
    chosen = optimizer_of(optimizer)
    step = _step(loss, parameters, chosen, threads, cluster)
    keeper = Keeper(checkpoint, {"optimizer": chosen.name, **settings}, parameters.tree)
    standing = keeper.found(step.start) or Standing(0, step.start, np.empty(0))
    began = time.perf_counter()
    run = _Run(step, source, learning_rate)
    with Bar(total, standing.step, progress) as bar:
        standing, finished = run.until(
            total, standing, stride if callback else 0, bar, keeper, ends
        )
    done = parameters.tree(standing.carry)
    taken = time.perf_counter() - began
    # The end of a stream may be far away, or never come.
    per_epoch = source.seen if isinstance(source, Stream) else source.per_epoch
    return Trained(done, standing.losses, taken, finished, per_epoch or max(1, standing.step))


def _step(
    loss: Loss, parameters: Parameters, chosen: Optimizer, threads: int | None, cluster: Any
) -> Step:
    if cluster is None:
        return Step(loss, parameters, chosen, threads)
    from dvar.training.cluster import SharedStep

    return SharedStep(loss, parameters, chosen, cluster, threads)


def _gradient(
    loss: Loss, parameters: Parameters, source: Source, threads: int | None, cluster: Any
) -> Gradient:
    if cluster is None:
        return gradient_of(loss, parameters, threads)
    from dvar.training.cluster import Workers

    workers = Workers(loss, parameters, cluster, threads)
    return workers if isinstance(source, Whole) else partial(workers, in_batches=True)


class _Run:
    """Steps in chunks, from where training stands to where it ends."""

    def __init__(self, step: Step, source: Source, rate: Rate) -> None:
        self.step, self.source, self.rate = step, source, rate
        self._chunk = 1

    def until(
        self,
        total: int,
        standing: Standing,
        stride: int,
        bar: Bar,
        keeper: Keeper,
        ends: Callable[[int, float, Sequence[Array]], bool],
    ) -> tuple[Standing, bool]:
        """Where training stands at the end, and whether it got there.  Chunks end at multiples of ``stride``."""
        losses = [standing.losses]
        step, carry = standing.step, list(standing.carry)
        finished = True

        def stands() -> Standing:
            losses[:] = [np.concatenate(losses)]
            return Standing(step, carry, losses[0])

        try:
            while step < total:
                room = (
                    total - step
                    if not stride
                    else min(total, step // stride * stride + stride) - step
                )
                count = min(self._chunk, room)
                start = time.perf_counter()
                after, new = self._advance(step, step + count, carry)
                self._check(step, carry, after, new)
                carry, step = after, step + count
                losses.append(new)
                self._resize(count, time.perf_counter() - start)
                bar.show(step, float(new[-1]))
                keeper.keep_if_due(stands)
                if stride and step % stride == 0 and ends(step, self._seen(losses, stride), carry):
                    finished = step == total
                    break
        except KeyboardInterrupt:
            finished = False
        done = stands()
        keeper.keep(done)
        return done, finished

    def _seen(self, losses: Sequence[Array], stride: int) -> float:
        """What a callback is told of the loss: its mean over the examples of an epoch; without epochs the last one."""
        source, last = self.source, losses[-1][-1]
        if not isinstance(source, Batches) or stride != source.per_epoch:
            return float(last)
        parts, missing = [], stride
        for part in reversed(losses):
            parts.append(part[-missing:])
            missing -= len(parts[-1])
            if not missing:
                break
        return float(np.average(np.concatenate(parts[::-1]), weights=source.shares))

    def _resize(self, count: int, seconds: float) -> None:
        """Chunks as long as one likes to wait; what is compiled first does not count."""
        if seconds < CHUNK / 2 and count == self._chunk:
            self._chunk *= 2
        elif seconds > CHUNK * 2 and self._chunk > 1:
            self._chunk //= 2

    def _advance(self, first: int, last: int, carry: list[Array]) -> tuple[list[Array], Array]:
        """Steps ``first`` to ``last`` (exclusive), and the loss before each."""
        losses = []
        for piece in self.source.pieces(first, last):
            carry, new = self.step.run(carry, self._rates(first, first + piece.steps), piece)
            losses.append(new)
            first += piece.steps
        return carry, np.concatenate(losses)

    def _rates(self, first: int, last: int) -> Array:
        if callable(self.rate):
            rates = [rate_at(self.rate, n) for n in range(first, last)]
            return np.array(rates, self.step.rate_dtype)
        return np.full(last - first, self.rate, self.step.rate_dtype)

    def _check(self, first: int, before: list[Array], after: list[Array], losses: Array) -> None:
        """Raises Diverged if a loss or a parameter is no longer finite."""
        if np.isfinite(losses).all() and all(np.isfinite(a).all() for a in after):
            return
        n = first
        while True:
            carry, (value,) = self._advance(n, n + 1, before)
            if not np.isfinite(value) or not all(np.isfinite(a).all() for a in carry):
                break
            before, n = carry, n + 1
        (piece,) = self.source.pieces(n, n + 1)
        data = {name: a[0] if piece.in_batches else a for name, a in piece.data.items()}
        params = self.step.parameters.tree(before)
        raise diverged(self.step.loss, params, data, n + 1)
