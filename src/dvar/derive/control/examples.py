"""Some of many examples: the others take part with what belongs to one of those, and nothing comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.node import Node
from dvar.ops.extremes import argmax
from dvar.ops.indexing import take
from dvar.ops.selection import where
from dvar.ops.shaping import reshape


def beside(mask: Node, x: Node) -> Node:
    """One truth value for each example, shaped to stand beside ``x``."""
    return reshape(mask, (*mask.shape, *(1,) * (x.ndim - 1)))


def guarded(operands: Sequence[Node], carries: Sequence[bool], mask: Node) -> list[Node]:
    """Operands with those of an example in the mask in place of the operands of all that are not.

    A function that is computed for all examples then sees only operands that belong to the mask: no
    logarithm of what the mask excludes, and no nan from it in a gradient.

    Args:
        operands: arrays, with a leading axis of examples where ``carries`` says so.
        mask: one truth value for each example, at least one of them true.
    """
    first = argmax(mask)
    return [
        where(beside(mask, x), x, take(x, first, axis=0)) if has else x
        for x, has in zip(operands, carries, strict=True)
    ]
