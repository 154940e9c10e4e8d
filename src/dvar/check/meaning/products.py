"""Products, quotients and powers: which product is meant, and shapes of names that only products show."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dvar.check.meaning import chains, differentials, differentiate, open_names
from dvar.check.meaning.choices import DOUBTED
from dvar.check.meaning.values import (
    HADAMARD,
    MATRIX,
    OUTER,
    Jacobian,
    NotUnderstood,
    Value,
    aligned,
    elementwise,
    invertible,
    matrix_power,
    number,
    product_options,
    settle,
    shown,
    sizes,
    squeezed,
    transposed,
)
from dvar.core.node import Node
from dvar.core.op import CONSTANT, VARIABLE
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

if TYPE_CHECKING:
    from dvar.check.meaning.interpret import Interpreter


_JOINING = frozenset({"", "cdot", "times", "*", "@"})
_WRAPPERS = frozenset({"square", "power", "reshape", "broadcast_to"})


def product(e: Interpreter, tree: t.Product, hint: tuple[int, ...] | None) -> Value:
    whole = differentiate.whole_jacobian(e, tree)
    if whole is not None:
        return whole
    tree = _gathered(tree)
    increment = differentials.in_front(e, tree)
    if increment is not None:
        return increment
    if len(tree.factors) == 1:
        return e.value(tree.factors[0], hint)
    values = _factors(e, tree, hint)
    signs = list(tree.operators)
    if e.code:
        signs = ["code" if s == "*" else s for s in signs]
    values, signs = chains.contracted(e, values, signs)
    out = values[0]
    grouped = _grouped(values, signs)
    if grouped is not None:
        return grouped
    slopes = _slopes(tree, values)
    for n, (sign, factor) in enumerate(zip(signs, values[1:], strict=True)):
        out = times(e, out, factor, sign, by_entry=any(slopes[n : n + 3]))
    return out


def _slopes(tree: t.Product, values: list[Value]) -> list[bool]:
    """Which factors are slopes of an activation: a ``·`` beside them is no inner product."""
    if len(values) != len(tree.factors):
        return []
    return [
        _is_primed(x) or (isinstance(v, Node) and _is_slope(v))
        for x, v in zip(tree.factors, values, strict=True)
    ]


def _is_primed(factor: t.Expr) -> bool:
    """``σ'(z)``."""
    if isinstance(factor, t.Apply):
        return factor.primes + factor.head.primes > 0
    return isinstance(factor, t.Call) and factor.primes > 0


def _is_slope(node: Node) -> bool:
    """``a (1 - a)``, ``1 - a`` and ``1 - a²`` of a result a; the ``1 - y`` of a label is none."""
    if node.op.name == "multiply":
        return any(map(_is_slope, node.inputs))
    if node.op.name != "subtract":
        return False
    one, inner = node.inputs
    while inner.op.name in _WRAPPERS:
        inner = inner.inputs[0]
    return one.op is CONSTANT and inner.op is not VARIABLE


def _gathered(tree: t.Product) -> t.Product:
    """``∇_x ½ ‖x‖²``: a number in front of what is differentiated belongs to it."""
    for n, factor in enumerate(tree.factors[:-1]):
        if not isinstance(factor, t.Derivative) or not factor.operator or factor.of is None:
            continue
        if open_names.is_literal(factor.of) and tree.operators[n] == "":
            rest = (factor.of, *tree.factors[n + 1 :])
            of = t.Product(rest, ("", *tree.operators[n + 1 :]), tree.span)
            factors = (*tree.factors[:n], replace(factor, of=of))
            return t.Product(factors, tree.operators[:n], tree.span)
    return tree


def _grouped(values: list[Value], signs: list[str]) -> Value | None:
    """Numbers in front do not turn a derivative into an array: ``2 · ∂L/∂a`` is one all the same."""
    jacobians = [v for v in values if isinstance(v, Jacobian)]
    if len(jacobians) != 1 or len(values) == 1:
        return None
    rest = [v for v in values if isinstance(v, Node)]
    if any(v.shape for v in rest):
        return None
    (only,) = jacobians
    scale = rest[0]
    for v in rest[1:]:
        scale = TABLE["multiply"](scale, v)
    node = TABLE["multiply"](scale, only.node)
    return Jacobian(only.of, only.wrt, node, only.of_shape, only.wrt_shape)


def _is_gradient(e: Interpreter, value: Value) -> bool:
    """Whether a factor is a derivative, or a name that is said to be one: ``δ W`` of ``δ = ∂J/∂z``."""
    if isinstance(value, Jacobian):
        return True
    turned = value.op is TABLE["transpose"]
    return (value.inputs[0] if turned else value) in e.world.slopes


