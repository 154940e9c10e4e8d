"""One link of a chain: whether two members say the same, as functions or as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product as every

import numpy as np

from dvar.check.judge.compare import Comparison, Difference, compare
from dvar.check.judge.ledger import Ledger
from dvar.check.judge.literal import Literal, is_numeric, read_literal
from dvar.check.meaning import differentiate
from dvar.check.meaning.choices import Choices, readings
from dvar.check.meaning.interpret import Interpreter
from dvar.check.meaning.keys import letters_in
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.points import Point
from dvar.check.meaning.structures import condition
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Unconnected,
    Value,
    reshaped,
    squeezed,
)
from dvar.check.meaning.world import World
from dvar.core.node import Node, topological
from dvar.core.op import Array
from dvar.read.worksheet import tree as t

READINGS = 24
ASSIGNMENTS = 4


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
    """

    verdict: str
    why: str = ""
    left: Value | None = None
    right: Value | None = None
    difference: Difference | None = None
    roots: tuple[int, ...] = ()
    numbers: tuple[Array, Array] | None = None
    opened: frozenset[str] = frozenset()
    env: Mapping[str, int] = field(default_factory=dict)


def is_number(tree: t.Expr, world: World) -> bool:
    return is_numeric(tree, lambda name: name == "sigma" and name not in world.plain)


# ── as functions ────────────────────────────────────────────────────────────────────────────────


def assignments(
    world: World, trees: Sequence[t.Expr], conditions: Sequence[t.Expr], position: int
) -> list[dict[str, int]]:
    """Numbers for the free index letters of a statement; several, so that nothing holds by chance."""
    letters = sorted({c for tree in trees for c in free_letters(tree, world.spelling)} - {"L"})
    if not letters:
        return [{}]
    runs = [world.run_of(c) for c in letters]
    ahead = {c for tree in trees for c in _looks_ahead(tree)}
    picks = [
        _places(world, c, run[:-1] if c in ahead and len(run) > 1 else run)
        for c, run in zip(letters, runs, strict=True)
    ]
    found: list[dict[str, int]] = []
    distinct = {c: p[n % len(p)] for n, (c, p) in enumerate(zip(letters, picks, strict=True))}
    turned = {c: p[(n + 1) % len(p)] for n, (c, p) in enumerate(zip(letters, picks, strict=True))}
    equal = {c: p[0] for c, p in zip(letters, picks, strict=True)}
    others = (dict(zip(letters, values, strict=True)) for values in every(*picks))
    for candidate in (distinct, turned, equal, *others):
        if candidate not in found and _allowed(world, candidate, conditions, position):
            found.append(candidate)
        if len(found) >= ASSIGNMENTS:
            break
    return found


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
) -> Link:
    """Compare two members wherever their names have values."""
    failed: Link | None = None
    unknown: Link | None = None

    def attempt(choices: Choices) -> Link:
        return _read_and_compare(
            world, position, left, right, envs, near, code, may_vanish, choices
        )

    for link, choices in readings(attempt, limit):
        if link.verdict in ("ok", "convention"):
            return link
        if link.verdict != "wrong":
            unknown = unknown or link
        elif (
            differentiate.PARTIAL not in choices.taken
        ):  # what nobody need have meant is no mistake
            failed = failed or link
    return failed or unknown or Link("unknown", "nothing was understood")


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
) -> Link:
    how = ""
    sides: tuple[Value, Value] | None = None
    opened: set[str] = set()
    held = 0
    worst: Link | None = None
    apart: Unconnected | None = None
    waiting = [(env, may_vanish) for env in envs]
    while waiting:
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
        outcome = compare(a, b, near, world.layouts.strict, world.is_active())
        if outcome.holds is None:
            if a == b:
                held += 1
                continue
            return Link("unknown", _no_point(a, b), a, b, opened=frozenset(opened))
        if not outcome.holds:
            worst = worst or Link(
                "wrong", "", a, b, outcome.difference, opened=frozenset(opened), env=env
            )
            continue
        held += 1
        how = how or outcome.how
    if worst is not None:
        if held and _is_diagonal_only(worst.env, envs):
            return Link("convention", "holds where the indices differ", worst.left, worst.right)
        return worst
    if sides is None:
        return Link("unknown", "no index satisfies the conditions")
    if _is_by_matrix(sides[0]):
        world.layouts.note(how)
    verdict = "convention" if how in ("layout", "transposed", "shorthand") else "ok"
    return Link(verdict, how, *sides, opened=frozenset(opened))


