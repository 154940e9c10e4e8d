"""The reverse sweep: one pass from a result to what it is made of.

Every edge of the graph carries ``share = upstream · local``; the gradient of a node is the sum of the
shares of its uses.  Broadcasting is undone here, once, for all rows.  The result is graph again, so
the same sweep gives every higher order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from dvar.core.collecting import rarely_collected
from dvar.core.dims import show
from dvar.core.errors import GraphError, MissingRule
from dvar.core.node import Node, topological
from dvar.core.op import (
    Adjoint,
    Constant,
    Linear,
    Multilinear,
    Nested,
    Partials,
    axes_of,
    constant,
)
from dvar.ops.arithmetic import add, multiply
from dvar.ops.contraction import contract
from dvar.ops.reduction import sum_to
from dvar.ops.shaping import broadcast_to

Carried = TypeVar("Carried")


class Edge(NamedTuple):
    """One edge of the sweep: what ``node`` sends to its operand.

    Attributes:
        node: the application whose derivative is taken.
        operand: which operand.
        upstream: the gradient of ``node``.
        local: for elementwise rows the partial derivative, else None (a linear map).
        spread: the share as the row gives it, before broadcasting is undone.
        share: what the operand receives.
    """

    node: Node
    operand: int
    upstream: Node
    local: Node | None
    spread: Node
    share: Node

    @property
    def target(self) -> Node:
        return self.node.inputs[self.operand]

    @property
    def was_broadcast(self) -> bool:
        return self.spread is not self.share


@dataclass(frozen=True, slots=True)
class Sweep:
    """Gradients, and the edges they came along, in reverse order."""

    gradients: dict[Node, Node]
    _edges: list[tuple[Node, int, Node, Node | None, Node, Node]]

    @property
    def edges(self) -> list[Edge]:
        return [Edge(*parts) for parts in self._edges]


def sweep(
    root: Node, seed: Node, wrt: Collection[Node], stops: Collection[Node] | None = None
) -> Sweep:
    """Carry ``seed``, the upstream gradient of ``root``, back to ``wrt``; see ``pull``."""
    return pull({root: seed}, wrt, set(stops or ()) - {root})


def pull(
    upstream: Mapping[Node, Node], wrt: Collection[Node], stops: Collection[Node] = ()
) -> Sweep:
    """Carry upstream gradients back to ``wrt``.

    Args:
        upstream: root → its upstream gradient, of the same shape.
        wrt: nodes whose gradients are wanted (any nodes, not only inputs).
        stops: nodes beneath which nothing is differentiated; without them it goes on to the leaves.

    Returns:
        Gradients for every node between the roots and wrt, those of wrt included where there is a path.

    Cost:
        Linear in the number of nodes between the roots and wrt.

    Source:
        Griewank & Walther, Evaluating Derivatives, 2nd ed., section 3.2.
    """
    with rarely_collected():
        return _pulled(upstream, set(wrt), set(stops))


def _pulled(upstream: Mapping[Node, Node], wrt: set[Node], beneath: set[Node]) -> Sweep:
    order = topological(upstream, beneath)
    active = active_nodes(order, wrt, beneath)
    real = {x for x in active if x.dtype[0] == "f"}
    gradients = {root: seed for root, seed in upstream.items() if root in active}
    edges: list[tuple[Node, int, Node, Node | None, Node, Node]] = []

    def shares(node: Node, g: Node) -> list[tuple[Node, Node | None]]:
        inputs = node.inputs
        sent: list[tuple[Node, Node | None]] = []
        for n, (local, spread) in enumerate(adjoint(node, g, [x in real for x in inputs])):
            if spread is None:
                continue
            x = inputs[n]
            share = spread
            if spread.shape != x.shape:
                share = sum_to(spread, x.shape)
                if share.shape != x.shape:
                    raise GraphError(
                        f"{node.op.name}: share {show(share.shape)} for an operand {show(x.shape)}"
                    )
            edges.append((node, n, g, local, spread, share))
            sent.append((x, share))
        return sent

    inner = (x for x in reversed(order) if x not in beneath)
    return Sweep(carry(inner, gradients, shares, add.node), edges)


def carry(
    order: Iterable[Node],
    gradients: dict[Node, Carried],
    shares: Callable[[Node, Carried], Iterable[tuple[Node, Carried | None]]],
    plus: Callable[[Carried, Carried], Carried],
) -> dict[Node, Carried]:
    """The sweep itself, whatever it carries: graphs, or numbers where nobody wants the graph.

    Args:
        order: what is passed through, results first.
        gradients: the upstream gradients of the roots; those of all others are put in.
        shares: what a node with a gradient sends to its operands; None is nothing.
        plus: the sum of two shares.
    """
    for node in order:
        g = gradients.get(node)
        if g is None or not node.inputs:
            continue
        for x, share in shares(node, g):
            if share is None:
                continue
            before = gradients.get(x)
            # In front of the shares of later uses, so that a sum reads in the order of the program.
            gradients[x] = share if before is None else plus(share, before)
    return gradients


def active_nodes(order: Sequence[Node], wrt: set[Node], beneath: set[Node]) -> set[Node]:
    """The nodes that depend on ``wrt``."""
    active: set[Node] = set()
    for node in order:
        if node in wrt:
            active.add(node)
        elif node not in beneath:
            for x in node.inputs:
                if x in active:
                    active.add(node)
                    break
    return active


def adjoint(node: Node, g: Node, wanted: Sequence[bool]) -> list[tuple[Node | None, Node | None]]:
    """For each operand the local partial (elementwise rows) and the share, None where unwanted.

    Raises:
        MissingRule: the row has no derivative; names it.
    """
    rule = node.op.derivative
    params = dict(node.params) if node.params else {}
    if type(rule) is Partials:
        partials = rule.rule(node, *node.inputs, **params)
        return [
            _partial_share(g, p) if want and p is not None else _NO_SHARE
            for p, want in zip(partials, wanted, strict=True)
        ]
    if isinstance(rule, Constant):
        return [(None, None)] * len(node.inputs)
    if isinstance(rule, Multilinear):
        shares: Sequence[Node | None] = [
            _turned(node, g, n) if want else None for n, want in enumerate(wanted)
        ]
    elif isinstance(rule, Linear):
        shares = rule.transpose(g, *node.inputs, **params)
    elif isinstance(rule, Adjoint):
        shares = rule.rule(g, node, *node.inputs, **params)
    elif isinstance(rule, Nested):
        shares = rule.adjoint(g, node, wanted)
    elif node.op.expand is not None:
        body = node.op.expand(*node.inputs, **params)
        # A body that is an operand itself is not looked beneath either: its own shares come later.
        alone = body in node.inputs
        inside = {body: g} if alone else sweep(body, g, node.inputs, node.inputs).gradients
        shares = [inside.get(x) for x in node.inputs]
        shares = [
            s if x not in node.inputs[:n] else None
            for n, (x, s) in enumerate(zip(node.inputs, shares, strict=True))
        ]
    else:
        raise MissingRule(f"the row {node.op.name} has no derivative")
    return [(None, s if want else None) for s, want in zip(shares, wanted, strict=True)]


_NO_SHARE = (None, None)


def _partial_share(g: Node, partial: Node | float) -> tuple[Node, Node]:
    """Upstream times partial; a factor of one is not written, nor minus one as a product."""
    if type(partial) is Node:
        return partial, multiply.node(g, partial)
    if partial == 1:
        return _unit(1, g.dtype), g
    if partial == -1:
        return _unit(-1, g.dtype), -g
    local = constant(partial, g.dtype)
    return local, g * local


@lru_cache(maxsize=8)
def _unit(sign: int, dtype: str) -> Node:
    """1 or -1: half of all partials."""
    return constant(sign, dtype)


def _turned(node: Node, g: Node, n: int) -> Node:
    """The adjoint of a multilinear row: the sentence with the result and operand ``n`` exchanged."""
    others = node.inputs[:n] + node.inputs[n + 1 :]
    return contract(axes_of(node).turned(n), [g, *others])


def ones_like(node: Node) -> Node:
    """The seed of a scalar, or ones in the shape of an array."""
    one = constant(1.0, node.dtype)
    return broadcast_to(one, node.shape) if node.shape else one
