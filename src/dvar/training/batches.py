"""Which examples each step sees: all of them, batches in a drawn order, or what a stream brings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from dvar.core.dtypes import dtype_of
from dvar.core.errors import DtypeError, ReadError, ShapeError
from dvar.core.op import Array
from dvar.training.arguments import whole

# Examples of many steps are gathered at once, up to so many bytes.
GATHERED = 64 * 2**20
NO_BATCH = "the stream of data gives no batch"


class Piece(NamedTuple):
    """Steps that can be one call.

    Attributes:
        steps: how many.
        data: arrays by name; ``in_batches`` with one more axis in front, a batch for each step.
        in_batches: False if every step sees the same examples.
    """

    steps: int
    data: dict[str, Array]
    in_batches: bool


class Source(Protocol):
    """Where examples come from.

    Attributes:
        per_epoch: how many steps see every example once.
        told: what a checkpoint remembers of it.
    """

    @property
    def per_epoch(self) -> int: ...

    @property
    def told(self) -> dict[str, Any]: ...

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """The steps from ``first`` to ``last`` (exclusive)."""


class Whole:
    """Every step sees all examples."""

    per_epoch = 1

    def __init__(self, data: dict[str, Array]) -> None:
        self.data = {name: worked(array) for name, array in data.items()}
        self.told = {"number_of_examples": example_count(data), "batch_size": None}

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        yield Piece(last - first, self.data, False)


class Batches:
    """All examples are seen once an epoch, in an order that a seed and the epoch decide.

    The last step of an epoch takes what remains.  Data of a type dvar does not work in, as pixels in a memory
    map, become another a few batches at a time.
    """

    def __init__(self, data: dict[str, Array], size: int, seed: int) -> None:
        self.count = example_count(data)
        self.data, self.size, self.seed = data, max(1, min(size, self.count)), seed
        self.per_epoch = -(-self.count // self.size)
        self.told = {"number_of_examples": self.count, "batch_size": self.size, "seed": seed}
        self._epoch, self._order = -1, np.empty(0, np.intp)

    @property
    def shares(self) -> Array:
        """How much of the examples each step of an epoch sees."""
        seen = np.full(self.per_epoch, self.size)
        seen[-1] = self.count - self.size * (self.per_epoch - 1)
        return seen / self.count

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        whole = self.count // self.size
        bytes_ = sum(a.size * np.dtype(dtype_of(a)).itemsize for a in self.data.values())
        each = bytes_ // max(1, self.count) * self.size
        most = max(1, GATHERED // max(1, each))
        while first < last:
            epoch, within = divmod(first, self.per_epoch)
            order = self._order_of(epoch)
            steps = min(last - first, whole - within, most) if within < whole else 1
            size = self.size if within < whole else self.count - whole * self.size
            rows = order[within * self.size : within * self.size + steps * size]
            gathered = {
                name: worked(a[rows]).reshape(steps, size, *a.shape[1:])
                for name, a in self.data.items()
            }
            yield Piece(steps, gathered, True)
            first += steps

    def _order_of(self, epoch: int) -> Array:
        if epoch != self._epoch:
            # The order follows from the seed and the epoch alone: nothing to remember when training goes on.
            draw = np.random.default_rng([self.seed, epoch])
            self._epoch, self._order = epoch, draw.permutation(self.count)
        return self._order


class Stream:
    """Each step takes the next batch of a pass over the data; when a pass ends, the next begins.

    Args:
        make: begins a pass: without arguments, gives batches, arrays by name.  Every pass gives the same.

    Attributes:
        seen: how many batches a pass has; 0 until one has ended or was counted.
    """

    def __init__(self, make: Callable[[], Iterable[Mapping[str, Any]]]) -> None:
        self._make = make
        self.seen = 0
        self._at = -1
        self._within = 0
        self._pass: Iterator[Mapping[str, Any]] = iter(())
        self.told: dict[str, Any] = {"batch_size": "of a stream"}

    @property
    def per_epoch(self) -> int:
        """Batches in a pass; counted by one if none has ended yet."""
        if not self.seen:
            self.seen = sum(1 for _ in self._begun())
            if not self.seen:
                raise ReadError(NO_BATCH)
        return self.seen

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        if first != self._at:
            self._go_to(first)
        for _ in range(first, last):
            arrays = _checked(self._next())
            self._at += 1
            yield Piece(1, {name: a[None] for name, a in arrays.items()}, True)

    def batches(self) -> Iterator[dict[str, Array]]:
        """A pass of its own over the data.  Raises ReadError if it gives nothing."""
        count = 0
        for batch in self._begun():
            yield _checked(batch)
            count += 1
        if not count:
            raise ReadError(NO_BATCH)

    def _begun(self) -> Iterator[Mapping[str, Any]]:
        """A new pass.  Raises ReadError if it is none."""
        begun = self._make()
        if not isinstance(begun, Iterable):
            raise ReadError(
                f"the stream of data is {type(begun).__name__}, not batches one after the other",
                hint='a function that says yield {"x": …, "y": …}',
            )
        return iter(begun)

    def _go_to(self, step: int) -> None:
        self._pass, self._within = self._begun(), 0
        for _ in range(step % self.seen if self.seen else step):
            self._next()
        self._at = step

    def _next(self) -> Mapping[str, Any]:
        """The next batch of this pass, or else the first of the next."""
        batch = next(self._pass, None)
        if batch is None and self._within:
            self.seen, self._within = self._within, 0
            self._pass = self._begun()
            batch = next(self._pass, None)
        if batch is None:
            raise ReadError(NO_BATCH)
        self._within += 1
        return batch


def _checked(batch: Mapping[str, Any]) -> dict[str, Array]:
    if not isinstance(batch, Mapping):
        raise ReadError(
            f"the stream of data gave {type(batch).__name__}, not arrays by name",
            hint='yield {"x": x[n : n + 64], "y": y[n : n + 64]}',
        )
    arrays = {name: worked(examples(name, value)) for name, value in batch.items()}
    example_count(arrays)
    return arrays


def source_of(data: Any, batch_size: int | None, seed: int) -> Source:
    """Where the examples of ``train`` come from.

    Raises:
        ReadError: a batch without examples, a batch size for a stream, a seed that is none.
        ShapeError, DtypeError: the data are no arrays with the same number of examples, or have none.
    """
    whole("seed", seed, 0, "an order is drawn from 0, 1, 2 …", 0)
    if batch_size is not None:
        whole("batch_size", batch_size, 1, "a step needs an example", 32)
    if callable(data):
        if batch_size is not None:
            raise ReadError("a stream decides itself how large its batches are")
        return Stream(data)
    arrays = {name: examples(name, value) for name, value in data.items()}
    return Whole(arrays) if batch_size is None else Batches(arrays, batch_size, seed)


def examples(name: str, value: Any) -> Array:
    """Data as an array of numbers; a memory map stays one, and a path of an ``.npy`` file becomes one.

    Raises:
        DtypeError: the data are ragged, or no numbers.
        ReadError: the file cannot be read.
    """
    if isinstance(value, (str, Path)) and str(value).endswith(".npy"):
        from dvar.training.files import mapped

        value = mapped(str(value))
    try:
        array = value if isinstance(value, np.ndarray) else np.asarray(value)
        dtype_of(array)
    except (DtypeError, ValueError):
        raise DtypeError(
            f"the data {name} are not an array of numbers",
            hint="ragged or textual data have to become numbers first",
        ) from None
    return array


def worked(array: Array) -> Array:
    """The array in a type dvar works in: itself if it is of one."""
    dtype = dtype_of(array)
    return array if array.dtype == dtype else array.astype(dtype)


def example_count(data: Mapping[str, Array]) -> int:
    """How many examples there are: the length of axis 0, which every array shares.

    Raises:
        ShapeError: arrays differ in length, or have none, or one has no axis.
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
    if counts and not min(counts.values()):
        raise ShapeError(f"there is no example in the data: {next(iter(counts))} has length 0")
    return next(iter(counts.values()), 0)
