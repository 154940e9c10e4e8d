"""Rows that run a program once: one of two that a condition chooses, or one that is not kept.

``cond`` computes only the branch that is taken, and its derivative is the derivative of that branch.
``checkpoint`` keeps nothing of what its program computes on the way: its derivative computes it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import Shape, Size, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import Array, Nested, Op, like
from dvar.derive.batch import spread
from dvar.derive.control.bodies import (
    backward,
    depend,
    dual,
    forward,
    gradients,
    many,
    or_zero,
    written,
)
from dvar.derive.control.examples import beside, guarded
from dvar.derive.forward import zeros_like
from dvar.derive.packing import pack, pack_many, packed_shape, unpack, unpack_upstream
from dvar.ops.arithmetic import equal
from dvar.ops.extremes import any as any_
from dvar.ops.selection import where

Branches = tuple[Body, ...]


def chosen(condition: Node, taken: Body, other: Body, operands: Sequence[Node]) -> list[Node]:
    """The roots of ``taken`` where the condition is true, else those of ``other``."""
    return _results(cond, [condition], (taken, other), operands)


def recomputed(body: Body, operands: Sequence[Node]) -> list[Node]:
    """The roots of a program whose values on the way are computed again where they are needed."""
    return _results(checkpoint, [], (body,), operands)


def _results(
    op: Op, lead: Sequence[Node], branches: Branches, operands: Sequence[Node]
) -> list[Node]:
    """A node for every type among the roots; operands that no branch uses are left out."""
    used = [any(flags) for flags in zip(*(body.used for body in branches), strict=True)]
    branches = tuple(
        Body.of([x for x, u in zip(b.inputs, used, strict=True) if u], b.roots, b.name)
        for b in branches
    )
    kept = [x for x, u in zip(operands, used, strict=True) if u]
    roots = branches[0].roots
    found: dict[int, Node] = {}
    for dtype in dict.fromkeys(root.dtype for root in roots):
        places = tuple(n for n, root in enumerate(roots) if root.dtype == dtype)
        node = op.node(*lead, *kept, branches=branches, results=places, dtype=dtype)
        parts = unpack(node, [roots[n].shape for n in places])
        found.update(zip(places, parts, strict=True))
    return [found[n] for n in range(len(roots))]


def _split(node: Node, things: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The condition, where there is one, and the operands of the branches."""
    first = len(node.inputs) - len(node.param("branches")[0].inputs)
    return list(things[:first]), list(things[first:])


def _shape(
    shapes: Sequence[Shape], branches: Branches, results: Sequence[int], dtype: str
) -> Shape:
    first = len(shapes) - len(branches[0].inputs)
    for body in branches:
        for n, (shape, x) in enumerate(zip(shapes[first:], body.inputs, strict=True)):
            if shape != x.shape:
                raise ShapeError(
                    f"operand {n + 1} is {show(shape)}, a branch takes {show(x.shape)}"
                )
    return packed_shape([branches[0].roots[n].shape for n in results])


def _packed(made: Sequence[Array], results: Sequence[int]) -> Array:
    found = [made[n] for n in results]
    return found[0] if len(found) == 1 else np.concatenate([np.ravel(x) for x in found])


def _forward_cond(
    condition: Array, *operands: Array, branches: Any, results: Sequence[int], dtype: str
) -> Array:
    return _packed(branches[0 if condition else 1](operands), results)


def _forward_checkpoint(
    *operands: Array, branches: Any, results: Sequence[int], dtype: str
) -> Array:
    return _packed(branches[0](operands), results)


# ── derivatives ─────────────────────────────────────────────────────────────────────────────────


