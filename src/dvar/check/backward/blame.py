"""The wrong line: the change of one place that makes the gradients right, at the first line that computes
nothing known.
"""

from __future__ import annotations

import ast
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dvar.check.backward.bends import TIERS, Bend, bends
from dvar.check.backward.source import HOLDERS, Piece, Source, kept_attributes, statements
from dvar.check.backward.subject import Subject, input_of
from dvar.check.backward.truth import GRADIENT_OF
from dvar.check.backward.watching import Computed, Known, Watch
from dvar.core.errors import ReadError
from dvar.core.op import Array

if TYPE_CHECKING:
    from dvar.check.backward.judge import Probe

RUNS = 4_000
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
    """A change that makes some gradients right and spoils none."""

    piece: Piece
    statement: ast.stmt
    bend: Bend
    text: str
    line: int
    gradients: tuple[str, ...]


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
    misnamed, suspects, cost = _suspects(subject, source, probes[0])
    rest, good, found = list(wrong), list(kept), []
    while rest:
        repairs = _repairs(subject, source, probes, rest, good, suspects, right, cost)
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
        line = next((line for line in suspects if line in misnamed), suspects[-1])
        words = "what this line computes is neither a gradient nor a share of one; no single slip explains it"
        found.append(Blame(line, _line(source, line), tuple(rest), ("unknown",), "", words))
    return sorted(found)


def line_of_error(subject: Subject, error: Exception) -> tuple[int, str]:
    """The last line of the backward pass that an error went through."""
    with suppress(ReadError):
        source = subject.source()
        codes = {p.code for p in source.pieces}
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_code in codes:
                last = line
        return last, _line(source, last)
    return 0, ""


def _suspects(subject: Subject, source: Source, probe: Probe) -> tuple[set[int], list[int], float]:
    """Lines of values that are not the gradients they are called after; these with all those whose values are
    nothing that is known, in the order in which they are run; and what a run costs.
    """
    given = [("an input", np.asarray(x)) for x in probe.inputs.values() if np.size(x)]
    given += [("an upstream gradient", np.asarray(g)) for g in probe.upstreams]
    known = Known([*probe.truth.known, *given])
    once, steps = _seen(subject, source, probe, 1.0)
    cost = (1 + steps / LINES) * COSTS[subject.framework]
    if not probe.truth.known:
        return set(), [], cost
    twice, _ = _seen(subject, source, probe, 2.0)
    gradients = _named(probe)
    misnamed = {
        c.line
        for c, other in zip(once, twice, strict=False)
        # A local derivative may be called like a gradient; it does not grow with the upstream gradient.
        if not np.array_equal(c.value, other.value, equal_nan=True) and _is_misnamed(c, gradients)
    }
    lines = (c.line for c in once if c.line in misnamed or known.words(c.value) is None)
    return misnamed, list(dict.fromkeys(lines)), cost


def _named(probe: Probe) -> dict[str, Array]:
    """The true gradients by what they are of."""
    return {
        words.removeprefix(GRADIENT_OF): value
        for words, value in probe.truth.known
        if words.startswith(GRADIENT_OF)
    }


def _seen(
    subject: Subject, source: Source, probe: Probe, scale: float
) -> tuple[list[Computed], int]:
    """What lines of the backward pass compute for scaled upstream gradients, and how many were run."""
    watch = Watch([p.code for p in source.pieces])
    with watch, np.errstate(all="ignore"), suppress(Exception):
        subject.run(probe.inputs, lambda _: [scale * np.copy(g)[()] for g in probe.upstreams])
    last = _last_of_each(watch.computed)
    return [c for c in last if c.value.dtype.kind in "fb" and c.value.size > 1], watch.steps


def _is_misnamed(computed: Computed, gradients: Mapping[str, Array]) -> bool:
    """Whether ``dxhat`` is not the gradient of ``xhat``, which is known."""
    about = input_of(computed.name, list(gradients))
    if about is None or about == computed.name:
        return False
    true = gradients[about]
    return true.size == computed.value.size and Known([(about, true)]).words(computed.value) is None


def _last_of_each(computed: Sequence[Computed]) -> list[Computed]:
    """What a line gave to a name at last: in loops, sums grow."""
    last = {(c.line, c.name): n for n, c in enumerate(computed)}
    return [computed[n] for n in sorted(last.values())]


# ── repairs ─────────────────────────────────────────────────────────────────────────────────────


def _repairs(
    subject: Subject,
    source: Source,
    probes: Sequence[Probe],
    wrong: Sequence[str],
    kept: Sequence[str],
    suspects: Sequence[int],
    right: Right,
    cost: float,
) -> list[Repair]:
    """The plainest changes that make all wrong gradients right, or else as many as there are."""
    left = RUNS / cost
    best: list[Repair] = []
    for tier in range(TIERS):
        found: list[Repair] = []
        for piece, statement, bend in _ordered(subject, source, suspects, tier):
            left -= 1
            if left < 0 or len(found) >= ENOUGH:
                break
            undo = bend.swap()
            gradients = _righted(subject, source, piece, probes, wrong, kept, right)
            if gradients:
                text = ast.unparse(statement)
                found.append(Repair(piece, statement, bend, text, piece.line(statement), gradients))
            undo.swap()
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


def _ordered(
    subject: Subject, source: Source, suspects: Sequence[int], tier: int
) -> Iterator[tuple[Piece, ast.stmt, Bend]]:
    """Changes to try: at the lines under suspicion, then at all others."""
    places = [(piece, s) for piece in source.pieces for s in statements(piece)]
    kept = kept_attributes(subject.forward)
    for wanted in (True, False):
        for piece, statement in places:
            lines = range(piece.line(statement), piece.line(statement) + _height(statement))
            if any(n in suspects for n in lines) == wanted:
                for bend in bends(statement, _names_before(piece, statement, kept), tier):
                    yield piece, statement, bend


def _height(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) - statement.lineno + 1


def _names_before(piece: Piece, statement: ast.stmt, kept: Sequence[str]) -> list[str]:
    """Parameters, names that earlier lines assign, and what the forward pass keeps in an object that is passed."""
    arguments = piece.definition.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    holders = [n for n in names if n in HOLDERS]
    for other in statements(piece):
        if other.lineno >= statement.lineno:
            break
        for node in ast.walk(other):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.append(node.id)
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
        return at, len(repair.text), _LIKELY.index(repair.bend.cause)

    ordered = sorted(repairs, key=rank)
    here = [r for r in ordered if r.line == ordered[0].line]
    return ordered[0], tuple(dict.fromkeys(r.bend.cause for r in here))


def _line(source: Source, line: int) -> str:
    for piece in source.pieces:
        for statement in statements(piece):
            if piece.line(statement) <= line < piece.line(statement) + _height(statement):
                return ast.unparse(statement)
    return ""
