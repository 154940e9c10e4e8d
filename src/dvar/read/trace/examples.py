"""Arguments of a function that is to be explained: numbers, shapes, or nothing at all."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.core.dims import is_numeric
from dvar.core.graph import Graph
from dvar.read.trace import containers
from dvar.read.trace.facts import NotAPosition
from dvar.read.trace.trace import Shape, Traced, trace


def trace_for_explanation(
    function: Callable[..., Any],
    args: Sequence[Any],
    at: Mapping[str, Any] | None,
    shapes: Mapping[str, Sequence[int | str]] | None,
) -> tuple[Graph, Mapping[str, Any]]:
    """A function as a graph, and values by input name.

    Arguments come by position, by name in ``at`` or as ``shapes``; an argument of which nothing is known
    is a scalar; one that is used as an index is made of whole numbers.  Where a shape and a value are given,
    the shape is what the graph says (its sizes may have names) and the value is put in afterwards.
    """
    signature = inspect.signature(function)
    parameters = [p.name for p in signature.parameters.values() if p.kind in (0, 1, 3)]
    given = dict(zip(parameters, map(_example, args), strict=False))
    given |= {name: _example(value) for name, value in (at or {}).items() if name in parameters}
    rest = {name: value for name, value in (at or {}).items() if name not in parameters}
    declared = {name: Shape(*sizes) for name, sizes in (shapes or {}).items()}
    apart = {name: given.pop(name) for name in declared if name in given}
    for name in parameters:
        if signature.parameters[name].default is inspect.Parameter.empty:
            given.setdefault(name, declared.get(name, Shape()))
        elif name in declared:
            given[name] = declared[name]
    graph = _traced(function, given).graph
    if not all(is_numeric(node.shape) for node in graph.inputs.values()):
        return graph, {**apart, **rest}
    return graph, {**graph.values, **apart, **rest}


def _traced(function: Callable[..., Any], given: dict[str, Any]) -> Traced:
    """The trace of a call, labels as whole numbers: a list of them looks like any other list."""
    while True:
        try:
            return trace(function, **given)
        except NotAPosition as error:
            argument = given.get(error.name)
            if isinstance(argument, Shape) and argument.dtype != "int64":
                given[error.name] = Shape(*argument.sizes, dtype="int64")
            elif isinstance(argument, np.ndarray) and np.all(argument == np.round(argument)):
                given[error.name] = argument.astype(np.int64)
            else:
                raise


def _example(argument: Any) -> Any:
    """Lists of numbers are arrays here, and everything is computed in double precision."""
    if isinstance(argument, (list, tuple)) and all(
        isinstance(leaf, (int, float)) for leaf in containers.leaves(argument)
    ):
        return np.asarray(argument, np.float64)
    if isinstance(argument, np.ndarray) and argument.dtype.kind == "f":
        return argument.astype(np.float64)
    return argument