def _is_by_matrix(value: Value) -> bool:
    """The gradient of a number by a matrix."""
    return (
        isinstance(value, Jacobian)
        and not squeezed(value.of_shape)
        and len(squeezed(value.wrt_shape)) == 2
    )


def _is_diagonal_only(env: Mapping[str, int], envs: Sequence[Mapping[str, int]]) -> bool:
    return False


def _hint(value: Value) -> tuple[int, ...] | None:
    if isinstance(value, Jacobian):
        return value.wrt_shape if not squeezed(value.of_shape) else None
    return tuple(int(n) for n in value.shape)  # type: ignore[arg-type]


def _no_point(a: Value, b: Value) -> str:
    def shape(v: Value) -> str:
        found = v.node.shape if isinstance(v, Jacobian) else v.shape
        return "×".join(map(str, found)) or "scalar"

    if isinstance(a, Node) and isinstance(b, Node) and a.shape == b.shape:
        return "the two sides have no values at the points that were tried"
    return f"the two sides have shapes {shape(a)} and {shape(b)}"


# ── as numbers ──────────────────────────────────────────────────────────────────────────────────


def value_at(node: Node, known: Mapping[Node, Array]) -> Array | None:
    """The value of a node where these numbers are known; None if they do not suffice."""
    value = Point(closed=True, known=known).value(node)
    if value is None or not np.all(np.isfinite(value.astype(float))):
        return None
    return value


def like(value: Array, other: Array) -> Array | None:
    """``value`` in the shape of ``other`` where only the orientation differs."""
    if value.shape == other.shape:
        return value
    if squeezed(value.shape) == squeezed(other.shape):
        return value.reshape(other.shape)
    if value.shape == () and other.shape == (1,):
        return value.reshape(1)
    if value.size == 1 and np.all(other == other.flat[0]):
        return np.broadcast_to(value, other.shape)
    return None


def close(a: Array, b: Array, slack: Array) -> bool:
    """Whether two numbers agree within the slack, and a little for the arithmetic."""
    scale = np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= slack * 1.0000001 + 1e-9 * scale + 1e-12))


def with_numbers(
    world: World,
    position: int,
    left: t.Expr,
    right: t.Expr,
    envs: Sequence[Mapping[str, int]],
    ledger: Ledger,
    sync: object,
) -> Link:
    """Compare a formula with numbers, at the numbers that the document gives."""
    assert callable(sync)
    failed: Link | None = None
    unknown: Link | None = None

    def attempt(choices: Choices) -> Link:
        reader = Interpreter(world, position, choices, envs[0] if envs else {})
        try:
            a = reader.value(left)
            literal, _ = read_literal(Interpreter(world, position), right, ledger)
        except NotUnderstood as reason:
            return Link("unknown", str(reason))
        sync()
        return _numeric(reader, a, literal, ledger)

    for link, _ in readings(attempt, READINGS):
        if link.verdict in ("ok", "convention", "carried"):
            return link
        if link.verdict == "wrong":
            failed = failed or link
        else:
            unknown = unknown or link
    return failed or unknown or Link("unknown", "nothing was understood")


def _numeric(e: Interpreter, left: Value, literal: Literal, ledger: Ledger) -> Link:
    from dvar.check.judge.compare import varies

    best: tuple[Array, Array] | None = None
    candidates = arrays_of(left)
    for node in candidates:
        for _, known in ledger.states():
            found = value_at(node, known)
            if found is None:
                continue
            matched = like(found, literal.value)
            if matched is None:
                continue
            best = best or (matched, literal.value)
            if close(matched, literal.value, literal.slack):
                return Link("ok", "", left, None, numbers=(matched, literal.value))
    for node in candidates:
        if best is None and not varies(node):
            found = Point().value(node)
            matched = like(found, literal.value) if found is not None else None
            if matched is not None:
                if close(matched, literal.value, literal.slack):
                    return Link("ok", "", left, None, numbers=(matched, literal.value))
                best = (matched, literal.value)
    if best is None:
        missing = missing_values(candidates[0], ledger) if candidates else []
        why = (
            f"no numbers are given for {', '.join(missing[:4])}"
            if missing
            else "the shapes do not fit the numbers"
        )
        return Link("unknown", why, left)
    carried = _carried(candidates, literal, ledger)
    if carried:
        return Link("carried", "", left, None, roots=carried, numbers=best)
    if not ledger.spread.isdisjoint(topological(candidates)):
        return Link("unknown", "a single number is given for what is read as an array", left)
    return Link("wrong", "", left, None, numbers=best)


