"""A loop that a condition ends, as data: passes over the same steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from dvar.core.body import Body
from dvar.core.node import Node


class Pass(NamedTuple):
    """One way through the steps.

    Attributes:
        body: ``(*carries, *notes of all earlier passes, *fixed) → (*carries, *more notes)``.  The notes of a
            pass are what it carries into the step, and then what its body notes besides.
        carries: how many there are.
        reverse: from the last step to the first.
    """

    body: Body
    carries: int
    reverse: bool

    @property
    def notes(self) -> int:
        """How many notes it leaves at each step: what it carries in, and the other roots."""
        return len(self.body.roots)


@dataclass(frozen=True)
class Loop:
    """A loop before it is a node.

    Attributes:
        test: ``(*carries of the first pass, *fixed) → whether there is another step``.
        passes: in the order in which they are made.
        inits: for each pass what is carried into its first step.
        fixed: what is the same in every step.
    """

    test: Body
    passes: tuple[Pass, ...]
    inits: tuple[tuple[Node, ...], ...]
    fixed: tuple[Node, ...]

    @staticmethod
    def of(node: Node) -> Loop:
        passes = tuple(Pass(*p) for p in node.param("passes"))
        *inits, fixed = cut(node.inputs, [p.carries for p in passes])
        return Loop(node.param("test"), passes, tuple(map(tuple, inits)), tuple(fixed))

    @property
    def ends(self) -> list[Node]:
        """The roots that are carried on, through all passes."""
        return [root for p in self.passes for root in p.body.roots[: p.carries]]


def cut(things: Sequence[Any], sizes: Sequence[int]) -> list[list[Any]]:
    """Pieces of these sizes, and what is left."""
    ends = [*accumulate(sizes, initial=0), len(things)]
    return [list(things[a:b]) for a, b in pairwise(ends)]
