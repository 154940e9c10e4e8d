"""Rows of linear algebra: solve, inv, det, log|det|, cholesky.

The adjoints are those of M. Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation" (2008), written as graph, so that they can be differentiated again.
Leading axes are stacks of matrices throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.dims import Shape, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.core.op import (
    REALS,
    UNARY,
    Adjoint,
    Array,
    Constant,
    Domain,
    Edge,
    Kink,
    Notation,
    Op,
    as_nodes,
)
from dvar.ops.contraction import outer
from dvar.ops.indexing import as_latex_atom
from dvar.ops.joining import stack
from dvar.ops.moving import tril
from dvar.ops.shaping import INVERSE_TRANSPOSED, TRANSPOSED, expand_dims, reshape, swap_last

SQUARE = "... i i"

# ── domains ─────────────────────────────────────────────────────────────────────────────────────


def rotation(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(np.linalg.qr(generator.normal(size=shape))[0])


def _draw_invertible(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Singular values between 0.6 and 2: no condition number above four."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return REALS.draw(generator, shape)  # not square: the row itself says so
    scale = generator.uniform(0.6, 2.0, (*shape[:-1], 1))
    return np.asarray(rotation(generator, shape) @ (scale * rotation(generator, shape)))


def draw_positive(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return REALS.draw(generator, shape)
    q = rotation(generator, shape)
    return np.asarray(q @ (generator.uniform(0.6, 2.0, (*shape[:-1], 1)) * q.swapaxes(-1, -2)))


def _is_invertible(a: Array) -> Any:
    return np.linalg.matrix_rank(a) == a.shape[-1]


def _is_positive(a: Array) -> Any:
    a = np.asarray(a)
    symmetric = np.isclose(a, a.swapaxes(-1, -2)).all((-1, -2))
    return symmetric & (np.linalg.eigvalsh(a) > 0).all(-1)


INVERTIBLE = Domain("{0} is invertible", _is_invertible, _draw_invertible)
POSITIVE_DEFINITE = Domain("{0} is symmetric, positive definite", _is_positive, draw_positive)


def build_square(op: Op, a: Any) -> Node:
    return op.node(_square(op, a))


def _square(op: Op, a: Any) -> Node:
    (a,) = as_nodes([a])
    node: Node = a
    if node.ndim < 2 or node.shape[-1] != node.shape[-2]:
        raise ShapeError(f"{op.name}: needs a square matrix, not {show(node.shape)}")
    return node


# ── solve and inv ───────────────────────────────────────────────────────────────────────────────


def _solve_sentence(shapes: Sequence[Shape]) -> str:
    """As in NumPy 2, ``b`` is a vector only where it has one axis."""
    if len(shapes[1]) == 1:
        return "i i, i -> i" if len(shapes[0]) == 2 else "... i i, i -> ... i"
    return "... i i, ... i j -> ... i j"


def _inverse(written: str) -> str:
    """The inverse in print; that of a transpose has a sign of its own."""
    turned = written.removesuffix(TRANSPOSED)
    if turned != written and as_latex_atom(turned) == turned:
        return turned + INVERSE_TRANSPOSED
    return as_latex_atom(written) + "^{-1}"


def _build_solve(op: Op, a: Any, b: Any) -> Node:
    """The ``x`` of ``a @ x = b``, for a vector, or for the columns of a matrix."""
    a, b = as_nodes([_square(op, a), b])
    if not b.ndim:
        raise ShapeError("solve: b is a scalar", hint="b / a")
    rows = b.shape[0 if b.ndim == 1 else -2]
    if rows != a.shape[-1]:
        raise ShapeError(f"solve: a is {show(a.shape)}, so b needs {a.shape[-1]} rows, not {rows}")
    return op.node(a, b)


def _solve_forward(a: Array, b: Array) -> Any:
    return np.linalg.solve(a, b)


def _solve_shares(g: Node, out: Node, a: Node, b: Node) -> Sequence[Node]:
    """With ``A x = b``: ``b`` receives ``A⁻ᵀ g``, and ``A`` the product of that with ``-xᵀ``."""
    if b.ndim > 1:
        share = solve(swap_last(a), g)
        return -(share @ swap_last(out)), share
    if a.ndim == 2:
        share = solve(swap_last(a), g)
        return -outer(share, out), share
    # One vector for a stack of matrices: its solutions are columns.
    share = reshape(solve(swap_last(a), expand_dims(g, -1)), g.shape)
    return -(expand_dims(share, -1) @ expand_dims(out, -2)), share


solve = Op(
    "solve",
    _solve_sentence,
    _solve_forward,
    Adjoint(_solve_shares),
    _build_solve,
    notation=Notation(
        None,
        # In print it is a product; the parentheses keep what follows off its last factor.
        lambda operands, node: rf"\left({_inverse(operands[0])} \, {operands[1]}\right)",
        latex_needs=(0, UNARY),
    ),
    dtype="float",
    domain=(INVERTIBLE, REALS),
    edges=(
        Edge(
            ([[2.0, 0.0], [0.0, 4.0]], [2.0, 4.0]),
            [1.0, 1.0],
            ([[-0.5, -0.5], [-0.25, -0.25]], [0.5, 0.25]),
        ),
    ),
    numpy=("linalg.solve",),
    source="Giles 2008: matrix inverse product",
)


def _inv_shares(g: Node, out: Node, a: Node) -> Sequence[Node]:
    turned = swap_last(out)
    return (-(turned @ g @ turned),)


inv = Op(
    "inv",
    f"{SQUARE} -> {SQUARE}",
    np.linalg.inv,
    Adjoint(_inv_shares),
    build_square,
    notation=Notation(None, lambda operands, node: f"{{{_inverse(operands[0])}}}"),
    dtype="float",
    domain=(INVERTIBLE,),
    edges=(
        Edge(
            ([[2.0, 0.0], [0.0, 4.0]],),
            [[0.5, 0.0], [0.0, 0.25]],
            ([[-0.25, -0.125], [-0.125, -0.0625]],),
        ),
    ),
    aliases=("inverse",),
    numpy=("linalg.inv",),
    source="Giles 2008: inverse",
)

# ── det ─────────────────────────────────────────────────────────────────────────────────────────

# Above this condition number det(A) A⁻ᵀ has lost too many digits.
_ILL_CONDITIONED = 1e8


def _cofactor_forward(a: Array) -> Array:
    """Cofactors are polynomials, so they exist for singular matrices too."""
    n = a.shape[-1]
    if n <= 3:
        return np.asarray(np.stack([np.stack(row, -1) for row in _minors(a)], -2))
    flat = a.reshape(-1, n, n)
    return np.stack([_cofactor(matrix) for matrix in flat]).reshape(a.shape)


def _minors(a: Any) -> list[list[Any]]:
    """Signed minors of matrices up to 3 by 3, of arrays and of nodes alike."""
    n = a.shape[-1]
    x = [[a[..., i, j] for j in range(n)] for i in range(n)]
    if n == 1:
        return [[x[0][0] * 0 + 1]]
    if n == 2:
        return [[x[1][1], -x[1][0]], [-x[0][1], x[0][0]]]
    # Indices taken cyclically give every minor its sign.
    return [
        [
            x[(i + 1) % 3][(j + 1) % 3] * x[(i + 2) % 3][(j + 2) % 3]
            - x[(i + 1) % 3][(j + 2) % 3] * x[(i + 2) % 3][(j + 1) % 3]
            for j in range(3)
        ]
        for i in range(3)
    ]


def _cofactor(a: Array) -> Array:
    """One matrix: ``det(A) A⁻ᵀ``, or through its singular values where it is almost singular."""
    if np.linalg.cond(a) < _ILL_CONDITIONED:
        return np.asarray(np.linalg.det(a) * np.linalg.inv(a).T)
    u, s, vh = np.linalg.svd(a)
    others = np.array([np.prod(np.delete(s, k)) for k in range(len(s))])
    turn = np.linalg.det(u) * np.linalg.det(vh)
    return np.asarray(turn * (u.conj() * others) @ vh.conj())


def _cofactor_expand(a: Node) -> Node:
    if a.shape[-1] in (1, 2, 3):
        rows = [stack(row, -1) for row in _minors(a)]
        return stack(rows, -2)
    return _beside(det(a), a) * swap_last(inv(a))


def _beside(scalars: Node, a: Node) -> Node:
    """One number for each matrix, shaped to multiply it."""
    return expand_dims(scalars, (-2, -1)) if a.ndim > 2 else scalars


cofactor = Op(
    "cofactor",
    f"{SQUARE} -> {SQUARE}",
    _cofactor_forward,
    build=build_square,
    expand=_cofactor_expand,
    notation=Notation(None, r"\operatorname{{cof}}\left({0}\right)"),
    dtype="float",
    domain=(INVERTIBLE,),
    edges=(
        Edge(
            ([[1.0, 2.0], [2.0, 4.0]],), [[4.0, -2.0], [-2.0, 1.0]], ([[1.0, -1.0], [-1.0, 1.0]],)
        ),
    ),
    source="Horn & Johnson, Matrix Analysis, section 0.8.2; det(A) A^{-T} where A is invertible",
)

det = Op(
    "det",
    f"{SQUARE} -> ...",
    np.linalg.det,
    # Jacobi's formula: the cofactors are right for singular matrices, det(A) inv(A).T is not.
    Adjoint(lambda g, out, a: (_beside(g, a) * cofactor(a),)),
    build_square,
    notation=Notation(None, r"\det\left({0}\right)"),
    dtype="float",
    domain=(INVERTIBLE,),
    edges=(
        Edge(([[1.0, 2.0], [2.0, 4.0]],), 0.0, ([[4.0, -2.0], [-2.0, 1.0]],)),
        Edge(([[0.0, 0.0], [0.0, 0.0]],), 0.0, ([[0.0, 0.0], [0.0, 0.0]],)),
    ),
    numpy=("linalg.det",),
    source="Jacobi's formula; Giles 2008: determinant",
)


def _logabsdet_forward(a: Array) -> Any:
    sign, log = np.linalg.slogdet(a)
    if np.iscomplexobj(a):
        # For the complex step: log(det) or log(-det), whichever continues log|det|.
        return log + np.log(np.where(sign.real < 0, -sign, sign))
    return log


logabsdet = Op(
    "logabsdet",
    f"{SQUARE} -> ...",
    _logabsdet_forward,
    Adjoint(lambda g, out, a: (_beside(g, a) * swap_last(inv(a)),)),
    build_square,
    notation=Notation(None, r"\log\left|\det\left({0}\right)\right|"),
    dtype="float",
    domain=(INVERTIBLE,),
    edges=(Edge(([[1.0, 0.0], [0.0, -1.0]],), 0.0, ([[1.0, 0.0], [0.0, -1.0]],)),),
    aliases=("logdet",),
    source="Giles 2008: determinant, divided by det(A)",
)

signdet = Op(
    "signdet",
    f"{SQUARE} -> ...",
    lambda a: np.sign(np.linalg.slogdet(a)[0].real),
    Constant(),
    build_square,
    notation=Notation(None, r"\operatorname{{sign}}\left(\det\left({0}\right)\right)"),
    dtype="float",
    domain=(INVERTIBLE,),
    kinks=(
        Kink(
            "det(A) = 0",
            lambda a: np.linalg.det(a) == 0,
            taken=0.0,
            admissible=(0.0, 0.0),
            reason="the sign of the determinant jumps there; it has no derivative",
        ),
    ),
    source="piecewise constant",
)


def _build_slogdet(op: Op, a: Any) -> Any:
    """NumPy's pair: the sign of the determinant and the logarithm of its absolute value."""
    return signdet(a), logabsdet(a)


