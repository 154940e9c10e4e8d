"""Rows that multiply and sum over shared axes: matmul, outer, einsum.

They have no derivative column: linear in each operand, their adjoints are the axes sentence turned
round.  ``contract`` writes a turned sentence with the plainest row that says it: a product, a matrix
product with transposes, an outer product, a sum; einsum only for what none of these can say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dvar.core.axes import DOTS, Axes, parse
from dvar.core.dims import Shape, show
from dvar.core.errors import ShapeError
from dvar.core.node import Node, operators
from dvar.core.op import MATMUL, MUL, REALS, UNARY, Multilinear, Notation, Op, as_nodes
from dvar.ops.arithmetic import multiply
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import expand_dims, ravel, reshape, swap_last, transpose

# ── matmul ──────────────────────────────────────────────────────────────────────────────────────


def _matmul_sentence(shapes: Sequence[Shape]) -> str:
    x, y = (len(shape) for shape in shapes)
    if x == 0 or y == 0:
        raise ShapeError("matmul: an operand is a scalar", hint="* multiplies by a scalar")
    left = "k" if x == 1 else "i k" if x == 2 else "... i k"
    right = "k" if y == 1 else "k j" if y == 2 else "... k j"
    if max(x, y) > 2 and min(x, y) > 1:
        left, right = "... i k", "... k j"
    dots = "... " if DOTS in left + right else ""
    return f"{left}, {right} -> {dots}{'i ' if x > 1 else ''}{'j' if y > 1 else ''}".strip()


def _build_matmul(op: Op, x: Any, y: Any) -> Node:
    x, y = as_nodes([x, y])
    # A vector beside a stack of matrices is a stack of one-column (one-row) matrices.
    if x.ndim == 1 and y.ndim > 2:
        out = op.node(expand_dims(x, 0), y)
        return reshape(out, out.shape[:-2] + out.shape[-1:])
    if y.ndim == 1 and x.ndim > 2:
        out = op.node(x, expand_dims(y, 1))
        return reshape(out, out.shape[:-1])
    return op.node(x, y)


def _matmul_latex(operands: Sequence[str], node: Node) -> str:
    r"""``W x``; of two vectors ``u^\top v``, since ``u v`` does not say which product is meant."""
    left, right = operands
    if node.inputs[0].ndim == node.inputs[1].ndim == 1:
        return rf"{left}^{{\top}} {right}"
    return rf"{left} \, {right}"


matmul = Op(
    "matmul", _matmul_sentence, np.matmul, Multilinear(), _build_matmul,
    notation=Notation("{0} @ {1}", _matmul_latex, MATMUL, (UNARY, UNARY), (UNARY, UNARY)),
    domain=(REALS, REALS), numpy=("matmul",),
    source="Magnus & Neudecker, Matrix Differential Calculus, ch. 9; the axes turned round",
)  # fmt: skip

outer = Op(
    "outer", "i, j -> i j", np.multiply.outer, Multilinear(),
    notation=Notation(None, r"{0} \, {1}^{{\top}}", MUL, (), (UNARY, UNARY)),
    domain=(REALS, REALS), source="the axes turned round",
)  # fmt: skip


def _build_dot(op: Op, x: Any, y: Any) -> Node:
    """NumPy's dot for scalars, vectors and matrices: a product or a matrix product."""
    x, y = as_nodes([x, y])
    if not x.ndim or not y.ndim:
        return multiply(x, y)
    if max(x.ndim, y.ndim) > 2:
        return _over_one_axis(x, y, max(0, y.ndim - 2))
    return matmul(x, y)


def _over_one_axis(x: Node, y: Node, axis: int) -> Node:
    """Summed over the last axis of ``x`` and one of ``y``."""
    left = [f"a{n}" for n in range(x.ndim)]
    right = [f"b{n}" for n in range(y.ndim)]
    right[axis] = left[-1]
    axes = Axes((tuple(left), tuple(right)), (*left[:-1], *right[:axis], *right[axis + 1 :]))
    einsum.node(x, y, sentence=str(axes))  # type check
    return contract(axes, [x, y])


def _build_inner(op: Op, x: Any, y: Any) -> Node:
    """NumPy's inner: a sum over the last axis of both."""
    x, y = as_nodes([x, y])
    if max(x.ndim, y.ndim) > 2:
        return _over_one_axis(x, y, y.ndim - 1)
    return dot(x, y if y.ndim < 2 else swap_last(y))


def _build_vdot(op: Op, x: Any, y: Any) -> Node:
    """NumPy's vdot: arrays of one shape as long vectors."""
    x, y = as_nodes([x, y])
    if x.shape != y.shape:
        raise ShapeError(f"vdot: {show(x.shape)} and {show(y.shape)} are not alike")
    return dot(ravel(x), ravel(y))


# Spellings of matmul.
dot = Op("dot", "...", np.dot, build=_build_dot, source="matmul", numpy=("dot",))
inner = Op("inner", "...", np.inner, build=_build_inner, source="matmul", numpy=("inner",))
vdot = Op("vdot", "...", np.vdot, build=_build_vdot, source="matmul", numpy=("vdot",))

# ── einsum ──────────────────────────────────────────────────────────────────────────────────────


