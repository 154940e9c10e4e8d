"""Mistakes carried on: what a quantity is to an author who believes an earlier wrong line.

A mistake in a value is carried to everything that is computed from it.  A mistake in a gradient ``∂L/∂q`` is
carried along the chain rule: whatever depends on q by way of p gets the error times ``∂q/∂p``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dvar.check.judge.matching import like_node
from dvar.check.meaning import chains, differentiate
from dvar.check.meaning.substitute import substitute
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    node_of,
    reshaped,
    sizes,
    squeezed,
    stacked,
)
from dvar.check.meaning.world import World
from dvar.core.node import Node, topological
from dvar.core.op import Array, constant
from dvar.ops import TABLE

KEPT = 12
"""So many mistakes are looked at, the last ones."""


@dataclass(frozen=True)
class Mistake:
    """A quantity and what a wrong line makes of it.

    Attributes:
        value: what it is; wrong: what was written, as a formula or as numbers.
        root: the line where the mistake was made first.
    """

    value: Value
    wrong: Value | Array
    root: int


def taken(world: World, value: Value, mistakes: list[Mistake]) -> Iterator[tuple[Value, int]]:
    """What ``value`` is to someone who believes one of the mistakes, with the line of that mistake."""
    for mistake in reversed(mistakes[-KEPT:]):
        for found in (_put_in(value, mistake), _along_chain(world, value, mistake)):
            if found is not None:
                yield found, mistake.root


def _put_in(value: Value, mistake: Mistake) -> Value | None:
    """The value with the wrong quantity in the place of the right one, where that is part of it."""
    right = node_of(mistake.value)
    whole = node_of(value)
    wrong = _wrong_like(mistake, right)
    if wrong is None or right not in topological([whole]):
        return None
    changed = substitute(whole, {right: wrong})
    if not isinstance(value, Jacobian):
        return changed
    return Jacobian(value.of, value.wrt, changed, value.of_shape, value.wrt_shape)


def _along_chain(world: World, value: Value, mistake: Mistake) -> Value | None:
    """A gradient with the error of one further up."""
    gradient, upper = gradient_of(world, value), gradient_of(world, mistake.value)
    if gradient is None or upper is None or gradient.of != upper.of or gradient.wrt == upper.wrt:
        return None
    wrong = _wrong_like(mistake, upper.node)
    if wrong is None:
        return None
    try:
        place = differentiate.Place(gradient.wrt, gradient.wrt_shape)  # type: ignore[arg-type]
        local = differentiate.jacobian(_whole(upper), place)
        error = TABLE["subtract"](wrong, upper.node)
        delta = Jacobian(upper.of, upper.wrt, error, (), upper.wrt_shape)
        if not chains.links(delta, local) or not _depends(upper, gradient):
            return None
        more = chains.join(delta, local)
        node = TABLE["add"](gradient.node, reshaped(more.node, gradient.node.shape))  # type: ignore[arg-type]
    except NotUnderstood:
        return None
    return Jacobian(gradient.of, gradient.wrt, node, (), gradient.wrt_shape)


def gradient_of(world: World, value: Value) -> Jacobian | None:
    """The gradient of a number that a value is, by notation or by name."""
    if isinstance(value, Jacobian):
        return None if squeezed(value.of_shape) else value
    found = world.gradients.get(value)
    if found is None and value.op.name == "reshape":
        found = world.gradients.get(value.inputs[0])
    return found


def _depends(upper: Jacobian, lower: Jacobian) -> bool:
    """Whether what the upper gradient is by depends on what the lower one is by."""
    under = set(topological([node for node, _ in upper.wrt]))  # type: ignore[attr-defined]
    return any(node in under for node, _ in lower.wrt)  # type: ignore[attr-defined]


def _whole(gradient: Jacobian) -> Node:
    """The quantity that a gradient is by, as one node."""
    parts = [
        node if at is None else TABLE["getitem"](node, at)
        for node, at in gradient.wrt  # type: ignore[attr-defined]
    ]
    if len(parts) == 1:
        return parts[0]
    return reshaped(stacked([reshaped(p, ()) for p in parts]), gradient.wrt_shape)


def _wrong_like(mistake: Mistake, right: Node) -> Node | None:
    """What was written, in the shape of what it should be."""
    wrong = mistake.wrong
    if isinstance(wrong, np.ndarray):
        fitted = like_node(wrong, right)
        return None if fitted is None else constant(fitted.astype(float))
    node = node_of(wrong)
    shape = sizes(right)
    if squeezed(sizes(node)) != squeezed(shape):
        return None
    return reshaped(node, shape)
