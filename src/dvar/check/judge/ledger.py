"""The numbers of a document: what is given, what has been printed, and what of it was wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from dvar.check.judge.carrying import Mistake
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Key
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

State = Mapping[Node, Array]


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


@dataclass(frozen=True)
class Step:
    """A step down the gradient of ``of``, so many times the gradient long."""

    of: t.Expr
    rate: Fraction


@dataclass(frozen=True)
class Doubt:
    """A definition that its own line contradicts.

    Attributes:
        definition: as written; line: where.
        meant: formulas that agree with the numbers of the line.
    """

    definition: Definition
    line: int
    meant: Sequence[t.Expr]


@dataclass
class Ledger:
    """Numbers known at one place of a document.

    Attributes:
        given: open variable → its value, exact as far as we know.
        given_by_key: name → the number given for it; units: one unit of the last digit it was given with.
        former: name → its number before the updates made last, for lines of the same pass that still use it.
        ahead: open variable → its value after a step, where that has a name of its own: ``w_{new}``.
        printed: any node → the last number printed for it; stale: those printed before the last updates of
            names beneath them.
        due: names with a wrong number → the number they should have; meant: the same by variable.
        roots: names whose number came from a mistake → its line; rooted: the same by open derivative;
            mistakes: quantities that are written wrong.
        formulas: names with the wrong formulas that are given for them, and the lines of these.
        lent: names whose number was only put into a formula.
        exact: numbers that stand for themselves.
        common: the number that the words around give to all weights, by their letter, or to all biases.
        spread: open arrays for which a single number is given.
        numbers: each number printed so far → how far it is from what it stands for, and the root line if
            that is a mistake.
        slopes: name → the number printed last for the gradient by it.
        uphill: the line of a rule that wrongly steps up the gradient.
        steps: steps down a gradient that are written out; steps_taken: how many new values came out by one.
        doubts: definitions that their own lines contradict.
        columns: table and column → how many numbers there are right.
        inherited: names whose numbers were given in an earlier problem, and of which nothing has shown so far
            that they hold in this one; own: those whose numbers are given here.
    """

    given: dict[Node, Array] = field(default_factory=dict)
    given_by_key: dict[Key, Array] = field(default_factory=dict)
    common: dict[str, Array] = field(default_factory=dict)
    units: dict[Key, Array] = field(default_factory=dict)
    former: dict[Key, Array] = field(default_factory=dict)
    earlier: dict[Node, Array] = field(default_factory=dict)
    ahead: dict[Node, Array] = field(default_factory=dict)
    printed: dict[Node, Printed] = field(default_factory=dict)
    stale: dict[Node, Printed] = field(default_factory=dict)
    roots: dict[Key, int] = field(default_factory=dict)
    rooted: dict[Node, int] = field(default_factory=dict)
    lent: set[Key] = field(default_factory=set)
    due: dict[Key, Array] = field(default_factory=dict)
    meant: dict[Node, Array] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    formulas: list[tuple[t.Expr, t.Expr, int]] = field(default_factory=list)
    spread: set[Node] = field(default_factory=set)
    exact: set[Fraction] = field(default_factory=set)
    numbers: dict[Fraction, tuple[float, int | None]] = field(default_factory=dict)
    slopes: dict[Key, Printed] = field(default_factory=dict)
    uphill: int | None = None
    steps: list[Step] = field(default_factory=list)
    steps_taken: int = 0
    doubts: list[Doubt] = field(default_factory=list)
    columns: Counter[tuple[int, int]] = field(default_factory=Counter)
    inherited: set[Key] = field(default_factory=set)
    own: set[Key] = field(default_factory=set)

    def give(self, node: Node, value: Any) -> None:
        """A number for an open name."""
        self.given[node] = np.asarray(value, dtype=np.longdouble)

    def begin_updates(self) -> None:
        """The numbers from before the last round of updates are of no use any more."""
        self.former.clear()
        self.earlier.clear()
        self.stale.clear()

    def outdate(self, nodes: set[Node], keep: bool) -> None:
        """What was printed for results of these nodes belongs to their former values."""
        for node in [n for n in self.printed if nodes & set(topological([n]))]:
            old = self.printed.pop(node)
            if keep:
                self.stale[node] = old

    def note(self, number: Fraction, deviation: float, root: int | None) -> None:
        """Remember a printed number."""
        before = self.numbers.get(abs(number))
        if before is not None and before[1] is None and root is not None and before[0] == 0.0:
            return  # a given number that happens to be printed in a wrong line stays right
        if root is not None and (number in self.exact or _is_small(number)):
            return
        self.numbers[abs(number)] = (abs(deviation), root)

    def states(self) -> list[State]:
        """Ways to put the numbers in: exactly, or with the rounded numbers printed on the way."""
        right = {n: p.value for n, p in self.printed.items() if not p.wrong}
        states: list[State] = [dict(self.given), {**self.given, **right}]
        if self.earlier:
            old = {n: p.value for n, p in self.stale.items() if not p.wrong}
            states.append({**self.given, **self.earlier})
            states.append({**self.given, **self.earlier, **right, **old})
        if self.meant:
            states += [{**state, **self.meant} for state in states[:2]]
        if self.ahead:
            states.append({**self.given, **self.ahead})
        return states

    def err(self, key: Key, root: int, due: Array | None) -> None:
        """The number of a name came from the mistake in a line; it should be another."""
        self.roots[key] = root
        if due is not None:
            self.due[key] = due

    def mixed(self) -> State | None:
        """New numbers beside results of the former ones, which belongs to no state."""
        if not self.stale:
            return None
        old = {n: p.value for n, p in self.stale.items()}
        right = {n: p.value for n, p in self.printed.items()}
        return {**self.given, **old, **right}

    def believed(self) -> list[State]:
        """The numbers as an author who did not see the mistakes goes on with them."""
        shown = {n: p.value for n, p in self.printed.items()}
        states: list[State] = [{**self.given, **shown}]
        if self.earlier:
            old = {n: p.value for n, p in self.stale.items()}
            states.append({**self.given, **self.earlier, **shown, **old})
        return states

    def root_of(self, node: Node) -> int | None:
        """The line of the mistake that a node's printed value carries."""
        found = self.printed.get(node) or self.stale.get(node)
        return found.root if found is not None and found.wrong else None

    def acquit(self, line: int) -> None:
        """Nothing in a line is a mistake after all."""
        self.uphill = None if self.uphill == line else self.uphill
        for shown in (self.printed, self.stale):
            for node, known in shown.items():
                if known.root == line:
                    shown[node] = replace(known, wrong=False, root=None)
        for key, slope in self.slopes.items():
            if slope.root == line:
                self.slopes[key] = replace(slope, wrong=False, root=None)
        for key in [key for key, root in self.roots.items() if root == line]:
            del self.roots[key]
            self.due.pop(key, None)
        for node in [node for node, root in self.rooted.items() if root == line]:
            del self.rooted[node]
        self.meant.clear()
        for number, (off, root) in self.numbers.items():
            if root == line:
                self.numbers[number] = (off, None)

    @contextmanager
    def acquitted(self, line: int) -> Iterator[Callable[[], None]]:
        """Within this block nothing in a line is a mistake; afterwards too, if what is yielded has been called."""
        before = {name: copy(value) for name, value in vars(self).items() if name in _OF_MISTAKES}
        kept = False

        def keep() -> None:
            nonlocal kept
            kept = True

        self.acquit(line)
        try:
            yield keep
        finally:
            if not kept:
                vars(self).update(before)

    def carried_over(self) -> Ledger:
        """The numbers of the next problem: what was given by name stays given."""
        return Ledger(
            given_by_key=dict(self.given_by_key),
            common=dict(self.common),
            units=dict(self.units),
            roots=dict(self.roots),
            lent=set(self.lent),
            due=dict(self.due),
            formulas=list(self.formulas),
            exact=set(self.exact),
            numbers=dict(self.numbers),
            slopes=dict(self.slopes),
            uphill=self.uphill,
            steps=list(self.steps),
            steps_taken=self.steps_taken,
            doubts=self.doubts,
            columns=self.columns,
            inherited=set(self.given_by_key),
        )


_OF_MISTAKES = frozenset(
    ["printed", "stale", "slopes", "roots", "due", "rooted", "meant", "numbers", "uphill"]
)
"""Fields of a ledger that tell what comes from mistakes."""


def _is_small(number: Fraction) -> bool:
    """Whether a number is too common to tell where it comes from."""
    return number.denominator == 1 and abs(number) < 10


_ALL = re.compile(
    r"\b(?:all|every|each)\b(?: of)?(?: the| its| our)?(?: initial)? (?P<of>weight|bias)(?:e?s)?\b"
    r"(?: (?:are|is|be|set|initiali[sz]ed|start|begin|equal|with|at|to|as))*[ =$]+"
    r"(?P<number>-?\d+(?:\.\d+)?|zero|one)(?![\w%]|\.\d)",
    re.IGNORECASE,
)


def common_numbers(prose: str) -> dict[str, Array]:
    """The number that "all weights are 1 and all biases 0" gives to whatever is called w or b."""
    words = {"zero": "0", "one": "1"}
    told = {m["of"].lower(): words.get(m["number"], m["number"]) for m in _ALL.finditer(prose)}
    return {
        letter: np.asarray(float(told[of]))
        for of, letter in (("weight", "w"), ("bias", "b"))
        if of in told
    }