def _letters(axes: Axes) -> str:
    """The sentence in NumPy's letters."""
    names: dict[str, str] = {}
    for part in (*axes.operands, axes.result):
        for name in part:
            names.setdefault(name, chr(ord("a") + len(names)))
    left = ",".join("".join(names[a] for a in part) for part in axes.operands)
    return f"{left}->{''.join(names[a] for a in axes.result)}"


def _build_einsum(op: Op, subscripts: str, *operands: Any) -> Node:
    """NumPy's ``einsum('ij,jk->ik', x, y)``."""
    from dvar.ops.spelling import spelled  # which needs rows that need this file

    axes, nodes = spelled(subscripts, as_nodes(operands))
    op.node(*nodes, sentence=str(axes))  # type check, before the sentence is rewritten
    return contract(axes, nodes)


def _einsum_text(operands: Sequence[str], node: Node) -> str:
    return f'einsum("{_letters(parse(node.param("sentence")))}", {", ".join(operands)})'


def _einsum_latex(operands: Sequence[str], node: Node) -> str:
    axes = parse(node.param("sentence"))
    gone = sorted({a for part in axes.operands for a in part} - set(axes.result))
    total = rf"\sum_{{{' '.join(gone)}}} " if gone else ""
    parts = [
        rf"\left({x}\right)_{{{' '.join(a)}}}" if not x.isalnum() else f"{x}_{{{' '.join(a)}}}"
        for x, a in zip(operands, axes.operands, strict=True)
    ]
    return total + r" \, ".join(parts)


einsum = Op(
    "einsum",
    lambda shapes, sentence: sentence,
    lambda *xs, sentence: np.einsum(_letters(parse(sentence)), *xs),
    Multilinear(),
    _build_einsum,
    notation=Notation(_einsum_text, _einsum_latex, MUL),
    source="the axes turned round",
)


def contract(axes: Axes, operands: Sequence[Node]) -> Node:
    """A product of the operands summed over the axes that the result lacks, in its plainest form."""
    parts = list(axes.operands)
    nodes = list(operands)
    for n, part in enumerate(parts):  # axes of one operand only: sum them first
        elsewhere = {a for k, p in enumerate(parts) if k != n for a in p} | set(axes.result)
        alone = tuple(k for k, a in enumerate(part) if a not in elsewhere)
        if alone:
            nodes[n] = sum_(nodes[n], axis=alone)
            parts[n] = tuple(a for a in part if a in elsewhere)
    if len(nodes) == 1:
        return _ordered(nodes[0], parts[0], axes.result)
    if len(nodes) == 2:
        pair = _pair(nodes[0], parts[0], nodes[1], parts[1], axes.result)
        if pair is not None:
            return pair
    return einsum.node(*nodes, sentence=str(Axes(tuple(parts), axes.result)))


def _ordered(x: Node, have: tuple[str, ...], want: tuple[str, ...]) -> Node:
    return transpose(x, [have.index(a) for a in want])


def _pair(
    x: Node, a: tuple[str, ...], y: Node, b: tuple[str, ...], out: tuple[str, ...]
) -> Node | None:
    """Two operands as a product, an outer product or a matrix product; None if none says it."""
    if not a or not b:
        scale, array, have = (x, y, b) if not a else (y, x, a)
        return multiply(scale, _ordered(array, have, out)) if set(have) == set(out) else None
    if set(a) == set(b) == set(out):
        return multiply(_ordered(x, a, out), _ordered(y, b, out))
    batch: tuple[str, ...] = ()
    if (a[0] == b[0] and out[:1] == (a[0],)) or (DOTS in a and out[:1] == (DOTS,)):
        batch = (a[0],)
    elif DOTS in b and out[:1] == (DOTS,):
        batch = (DOTS,)
    own = [tuple(n for n in part if n not in batch) for part in (a, b, out)]
    shares_batch = bool(batch) and batch[0] in a and batch[0] in b
    if batch and (own[2] or shares_batch) and min(len(own[0]), len(own[1])) < 2:
        return None
    shared = [n for n in own[0] if n in own[1] and n not in own[2]]
    if len(own[0]) > 2 or len(own[1]) > 2 or len(shared) > 1 or len(set(own[2])) != len(own[2]):
        return None
    free = [[n for n in part if n not in shared] for part in own[:2]]
    if set(free[0]) & set(free[1]) or sorted(free[0] + free[1]) != sorted(own[2]):
        return None
    if not shared:
        return (outer(x, y) if out == a + b else outer(y, x)) if len(a) == len(b) == 1 else None
    return _product(x, own[0], y, own[1], own[2], shared[0])


def _product(
    x: Node, a: tuple[str, ...], y: Node, b: tuple[str, ...], out: tuple[str, ...], k: str
) -> Node:
    """A matrix product with the transposes it takes; matrix before vector, as one writes it."""
    x_first = [n for n in a if n != k] == list(out[: len(a) - 1]) and (len(a), len(b)) != (1, 2)
    if not x_first:
        x, a, y, b = y, b, x, a
    left = x if a[-1] == k else swap_last(x)
    right = y if b[0] == k else swap_last(y)
    return matmul(left, right)


operators["@"] = matmul
