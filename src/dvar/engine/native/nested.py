"""Nodes that hold programs, with their programs compiled: the steps of loops, and branches.

A loop with a known number of steps is one call, in machine code where its body is; loops that differ only
in what they keep of the steps (a loop, and the same with the values for its backward pass) are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dvar.core.body import Body
from dvar.core.dims import product
from dvar.core.node import Node
from dvar.core.op import Array, Nested
from dvar.derive.control.passes import Loop
from dvar.derive.control.scan import scan
from dvar.derive.control.while_loop import while_loop
from dvar.engine.native.straight import Straight, straight
from dvar.engine.native.whiles import Whiles
from dvar.engine.program import compiled, looped
from dvar.engine.reference import apply


def holds_programs(node: Node) -> bool:
    return isinstance(node.op.derivative, Nested)


class Inner:
    """The nodes of a graph that hold programs."""

    def __init__(self, nodes: Iterable[Node], threads: int) -> None:
        self._threads = threads
        self._straight: dict[Node, Straight] = {}
        self._loops: dict[Node, _Scans] = {}
        self._whiles: dict[Node, Whiles] = {}
        self._bodies: dict[Body, _Body] = {}
        alike: dict[tuple[object, ...], list[Node]] = {}
        walks: dict[tuple[object, ...], list[Node]] = {}
        for node in nodes:
            if not holds_programs(node):
                continue
            whole = straight(node) if _is_for_numbers(node) else None
            if whole is not None:
                self._straight[node] = whole
            elif node.op is scan:
                alike.setdefault(_same_loop(node), []).append(node)
            elif node.op is while_loop:
                walks.setdefault(_same_walk(node), []).append(node)
            else:
                self._compile(value for _, value in node.params)
        for group in alike.values():
            self._loops.update(dict.fromkeys(group, _Scans(group, threads)))
        for group in walks.values():
            self._whiles.update(dict.fromkeys(group, Whiles(group, threads)))

    def _compile(self, values: Iterable[object]) -> None:
        for body in (body for value in values for body in _bodies(value)):
            if body not in self._bodies:
                self._bodies[body] = _Body(body, self._threads)

    def __call__(
        self, node: Node, operands: Sequence[Array], seen: dict[object, Any]
    ) -> Mapping[Node, Array]:
        """The value of a node, and of those that are computed along with it.

        ``seen`` holds what several nodes have in common, during one run of the graph.
        """
        if node in self._straight:
            return {node: self._straight[node](operands)}
        if node in self._loops:
            return self._loops[node](operands)
        if node in self._whiles:
            return {node: self._whiles[node](node, operands, seen)}
        return {node: apply(node, operands, {}, lambda body, _: self._bodies[body])}

    def describe(self, node: Node) -> str:
        """What is done for a node."""
        if node in self._straight:
            return str(self._straight[node])
        if node in self._loops:
            return f"a loop of {node.param('length')} steps:\n{self._loops[node].program}"
        if node in self._whiles:
            walk = self._whiles[node]
            programs = [
                walk.first.kernel or walk.first.each,
                *(x.program for x in walk.later[node]),
            ]
            return "\n".join(["a loop that a condition ends:", *map(str, programs)])
        bodies = [body for _, value in node.params for body in _bodies(value)]
        return "\n".join(
            [f"{node.op.name}, with programs:", *(str(self._bodies[b].program) for b in bodies)]
        )


# Arrays of no more elements are better held as numbers than in lanes.
FEW = 16


def _is_for_numbers(node: Node) -> bool:
    """Whether programs are of few numbers, or hold programs themselves."""
    bodies = [body for _, value in node.params for body in _bodies(value)]
    inside = [x for body in bodies for x in body.nodes]
    return any(map(holds_programs, inside)) or all(_is_small(x) for x in inside)


def _bodies(value: object) -> Iterator[Body]:
    if isinstance(value, Body):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _bodies(part)


def _is_small(node: Node) -> bool:
    size = product(node.shape)
    return isinstance(size, int) and size <= FEW


class _Body:
    """A program inside a node as a compiled function of arrays."""

    def __init__(self, body: Body, threads: int) -> None:
        self.roots = body.roots
        self.program = compiled(body.inputs, body.roots, threads)

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        return self.program(values)


def _same_loop(node: Node) -> tuple[object, ...]:
    """What loops share that can be made as one."""
    body, carries = node.param("body"), node.param("carries")
    return (
        node.inputs,
        body.inputs,
        body.roots[:carries],
        *(node.param(name) for name in ("series", "length", "reverse")),
    )


def _same_walk(node: Node) -> tuple[object, ...]:
    """What loops share whose first pass is the same."""
    loop = Loop.of(node)
    return (loop.test, loop.passes[0], loop.inits[0], loop.fixed)


class _Scans:
    """Loops over the same steps, as one."""

    def __init__(self, nodes: Sequence[Node], threads: int) -> None:
        first = nodes[0]
        body = first.param("body")
        self._carries, self._series = first.param("carries"), first.param("series")
        self._length = first.param("length")
        carried = list(body.roots[: self._carries])
        pieces: dict[Node, int] = {}
        self._results: dict[Node, list[int]] = {}
        for node in nodes:
            roots = node.param("body").roots
            self._results[node] = [
                n if n < self._carries else self._carries + pieces.setdefault(roots[n], len(pieces))
                for n in node.param("results")
            ]
        self.program = looped(
            body.inputs,
            [*carried, *pieces],
            self._carries,
            self._series,
            threads,
            backwards=bool(first.param("reverse")),
        )

    def __call__(self, operands: Sequence[Array]) -> Mapping[Node, Array]:
        made = self.program(operands, self._length)
        return {node: _packed([made[n] for n in places]) for node, places in self._results.items()}


def _packed(arrays: Sequence[Array]) -> Array:
    return arrays[0] if len(arrays) == 1 else np.concatenate([x.ravel() for x in arrays])
