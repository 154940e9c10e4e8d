"""One link of a chain: whether two members say the same, as functions or as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from itertools import product as every

from dvar.check.judge.compare import Comparison, Difference, compare
from dvar.check.judge.literal import is_numeric
from dvar.check.meaning import conditions, differentiate, dual
from dvar.check.meaning.choices import DOUBTED, Choices, readings
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import letters_in, sort, stem_of
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.points import stand_ins
from dvar.check.meaning.structures import condition
from dvar.check.meaning.values import (
    OUTER,
    Jacobian,
    NotUnderstood,
    Unconnected,
    Value,
    node_of,
    reshaped,
    sizes,
    squeezed,
)
from dvar.check.meaning.world import World
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

READINGS = 24
ASSIGNMENTS = 4
MET = "holds where the derivative"
"""How the reason of an equation begins that an optimum meets, and formulas do not."""

GIVEN = "given"
"""Why a formula for something of which nothing is known is not wrong."""


@dataclass(frozen=True)
class Link:
    """What is to be said of one link.

    Attributes:
        verdict: ``ok``, ``wrong``, ``carried``, ``convention``, ``up-to-constant``, ``unknown``.
        why: for ``unknown`` what was not understood; else a remark.
        left, right: values of the two sides in the plainest reading, for causes.
        difference: a counterexample.
        roots: lines of mistakes that this one follows from.
        numbers: the two sides as numbers, for claims about numbers.
        causes: of a fault, where they are known already; mend: the change of the text that undoes it, with them.
        minus: gaps of the text, between two expressions, in which a minus is due.
        anew: whether the right side is what the chain is about, and not what stands before it.
    """

    verdict: str
    why: str = ""
    left: Value | None = None
    right: Value | None = None
    difference: Difference | None = None
    roots: tuple[int, ...] = ()
    numbers: tuple[Array, Array] | None = None
    opened: frozenset[str] = frozenset()
    causes: tuple[str, ...] = ()
    mend: tuple[t.Span, str] | None = None
    minus: tuple[t.Span, ...] = ()
    env: Mapping[str, int] = field(default_factory=dict)
    anew: bool = False


def is_number(tree: t.Expr, world: World) -> bool:
    """Whether an expression is made of numbers only, and of functions that are left open: ``g(0.2)``."""
    return is_numeric(tree, world.is_function)


# ── as functions ────────────────────────────────────────────────────────────────────────────────


def assignments(
    world: World, trees: Sequence[t.Expr], conditions: Sequence[t.Expr], position: int
) -> list[dict[str, int]]:
    """Numbers for the free index letters of a statement; several, so that nothing holds by chance."""
    free = {c for tree in trees for c in free_letters(tree, world.spelling)}
    letters = free | {c for tree in trees for c in _compared(world, tree)}
    others = {c for tree in conditions for c in _compared(world, tree)} - letters
    others -= world.spelling.chosen.keys()  # each has a number
    found = _numbered(world, trees, conditions, position, letters | others)  # j of ``j ≠ k``
    return found or _numbered(world, trees, conditions, position, letters)


def _numbered(
    world: World, trees: Sequence[t.Expr], given: Sequence[t.Expr], position: int, free: set[str]
) -> list[dict[str, int]]:
    letters = sorted(free - {"L"})
    if not letters:
        return [{}]
    runs = [world.run_of(c) for c in letters]
    ahead = {c for tree in trees for c in _looks_ahead(tree)}
    picks = [
        _places(world, c, run[:-1] if c in ahead and len(run) > 1 else run)
        for c, run in zip(letters, runs, strict=True)
    ]
    found: list[dict[str, int]] = []
    apart = [pair for tree in trees for pair in _apart(world, tree, position)]
    distinct = {c: p[n % len(p)] for n, (c, p) in enumerate(zip(letters, picks, strict=True))}
    turned = {c: p[(n + 1) % len(p)] for n, (c, p) in enumerate(zip(letters, picks, strict=True))}
    equal = {c: p[0] for c, p in zip(letters, picks, strict=True)}
    others = (dict(zip(letters, values, strict=True)) for values in every(*picks))
    for candidate in (distinct, turned, equal, *others):
        same = any(candidate.get(a, -1) == candidate.get(b, -2) for a, b in apart)
        if candidate not in found and not same and _allowed(world, candidate, given, position):
            found.append(candidate)
        if len(found) >= ASSIGNMENTS:
            break
    return found


def opens_more(link: Link) -> bool:
    """Whether the right side has functions without a formula that the left side does not have."""
    due, found = (set() if x is None else stand_ins(node_of(x)) for x in (link.left, link.right))
    return not found <= due


def _compared(world: World, tree: t.Expr) -> set[str]:
    """Index letters that stand in conditions: p of ``1{k = p}``."""
    relations = [p for p in t.walk(tree) if isinstance(p, t.Relation)]
    names = {
        m.base for r in relations for m in r.members if isinstance(m, t.Symbol) and not m.subscripts
    }
    bound = {c for p in t.walk(tree) if isinstance(p, t.Big) for c in p.indices}
    return {c for c in names & world.spelling.letters - bound if c.islower()}


def _apart(world: World, tree: t.Expr, position: int) -> Iterator[tuple[str, str]]:
    """Letters for two of a kind that a quantity is about, ``ℓ = -log σ(w^T (h_i - h_j))``: two different ones."""
    for part in t.walk(tree):
        of = part.of if isinstance(part, t.Derivative) else None
        if not isinstance(of, t.Symbol) or of.scripts or of.primes:
            continue
        for definition in world.definitions.get(stem_of(of), ()):
            yield from _left_out(definition.value)
        if of.subscripts:
            continue
        known = world.find(sort(of, world.spelling, {}).key, position)
        if known is None or known[0].numeric:
            continue
        uses: dict[str, set[str]] = {}
        for name in (p for p in t.walk(known[0].value) if isinstance(p, t.Symbol)):
            for sub in name.subscripts:
                uses.setdefault(stem_of(name), set()).update(letters_in(sub))
        free = free_letters(known[0].value, world.spelling)
        for letters in uses.values():
            yield from combinations(sorted(letters & free), 2)


def _left_out(tree: t.Expr) -> Iterator[tuple[str, str]]:
    """``Σ_{k≠i}``: k is another one than i."""
    for part in t.walk(tree):
        if isinstance(part, t.Big) and isinstance(part.condition, t.Relation):
            names = [m.base for m in part.condition.members if isinstance(m, t.Symbol)]
            if part.condition.relations == ("neq",) and len(names) == 2:
                yield names[0], names[1]


def _looks_ahead(tree: t.Expr) -> set[str]:
    """Letters that stand with something added: ``h_{t+1}`` says nothing of the last time."""
    found: set[str] = set()
    for part in t.walk(tree):
        if isinstance(part, t.Sum) and len(part.terms) == 2 and part.signs == (1, 1):
            first, second = part.terms
            if isinstance(second, t.Number) and second.is_whole:
                found |= set(letters_in(first))
    return found


def _places(world: World, letter: str, run: range) -> list[int]:
    if letter == "l":
        return [2]
    if len(run) >= 3:
        return [run[1], run[0], run[2]] if letter not in "tT" else [run[1], run[2]]
    return list(run) or [1]


def _allowed(
    world: World, env: Mapping[str, int], conditions: Sequence[t.Expr], position: int
) -> bool:
    for tree in conditions:
        try:
            truth = condition(Interpreter(world, position, Choices(), env), tree)
        except NotUnderstood:
            continue
        if truth is False:
            return False
    return True


def as_functions(
    world: World,
    position: int,
    left: t.Expr,
    right: t.Expr,
    envs: Sequence[Mapping[str, int]],
    near: Mapping[Node, Array] | None = None,
    code: bool = False,
    may_vanish: bool = False,
    limit: int = READINGS,
    hasty: bool = False,
) -> Link:
    """Compare two members wherever their names have values; ``hasty`` only until they differ for some indices."""
    failed: Link | None = None
    unknown: Link | None = None

    def attempt(choices: Choices) -> Link:
        return _read_and_compare(
            world, position, left, right, envs, near, code, may_vanish, choices, hasty
        )

    for link, choices in readings(attempt, limit):
        if link.verdict == "ok" and OUTER in choices.taken and not link.why:
            return replace(link, why=OUTER)
        if link.verdict in ("ok", "convention"):
            return link
        doubts = [said for said in choices.taken if said.startswith(DOUBTED)]
        if doubts:
            unknown = unknown or Link("unknown", doubts[0].removeprefix(DOUBTED))
        elif link.verdict != "wrong":
            unknown = unknown or link
        elif differentiate.PARTIAL not in choices.taken:
            failed = failed or link  # what nobody need have meant is no mistake
    return failed or unknown or Link("unknown", "nothing was understood")


def between(world: World, ordinal: int, left: t.Expr, right: t.Expr, limit: int = READINGS) -> Link:
    """What is to be said of an equation between two formulas by itself, as they are read at a place."""
    envs = assignments(world, [left, right], (), ordinal)
    return as_functions(world, ordinal, left, right, envs, limit=limit)


def _read_and_compare(
    world: World,
    position: int,
    left: t.Expr,
    right: t.Expr,
    envs: Sequence[Mapping[str, int]],
    near: Mapping[Node, Array] | None,
    code: bool,
    may_vanish: bool,
    choices: Choices,
    hasty: bool,
) -> Link:
    how = ""
    sides: tuple[Value, Value] | None = None
    opened: set[str] = set()
    held = 0
    worst: Link | None = None
    apart: Unconnected | None = None
    waiting = [(env, may_vanish) for env in envs]
    while waiting and not (hasty and worst):
        env, vanish = waiting.pop(0)
        choices.restart()
        reader = Interpreter(world, position, choices, env)
        reader.code, reader.may_vanish = code, vanish
        try:
            a = reader.value(left)
            b = reader.value(right, _hint(a))
        except Unconnected as reason:
            apart = apart or reason
            if not vanish and (held or worst or any(not v for _, v in waiting)):
                waiting.append((env, True))  # zero for some indices, if it is not for all of them
                continue
            return Link("unknown", str(reason))
        except NotUnderstood as reason:
            return Link("unknown", str(reason))
        if vanish and not may_vanish and not (held or worst):
            return Link("unknown", str(apart))
        opened |= reader.opened
        sides = sides or (a, b)
        a, b, outcome = _outcome(reader, (left, right), (a, b), near)
        if outcome.holds is None:
            if a == b:
                held += 1
                continue
            return Link("unknown", _no_point(a, b), a, b, opened=frozenset(opened))
        if not outcome.holds:
            worst = worst or _differing(world, a, b, outcome.difference, frozenset(opened), env)
            continue
        held += 1
        how = how or outcome.how
    if worst is not None:
        return worst
    if sides is None:
        return Link("unknown", "no index satisfies the conditions")
    return _equal(world, sides, how, frozenset(opened))


def _outcome(
    reader: Interpreter,
    trees: tuple[t.Expr, t.Expr],
    sides: tuple[Value, Value],
    near: Mapping[Node, Array] | None,
) -> tuple[Value, Value, Comparison]:
    """The two sides as they were compared in the end, and what came of it."""
    world = reader.world
    a, b = dual.truncated(world, *sides)
    held = conditions.truths(reader, a, b)
    outcome = compare(a, b, near, world.layouts.strict, world.is_active(), held)
    if outcome.holds is False and world.conditions:
        a, b = conditions.there(reader, a, b)
        outcome = compare(a, b, near, world.layouts.strict, world.is_active(), held)
    if outcome.holds is False and world.small:
        straight = [dual.of_first_order(reader, side) for side in (a, b)]
        if any(compare(x, y).holds for x, y in zip(straight, (a, b), strict=True)):
            a, b = straight
            outcome = compare(a, b, near, world.layouts.strict, world.is_active(), held)
    if not outcome.holds:
        entry = _of_one_entry(world, reader.env, trees, (a, b))
        if entry is not None and compare(*entry, near).holds:
            return a, b, Comparison(True, "entry")
    return a, b, outcome


def _of_one_entry(
    world: World, env: Mapping[str, int], trees: tuple[t.Expr, t.Expr], sides: tuple[Value, Value]
) -> tuple[Value, Value] | None:
    """``softmax(z) = e^{z_i} / Σ_j e^{z_j}``: of an array on one side, the entry that the other one is about.

    So of slopes by one number: ``dP/dw = x_i`` beside ``P_i = x_i w``.
    """
    letters = [free_letters(tree, world.spelling) for tree in trees]
    for array, single in ((0, 1), (1, 0)):
        whole, number = sides[array], sides[single]
        extra = letters[single] - letters[array]
        if isinstance(whole, Jacobian) and not squeezed(whole.wrt_shape):
            whole, number = whole.node, node_of(number)
        if not isinstance(whole, Node) or len(extra) != 1 or letters[array] - letters[single]:
            continue
        letter = next(iter(extra))
        run, size = world.run_of(letter), squeezed(sizes(whole))
        if squeezed(sizes(node_of(number))) or size != (len(run),) or env.get(letter) not in run:
            continue
        entry = TABLE["getitem"](reshaped(whole, size), (env[letter] - run.start,))
        return (entry, number) if array == 0 else (number, entry)
    return None


def _differing(
    world: World,
    a: Value,
    b: Value,
    difference: Difference | None,
    opened: frozenset[str],
    env: Mapping[str, int],
) -> Link:
    """Two sides that are not the same."""
    if dual.is_apart(world, a, b):
        return Link("unknown", "one side only has an infinitesimal part", a, b)
    return Link("wrong", "", a, b, difference, opened=opened, env=env)


def _equal(world: World, sides: tuple[Value, Value], how: str, opened: frozenset[str]) -> Link:
    """Two sides that agree for all indices; ``how`` if only in another layout or shorthand."""
    if _is_by_matrix(sides[0]):
        world.layouts.note(how)
    verdict = "convention" if how in ("layout", "transposed", "shorthand", "entry") else "ok"
    return Link(verdict, how, *sides, opened=opened)


def _is_by_matrix(value: Value) -> bool:
    """The gradient of a number by a matrix."""
    return (
        isinstance(value, Jacobian)
        and not squeezed(value.of_shape)
        and len(squeezed(value.wrt_shape)) == 2
    )


def _hint(value: Value) -> tuple[int, ...] | None:
    if not isinstance(value, Jacobian):
        return sizes(value)
    of, by = squeezed(value.of_shape), squeezed(value.wrt_shape)
    if not of:
        return value.wrt_shape
    if not by:
        return value.of_shape
    return (*of, *by) if len(of) == len(by) == 1 else None


def _no_point(a: Value, b: Value) -> str:
    def shape(v: Value) -> str:
        return "×".join(map(str, sizes(node_of(v)))) or "scalar"

    if isinstance(a, Node) and isinstance(b, Node) and a.shape == b.shape:
        return "the two sides have no values at the points that were tried"
    return f"the two sides have shapes {shape(a)} and {shape(b)}"