# A spelling that makes two nodes.
slogdet = Op(
    "slogdet", "...", np.linalg.slogdet, build=_build_slogdet,
    numpy=("linalg.slogdet",), source="signdet and logabsdet",
)  # fmt: skip

# ── cholesky ────────────────────────────────────────────────────────────────────────────────────


def _cholesky_forward(a: Array) -> Any:
    """Of the symmetric part, so that both triangles count alike and the gradient is symmetric.

    NumPy reads one triangle only; its derivative would depend on which.
    """
    a = (a + a.swapaxes(-1, -2)) / 2
    if not np.iscomplexobj(a):
        return np.linalg.cholesky(a)
    # For the complex step: NumPy's would conjugate.
    out = np.zeros_like(a)
    for j in range(a.shape[-1]):
        rest = a[..., j:, j] - (out[..., j:, :j] @ out[..., j, :j, None])[..., 0]
        out[..., j:, j] = rest / np.sqrt(rest[..., :1])
    return out


def _cholesky_shares(g: Node, out: Node, a: Node) -> Sequence[Node]:
    """``L⁻ᵀ Φ(Lᵀ g) L⁻¹``, made symmetric; Φ takes the lower triangle and half the diagonal."""
    product = swap_last(out) @ g
    halved = (tril(product) + tril(product, -1)) / 2
    inner = solve(swap_last(out), swap_last(solve(swap_last(out), halved)))
    return ((inner + swap_last(inner)) / 2,)


cholesky = Op(
    "cholesky",
    f"{SQUARE} -> {SQUARE}",
    _cholesky_forward,
    Adjoint(_cholesky_shares),
    build_square,
    notation=Notation(None, r"\operatorname{{chol}}\left({0}\right)"),
    dtype="float",
    domain=(POSITIVE_DEFINITE,),
    edges=(
        Edge(
            ([[4.0, 0.0], [0.0, 9.0]],),
            [[2.0, 0.0], [0.0, 3.0]],
            ([[0.25, 0.25], [0.25, 1.0 / 6.0]],),
        ),
    ),
    numpy=("linalg.cholesky",),
    source="Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527; Giles 2008",
)
