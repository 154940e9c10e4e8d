"""Values: nodes with concrete shapes, and how worksheets add, multiply and compare them.

Shapes in use: ``()`` scalars, ``(n, 1)`` columns, ``(1, n)`` rows, ``(r, c)`` matrices, ``(n,)`` lists whose
orientation nobody stated.  A 1-by-1 matrix is a scalar.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dvar.core.node import Node
from dvar.core.op import constant
from dvar.ops import TABLE

Option = tuple[str, Node]
OUTER = "outer product"
"""What two columns side by side make, if anything."""
HADAMARD = "elementwise product"
MATRIX = "matrix product"


class NotUnderstood(Exception):
    """Something in a formula has no meaning to us; the text says what, for people."""


UNCONNECTED = "a derivative between names that nothing connects"


class Unconnected(NotUnderstood):
    """A derivative between names that no formula connects: zero, or a sign that they mean something else."""


class Circular(NotUnderstood):
    """A name is needed while it is being read: not understood here, but perhaps from elsewhere."""


@dataclass(frozen=True, slots=True)
class Jacobian:
    """All partial derivatives of one value by another: axes of ``of``, then axes of ``wrt``, squeezed.

    Attributes:
        of, wrt: what each side is, for chains: equal objects are the same quantity.
        node: the partial derivatives; a vector has one axis, a matrix two, a scalar none.
        of_shape, wrt_shape: the shapes before squeezing.
    """

    of: object
    wrt: object
    node: Node
    of_shape: tuple[int, ...]
    wrt_shape: tuple[int, ...]

    @property
    def of_axes(self) -> int:
        return len(squeezed(self.of_shape))

    @property
    def is_open(self) -> bool:
        """Whether it is of a name that has no formula."""
        return isinstance(self.of, tuple) and self.of[0] == "open"


Value = Node | Jacobian


def node_of(value: Value) -> Node:
    """The numbers of a value: of a derivative, its partial derivatives."""
    return value.node if isinstance(value, Jacobian) else value


def sizes(node: Node) -> tuple[int, ...]:
    """The shape, which in a worksheet's world is always numbers."""
    return tuple(int(n) for n in node.shape)  # type: ignore[arg-type]


