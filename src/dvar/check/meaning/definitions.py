"""What names stand for: definitions and where each of them holds, and how far index letters run."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod

from dvar.check.meaning.alphabet import UNDONE
from dvar.check.meaning.keys import Key, Spelling, arguments, stem_of
from dvar.check.meaning.patterns import Pattern, pattern_of
from dvar.check.meaning.values import NotUnderstood
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import renamed, same_tree

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
        onwards: whether it holds only from there on: "if q = softmax(z), then …", "so w = …".
        supposed: the sentence that supposes it: the next such sentence takes its place.
        firm: whether other formulas for the name are claims, wherever they stand.
        lifted: whether the document has numbers where the formula has names.
    """

    pattern: Pattern
    value: t.Expr
    position: int
    params: tuple[t.Expr, ...] = ()
    numeric: bool = False
    code: bool = False
    onwards: bool = False
    supposed: object = None
    lifted: bool = False
    firm: bool = False

    @cached_property
    def is_recursive(self) -> bool:
        """Whether a family is told by its own next or last member."""
        return any(
            isinstance(p, t.Symbol) and stem_of(p) == self.pattern.stem for p in t.walk(self.value)
        )

    @cached_property
    def is_slope(self) -> bool:
        """Whether the formula is a derivative by an argument, ``v(t) = ds/dt``."""
        own = {stem_of(p) for p in self.params if isinstance(p, t.Symbol)}
        for part in t.walk(self.value):
            if isinstance(part, t.Derivative):
                by: tuple[t.Expr, ...] = part.wrt
            else:
                by = part.args if isinstance(part, t.Apply) and part.head.primes else ()
            if any(isinstance(x, t.Symbol) and stem_of(x) in own for x in by):
                return True
        return False

    @cached_property
    def is_backward(self) -> bool:
        """Whether the formula is made of derivatives, so that no loss depends on what it defines."""
        return (
            self.pattern.stem.startswith(UNDONE)
            or self._is_tangent
            or any(
                isinstance(p, t.Derivative)
                or (isinstance(p, (t.Apply, t.Symbol, t.Call)) and p.primes)
                for p in t.walk(self.value)
            )
        )

    @property
    def _is_tangent(self) -> bool:
        """``\\dot v_4 = \\dot v_1 + \\dot v_2``: a direction, made of others."""
        names = (p for p in t.walk(self.value) if isinstance(p, t.Symbol))
        return self.pattern.stem.endswith(".dot") and any("dot" in p.accents for p in names)

    @cached_property
    def loose(self) -> frozenset[str]:
        """Letters that neither the left side nor a sum binds: what they are is told where the formula is used."""
        bound = {c for p in t.walk(self.value) if isinstance(p, t.Big) for c in p.indices}
        return frozenset(names_in(self.value) - self.pattern.letters - bound)


