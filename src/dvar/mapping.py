"""``vmap``: a function of one example as a function of many, computed all at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import wraps
from typing import Any

import numpy as np

from dvar.core.dims import Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import fresh_key, variable
from dvar.derive.batch import batched, spread
from dvar.ops.moving import moveaxis
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable
from dvar.read.trace.calling import Function, Given, name_of
from dvar.read.trace.trace import as_node


def vmap(function: Function, in_axes: Any = 0, out_axes: Any = 0) -> Function:
    """A function that is written for one example, for many at once.

    The function is called once, with arrays that have shapes but no numbers; what it does is then done
    for all examples together, so that there is no loop.

    Args:
        function: plain NumPy.
        in_axes: which axis of each argument counts the examples; None hands the argument to every
            example as it is.  One for all arguments, or a tuple with one for each, where a container
            of arrays may have a container of axes.  Arguments by name have the axis 0.
        out_axes: where the axis of the examples stands in the results; None for a result that is the
            same for all of them.

    Returns:
        A function with the same arguments, each with one axis more.

    Raises:
        ShapeError: an argument has no such axis, or the arguments hold different numbers of examples.

    Example:
        >>> distance = vmap(lambda x, y: np.sqrt(np.sum((x - y) ** 2)), in_axes=(0, None))
        >>> distance(np.array([[3.0, 4.0], [0.0, 2.0]]), np.zeros(2))
        array([5., 2.])
    """

    @wraps(function)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        given = Given()
        examples = _Examples(given, function)
        own = examples.of_one(args, _beside(in_axes, args, "in_axes"), "argument")
        named = examples.of_one(kwargs, [0] * len(containers.leaves(kwargs)), "argument")
        result = following.call(function, own, named)
        return given.finish(examples.of_all(result, out_axes))

    return mapped


class _Examples:
    """The arrays of a mapped call: for one example as the function sees them, and for all."""

    def __init__(self, given: Given, function: Function) -> None:
        self._given, self._function = given, function
        self._many: dict[Node, Node] = {}
        self._size: Size | None = None
        self._first = ""

    def of_one(self, tree: Any, axes: Sequence[int | None], name: str) -> Any:
        """Containers with one example in place of every array that has an axis of them."""
        found = containers.leaves_with_paths(tree)
        return containers.rebuild(
            tree,
            [
                leaf if axis is None else self._one(containers.show_path(name, path), leaf, axis)
                for (path, leaf), axis in zip(found, axes, strict=True)
            ],
        )

    def _one(self, name: str, leaf: Any, axis: int) -> Any:
        if not isinstance(leaf, (Variable, np.ndarray, np.generic, int, float)):
            return leaf  # no array: None, a word
        node = self._given.add(name, leaf)
        if not -node.ndim <= axis < node.ndim:
            raise ShapeError(
                f"vmap: {name} is {show(node.shape)}, so it has no axis {axis} of examples",
                hint="in_axes=None for what is the same for all examples",
            )
        many = moveaxis(node, axis, 0)
        size, *shape = many.shape
        if self._size is None:
            self._size, self._first = size, name
        elif size != self._size:
            raise ShapeError(f"vmap: {self._first} holds {self._size} examples, {name} {size}")
        one = variable("example", tuple(shape), node.dtype, fresh_key())
        facts.learn(one, None)
        self._many[one] = many
        return Variable(one)

    def of_all(self, result: Any, out_axes: Any) -> Any:
        """Containers with the nodes for all examples in place of what the function made for one."""
        if self._size is None:
            raise ShapeError(
                f"vmap: no argument of {name_of(self._function)} has an axis of examples"
            )
        roots = [as_node(leaf) for leaf in containers.leaves(result)]
        found = []
        axes = _beside(out_axes, result, "out_axes")
        for root, many, axis in zip(
            roots, batched(roots, self._many, self._size), axes, strict=True
        ):
            if axis is None:
                if many is not None:
                    raise ShapeError("vmap: out_axes is None for a result that differs by example")
                found.append(root)
            else:
                found.append(moveaxis(spread(root, many, self._size), 0, axis))
        return containers.rebuild(result, found)


def _beside(axes: Any, tree: Any, what: str) -> list[int | None]:
    """The axis for every leaf.  Lists and tuples of axes are the same."""
    if isinstance(axes, list) and isinstance(tree, tuple):
        axes = tuple(axes)
    try:
        return containers.beside(axes, tree)
    except ValueError as error:
        raise ShapeError(
            f"vmap: {what} is {axes!r}, which does not fit",
            hint="one axis for all, or containers of axes like those of the arrays",
        ) from error
