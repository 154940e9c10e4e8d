"""Programs of very many single numbers: value and gradients, computed without a graph of the gradients.

A node of a gradient would be made, computed once and forgotten, which costs many times what its arithmetic does.
So what a row's rule makes of one node is written out once for every kind of node, as a function of numbers, and the
sweep carries numbers instead of nodes.  The rules, the order and hence the bits are those of the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from dvar.core.collecting import rarely_collected
from dvar.core.dims import is_numeric
from dvar.core.errors import MissingRule
from dvar.core.node import Node, substituted, topological
from dvar.core.op import CONSTANT, SIZE, VARIABLE, Array, Nested, Op, constant, fresh_key, variable
from dvar.derive.sweep import active_nodes, adjoint, carry
from dvar.engine.reference import apply
from dvar.ops.arithmetic import add, divide, multiply, negative, subtract
from dvar.ops.reduction import sum_to

# A program of fewer nodes, or of more elements for each of them, is as well served by a graph.
LONG = 200
SMALL = 4
# So many kinds of nodes are made for one program; one that has more is no program of the same few gates.
KINDS = 100


class Kind(NamedTuple):
    """What nodes of one row on operands of one type have in common.

    Attributes:
        forward: operands → result.
        backward: upstream gradient, result, operands → the share of each operand, None where there is none.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Sequence[Any]]


def gradients(
    root: Node, order: Sequence[Node], known: Mapping[Node, Array]
) -> tuple[Array, dict[Node, Array]] | None:
    """The value of ``root`` and its gradients with respect to what its value is known of.

    Args:
        root: a single number.
        order: all that lies beneath it, operands first.
        known: values of the variables, with respect to which it is differentiated.

    Returns:
        The value and the gradients that are not zero; None for a program that is better kept as a graph.
    """
    if not _is_of_numbers(order) or root.shape:
        return None
    with rarely_collected(), np.errstate(all="ignore"):
        run = _Run(order, known)
        if not run.is_complete:
            return None
        one = np.ones((), root.dtype)[()]
        found = carry(reversed(order), {root: one}, run.shares, np.add)
        return np.asarray(run.values[root]), {x: np.asarray(found[x]) for x in known if x in found}


def _is_of_numbers(order: Sequence[Node]) -> bool:
    if len(order) < LONG:
        return False
    elements = 0
    for node in order:
        if not node.shape:
            elements += 1
        elif is_numeric(node.shape):
            elements += int(np.prod(node.shape))  # type: ignore[arg-type]  # just checked
        else:
            return False
    # What a program within a node does is not to be read off its row.
    held = {node.op for node in order}
    return elements <= SMALL * len(order) and not any(
        op is SIZE or isinstance(op.derivative, Nested) for op in held
    )


class _Run:
    """The values of a program, and what every node of it will do with a gradient.

    Attributes:
        values: node → number or array.
        is_complete: whether the program could be computed this way.
    """

    def __init__(self, order: Sequence[Node], known: Mapping[Node, Array]) -> None:
        self.values: dict[Node, Any] = {x: value[()] for x, value in known.items()}
        self._real = {x for x in active_nodes(order, set(known), set()) if x.is_float}
        self._backward: dict[Node, tuple[Callable[..., Sequence[Any]], Sequence[Any]]] = {}
        self._made = 0
        self.is_complete = self._computed(order)

    def _computed(self, order: Iterable[Node]) -> bool:
        values, real, backward = self.values, self._real, self._backward
        for node in order:
            if node in values:
                continue
            op = node.op
            if op is CONSTANT:
                values[node] = node.param("value").array[()]
                continue
            if op is VARIABLE or self._made > KINDS:
                return False
            operands = [values[x] for x in node.inputs]
            kind = None if node.shape or node.params else self._kind(node)
            if kind is None:
                values[node] = _applied(node, *operands)
            else:
                values[node] = kind.forward(*operands)
                if node in real:
                    backward[node] = (kind.backward, operands)
        return True

    def _kind(self, node: Node) -> Kind | None:
        op, inputs = node.op, node.inputs
        if op not in _sees_numbers:
            _sees_numbers[op] = op.is_elementwise and _looks_at_numbers(node)
        sees = _sees_numbers[op]
        # An operand that is a number and not computed has no gradient; some rules look at what it is.
        key: list[Any] = [op]
        for x in inputs:
            key.append(x.dtype if x.op is not CONSTANT else x if sees else _FIXED[x.dtype])
        if len(inputs) > 1:
            key += [inputs.index(x) for x in inputs]
        found = _kinds.get(tuple(key), _kinds)
        if found is _kinds:
            self._made += 1
            if len(_kinds) > 20 * KINDS:
                _kinds.clear()
            found = _kinds[tuple(key)] = _written(node, sees)
        return found  # type: ignore[return-value]  # the table itself stands for nothing found

    def shares(self, node: Node, g: Any) -> Iterable[tuple[Node, Any]]:
        """What a node with the gradient ``g`` sends to its operands."""
        written = self._backward.get(node)
        if written is None:
            return self._by_graph(node, g)
        backward, operands = written
        real = self._real
        return [
            (x, share)
            for x, share in zip(node.inputs, backward(g, self.values[node], *operands), strict=True)
            if share is not None and x in real
        ]

    def _by_graph(self, node: Node, g: Any) -> list[tuple[Node, Any]]:
        """The same for a node that is no single number made of single numbers."""
        if node not in self._real:
            return []
        seed = variable("", node.shape, node.dtype, fresh_key())
        values = self.values
        values[seed] = g
        sent = []
        wanted = [x in self._real for x in node.inputs]
        for x, (_, spread) in zip(node.inputs, adjoint(node, seed, wanted), strict=True):
            if spread is not None:
                share = spread if spread.shape == x.shape else sum_to(spread, x.shape)
                for step in topological([share], values):
                    if step not in values:
                        values[step] = _applied(step, *[values[y] for y in step.inputs])
                sent.append((x, values[share]))
        return sent


