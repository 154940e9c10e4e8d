"""The wrong line: the change of one place that makes the gradients right, at the first line that computes
nothing known.
"""

from __future__ import annotations

import ast
import itertools
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dvar.check.backward.bends import TIERS, Bend, bends
from dvar.check.backward.reach import Reach, is_alone, only_line, reach_of
from dvar.check.backward.source import HOLDERS, Piece, Source, statements
from dvar.check.backward.subject import Subject, input_of
from dvar.check.backward.truth import GRADIENT_OF
from dvar.check.backward.watching import Computed, Known, Watch
from dvar.core.errors import ReadError
from dvar.core.op import Array

if TYPE_CHECKING:
    from dvar.check.backward.comparing import Probe

RUNS = 6_000
"""Changed passes that are run at most, counted in passes of a few lines: a busy machine gives the same answer."""
LINES = 100
"""Lines that cost as much as the rest of a pass."""
COSTS = {"numpy": 1, "torch": 4, "jax": 25}
"""Passes of NumPy that one of each framework costs as much as; JAX compiles every changed loop anew."""
ENOUGH = 6
"""Repairs after which no more are looked for."""
Right = Callable[[Subject, Sequence["Probe"], Any, Sequence[str]], list[str]]


class Blame(NamedTuple):
    """A line, and what is wrong with it.

    Attributes:
        line, source: where, and the line as it is.
        gradients: the gradients that it spoils.
        causes: the slips that explain it, the likeliest first.
        repaired: the line as it should be; empty if no repair was found.
        message: in words.
    """

    line: int
    source: str
    gradients: tuple[str, ...]
    causes: tuple[str, ...]
    repaired: str
    message: str


class Repair(NamedTuple):
    """A change that makes some gradients right and spoils none; ``longer`` by so many letters."""

    piece: Piece
    statement: ast.stmt
    bend: Bend
    text: str
    line: int
    gradients: tuple[str, ...]
    longer: int


def blame(
    subject: Subject,
    probes: Sequence[Probe],
    wrong: Sequence[str],
    kept: Sequence[str],
    right: Right,
) -> list[Blame]:
    """The lines that make some gradients wrong, in the order of the file.

    Args:
        subject: what is checked.
        probes: numbers and the true gradients.
        wrong: the gradients that are wrong.
        kept: those that are right, and have to stay so.
        right: those of some gradients that a changed backward pass returns right.
    """
    try:
        source = subject.source()
    except ReadError:
        return []
    misnamed, suspects, watch = _suspects(subject, source, probes[0])
    cost = (1 + watch.steps / LINES) * COSTS[subject.framework]
    reach = _reach(subject, source, probes[0])
    rest, good, found = list(wrong), list(kept), []
    while rest:
        ranked = _Ranked(subject, source, suspects, reach, good, rest, watch.shapes)
        repairs = _repairs(subject, source, probes, rest, good, ranked, right, cost)
        if not repairs:
            break
        best, causes = _best(repairs, suspects)
        # The line stays repaired: another slip may have hidden behind it.
        before = ast.unparse(best.statement)
        best.bend.swap()
        source.settle(best.piece)
        found.append(Blame(best.line, before, best.gradients, causes, best.text, best.bend.words))
        rest = [n for n in rest if n not in best.gradients]
        good += best.gradients
    if rest and not found and suspects:
        # What comes before may be right and yet nothing that is known: half of a formula, under a name of its own.
        shared = {
            piece.line(s)
            for piece, s in source.statements()
            if not is_alone(reach, s, good) or not set(rest) <= reach.get(id(s), set(rest))
        }
        likely = [n for n in suspects if n not in shared] or suspects
        line = next((n for n in likely if n in misnamed), likely[-1])
        words = "what this line computes is neither a gradient nor a share of one; no single slip explains it"
        found.append(Blame(line, _line(source, line), tuple(rest), ("unknown",), "", words))
    elif rest and (only := only_line(source, reach, good, rest)):
        words = "only this line computes anything of it; no single slip explains it"
        found.append(Blame(only, _line(source, only), tuple(rest), ("unknown",), "", words))
    return sorted(found)


def line_of_error(subject: Subject, error: Exception) -> tuple[int, str]:
    """The last line of the backward pass that an error went through."""
    with suppress(ReadError):
        source = subject.source()
        codes = {p.code for p in source.pieces}
        last = 0
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code in codes:
                last = line
        return last, _line(source, last)
    return 0, ""


