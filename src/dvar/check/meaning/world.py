"""The world of one problem of a document: which names there are, what defines them, what shape they have."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod

from dvar.check.meaning.assumptions import ACTIVE, Assumption
from dvar.check.meaning.keys import Index, Key, Spelling, stem_of
from dvar.check.meaning.layouts import Layouts
from dvar.check.meaning.patterns import Pattern, pattern_of
from dvar.check.meaning.values import Jacobian, NotUnderstood
from dvar.core.node import Node, topological
from dvar.core.op import variable
from dvar.read.worksheet import tree as t

DEFAULT_SIZE = 3
NEAR = 8
"""So many definitions of one name on each side of a place are looked at."""
INSTANCES = 100
"""Members of one family that are read to find out what uses a name."""


@dataclass(frozen=True)
class Definition:
    """``pattern(params) = value``.

    Attributes:
        position: ordinal of the statement, so that later ones take over from there.
        params: arguments in function notation: ``u(x) = …``, ``J(w, b) = …``.
        numeric: whether the value is made of numbers only.
        onwards: whether it holds only from there on: "if q = softmax(z), then …".
        lifted: whether the document has numbers where the formula has names.
    """

    pattern: Pattern
    value: t.Expr
    position: int
    params: tuple[t.Expr, ...] = ()
    numeric: bool = False
    code: bool = False
    onwards: bool = False
    lifted: bool = False

    @cached_property
    def is_recursive(self) -> bool:
        """Whether a family is told by its own next or last member."""
        return any(
            isinstance(p, t.Symbol) and stem_of(p) == self.pattern.stem for p in t.walk(self.value)
        )


@dataclass
class World:
    """Names and their meaning.

    Attributes:
        kronecker, kroneckers: whether ``δ_{ij}`` is Kronecker's, and ``⊗`` his product.
        is_spread: whether sizes of which nothing is said are unequal; all formulas fit them.
        matrices: whether letters may be vectors and matrices at all; else every open name is a scalar.
        definitions: stem → definitions, in order.
        shapes: declared and found shapes of open names.
        given_shapes: shapes of the numbers that are given.
        sizes: index letter or size symbol → how far it runs.
        starts: index letter → where it starts, if not at 1.
        told_sizes: letters and symbols whose size the document tells; others have one of our choosing.
        bases: stem → the number of its first entry, 0 or 1.
        columns, rows: stems that are vectors by evidence (a transpose, a norm, bold type), and those of
            them that lie.
        bare: names used without an index.
        below: stems of names that stand alone below a line.
        functions: stems that are only ever applied: open functions.
        plain: stems that stand without an argument somewhere.
        counted: stems whose entries are written in brackets, ``w_2(1,1)``.
        dependent, dependent_stems: quantities written with what they depend on, ``J(w, b)``.
        numerators: names that are differentiated somewhere.
        normalised: stems whose entries add up to one: labels that are one-hot, probabilities.
        examples: stems that are written for one example, ``x^{(i)}``.
        collected: stems that a loop adds to, ``dw += …``.
        differentials: whether ``dX`` is an increment; moving: what moves in the equation that is read.
        bars, deltas, dots: whether ``\\bar v``, ``δv`` are gradients, ``\\dot v`` tangents.
        apart: index letters that share no number with others: they count units of one layer.
        counts: sizes by their names, which may be those of letters as well.
        first: where indices begin that nothing else is said of.
        pads: whether an entry out of range counts as zero.
        limited: letters of which it is said how far they run; shifted, extended: stems with an index such as
            ``t - 1`` or ``i + k``.
        accumulated: gradients that are collected in several steps, with the ordinals of the later ones.
        loss: what ``dW`` and ``\\bar z`` are derivatives of; loss_names all that may be.
        number: of the problem, so that its variables differ from those of others.
    """

    spelling: Spelling
    number: int = 0
    matrices: bool = False
    numerator_layout: bool = False
    rows_are_examples: bool = False
    bars: bool = False
    deltas: bool = False
    dots: bool = False
    differentials: bool = False
    moving: frozenset[Key] | None = None
    direction: tuple[str, t.Symbol] | None = None
    kronecker: bool = False
    kroneckers: bool = False
    primes_turn: bool = False
    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    shapes: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    given_shapes: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    inferred: dict[Key, tuple[int, ...]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    columns: set[str] = field(default_factory=set)
    rows: set[str] = field(default_factory=set)
    bare: set[Key] = field(default_factory=set)
    bare_left: set[Key] = field(default_factory=set)
    below: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    dependent: set[Key] = field(default_factory=set)
    dependent_stems: set[str] = field(default_factory=set)
    numerators: set[Key] = field(default_factory=set)
    loss: Key | None = None
    loss_names: set[Key] = field(default_factory=set)
    parameter: t.Expr | None = None
    has_one_example: bool = False
    normalised: set[str] = field(default_factory=set)
    default_size: int = DEFAULT_SIZE
    is_spread: bool = False
    nablas: dict[Key, t.Expr] = field(default_factory=dict)
    layouts: Layouts = field(default_factory=Layouts)
    assumed: frozenset[Assumption] = frozenset()
    dependents: Mapping[Key, Sequence[Node]] = field(default_factory=dict)
    supposition: int | None = None
    ended: dict[int, int] = field(default_factory=dict)
    # What reading has found so far.
    memo: dict[object, Node | None] = field(default_factory=dict)
    open: set[object] = field(default_factory=set)
    named: dict[Node, Key] = field(default_factory=dict)
    places: dict[Node, set[int]] = field(default_factory=dict)
    parts: Mapping[int, int] = field(default_factory=dict)
    keys: dict[Node, Key] = field(default_factory=dict)
    fresh: dict[Node, tuple[Key, object, Key | None]] = field(default_factory=dict)
    lifted: set[Node] = field(default_factory=set)
    gradients: dict[Node, Jacobian] = field(default_factory=dict)
    upstream: dict[tuple[Key, object], Node] = field(default_factory=dict)
    open_gradients: dict[tuple[Key, object], Node] = field(default_factory=dict)
    uses: dict[Node, frozenset[Node]] = field(default_factory=dict)
    collecting: list[set[Node]] = field(default_factory=list)
    backward: set[Node] = field(default_factory=set)
    replaced: dict[tuple[str, int], int] = field(default_factory=dict)
    completed: set[int] = field(default_factory=set)
    redefined: list[int] = field(default_factory=list)
    familiar: set[str] = field(default_factory=set)
    is_sure_of_shapes: bool = True
    size_names: set[str] = field(default_factory=set)
    told_sizes: set[str] = field(default_factory=set)
    examples: set[str] = field(default_factory=set)
    _bare: tuple[int, set[Key]] = (0, set())
    apart: set[str] = field(default_factory=set)
    first: int = 1
    counts: dict[str, int] = field(default_factory=dict)
    pads: bool = False
    limited: set[str] = field(default_factory=set)
    shifted: set[str] = field(default_factory=set)
    extended: set[str] = field(default_factory=set)
    accumulated: dict[Key, list[int]] = field(default_factory=dict)
    collected: set[str] = field(default_factory=set)
    entry_letters: dict[str, str] = field(default_factory=dict)
    entry_sizes: dict[tuple[str, int], int] = field(default_factory=dict)
    # The definitions once more, to be found fast: by pattern, and by stem those of families.
    _same: dict[Pattern, list[Definition]] = field(default_factory=dict)
    _exact: dict[tuple[Key, bool], list[Definition]] = field(default_factory=dict)
    _families: dict[str, list[Definition]] = field(default_factory=dict)

    def define(self, definition: Definition) -> None:
        pattern = definition.pattern
        for before in self.defining(pattern):
            if not before.numeric and not definition.numeric:
                self.replaced.setdefault((pattern.stem, before.position), definition.position)
        if definition.onwards or any(not d.numeric for d in self.defining(pattern)):
            insort(self.redefined, definition.position)
        self.definitions.setdefault(pattern.stem, []).append(definition)
        self._same.setdefault(pattern, []).append(definition)
        if not pattern.letters:
            exact = self._exact.setdefault((pattern.key({}), definition.numeric), [])
            insort(exact, definition, key=_position)
        else:
            self._families.setdefault(pattern.stem, []).append(definition)
        if definition.onwards:
            self._end_suppositions(definition)

    def defining(self, pattern: Pattern) -> Sequence[Definition]:
        """The definitions with just this left side, in order."""
        return self._same.get(pattern, ())

    def _end_suppositions(self, definition: Definition) -> None:
        """ "If p = …" takes the place of "if q = …" before."""
        if self.supposition is not None and self.supposition < definition.position:
            self.ended.setdefault(self.supposition, definition.position)
        self.supposition = definition.position

    def epoch(self, position: int) -> int:
        """How many names have been defined anew up to here; what was read before then is read again."""
        return bisect_right(self.redefined, position)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever is read within leaves no trace: formulas that nobody wrote are only tried."""
        before = dict(vars(self))
        loose = (dict, set, list, Layouts)
        vars(self).update({n: copy(v) for n, v in before.items() if isinstance(v, loose)})
        try:
            yield
        finally:
            vars(self).update(before)

    def supposed(self) -> tuple[object, ...]:
        """What is supposed of open names for now; what was read under it holds only under it."""
        return (self.assumed, tuple(self.dependents), self.moving)

    def is_active(self) -> bool:
        """Whether only places count for now where every max(0, …) is positive."""
        return any(a.kind == ACTIVE for a in self.assumed)

    def find(self, key: Key, position: int) -> tuple[Definition, dict[str, int]] | None:
        """The definition that holds at ``position``: the last one before it, else the first after it.

        A definition of just this name goes before one of a family, a formula before numbers.
        """
        best: tuple[tuple[int, int, int, int], Definition, dict[str, int]] | None = None
        for definition in (*self._nearest(key, position), *self._families.get(key.stem, ())):
            bound = definition.pattern.match(key)
            if bound is None or any(v < 0 for v in bound.values()):
                continue
            if definition.pattern.letters and not self._in_range(definition, bound):
                continue
            before = definition.position <= position
            if definition.onwards and not before:
                continue
            if position >= self.ended.get(definition.position, position + 1):
                continue
            order = definition.position if before else -definition.position
            rank = (
                int(not definition.numeric),
                -len(definition.pattern.letters),
                int(before),
                order,
            )
            if best is None or rank > best[0]:
                best = (rank, definition, bound)
        return None if best is None else best[1:]

    def _nearest(self, key: Key, position: int) -> Iterator[Definition]:
        """Of the formulas and of the numbers for just this name, the few around ``position``."""
        for numeric in (False, True):
            found = self._exact.get((key, numeric), ())
            n = bisect_right(found, position, key=_position)
            yield from found[max(0, n - NEAR) : n + NEAR]

    def _in_range(self, definition: Definition, bound: Mapping[str, int]) -> bool:
        """Layers and times below the first are inputs: ``a^0`` and ``h_0`` have no formula."""
        for letter, value in bound.items():
            run = self.run_of(letter)
            bounded = (
                letter in self.apart
                or definition.is_recursive
                or (letter in self.limited and definition.pattern.stem in self.shifted)
            )
            if value < run.start or (bounded and value >= run.stop):
                return False
        return True

    def instances(self, definition: Definition) -> list[dict[str, int]]:
        """The numbers that the letters of a definition run through.

        Raises NotUnderstood where there are too many.
        """
        letters = sorted(definition.pattern.letters)
        runs = [self.run_of(c) for c in letters]
        if prod(map(len, runs)) > INSTANCES:
            raise NotUnderstood(f"all members of {definition.pattern.stem}, which are too many")
        return [dict(zip(letters, v, strict=True)) for v in product(*runs)]

    def family(self, key: Key) -> list[Definition]:
        """Definitions of the entries of ``key``: its name with more indices."""
        return [
            d
            for d in self._families.get(key.stem, ())
            if len(d.pattern.indices) > len(key.indices)
            and not d.numeric
            and _starts_with(d.pattern, key)
        ]

    def definition_hint(self, definition: Definition) -> tuple[int, ...] | None:
        """The declared shape of what is defined."""
        pattern = definition.pattern
        if pattern.letters:
            return None
        marks = tuple((kind, value) for kind, (_, value, _) in pattern.marks)
        return self.shapes.get(Key(pattern.stem, marks, tuple(v for _, v, _ in pattern.indices)))

    def run_of(self, letter: str) -> range:
        """The numbers an index letter runs through."""
        start = self.starts.get(letter, 1 if letter in "lt" else self.first)
        return range(start, start + self.size(letter))

    def size(self, letter: str) -> int:
        return self.sizes.get(letter, DEFAULT_SIZE)

    def shape(self, key: Key) -> tuple[int, ...] | None:
        """What is known of the shape of an open name; families share one."""
        for shapes in (self.shapes, self.inferred):
            for name in (key, general(key), family_of(key)):
                if name in shapes:
                    return shapes[name]
        return None

    def settle(self, key: Key, shape: tuple[int, ...]) -> None:
        self.shapes[general(key)] = shape

    def is_bare(self, key: Key) -> bool:
        """Whether a name, or one of its family, stands without an index somewhere."""
        letters = self.spelling.letters
        if len(self.bare) != self._bare[0]:
            self._bare = (len(self.bare), {general(k, letters) for k in self.bare})
        return general(key, letters) in self._bare[1]

    def arrays(self) -> set[Key]:
        """Names that are known to be arrays."""
        found = {key for key, shape in self.shapes.items() if len(shape) > 0}
        return found | {key for key, shape in self.given_shapes.items() if len(shape) > 0}

    def open_name(self, key: Key, shape: tuple[int, ...]) -> Node:
        return variable(str(key), shape, key=self.number)

    # ── the graph of what has been read ─────────────────────────────────────────────────────────

    def spelled_key(self, rest: str, accents: Sequence[str], key: Key) -> Key | None:
        """The name behind ``dW`` or ``dx_norm``: one that the document has."""
        stem = ".".join([rest, *accents])
        candidates = [Key(stem, key.marks, key.indices)]
        if "_" in rest:
            head, _, label = rest.partition("_")
            index: Index = int(label) if label.isdigit() else label
            candidates.append(Key(head, key.marks, (index, *key.indices)))
        for candidate in candidates:
            if self._is_known(candidate.stem) or (len(rest) == 1 and candidate.stem in self.plain):
                return candidate
        return None

    def _is_known(self, stem: str) -> bool:
        """Whether something is called so: it is defined, stands alone, or has a shape."""
        if stem in self.definitions:
            return True
        return any(key.stem == stem for names in (self.bare, self.shapes) for key in names)

    def is_gradient_name(self, key: Key) -> bool:
        """Whether a definition of ``dW`` is a claim about a gradient rather than a name of its own."""
        return False

    def is_loss(self, node: Node) -> bool:
        return node in self.named and general(self.named[node]) in self.loss_names

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

    def _forward(self, position: int) -> list[Node]:
        """The results that lead to a loss.

        What is made of gradients does not, nor do examples in numbers, nor what is replaced here.
        """
        apart = self.backward | self.lifted
        return [r for r in self.named if r not in apart and self._is_current(r, position)]

    def _is_current(self, result: Node, position: int) -> bool:
        """Whether the definition that made a result holds at this position."""
        stem = self.named[result].stem
        ends = [self.replaced.get((stem, p)) for p in self.places.get(result, ())]
        return not ends or any(end is None or position < end for end in ends)

    def is_early(self, definition: Definition, position: int) -> bool:
        """Whether a definition comes later and another one holds until then."""
        before = (d.position for d in self.defining(definition.pattern) if not d.numeric)
        return definition.position > position and any(p <= position for p in before)

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

    def learn_uses(self, node: Node, used: set[Node]) -> None:
        """What a result was made of, as written: results that merely are part of it do not count."""
        below = topological([node], used - {node})
        found = frozenset([*used, *(n for n in below if n in self.keys)]) - {node}
        self.uses[node] = self.uses.get(node, frozenset()) | found
        if any(n in self.fresh or n in self.backward for n in below):
            self.backward.add(node)

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
        return [r for r in results if r not in used and r.inputs]