# ── kinds of nodes ──────────────────────────────────────────────────────────────────────────────

_kinds: dict[tuple[Any, ...], Kind | None] = {}
_sees_numbers: dict[Op, bool] = {}
_FIXED = {dtype: f"fixed {dtype}" for dtype in ("bool", "int64", "float32", "float64")}
_PROBES = (0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 0.7)
_SIGNS = {add: "+", subtract: "-", multiply: "*", divide: "/", negative: "-"}


def _stand_in(dtype: str) -> Node:
    return variable("", (), dtype, fresh_key())


def _looks_at_numbers(node: Node) -> bool:
    """Whether the rule of a row makes something else of a number than of a variable, as that of a power does."""
    op, dtypes = node.op, [x.dtype for x in node.inputs]
    if len(dtypes) < 2:
        return False
    operands = [_stand_in(dtype) for dtype in dtypes]
    seed = _stand_in(node.dtype)
    for n, dtype in enumerate(dtypes):
        wanted = [i != n and operands[i].is_float for i in range(len(operands))]
        general = _shares(op, operands, seed, wanted)
        for probe in _PROBES:
            number = constant(probe, dtype)
            special = _shares(op, [*operands[:n], number, *operands[n + 1 :]], seed, wanted)
            if substituted(general, {operands[n]: number}) != special:
                return True
    return False


def _shares(op: Op, operands: Sequence[Node], seed: Node, wanted: Sequence[bool]) -> list[Node]:
    """What a row sends to its operands; the seed stands for nothing."""
    found = adjoint(op.node(*operands), seed, wanted)
    return [seed if share is None else share for _, share in found]


def _written(node: Node, sees: bool) -> Kind | None:
    """The kind of a node; None where its operands have axes, or its row has no derivative."""
    if not node.op.is_elementwise:
        return None
    stands = {x: x if sees and x.op is CONSTANT else _stand_in(x.dtype) for x in node.inputs}
    operands = [stands[x] for x in node.inputs]
    out, seed = node.op.node(*operands), _stand_in(node.dtype)
    try:
        sent = adjoint(out, seed, [x.is_float and x.op is not CONSTANT for x in node.inputs])
    except MissingRule:
        return None
    names = [f"x{n}" for n in range(len(operands))]
    known = dict(zip(reversed(operands), reversed(names), strict=True))
    return Kind(
        _function(names, known, [out], "{}"),
        _function(
            ["g", "out", *names], {**known, out: "out", seed: "g"}, [x for _, x in sent], "({},)"
        ),
    )


def _function(
    parameters: Sequence[str], known: Mapping[Node, str], results: Sequence[Node | None], form: str
) -> Callable[..., Any]:
    """Nodes on single numbers as a function of numbers; None remains None."""
    names, lines, held = dict(known), [], dict[str, Any]()
    for node in topological([x for x in results if x is not None], names):
        if node in names:
            continue
        name = f"t{len(names)}"
        if node.op is CONSTANT:
            held[name] = node.param("value").array[()]
        else:
            lines.append(f"    {name} = {_text(node, [names[x] for x in node.inputs], name, held)}")
        names[node] = name
    returned = form.format(", ".join("None" if x is None else names[x] for x in results))
    text = [f"def function({', '.join(parameters)}):", *lines, f"    return {returned}"]
    exec("\n".join(text), held)
    made: Callable[..., Any] = held["function"]
    return made


def _text(node: Node, operands: Sequence[str], name: str, held: dict[str, Any]) -> str:
    """One row on numbers, to the bit what the reference interpreter makes of it."""
    op = node.op
    is_plain = not node.params and node.is_float and {x.dtype for x in node.inputs} == {node.dtype}
    if is_plain and op in _SIGNS:
        return f"{operands[0]} {_SIGNS[op]} {operands[1]}" if operands[1:] else f"-{operands[0]}"
    is_ufunc = is_plain and isinstance(op.forward, np.ufunc)
    held[f"f_{name}"] = op.forward if is_ufunc else partial(_applied, node)
    return f"f_{name}({', '.join(operands)})"


def _applied(node: Node, *operands: Any) -> Any:
    return apply(node, list(map(np.asarray, operands)), {})[()]
