"""Identities: rows of a second table, read by ``tidy``.

Each row says what it equates by an example in our own rows: ``left`` becomes ``right``.  The law
(``tests/test_tidy.py``) tidies every left side and compares both at random points; an identity that is
wrong cannot enter.  Rows without ``rewrite`` are carried out by the rational form; they stand here so
that they have a name and obey the same law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from dvar.core.dims import product
from dvar.core.node import Node
from dvar.core.op import (
    CONSTANT,
    Linear,
    Multilinear,
    constant,
    number,
    size_of,
    variable,
)
from dvar.ops import TABLE
from dvar.ops.arithmetic import divide, multiply, negative, power, subtract
from dvar.ops.contraction import matmul, outer
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to, normal_axes, reshape, swap_last, transpose

TIDY, CANONICALISE = "tidy", "canonicalise"
ANY = "any"
Rewrite: TypeAlias = "Callable[[Node], Node | None]"


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity.

    Attributes:
        name: as one writes it.
        left, right: an example of both sides.
        op: the row whose nodes it rewrites; ``any`` for all.
        rewrite: node → equal node, None where it does not apply.
        condition: where it holds, in words; empty for wherever the left side is defined.
        purpose: ``tidy`` (reads better) or ``canonicalise`` (equal things look equal).
    """

    name: str
    left: Callable[[], Node]
    right: Callable[[], Node]
    op: str = ""
    rewrite: Rewrite | None = None
    condition: str = ""
    purpose: str = TIDY


# ── what the rewrites look for ──────────────────────────────────────────────────────────────────


def _filling(x: Node) -> Node | None:
    """The scalar with which an array is filled, None where elements may differ."""
    of_one = x.inputs[0] if x.op in (broadcast_to, reshape) else x
    if of_one is not x and all(s == 1 for s in of_one.shape):
        return reshape(of_one, ())
    return None


def is_zero(x: Node) -> bool:
    if x.op is CONSTANT:
        return not x.param("value").array.any()
    return x.op is broadcast_to and is_zero(x.inputs[0])


def _linear_operands(x: Node) -> tuple[tuple[int, ...], bool]:
    """The operands in which a row is linear, and whether in each alone (else in all together)."""
    rule = x.op.derivative
    everything = tuple(range(len(x.inputs)))
    if isinstance(rule, Multilinear):
        return everything, True
    if isinstance(rule, Linear):
        operands = everything if rule.operands is None else rule.operands
        return operands, len(operands) == 1
    return (), False


def _with(node: Node, n: int, x: Node) -> Node:
    """The node with another operand ``n`` of the same shape."""
    operands = (*node.inputs[:n], x, *node.inputs[n + 1 :])
    return node.with_inputs(*operands)


def _is_total(x: Node) -> bool:
    """Whether a number comes out whatever goes in: no row underneath has a domain of its own."""
    stack, seen = [x], {x}
    while stack:
        node = stack.pop()
        whole = node.op is power and (number(node.inputs[1]) or 0) in (1, 2, 3, 4)
        if not whole and any(d.text for d in node.op.domain):
            return False
        fresh = [i for i in node.inputs if i not in seen]
        seen.update(fresh)
        stack += fresh
    return True


# ── rewrites ────────────────────────────────────────────────────────────────────────────────────


def _zero_of_linear(node: Node) -> Node | None:
    operands, alone = _linear_operands(node)
    zeros = [is_zero(node.inputs[n]) for n in operands]
    if node.is_float and zeros and (any(zeros) if alone else all(zeros)):
        return broadcast_to(constant(0.0, node.dtype), node.shape)
    return None


def _minus_out(node: Node) -> Node | None:
    operands, alone = _linear_operands(node)
    for n in operands if alone else ():
        x = node.inputs[n]
        if x.op is negative:
            return negative(_with(node, n, x.inputs[0]))
        value = number(x)
        if x.op is CONSTANT and x.is_float and value is not None and value < 0:
            return negative(_with(node, n, constant(-value, x.dtype)))
    return None


