"""Sample calls of rows, for the laws: elementwise rows by themselves, the others from a table.

Sizes differ from axis to axis, so that no wrong axis goes unseen, and every float operand is a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from dvar.core.axes import parse
from dvar.core.node import Node
from dvar.core.op import REALS, Array, Op

Draw: TypeAlias = "Callable[[np.random.Generator, tuple[int, ...]], Array]"
_Shapes: TypeAlias = "tuple[tuple[int, ...], ...]"
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

    shapes: _Shapes
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


def calls(*shapes: tuple[int, ...], **kwargs: Any) -> Sample:
    """A plain call, with keyword arguments as the public signature takes them."""
    note = ", ".join(f"{k}={v}" for k, v in kwargs.items())
    return Sample(shapes, lambda op, *xs: op(*xs, **kwargs), note=note)


_ELEMENTWISE: dict[int, list[_Shapes]] = {
    1: [((),), ((2, 3),)],
    2: [((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (3,)), ((2, 3), ()), ((), ())],
    3: [((2, 3),) * 3, ((2, 1), (3,), ()), ((), (2, 3), (1, 3))],
}


def samples_of(op: Op) -> Sequence[Sample]:
    """The calls to try: those of the table and, for elementwise rows, all mixes of shapes."""
    mixes: list[_Shapes] = []
    if op.is_elementwise and isinstance(op.axes, str):
        arity = len(parse(op.axes).operands)
        mixes = _ELEMENTWISE.get(arity, [((2, 3),) * arity])
    return [*(Sample(shapes) for shapes in mixes), *SAMPLES.get(op.name, ())]


def _reals(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Numbers of both signs, beyond a domain that excludes them for want of a simple sentence."""
    return REALS.draw(generator, shape)


def _exponent(y: float) -> Sample:
    """A constant exponent has partials of its own; integer ones take negative bases."""
    draws: dict[int, Draw] = {0: _reals} if y == round(y) else {}
    return Sample(((2, 3),), lambda op, x: op(x, y), draws, note=f"exponent {y}")


_REDUCTION = [
    calls((2, 3)),
    calls((2, 3), axis=0),
    calls((2, 3), axis=-1, keepdims=True),
    calls((4, 2, 3), axis=(0, 2)),
]

# Name of a row → calls of it.
SAMPLES: dict[str, Sequence[Sample]] = {
    "power": [_exponent(y) for y in (0, 1, 2, 3, -1, 2.0, 0.5)],
    "matmul": [
        calls((2, 3), (3, 4)),
        calls((3,), (3, 4)),
        calls((2, 3), (3,)),
        calls((3,), (3,)),
        calls((3, 3), (3, 3)),
        calls((4, 2, 3), (3, 2)),
        calls((4, 2, 3), (4, 3, 2)),
        calls((2, 1, 2, 3), (4, 3, 2)),
        calls((3,), (4, 3, 2)),
        calls((4, 2, 3), (3,)),
    ],
    "outer": [calls((2,), (3,))],
    "dot": [calls((2, 3), (3,)), calls((), (3,))],
    "einsum": [
        Sample(((2, 3), (3, 4)), lambda op, x, y: op("ij,jk->ki", x, y), note="ij,jk->ki"),
        Sample(((2, 3), (4, 3)), lambda op, x, y: op("ij,kj->", x, y), note="ij,kj->"),
        Sample(
            ((2, 3), (3, 4), (4, 2)),
            lambda op, x, y, z: op("ij,jk,ki->ik", x, y, z),
            note="ij,jk,ki->ik",
        ),
        # The public signature writes what it can in plainer rows; this is the row itself.
        Sample(
            ((2, 3), (3, 4), (4, 2)),
            lambda op, x, y, z: op.node(x, y, z, sentence="i j, j k, k i -> i k"),
            note="a node of its own",
        ),
        Sample(((2, 3, 4), (4, 3)), lambda op, x, y: op("abc,cb->ac", x, y), note="abc,cb->ac"),
    ],
    "transpose": [
        calls((2, 3)),
        Sample(((2, 3, 4),), lambda op, x: op(x, (1, 2, 0)), note="axes (1, 2, 0)"),
    ],
    "reshape": [
        Sample(((2, 3),), lambda op, x: op(x, (3, 2)), fixed=True, note="to (3, 2)"),
        Sample(((2, 3, 4),), lambda op, x: op(x, (-1, x.shape[2])), note="to (-1, 4)"),
    ],
    "expand_dims": [calls((2, 3), axis=1)],
    "squeeze": [calls((2, 1, 3))],
    "broadcast_to": [
        Sample(((3,),), lambda op, x: op(x, (2, *x.shape)), note="to (2, 3)"),
        Sample(((2, 1),), lambda op, x: op(x, (4, x.shape[0], 3)), note="to (4, 2, 3)"),
    ],
    "sum": _REDUCTION,
}
