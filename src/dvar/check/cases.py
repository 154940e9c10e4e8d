"""A call of a row, as data and as a graph with numbers: what the laws try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from dvar.core.dims import Dim, Shape
from dvar.core.node import Node
from dvar.core.op import REALS, Array, Op, variable
from dvar.derive.sweep import sweep
from dvar.engine.reference import evaluate

Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...]], Array]"
Shapes: TypeAlias = "tuple[tuple[int, ...], ...]"
Call: TypeAlias = "Callable[..., Node]"


def _plain(op: Op, *operands: Node) -> Node:
    return op(*operands)


@dataclass(frozen=True, slots=True)
class Sample:
    """One call of a row.

    Attributes:
        shapes: of the array operands.
        call: ``(op, *operands) → Node``: how the row is applied to them.
        draws: operand → how its numbers are drawn, where the row's domain does not say; integers and
            booleans stay what they are.
        fixed: the call holds sizes as numbers, so it makes no sense with named ones.
        note: what is special, for messages.
    """

    shapes: Shapes
    call: Call = _plain
    draws: dict[int, Draw] = field(default_factory=dict)
    fixed: bool = False
    note: str = ""

    def draw(self, op: Op, generator: np.random.Generator) -> list[Array]:
        """Numbers for the operands."""
        arrays = []
        for n, shape in enumerate(self.shapes):
            domain = op.domain[n] if n < len(op.domain) else REALS
            draw = self.draws.get(n, domain.draw)
            arrays.append(np.asarray(draw(generator, shape)))
        return arrays

    def __str__(self) -> str:
        return f"operands {', '.join(map(str, self.shapes))}{'; ' if self.note else ''}{self.note}"


Values = dict[Node, Array]


@dataclass(frozen=True, slots=True)
class Case:
    """A sample call as graph, with numbers: ``root`` is the result, ``wrt`` its float operands."""

    root: Node
    wrt: tuple[Node, ...]
    values: Values
    generator: np.random.Generator

    def random(self, name: str, like: Node) -> Node:
        """A new variable in the shape of a node, with random numbers (never ones: ones hide errors)."""
        node = variable(name, like.shape, like.dtype if like.is_float else "float64")
        (shape,) = (np.shape(a) for a in evaluate([like], self.values))
        self.values[node] = self.generator.normal(size=shape).astype(node.dtype)
        return node


def case(op: Op, sample: Sample, dtype: str = "float64", named: bool = False) -> Case:
    """Build a sample call.  ``named`` puts a name in the place of every size but one."""
    generator = np.random.default_rng(0)
    values: Values = {}
    for n, array in enumerate(sample.draw(op, generator)):
        floats = array.dtype.kind == "f"
        shape: Shape = tuple(Dim(f"n{s}") if named and s > 1 else s for s in array.shape)
        node = variable(f"x{n}", shape, dtype if floats else array.dtype.name)
        values[node] = array.astype(dtype) if floats else array
    root = sample.call(op, *values)
    return Case(root, tuple(x for x in values if x.is_float), values, generator)


def gradients_at(
    root: Node, seed: Node, wrt: Sequence[Node], values: Mapping[Node, Array]
) -> list[Array]:
    """Values of the reverse gradients, zeros where there is no path."""
    found = sweep(root, seed, wrt).gradients
    arrays = evaluate([found.get(x, x) for x in wrt], values)
    return [a if x in found else np.zeros(a.shape) for x, a in zip(wrt, arrays, strict=True)]
