"""The row of a function with a backward pass of its own: the value as computed, the gradient as told.

``custom_vjp(out, *arguments, *residuals)`` is ``out``.  Nothing flows back through how ``out`` was computed:
the arguments receive what the rule makes of the residuals and the upstream gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from dvar.core.dims import Size
from dvar.core.node import Node
from dvar.core.op import Nested, Op, like
from dvar.derive.batch import batched, spread
from dvar.derive.forward import transposed
from dvar.ops.reduction import sum as sum_


class Backward(Protocol):
    """A rule as a function of nodes, hashable: equal rules make equal rows."""

    def __call__(
        self, arguments: Sequence[Node], residuals: Sequence[Node], g: Node
    ) -> Sequence[Node | None]:
        """The share of every argument, linear in the upstream gradient ``g``; None where it is zero."""


def customised(
    out: Node, arguments: Sequence[Node], residuals: Sequence[Node], rule: Backward
) -> Node:
    """``out`` as a function of ``arguments`` whose gradient is what ``rule`` says."""
    return custom_vjp.node(out, *arguments, *residuals, rule=rule, arguments=len(arguments))


def _shares(g: Node, node: Node) -> Sequence[Node | None]:
    count = 1 + node.param("arguments")
    residuals = node.inputs[count:]
    shares = node.param("rule")(node.inputs[1:count], residuals, g)
    return (None, *shares, *(None for _ in residuals))


def _adjoint(g: Node, node: Node, wanted: Sequence[bool]) -> Sequence[Node | None]:
    return _shares(g, node)


def _tangent(node: Node, tangents: Sequence[Node | None]) -> Node | None:
    """The rule is the transpose of the derivative, so its transpose is the derivative."""
    return transposed(node, lambda g: _shares(g, node), tangents)


def _batched(node: Node, operands: Sequence[Node | None], size: Size) -> Node:
    out, *rest = operands
    return custom_vjp.node(
        spread(node.inputs[0], out, size),
        *(x if many is None else many for x, many in zip(node.inputs[1:], rest, strict=True)),
        rule=_ForMany(node.param("rule"), tuple(many is not None for many in rest), size),
        arguments=node.param("arguments"),
    )


@dataclass(frozen=True)
class _ForMany:
    """A rule for one example as a rule for many; an argument that they share receives the sum.

    Attributes:
        rule: the one for one example.
        carries: which arguments and residuals have the leading axis.
        size: how many examples there are.
    """

    rule: Backward
    carries: tuple[bool, ...]
    size: Size

    def __call__(
        self, arguments: Sequence[Node], residuals: Sequence[Node], g: Node
    ) -> Sequence[Node | None]:
        given: dict[Node, Node] = {}

        def one(x: Node) -> Node:
            example = like(x, "example", x.shape[1:])
            given[example] = x
            return example

        operands = zip((*arguments, *residuals), self.carries, strict=True)
        alone = [one(x) if carries else x for x, carries in operands]
        count = len(arguments)
        shares = self.rule(alone[:count], alone[count:], one(g))
        present = [share for share in shares if share is not None]
        many = iter(batched(present, given, self.size))
        found: list[Node | None] = []
        for share, carries in zip(shares, self.carries[:count], strict=True):
            if share is None:
                found.append(None)
                continue
            whole = spread(share, next(many), self.size)
            found.append(whole if carries else sum_(whole, axis=0))
        return found


custom_vjp = Op(
    "custom_vjp",
    lambda shapes, **_: shapes[0],
    lambda out, *_, **__: out,
    Nested(_adjoint, _tangent, _batched),
    dtype="first",
    source="the rule that its author gives",
)
