"""Where a statement stands: its problem, its position, and the numbers known there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dvar.check.judge.assignments import NEW
from dvar.check.judge.ledger import Ledger
from dvar.check.judge.matching import like_node
from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.assumptions import Assumption
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import Key, sort, unwrapped
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import sizes, squeezed
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.read.worksheet import tree as t


@dataclass
class Place:
    """Where a statement stands: its problem, position and line, and the numbers known there."""

    world: World
    ledger: Ledger
    position: int
    line: int
    conditions: Sequence[t.Expr] = ()
    code: bool = False
    assumptions: Sequence[Assumption] = ()
    is_optimum: bool = False
    """Whether the words around say that a gradient vanishes."""
    asked: Sequence[tuple[t.Expr, t.Expr]] = ()
    """Both sides of the equations before that are asked to hold."""
    signs: Mapping[int, Sequence[t.Expr]] = field(default_factory=dict)
    """What has been said of the signs of names in front of this statement, and of those before it."""

    def reader(
        self, choices: Choices | None = None, env: dict[str, int] | None = None
    ) -> Interpreter:
        reader = Interpreter(self.world, self.position, choices, env)
        reader.code = self.code
        return reader

    def key_of(self, left: t.Expr) -> Key:
        """What is defined by a formula for ``z_i``, or for ``f(x)``."""
        left = unwrapped(left)
        head = left.head if isinstance(left, t.Apply) else left
        assert isinstance(head, t.Symbol)
        return sort(head, self.world.spelling, {}).key

    def is_only_given(self, subject: t.Expr) -> bool:
        """Whether a name has no other value than the numbers given for it."""
        key = differentiate.key_of(self.reader(), subject)
        if key is None or gradients.is_named(self.reader(), key):
            return False
        found = self.world.find(key, self.position)
        return found is None or found[0].numeric

    def sync(self) -> None:
        """Numbers given by name, for the variables that have come up since."""
        ledger = self.ledger
        for node, key in list(self.world.keys.items()):
            if node not in ledger.given:
                number = ledger.given_by_key.get(key)
                if (
                    number is None
                    and not key.marks
                    and any(isinstance(i, int) for i in key.indices)
                ):
                    number = ledger.common.get(key.stem)
                self._give(node, number, key, ledger.given)
            if ledger.former and node not in ledger.earlier:
                self._give(node, self._former(key), key, ledger.earlier)
            if key in ledger.due and node not in ledger.meant:
                self._give(node, ledger.due[key], key, ledger.meant)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """The numbers of names that are marked as new, for the names without the mark."""
        given = self.ledger.given_by_key
        marked = [(bare, key) for key in given if (bare := _without_mark(key)) is not key]
        nodes: dict[Key, list[Node]] = {bare: [] for bare, _ in marked}
        for node, key in self.world.keys.items() if marked else ():
            if key in nodes:
                nodes[key].append(node)
        for bare, key in marked:
            for node in nodes[bare]:
                self._give(node, given[key], bare, self.ledger.ahead)

    def _give(self, node: Node, value: Array | None, key: Key, known: dict[Node, Array]) -> None:
        if value is None:
            value = self._assembled(node, key)
            if value is not None and known is self.ledger.earlier:
                return
        elif known is self.ledger.given:
            value = self._with_entries(value, key, self.ledger.given_by_key)
        if value is not None:
            matched = like_node(np.asarray(value), node)
            if matched is None:
                return
            is_another = key in self.ledger.inherited and np.size(value) == 1 < matched.size
            if not is_another:  # the x of an earlier problem is one number
                known[node] = np.asarray(matched, dtype=np.longdouble)
                if matched.size > np.size(value) and np.any(matched):
                    self.ledger.spread.add(node)

    def _assembled(self, node: Node, key: Key) -> Array | None:
        """An array all of whose entries are given one by one."""
        shape = squeezed(sizes(node))
        if len(shape) != 1:
            return None
        (size,) = shape
        base = self.world.bases.get(key.stem, 1)
        entries = [
            self.ledger.given_by_key.get(Key(key.stem, key.marks, (*key.indices, k + base)))
            for k in range(size)
        ]
        if any(v is None or v.ndim for v in entries):
            return None
        return np.array(entries, dtype=np.longdouble).reshape(tuple(map(int, node.shape)))  # type: ignore[arg-type]

    def _former(self, key: Key) -> Array | None:
        """The number of a name before the last updates; of an array some of whose entries were updated."""
        ledger = self.ledger
        former, now = ledger.former.get(key), ledger.given_by_key.get(key)
        if former is not None or now is None or not now.ndim:
            return former
        now = self._with_entries(now, key, ledger.given_by_key)
        before = self._with_entries(now, key, ledger.former)
        return None if before is now else before

    def _with_entries(self, value: Array, key: Key, numbers: Mapping[Key, Array]) -> Array:
        """An array with those entries that have been given one by one since."""
        base = self.world.bases.get(key.stem, 1)
        for entry, number in numbers.items():
            at = [k - base for k in entry.indices[len(key.indices) :] if isinstance(k, int)]
            if len(at) != value.ndim or not is_kin(entry, key) or not at or number.ndim:
                continue
            if all(0 <= k < n for k, n in zip(at, value.shape, strict=True)):
                value = value.copy()
                value[tuple(at)] = number
        return value

    def _entry_given(self, key: Key) -> Array | None:
        """The number that a name has as an entry of an array."""
        base = self.world.bases.get(key.stem, 1)
        for n in (1, 2):
            array = self.ledger.given_by_key.get(Key(key.stem, key.marks, key.indices[:-n]))
            at = [k - base for k in key.indices[-n:] if isinstance(k, int)]
            if array is None or array.ndim != n or len(at) != n or len(key.indices) < n:
                continue
            if all(0 <= k < size for k, size in zip(at, array.shape, strict=True)):
                return np.asarray(array[tuple(at)])
        return None

    def learn(self, key: Key, value: Array, unit: Array, is_update: bool = False) -> None:
        """A number for a name, from here on.

        What was printed with the former number no longer counts; after an update the lines of the same
        pass may still use it.
        """
        ledger = self.ledger
        before = ledger.given_by_key.get(key)
        if before is None:
            before = self._entry_given(key)
        changed = before is not None and not np.array_equal(before, value)
        if changed:
            if not is_update or key in ledger.former:
                ledger.begin_updates()
            if is_update and before is not None:
                ledger.former[key] = before
        ledger.given_by_key[key], ledger.units[key] = value, unit
        ledger.inherited.discard(key)
        ledger.own.add(key)
        ledger.roots.pop(key, None)
        if ledger.due.pop(key, None) is not None:
            ledger.meant.clear()
        if not changed:
            self._forget([key])
            return
        for entry in [k for k in ledger.given_by_key if k != key and is_kin(k, key)]:
            if len(entry.indices) > len(key.indices):
                del ledger.given_by_key[entry]
        kin = [k for k in set(self.world.keys.values()) if is_kin(k, key)]
        self._forget(kin)
        ledger.outdate({n for n, k in self.world.keys.items() if k in kin}, keep=is_update)

    def is_defined_by_example(self, tree: t.Expr) -> bool:
        """Whether a name has its formula only from an example in numbers, or where a program begins."""
        if not isinstance(tree, t.Symbol):
            return False
        found = self.world.find(sort(tree, self.world.spelling, {}).key, self.position)
        if found is None:
            return False
        # The next example need not go like the one before; x = x0 of a program is where x begins.
        begins = found[0].code and isinstance(found[0].value, t.Symbol) and not self.code
        return found[0].lifted or begins

    def is_defined_before(self, tree: t.Expr) -> bool:
        """Whether a name has its formula from an earlier problem."""
        if not isinstance(tree, t.Symbol):
            return False
        found = self.world.find(sort(tree, self.world.spelling, {}).key, self.position)
        begins = self.world.begins
        return found is not None and not found[0].numeric and found[0].position < begins

    def inherited(self, node: Node) -> set[Key]:
        """The names beneath a node whose numbers are those of an earlier problem, as far as can be told."""
        known = {*self.ledger.given, *self.ledger.printed} - {node}
        return self._keys(names_beneath([node], known)) & self.ledger.inherited

    def is_of_own_numbers(self, node: Node) -> bool:
        """Whether the numbers of all names beneath a node are given in this problem."""
        keys = self._keys(names_beneath([node]))
        return bool(keys) and keys <= self.ledger.own

    def _keys(self, nodes: Sequence[Node]) -> set[Key]:
        return {self.world.keys[n] for n in nodes if n in self.world.keys}

    def _forget(self, keys: Sequence[Key]) -> None:
        for node in [n for n, k in self.world.keys.items() if k in keys]:
            self.ledger.given.pop(node, None)


def is_kin(a: Key, b: Key) -> bool:
    """Whether one name is the other, or an entry of it."""
    if a.stem != b.stem or a.marks != b.marks:
        return False
    n = min(len(a.indices), len(b.indices))
    return a.indices[:n] == b.indices[:n]


def _without_mark(key: Key) -> Key:
    """``w`` of ``w_{new}`` and ``w^+``; a name that is not marked as new as it is."""
    if key.indices and key.indices[-1] in NEW:
        return Key(key.stem, key.marks, key.indices[:-1])
    if key.marks and key.marks[-1][1] in NEW:
        return Key(key.stem, key.marks[:-1], key.indices)
    return key
