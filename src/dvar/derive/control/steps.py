"""A loop with a known number of steps, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dvar.core.body import Body
from dvar.core.dims import Shape, Size
from dvar.core.node import Node
from dvar.core.op import Op
from dvar.derive.packing import unpack


@dataclass(frozen=True)
class Loop:
    """A loop with a known number of steps, as data.

    Attributes:
        row: the row that it is a node of.
        body: ``(*carries, *elements of the series, *fixed) → (*carries, *pieces of the results)``.
        inits: what is carried into the first step.
        series: arrays whose first axis counts the steps.
        fixed: what is the same in every step.
        length: how many steps there are.
        reverse: from the last step to the first.
    """

    row: Op
    body: Body
    inits: tuple[Node, ...]
    series: tuple[Node, ...]
    fixed: tuple[Node, ...]
    length: Size
    reverse: bool = False

    @staticmethod
    def of(node: Node) -> Loop:
        k, m = node.param("carries"), node.param("series")
        x = node.inputs
        return Loop(
            node.op,
            node.param("body"),
            x[:k],
            x[k : k + m],
            x[k + m :],
            node.param("length"),
            node.param("reverse"),
        )

    def split(self, things: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """One thing for each operand: those of the carries, of the series, of what is fixed."""
        k, m = len(self.inits), len(self.series)
        return list(things[:k]), list(things[k : k + m]), list(things[k + m :])

    def results(self, wanted: Sequence[int]) -> list[Node]:
        """The last carried values and the results, by their place among the roots of the body."""
        by_place: dict[int, Node] = {}
        for dtype in dict.fromkeys(self.body.roots[n].dtype for n in wanted):
            places = tuple(n for n in wanted if self.body.roots[n].dtype == dtype)
            node = self.row.node(
                *self.inits, *self.series, *self.fixed,
                body=self.body, carries=len(self.inits), series=len(self.series),
                length=self.length, reverse=self.reverse, results=places, dtype=dtype,
            )  # fmt: skip
            shapes = result_shapes(self.body, len(self.inits), self.length, places)
            by_place.update(zip(places, unpack(node, shapes), strict=True))
        return [by_place[n] for n in wanted]

    def with_pieces(self, more: Sequence[Node]) -> list[Node]:
        """Other things that its steps compute, as nodes of the body, stacked.

        The loop is the same but for these results, so that compiled code runs both as one.
        """
        roots = (*self.body.roots, *more)
        longer = replace(self, body=Body(self.body.inputs, roots, self.body.name))
        return longer.results(range(len(self.body.roots), len(roots)))

    def pruned(self, wanted: Sequence[int]) -> list[Node]:
        """The same results of a loop that computes nothing else."""
        k = len(self.inits)
        roots = self.body.roots
        live = {n for n in wanted if n < k}
        while True:
            body = Body(self.body.inputs, tuple(roots[n] for n in sorted({*live, *wanted})))
            more = {n for n in range(k) if body.used[n]} - live
            if not more:
                break
            live |= more
        places = sorted({*live, *wanted})
        kept_series, kept_fixed = self.split(body.used)[1:]
        operands = [n for n in range(len(self.body.inputs)) if body.used[n] or n in live]
        small = Loop(
            self.row,
            Body.of([self.body.inputs[n] for n in operands], body.roots, self.body.name),
            tuple(self.inits[n] for n in sorted(live)),
            tuple(x for x, kept in zip(self.series, kept_series, strict=True) if kept),
            tuple(x for x, kept in zip(self.fixed, kept_fixed, strict=True) if kept),
            self.length,
            self.reverse,
        )
        return small.results([places.index(n) for n in wanted])


def result_shapes(body: Body, carries: int, length: Size, places: Sequence[int]) -> list[Shape]:
    """The last carried values have their own shape, the others one more axis for the steps."""
    shapes = [body.roots[n].shape for n in places]
    return [s if n < carries else (length, *s) for n, s in zip(places, shapes, strict=True)]