def times(e: Interpreter, a: Value, b: Value, sign: str, by_entry: bool = False) -> Node:
    """One product; where several are possible the choices decide.

    Args:
        by_entry: whether ``·`` is likely to multiply entry by entry.
    """
    if sign in _JOINING and (joined := chains.onto(a, b)) is not None:
        return joined
    left, right = e.plain(a), e.plain(b)
    if sign == "otimes" and e.world.kroneckers:
        sign = "kron"
    options = product_options(left, right, sign)
    if by_entry and sign == "cdot":
        options.sort(key=lambda option: option[0] != HADAMARD)
    spread = e.world.is_spread and left.ndim == right.ndim == 2
    if spread and sign in ("", "cdot") and not _are_of_entries(left, right):
        # Sizes are unequal, so that what fits as a product of matrices is meant as one.
        options = [o for o in options if o[0] == MATRIX] or options
    if not options and _is_gradient(e, a) and left.ndim == 2:
        # A gradient laid out as a row meets a matrix on its right.
        options = product_options(transposed(left), right, sign)
    if not options and _is_gradient(e, b) and right.ndim == 2:
        turned = product_options(left, transposed(right), sign)
        options = [option for option in turned if option[0] == MATRIX]
    if not options and sign in _JOINING and _is_spread_over(left, right):
        e.choices.suppose(f"{DOUBTED}the product of shapes {shown(left)} and {shown(right)}")
        return elementwise(TABLE["multiply"], left, right)  # σ^{-1} (X - μ), a σ for each column
    if not options:
        raise NotUnderstood(f"the product of shapes {shown(left)} and {shown(right)}")
    chosen = e.choices.pick(options)
    if sign in ("", "cdot") and any(o[0] == OUTER and o[1] is chosen for o in options):
        e.choices.suppose(OUTER)
    return chosen


def _is_spread_over(left: Node, right: Node) -> bool:
    """Whether one is a row or a column that fits each row or column of the other, which is neither."""
    a, b = sorted((sizes(left), sizes(right)), key=lambda s: s.count(1))
    if len(a) != 2 or len(b) != 2 or 1 in a or b.count(1) != 1:
        return False
    return all(n in (m, 1) for m, n in zip(a, b, strict=True))


def _are_of_entries(left: Node, right: Node) -> bool:
    """``σ(Z) (1 - σ(Z))``: two values of one size, each made entry by entry."""
    linear = {VARIABLE.name, "matmul", "transpose", "reshape", "getitem"}
    return left.shape == right.shape and not {left.op.name, right.op.name} & linear


def _factors(e: Interpreter, tree: t.Product, hint: tuple[int, ...] | None) -> list[Value]:
    """The factors; open names take the shape that their neighbours ask for."""
    factors = tree.factors
    values: list[Value | None] = [None] * len(factors)
    waiting = [n for n, f in enumerate(factors) if open_names.is_untyped(e, f)]
    for n, factor in enumerate(factors):
        if n not in waiting:
            above = isinstance(factor, t.Quotient) and open_names.is_hungry(e, factor)
            values[n] = e.value(factor, hint if above or _is_elementwise(tree, n) else None)
    for n in _order(factors, waiting):
        wanted = _wanted(e, tree, values, n, hint)
        values[n] = e.value(factors[n], wanted)
    return [v for v in values if v is not None]


def _is_elementwise(tree: t.Product, n: int) -> bool:
    near = {tree.operators[k] for k in (n - 1, n) if 0 <= k < len(tree.operators)}
    return bool(near & {"odot", ".*"})


def _order(factors: tuple[t.Expr, ...], waiting: list[int]) -> list[int]:
    """Matrices first, then vectors: ``W`` shows what ``x`` is."""
    return sorted(waiting, key=lambda n: (not open_names.is_capital(factors[n]), n))


def _wanted(
    e: Interpreter,
    tree: t.Product,
    values: list[Value | None],
    n: int,
    hint: tuple[int, ...] | None,
) -> tuple[int, ...] | None:
    """The shape that an open factor takes from its neighbours; None if they say nothing."""
    if not e.world.matrices:
        return ()
    factor = tree.factors[n]
    left = _shape(values, n - 1)
    right = _shape(values, n + 1)
    if _is_elementwise(tree, n):
        return left or right or hint
    outer = hint if n in (0, len(values) - 1) else None
    special = open_names.special_beside(e, factor, left, right, outer)
    if special is not None:
        return special
    return open_names.beside(e, factor, left, right)


def _shape(values: list[Value | None], n: int) -> tuple[int, ...] | None:
    if not 0 <= n < len(values):
        return None
    value = values[n]
    if value is None:
        return None
    if isinstance(value, Jacobian):
        return value.wrt_shape if not value.of_axes else None
    return sizes(value)


def divide(above: Node, below: Node) -> Node:
    return elementwise(TABLE["divide"], *aligned(above, below))


def power(e: Interpreter, base: Node, exponent: t.Expr) -> Node:
    """``x^2``, ``X^{-1}``, ``A^k``: of a square matrix a matrix power, else each element's."""
    whole = e.whole(exponent)
    if whole is not None and invertible(base) and -4 <= whole <= 8 and not e.code:
        if whole < 0:
            return matrix_power(base, whole)
        return e.choices.pick(
            [
                ("matrix power", matrix_power(base, whole)),
                ("power of each element", TABLE["power"](base, number(whole))),
            ]
        )
    if whole is not None and abs(whole) <= 64:
        return _whole_power(base, whole)
    raised = e.node(exponent)
    if raised.shape:
        raise NotUnderstood(f"an exponent of shape {shown(raised)}")
    if invertible(base) and sizes(base)[0] > 1 and not e.code:
        if not _has_a_number_added(base):
            raise NotUnderstood("a matrix to a power that is no number")  # nor that of each element
        e.choices.suppose(f"{DOUBTED}a matrix to a power that is no number")  # or each element
    return TABLE["power"](base, raised)


def _has_a_number_added(base: Node) -> bool:
    """``v + ε``: what one number is added to is no matrix that is raised as a whole."""
    return base.op.name in ("add", "subtract") and any(not squeezed(sizes(x)) for x in base.inputs)


def _whole_power(base: Node, k: int) -> Node:
    if k == 2:
        return TABLE["square"](base)
    return TABLE["power"](base, number(k))


def transpose_of(node: Node) -> Node:
    return settle(transposed(node))
