"""Letters that count different things: i the inputs, j the hidden units, k the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from dvar.check.meaning.alphabet import SCALAR_CAPITALS
from dvar.check.meaning.arguments import argument
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.examples import COUNTING, going_on, marks_in
from dvar.check.meaning.keys import Spelling, letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import Pattern, free_letters
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_STEP = 10
"""Where the numbers of the next letter begin: no two letters share a number."""
_TIMES = frozenset("tTlL")
_STEPS = frozenset("nmtp")
"""Arguments that count examples or steps: ``y_j(n)`` is a unit all the same."""
_EQUALS = frozenset({"=", ":=", "equiv", "is", "=="})


@dataclass
class Layers:
    """Layers that are told apart by their letters only: ``w_{ij}`` leads from i to j, ``w_{jk}`` from j to k.

    Attributes:
        weights: stem of weights → the letter of the units they lead to → that of those they come from.
        alike: letter → a letter of the same layer.
        examples: letters that count examples.
    """

    weights: dict[str, dict[str, str]] = field(default_factory=dict)
    alike: dict[str, str] = field(default_factory=dict)
    examples: set[str] = field(default_factory=set)

    @property
    def heads(self) -> set[str]:
        return {letter for pairs in self.weights.values() for letter in pairs}

    @property
    def letters(self) -> set[str]:
        tails = {letter for pairs in self.weights.values() for letter in pairs.values()}
        return self.heads | tails | {*self.alike, *self.alike.values()}

    def of(self, letter: str) -> str:
        while letter in self.alike:
            letter = self.alike[letter]
        return letter

    def add(self, weight: str, head: str, tail: str) -> None:
        """Take note of a weight, unless it leads backwards; what leads to the same units comes from one layer."""
        before = deepcopy((self.weights, self.alike))
        self._lead(weight, head, tail)
        if not self._are_ordered():
            self.weights, self.alike = before

    def _lead(self, weight: str, head: str, tail: str) -> None:
        pairs = self.weights.setdefault(weight, {})
        if head in pairs:
            self._join(pairs[head], tail)
        for other, before in pairs.items():
            if before == tail:
                self._join(other, head)
        pairs.setdefault(head, tail)

    def _join(self, a: str, b: str) -> None:
        a, b = self.of(a), self.of(b)
        if a != b:
            self.alike[max(a, b)] = min(a, b)

    def _are_ordered(self) -> bool:
        """Whether no layer leads to itself through others."""
        after = {
            (self.of(tail), self.of(head))
            for pairs in self.weights.values()
            for head, tail in pairs.items()
        }
        for _ in range(len(after)):
            after |= {(a, d) for a, b in after for c, d in after if b == c}
        return all(a != b for a, b in after)


def separate(world: World, statements: Sequence[Statement]) -> Layers:
    """Let letters of different ranks run through different numbers.

    ``z_j`` and ``z_k`` are two families where their formulas are about different things; and where ``o_j``
    is made of ``o_i``, the latter are units of the layer before.
    """
    spelling = world.spelling
    examples = _examples(statements, spelling)
    families = _families(statements, spelling, examples)
    counted = _counted(statements)
    apart: set[str] = set()
    for stem, definitions in families.items():
        if stem in counted:
            continue
        apart |= _of_formulas(definitions)
        apart |= _of_circles(stem, families, spelling)
    apart -= examples
    layers = _layers(statements, families, apart - _TIMES, spelling)
    layers.examples = examples
    apart |= layers.letters
    for n, letter in enumerate(sorted({layers.of(c) for c in apart - _TIMES}), 1):
        for alike in {c for c in apart if layers.of(c) == letter}:
            world.starts[alike] = n * _STEP + 1
            world.apart.add(alike)
    return layers


def numbered_rivals(statements: Sequence[Statement], spelling: Spelling) -> set[str]:
    """Names told apart by their letter alone, ``n_j`` and ``n_k``, whose entries are also written with numbers."""
    families, counted = _families(statements, spelling, set()), _counted(statements)
    return {stem for stem in families.keys() & counted if _of_formulas(families[stem])}


def is_example(statement: Statement, spelling: Spelling) -> bool:
    """Whether its entries are written with numbers only: ``n_1 = 0.3``."""
    trees = [m.expr for m in statement.members if m.expr is not None]
    return bool(_counted([statement])) and not any(free_letters(tree, spelling) for tree in trees)


def carried_on(world: World, layers: Layers) -> None:
    """Formulas for the units of one layer hold for those of every other: ``z_k = Σ_j w_{kj} h(z_j)`` tells ``z_j`` too."""
    for weighted in (True, False):
        for definition in [d for some in world.definitions.values() for d in some]:
            for names in (
                _moves(definition, layers, world.spelling)
                if weighted
                else _other_heads(definition, layers, world.spelling)
            ):
                _define(world, definition, names)


def _define(world: World, definition: Definition, names: Mapping[str, str]) -> None:
    """The formula of a definition for the units of another layer, if they have none."""
    slots = tuple(
        ("letter", names.get(str(letter), str(letter)), 0)
        for _, letter, _ in definition.pattern.indices
    )
    pattern = replace(definition.pattern, indices=slots)
    env = {letter: world.sample(letter) for letter in pattern.letters}
    if world.find(pattern.key(env), definition.position) is None:
        value = relettered(definition.value, names)
        world.define(replace(definition, pattern=pattern, value=value))


def _own(definition: Definition, layers: Layers) -> str:
    """The letter of the units that a formula is for, if it is for units."""
    timed = all(isinstance(p, t.Symbol) and p.base in _STEPS for p in definition.params)
    plain = timed and not definition.numeric
    return _unit(definition.pattern, layers.examples) if plain else ""


def _moves(definition: Definition, layers: Layers, spelling: Spelling) -> Iterator[dict[str, str]]:
    """The letters that a formula with weights has for other layers."""
    own = _own(definition, layers)
    for stem, pair in _pairs(definition.value, spelling):
        tail = layers.weights.get(stem, {}).get(own)
        if tail is None or set(pair) != {own, tail}:
            continue
        for head, before in layers.weights[stem].items():
            if layers.of(head) != layers.of(own):
                yield {own: head, tail: before}


def _other_heads(
    definition: Definition, layers: Layers, spelling: Spelling
) -> Iterator[dict[str, str]]:
    """The same of a formula about one unit alone, ``o_j = φ(net_j)``."""
    own = _own(definition, layers)
    if own in layers.letters and free_letters(definition.value, spelling) & layers.letters <= {own}:
        if not any(isinstance(p, t.Big) for p in t.walk(definition.value)):
            yield from ({own: head} for head in sorted(layers.heads - {own}))


def relettered(tree: t.Expr, names: Mapping[str, str]) -> t.Expr:
    """An expression with other index letters, those that sums bind as well."""

    def change(part: Any) -> Any:
        if isinstance(part, t.Label):
            return replace(part, text="".join(names.get(c, c) for c in part.text))
        if isinstance(part, t.Big):
            bound = tuple(names.get(c, c) for c in part.indices)
            return replace(part, indices=bound, body=rewritten(part.body, change), condition=None)
        return None

    new: t.Expr = rewritten(tree, change)
    return new


def _layers(
    statements: Sequence[Statement],
    families: Mapping[str, Sequence[Definition]],
    apart: set[str],
    spelling: Spelling,
) -> Layers:
    """The layers that weights between letters of different ranks lead through."""
    layers = Layers()
    members = [m.expr for s in statements for m in s.members if m.expr is not None]
    used = list(dict.fromkeys(pair for tree in members for pair in _pairs(tree, spelling)))
    for definition in (d for some in families.values() for d in some):
        (own,) = definition.pattern.letters
        for stem, pair in _pairs(definition.value, spelling):
            if (
                own not in pair
                or not set(pair) <= apart
                or isinstance(definition.value, t.Derivative)
            ):
                continue
            at = pair.index(own)
            for other, letters in used:
                if other == stem:
                    layers.add(stem, letters[at], letters[1 - at])
    return layers


def _pairs(tree: t.Expr, spelling: Spelling) -> Iterator[tuple[str, tuple[str, str]]]:
    """Names with two index letters, which differ."""
    for part in t.walk(tree):
        if isinstance(part, t.Symbol) and not part.scripts:
            letters = [c for sub in part.subscripts for c in letters_in(sub)]
            if len(set(letters)) == len(letters) == 2 and set(letters) <= spelling.letters:
                yield stem_of(part), (letters[0], letters[1])


def _families(
    statements: Sequence[Statement], spelling: Spelling, examples: Set[str]
) -> dict[str, list[Definition]]:
    """Formulas for units by the letter that counts them: names with index letters and nothing else."""
    found: dict[str, list[Definition]] = {}
    for n, statement in enumerate(statements):
        for left, right in _equations(statement):
            made = definition_of(left, right, n, spelling, False)
            if made is not None and (letter := _unit(made.pattern, examples)):
                pattern = Pattern(made.pattern.stem, (), (("letter", letter, 0),))
                found.setdefault(pattern.stem, []).append(replace(made, pattern=pattern))
    return found


def _examples(statements: Sequence[Statement], spelling: Spelling) -> set[str]:
    """Letters of examples, as p in ``net_{pj} = Σ_i w_{ji} o_{pi}``: the loss ``E_p`` has it, and no unit alone.

    Or n in ``h_j^{(n)}``, where nothing is of the one before, as layers and steps are.
    """
    counting = {letter for letter, _ in marks_in(parts(statements))} & COUNTING
    counting -= going_on(statements) if counting else set()
    alone: dict[bool, set[str]] = {True: set(), False: set()}
    for left in (left for statement in statements for left, _ in _equations(statement)):
        letters = [c for sub in getattr(left, "subscripts", ()) for c in letters_in(sub)]
        if isinstance(left, t.Symbol) and len(letters) == 1:
            alone[left.base in SCALAR_CAPITALS].update(letters)
    return (counting | alone[True] - alone[False]) & spelling.letters


def _unit(pattern: Pattern, examples: Set[str]) -> str:
    """The letter of the unit that a name is of, if it is of one; entries of matrices are no units of layers."""
    slots = [*pattern.indices, *(slot for _, slot in pattern.marks)]
    plain = all(kind == "letter" and not offset for kind, _, offset in slots)
    letters = [str(letter) for _, letter, _ in pattern.indices]
    own = [letter for letter in letters if letter not in examples]
    counts = all(kind == "p" and slot[1] in examples for kind, slot in pattern.marks)
    is_one = plain and counts and len(own) == 1 and len(slots) <= 2
    return own[0] if is_one else ""


def _equations(statement: Statement) -> Iterator[tuple[t.Expr, t.Expr]]:
    """What is said to be what: the first two members, and arguments that others tell."""
    members = statement.members
    for before, after in pairwise(members):
        if before.expr is None or after.expr is None or after.relation not in _EQUALS:
            return
        if before is members[0] and not before.relation:
            yield before.expr, after.expr
        if (put := argument(before.expr, after.expr)) is not None:
            yield put


def _counted(statements: Sequence[Statement]) -> set[str]:
    """Stems whose entries are also written with numbers."""
    return {
        stem_of(p) for p in parts(statements)
        if isinstance(p, t.Symbol) and any(isinstance(s, t.Label) and s.text.isdigit() for s in p.subscripts)
    }  # fmt: skip


def _of_formulas(definitions: Sequence[Definition]) -> set[str]:
    """Letters of one name whose formulas use different names."""
    found: set[str] = set()
    for n, a in enumerate(definitions):
        for b in definitions[:n]:
            if isinstance(a.value, t.Derivative) or isinstance(b.value, t.Derivative):
                continue
            own = a.pattern.letters ^ b.pattern.letters
            if _stems(a.value) != _stems(b.value) and not _run_alike(own, a.value, b.value):
                found |= own
    return found


def _run_alike(letters: Set[str], *values: t.Expr) -> bool:
    """``p_k = e^{z_k} / Σ_i e^{z_i}``: k and i count the same z, whatever other formula ``p_i`` has."""
    for value in (v for v in values if isinstance(v, t.Quotient)):
        summed = {c for p in t.walk(value.below) if isinstance(p, t.Big) for c in p.indices}
        seen: dict[str, set[str]] = {}
        for part in t.walk(value):
            if isinstance(part, t.Symbol) and len(part.subscripts) == 1:
                seen.setdefault(stem_of(part), set()).update(letters_in(part.subscripts[0]))
        if letters & summed and any(letters <= found for found in seen.values()):
            return True
    return False


def _of_circles(stem: str, families: dict[str, list[Definition]], spelling: Spelling) -> set[str]:
    """Letters by which a name is made of itself."""
    found: set[str] = set()
    reached: set[str] = set()
    waiting = [stem]
    while waiting:
        for definition in families.get(waiting.pop(), ()):
            for part in t.walk(definition.value):
                if not isinstance(part, t.Symbol) or isinstance(definition.value, t.Derivative):
                    continue
                used = stem_of(part)
                letters = {c for sub in part.subscripts for c in letters_in(sub)}
                if used == stem:
                    mine = {c for d in families[stem] for c in d.pattern.letters}
                    if letters and letters <= spelling.letters and not letters & mine:
                        found |= letters | mine
                elif used not in reached and used in families:
                    reached.add(used)
                    waiting.append(used)
    return found


def _stems(tree: t.Expr) -> set[str]:
    return {stem_of(p) for p in t.walk(tree) if isinstance(p, t.Symbol)}
