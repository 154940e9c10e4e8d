"""A program inside a node: what a loop does at each step, or a branch if it is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dvar.core.errors import GraphError
from dvar.core.node import Node, substituted, topological
from dvar.core.op import VARIABLE, like, variable


@dataclass(frozen=True)
class Body:
    """Roots as a function of inputs and of nothing else.  Made by ``Body.of``; equal programs are equal.

    Attributes:
        inputs: variables, which occur nowhere but here.
        roots: what is computed from them.
        name: what it is called in print; no part of what it is.
    """

    inputs: tuple[Node, ...]
    roots: tuple[Node, ...]
    name: str = field(default="", compare=False)

    @staticmethod
    def of(inputs: Sequence[Node], roots: Sequence[Node], name: str = "") -> Body:
        """The program that computes ``roots`` from ``inputs``, which are variables.

        Raises:
            GraphError: the roots depend on a variable that is not among the inputs.
        """
        own = tuple(
            variable(x.param("name"), x.shape, x.dtype, key=-1 - n) for n, x in enumerate(inputs)
        )
        made = Body(own, tuple(substituted(roots, dict(zip(inputs, own, strict=True)))), name)
        for node in made.nodes:
            if node.op is VARIABLE and node not in made.inputs:
                raise GraphError(f"{node!r} comes from outside the program it is in")
        return made

    @cached_property
    def nodes(self) -> list[Node]:
        """All that the roots need, operands first."""
        return topological(self.roots)

    @cached_property
    def used(self) -> tuple[bool, ...]:
        """Which inputs the roots depend on."""
        found = set(self.nodes)
        return tuple(x in found for x in self.inputs)

    def at(self, operands: Sequence[Node]) -> list[Node]:
        """The roots as nodes of the operands."""
        return substituted(self.roots, dict(zip(self.inputs, operands, strict=True)))

    def fresh(self) -> tuple[list[Node], list[Node]]:
        """Inputs that are no others, and the roots in terms of them: to build another program with."""
        inputs = [like(x, x.param("name")) for x in self.inputs]
        return inputs, self.at(inputs)

    def __repr__(self) -> str:
        return self.name or "program"
