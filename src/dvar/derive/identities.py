"""Identities: rows of a second table, read by ``tidy``.

Each row says what it equates by an example in our own rows: ``left`` becomes ``right``.  The law
(``tests/test_tidy.py``) tidies every left side and compares both at random points; an identity that is
wrong cannot enter.  Rows without ``rewrite`` are carried out by the rational form; they stand here so
that they have a name and obey the same law.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import constant, variable
from dvar.derive import rewrites
from dvar.derive.rewrites import Rewrite
from dvar.ops import TABLE
from dvar.ops.arithmetic import divide
from dvar.ops.contraction import outer
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to, reshape

TIDY, CANONICALISE = "tidy", "canonicalise"
ANY = "any"


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


_HOT = _do("one_hot", np.array([2, 0]), 3)


def _full(x: Node, *shape: int) -> Node:
    return broadcast_to(x, shape)


def _grown(x: Node) -> Node:
    return 1 + _do("exp", -x)


# fmt: off
IDENTITIES: tuple[Identity, ...] = (
    Identity("f(0) = 0", lambda: _full(constant(0.0), 2, 3) @ _B, lambda: _full(constant(0.0), 2, 4),
             ANY, rewrites.zero_of_linear, "f linear"),
    Identity("f(-x) = -f(x)", lambda: (-_A) @ _B, lambda: -(_A @ _B), ANY, rewrites.minus_out, "f linear"),
    Identity("(Xᵀ)ᵀ = X", lambda: _A.T.T, lambda: _A, "transpose", rewrites.double_transpose),
    Identity("(A B)ᵀ = Bᵀ Aᵀ", lambda: (_A @ _C.T).T, lambda: _C @ _A.T, "transpose", rewrites.transposed_product,
             "A or B is a transpose: one less to read"),
    Identity("(x yᵀ)ᵀ = y xᵀ", lambda: outer(_u, _v).T, lambda: outer(_v, _u), "transpose",
             rewrites.transposed_outer),
    Identity("transpose of equal elements", lambda: _full(_s, 2, 3).T, lambda: _full(_s, 3, 2),
             "transpose", rewrites.moved_filling),
    Identity("reshape of equal elements", lambda: reshape(_full(_s, 2, 3), (6,)), lambda: _full(_s, 6),
             "reshape", rewrites.moved_filling),
    Identity("part of equal elements", lambda: _full(_s, 2, 3)[0], lambda: _full(_s, 3), "getitem",
             rewrites.moved_filling),
    Identity("sum of equal elements = count · element", lambda: sum_(_full(_x, 2, 3)), lambda: 2 * sum_(_x),
             "sum", rewrites.sum_of_repeated),
    Identity("sum over axes of size one", lambda: sum_(reshape(_x, (1, 3)), axis=0), lambda: _x,
             "sum", rewrites.sum_of_nothing),
    Identity("sum of sums", lambda: sum_(sum_(_A, axis=0)), lambda: sum_(_A), "sum", rewrites.sum_of_sum),
    Identity("sum does not see the order", lambda: sum_(_A.T), lambda: sum_(_A), "sum", rewrites.sum_of_moved),
    Identity("reshape of reshape", lambda: reshape(reshape(_A, (6,)), (3, 2)), lambda: reshape(_A, (3, 2)),
             "reshape", rewrites.reshape_of_reshape),
    Identity("exp(z - logaddexp(0, z)) = sigmoid(z)",
             lambda: TABLE["exp"](_A - TABLE["logaddexp"](0, _A)), lambda: TABLE["sigmoid"](_A),
             "exp", rewrites.logistic),
    Identity("reshape of one array in a formula", lambda: reshape(1 - _A, (6,)),
             lambda: 1 - reshape(_A, (6,)), "reshape", rewrites.reshape_of_elementwise),
    Identity("reshape of sum", lambda: reshape(sum_(_A, axis=1), (2, 1)),
             lambda: sum_(_A, axis=1, keepdims=True), "reshape", rewrites.reshape_of_sum),
    Identity("one for the label of each row",
             lambda: _do("scatter_add", 1.0, (2, 3), (np.arange(2), np.array([2, 0]))),
             lambda: _one * _HOT, "scatter_add", rewrites.one_of_each_row, "labels count from 0"),
    Identity("put at the only place", lambda: _do("scatter_add", _x, (3, 1), (slice(None), 0)),
             lambda: reshape(_x, (3, 1)), "scatter_add", rewrites.along_one),
    Identity("diag(s, …, s) = s · eye(n)", lambda: _do("diag", _full(_s, 3)), lambda: _s * _do("eye", 3),
             "diag", rewrites.diagonal_of_filling),
    Identity("sum of one_hot = 1", lambda: sum_(_one * _HOT, axis=1),
             lambda: _full(_one, 2), "sum", rewrites.sum_of_one_hot),
    Identity("A 1 = sum of A", lambda: _A @ _full(_s, 3), lambda: _s * sum_(_A, axis=1),
             "matmul", rewrites.product_with_filling),
    Identity("I A = A", lambda: _do("eye", 2) @ _A, lambda: _A, "matmul", rewrites.product_with_identity),
    Identity("A I = A", lambda: _A @ _do("eye", 3), lambda: _A, "matmul", rewrites.product_with_identity),
    Identity("X (s) = s X", lambda: reshape(_x, (3, 1)) @ reshape(_s, (1, 1)),
             lambda: _s * reshape(_x, (3, 1)), "matmul", rewrites.product_with_filling),
    Identity("where(c, x, 0) = x · c", lambda: _do("where", _x > _y, _x, 0.0), lambda: _x * (_x > _y),
             "where", rewrites.masked, "x is a number everywhere: 0 · nan is not 0"),
    Identity("exp(log x) = x", lambda: _do("exp", _do("log", _s)), lambda: _s, "exp", rewrites.inverse("log"),
             "x > 0"),
    Identity("log(exp x) = x", lambda: _do("log", _do("exp", _s)), lambda: _s, "log", rewrites.inverse("exp")),
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
    Identity("p · one_hot(y) / p[arange(n), y] = one_hot(y)",
             lambda: _A * _HOT / reshape(_A[np.arange(2), np.array([2, 0])], (2, 1)),
             lambda: _one * _HOT, condition="p[arange(n), y] ≠ 0"),
    Identity("sum over j of s[i] x[i, j] = s[i] · sum over j of x[i, j]",
             lambda: sum_(_A * reshape(_u, (2, 1)), axis=1, keepdims=True),
             lambda: reshape(_u, (2, 1)) * sum_(_A, axis=1, keepdims=True)),
    Identity("sum of x + y, where the sums are known",
             lambda: sum_(1 - _A / sum_(_A, axis=1, keepdims=True), axis=1, keepdims=True),
             lambda: _full(constant(2.0), 2, 1), condition="sum of A ≠ 0"),
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
