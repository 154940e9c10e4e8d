"""``jit``: a function of arrays as a compiled program, one for each combination of shapes and types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from dvar.core.collecting import rarely_collected
from dvar.core.dtypes import dtype_of
from dvar.core.errors import ReadError
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.program import Program, compiled, workers_of
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable
from dvar.read.trace.calling import ALONE, Function, position
from dvar.read.trace.trace import as_array, as_node, closed_in_order, is_number, unknown


def jit(
    function: Function | None = None,
    *,
    static_argnums: int | Sequence[int] = (),
    threads: int | None = None,
) -> Any:
    """A function that is traced and compiled at its first call, for the shapes and types it meets there.

    Python's ``if``, ``for`` and ``while`` run while tracing: they may look at shapes, but not at numbers;
    ``dvar.cond``, ``dvar.while_loop`` and ``dvar.scan`` look at numbers.

    Args:
        function: plain NumPy, of arrays, numbers and containers of these.
        static_argnums: positional arguments that are no arrays (a flag, a name): part of the key.
        threads: how many threads may work at once; None is one for each core.

    Returns:
        A function of the same arguments.  Its ``kernel(*args)`` is the compiled program, which prints
        its plan.

    Raises:
        ReadError: it is no function, or there are fewer threads than one.

    Example:
        >>> import numpy as np, dvar
        >>> gradient = dvar.jit(dvar.grad(lambda w, x: np.sum(w * x)))
        >>> gradient(np.ones(2), np.array([3.0, 4.0]))
        array([3., 4.])
    """
    if function is not None and not callable(function):
        raise ReadError(
            f"jit takes a function, not {type(function).__name__}", hint="dvar.jit(loss)(w, x)"
        )
    workers_of(threads)
    static = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    if function is None:
        return lambda function: Jitted(function, static, threads)
    return Jitted(function, static, threads)


class Kernel:
    """One compiled program, and the way from arguments to its inputs and from its roots to results."""

    def __init__(self, program: Program, result: Any, places: Sequence[int]) -> None:
        self.program, self._places = program, tuple(places)
        self._leaves = containers.leaves(result)
        self._build = containers.builder(result)
        self._is_all = len(places) == len(self._leaves)

    def __call__(self, arrays: Sequence[Array]) -> Any:
        """The function's result for the arrays among its arguments."""
        done = [x if x.ndim else x[()] for x in self.program(arrays)]
        if not self._is_all:
            leaves = list(self._leaves)
            for place, array in zip(self._places, done, strict=True):
                leaves[place] = array
            done = leaves
        return self._build(iter(done))

    def __str__(self) -> str:
        return str(self.program)


class Jitted:
    """What ``jit`` returns."""

    def __init__(self, function: Function, static: tuple[int, ...], threads: int | None) -> None:
        self._function, self._static, self._threads = function, static, threads
        self._kernels: dict[Any, Kernel] = {}
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, key = self._leaves(args, kwargs)
        if any(isinstance(leaf, Variable) for leaf in leaves):
            return self._function(*args, **kwargs)  # part of a larger trace
        arrays = [as_array(leaf) for leaf in leaves if is_number(leaf)]
        return self._kernel(args, kwargs, key, arrays)(arrays)

    def kernel(self, *args: Any, **kwargs: Any) -> Kernel:
        """The compiled program for these arguments, which is not run.  Printing it shows its plan."""
        leaves, key = self._leaves(args, kwargs)
        arrays = [as_array(leaf) for leaf in leaves if is_number(leaf)]
        return self._kernel(args, kwargs, key, arrays)

    def _leaves(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], Any]:
        """The leaves of the arguments that may be arrays, and what else a program depends on."""
        if not kwargs and not self._static and all(type(a) is np.ndarray for a in args):
            return list(args), None
        static = {position(n, len(args), self._function) for n in self._static}
        dynamic = [None if n in static else a for n, a in enumerate(args)]
        found = containers.leaves_with_paths((dynamic, kwargs))
        fixed = tuple(leaf for _, leaf in found if not is_number(leaf))
        key = (tuple(p for p, _ in found), fixed, tuple(args[n] for n in sorted(static)))
        return [leaf for _, leaf in found], key

    def _kernel(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], key: Any, arrays: list[Array]
    ) -> Kernel:
        whole = (key, *((a.shape, a.dtype) for a in arrays))
        kernel = self._kernels.get(whole)
        if kernel is None:
            kernel = self._kernels[whole] = self._compile(args, kwargs, arrays)
        return kernel

    def _compile(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], arrays: Sequence[Array]
    ) -> Kernel:
        inputs: list[Node] = []
        remaining = iter(arrays)
        static = {position(n, len(args), self._function) for n in self._static}

        def traced(leaf: Any) -> Any:
            if not is_number(leaf):
                return leaf
            array = next(remaining)
            made = unknown(f"x{len(inputs)}", array.shape, dtype_of(array))
            facts.fact(made.node).is_alone = self._function in ALONE
            inputs.append(made.node)
            return made

        given = [a if n in static else containers.tree_map(traced, a) for n, a in enumerate(args)]
        named = containers.tree_map(traced, kwargs) if kwargs else {}
        with rarely_collected(lasting=True):
            result = following.call(self._function, given, named)
            leaves = containers.leaves(result)
            places = [
                n for n, leaf in enumerate(leaves) if isinstance(leaf, (Variable, np.ndarray))
            ]
            roots, order = closed_in_order([as_node(leaves[n]) for n in places], inputs)
            return Kernel(compiled(inputs, roots, self._threads, order), result, places)
