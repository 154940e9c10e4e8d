"""What of a term is a number: it stands in front of a sum, or of a product of arrays."""

from __future__ import annotations

from collections.abc import Callable

from dvar.core.node import Node
from dvar.core.op import Multilinear
from dvar.derive.rational import Rational
from dvar.derive.term import UNIT, Term

_LINEAR = frozenset(("sum", "transpose", "scatter_add"))


def summed_operands(node: Node) -> tuple[int, ...]:
    """The operands whose scale is the scale of the whole."""
    if not node.is_float:
        return ()
    if isinstance(node.op.derivative, Multilinear):
        return tuple(range(len(node.inputs)))
    return (0,) if node.op.name in _LINEAR else ()


def parted(form: Term, is_scalar: Callable[[int], bool], rational: Rational) -> tuple[Term, Term]:
    """The numbers of a term, and the rest.

    A minus stays inside where a difference can take it: ``sum(y - a)`` rather than ``-sum(a - y)``.
    """
    scalars = tuple(p for p in form.powers if is_scalar(p[0]))
    rest = tuple(p for p in form.powers if p not in scalars)
    takes_minus = any(k % 2 and rational.sum_of(f) for f, k in rest)
    sign = -1 if form.coefficient < 0 and takes_minus else 1
    return Term(form.coefficient * sign, scalars), Term(UNIT * sign, rest)
