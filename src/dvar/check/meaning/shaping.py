"""Which names are scalars, columns, rows and matrices, and which of their sizes are the same.

A reading of formulas for their shapes only.  It goes over all statements of a problem until nothing new
turns up, so that it does not matter whether ``W`` is met before or behind what it multiplies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from dvar.check.meaning import claims
from dvar.check.meaning.alphabet import MATRIX_GREEK
from dvar.check.meaning.keys import Key, family_of, general, sort, stem_of
from dvar.check.meaning.looks import counted_by, is_bias, is_small, is_version, usual_kind
from dvar.check.meaning.one_of_many import entry_of_many, shared_letter
from dvar.check.meaning.unions import Item, Unions
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t

Shape = tuple[Item, ...]
"""``()`` for a number, else two sizes; a column's second size is ``ONE``."""

ONE: Item = ("one",)
COPIES = frozenset({"repmat", "tile", "broadcast_to", "expand"})
"""Calls that put copies of an array side by side."""


@dataclass
class Shaping:
    """What is known of shapes so far.

    Attributes:
        known: name → shape.
        firm: names whose shape was declared, or shown by numbers; formulas do not change it.
        bodies: functions by their name: parameters and formula.
        local: parameters of the function that is being read; reading: such functions.
        is_claim: whether what is being read says what a gradient is, and ``is_named``, of what has a name.
        forward: names that stand elsewhere.
        final: whether letters that are usually numbers are taken to be numbers.
    """

    world: World
    unions: Unions
    known: dict[Key, Shape] = field(default_factory=dict)
    firm: set[Key] = field(default_factory=set)
    bodies: dict[Key, tuple[tuple[t.Expr, ...], t.Expr]] = field(default_factory=dict)
    local: dict[str, Shape] = field(default_factory=dict)
    is_claim: bool = False
    is_named: bool = False
    forward: set[Key] = field(default_factory=set)
    changed: bool = False
    final: bool = False
    reading: set[Key] = field(default_factory=set)
    depth: int = 0
    spent: int = 0
    count: int = 0

    # ── what is known ───────────────────────────────────────────────────────────────────────────

    def declare(self, key: Key, sizes: Iterable[Item]) -> None:
        """A shape that the document states."""
        self.known[key] = laid_out(tuple(sizes))
        self.firm.add(key)

    def settle(self, key: Key, shape: Shape) -> None:
        """A shape that a formula shows."""
        before = self.find(key)
        if before is None:
            self.known[key] = shape
            self.changed = True
        elif len(before) == len(shape) == 2:
            self.same(before, shape)

    def find(self, key: Key) -> Shape | None:
        """The shape of a name; a layer or an example has that of its family."""
        if key in self.known:
            return self.known[key]
        return self.known.get(general(key)) if key.marks else None

    def same(self, a: Shape, b: Shape) -> None:
        """Two values of one shape, or of shapes that broadcast."""
        if len(a) != 2 or len(b) != 2 or _is_outer(a, b):
            return
        for x, y in zip(a, b, strict=True):
            self.join(x, y)

    def fit(self, symbol: t.Symbol, beside: Shape) -> None:
        """What stands beside the data of all examples in a sum.

        Labels beside a single row of results are one row; a bias beside many rows is a row as well.
        """
        key, stacks = self.key_of(symbol), self.world.stacks
        shape = self.known.get(key)
        if shape is None or len(shape) != 2 or key in self.firm:
            return
        if is_bias(symbol) and self._is_number_each(beside) and self._is_number_each(shape):
            self.known[key] = ()
            self.changed = True
        elif key.stem in stacks.wholes.values() and ONE in beside and ONE not in shape:
            axis = beside.index(ONE)
            if self.unions.is_alone(shape[axis]):
                self.known[key] = beside
                self.changed = True
        elif self.world.rows_are_examples and ONE not in beside and shape[1] == ONE:
            if is_bias(symbol) and self.unions.is_alone(shape[0]):
                self.known[key] = (ONE, beside[1])
                self.world.rows.add(key.stem)
                self.changed = True

    def _is_number_each(self, shape: Shape) -> bool:
        """Whether a value has one number for each example."""
        examples, size = shape if self.world.stacks.rows else shape[::-1]
        counts = {self.unions.root(("letter", c)) for c in self.world.stacks.letters}
        return size == ONE and self.unions.root(examples) in counts

    def join(self, x: Item, y: Item) -> None:
        if ONE in (x, y) or self.unions.root(x) == self.unions.root(y):
            return
        if self.unions.refuses(x, y) or (self.is_claim and claims.is_doubtful(self, x, y)):
            return
        self.unions.join(x, y)
        self.changed = True

    def fresh(self) -> Item:
        self.count += 1
        return ("some", str(self.count))

    def column(self) -> Shape:
        return (self.fresh(), ONE)

    def vector(self) -> Shape:
        """A column, or a row where the document says that all vectors are rows."""
        return self.column()[::-1] if self.world.row_vectors else self.column()

    def matrix(self) -> Shape:
        return (self.fresh(), self.fresh())

    # ── names ───────────────────────────────────────────────────────────────────────────────────

    def key_of(self, symbol: t.Symbol) -> Key:
        spelling = self.world.spelling
        return general(sort(symbol, spelling, {}).key, spelling.letters, counted=False)

    def of_name(self, symbol: t.Symbol) -> Shape | None:
        """The shape of a name without what is done to it."""
        key = self.key_of(symbol)
        if not key.marks and not key.indices:
            if key.stem in self.local:
                return self.local[key.stem]
            if key.stem in self.world.size_names or key.stem in ("pi", "infty", "e"):
                return ()
        found = self._of_many(symbol, key) or self.find(key)
        found = self._root(key) if found is None else found
        if found is not None:
            return found
        if key.indices:
            own = self._indexed(symbol, key)
            target = self._target(key) if own is None else None
            return own if target is None else self.find(target) or self.find(family_of(target))
        if key.stem == "1" or (key.stem == "I" and symbol.base == "I"):
            n = self.fresh()
            return (n, n) if key.stem == "I" else (n, ONE)
        target = self._target(key)
        if target is not None:
            return self.find(target)
        usual = usual_kind(self.world, key, symbol)
        if usual == "matrix":
            shape = self.matrix()
        elif usual == "column":
            shape = self.column()
        elif usual == "row":
            shape = (ONE, self.fresh())
        elif usual == "scalar" and self.final:
            shape = ()
        else:
            return None
        self.known[key] = shape
        self.changed = True
        return shape

    def _root(self, key: Key) -> Shape | None:
        """``σ`` has the shape of ``σ^2``, where that is a name."""
        if key.stem not in self.world.spelling.squared or key.marks[-1:] == (("^", 2),):
            return None
        return self.find(Key(key.stem, (*key.marks, ("^", 2)), key.indices))

    def of_applied(self, tree: t.Apply) -> Shape | None:
        """``φ(x_n)`` beside ``Φ``: what each example has."""
        stacks = self.world.stacks
        whole = stacks.applied.get(stem_of(tree.head))
        if whole is None or len(tree.args) != 1 or not isinstance(tree.args[0], t.Symbol):
            return None
        shape = self.find(Key(whole))
        if shape is None:
            shape = self.known[Key(whole)] = self.matrix()
            self.changed = True
        examples, size = shape if stacks.rows else shape[::-1]
        letter = shared_letter(tree.args[0], stacks.letters)
        if letter is not None:
            self.join(examples, ("letter", letter))
        return (size, ONE)

    def is_of_many(self, symbol: t.Symbol) -> bool:
        """Whether a name may be one of all examples."""
        plain = not (symbol.scripts or symbol.subscripts or symbol.primes)
        capital = len(symbol.base) == 1 and symbol.base.isupper()
        return plain and capital and bool(self.world.stacks.wholes)

    def _of_many(self, symbol: t.Symbol, key: Key) -> Shape | None:
        """``x^{(i)}`` beside ``X``: a column of it, or a number where X is one row."""
        stacks = self.world.stacks
        if key.stem in stacks.entries and key.indices:
            return entry_of_many(self, symbol, key)
        found = stacks.whole_of(key)
        if found is None:
            return None
        whole = self.find(found[0])
        if whole is None and self.final:  # before that, how much each example has may yet turn out
            whole = self.known[found[0]] = self.matrix()
            self.changed = True
        if whole is None or len(whole) != 2:
            return None
        examples, size = whole if stacks.rows else whole[::-1]
        if size != ONE and self.find(key) == () and self.unions.is_alone(size):
            size = ONE
            self.known[found[0]] = (examples, ONE) if stacks.rows else (ONE, examples)
        letter = shared_letter(symbol, stacks.letters)
        if letter is not None:
            self.join(examples, ("letter", letter))
        return () if size == ONE else (size, ONE)

    def _indexed(self, symbol: t.Symbol, key: Key) -> Shape | None:
        """``x_i``: an entry of the array x, or one vector of a family."""
        if key.stem in self.world.members and len(key.indices) == 1 and not key.marks:
            return self._member(key)
        for cut in range(len(key.indices) - 1, -1, -1):
            base = Key(key.stem, key.marks, key.indices[:cut])
            whole = self.find(base) or self.known.get(family_of(base))
            if whole is None or not whole:
                continue
            axes = 2 if ONE not in whole else 1
            if is_version(key.indices[cut:]):
                return whole
            if len(key.indices) - cut == axes or _runs_over(key, cut, axes):
                return ()
        family = self._family(key)
        if family in self.known:
            return self.known[family]
        counted = counted_by(key, self.world.spelling.letters)
        if counted > 1:
            return ()
        if counted and stem_of(symbol) not in self.world.columns:
            return None
        if key.stem in self.world.entire - self.world.several and not key.marks:
            self.settle(Key(key.stem), self.vector())  # Σ_j w_j x_j = w^T x
            return ()
        usual = usual_kind(self.world, key, symbol)
        told = usual == "row" and self.world.row_vectors  # others show by what is beside them
        if (told or usual in ("column", "matrix")) and self._is_family(symbol):
            shape = self.matrix() if usual == "matrix" else self.vector()
            self.known[family] = shape
            self.changed = True
            return shape
        return None

    def _family(self, key: Key) -> Key:
        """The name that stands for all of a family: ``x_*`` for ``x_2`` where the document writes ``x_i``.

        Where only numbers are written, ``z_1`` and ``z_2`` are two layers, as large as they please.
        """
        if all(isinstance(i, int) for i in key.indices) and key.stem not in self.lettered:
            return key
        return family_of(key)

    @cached_property
    def lettered(self) -> set[str]:
        """Stems that are written with an index letter somewhere."""
        letters = self.world.spelling.letters
        return {
            key.stem
            for key in self.world.bare
            if any(isinstance(i, str) and set(i) & letters for i in key.indices)
        }

    def _member(self, key: Key) -> Shape:
        """A row or a column of a matrix."""
        stem, kind = self.world.members[key.stem]
        whole = self.find(Key(stem))
        if whole is None or len(whole) != 2:
            whole = self.known[Key(stem)] = self.matrix()
            self.changed = True
        across, along = whole if kind == "row" else whole[::-1]
        if ("entry", key.stem, "0") in self.unions.items():
            self.join(across, ("entry", key.stem, "0"))
        return (along, ONE)

    def _is_family(self, symbol: t.Symbol) -> bool:
        return stem_of(symbol) in self.world.columns or symbol.base[:1].isupper()

    def target_of(self, symbol: t.Symbol) -> Key | None:
        """``W`` for ``dW``."""
        return self._target(self.key_of(symbol))

    def _target(self, key: Key) -> Key | None:
        """``W`` of ``dW``."""
        base, *accents = key.stem.split(".")
        if self.world.bars and accents[-1:] == ["bar"]:
            return Key(".".join([base, *accents[:-1]]), key.marks, key.indices)
        if not base.startswith("d") or len(base) < 2:
            return None
        return self.world.spelled_key(base[1:], accents, key)

    def matrix_named(self, tree: t.Expr) -> Shape | None:
        """A capital that can only be a matrix where it stands."""
        symbol, _ = bare(tree)
        if symbol is None or not symbol.base.isupper():
            return None
        self.expect(tree, self.matrix())
        return self.of_name(symbol)

    def capital_greek(self, tree: t.Expr) -> Key | None:
        """A name that is a matrix by its look alone, so far."""
        symbol, _ = bare(tree)
        if symbol is None or symbol.base not in MATRIX_GREEK:
            return None
        key = self.key_of(symbol)
        return key if self.find(key) is None else None

    # ── expectations ────────────────────────────────────────────────────────────────────────────

    def expect(self, tree: t.Expr, shape: Shape | None) -> None:
        """Give an unknown name the shape that its neighbours ask for."""
        if shape is None:
            return
        symbol, turned = bare(tree)
        if symbol is None or symbol.primes:
            return
        key = self.key_of(symbol)
        if key.stem in self.local or self.of_name(symbol) is not None:
            found = self.of_name(symbol)
            if found:
                self.same(found[::-1] if turned else found, shape)
            return
        known = key.stem in ("1", "I", "e", "pi") and not (
            key.stem == "e" and (key.marks or key.indices)
        )
        if known or (key.indices and not self._may_be_family(key)):
            return
        wanted = shape[::-1] if turned else shape
        if wanted and not is_small(key) and len(key.stem.partition(".")[0]) == 1 and ONE in wanted:
            return
        is_own = is_bias(symbol) and key.indices and isinstance(key.indices[0], int)
        self.settle(key if is_own else self._family(key), wanted)

    def _may_be_family(self, key: Key) -> bool:
        lone = Key(key.stem, key.marks, ()) not in self.world.bare
        return key.stem in self.world.columns or (lone and is_small(key))


