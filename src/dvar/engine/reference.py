"""The reference interpreter: NumPy, one node at a time, slow and obvious.  The oracle of the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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


def apply(node: Node, operands: Sequence[Array], sizes: Mapping[str, int]) -> Array:
    """One node on arrays, in its dtype (complex operands stay complex, for the complex step)."""
    params = {name: resolve(value, sizes) for name, value in node.params}
    if node.op.dtype == "float":
        # NumPy computes the exponential of a truth value in half precision.
        operands = [x.astype(node.dtype) if x.dtype.kind == "b" else x for x in operands]
    out = np.asarray(node.op.forward(*operands, **params))
    return out if out.dtype.kind == "c" else out.astype(node.dtype, copy=False)
