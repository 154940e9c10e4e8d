"""One step of training as a program: loss, gradient and update in one graph, run many times in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.compiling import jit
from dvar.core.dtypes import dtype_of
from dvar.core.errors import DtypeError
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.program import Loop, looped
from dvar.read.trace import containers
from dvar.read.trace.array import unwrap
from dvar.read.trace.trace import as_array, as_node, closed, unknown
from dvar.training.batches import Piece
from dvar.training.optimizers import Optimizer
from dvar.transforms import value_and_grad

Loss = Callable[..., Any]
Gradient = Callable[[Sequence[Array], Mapping[str, Array]], tuple[float, list[Array]]]
"""Arrays of parameters and data → the loss, and its gradient for each of the arrays."""

# Data beyond this many bytes are not kept a second time.
TWICE = 2**30


class Parameters:
    """Arrays in their containers, as a flat list and back.

    Raises:
        DtypeError: something in the containers is not a real number.
    """

    def __init__(self, tree: Mapping[str, Any]) -> None:
        found = containers.leaves_with_paths(dict(tree))
        self.names = [".".join(map(str, path)) for path, _ in found]
        self._like = containers.rebuild(dict(tree), [None] * len(found))
        self.first = [_real(name, leaf) for name, (_, leaf) in zip(self.names, found, strict=True)]

    @property
    def forms(self) -> list[Any]:
        """The shape and type of each array."""
        return [[list(a.shape), str(a.dtype)] for a in self.first]

    def tree(self, arrays: Sequence[Any]) -> dict[str, Any]:
        """The first of the arrays in the containers; numbers as numbers."""
        own = arrays[: len(self.first)]
        plain = [x if x.ndim or not isinstance(x, np.ndarray) else x[()] for x in own]
        built: dict[str, Any] = containers.rebuild(self._like, plain)
        return built


def _real(name: str, leaf: Any) -> Array:
    try:
        array = as_array(leaf)
        if array.dtype.kind in "biu":
            array = array.astype(np.float64)
        if array.dtype.kind == "f":
            return np.array(array, np.float32 if array.dtype.itemsize <= 4 else np.float64)
    except (TypeError, ValueError):
        pass
    raise DtypeError(f"the parameter {name} is {type(leaf).__name__}: not an array of real numbers")


def _of_tree(loss: Loss) -> Callable[[Any, Mapping[str, Any]], Any]:
    """The loss as a function of parameters and data, which errors call by its name."""

    def called(tree: Any, data: Mapping[str, Any]) -> Any:
        return loss(**tree, **data)

    called.__name__ = getattr(loss, "__name__", "the loss")
    return called


def gradient_of(loss: Loss, parameters: Parameters, threads: int | None) -> Gradient:
    """The loss and its gradient, compiled for the shapes they meet."""
    both = jit(value_and_grad(_of_tree(loss)), threads=threads)

    def at(arrays: Sequence[Array], data: Mapping[str, Array]) -> tuple[float, list[Array]]:
        value, gradients = both(parameters.tree(arrays), dict(data))
        return float(value), [np.asarray(g) for g in containers.leaves(gradients)]

    return at


class Step:
    """Runs steps: what is carried is the parameters and the state of the optimizer.

    Attributes:
        start: what is carried before the first step.
        rate_dtype: the type of learning rates.
    """

    def __init__(
        self, loss: Loss, parameters: Parameters, optimizer: Optimizer, threads: int | None
    ) -> None:
        self.loss, self.parameters, self.optimizer = loss, parameters, optimizer
        self._threads = threads
        states = [optimizer.start(w) for w in parameters.first]
        self._states = containers.builder(states)
        self.start = [*parameters.first, *map(np.asarray, containers.leaves(states))]
        kinds = {w.dtype for w in parameters.first}
        self.rate_dtype = kinds.pop() if len(kinds) == 1 else np.dtype(np.float64)
        self._loops: dict[Any, Loop] = {}

    def run(self, carry: Sequence[Array], rates: Array, piece: Piece) -> tuple[list[Array], Array]:
        """As many steps as there are learning rates.

        Args:
            carry: the parameters, then the state of the optimizer.
            rates: the learning rate of each step.
            piece: the examples of as many steps.

        Returns:
            what is carried after the last step, and the loss before each.
        """
        data, in_batches = piece.data, piece.in_batches
        shapes = tuple((a.shape[1:] if in_batches else a.shape, a.dtype) for a in data.values())
        key = (shapes, in_batches)
        if key not in self._loops:
            self._loops[key] = self._compiled(data, in_batches)
        *carry, losses = self._loops[key]([*carry, rates, *data.values()], len(rates))
        return list(carry), losses.reshape(len(rates))

    def _compiled(self, data: Mapping[str, Array], in_batches: bool) -> Loop:
        carried, rate = self._unknowns()
        examples = {
            name: unknown(name, a.shape[1:] if in_batches else a.shape, dtype_of(a))
            for name, a in data.items()
        }
        inputs = [unwrap(x) for x in (*carried, rate, *examples.values())]
        roots = closed(self._roots(carried, rate, examples), inputs)
        stepped = 1 + len(data) * in_batches
        # A map of a file larger than memory must not be held in memory in another form.
        size = sum(a.nbytes for a in data.values())
        keep = size < TWICE and not any(isinstance(a, np.memmap) for a in data.values())
        return looped(inputs, roots, len(carried), stepped, self._threads, keep)

    def _unknowns(self) -> tuple[list[Any], Any]:
        """What a step begins with, without numbers: what is carried, and the learning rate."""
        carried = [unknown(f"w{n}", a.shape, dtype_of(a)) for n, a in enumerate(self.start)]
        return carried, unknown("learning_rate", (), str(self.rate_dtype))

    def _roots(self, carried: list[Any], rate: Any, examples: dict[str, Any]) -> list[Node]:
        """What is carried after the step, and the loss before it."""
        arrays, states = self._apart(carried)
        both = value_and_grad(_of_tree(self.loss))
        value, gradients = both(self.parameters.tree(arrays), examples)
        return [*self._moved(arrays, states, containers.leaves(gradients), rate), as_node(value)]

    def _apart(self, carried: list[Any]) -> tuple[list[Any], Any]:
        """The parameters, and the state of the optimizer for each."""
        count = len(self.parameters.first)
        return carried[:count], self._states(iter(carried[count:]))

    def _moved(
        self, arrays: list[Any], states: Any, gradients: Sequence[Any], rate: Any
    ) -> list[Node]:
        """What is carried after the step."""
        moved, after = [], []
        for w, g, state in zip(arrays, gradients, states, strict=True):
            new, new_state = self.optimizer.move(w, g, state, rate)
            moved.append(_as(new, w))
            after.append({name: _as(x, state[name]) for name, x in new_state.items()})
        return [as_node(x) for x in (*moved, *containers.leaves(after))]


def _as(new: Any, old: Any) -> Any:
    return new if new.dtype == old.dtype else new.astype(old.dtype)