def _suspects(subject: Subject, source: Source, probe: Probe) -> tuple[set[int], list[int], Watch]:
    """Lines of values that are not the gradients they are called after; these with all those whose values are
    nothing that is known, in the order in which they are run; and what was seen of a run.
    """
    given = [("an input", np.asarray(x)) for x in probe.inputs.values() if np.size(x)]
    given += [("an upstream gradient", np.asarray(g)) for g in probe.upstreams]
    known = Known([*probe.truth.known, *given])
    once, watch = _seen(subject, source, probe, 1.0)
    if not probe.truth.known:
        return set(), [], watch
    twice, _ = _seen(subject, source, probe, 2.0)
    gradients = _named(probe)
    last = {c.name: c for c in once}  # before it is updated, dz /= n, a gradient need not be one
    misnamed = {
        c.line
        for c, other in zip(once, twice, strict=False)
        # A local derivative may be called like a gradient; it does not grow with the upstream gradient.
        if c is last[c.name]
        and not np.array_equal(c.value, other.value, equal_nan=True)
        and [d.line for d in once].count(c.line) == 1  # in loops, other rounds have the same name
        and _is_misnamed(c, gradients)
    }
    lines = [c.line for c in once if c.line in misnamed or known.words(c.value) is None]
    return misnamed, list(dict.fromkeys(_with_carried(source, lines))), watch


def _with_carried(source: Source, lines: Sequence[int]) -> Iterator[int]:
    """The lines; after the first those that give it something in the round of a loop before."""
    yield from lines[:1]
    places = [(piece.lines(s), s) for piece, s in source.statements()]
    for here, statement in places:
        if lines and lines[0] in here:
            read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
            later = ((there.start, s) for there, s in places if there.start > here.start)
            yield from (n for n, s in later if read & set(_stored(s)))
    yield from lines[1:]


