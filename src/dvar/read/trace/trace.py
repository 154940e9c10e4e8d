"""A Python function in plain NumPy → a graph, by calling it with traced arrays.

The graph speaks the user's language: inputs are called what the parameters are called, intermediate
results what the function's local variables were called when it returned, and every node knows the line
that made it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from dvar.core.dims import Dim, Size
from dvar.core.dims import Shape as Sizes
from dvar.core.dtypes import dtype_of
from dvar.core.errors import DvarError, Source, TraceError
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.core.op import VARIABLE, Array, constant, fresh_key, variable
from dvar.read.trace import containers, facts, following
from dvar.read.trace.array import Variable
from dvar.read.trace.local_names import Locals, code_of, unique


class Shape:
    """The shape of an argument without its numbers: ``Shape(3, "m")``.

    Args:
        *sizes: numbers, or names such as ``"m"``.
        dtype: ``float64``, ``float32``, ``int64`` or ``bool``.
    """

    def __init__(self, *sizes: int | str | Dim, dtype: str = "float64") -> None:
        self.sizes: Sizes = tuple(map(_size, sizes))
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"Shape({', '.join(repr(str(s)) if isinstance(s, Dim) else str(s) for s in self.sizes)})"


def _size(size: int | str | Dim) -> Size:
    if isinstance(size, str):
        return int(size) if size.isdecimal() else Dim(size)
    return size


@dataclass(frozen=True)
class Traced:
    """A function as a graph, and the way back to its own arguments and result.

    Attributes:
        graph: inputs, outputs, names of intermediate results, source lines.
        function: what was traced.
        values: example values by input name (in ``graph.values`` too).
        arguments: the arguments with input names (``"W1"``) in place of arrays.
        result: the result with output names in place of arrays.
    """

    graph: Graph
    function: Callable[..., Any]
    values: Mapping[str, Array]
    arguments: Mapping[str, Any]
    result: Any

    def like_arguments(self, by_name: Mapping[str, Any]) -> dict[str, Any]:
        """Something for every input (a gradient, say) in the containers of the arguments."""
        return {
            parameter: _filled(tree, self.graph.inputs, by_name)
            for parameter, tree in self.arguments.items()
        }

    def like_result(self, by_name: Mapping[str, Any]) -> Any:
        """Something for every output in the containers that the function returned."""
        return _filled(self.result, self.graph.outputs, by_name)


def _filled(tree: Any, names: Mapping[str, Node], by_name: Mapping[str, Any]) -> Any:
    def fill(leaf: Any) -> Any:
        return by_name.get(leaf) if isinstance(leaf, str) and leaf in names else leaf

    return containers.tree_map(fill, tree)


def trace(
    function: Callable[..., Any],
    *args: Any,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    **kwargs: Any,
) -> Traced:
    """Follow one call of a function.

    Args:
        function: plain NumPy.
        *args: arrays and numbers (computed as it goes, so that ``if`` works), or ``Shape``; also
            containers of these.  What is neither is passed on as it is.
        shapes: shapes by parameter name, for arguments that are not given.
        **kwargs: as ``args``, by name.

    Raises:
        TraceError: the function does something that cannot be followed; says what to write instead.

    Example:
        >>> import numpy as np
        >>> print(trace(lambda w, x: np.sum(w * x), Shape("n"), Shape("n")).graph)
        input w: float64 (n,)
        input x: float64 (n,)
        %1: float64 (n,) = multiply(w, x)
        out: float64 scalar = sum(%1, axis=None, keepdims=False)
        return out
    """
    bound = _bind(function, args, kwargs, shapes or {})
    inputs = _Inputs()
    for parameter, argument in list(bound.arguments.items()):
        bound.arguments[parameter] = inputs.read(parameter, argument)
    with Locals(code_of(function)) as found:
        result = following.call(function, bound.args, bound.kwargs)
    outputs = _Outputs(result, inputs.nodes, found, own_name(function))
    graph = _graph(inputs, outputs, found)
    return Traced(graph, function, graph.values, inputs.templates, outputs.template)  # type: ignore[arg-type]  # arrays


def _bind(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    shapes: Mapping[str, Sequence[int | str]],
) -> inspect.BoundArguments:
    """Arguments by parameter; those without a value come from ``shapes``."""
    try:
        signature = inspect.signature(function)
        bound = signature.bind_partial(*args, **kwargs)
    except (TypeError, ValueError) as error:
        raise TraceError(f"the arguments do not fit the function: {error}") from error
    for name in shapes:
        if name not in signature.parameters:
            raise TraceError(
                f"shapes= names {name}, which is no parameter",
                hint="the parameters are " + ", ".join(signature.parameters),
            )
    given = {**{name: Shape(*sizes) for name, sizes in shapes.items()}, **bound.arguments}
    for name, parameter in signature.parameters.items():
        optional = parameter.default is not parameter.empty
        if name not in given and not optional and parameter.kind not in (2, 4):
            raise TraceError(
                f"the argument {name} has neither a value nor a shape",
                hint=f'{name}=dvar.Shape(3, "m"), or an example array',
            )
    bound.arguments = {name: given[name] for name in signature.parameters if name in given}
    return bound


# ── inputs ──────────────────────────────────────────────────────────────────────────────────────


def is_number(leaf: Any) -> bool:
    """Whether a leaf is an array or a number (truth values are flags, not numbers)."""
    return isinstance(leaf, (np.ndarray, np.number, Variable)) or (
        isinstance(leaf, (int, float)) and not isinstance(leaf, bool)
    )


class _Inputs:
    """The inputs of a trace as they are found in the arguments."""

    def __init__(self) -> None:
        self.key = fresh_key()
        self.nodes: dict[str, Node] = {}
        self.values: dict[str, Array] = {}
        self.templates: dict[str, Any] = {}

    def read(self, parameter: str, argument: Any) -> Any:
        """The argument with Variables for its arrays."""
        found = containers.leaves_with_paths(argument)
        numbers = [n for n, (_, x) in enumerate(found) if is_number(x) or isinstance(x, Shape)]
        names = containers.names_of(parameter, [found[n][0] for n in numbers])
        traced, template = [[x for _, x in found] for _ in range(2)]
        for n, name in zip(numbers, names, strict=True):
            if name in self.nodes:
                name = containers.long_name(parameter, found[n][0])
            name = unique(name, self.nodes, name)
            traced[n] = self._variable(name, found[n][1])
            template[n] = name
        self.templates[parameter] = containers.rebuild(argument, template)
        return containers.rebuild(argument, traced)

    def _variable(self, name: str, leaf: Any) -> Variable:
        if isinstance(leaf, Shape):
            node = variable(name, leaf.sizes, leaf.dtype, self.key)
            facts.learn(node, None)
        else:
            value = as_array(leaf)
            node = variable(name, value.shape, dtype_of(value), self.key)
            facts.learn(node, value.astype(node.dtype, copy=False))
            self.values[name] = value
        self.nodes[name] = node
        return Variable(node)


def unknown(name: str, shape: Sequence[int], dtype: str) -> Variable:
    """An input of which the shape and the type are known, and no numbers."""
    node = variable(name, tuple(shape), dtype, fresh_key())
    facts.learn(node, None)
    return Variable(node)


def as_array(leaf: Any) -> Array:
    """A number or array as an array; whole Python numbers count as real, as in ``grad``."""
    if isinstance(leaf, Variable):
        if leaf.value is None:
            raise TraceError("an array without numbers is no example value", hint="dvar.Shape(…)")
        return np.asarray(leaf.value)
    return np.asarray(float(leaf) if type(leaf) is int else leaf)


# ── outputs ─────────────────────────────────────────────────────────────────────────────────────


class _Outputs:
    """What the function returned: nodes by name, and the containers around them."""

    def __init__(
        self, result: Any, inputs: Mapping[str, Node], found: Locals, own: str | None
    ) -> None:
        local = {node: name for name, node in found.names.items()}
        local |= {node: name for name, node in inputs.items()}
        leaves = containers.leaves_with_paths(result)
        bare = containers.names_of("out", [path for path, _ in leaves])
        self.nodes: dict[str, Node] = {}
        names = []
        for (_, leaf), name in zip(leaves, bare, strict=True):
            node = as_node(leaf)
            taken = {**inputs, **found.names}
            if own is not None and len(leaves) == 1 and name == "out" and own not in taken:
                name = own
            name = local.get(node) or unique(name, taken, "out")
            if self.nodes.get(name, node) is not node:
                name = unique(name, self.nodes, "out")
            self.nodes[name] = node
            names.append(name)
        self.template = containers.rebuild(result, names)


def own_name(function: Callable[..., Any]) -> str | None:
    """What the author calls a function: ``loss``; None for a lambda and the like."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() and not name.startswith("_") else None


