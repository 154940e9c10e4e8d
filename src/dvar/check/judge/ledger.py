"""The numbers of a document: what is given, what has been printed, and what of it was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from dvar.check.meaning.keys import Key
from dvar.core.node import Node
from dvar.core.op import Array


@dataclass(frozen=True)
class Printed:
    """A number as printed for a quantity.

    Attributes:
        value: as printed.
        unit: of the last digit, for each entry.
        line: where.
        wrong: whether it is not what it should be; ``root`` is the line of the first mistake then.
    """

    value: Array
    unit: Array
    line: int
    wrong: bool = False
    root: int | None = None


@dataclass
class Ledger:
    """Numbers known at one place of a document.

    Attributes:
        given: open variable → its value, exact as far as we know.
        printed: any node → the last number printed for it.
        spread: open arrays for which a single number is given.
        numbers: each number printed so far → how far it is from what it stands for, and the root line if
            that is a mistake.
    """

    given: dict[Node, Array] = field(default_factory=dict)
    given_by_key: dict[Key, Array] = field(default_factory=dict)
    earlier: dict[Node, Array] = field(default_factory=dict)
    printed: dict[Node, Printed] = field(default_factory=dict)
    spread: set[Node] = field(default_factory=set)
    exact: set[Fraction] = field(default_factory=set)
    numbers: dict[Fraction, tuple[float, int | None]] = field(default_factory=dict)

    def give(self, node: Node, value: Any, key: Key | None = None) -> None:
        """A number for an open name; an earlier one is kept, for lines that still use it."""
        array = np.asarray(value, dtype=np.longdouble)
        if node in self.given and not np.array_equal(self.given[node], array):
            self.earlier[node] = self.given[node]
        self.given[node] = array
        if key is not None:
            self.given_by_key[key] = array

    def note(self, number: Fraction, deviation: float, root: int | None) -> None:
        """Remember a printed number."""
        before = self.numbers.get(abs(number))
        if before is not None and before[1] is None and root is not None and before[0] == 0.0:
            return  # a given number that happens to be printed in a wrong line stays right
        self.numbers[abs(number)] = (abs(deviation), root)

    def states(self) -> list[tuple[str, Mapping[Node, Any]]]:
        """Ways to put the numbers in: exactly, or with the rounded numbers printed on the way."""
        right = {n: p.value for n, p in self.printed.items() if not p.wrong}
        states: list[tuple[str, Mapping[Node, Any]]] = [
            ("exact", dict(self.given)),
            ("printed", {**self.given, **right}),
        ]
        if self.earlier:
            states.append(("earlier", {**self.given, **self.earlier}))
        return states

    def believed(self) -> Mapping[Node, Any]:
        """The numbers as an author who did not see the mistakes goes on with them."""
        return {**self.given, **{n: p.value for n, p in self.printed.items()}}

    def root_of(self, node: Node) -> int | None:
        """The line of the mistake that a node's printed value carries."""
        found = self.printed.get(node)
        return found.root if found is not None and found.wrong else None

    def acquit(self, line: int) -> None:
        """Nothing in a line is a mistake after all."""
        for node, known in self.printed.items():
            if known.root == line:
                self.printed[node] = replace(known, wrong=False, root=None)
        for number, (off, root) in self.numbers.items():
            if root == line:
                self.numbers[number] = (off, None)

    def carried_over(self) -> Ledger:
        """The numbers of the next problem: what was given by name stays given."""
        return Ledger(
            given_by_key=dict(self.given_by_key), exact=set(self.exact), numbers=dict(self.numbers)
        )
