"""Which examples each step sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dvar.core.errors import ShapeError
from dvar.core.op import Array

# Examples of many steps are gathered at once, up to so many bytes.
GATHERED = 64 * 2**20


def example_count(data: Mapping[str, Array]) -> int:
    """How many examples there are: the length of axis 0, which every array shares.

    Raises:
        ShapeError: arrays differ in length, or one has no axis.
    """
    for name, array in data.items():
        if not array.ndim:
            raise ShapeError(
                f"{name} is a single number, not one for each example",
                hint=f"let the loss know it otherwise: lambda **more: loss({name}={name}, **more)",
            )
    counts = {name: array.shape[0] for name, array in data.items()}
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {n}" for name, n in counts.items())
        raise ShapeError(f"the data differ in their number of examples: {told}")
    return next(iter(counts.values()), 0)


class Batches:
    """Steps in which all examples are seen once an epoch, in an order that a seed and the epoch decide.

    Attributes:
        per_epoch: steps in an epoch; the last takes what remains.
    """

    def __init__(self, data: Mapping[str, Array], size: int, seed: int) -> None:
        self.data, self.size, self.seed = data, size, seed
        self.count = example_count(data)
        self.per_epoch = -(-self.count // size)
        self._epoch, self._order = -1, np.empty(0, np.intp)

    def pieces(self, first: int, last: int) -> Iterator[tuple[int, list[Array]]]:
        """The steps from ``first`` to ``last`` (exclusive): how many, and their examples, stacked."""
        whole = self.count // self.size
        each = sum(a.nbytes for a in self.data.values()) // max(1, self.count) * self.size
        most = max(1, GATHERED // max(1, each))
        while first < last:
            epoch, within = divmod(first, self.per_epoch)
            order = self._order_of(epoch)
            steps = min(last - first, whole - within, most) if within < whole else 1
            size = self.size if within < whole else self.count - whole * self.size
            begin = within * self.size
            rows = order[begin : begin + steps * size]
            yield (
                steps,
                [a[rows].reshape(steps, size, *a.shape[1:]) for a in self.data.values()],
            )
            first += steps

    def _order_of(self, epoch: int) -> Array:
        if epoch != self._epoch:
            # The order follows from the seed and the epoch alone: nothing to remember when training goes on.
            draw = np.random.default_rng([self.seed, epoch])
            self._epoch, self._order = epoch, draw.permutation(self.count)
        return self._order