def _carried(nodes: Sequence[Node], literal: Literal, ledger: Ledger) -> tuple[int, ...]:
    """The lines whose mistakes explain the numbers; empty if none do."""
    believed = ledger.believed()
    for node in nodes:
        found = value_at(node, believed)
        matched = like(found, literal.value) if found is not None else None
        if matched is not None and close(matched, literal.value, literal.slack):
            roots = _roots_under(node, ledger)
            if roots:
                return roots
    if literal.roots:
        for node in nodes:
            for _, known in (*ledger.states(), ("believed", believed)):
                found = value_at(node, known)
                matched = like(found, literal.value) if found is not None else None
                if matched is not None and close(
                    matched, literal.value, literal.slack_with_mistakes
                ):
                    return literal.roots
    return ()


def _roots_under(node: Node, ledger: Ledger) -> tuple[int, ...]:
    from dvar.core.node import topological

    stops = set(ledger.printed)
    found = {ledger.root_of(n) for n in topological([node], stops - {node})}
    return tuple(sorted(r for r in found if r is not None))


def missing_values(node: Node, ledger: Ledger) -> list[str]:
    """Open names without a number."""
    from dvar.core.node import topological
    from dvar.core.op import VARIABLE

    known = set(ledger.given) | set(ledger.printed)
    return [
        str(n.param("name"))
        for n in topological([node], known)
        if n.op is VARIABLE and n not in known
    ]


def arrays_of(value: Value) -> list[Node]:
    from dvar.check.judge.compare import _arrays as arrays

    if isinstance(value, Node):
        return [value]
    found = [node for _, node in arrays(value)]
    from dvar.check.meaning import chains

    found += [node for _, node in chains.slices(value) or []]
    return found


def between_numbers(
    world: World, position: int, left: t.Expr, right: t.Expr, ledger: Ledger
) -> Link:
    """Arithmetic: ``0.5·(2.94 - 1)² = 0.5·3.76 = 1.88``."""
    failed: Link | None = None
    unknown: Link | None = None

    def attempt(choices: Choices) -> Link:
        try:
            a, _ = read_literal(Interpreter(world, position, choices), left, ledger)
            b, _ = read_literal(Interpreter(world, position, choices), right, ledger)
        except NotUnderstood as reason:
            return Link("unknown", str(reason))
        matched = like(a.value, b.value)
        if matched is None or not np.all(np.isfinite(a.value.astype(float))):
            return Link("unknown", "the two sides are numbers of different shapes")
        numbers = (matched, b.value)
        if close(matched, b.value, _allowed_slack(a, b)):
            return Link("ok", "", numbers=numbers, roots=a.roots)
        return Link("wrong", "", numbers=numbers)

    for link, _ in readings(attempt, READINGS):
        if link.verdict == "ok":
            return link
        if link.verdict == "wrong":
            failed = failed or link
        else:
            unknown = unknown or link
    return failed or unknown or Link("unknown", "nothing was understood")


def _allowed_slack(a: Literal, b: Literal) -> Array:
    """One unit of the last digit shown, and what half a unit of each rounded operand makes."""
    slack = np.asarray(b.slack)
    if not a.is_plain and a.slack.size:
        matched = like(a.slack, slack)
        if matched is not None:
            slack = slack + matched / 2
    return slack


def same_outcome(outcome: Comparison) -> bool:
    return bool(outcome.holds)


def shaped(node: Node, shape: tuple[int, ...]) -> Node:
    return reshaped(node, shape)
