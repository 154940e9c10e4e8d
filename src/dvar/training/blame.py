"""Where a number that is not finite first appeared."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.core.errors import DomainError, Source
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array
from dvar.derive.sweep import ones_like, sweep
from dvar.engine.reference import evaluate_into
from dvar.read.trace import containers
from dvar.read.trace.trace import trace
from dvar.write.notation import text

# Parameters beyond this size have run away.
FAR = 1e6


class Diverged(DomainError):
    """Training met a number that is not finite.

    Attributes:
        step: the step at which it appeared; the first is 1.
        params: the parameters before that step.
    """

    step: int
    params: dict[str, Any]


def diverged(
    loss: Callable[..., Any], params: dict[str, Any], data: Mapping[str, Array], step: int
) -> Diverged:
    """The error that tells at which step, in which expression and on which line it appeared.

    Args:
        loss: the loss that is minimised.
        params: the parameters before the step.
        data: the examples of the step.
        step: counted from 1.
    """
    with np.errstate(all="ignore"):
        bound = inspect.signature(loss).bind(**params, **data)
        graph = trace(loss, *bound.args, **bound.kwargs).graph
        known: dict[Node, Array] = {}
        for name, node in graph.inputs.items():
            known[node] = np.asarray(graph.values[name], node.dtype)
        where = "the loss"
        found = _first(list(graph.outputs.values()), known)
        if found is None:
            where, found = _in_gradients(graph, known)
    if found is None:
        what, source = f"step {step}: a parameter is no longer finite", None
        rule: str | None = "the gradient is finite, the update is too large"
    else:
        labels = {node: name for node, name in graph.labels.items() if node is not found}
        written = text(found, labels)
        what = f"step {step}: {where} is not finite; it begins with {_short(written)}"
        source, rule = _source(found, graph), _elements(found, known, labels)
    error = Diverged(what, source=source, rule=rule, hint=_hint(params))
    error.step, error.params = step, params
    return error


def _first(roots: Sequence[Node], known: dict[Node, Array]) -> Node | None:
    """A node that is not finite although its operands are, and that made a root so."""
    evaluate_into(known, list(roots), {})

    def is_bad(node: Node) -> bool:
        return node.is_float and not np.isfinite(known[node]).all()

    # Not the first of all: an infinite exp may have ended in a harmless 1/(1 + inf).
    found = next(filter(is_bad, roots), None)
    while found is not None:
        before = next(filter(is_bad, found.inputs), None)
        if before is None:
            return found
        found = before
    return None


def _in_gradients(graph: Graph, known: dict[Node, Array]) -> tuple[str, Node | None]:
    (root,) = list(graph.outputs.values())[:1]
    wrt = [node for node in graph.inputs.values() if node.is_float]
    gradients = sweep(root, ones_like(root), wrt, wrt).gradients
    for name, node in graph.inputs.items():
        if node in gradients:
            found = _first([gradients[node]], known)
            if found is not None:
                return f"the gradient of {name}", found
    return "", None


def _source(node: Node, graph: Graph) -> Source | None:
    """The line that a node, or the nearest of its operands, was written on."""
    for candidate in reversed(topological([node])):
        if candidate in graph.sources and candidate.op is not VARIABLE:
            source = graph.sources[candidate]
            return source if source.text else None
    return None


def _elements(node: Node, known: Mapping[Node, Array], labels: Mapping[Node, str]) -> str:
    """One of the places, and the operands there."""
    value = known[node]
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
    count = int((~np.isfinite(value)).sum())
    at = f" at {list(place)}" if place else ""
    more = f", and at {count - 1} other places" if count > 1 else ""
    operands = [
        f"{_short(text(x, labels))} = {known[x][_aligned(place, known[x].shape)]:.6g}"
        for x in node.inputs
        if node.op.is_elementwise and x in known
    ]
    given = f" with {', '.join(operands)}" if operands else ""
    return f"{value[place]}{at}{given}{more}"


def _aligned(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """A place of a result as a place of an operand that was broadcast to it."""
    own = place[len(place) - len(shape) :]
    return tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))


def _hint(params: Mapping[str, Any]) -> str:
    sizes = [float(np.max(np.abs(x))) for x in map(np.asarray, containers.leaves(params)) if x.size]
    largest = max(sizes, default=0.0)
    if largest > FAR:
        return f"a smaller learning_rate: the largest parameter is {largest:.3g} by now"
    return "the parameters before this step are in the error's .params"


def _short(written: str) -> str:
    return written if len(written) <= 80 else f"{written[:77]}..."