def _stored(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _named(probe: Probe) -> dict[str, Array]:
    """The true gradients by what they are of."""
    return {
        words.removeprefix(GRADIENT_OF): value
        for words, value in probe.truth.known
        if words.startswith(GRADIENT_OF)
    }


def _seen(
    subject: Subject, source: Source, probe: Probe, scale: float
) -> tuple[list[Computed], Watch]:
    """What lines of the backward pass compute for scaled upstream gradients, and all that was seen."""
    watch = Watch([p.code for p in source.pieces])
    with watch, np.errstate(all="ignore"), suppress(Exception):
        subject.run(probe.inputs, lambda _: [scale * np.copy(g)[()] for g in probe.upstreams])
    growing = {piece.line(s) for piece, s in source.statements() if _grows(s)}
    told = _telling(watch.computed, growing)
    return [
        c for c in told if np.any(c.value) and c.value.dtype.kind in "fb" and c.value.size > 1
    ], watch


def _is_misnamed(computed: Computed, gradients: Mapping[str, Array]) -> bool:
    """Whether ``dxhat`` is not the gradient of ``xhat``, which is known."""
    about = input_of(computed.name, list(gradients))
    if about is None or about == computed.name:
        return False
    true = gradients[about]
    return true.size == computed.value.size and Known([(about, true)]).words(computed.value) is None


def _grows(statement: ast.stmt) -> bool:
    """Whether a statement adds to what is there, so that only the last of its values means something."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return isinstance(statement, ast.AugAssign) or any(
        isinstance(t, ast.Subscript) for t in targets
    )


def _telling(computed: Sequence[Computed], growing: Collection[int]) -> list[Computed]:
    """What lines gave to names, of those that add up the last."""
    last = {(c.line, c.name): n for n, c in enumerate(computed)}
    return [c for n, c in enumerate(computed) if c.line not in growing or n == last[c.line, c.name]]


# ── repairs ─────────────────────────────────────────────────────────────────────────────────────


def _repairs(
    subject: Subject,
    source: Source,
    probes: Sequence[Probe],
    wrong: Sequence[str],
    kept: Sequence[str],
    ranked: _Ranked,
    right: Right,
    cost: float,
) -> list[Repair]:
    """The plainest changes that make all wrong gradients right, or else as many as there are."""
    left = RUNS / cost
    best: list[Repair] = []
    # Few statements are likely: these first, whatever it takes.
    plain = [] if kept else [(False, 0), (False, 1)]
    for only, tier in [*plain, *itertools.product((True, False), range(TIERS))]:
        found: list[Repair] = []
        for piece, statement, bend in ranked.changes(tier, only):
            left -= 1
            if left < (RUNS / cost / 4 if only else 0) or len(found) >= ENOUGH:
                break
            undo = bend.swap()
            gradients = _righted(subject, source, piece, probes, wrong, kept, right)
            if gradients:
                text = ast.unparse(statement)
            undo.swap()
            if gradients:
                place, longer = piece.line(statement), len(text) - len(ast.unparse(statement))
                found.append(Repair(piece, statement, bend, text, place, gradients, longer))
        # One slip may spoil several gradients; what repairs all of them is looked for to the end.
        most = max((len(r.gradients) for r in found), default=0)
        if most > max((len(r.gradients) for r in best), default=0):
            best = [r for r in found if len(r.gradients) == most]
        if most == len(wrong):
            break
    return best


def _righted(
    subject: Subject,
    source: Source,
    piece: Piece,
    probes: Sequence[Probe],
    wrong: Sequence[str],
    kept: Sequence[str],
    right: Right,
) -> tuple[str, ...]:
    """The wrong gradients that are right with a piece as it is now; none if it spoils another."""
    names = [*wrong, *kept]
    try:
        ast.fix_missing_locations(piece.tree)
        changed = source.rebuilt(piece)
        for some in (probes[:1], probes):
            names = right(subject, some, changed, names)
            if not set(kept) <= set(names) or not set(wrong) & set(names):
                return ()
    except (SyntaxError, ValueError, TypeError):
        return ()  # no such program
    return tuple(n for n in wrong if n in names)


class _Ranked(NamedTuple):
    """Which statements are changed first."""

    subject: Subject
    source: Source
    suspects: Sequence[int]
    reach: Reach
    kept: Sequence[str]
    wrong: Sequence[str]
    shapes: Mapping[str, tuple[int, ...] | None]

    def changes(self, tier: int, only: bool) -> Iterator[tuple[Piece, ast.stmt, Bend]]:
        """Changes to try: where no right gradient has a share, then at the lines under suspicion, then at all others.

        Args:
            tier: how plain the changes are.
            only: whether only the few likeliest statements are changed.
        """
        attributes = self.subject.attributes()
        for piece, statement in sorted(self.source.statements(), key=lambda x: self._rank(*x)):
            if self._is_likely(piece, statement) if only else self._reached(statement):
                names = self._names(piece, statement, attributes, tier)
                for bend in bends(statement, names, tier):
                    yield piece, statement, bend

    def _reached(self, statement: ast.stmt) -> set[str]:
        return set(self.wrong) & self.reach.get(id(statement), frozenset(self.wrong))

    def _is_likely(self, piece: Piece, statement: ast.stmt) -> bool:
        """Whether a statement has a share in just the wrong gradients, or is where the first wrong value comes from."""
        if not self.kept:
            return any(n in piece.lines(statement) for n in self.suspects[:3])
        alone = is_alone(self.reach, statement, self.kept)
        return alone and len(self._reached(statement)) == len(self.wrong)

    def _names(
        self, piece: Piece, statement: ast.stmt, attributes: Sequence[str], tier: int
    ) -> list[str]:
        """What is there; of what may be a factor only numbers that fit."""
        names = _names_before(piece, statement, attributes)
        if tier < 4:
            return names
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        whole = self.shapes.get(target.id) if isinstance(target, ast.Name) and tier == 4 else None
        return [n for n in names if n not in self.shapes or _fits(self.shapes[n], whole)]

    def _rank(self, piece: Piece, statement: ast.stmt) -> tuple[bool, bool]:
        suspected = any(n in piece.lines(statement) for n in self.suspects)
        return not is_alone(self.reach, statement, self.kept), not suspected


def _fits(shape: tuple[int, ...] | None, whole: tuple[int, ...] | None) -> bool:
    """Whether something can be a factor of a whole value, as far as that is known."""
    if shape is None or whole is None:
        return shape is not None
    if len(shape) == len(whole) == 2 and set(shape) & set(whole):
        return True  # in a product of matrices
    return all(a == b or 1 in (a, b) for a, b in zip(shape[::-1], whole[::-1], strict=False))


def _reach(subject: Subject, source: Source, probe: Probe) -> Reach:
    """What every statement of the backward pass reaches; nothing is known if it cannot be run."""

    def gradients(changed: Any) -> Mapping[str, Array]:
        upstreams = [np.copy(g)[()] for g in probe.upstreams]
        with np.errstate(all="ignore"):
            return subject.run(probe.inputs, lambda _: upstreams, changed).gradients

    try:
        return reach_of(source, gradients)
    except Exception:  # the user's function may raise anything
        return {}


def _names_before(piece: Piece, statement: ast.stmt, kept: Sequence[str]) -> list[str]:
    """Parameters, names that earlier lines assign, and what the forward pass keeps in an object that is passed."""
    arguments = piece.definition.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    holders = [n for n in names if n in HOLDERS]
    for other in statements(piece):
        if other.lineno >= statement.lineno:
            break
        names += _stored(other)
    names += [f"{holder}.{attribute}" for holder in holders for attribute in kept]
    return [n for n in dict.fromkeys(names) if n not in HOLDERS]


_LIKELY = (
    "sign", "transpose", "missing-sum", "mask", "wrong-variable", "factor", "missing-factor", "missing-path",
    "wrong-rule", "wrong-operand",
)  # fmt: skip


def _best(repairs: Sequence[Repair], suspects: Sequence[int]) -> tuple[Repair, tuple[str, ...]]:
    """The repair of the line that is wrong first, and the slips that explain that line."""

    def rank(repair: Repair) -> tuple[int, int, int]:
        at = suspects.index(repair.line) if repair.line in suspects else len(suspects)
        return at, repair.longer, _LIKELY.index(repair.bend.cause)

    ordered = sorted(repairs, key=rank)
    here = [r for r in ordered if r.line == ordered[0].line]
    return ordered[0], tuple(dict.fromkeys(r.bend.cause for r in here))


def _line(source: Source, line: int) -> str:
    here = (s for piece, s in source.statements() if line in piece.lines(s))
    return next((ast.unparse(s) for s in here), "")
