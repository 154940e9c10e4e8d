"""A program: nodes compiled for arrays of known shapes and types, ready to be called.

What can be machine code is machine code (``dvar.engine.native``); the rest of the nodes are computed
one at a time by the reference interpreter, and the plan says which.
"""

from __future__ import annotations

import operator
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, Protocol, TypeVar

from dvar.core.dims import is_numeric, show
from dvar.core.errors import ReadError, ShapeError
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, Array, variable
from dvar.engine.reference import evaluate_into


class Program(Protocol):
    """Roots as a function of inputs.  ``str(program)`` shows the plan and the machine-independent code."""

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        """The values of the roots for arrays in the order, shapes and types of the inputs."""


class Interpreted:
    """A program that the reference interpreter runs: the oracle of the compiled ones."""

    def __init__(self, inputs: Sequence[Node], roots: Sequence[Node]) -> None:
        self.inputs, self.roots = tuple(inputs), tuple(roots)

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        env = dict(zip(self.inputs, values, strict=True))
        evaluate_into(env, self.roots, {})
        return [env[root] for root in self.roots]

    def __str__(self) -> str:
        return "every node by the reference interpreter"


# From so many nodes on it is worth asking whether they are single numbers, which a compiler takes minutes for.
LONG = 500


class Loop(Protocol):
    """A program that is run many times in one call, its first results becoming its first inputs."""

    def __call__(self, values: Sequence[Array], times: int) -> list[Array]:
        """What is carried, after the last time; then what each time gives, stacked."""


def compiled(
    inputs: Sequence[Node],
    roots: Sequence[Node],
    threads: int | None = None,
    order: Sequence[Node] | None = None,
) -> Program:
    """A program for ``roots``.

    Args:
        inputs: the variables, in the order in which values will come.
        roots: what is wanted.
        threads: how many threads may work at once; None is one for each core.
        order: all nodes beneath the roots, operands first, where that is known.

    Raises:
        ShapeError: an input has a named size: machine code is made for arrays of known sizes.
        ReadError: fewer threads than one.
    """
    _check_sizes(inputs)
    order = topological(roots) if order is None else order
    if len(order) >= LONG:
        from dvar.engine.native.tape import taped

        tape = taped(inputs, roots, order)
        if tape is not None:
            return tape
    inputs, roots = _renamed(inputs, roots)
    workers = workers_of(threads)

    def make() -> Program:
        from dvar.engine.native.stages import Compiled

        try:
            return Compiled(inputs, roots, workers)
        except RecursionError:
            # Kernels follow a value to its operands; this chain of arrays is longer than Python's stack.
            return Interpreted(inputs, roots)

    return _remembered((tuple(inputs), tuple(roots), workers), make)


def looped(
    inputs: Sequence[Node],
    roots: Sequence[Node],
    carried: int,
    stepped: int = 0,
    threads: int | None = None,
    keep: bool = True,
    backwards: bool = False,
) -> Loop:
    """A program for ``roots`` that is run many times in one call.

    Args:
        inputs: first what is carried, then what is taken a step at a time (in the call these have one more axis
            in front), then what stays.
        roots: first what is carried, in the order, shapes and types of the inputs; then what each time gives.
        carried, stepped: how many of each.
        threads: how many threads may work at once; None is one for each core.
        keep: whether what stays may be kept in memory a second time, in the form in which steps are fastest.
        backwards: whether the steps are taken from the last to the first; what each gives is in order all the same.

    Raises:
        ShapeError: an input has a named size, or a carried root has another shape or type than its input.
    """
    _check_sizes(inputs)
    for node, root in zip(inputs[:carried], roots, strict=False):
        if node.shape != root.shape or node.dtype != root.dtype:
            raise ShapeError(
                f"{node.param('name')} is {node.dtype} {show(node.shape)} before a step and "
                f"{root.dtype} {show(root.shape)} after it"
            )
    inputs, roots = _renamed(inputs, roots)
    workers = workers_of(threads)

    def make() -> Loop:
        from dvar.engine.native.repeating import Repeated

        return Repeated(inputs, roots, carried, stepped, workers, keep, backwards)

    key = (tuple(inputs), tuple(roots), carried, stepped, workers, keep, backwards)
    return _remembered(key, make)


def workers_of(threads: int | None) -> int:
    """How many threads may work: one for each core if nothing is said.  Raises ReadError if it is no number of them."""
    if threads is None:
        return os.cpu_count() or 1
    try:
        count = operator.index(threads)
    except TypeError:
        count = 0
    if count < 1:
        raise ReadError(f"threads={threads!r}: work needs one or more", hint="threads=1")
    return count


def _check_sizes(inputs: Sequence[Node]) -> None:
    for node in inputs:
        if not is_numeric(node.shape):
            raise ShapeError(f"{node.param('name')} is {show(node.shape)}: a size without a number")


# ── programs that were compiled before ──────────────────────────────────────────────────────────

# Equal programs are equal nodes, so a function traced anew finds the code of the last time.
_programs: OrderedDict[Any, Any] = OrderedDict()
MOST = 64
# A program that holds more bytes than this is not kept for somebody who may come again.
HEAVY = 2**25

Made = TypeVar("Made")


def _remembered(key: Any, make: Callable[[], Made]) -> Made:
    """What was made for an equal program, or a new one."""
    if key in _programs:
        _programs.move_to_end(key)
        found: Made = _programs[key]
        return found
    made = make()
    inputs, roots = key[0], key[1]
    leaves = {node for node in topological(roots) if node.op is CONSTANT} | set(inputs)
    if sum(8 * prod(map(int, node.shape)) for node in leaves) <= HEAVY:
        _programs[key] = made
        if len(_programs) > MOST:
            _programs.popitem(last=False)
    return made


def _renamed(
    inputs: Sequence[Node], roots: Sequence[Node]
) -> tuple[Sequence[Node], Sequence[Node]]:
    """The same program on variables that are the same every time."""
    new = {x: variable(f"input {n}", x.shape, x.dtype) for n, x in enumerate(inputs)}
    for node in topological(roots):
        if node not in new:
            operands = tuple(new[x] for x in node.inputs)
            new[node] = Node.make(node.op, operands, node.params, node.shape, node.dtype)
    return [new[x] for x in inputs], [new[x] for x in roots]
