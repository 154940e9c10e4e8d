"""Define by run: variables with values, results computed at once, and ``backward()`` from any of them."""

from __future__ import annotations

from importlib import import_module
from types import FrameType
from typing import Any

import numpy as np

from dvar.core.dims import show
from dvar.core.dtypes import dtype_of
from dvar.core.errors import DtypeError, ShapeError, TraceError
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, SIZE, VARIABLE, constant, fresh_key
from dvar.core.op import variable as variable_node
from dvar.derive.sweep import ones_like, sweep
from dvar.read.trace import facts
from dvar.read.trace.array import Variable, unwrap
from dvar.read.trace.local_names import in_frame, unique
from dvar.read.trace.trace import as_array, sources_of


def variable(value: Any, name: str | None = None) -> Variable:
    """A variable with a value, to calculate with in plain Python and NumPy.

    ``f.backward()`` then leaves ``x.grad`` in every variable that ``f`` depends on, and in the results
    in between.  A second call adds to the gradients of variables, as in PyTorch, until
    ``x.zero_grad()``; a result in between shows the latest call.  Assigning ``x.value`` gives the
    variable a new value; results made before keep the old one.

    Example:
        >>> x, y, z = variable(-2.0), variable(5.0), variable(-4.0)
        >>> q = x + y
        >>> f = q * z
        >>> f.backward()
        >>> print(f.value, x.grad, z.grad, q.grad)
        -12.0 -4.0 3.0 -4.0
    """
    made = Variable(_leaf(value, name or ""))
    if name:
        made.name = name
    return made


def named(result: Variable, name: str) -> Variable:
    """The same result under a name, for explanations."""
    result.name = name
    return result


def _leaf(value: Any, name: str) -> Node:
    array = as_array(value)
    node = variable_node(name, array.shape, dtype_of(array), fresh_key())
    # A copy: what the caller does to the array later must not change what was computed.
    facts.learn(node, np.array(array, dtype=node.dtype))
    return node


def set_value(x: Variable, value: Any) -> None:
    """Give a variable another value; it is another node from then on.

    Raises:
        TraceError: ``x`` is a result, not a variable.
    """
    if x.node.op is not VARIABLE:
        raise TraceError("only a variable can be given a value; this is a result")
    name = x.name or ""
    x.node = _leaf(value, name)
    x.name = name


# ── backward ────────────────────────────────────────────────────────────────────────────────────


def backward(root: Variable, upstream: Any = None) -> None:
    """Leave gradients of ``root`` in all it was made of.

    Raises:
        ShapeError: ``root`` is not a scalar and no upstream gradient of its shape is given.
        DtypeError: ``root`` is not a real number.
    """
    if not root.node.is_float:
        raise DtypeError(f"a result of dtype {root.node.dtype} has no gradient")
    nodes = [node for node in topological([root.node]) if node.op not in (CONSTANT, SIZE)]
    gradients = sweep(root.node, seed_of(root.node, upstream), nodes).gradients
    wanted = [node for node in nodes if node in gradients]
    if any(facts.known_value(node) is None for node in wanted):
        raise TraceError("backward() needs numbers, and this was traced with shapes only")
    for node, value in zip(wanted, facts.evaluate([gradients[n] for n in wanted]), strict=True):
        known = facts.fact(node)
        accumulates = node.op is VARIABLE and known.grad is not None
        known.grad = known.grad + value if accumulates else value


def seed_of(root: Node, upstream: Any) -> Node:
    """The upstream gradient as a node: one for a scalar, else what was given."""
    if upstream is None:
        if root.shape:
            raise ShapeError(
                f"the result has the shape {show(root.shape)}, so its gradient needs an upstream one",
                hint="backward(upstream=…) of that shape, or the sum of the result",
            )
        return ones_like(root)
    seed = unwrap(upstream)
    seed = seed if isinstance(seed, Node) else constant(upstream, root.dtype)
    if seed.shape != root.shape:
        raise ShapeError(
            f"the upstream gradient has the shape {show(seed.shape)}, the result {show(root.shape)}"
        )
    return seed


# ── explain ─────────────────────────────────────────────────────────────────────────────────────


def graph_of(root: Variable, frame: FrameType | None = None) -> Graph:
    """How a result was computed, as a graph: named as given, else as the frame's variables are."""
    (node,) = facts.without_aliases([root.node])
    order = topological([node])
    found = {node: name for name, node in reversed(in_frame(frame).items())}
    inputs: dict[str, Node] = {}
    names: dict[str, Node] = {}
    for x in order:
        if x.op in (CONSTANT, SIZE):
            continue
        called = Variable(x).name if facts.known(x) else None
        called = called or found.get(x)
        taken = {**inputs, **names}
        if x.op is VARIABLE:
            inputs[unique(called or "x", taken, called or "x")] = x
        elif called or x is node:
            names[unique(called or "out", taken, called or "out")] = x
    output = next(name for name, x in {**inputs, **names}.items() if x is node)
    values = {name: facts.known_value(x) for name, x in inputs.items()}
    return Graph(
        inputs=inputs,
        names=names,
        outputs={output: node},
        values={name: value for name, value in values.items() if value is not None},
        sources=sources_of(dict.fromkeys(order)),
    )


def explain(root: Variable, frame: FrameType | None, options: dict[str, Any]) -> Any:
    # By name, since explain lies above this room: the method is a convenience of its door.
    return import_module("dvar.explain").explain(graph_of(root, frame), **options)
