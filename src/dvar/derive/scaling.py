"""What of a term does not change along what is summed: it stands in front of a sum, or of a product of arrays."""

from __future__ import annotations

from collections.abc import Callable

from dvar.core.dims import Shape
from dvar.core.node import Node
from dvar.core.op import Multilinear
from dvar.derive.rational import Rational
from dvar.derive.term import UNIT, Term
from dvar.ops.shaping import normal_axes

_LINEAR = frozenset(("sum", "transpose", "reshape", "scatter_add"))


def summed_operands(node: Node) -> tuple[int, ...]:
    """The operands whose scale is the scale of the whole."""
    if not node.is_float:
        return ()
    if isinstance(node.op.derivative, Multilinear):
        return tuple(range(len(node.inputs)))
    return (0,) if node.op.name in _LINEAR else ()


def stays(node: Node) -> Callable[[Shape | None], bool]:
    """Whether what reaches over a shape can stand in front: numbers, and before a sum what it does not sum over."""
    if node.op.name != "sum":
        return lambda shape: shape == ()
    (x,) = node.inputs
    axes = normal_axes(node.param("axis"), x.ndim, "sum")
    kept = node.param("keepdims") or axes == tuple(range(len(axes)))

    def along_others(shape: Shape | None) -> bool:
        if shape is None or not (kept or shape == ()):
            return shape is not None and shape == ()
        first = x.ndim - len(shape)
        return all(a < first or (shape[a - first] == 1 and node.param("keepdims")) for a in axes)

    return along_others


def parted(form: Term, is_outside: Callable[[int], bool], rational: Rational) -> tuple[Term, Term]:
    """What can stand in front of a term, and the rest.

    A minus stays inside where a difference can take it: ``sum(y - a)`` rather than ``-sum(a - y)``.
    """
    outside = tuple(p for p in form.powers if is_outside(p[0]))
    rest = tuple(p for p in form.powers if p not in outside)
    takes_minus = any(k % 2 and rational.sum_of(f) for f, k in rest)
    sign = -1 if form.coefficient < 0 and takes_minus else 1
    return Term(form.coefficient * sign, outside), Term(UNIT * sign, rest)
