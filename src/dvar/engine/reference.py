"""The reference interpreter: NumPy, one node at a time, slow and obvious.  The oracle of the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import bind, resolve
from dvar.core.errors import MissingValue
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array

Environment = dict[Node, Array]


def bind_inputs(values: Mapping[Node, Any]) -> tuple[Environment, dict[str, int]]:
    """Arrays for variables, checked against their declared shapes, and the named sizes they imply.

    Raises:
        ShapeError: a value does not have the declared shape; names the axis and both sizes.
    """
    sizes: dict[str, int] = {}
    env: Environment = {}
    for node, value in values.items():
        array = np.asarray(value)
        if array.dtype.kind != "c":
            array = array.astype(node.dtype, copy=False)
        bind(str(node.param("name")), node.shape, array.shape, sizes)
        env[node] = array
    return env, sizes


def evaluate(
    roots: Sequence[Node], values: Mapping[Node, Any], sizes: Mapping[str, int] | None = None
) -> list[Array]:
    """The values of ``roots``, given a value for every variable they need.

    Args:
        roots: nodes to compute.
        values: variable → array or number.
        sizes: numbers for named sizes that no input reveals.

    Raises:
        MissingValue: a variable or a named size without a value.
        ShapeError: a value whose shape is not the declared one.
    """
    env, found = bind_inputs(values)
    evaluate_into(env, roots, {**(sizes or {}), **found})
    return [env[root] for root in roots]


def evaluate_into(env: Environment, roots: Sequence[Node], sizes: Mapping[str, int]) -> None:
    """Compute ``roots`` and all they need into ``env``, keeping what is already there."""
    with np.errstate(all="ignore"):
        for node in topological(roots, set(env)):
            if node in env:
                continue
            if node.op is VARIABLE:
                name = node.param("name")
                raise MissingValue(f"{name} has no value", hint=f"--at {name}=…")
            env[node] = apply(node, [env[x] for x in node.inputs], sizes)


def apply(
    node: Node,
    operands: Sequence[Array],
    sizes: Mapping[str, int],
    ready: Callable[[Body, Mapping[str, int]], Runnable] | None = None,
) -> Array:
    """One node on arrays, in its dtype (complex operands stay complex, for the complex step).

    Args:
        node: what to compute.
        operands: its operands.
        sizes: numbers for named sizes.
        ready: how a program inside the node is made a function of arrays; None interprets it.
    """
    op = node.op
    if op.dtype == "float":
        # NumPy computes the exponential of a truth value in half precision.
        operands = [x.astype(node.dtype) if x.dtype is _TRUTH else x for x in operands]
    if node.params:
        params = {name: _param(value, sizes, ready or Interpreted) for name, value in node.params}
        out = np.asarray(op.forward(*operands, **params))
    else:
        out = np.asarray(op.forward(*operands))
    if out.dtype is _DTYPES[node.dtype] or out.dtype.kind == "c":
        return out
    return out.astype(node.dtype, copy=False)


_TRUTH = np.dtype("bool")
_DTYPES = {name: np.dtype(name) for name in ("bool", "int64", "float32", "float64")}


def _param(value: Any, sizes: Mapping[str, int], ready: Callable[..., Runnable]) -> Any:
    """A parameter as the forward takes it: numbers for named sizes, functions for programs."""
    if isinstance(value, Body):
        return ready(value, sizes)
    if isinstance(value, tuple):
        return tuple(_param(part, sizes, ready) for part in value)
    return resolve(value, sizes)


class Runnable(Protocol):
    """A program inside a node, ready to be called."""

    @property
    def roots(self) -> Sequence[Node]:
        """What it computes."""

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        """The roots, given an array for every input."""


class Interpreted:
    """A program inside a node; what depends on no input is computed once."""

    def __init__(self, body: Body, sizes: Mapping[str, int]) -> None:
        self.roots = body.roots
        self._inputs, self._sizes = body.inputs, sizes
        moving = set(body.inputs)
        self._order: list[Node] = []
        self._fixed: Environment = {}
        for node in body.nodes:
            if any(x in moving for x in node.inputs):
                moving.add(node)
                self._order.append(node)
            elif node not in moving:
                self._fixed[node] = apply(node, [self._fixed[x] for x in node.inputs], sizes)

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        env = dict(self._fixed)
        env.update(zip(self._inputs, values, strict=True))
        for node in self._order:
            env[node] = apply(node, [env[x] for x in node.inputs], self._sizes)
        return [env[root] for root in self.roots]