def _position(definition: Definition) -> int:
    return definition.position


def general(key: Key, letters: Collection[str] = (), counted: bool = True) -> Key:
    """The name that stands for all layers and examples of a family.

    Args:
        letters: index letters, which stand for any member.
        counted: whether a member with a number, ``W^{(1)}``, is one of many as well.
    """
    marks = tuple((kind, _any(kind, value, letters, counted)) for kind, value in key.marks)
    return Key(key.stem, marks, key.indices)


def family_of(key: Key) -> Key:
    """The name that stands for all vectors of a family: ``u_*``."""
    return Key(key.stem, key.marks, ("*",) * len(key.indices))


def _any(kind: str, value: Index, letters: Collection[str], counted: bool) -> Index:
    counts = counted and isinstance(value, int) and kind != "^"
    return "*" if counts or value in letters else value


def _starts_with(pattern: Pattern, key: Key) -> bool:
    short = Pattern(pattern.stem, pattern.marks, pattern.indices[: len(key.indices)])
    return short.match(key) is not None


def definition_of(
    left: t.Expr, value: t.Expr, position: int, spelling: Spelling, numeric: bool
) -> Definition | None:
    """A definition with this left side; None where that is no name."""
    params: tuple[t.Expr, ...] = ()
    if isinstance(left, t.Brace):
        left = left.body
    if t.is_bracketed(left):
        left = left.items[0]
    if isinstance(left, t.Apply):
        if left.scripts or left.primes or left.head.primes:
            return None
        if left.subscripts:  # F(x)_i is the entry F_i
            left = replace(left.head, subscripts=left.head.subscripts + left.subscripts)
        elif all(isinstance(a, t.Symbol) and not a.primes for a in left.args):
            params, left = left.args, left.head
        else:  # a(1 - a) = … is about a product
            return None
    if not isinstance(left, t.Symbol) or left.primes:
        return None
    pattern, operations = pattern_of(left, spelling)
    letters = [letter for kind, letter, _ in pattern.indices if kind == "letter"]
    if operations or len(set(letters)) < len(letters):  # δ_{ii} is no name for many
        return None
    return Definition(pattern, value, position, params, numeric)


def exact(stem: str, indices: Sequence[Index] = ()) -> Key:
    return Key(stem, (), tuple(indices))


__all__ = ["Definition", "NotUnderstood", "World", "definition_of", "exact"]
