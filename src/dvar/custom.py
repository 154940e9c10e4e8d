"""``custom_vjp``: a function that brings its own backward pass."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any

from dvar.core.dims import Shape, show
from dvar.core.errors import ShapeError, TraceError
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, constant, fresh_key
from dvar.derive.custom import customised
from dvar.derive.packing import pack, unpack
from dvar.ops.shaping import broadcast_to
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable, wrap
from dvar.read.trace.calling import Function, name_of
from dvar.read.trace.form import Form, is_array
from dvar.read.trace.trace import as_node


def custom_vjp(function: Function) -> CustomVjp:
    """A function whose gradient is what its author says, not what its operations say.

    ``defvjp(forward, backward)`` tells the rule:

        forward(*args) → (result, residuals)      what the backward pass needs, in any containers
        backward(residuals, upstream) → gradients a tuple, one for each argument; None is zero

    Both are plain NumPy.  The rule is used by every transform, also in forward mode (the backward pass is
    linear in ``upstream``, and its transpose is the derivative), and can be differentiated again.

    Example:
        >>> import numpy as np, dvar
        >>> @dvar.custom_vjp
        ... def clipped(x):
        ...     return x * 1.0
        >>> clipped.defvjp(lambda x: (x * 1.0, None), lambda _, g: (np.clip(g, -1.0, 1.0),))
        >>> dvar.grad(lambda x: 5 * clipped(x))(2.0)
        np.float64(1.0)
    """
    return CustomVjp(function)


class CustomVjp:
    """What ``custom_vjp`` returns: the function, with a place for its rule."""

    def __init__(self, function: Function) -> None:
        self._function = function
        self._rule: tuple[Function, Function] | None = None
        update_wrapper(self, function)

    def defvjp(self, forward: Function, backward: Function) -> None:
        """Say how the gradient is computed; see ``custom_vjp``."""
        self._rule = (forward, backward)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's result.

        Raises:
            TraceError: no rule was given, the forward pass does not return a pair, or it uses a traced array
                that is no argument, which would receive no gradient.
        """
        if kwargs:
            bound = inspect.signature(self._function).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        if not any(isinstance(leaf, Variable) for leaf in containers.leaves(args)):
            return self._function(*args)
        name = name_of(self._function)
        if self._rule is None:
            raise TraceError(f"{name} has no backward pass", hint=f"{name}.defvjp(…)")
        forward, backward = self._rule
        outer: dict[Node, Node] = {}
        inside = containers.tree_map(lambda leaf: _inside(leaf, outer), args)
        made = following.call(forward, inside, {})
        if not isinstance(made, tuple) or len(made) != 2:
            raise TraceError(f"the forward pass of {name} did not return (result, residuals)")
        _check_closed(made, outer, name)
        return _customised(name, backward, args, made, outer)


def _inside(leaf: Any, outer: dict[Node, Node]) -> Any:
    """A traced argument under another name, by which what it is used for can be told."""
    if not isinstance(leaf, Variable):
        return leaf
    alias = facts.ALIAS.node(leaf.node, key=fresh_key())
    facts.admit(alias)
    outer[alias] = leaf.node
    return Variable(alias)


def _check_closed(made: Any, outer: dict[Node, Node], name: str) -> None:
    nodes = [leaf.node for leaf in containers.leaves(made) if isinstance(leaf, Variable)]
    for node in topological(nodes, outer):
        if node.op is VARIABLE and node.is_float:
            called = Variable(node).name or "an array"
            raise TraceError(
                f"{name} uses {called}, which is not among its arguments, so it would have no gradient",
                hint=f"make it an argument of {name}",
            )


def _customised(
    name: str, function: Function, args: Any, made: tuple[Any, Any], outer: dict[Node, Node]
) -> Any:
    """The result, with one row for every type of real numbers in it."""
    result, residuals = made
    nodes = facts.replace([as_node(leaf) for leaf in containers.leaves(result)], outer)
    kept = [as_node(leaf) for leaf in containers.leaves(residuals) if is_array(leaf)]
    arrays = [as_node(leaf) for leaf in containers.leaves(args) if is_array(leaf)]
    types = tuple((node.shape, node.dtype) for node in nodes)
    for dtype in sorted({node.dtype for node in nodes if node.is_float}):
        rule = _Rule(name, function, Form(args), Form(residuals), Form(result), types, dtype)
        mine = [node for node in nodes if node.dtype == dtype]
        whole = customised(pack(mine), arrays, facts.replace(kept, outer), rule)
        parts = iter(unpack(whole, [node.shape for node in mine]))
        nodes = [next(parts) if node.dtype == dtype else node for node in nodes]
    return containers.rebuild(result, list(map(wrap, nodes)))


@dataclass(frozen=True)
class _Rule:
    """The user's backward pass as a function of nodes.

    Attributes:
        name: of the function, for messages.
        function: the backward pass.
        arguments, residuals, result: the containers of what goes in and comes out.
        types: shape and dtype of every leaf of the result.
        dtype: of the leaves that have an upstream gradient here.
    """

    name: str
    function: Function
    arguments: Form
    residuals: Form
    result: Form
    types: tuple[tuple[Shape, str], ...]
    dtype: str

    def __call__(
        self, arguments: Sequence[Node], residuals: Sequence[Node], g: Node
    ) -> Sequence[Node | None]:
        """The shares of the traced arguments.

        Raises:
            TraceError: the backward pass did not return one gradient for each argument.
            ShapeError: a gradient has not the shape of its argument.
        """
        parts = iter(unpack(g, [shape for shape, dtype in self.types if dtype == self.dtype]))
        upstream = [
            next(parts) if dtype == self.dtype else broadcast_to(constant(0.0), shape)
            for shape, dtype in self.types
        ]
        given = (
            self.residuals.fill([Variable(x) for x in residuals]),
            self.result.fill([Variable(x) for x in upstream]),
        )
        gradients = following.call(self.function, given, {})
        places = self.arguments.fill(list(arguments))
        if not isinstance(gradients, tuple) or len(gradients) != len(places):
            raise TraceError(
                f"the backward pass of {self.name} did not return a tuple of {len(places)}",
                hint="one gradient for each argument; None where it is zero",
            )
        shares: list[Node | None] = []
        for n, (argument, gradient) in enumerate(zip(places, gradients, strict=True)):
            shares += self._of_argument(n, argument, gradient)
        return shares

    def _of_argument(self, n: int, argument: Any, gradient: Any) -> list[Node | None]:
        given = containers.leaves(argument)
        if gradient is None:
            return [None for x in given if isinstance(x, Node)]
        if not containers.same_form(argument, gradient):
            raise TraceError(
                f"{self.name}: the gradient of argument {n} has not the containers of the argument"
            )
        found: list[Node | None] = []
        for x, leaf in zip(given, containers.leaves(gradient), strict=True):
            if not isinstance(x, Node):
                continue
            share = None if leaf is None else as_node(leaf)
            if share is not None and share.shape != x.shape:
                raise ShapeError(
                    f"{self.name}: the backward pass returned {show(share.shape)} "
                    f"for argument {n} of shape {show(x.shape)}"
                )
            found.append(share)
        return found
