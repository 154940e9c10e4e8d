"""Which results a document has, and what each of them is made of: this tells what the loss is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from dvar.check.meaning.definitions import Definition, Definitions
from dvar.check.meaning.keys import Key
from dvar.core.node import Node, topological
from dvar.read.worksheet import tree as t

_revisions = count(1)


@dataclass(kw_only=True)
class Results(Definitions):
    """The graph of the named results that have been read so far.

    Attributes:
        named: result → its name; places: result → the positions of its definitions.
        keys: open name → its key.
        fresh: open gradients: of what, at which place, and what names it.
        uses: result → the results and open names it was made of.
        collecting: for each definition that is being read, what it has used.
        backward: results that are made of gradients; lifted: examples in numbers.
        parts: position → the part of the problem.
        revision: another number whenever a definition has been read.
        forward: position → the results that lead to a loss, with the state in which they did.
        dependents: names that are supposed to depend on others, for now.
        gathered: results that only put others in one.
        beneath: everything that results were made of; within: result → others that are written out in it.
    """

    named: dict[Node, Key] = field(default_factory=dict)
    places: dict[Node, set[int]] = field(default_factory=dict)
    parts: Mapping[int, int] = field(default_factory=dict)
    keys: dict[Node, Key] = field(default_factory=dict)
    fresh: dict[Node, tuple[Key, object, Key | None]] = field(default_factory=dict)
    lifted: set[Node] = field(default_factory=set)
    gathered: set[Node] = field(default_factory=set)
    revision: int = 0
    forward: dict[int, tuple[tuple[int, int], list[Node]]] = field(default_factory=dict)
    uses: dict[Node, frozenset[Node]] = field(default_factory=dict)
    collecting: list[set[Node]] = field(default_factory=list)
    backward: set[Node] = field(default_factory=set)
    dependents: Mapping[Key, Sequence[Node]] = field(default_factory=dict)
    beneath: set[Node] = field(default_factory=set)
    within: dict[Node, set[Node]] = field(default_factory=dict)

    def named_below(self, top: Node, wrt: Sequence[Node]) -> set[Node]:
        """Other named results right beneath ``top``."""
        apart = {top, *wrt}
        found: set[Node] = set()
        seen, waiting = {top}, [top]
        while waiting:
            for x in waiting.pop().inputs:
                if x not in apart and (x in self.named or self.keys.get(x) in self.dependents):
                    found.add(x)
                elif x not in seen:
                    seen.add(x)
                    waiting.append(x)
        return found

    def is_told_later(self, node: Node, position: int) -> bool:
        """Whether a named result gets its formula only further on: here the name need not be that."""
        key = self.named.get(node)
        found = None if key is None else self.find(key, position)
        return found is not None and found[0].position > position

    def ends(self, position: int) -> list[Node]:
        """Results that no other result uses."""
        return self._last(self._forward(position))

    def ends_of(self, nodes: Sequence[Node], position: int) -> list[Node]:
        """Results that depend on one of the nodes and that no other result uses."""
        results = self._forward(position)
        wanted = set(nodes)
        above: set[Node] = set()
        for result in results:  # what a result uses has been named before it
            if result in wanted or any(x in wanted or x in above for x in self.uses[result]):
                above.add(result)
        if any(x not in self.uses and x not in self.keys for x in wanted):
            above |= {r for r in results if wanted & set(topological([r]))}
        return self._latest(self._last([r for r in results if r in above and r not in wanted]))

    def ends_around(self, nodes: Sequence[Node], position: int) -> list[Node]:
        """The last results in which some nodes are written out, and not used by their names."""
        held = {r for x in nodes for r in self.within.get(x, ())}
        results = [r for r in self._forward(position) if r in held]
        return self.ends_of(results, position) or self._last(results)

    def made_of(self, results: Sequence[Node]) -> set[Node]:
        """Everything with a name that goes into some results."""
        found: set[Node] = set()
        waiting = list(results)
        while waiting:
            for used in self.uses.get(waiting.pop(), ()):
                if used not in found:
                    found.add(used)
                    waiting.append(used)
        return found

    def is_not_in(self, top: Node, nodes: Sequence[Node]) -> bool:
        """Whether results have formulas, and none of them is what ``top`` was made of as written."""
        if top not in self.uses or not all(n in self.named and n.inputs for n in nodes):
            return False
        return self.made_of([top]).isdisjoint(nodes)

    def _forward(self, position: int) -> list[Node]:
        """The results that lead to a loss.

        What is made of gradients does not, nor do examples in numbers, nor what is replaced here.
        """
        state = (self.revision, len(self.replaced))
        known = self.forward.get(position)
        if known is None or known[0] != state:
            apart = self.backward | self.lifted
            found = [r for r in self.named if r not in apart and self._is_current(r, position)]
            known = self.forward[position] = (state, found)
        return known[1]

    def _is_current(self, result: Node, position: int) -> bool:
        """Whether the definition that made a result holds at this position."""
        stem = self.named[result].stem
        places = self.places.get(result, ())
        here = self.parts.get(position)
        if places and here is not None and all(self.parts.get(p, here) > here for p in places):
            return False  # what a later part of the document adds
        anew = {end for (name, _), end in self.replaced.items() if name == stem}
        if places and all(p in anew and p > position for p in places):
            return False  # what the name will mean from there on
        ends = [self.replaced.get((stem, p)) for p in places]
        return not ends or any(end is None or position < end for end in ends)

    @contextmanager
    def reading(self) -> Iterator[set[Node]]:
        """While a definition is read, the results that it uses are collected."""
        used: set[Node] = set()
        self.collecting.append(used)
        try:
            yield used
        finally:
            self.collecting.pop()

    def note_use(self, node: Node) -> None:
        if self.collecting:
            self.collecting[-1].add(node)

    def learn(
        self, node: Node, key: Key, definition: Definition, used: set[Node], backward: bool
    ) -> None:
        """A definition has been read.

        What it was made of is what is written: results that merely are part of those do not count.
        """
        if node in self.beneath and node not in self.named:
            self.within[node] = {r for r in self.named if node in topological([r])}
        self.named[node] = key
        self.places.setdefault(node, set()).add(definition.position)
        if definition.lifted:
            self.lifted.add(node)
        if isinstance(definition.value, t.Matrix):
            entries = (x for row in definition.value.rows for x in row)
            if used and all(isinstance(x, t.Symbol) for x in entries):
                self.gathered.add(node)
        below = topological([node], used - {node})
        for part in self.named.keys() & set(below) - {node, *used}:
            if self.named[part].stem != key.stem:  # of a running sum each is a part of the next
                self.within.setdefault(part, set()).add(node)
        self.beneath.update(below)
        found = frozenset([*used, *(n for n in below if n in self.keys)]) - {node}
        self.uses[node] = self.uses.get(node, frozenset()) | found
        if backward or any(n in self.fresh or n in self.backward for n in below):
            self.backward.add(node)
        self.revision = next(_revisions)

    def _latest(self, ends: list[Node]) -> list[Node]:
        """Of results in several parts of a problem those of the last part: each part is about its own."""
        if len(ends) < 2 or not self.parts:
            return ends
        part = {
            end: max((self.parts.get(p, 0) for p in self.places.get(end, ())), default=0)
            for end in ends
        }
        last = max(part.values())
        return [end for end in ends if part[end] == last]

    def _last(self, results: list[Node]) -> list[Node]:
        used: set[Node] = set()
        for result in reversed(results):
            used |= self.uses[result]
        here = set(results)
        used |= {r for r in results if self.within.get(r, set()) & here}  # a_t, written out in h_t
        used |= {r for r in self.gathered & here if self._goes_on_without(r, results)}
        return [r for r in results if r not in used and r.inputs]

    def _goes_on_without(self, whole: Node, results: Sequence[Node]) -> bool:
        """Whether all that ``gates = [i; f; o]`` puts in one goes into other results as well."""
        others = frozenset[Node]().union(*(self.uses[r] for r in results if r is not whole))
        return self.uses[whole] & self.named.keys() <= others