def _double_transpose(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not transpose:
        return None
    inner = x.param("axes")
    return transpose(x.inputs[0], [inner[a] for a in node.param("axes")])


def _transposed_product(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not matmul or x.ndim != 2 or any(i.ndim != 2 for i in x.inputs):
        return None
    a, b = x.inputs
    return matmul(swap_last(b), swap_last(a)) if transpose in (a.op, b.op) else None


def _transposed_outer(node: Node) -> Node | None:
    (x,) = node.inputs
    return outer(x.inputs[1], x.inputs[0]) if x.op is outer else None


def _moved_filling(node: Node) -> Node | None:
    """Moving equal elements about changes nothing but the shape."""
    value = _filling(node.inputs[0])
    return None if value is None else broadcast_to(value, node.shape)


def _sum_of_repeated(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not broadcast_to:
        return None
    inner = reshape(x.inputs[0], (1,) * (x.ndim - x.inputs[0].ndim) + x.inputs[0].shape)
    axes = normal_axes(node.param("axis"), x.ndim, "sum")
    repeated = [a for a in axes if inner.shape[a] != x.shape[a]]
    if not repeated:
        return None
    count = size_of(product(x.shape[a] for a in repeated), node.dtype)
    inside = sum_(inner, axis=axes, keepdims=node.param("keepdims"))
    return broadcast_to(multiply(count, inside), node.shape)


def _sum_of_nothing(node: Node) -> Node | None:
    (x,) = node.inputs
    axes = normal_axes(node.param("axis"), x.ndim, "sum")
    return reshape(x, node.shape) if all(x.shape[a] == 1 for a in axes) else None


def _sum_of_sum(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not sum_ or node.param("axis") is not None:
        return None
    return reshape(sum_(x.inputs[0]), node.shape)


def _sum_of_moved(node: Node) -> Node | None:
    """All elements summed: their order does not matter."""
    (x,) = node.inputs
    moves = x.op in (transpose, reshape) or x.op.name == "scatter_add"
    if not moves or node.param("axis") is not None:
        return None
    return reshape(sum_(x.inputs[0]), node.shape)


def _reshape_of_reshape(node: Node) -> Node | None:
    (x,) = node.inputs
    moved = x.op is reshape or (x.op is transpose and sum(s != 1 for s in x.shape) < 2)
    return reshape(x.inputs[0], node.shape) if moved else None


def _logistic(node: Node) -> Node | None:
    """The slope of ``logaddexp(0, z)``, the stable way to write log(1 + e^z)."""
    (x,) = node.inputs
    if x.op is not subtract or x.inputs[1].op is not TABLE["logaddexp"]:
        return None
    z, (first, second) = x.inputs[0], x.inputs[1].inputs
    if {number(first), number(second)} >= {0} and z in (first, second):
        return TABLE["sigmoid"](z)
    return None


def _reshape_of_elementwise(node: Node) -> Node | None:
    """``reshape(1 - y)`` of an input is ``1 - reshape(y)``: it can meet another ``reshape(y)``."""
    (x,) = node.inputs
    arrays = [operand for operand in x.inputs if operand.shape]
    if not x.op.is_elementwise or len(arrays) != 1 or arrays[0].inputs:
        return None
    moved = [reshape(y, node.shape) if y.shape else y for y in x.inputs]
    return x.with_inputs(*moved)


def _reshape_of_sum(node: Node) -> Node | None:
    (x,) = node.inputs
    if x.op is not sum_:
        return None
    axis, kept = x.param("axis"), x.param("keepdims")
    other = sum_(x.inputs[0], axis=axis, keepdims=not kept)
    return other if other.shape == node.shape else None


def _product_with_filling(node: Node) -> Node | None:
    a, b = node.inputs
    for n, (filled, other) in enumerate(((a, b), (b, a))):
        value = _filling(filled)
        if value is not None and filled.ndim <= 2 and other.ndim <= 2:
            axis = (0 if n == 0 else 1) if other.ndim == 2 else None
            keep = other.ndim == filled.ndim == 2
            total = multiply(value, sum_(other, axis=axis, keepdims=keep))
            return broadcast_to(total, node.shape)
    return None


def _masked(node: Node) -> Node | None:
    condition, x, other = node.inputs
    fits = node.is_float and x.is_float and x.dtype == node.dtype
    if fits and is_zero(other) and _is_total(x):
        return _shaped(multiply(x, condition), node)
    return None


def _product_with_identity(node: Node) -> Node | None:
    a, b = node.inputs
    for one, other in ((a, b), (b, a)):
        is_square = one.op.name == "eye" and one.param("rows") == one.param("columns")
        if is_square and not one.param("k") and other.shape == node.shape:
            return other if other.dtype == node.dtype else None
    return None


def _shaped(x: Node, like: Node) -> Node:
    return x if x.shape == like.shape else broadcast_to(x, like.shape)


def _inverse(name: str) -> Rewrite:
    def rewrite(node: Node) -> Node | None:
        (x,) = node.inputs
        fits = x.op.name == name and x.inputs[0].dtype == node.dtype
        return x.inputs[0] if fits else None

    return rewrite


# ── the table ───────────────────────────────────────────────────────────────────────────────────

_s, _t = variable("s"), variable("t")
_x, _y = variable("x", (3,)), variable("y", (3,))
_u, _v = variable("u", (2,)), variable("v", (4,))
_A, _B, _C = variable("A", (2, 3)), variable("B", (3, 4)), variable("C", (4, 3))
_S = variable("S", (3, 3))
_one = constant(1.0)


def _do(name: str, *args: Any, **kwargs: Any) -> Node:
    out: Node = TABLE[name](*args, **kwargs)
    return out


def _full(x: Node, *shape: int) -> Node:
    return broadcast_to(x, shape)


def _grown(x: Node) -> Node:
    return 1 + _do("exp", -x)


# fmt: off
IDENTITIES: tuple[Identity, ...] = (
    Identity("f(0) = 0", lambda: _full(constant(0.0), 2, 3) @ _B, lambda: _full(constant(0.0), 2, 4),
             ANY, _zero_of_linear, "f linear"),
    Identity("f(-x) = -f(x)", lambda: (-_A) @ _B, lambda: -(_A @ _B), ANY, _minus_out, "f linear"),
    Identity("(Xᵀ)ᵀ = X", lambda: _A.T.T, lambda: _A, "transpose", _double_transpose),
    Identity("(A B)ᵀ = Bᵀ Aᵀ", lambda: (_A @ _C.T).T, lambda: _C @ _A.T, "transpose", _transposed_product,
             "A or B is a transpose: one less to read"),
    Identity("(x yᵀ)ᵀ = y xᵀ", lambda: outer(_u, _v).T, lambda: outer(_v, _u), "transpose",
             _transposed_outer),
    Identity("transpose of equal elements", lambda: _full(_s, 2, 3).T, lambda: _full(_s, 3, 2),
             "transpose", _moved_filling),
    Identity("reshape of equal elements", lambda: reshape(_full(_s, 2, 3), (6,)), lambda: _full(_s, 6),
             "reshape", _moved_filling),
    Identity("part of equal elements", lambda: _full(_s, 2, 3)[0], lambda: _full(_s, 3), "getitem",
             _moved_filling),
    Identity("sum of equal elements = count · element", lambda: sum_(_full(_x, 2, 3)), lambda: 2 * sum_(_x),
             "sum", _sum_of_repeated),
    Identity("sum over axes of size one", lambda: sum_(reshape(_x, (1, 3)), axis=0), lambda: _x,
             "sum", _sum_of_nothing),
    Identity("sum of sums", lambda: sum_(sum_(_A, axis=0)), lambda: sum_(_A), "sum", _sum_of_sum),
    Identity("sum does not see the order", lambda: sum_(_A.T), lambda: sum_(_A), "sum", _sum_of_moved),
    Identity("reshape of reshape", lambda: reshape(reshape(_A, (6,)), (3, 2)), lambda: reshape(_A, (3, 2)),
             "reshape", _reshape_of_reshape),
    Identity("exp(z - logaddexp(0, z)) = sigmoid(z)",
             lambda: TABLE["exp"](_A - TABLE["logaddexp"](0, _A)), lambda: TABLE["sigmoid"](_A),
             "exp", _logistic),
    Identity("reshape of one array in a formula", lambda: reshape(1 - _A, (6,)),
             lambda: 1 - reshape(_A, (6,)), "reshape", _reshape_of_elementwise),
    Identity("reshape of sum", lambda: reshape(sum_(_A, axis=1), (2, 1)),
             lambda: sum_(_A, axis=1, keepdims=True), "reshape", _reshape_of_sum),
    Identity("A 1 = sum of A", lambda: _A @ _full(_s, 3), lambda: _s * sum_(_A, axis=1),
             "matmul", _product_with_filling),
    Identity("I A = A", lambda: _do("eye", 2) @ _A, lambda: _A, "matmul", _product_with_identity),
    Identity("A I = A", lambda: _A @ _do("eye", 3), lambda: _A, "matmul", _product_with_identity),
    Identity("X (s) = s X", lambda: reshape(_x, (3, 1)) @ reshape(_s, (1, 1)),
             lambda: _s * reshape(_x, (3, 1)), "matmul", _product_with_filling),
    Identity("where(c, x, 0) = x · c", lambda: _do("where", _x > _y, _x, 0.0), lambda: _x * (_x > _y),
             "where", _masked, "x is a number everywhere: 0 · nan is not 0"),
    Identity("exp(log x) = x", lambda: _do("exp", _do("log", _s)), lambda: _s, "exp", _inverse("log"),
             "x > 0"),
    Identity("log(exp x) = x", lambda: _do("log", _do("exp", _s)), lambda: _s, "log", _inverse("exp")),
    # Carried out by the rational form.
    Identity("√x √x = x", lambda: _do("sqrt", _s) * _do("sqrt", _s), lambda: _s, condition="x ≥ 0"),
    Identity("exp(-x) exp(x) = 1", lambda: _do("exp", -_s) * _do("exp", _s), lambda: _one),
    Identity("|x| · x/|x| = x",
             lambda: _do("norm", _x) * _do("divide_no_nan", _x, _do("norm", _x)), lambda: _x),
    Identity("cofactors of A / det A = A⁻ᵀ", lambda: _do("cofactor", _S) / _do("det", _S),
             lambda: _do("inv", _S).T, condition="det A ≠ 0"),
    Identity("√x / x = 1/√x", lambda: divide(_do("sqrt", _s), _s), lambda: 1 / _do("sqrt", _s),
             condition="x > 0"),
    Identity("x · eye(n)[k] / x[k] = eye(n)[k]",
             lambda: _x * _do("scatter_add", 1.0, (3,), 1) / _x[1],
             lambda: _do("scatter_add", 1.0, (3,), 1), condition="x[k] ≠ 0"),
    Identity("sum of s x = s · sum of x", lambda: sum_(_s * _x / 3), lambda: _s * sum_(_x) / 3),
    Identity("sum of what is put into zeros", lambda: sum_(_do("scatter_add", _u, (5,), slice(1, 3))),
             lambda: sum_(_u)),
    Identity("mask · mask = mask", lambda: _x * (_x > _y) * (_x > _y), lambda: _x * (_x > _y)),
    Identity("1/(1+exp(-z)) = sigmoid(z)", lambda: 1 / _grown(_s), lambda: _do("sigmoid", _s),
             purpose=CANONICALISE),
    Identity("exp(-z)/(1+exp(-z)) = 1 - sigmoid(z)", lambda: _do("exp", -_s) / _grown(_s),
             lambda: 1 - _do("sigmoid", _s), purpose=CANONICALISE),
    Identity("exp(-z)/(1+exp(-z))² = s (1 - s)", lambda: _do("exp", -_s) / _grown(_s) ** 2,
             lambda: _do("sigmoid", _s) * (1 - _do("sigmoid", _s)), purpose=CANONICALISE),
    Identity("exp(z)/(1+exp(z)) = sigmoid(z)", lambda: _do("exp", _s) / (1 + _do("exp", _s)),
             lambda: _do("sigmoid", _s), purpose=CANONICALISE),
    Identity("broadcasting happens by itself", lambda: _full(_s, 3) * _x, lambda: _s * _x),
    Identity("x + 0 = x", lambda: _x + 0, lambda: _x),
    Identity("0 · x = 0", lambda: 0 * _x, lambda: _full(constant(0.0), 3), condition="x is finite"),
    Identity("1 · x = x", lambda: 1 * _x, lambda: _x),
    Identity("x/x = 1", lambda: divide(_s, _s), lambda: _one, condition="x ≠ 0"),
    Identity("x y + x z = x (y + z)", lambda: _s * _t + _s * 3, lambda: _s * (_t + 3)),
    Identity("x + x = 2 x", lambda: _s + _s, lambda: 2 * _s),
    Identity("x · x = x²", lambda: _s * _s, lambda: _s**2),
)
# fmt: on

_BY_OP: dict[str, list[Rewrite]] = {}
for _row in IDENTITIES:
    if _row.rewrite is not None:
        _BY_OP.setdefault(_row.op, []).append(_row.rewrite)


def rewrite(node: Node) -> Node | None:
    """The node after the first identity that applies to it; None where none does."""
    for change in _BY_OP[ANY] + _BY_OP.get(node.op.name, []):
        out = change(node)
        if out is not None and out is not node:
            return out
    return None
