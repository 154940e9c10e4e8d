"""Programs of very many single numbers: value and gradients, computed without a graph of the gradients, or with one
that is made by the same functions.

A node of a gradient would be made, computed once and forgotten, which costs many times what its arithmetic does.
So what a row's rule makes of one node is written out once for every kind of node, as a function of numbers, and the
sweep carries numbers instead of nodes.  The rules, the order and hence the bits are those of the graph.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

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
        backward: upstream gradient, result, operands → shares.
        receive: which operands get them.
        nodes: ``backward`` with nodes.
    """

    forward: Callable[..., Any]
    backward: Callable[..., Sequence[Any]]
    receive: tuple[int, ...]
    nodes: Callable[..., Sequence[Node]]


# How shares are computed, who gets them; the result and the operands.
_Back: TypeAlias = "tuple[Callable[..., Sequence[Any]], Sequence[Node], Any, Sequence[Any]]"


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
        found = carry(reversed(order), {root: one}, run.shares, operator.add)
        return np.asarray(run.values[root]), {x: np.asarray(found[x]) for x in known if x in found}


def graph_of_gradients(
    root: Node, seed: Node, order: Sequence[Node], wrt: Sequence[Node]
) -> dict[Node, Node] | None:
    """The gradients of ``root`` as graph, the same nodes that a sweep makes; None for a program that a sweep serves as well.

    Args:
        root, seed: a single number, and its upstream gradient.
        order: all that lies beneath the root, operands first.
        wrt: with respect to which it is differentiated; nothing beneath them is looked at.
    """
    if not _is_of_numbers(order) or root.shape:
        return None
    beneath = set(wrt) - {root}
    real = {x for x in active_nodes(order, set(wrt), beneath) if x.dtype[0] == "f"}
    made = 0

    def shares(node: Node, g: Node) -> Iterable[tuple[Node, Node | None]]:
        nonlocal made
        kind = None
        if not node.shape and not node.params and made <= KINDS:
            key = _key(node)
            kind = _kinds.get(key)
            if kind is None and key not in _kinds:
                made += 1
                kind = _learnt(node)
        inputs = node.inputs
        if kind is None:
            sent = adjoint(node, g, [x in real for x in inputs])
            return [
                (x, share if share is None or share.shape == x.shape else sum_to(share, x.shape))
                for x, (_, share) in zip(inputs, sent, strict=True)
            ]
        found = zip(kind.receive, kind.nodes(g, node, *inputs), strict=True)
        return [(inputs[n], share) for n, share in found if inputs[n] in real]

    inner = (x for x in reversed(order) if x not in beneath)
    return carry(inner, {root: seed} if root in real else {}, shares, _plus)


def _plus(share: Node, before: Node) -> Node:
    if share.shape or before.shape or share.dtype != before.dtype:
        return add.node(share, before)
    return Node.make(add, (share, before), (), (), share.dtype)


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
        active = active_nodes(order, set(known), set())
        self._real = {x for x in active if x.dtype[0] == "f"}
        fixed = sum(x.op is CONSTANT for x in order)
        self._all_real = len(self._real) + fixed == len(order)
        self._backward: dict[Node, _Back] = {}
        self._made = 0
        self.is_complete = self._computed(order)

    def _computed(self, order: Iterable[Node]) -> bool:
        values, real = self.values, self._real
        for node in order:
            if node in values:
                continue
            op = node.op
            if op is CONSTANT:
                values[node] = node.param("value").array[()]
                continue
            if op is VARIABLE or self._made > KINDS:
                return False
            inputs = node.inputs
            operands = [values[x] for x in inputs]
            kind = None if node.shape or node.params else _kinds.get(_key(node)) or self._new(node)
            if kind is None:
                values[node] = _applied(node, *operands)
                continue
            out = values[node] = kind.forward(*operands)
            if node in real:
                if len(kind.receive) < len(inputs):
                    inputs = tuple([inputs[n] for n in kind.receive])
                back = kind.backward if self._all_real else self._reduced(kind, inputs)
                self._backward[node] = (back, inputs, out, operands)
        return True

    def _new(self, node: Node) -> Kind | None:
        """A kind that is not known yet, or that there is none."""
        if _key(node) in _kinds:
            return None
        self._made += 1
        return _learnt(node)

    def _reduced(self, kind: Kind, inputs: Sequence[Node]) -> Callable[..., Sequence[Any]]:
        """The shares of a node, None for an operand that wants none."""
        if self._real.issuperset(inputs):
            return kind.backward
        wants = [x in self._real for x in inputs]

        def backward(*args: Any) -> Sequence[Any]:
            shares = kind.backward(*args)
            return [share if want else None for share, want in zip(shares, wants, strict=True)]

        return backward

    def shares(self, node: Node, g: Any) -> Iterable[tuple[Node, Any]]:
        """What a node with the gradient ``g`` sends to its operands."""
        written = self._backward.get(node)
        if written is None:
            return self._by_graph(node, g)
        backward, inputs, out, operands = written
        return zip(inputs, backward(g, out, *operands), strict=True)

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
# Rows with a rule that looks at its operands; they have a kind for every number.
_see_numbers: set[Op] = set()
_FIXED = {dtype: f"fixed {dtype}" for dtype in ("bool", "int64", "float32", "float64")}
_PROBES = (0.0, 1.0, -1.0, 2.0, 3.0, 0.5, 0.7)
_SIGNS = {add: "+", subtract: "-", multiply: "*", divide: "/", negative: "-"}