@dataclass(kw_only=True)
class Definitions:
    """Definitions, each of which holds from its place until its name is defined anew.

    Attributes:
        definitions: stem → definitions, in order; loose: letters that any of them leaves open.
        replaced: stem and position of a formula → where another one takes its place.
        superseded: formulas of earlier problems for names that get another one in this problem.
        redefined: where names get another meaning, in order.
        suppositions: what the sentence "if q = …" says that holds now; ended: where each one ends.
        sizes: index letter or size symbol → how far it runs.
        starts: index letter → where it starts, if not at 1.
        bases: stem → the number of its first entry, 0 or 1.
        told_sizes: letters and symbols whose size the document tells; others have one of our choosing.
        counts: sizes by their names, which may be those of letters as well.
        first: where indices begin that nothing else is said of.
        apart: index letters that share no number with others: they count units of one layer.
        limited: letters of which it is said how far they run; shifted: stems with an index such as ``t - 1``.
    """

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    loose: set[str] = field(default_factory=set)
    suppositions: list[Definition] = field(default_factory=list)
    ended: dict[int, int] = field(default_factory=dict)
    replaced: dict[tuple[str, int], int] = field(default_factory=dict)
    superseded: list[Definition] = field(default_factory=list)
    redefined: list[int] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    starts: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    told_sizes: set[str] = field(default_factory=set)
    size_names: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    first: int = 1
    apart: set[str] = field(default_factory=set)
    limited: set[str] = field(default_factory=set)
    shifted: set[str] = field(default_factory=set)
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
        # New lists, for what is only tried must not be found in those of before.
        stem = pattern.stem
        self.definitions[stem] = [*self.definitions.get(stem, ()), definition]
        self.loose |= definition.loose
        self._same[pattern] = [*self._same.get(pattern, ()), definition]
        if not pattern.letters:
            exact = pattern.key({}), definition.numeric
            known = [*self._exact.get(exact, ()), definition]
            self._exact[exact] = sorted(known, key=_position)
        else:
            self._families[stem] = [*self._families.get(stem, ()), definition]
        if definition.supposed is not None:
            self._end_suppositions(definition)
        if definition.params:
            self._free_parameters(definition)

    def exchange(self, stem: str, values: Sequence[t.Expr], value: t.Expr) -> bool:
        """Another value, from the next line on, where a definition has one of some; whether any has."""

        def changed(several: Sequence[Definition]) -> list[Definition]:
            return [replace(d, value=value) if _has(d, values) else d for d in several]

        old = [
            d for d in self.definitions.get(stem, ()) if _has(d, values) and d.value is not value
        ]
        if not old:
            return False
        self.definitions[stem] = changed(self.definitions[stem])
        self.loose |= names_in(value)
        self._same = {p: changed(ds) if p.stem == stem else ds for p, ds in self._same.items()}
        self._exact = {k: changed(ds) if k[0].stem == stem else ds for k, ds in self._exact.items()}
        self._families = {s: changed(ds) if s == stem else ds for s, ds in self._families.items()}
        self.redefined = sorted([*self.redefined, old[0].position])
        return True

    def forget(self, stem: str) -> None:
        """A name has no formula any more, nor has anything else with its letter."""
        self.definitions.pop(stem, None)
        self._same = {p: ds for p, ds in self._same.items() if p.stem != stem}
        self._exact = {k: ds for k, ds in self._exact.items() if k[0].stem != stem}
        self._families = {s: ds for s, ds in self._families.items() if s != stem}

    def defining(self, pattern: Pattern) -> Sequence[Definition]:
        """The definitions with just this left side, in order."""
        return self._same.get(pattern, ())

    def _free_parameters(self, definition: Definition) -> None:
        """``f(x, y) = …`` behind ``y = f(x)``: y is no longer what that function comes to."""
        for param in definition.params:
            if not isinstance(param, t.Symbol):
                continue
            for before in self.definitions.get(stem_of(param), ()):
                value = before.value
                applied = isinstance(value, t.Apply) and stem_of(value.head)
                if applied == definition.pattern.stem and before.position < definition.position:
                    self.ended.setdefault(before.position, definition.position)
                    insort(self.redefined, definition.position)

    def _end_suppositions(self, definition: Definition) -> None:
        """ "If p = …" takes the place of "if q = …" before; "if p = … and q = …" are one supposition."""
        for before in self.suppositions:
            if before.supposed != definition.supposed and before.position < definition.position:
                self.ended.setdefault(before.position, definition.position)
        self.suppositions = [d for d in self.suppositions if d.supposed == definition.supposed]
        self.suppositions.append(definition)

    def epoch(self, position: int) -> int:
        """How many names have been defined anew up to here; what was read before then is read again."""
        return bisect_right(self.redefined, position)

    def find(self, key: Key, position: int) -> tuple[Definition, dict[str, int]] | None:
        """The definition that holds at ``position``: the last one before it, else the first after it.

        A definition of just this name goes before one of a family, a formula before numbers.
        """
        best: tuple[tuple[int, int, int, int], Definition, dict[str, int]] | None = None
        for definition in (*self._nearest(key, position), *self._families.get(key.stem, ())):
            bound = self._bound(definition, key)
            if bound is None:
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

    def holds_for(self, definition: Definition, key: Key) -> bool:
        """Whether a name is one of those that a definition is for."""
        return self._bound(definition, key) is not None

    def _bound(self, definition: Definition, key: Key) -> dict[str, int] | None:
        bound = definition.pattern.match(key)
        if bound is None or any(v < 0 for v in bound.values()):
            return None
        in_range = not definition.pattern.letters or self._in_range(definition, bound)
        return bound if in_range else None

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

    def told_singly(self, key: Key) -> range | None:
        """The numbers of ``z_1 = …, z_2 = …, z_3 = …``, none of which is made of another one: layers are no entries."""
        told = [d for d in self.definitions.get(key.stem, ()) if not d.numeric]
        told = [d for d in told if len(d.pattern.indices) == 1 and not d.pattern.marks]
        numbers = {d.pattern.indices[0][1] for d in told}
        first = min((n for n in numbers if isinstance(n, int)), default=-1)
        run = range(first, first + len(numbers))
        if key.indices or key.marks or len(run) < 2 or first not in (0, 1) or numbers != {*run}:
            return None
        inside = (p for d in told for p in t.walk(d.value) if isinstance(p, t.Symbol))
        return None if key.stem in map(stem_of, inside) else run

    def is_early(self, definition: Definition, position: int) -> bool:
        """Whether a definition comes later and another one holds until then."""
        before = (d.position for d in self.defining(definition.pattern) if not d.numeric)
        return definition.position > position and any(p <= position for p in before)

    def run_of(self, letter: str) -> range:
        """The numbers an index letter runs through."""
        start = self.starts.get(letter, 1 if letter in "lt" else self.first)
        return range(start, start + self.size(letter))

    def sample(self, letter: str) -> int:
        """One of them, the second where there is one."""
        run = self.run_of(letter)
        return run[min(1, len(run) - 1)]

    def size(self, letter: str) -> int:
        return self.sizes.get(letter, DEFAULT_SIZE)


