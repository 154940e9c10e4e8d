"""The table of mistakes: how people get a derivative wrong, as ways to bend a row.

The tests plant them in rows, to see that the laws can say no.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from dvar.core.dims import broadcast
from dvar.core.node import Node
from dvar.core.op import Adjoint, Constant, Op
from dvar.derive.sweep import adjoint
from dvar.ops.reduction import count, sum_to
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import swap_last

# (upstream, operands, their shares) → bent shares; None where the mistake cannot be made.
Shares = Sequence["Node | None"]
Bend: TypeAlias = "Callable[[Node, Sequence[Node], Shares], Shares | None]"


def _scaled(factor: float) -> Bend:
    return lambda g, xs, shares: [None if s is None else s * factor for s in shares]


def _negated(g: Node, xs: Sequence[Node], shares: Shares) -> Shares:
    return [None if s is None else -s for s in shares]


def _missing_factor(g: Node, xs: Sequence[Node], shares: Shares) -> Shares | None:
    """The upstream gradient is passed on as it is: the inner derivative is forgotten."""
    if not all(
        s is None or broadcast([g.shape, x.shape]) == g.shape
        for x, s in zip(xs, shares, strict=True)
    ):
        return None
    return [None if s is None else sum_to(g, x.shape) for x, s in zip(xs, shares, strict=True)]


def _forgotten(which: int) -> Bend:
    def bend(g: Node, xs: Sequence[Node], shares: Shares) -> Shares | None:
        if which >= len(shares) or shares[which] is None:
            return None
        return [None if n == which else s for n, s in enumerate(shares)]

    return bend


def _swapped(g: Node, xs: Sequence[Node], shares: Shares) -> Shares | None:
    """The partials of the first two operands exchanged."""
    if len(shares) < 2 or shares[0] is None or shares[1] is None:
        return None
    if shares[0].shape != shares[1].shape:
        return None
    return [shares[1], shares[0], *shares[2:]]


def _not_summed(g: Node, xs: Sequence[Node], shares: Shares) -> Shares | None:
    """Where an operand was spread out, what its copies receive is not added up.

    A mean stands for it: like a forgotten sum it has the size of one copy's gradient.
    """
    return [
        s
        if s is None or g.shape == x.shape or s.op is not sum_
        else s / count(s.inputs[0], s.param("axis"))
        for x, s in zip(xs, shares, strict=True)
    ]


def _transposed(g: Node, xs: Sequence[Node], shares: Shares) -> Shares | None:
    """A square share the other way round."""
    return [
        s if s is None or s.ndim < 2 or s.shape[-1] != s.shape[-2] else swap_last(s) for s in shares
    ]


MISTAKES: dict[str, Bend] = {
    "sign": _negated,
    "factor 2": _scaled(2.0),
    "factor 1/2": _scaled(0.5),
    "missing factor": _missing_factor,
    "missing path, first operand": _forgotten(0),
    "missing path, second operand": _forgotten(1),
    "swapped partials": _swapped,
    "missing sum": _not_summed,
    "transpose": _transposed,
}


def plant(op: Op, bend: Bend) -> Op:
    """The same row with a wrong derivative; where the mistake cannot be made it is the right one."""
    if isinstance(op.derivative, Constant):
        return op

    def rule(g: Node, out: Node, *xs: Node, **params: object) -> Shares:
        right = op.node(*xs, **params)
        wanted = [x.is_float for x in xs]
        spread = [s for _, s in adjoint(right, g, wanted)]
        shares = [
            None if s is None else sum_to(s, x.shape) for x, s in zip(xs, spread, strict=True)
        ]
        bent = bend(g, xs, shares)
        return shares if bent is None else bent

    return replace(op, derivative=Adjoint(rule))