def _key(node: Node) -> tuple[Any, ...]:
    """What a kind depends on; an operand that is a number has no gradient."""
    op, inputs = node.op, node.inputs
    if len(inputs) == 1:
        return (op, inputs[0].dtype)
    if len(inputs) == 2 and op not in _see_numbers:
        x, y = inputs
        return (
            op,
            x.dtype if x.op is not CONSTANT else _FIXED[x.dtype],
            y.dtype if y.op is not CONSTANT else _FIXED[y.dtype],
            x is y,
        )
    given = [
        x.dtype if x.op is not CONSTANT else x if op in _see_numbers else _FIXED[x.dtype]
        for x in inputs
    ]
    return (op, *given, *[inputs.index(x) for x in inputs])


def _learnt(node: Node) -> Kind | None:
    """The kind of a node that is the first of it."""
    op = node.op
    if len(_kinds) > 20 * KINDS:
        _kinds.clear()
    try:
        if op.is_elementwise and op not in _see_numbers and _looks_at_numbers(node):
            _see_numbers.add(op)
        found = _written(node)
    except MissingRule:  # an error only where a gradient arrives
        found = None
    _kinds[_key(node)] = found
    return found


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


def _written(node: Node) -> Kind | None:
    """The kind of a node; None where its operands have axes."""
    if not node.op.is_elementwise:
        return None
    sees = node.op in _see_numbers
    stands = {x: x if sees and x.op is CONSTANT else _stand_in(x.dtype) for x in node.inputs}
    operands = [stands[x] for x in node.inputs]
    out, seed = node.op.node(*operands), _stand_in(node.dtype)
    sent = adjoint(out, seed, [x.is_float and x.op is not CONSTANT for x in node.inputs])
    names = [f"x{n}" for n in range(len(operands))]
    known = dict(zip(reversed(operands), reversed(names), strict=True))
    receive = tuple(n for n, (_, share) in enumerate(sent) if share is not None)
    shares = [share for _, share in sent if share is not None]
    back = (["g", "out", *names], {**known, out: "out", seed: "g"}, shares, "[{}]")
    return Kind(
        _function(names, known, [out], "{}"),
        _function(*back),
        receive,
        _function(*back, as_node=True),
    )


def _function(
    parameters: Sequence[str],
    known: Mapping[Node, str],
    results: Sequence[Node],
    form: str,
    as_node: bool = False,
) -> Callable[..., Any]:
    """Nodes on single numbers as a function of numbers (or of nodes), which returns its results in a form."""
    names, lines, held = dict(known), [], dict[str, Any](make=Node.make)
    for node in topological(results, names):
        if node in names:
            continue
        name = f"t{len(names)}"
        if node.op is CONSTANT:
            held[name] = node if as_node else node.param("value").array[()]
        else:
            written = _text_of_node if as_node else _text
            operands = [names[x] for x in node.inputs]
            lines.append(f"    {name} = {written(node, operands, name, held)}")
        names[node] = name
    returned = form.format(", ".join(names[x] for x in results))
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


def _text_of_node(node: Node, operands: Sequence[str], name: str, held: dict[str, Any]) -> str:
    """The same row on other nodes."""
    held[f"op_{name}"], held[f"params_{name}"] = node.op, node.params
    inputs = "".join(f"{x}, " for x in operands)
    return f"make(op_{name}, ({inputs}), params_{name}, (), {node.dtype!r})"


def _applied(node: Node, *operands: Any) -> Any:
    return apply(node, list(map(np.asarray, operands)), {})[()]
