"""``J = 1/m sum_i L_i`` where L is written for one example: what changes with i, and where it says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.core.errors import ShapeError
from dvar.read import syntax as s
from dvar.read.build.scope import Program, closure
from dvar.read.syntax import Define, Expr, Statement, canonical, with_names

_DATA = frozenset({"x", "y", "t"})
"""What everybody calls an example and its label."""


class OpenExamples(ShapeError):
    """An index at a definition for one example, of which no input says that it changes.

    Attributes:
        name: the definition.
        letter: the index.
        data: inputs below it that are examples by their names.
        below: every name below it.
    """

    def __init__(self, program: Program, base: Expr, letter: str) -> None:
        assert isinstance(base, s.Name)
        self.letter = letter
        self.name = canonical(base.name)
        self.below = closure(program, self.name)
        inputs = [
            name
            for name in program.spans
            if name in self.below & program.used and name not in program.definitions
        ]
        self.data = tuple(program.shown(n) for n in inputs if n in _DATA)
        shown = [program.shown(name) for name in inputs]
        super().__init__(
            f"the index {letter} at {base.name}: nothing says what changes with {letter}",
            hint=f"the index {letter} at every input that changes: "
            + ", ".join(f"{name}_{letter}" for name in shown[:6]),
        )

    @property
    def note(self) -> str:
        shown = " and ".join(self.data)
        are = "are taken for examples" if len(self.data) > 1 else "is taken for an example"
        indexed = ", ".join(f"{name}_{self.letter}" for name in self.data)
        return f"{shown} {are}: {indexed}; all else is the same for every {self.letter}"


def with_examples(statements: Sequence[Statement], found: OpenExamples) -> list[Statement]:
    """The statements with the index at what is data."""
    data = {canonical(name) for name in found.data}

    def example(name: s.Name) -> Expr:
        is_data = canonical(name.name) in data
        return s.Component(name, (found.letter,), True, name.span) if is_data else name

    out: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Define) and found.below & set(map(canonical, statement.names)):
            statement = replace(statement, value=with_names(statement.value, example))
        out.append(statement)
    return out
