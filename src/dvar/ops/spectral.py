"""Rows of eigenvalues: those of symmetric matrices, with their eigenvectors.

Both are of the symmetric part of the matrix, as ``cholesky``: both triangles count alike, and the gradient is symmetric.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.node import Node
from dvar.core.op import Adjoint, Array, Domain, Edge, Notation, Op
from dvar.ops.linalg import SQUARE, build_square, draw_positive, rotation
from dvar.ops.moving import eye
from dvar.ops.shaping import expand_dims, swap_last


def _draw_apart(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Symmetric matrices whose eigenvalues are no neighbours."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return draw_positive(generator, shape)
    q = rotation(generator, shape)
    values = np.arange(1.0, shape[-1] + 1) + generator.uniform(-0.2, 0.2, shape[:-1])
    return np.asarray(q @ (values[..., None] * q.swapaxes(-1, -2)))


def _are_apart(a: Array) -> Any:
    a = np.asarray(a)
    symmetric = np.isclose(a, a.swapaxes(-1, -2)).all((-1, -2))
    return symmetric & (np.diff(np.linalg.eigvalsh(a), axis=-1) > 0).all(-1)


APART = Domain("{0} is symmetric, no eigenvalue twice", _are_apart, _draw_apart)


def _eigh(a: Array) -> tuple[Array, Array]:
    """NumPy's eigenvalues and eigenvectors; each vector with its largest element positive, since either sign is right."""
    if np.iscomplexobj(a):
        raise TypeError("of real matrices")
    values, vectors = np.linalg.eigh((a + a.swapaxes(-1, -2)) / 2)
    largest = np.argmax(np.abs(vectors), axis=-2, keepdims=True)
    return values, vectors * np.sign(np.take_along_axis(vectors, largest, axis=-2))


def _spread(x: Node, v: Node) -> Node:
    """``V diag(x) Vᵀ``."""
    return (v * expand_dims(x, -2)) @ swap_last(v)


def _vectors_shares(g: Node, out: Node, a: Node) -> Sequence[Node]:
    """``V (F ∘ Vᵀ g) Vᵀ`` with ``F_ij = 1 / (λ_j - λ_i)``, made symmetric."""
    values = eigvalsh(a)
    apart = expand_dims(values, -2) - expand_dims(values, -1)
    same = eye(a.shape[-1], dtype=a.dtype)
    inverse = (1 - same) / (apart + same)
    inner = out @ (inverse * (swap_last(out) @ g)) @ swap_last(out)
    return ((inner + swap_last(inner)) / 2,)


eigvalsh: Op = Op(
    "eigvalsh", f"{SQUARE} -> ... i", lambda a: _eigh(a)[0],
    Adjoint(lambda g, out, a: (_spread(g, eigenvectors(a)),)), build_square,
    notation=Notation(None, r"\lambda\left({0}\right)"), dtype="float", domain=(APART,),
    edges=(Edge(([[2.0, 0.0], [0.0, 5.0]],), [2.0, 5.0], ([[1.0, 0.0], [0.0, 1.0]],)),),
    numpy=("linalg.eigvalsh",), source="Giles 2008, section 3.1; Magnus & Neudecker, ch. 9",
)  # fmt: skip

eigenvectors: Op = Op(
    "eigenvectors", f"{SQUARE} -> {SQUARE}", lambda a: _eigh(a)[1], Adjoint(_vectors_shares), build_square,
    notation=Notation(None, r"V\left({0}\right)"), dtype="float", domain=(APART,), source="Giles 2008, section 3.1",
)  # fmt: skip


def _build_eigh(op: Op, a: Any) -> Any:
    """NumPy's pair: the eigenvalues, and the eigenvectors as columns."""
    return eigvalsh(a), eigenvectors(a)


# A spelling that makes two nodes.
eigh = Op(
    "eigh", "...", np.linalg.eigh, build=_build_eigh, numpy=("linalg.eigh",), source="eigvalsh and eigenvectors",
)  # fmt: skip