def as_node(leaf: Any) -> Node:
    """One array that a function returned.

    Raises:
        TraceError: it is no array.
    """
    if isinstance(leaf, Variable):
        return leaf.node
    if leaf is None:
        raise TraceError("the function returned None", hint="return the result")
    try:
        return constant(leaf)
    except DvarError as error:
        raise TraceError(f"the function returned {type(leaf).__name__}, not an array") from error


# ── the graph ───────────────────────────────────────────────────────────────────────────────────


def _graph(inputs: _Inputs, outputs: _Outputs, found: Locals) -> Graph:
    wanted = {**_without_programs(found.names, inputs.nodes.values()), **outputs.nodes}
    nodes = dict(zip(wanted, closed(list(wanted.values()), inputs.nodes.values()), strict=True))
    results = {name: nodes[name] for name in outputs.nodes}
    order = {node: n for n, node in enumerate(topological(results.values()))}
    given = set(inputs.nodes.values())
    names: dict[str, Node] = {}
    for name, node in sorted(nodes.items(), key=lambda item: order.get(item[1], -1)):
        if node in order and node not in given:
            names[unique(name, {**inputs.nodes, **names}, name)] = node
    return Graph(
        inputs=inputs.nodes,
        names=names,
        outputs=results,
        values=inputs.values,
        sources=sources_of(order),
    ).check()


