"""Forward mode from the same rows: tangents are carried from operands to results.

A row's derivative is written once, for the reverse sweep; here it is read in the other direction.
Partials multiply the tangent, linear rows are applied to it, an adjoint is transposed once more (it is
linear in the upstream gradient, so its transpose is the derivative itself).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

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
    constant,
    like,
)
from dvar.derive.sweep import _partial_share, sweep
from dvar.ops.reduction import sum_to
from dvar.ops.shaping import broadcast_to


def forward(roots: Sequence[Node], tangents: Mapping[Node, Node]) -> dict[Node, Node]:
    """The tangent of every root, given tangents of some nodes (of any nodes, not only inputs).

    A node that was given a tangent counts as independent: nothing beneath it is looked at.  A root
    that depends on none of them has the tangent zero.

    Raises:
        GraphError: a tangent whose shape is not that of its node, or a row whose adjoint is not linear.
        MissingRule: a row on the way has no derivative; names it.

    Cost:
        Linear in the number of nodes between the given ones and the roots.

    Source:
        Griewank & Walther, Evaluating Derivatives, 2nd ed., section 3.1.
    """
    for node, tangent in tangents.items():
        if node.shape != tangent.shape:
            raise GraphError(f"tangent {show(tangent.shape)} for {node!r}")
    known = carried(roots, tangents)
    return {root: known[root] if root in known else zeros_like(root) for root in roots}


def carried(
    roots: Sequence[Node], tangents: Mapping[Node, Node], stops: Collection[Node] = ()
) -> dict[Node, Node]:
    """Tangents of all nodes that have one; what lies beneath ``stops`` is not looked at."""
    known = dict(tangents)
    beneath = {*tangents, *stops}
    for node in topological(roots, beneath):
        if node in beneath or not node.is_float:
            continue
        given = [known.get(x) for x in node.inputs]
        if any(t is not None for t in given):
            tangent = push(node, given)
            if tangent is not None:
                # Operands that were broadcast have smaller tangents than the result.
                known[node] = broadcast_to(tangent, node.shape)
    return known


def push(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The tangent of one application from those of its operands; None is zero.

    Raises:
        MissingRule: the row has no derivative; names it.
    """
    rule = node.op.derivative
    params = dict(node.params)
    if isinstance(rule, Constant):
        return None
    if isinstance(rule, Partials):
        partials = rule.rule(node, *node.inputs, **params)
        return _total(
            _partial_share(t, p)[1]
            for p, t in zip(partials, tangents, strict=True)
            if p is not None and t is not None
        )
    if isinstance(rule, Multilinear):
        return _total(
            node.op.node(*node.inputs[:n], t, *node.inputs[n + 1 :], **params)
            for n, t in enumerate(tangents)
            if t is not None
        )
    if isinstance(rule, Linear):
        return _moved(node, rule, tangents)
    if isinstance(rule, Adjoint):
        return transposed(node, lambda g: rule.rule(g, node, *node.inputs, **params), tangents)
    if isinstance(rule, Nested):
        return rule.tangent(node, tangents)
    if node.op.expand is not None:
        body = node.op.expand(*node.inputs, **params)
        given = {x: t for x, t in zip(node.inputs, tangents, strict=True) if t is not None}
        return carried([body], given, node.inputs).get(body)
    raise MissingRule(f"the row {node.op.name} has no derivative")


def _total(terms: Iterable[Node]) -> Node | None:
    total: Node | None = None
    for term in terms:
        total = term if total is None else total + term
    return total


def _moved(node: Node, rule: Linear, tangents: Sequence[Node | None]) -> Node | None:
    """A linear move applied to the tangents of all operands in which it is jointly linear."""
    linear = range(len(tangents)) if rule.operands is None else rule.operands
    if all(tangents[n] is None for n in linear):
        return None
    operands = list(node.inputs)
    for n in linear:
        tangent = tangents[n]
        operands[n] = zeros_like(operands[n]) if tangent is None else tangent
    return node.with_inputs(*operands)


def transposed(
    node: Node,
    shares_of: Callable[[Node], Sequence[Node | None]],
    tangents: Sequence[Node | None],
) -> Node | None:
    """The transpose of an adjoint: with shares ``Sₙ(g)``, the sum of ``Sₙᵀ`` of the tangents."""
    # It occurs in no result, since the shares are linear in it.
    g = like(node, "upstream of an adjoint")
    terms: list[Node] = []
    for x, share, tangent in zip(node.inputs, shares_of(g), tangents, strict=True):
        if share is None or tangent is None:
            continue
        share = sum_to(share, x.shape)
        back = sweep(share, tangent, [g], [node, *node.inputs]).gradients
        if g in back:
            terms.append(back[g])
    if g in topological(terms, {node, *node.inputs, *(t for t in tangents if t is not None)}):
        raise GraphError(f"the adjoint of {node.op.name} is not linear in the upstream gradient")
    return _total(terms)


def zeros_like(node: Node) -> Node:
    """Zeros in the shape of a node, in its dtype (in double precision beside integers)."""
    zero = constant(0.0, node.dtype if node.is_float else "float64")
    return broadcast_to(zero, node.shape)
