"""Steps of an iteration written like a function: ``v(t) = βv(t-1) - αf'(x(t-1))`` beside ``v_1 = -1``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.functions import is_known
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_COUNTERS = frozenset("tkni")


def indexed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with the number of the step as a subscript.

    A name is stepped where a line says what it is at one step by what it was a step before, and where nothing but
    numbers of steps ever stands in its brackets.  What is differentiated by the letter is a function of time.
    """
    stepped = {stem for s in statements for stem in _stepped(s)}
    if not stepped:
        return list(statements)
    for part in parts(statements):
        if isinstance(part, t.Apply) and _step(part) is None and not _is_product(part):
            stepped.discard(stem_of(part.head))
        elif isinstance(part, t.Derivative) and any(_is_counter(x) for x in part.wrt):
            return list(statements)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or stem_of(part.head) not in stepped:
            return None
        if _step(part) is None:
            return None
        (arg,) = part.args
        place = t.Label(arg.base, arg.span) if isinstance(arg, t.Symbol) else arg
        return replace(
            part.head,
            span=part.span,
            subscripts=(*part.head.subscripts, place),
            scripts=(*part.head.scripts, *part.scripts),
        )

    return [rewritten(s, change) for s in statements]


def _is_product(use: t.Apply) -> bool:
    """``x(1 - x)``: what stands in the brackets is made of the name itself."""
    inside = (p for a in use.args for p in t.walk(a) if isinstance(p, t.Symbol))
    return any(stem_of(p) == stem_of(use.head) for p in inside)


def _stepped(statement: Statement) -> Iterator[str]:
    """``x`` of ``x(t) = x(t-1) + v(t)``, and all that is counted like it there."""
    left, *rest = (m.expr for m in statement.members)
    if not isinstance(left, t.Apply) or (here := _step(left)) is None or not here[0]:
        return
    uses = [p for x in rest if x is not None for p in t.walk(x) if isinstance(p, t.Apply)]
    counted = [(stem_of(use.head), step) for use in uses if (step := _step(use)) is not None]
    own = stem_of(left.head)
    if any(stem == own and step[0] == here[0] and step[1] < here[1] for stem, step in counted):
        yield own
        yield from (stem for stem, step in counted if step[0] == here[0])


def _step(use: t.Apply) -> tuple[str, int] | None:
    """The letter and the offset of ``x(t-1)``; no letter for ``x(3)``; None for what counts no steps."""
    if len(use.args) != 1 or use.primes or use.head.primes or use.subscripts or use.head.subscripts:
        return None
    if is_known(use.head.base):
        return None
    match use.args[0]:
        case t.Number() as number if number.is_whole:
            return "", int(number.value)
        case t.Symbol() as letter if _is_counter(letter):
            return letter.base, 0
        case t.Sum(terms=(t.Symbol() as letter, t.Number() as number), signs=(1, sign)):
            if _is_counter(letter) and number.is_whole:
                return letter.base, sign * int(number.value)
    return None


def _is_counter(tree: t.Expr) -> bool:
    return (
        isinstance(tree, t.Symbol)
        and tree.base in _COUNTERS
        and not (tree.subscripts or tree.scripts or tree.primes)
    )


__all__ = ["indexed"]
