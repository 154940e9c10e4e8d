"""Names that are not free: symmetric, positive definite and orthogonal matrices, unit vectors.

A formula that holds only for such names is tried with them: the variable is put into a shape that has the
property, and is a name like any other from there on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dvar.check.meaning.keys import Key
from dvar.check.meaning.values import count, identity, reshaped, sizes
from dvar.core.node import Node
from dvar.core.op import variable
from dvar.ops import TABLE

if TYPE_CHECKING:
    from dvar.check.meaning.world import World

SYMMETRIC, POSITIVE, ORTHONORMAL, UNIT = "symmetric", "positive definite", "orthonormal", "unit"
MASK, SIGNS = "made of zeros and ones", "made of ones with a sign"
SHARES = "made of shares that sum to 1"
GENERAL = "any matrix"
"""Said where nothing more is: the matrix need not be symmetric."""
CONSTANT = "constant"
"""Said of names that otherwise depend on others."""
ACTIVE = "active"
"""Said of a max(0, …) rather than of a name."""

ACTIVATIONS = {
    "relu": r"\brelu\b|\brectifie[dr]\b",
    "sigmoid": r"\bsigmoid|\blogistic function",
    "tanh": r"\btanh\b|hyperbolic tangent",
    "softplus": r"\bsoftplus\b",
}
"""Said of functions that are called by a letter: what words name them."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A property of a name; ``stem`` is empty where it is said of all matrices."""

    stem: str
    kind: str

    def __str__(self) -> str:
        if self.kind == ACTIVE:
            return "the maximum is not 0"
        return f"{self.stem or 'the matrix'} is {self.kind}"


UNSAID = tuple(frozenset({Assumption("", kind)}) for kind in (SYMMETRIC, ORTHONORMAL, SHARES, MASK))
"""What a document may leave unsaid of all its names."""


@contextmanager
def assuming(world: World, assumed: Collection[Assumption]) -> Iterator[None]:
    """Within this block names have these properties."""
    before = world.assumed
    world.assumed = frozenset(assumed)
    try:
        yield
    finally:
        world.assumed = before


def with_property(world: World, stem: str, node: Node) -> Node:
    """An open name with what is assumed of it."""
    for assumption in sorted(world.assumed, key=str):
        if assumption.stem in ("", stem):
            node = _with(node, assumption.kind)
    return node


def mirrored(world: World, key: Key) -> Key:
    """``d_{21}`` is ``d_{12}`` where D is symmetric."""
    i, j = key.indices if len(key.indices) == 2 else (0, 0)
    if not isinstance(i, int) or not isinstance(j, int) or i <= j:
        return key
    stems = {"", key.stem, key.stem.upper()}
    is_symmetric = any(a.kind in (SYMMETRIC, POSITIVE) and a.stem in stems for a in world.assumed)
    return Key(key.stem, key.marks, (j, i)) if is_symmetric else key


@contextmanager
def depending(world: World, dependent: Mapping[Key, Sequence[Node]]) -> Iterator[None]:
    """Within this block open names are functions of others, which nothing else is known of."""
    before = world.dependents
    world.dependents = dependent
    try:
        yield
    finally:
        world.dependents = before


def as_function(world: World, key: Key, node: Node) -> Node:
    """An open name as some smooth function of what it depends on: ``Y`` of which ``∂Y/∂x`` is taken."""
    for n, x in enumerate(world.dependents[key]):
        flat = reshaped(x, (count(x), 1))
        for bend in (flat, TABLE["sin"](flat)):
            slope = variable(
                f"{key} by {n} {bend.op.name}", (count(node), count(x)), key=world.number
            )
            change = TABLE["matmul"](slope, bend)
            node = TABLE["add"](node, reshaped(change, sizes(node)))
    return node


def _with(node: Node, kind: str) -> Node:
    if kind == MASK:
        return TABLE["float64"](TABLE["greater"](node, 0.3))
    if kind == SIGNS:
        held = TABLE["float64"](TABLE["greater"](node, 0.3))
        return TABLE["subtract"](TABLE["multiply"](held, 2.0), 1.0)
    if kind == SHARES and node.shape:
        square = TABLE["square"](node)
        return TABLE["divide"](square, TABLE["sum"](square))
    if node.ndim != 2:
        return node
    rows, columns = sizes(node)
    is_vector = 1 in (rows, columns)
    if kind in (UNIT, ORTHONORMAL) and is_vector:
        return TABLE["divide"](node, TABLE["sqrt"](TABLE["sum"](TABLE["square"](node))))
    if kind == ORTHONORMAL and rows >= columns:
        return _orthonormal(node)
    if is_vector or rows != columns:
        return node
    turned = TABLE["transpose"](node)
    if kind == SYMMETRIC:
        return TABLE["multiply"](TABLE["add"](node, turned), 0.5)
    if kind == POSITIVE:
        square = TABLE["matmul"](node, turned)
        return TABLE["add"](square, TABLE["multiply"](identity(rows), 0.5))
    return node


def _orthonormal(node: Node) -> Node:
    """Orthonormal columns by Cayley's formula, (I - S)(I + S)⁻¹ with S skew."""
    rows, columns = sizes(node)
    square = node
    if rows > columns:
        square = TABLE["concatenate"]([node] * (rows // columns + 1), axis=1)
        square = TABLE["getitem"](square, (slice(None), slice(0, rows)))
    skew = TABLE["subtract"](square, TABLE["transpose"](square))
    one = identity(rows)
    inverse = TABLE["inv"](TABLE["add"](one, skew))
    whole = TABLE["matmul"](TABLE["subtract"](one, skew), inverse)
    return TABLE["getitem"](whole, (slice(None), slice(0, columns))) if rows > columns else whole