def laid_out(sizes: Shape) -> Shape:
    """``R^n`` is a column; what is 1 by 1 is a number."""
    if all(size == ONE for size in sizes):
        return ()
    return (sizes[0], ONE) if len(sizes) == 1 else sizes


def _runs_over(key: Key, cut: int, axes: int) -> bool:
    """``w_{11}`` and ``w_{ij}`` have one label for two indices."""
    return axes == 2 and len(key.indices) - cut == 1 and len(str(key.indices[cut])) == 2


def _is_outer(a: Shape, b: Shape) -> bool:
    """A column beside a row."""
    return (a[0] == ONE) != (b[0] == ONE) and (a[1] == ONE) != (b[1] == ONE)


def bare(tree: t.Expr) -> tuple[t.Symbol | None, bool]:
    """The name that an expression is, and whether it is turned."""
    turned = False
    while True:
        if isinstance(tree, t.Group) and len(tree.items) == 1 and tree.kind in "([{":
            if any(s.kind != "transpose" for s in tree.scripts):
                return None, False
            turned ^= bool(tree.scripts)
            tree = tree.items[0]
        elif isinstance(tree, t.Sum) and len(tree.terms) == 1:
            tree = tree.terms[0]
        elif isinstance(tree, t.Negative):
            tree = tree.operand
        elif isinstance(tree, t.Call) and tree.name in COPIES and tree.args:
            tree = tree.args[0]
        elif isinstance(tree, t.Symbol):
            operations = [s for s in tree.scripts if s.kind == "transpose"]
            return tree, turned ^ (len(operations) % 2 == 1)
        else:
            return None, False