def names_in(tree: t.Expr) -> set[str]:
    """Names without their scripts, and the letters of scripts."""
    found: set[str] = set()
    for part in t.walk(tree):
        if isinstance(part, t.Symbol):
            found.add(part.base)
        elif isinstance(part, t.Label):
            found |= {part.text, *part.text}
    return found


def _has(definition: Definition, values: Sequence[t.Expr]) -> bool:
    return any(definition.value is value for value in values)


def _position(definition: Definition) -> int:
    return definition.position


def _starts_with(pattern: Pattern, key: Key) -> bool:
    short = Pattern(pattern.stem, pattern.marks, pattern.indices[: len(key.indices)])
    return short.match(key) is not None


def is_of_open_function(made: Definition, known: Mapping[str, Sequence[Definition]]) -> bool:
    """``z = F(x, y)`` where nothing is said of F."""
    value = made.value
    if not isinstance(value, t.Apply) or value.primes or made.params:
        return False
    places = arguments(value.args)
    named = len(places) > 1 and all(isinstance(a, t.Symbol) for a in places)
    return named and all(d.numeric for d in known.get(stem_of(value.head), ()))


def definition_of(
    left: t.Expr, value: t.Expr, position: int, spelling: Spelling, numeric: bool
) -> Definition | None:
    """A definition with this left side; None where that is no name."""
    params: tuple[t.Expr, ...] = ()
    if t.is_bracketed(left):
        left = left.items[0]
    if isinstance(left, t.Apply):
        if left.scripts or left.primes or left.head.primes:
            return None
        if left.subscripts:  # F(x)_i is the entry F_i
            left = replace(left.head, subscripts=left.head.subscripts + left.subscripts)
        elif all(isinstance(a, t.Symbol) and not a.primes for a in arguments(left.args)):
            if isinstance(value, t.Apply) and same_tree(value.head, left.head):
                return None  # f(x, y) = f(g(t), h(t)) tells where f is taken
            params, left = arguments(left.args), left.head
            params, value = _of_any(params, value, spelling)
        else:  # a(1 - a) = … is about a product
            return None
    if not isinstance(left, t.Symbol) or left.primes:
        return None
    pattern, operations = pattern_of(left, spelling)
    letters = [letter for kind, letter, _ in pattern.indices if kind == "letter"]
    if operations or len(set(letters)) < len(letters):  # δ_{ii} is no name for many
        return None
    return Definition(pattern, value, position, params, numeric)


def _of_any(
    params: tuple[t.Expr, ...], value: t.Expr, spelling: Spelling
) -> tuple[tuple[t.Expr, ...], t.Expr]:
    """``F(a_j) = 1/(1 + e^{-a_j})`` is a function of any number, ``F(a) = 1/(1 + e^{-a})``."""
    param = params[0] if len(params) == 1 else None
    if not isinstance(param, t.Symbol) or not pattern_of(param, spelling)[0].letters:
        return params, value
    names = [p for p in t.walk(value) if isinstance(p, t.Symbol) and p.base not in ("e", "pi")]
    if not names or not all(same_tree(name, param) for name in names):
        return params, value
    bare = replace(param, subscripts=(), scripts=())
    return (bare,), renamed(value, param, bare)