def squeezed(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def settle(node: Node) -> Node:
    """A 1-by-1 matrix as a scalar; numbers as floats."""
    if node.shape and all(n == 1 for n in node.shape):
        node = reshaped(node, ())
    return node if node.is_float else TABLE["float64"](node)


def reshaped(node: Node, shape: Sequence[int]) -> Node:
    return node if node.shape == tuple(shape) else TABLE["reshape"](node, tuple(shape))


def flat(node: Node) -> Node:
    return reshaped(node, (count(node),))


def count(node: Node) -> int:
    return math.prod(sizes(node))


def is_vector(node: Node) -> bool:
    return len(squeezed(sizes(node))) == 1


def transposed(node: Node) -> Node:
    """``x^T``: columns become rows; a list becomes a row, since ``[1, 2]^T`` and ``x^T`` meet columns."""
    if not node.shape:
        return node
    if node.ndim == 1:
        return node
    if node.ndim == 2:
        return TABLE["transpose"](node)
    raise NotUnderstood("the transpose of an array with more than two axes")


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


def aligned(a: Node, b: Node) -> tuple[Node, Node]:
    """Two operands of an elementwise operation in shapes that fit.

    A list takes the orientation of its partner.  Raises NotUnderstood where nothing fits.
    """
    if not a.shape or not b.shape or a.shape == b.shape:
        return a, b
    if a.ndim == 1 and b.ndim == 2 and squeezed(sizes(b)) == sizes(a):
        return reshaped(a, sizes(b)), b
    if b.ndim == 1 and a.ndim == 2 and squeezed(sizes(a)) == sizes(b):
        return a, reshaped(b, sizes(a))
    if a.ndim == b.ndim == 2:
        fits = all(m == n or 1 in (m, n) for m, n in zip(sizes(a), sizes(b), strict=True))
        outer = is_vector(a) and is_vector(b)  # a column plus a row is a slip, not a matrix
        if fits and not outer:
            return a, b
    if a.ndim == b.ndim and a.ndim > 2:
        if all(m == n or 1 in (m, n) for m, n in zip(sizes(a), sizes(b), strict=True)):
            return a, b
    if {a.ndim, b.ndim} == {1, 2}:
        lone, matrix = (a, b) if a.ndim == 1 else (b, a)
        rows, columns = sizes(matrix)
        if sizes(lone) == (columns,):
            lone = reshaped(lone, (1, columns))
        elif sizes(lone) == (rows,):
            lone = reshaped(lone, (rows, 1))
        else:
            raise misfit(a, b)
        return (lone, matrix) if a.ndim == 1 else (matrix, lone)
    raise misfit(a, b)


def misfit(a: Node, b: Node) -> NotUnderstood:
    return NotUnderstood(f"shapes {shown(a)} and {shown(b)} do not fit")


def shown(node: Node) -> str:
    return "×".join(map(str, sizes(node))) if node.shape else "scalar"


def elementwise(row: Callable[..., Node], a: Node, b: Node) -> Node:
    return row(*aligned(a, b))


def add(a: Node, b: Node) -> Node:
    return elementwise(TABLE["add"], a, b)


def subtract(a: Node, b: Node) -> Node:
    return elementwise(TABLE["subtract"], a, b)


# ── products ────────────────────────────────────────────────────────────────────────────────────


def product_options(a: Node, b: Node, sign: str) -> list[Option]:
    """What ``a sign b`` can mean, the plainest first; empty where nothing fits."""
    if not a.shape or not b.shape:
        return [("product", TABLE["multiply"](a, b))]
    if sign in ("odot", ".*"):
        beside = sign == "odot" and is_vector(a) and is_vector(b) and count(a) == count(b)
        return _hadamard(a, reshaped(b, sizes(a)) if beside else b)
    matrix = _matrix_products(a, b)
    hadamard = _hadamard(a, b)
    outer = _outer(a, b)
    if sign == "@":
        return _dot(a, b) if a.ndim == b.ndim == 1 else matrix
    if sign == "code":
        return [*hadamard, *matrix]
    if sign == "kron":
        return [*_kron(a, b), *outer]
    if sign == "otimes":
        return [*outer, *hadamard, *_kron(a, b)]
    if squeezed(sizes(a)) != squeezed(sizes(b)):
        hadamard = []  # spread over another axis only where a sign says that entries are multiplied
    if sign == "cdot":
        return [*matrix, *_dot(a, b), *hadamard, *outer]
    if sign == "*" or sign == "times":
        return [*matrix, *hadamard, *_dot(a, b), *outer]
    return [*matrix, *hadamard, *outer, *_dot(a, b)]


def _hadamard(a: Node, b: Node) -> list[Option]:
    try:
        return [(HADAMARD, elementwise(TABLE["multiply"], a, b))]
    except NotUnderstood:
        return []


def _matrix_products(a: Node, b: Node) -> list[Option]:
    if a.ndim > 2 or b.ndim > 2:
        return []
    if a.ndim == b.ndim == 1:
        return []
    left, right = sizes(a), sizes(b)
    if left[-1] == right[0]:
        return [(MATRIX, settle(TABLE["matmul"](a, b)))]
    return []


def _dot(a: Node, b: Node) -> list[Option]:
    if is_vector(a) and is_vector(b) and count(a) == count(b):
        return [("inner product", settle(TABLE["sum"](TABLE["multiply"](flat(a), flat(b)))))]
    return []


def _outer(a: Node, b: Node) -> list[Option]:
    """``δ x`` for ``δ xᵀ``: two vectors side by side of which neither is laid out against the other."""
    if not (is_vector(a) and is_vector(b)):
        return []
    if a.ndim == b.ndim == 2 and (a.shape[0] == 1) != (b.shape[0] == 1):
        return []  # a transpose is written: the product is what it says
    return [
        (OUTER, TABLE["outer"](flat(a), flat(b))),
        ("outer product, turned", TABLE["outer"](flat(b), flat(a))),
    ]


def _kron(a: Node, b: Node) -> list[Option]:
    if a.ndim != 2 or b.ndim != 2:
        return []
    (p, q), (r, s) = sizes(a), sizes(b)
    big = TABLE["einsum"]("ij,kl->ikjl", a, b)
    return [("Kronecker product", reshaped(big, (p * r, q * s)))]


def invertible(a: Node) -> bool:
    return a.ndim == 2 and a.shape[0] == a.shape[1]


def matrix_power(a: Node, k: int) -> Node:
    if not invertible(a):
        raise NotUnderstood(f"a power of a matrix of shape {shown(a)}")
    if k == 0:
        return identity(sizes(a)[0])
    base = TABLE["inv"](a) if k < 0 else a
    out = base
    for _ in range(abs(k) - 1):
        out = TABLE["matmul"](out, base)
    return out


def identity(n: int) -> Node:
    return TABLE["eye"](n)


def stacked(items: Sequence[Node]) -> Node:
    """Scalars as a list, rows as a matrix."""
    shapes = {item.shape for item in items}
    if len(shapes) != 1:
        raise NotUnderstood("a list whose parts have different shapes")
    return TABLE["stack"]([item if item.is_float else TABLE["float64"](item) for item in items])


def number(value: float) -> Node:
    return constant(float(value))