def _without_programs(names: Mapping[str, Node], inputs: Iterable[Node]) -> dict[str, Node]:
    """The names without those from programs inside of nodes, such as the step of a loop."""
    own, inside = set(inputs), set[Node]()
    for node in topological(names.values()):
        is_placeholder = node.op is VARIABLE and facts.known_value(node) is None
        if (is_placeholder and node not in own) or any(x in inside for x in node.inputs):
            inside.add(node)
    return {name: node for name, node in names.items() if node not in inside}


def sources_of(nodes: Mapping[Node, Any]) -> dict[Node, Source]:
    """The line that made each node, as far as it is known."""
    places = {node: facts.place_of(node) for node in nodes}
    return {node: facts.source_at(place) for node, place in places.items() if place is not None}


def closed(roots: list[Node], inputs: Any) -> list[Node]:
    """The roots with nothing of other traces in them: their values become constants.

    Raises:
        TraceError: an array of another trace has no value.
    """
    return closed_in_order(roots, inputs)[0]


def closed_in_order(roots: list[Node], inputs: Any) -> tuple[list[Node], list[Node] | None]:
    """``closed``, and more.

    Returns:
        The roots; and what lies beneath them, operands first, where that is known.

    Raises:
        TraceError: an array of another trace has no value.
    """
    order = topological(roots)
    plain = facts.without_aliases(roots, order)
    if plain != roots:
        roots, order = plain, topological(plain)
    own = set(inputs)
    foreign = {}
    for node in order:
        if node.op is VARIABLE and node not in own:
            value = facts.known_value(node)
            if value is None:
                raise TraceError(f"{node.param('name')} belongs to another trace and has no value")
            foreign[node] = constant(value)
    return (facts.replace(roots, foreign), None) if foreign else (roots, order)
