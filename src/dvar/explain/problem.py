"""What is to be explained: a graph, its output, the names people see, the numbers, the upstream gradient."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dvar.core.dims import is_numeric, show
from dvar.core.errors import DomainError, FormulaError, MissingValue, ShapeError
from dvar.core.graph import Graph
from dvar.core.node import Node
from dvar.core.op import SIZE, Array, variable
from dvar.derive.expand import gates, specialised
from dvar.derive.sweep import ones_like
from dvar.engine.reference import Environment, bind_inputs, evaluate_into
from dvar.write import notation

LEVELS = ("summary", "steps", "gates")


@dataclass(frozen=True)
class Problem:
    """One question.

    Attributes:
        graph: the program.
        name, output: what is differentiated.
        labels: unit → its name, operands first.
        seed: the upstream gradient, as graph.
        numerator: what stands above in ``dL/dx``: the output, or the loss behind a given upstream.
        values: node → array for every node, where numbers are known; empty without numbers.
        sizes: numbers for named sizes.
    """

    graph: Graph
    name: str
    output: Node
    labels: Mapping[Node, str]
    seed: Node
    numerator: str
    values: Environment
    sizes: Mapping[str, int]

    @property
    def has_own_upstream(self) -> bool:
        """Whether an upstream gradient was given, so that the numerator is a loss further on."""
        return self.seed is not ones_like(self.output)

    def evaluate(self, *nodes: Node) -> list[Array | None]:
        """Values of nodes; None without numbers."""
        if not self.values:
            return [None] * len(nodes)
        try:
            evaluate_into(self.values, nodes, self.sizes)
        except MissingValue:
            return [None] * len(nodes)
        return [self.values[node] for node in nodes]


def pose(
    graph: Graph,
    at: Mapping[str, Any] | None = None,
    of: str | None = None,
    upstream: Any = None,
    level: str = "steps",
) -> Problem:
    """Put a question to a graph.

    Args:
        graph: the program.
        at: values of inputs (and of named sizes), over those the graph brings along.
        of: the name to differentiate; the last definition if None.
        upstream: number, array, name, or ``"name=value"``.
        level: ``gates`` names every primitive operation.

    Raises:
        FormulaError: ``of`` or a key of ``at`` is not a name of the program.
        ShapeError: the output is not a scalar and has no upstream gradient.
        MissingValue: some inputs have values and others do not.
        DomainError: a value lies where an operation is undefined.
    """
    name = of or graph.output[0]
    if level == "gates":
        graph = gates(graph)
    output = _find(graph, name)
    values, given_sizes = _given(graph, {**graph.values, **(at or {})}, upstream)
    seed, numerator = _seed(graph, name, output, upstream, values)
    environment, sizes = _forward(graph, values, given_sizes)
    labels = {node: graph.labels[node] for node in graph.nodes if node in graph.labels}
    labels |= {node: n for n, node in graph.inputs.items()}
    labels.setdefault(output, name)  # a function may return a plain number, which has no name
    return Problem(graph, name, output, labels, seed, numerator, environment, sizes)


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The known name that looks most like it."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return close[0] if close else None


def names_in(text: str) -> list[str]:
    """``a,W1[0,0]`` as names; a comma inside brackets belongs to an index."""
    return [name.strip() for name in re.split(r",(?![^\[]*\])", text) if name.strip()]


def _find(graph: Graph, name: str) -> Node:
    known = {**graph.inputs, **graph.names, **graph.outputs}
    if name not in known:
        close = nearest(name, list(known))
        hint = f"did you mean {close}?" if close else "one of " + ", ".join(known)
        raise FormulaError(f"{name} is not a name of this program", hint=hint)
    return known[name]


def _given(
    graph: Graph, at: Mapping[str, Any], upstream: Any
) -> tuple[dict[Node, Any], dict[str, int]]:
    """Values by variable and by size name.  A name of neither is a mistake, not silently dropped."""
    wanted = {n for node in graph.nodes if node.op is SIZE for n in node.param("size").names}
    wanted |= {
        n
        for node in graph.inputs.values()
        for size in node.shape
        if not isinstance(size, int)
        for n in size.names
    }
    values: dict[Node, Any] = {}
    sizes: dict[str, int] = {}
    for name, value in at.items():
        if name in graph.inputs:
            values[graph.inputs[name]] = value
        elif name in wanted:
            sizes[name] = int(value)
        elif isinstance(upstream, str) and name == upstream:
            continue
        elif name in graph.names:
            raise FormulaError(
                f"{name} is computed by the program, so it cannot be given a value",
                hint=f"leave out its definition, or --at {name}=…",
            )
        else:
            close = nearest(name, list(graph.inputs))
            hint = f"did you mean {close}?" if close else "inputs: " + ", ".join(graph.inputs)
            raise FormulaError(f"{name} is not an input of this program", hint=hint)
    if isinstance(upstream, str) and upstream in at and upstream not in graph.inputs:
        values[_upstream_marker(upstream)] = at[upstream]
    return values, sizes


def _upstream_marker(name: str) -> Node:
    return variable(name, (), key=-2)


def _seed(
    graph: Graph, name: str, output: Node, upstream: Any, values: dict[Node, Any]
) -> tuple[Node, str]:
    """The seed as graph, and the name above the fraction bar."""
    if not output.is_float:
        raise ShapeError(
            f"{name} is {output.dtype}: it has no derivative", hint="differentiate a number"
        )
    loss = next(n for n in ("L", "Loss", "loss", "L_") if n not in {*graph.inputs, *graph.names})
    if upstream is None:
        if any(size != 1 for size in output.shape):
            raise ShapeError(
                f"{name} is not a single number: its shape is {show(output.shape)}",
                hint=f"sum({name}), one element {name}[0], or an upstream gradient "
                "(--upstream d, a name, or an array of that shape)",
            )
        return ones_like(output), name
    if isinstance(upstream, str):
        label, equals, number = upstream.partition("=")
        seed = variable(label.strip(), output.shape, output.dtype, key=-1)
        marker = _upstream_marker(label.strip())
        given = _numbers(number) if equals else values.pop(marker, None)
    else:
        seed, given = variable(f"d{loss}_d{name}", output.shape, output.dtype, key=-1), upstream
    if given is None:
        return seed, loss
    array = np.asarray(given, dtype=output.dtype)
    if not output.shape and not array.shape and array == 1 and not isinstance(upstream, str):
        return ones_like(output), name
    if array.shape != output.shape and is_numeric((*output.shape, *array.shape)):
        raise ShapeError(
            f"the upstream gradient is {show(array.shape)}, but {name} is {show(output.shape)}",
            rule="an upstream gradient has one number for every element of the output",
        )
    bound, _ = bind_inputs({seed: np.broadcast_to(array, array.shape) if array.shape else array})
    values.update(bound)
    return seed, loss


def _numbers(text: str) -> Any:
    import json

    try:
        return np.asarray(json.loads(text), dtype=float)
    except (ValueError, TypeError):
        raise FormulaError(
            f"{text.strip()!r} is not a number or a list of numbers", hint="--upstream d=[1, 0, 2]"
        ) from None


def _forward(
    graph: Graph, values: Mapping[Node, Any], sizes: Mapping[str, int]
) -> tuple[Environment, Mapping[str, int]]:
    """Run the program if its inputs have numbers."""
    missing = [name for name, node in graph.inputs.items() if node not in values]
    if missing and len(missing) == len(graph.inputs):
        return {}, sizes
    if missing:
        raise MissingValue(
            "no value for " + ", ".join(missing),
            hint=" ".join(f"--at {n}=…" for n in missing[:4])
            + ", or no values at all to work with names only",
        )
    environment, found = bind_inputs(values)
    for size, number in found.items():
        if sizes.get(size, number) != number:
            raise ShapeError(f"{size} is given as {sizes[size]} but an input has {number} there")
    sizes = {**sizes, **found}
    evaluate_into(environment, graph.nodes, sizes)
    _stay_inside_domains(graph, environment)
    return environment, sizes


def _stay_inside_domains(graph: Graph, values: Environment) -> None:
    """Raise where a result is not finite because an operand lies outside the domain of its row."""
    for node, problem, rule in outside_domains(graph.nodes, graph.labels, values):
        raise DomainError(problem, source=graph.sources.get(node), rule=rule)


def outside_domains(
    nodes: Sequence[Node], labels: Mapping[Node, str], values: Environment
) -> Iterator[tuple[Node, str, str]]:
    """Results that are not finite since an operand lies outside the domain: where, what, the rule."""
    for node in nodes:
        if not node.inputs or np.all(np.isfinite(values[node])):
            continue
        for x, domain in zip(node.inputs, node.op.domain, strict=False):
            if not domain.text or not np.all(np.isfinite(values[x])):
                continue
            outside = ~np.asarray(domain.contains(values[x]))
            if np.any(outside):
                written, _ = notation.definition(x, labels)
                whole, _ = notation.definition(node, labels)
                name = labels.get(x, written)
                place = f" at index {tuple(map(int, np.argwhere(outside)[0]))}" if x.shape else ""
                worst = np.asarray(values[x])[outside].flat[0] if x.shape else values[x]
                yield (
                    node,
                    f"{whole} is undefined: {name} is {float(worst):.6g}{place}",
                    f"{node.op.name} needs {domain.text.format(name)}",
                )


def with_numbers(problem: Problem) -> Problem:
    """The same problem with named sizes replaced by their numbers, where these are known."""
    graph = problem.graph
    if not problem.sizes:
        return problem
    map_ = specialised([*graph.inputs.values(), *graph.names.values(), problem.seed], problem.sizes)
    fixed = replace(
        graph,
        inputs={name: map_[node] for name, node in graph.inputs.items()},
        names={name: map_[node] for name, node in graph.names.items()},
        outputs={problem.name: map_[problem.output]},
        sources={},
    )
    labels = {map_[node]: name for node, name in problem.labels.items()}
    values = {map_[node]: value for node, value in problem.values.items() if node in map_}
    if values:
        evaluate_into(values, fixed.nodes, {})
    return replace(
        problem, graph=fixed, output=map_[problem.output], labels=labels, seed=map_[problem.seed],
        values=values, sizes={},
    )  # fmt: skip