def _adjoint(g: Node, node: Node, wanted: Sequence[bool]) -> Sequence[Node | None]:
    branches: Branches = node.param("branches")
    places = node.param("results")
    lead, operands = _split(node, node.inputs)
    flags = _split(node, wanted)[1]
    parts = unpack_upstream(g, [branches[0].roots[n].shape for n in places])
    upstream = {n: part for n, part in zip(places, parts, strict=True) if part is not None}
    transposed = []
    for body in branches:
        inputs, roots = body.fresh()
        seeds = [like(roots[n], "g") for n in upstream]
        shares = gradients(
            [(roots[n], s) for n, s in zip(upstream, seeds, strict=True)],
            [x for x, want in zip(inputs, flags, strict=True) if want],
        )
        transposed.append(Body.of([*inputs, *seeds], shares, backward(body)))
    found = iter(_results(node.op, lead, tuple(transposed), [*operands, *upstream.values()]))
    return [*(None for _ in lead), *(next(found) if want else None for want in flags)]


def _tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    branches: Branches = node.param("branches")
    places = node.param("results")
    lead, operands = _split(node, node.inputs)
    moves = _split(node, tangents)[1]
    given = [t is not None for t in moves]
    if not any(depend(body, given)[n] for body in branches for n in places):
        return None
    pushed = []
    for body in branches:
        inputs, ways, roots, moved = dual(body, given)
        made = [or_zero(moved[n], roots[n]) for n in places]
        pushed.append(Body.of([*inputs, *(w for w in ways if w is not None)], made, forward(body)))
    directions = [t for t in moves if t is not None]
    return pack(_results(node.op, lead, tuple(pushed), [*operands, *directions]))


# ── many examples ───────────────────────────────────────────────────────────────────────────────


def _many_results(
    node: Node, body: Body, operands: Sequence[Node | None], size: Size
) -> tuple[Body, list[Node]]:
    """A branch for many examples, its wanted results with their leading axis; and its operands."""
    inputs, alone, roots = many(body, [x is not None for x in operands], size)
    made = [spread(alone[n], roots[n], size) for n in node.param("results")]
    own = _split(node, node.inputs)[1]
    return Body.of(inputs, made, body.name), [
        x if wide is None else wide for x, wide in zip(own, operands, strict=True)
    ]


def _batched_checkpoint(node: Node, operands: Sequence[Node | None], size: Size) -> Node:
    (body,) = node.param("branches")
    return pack_many(recomputed(*_many_results(node, body, operands, size)), size)


def _batched_cond(node: Node, operands: Sequence[Node | None], size: Size) -> Node:
    """Where each example has a condition of its own, each branch is computed for those that take it.

    The others take part with the operands of one that does, so that a branch never sees what it was
    not written for; what they make is not used.
    """
    condition, rest = operands[0], operands[1:]
    branches: Branches = node.param("branches")
    if condition is None:
        made = [_many_results(node, body, rest, size) for body in branches]
        return pack_many(chosen(node.inputs[0], made[0][0], made[1][0], made[0][1]), size)
    by_branch = []
    for body, takes in zip(branches, (condition, equal(condition, False)), strict=True):
        wide, given = _many_results(node, body, rest, size)
        mine = guarded(given, [x is not None for x in rest], takes)
        nothing = Body.of(wide.inputs, [zeros_like(root) for root in wide.roots], "nothing")
        by_branch.append(chosen(any_(takes), wide, nothing, mine))
    return pack_many(
        [where(beside(condition, a), a, b) for a, b in zip(*by_branch, strict=True)], size
    )


cond = Op(
    "cond", _shape, _forward_cond, Nested(_adjoint, _tangent, _batched_cond), dtype="stated",
    notation=written(lambda node: node.param("branches")),
    source="the derivative of the branch that is taken",
)  # fmt: skip
checkpoint = Op(
    "checkpoint", _shape, _forward_checkpoint, Nested(_adjoint, _tangent, _batched_checkpoint),
    dtype="stated",
    notation=written(lambda node: node.param("branches")), source="Griewank & Walther, chapter 12: recompute instead of keeping",
)  # fmt: skip
