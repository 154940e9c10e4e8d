r"""Probabilities told one by one: ``π_θ(1) = σ(θ)`` and ``π_θ(0) = 1 - σ(θ)`` are two quantities, and no function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.functions import is_known
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten, same_tree


def named(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with a name of its own for each outcome that has a formula.

    Not where a formula tells the function of any outcome, or where it is applied to anything but whole numbers and a
    letter.  The parameter below the name is what all of them depend on.
    """
    told: dict[str, set[str]] = {}
    general: set[str] = set()
    for statement in statements:
        left = statement.members[0].expr
        right = statement.members[1].expr if len(statement.members) > 1 else None
        if not isinstance(left, t.Apply) or right is None:
            continue
        if not _is_outcome(left):
            general.add(stem_of(left.head))
        elif any(isinstance(p, t.Symbol) for p in t.walk(right)):
            told.setdefault(stem_of(left.head), set()).add(_outcome(left))
    several = {stem for stem, outcomes in told.items() if len(outcomes) > 1} - general
    for part in parts(statements):
        if isinstance(part, t.Apply) and not (_is_outcome(part) or _is_any(part)):
            several.discard(stem_of(part.head))
    if not several:
        return list(statements)
    uses = (p for p in parts(statements) if isinstance(p, t.Apply) and _is_of(p, several))
    below = [use.head.subscripts for use in uses]

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or not _is_of(part, several) or not _is_outcome(part):
            return None
        head = part.head
        shared = all(same_tree(x, head.subscripts) for x in below)
        kept = () if shared else head.subscripts
        which = t.Label(_outcome(part), part.span)
        scripts = (*head.scripts, *part.scripts)
        return replace(head, span=part.span, subscripts=(*kept, which), scripts=scripts)

    return [rewritten(s, change) for s in statements]


def _is_of(part: object, stems: set[str]) -> bool:
    return isinstance(part, t.Apply) and stem_of(part.head) in stems


def _is_outcome(use: t.Apply) -> bool:
    """``π(1)``."""
    if len(use.args) != 1 or use.primes or use.head.primes or is_known(use.head.base):
        return False
    return isinstance(use.args[0], t.Number) and use.args[0].is_whole


def _outcome(use: t.Apply) -> str:
    (number,) = use.args
    return number.text if isinstance(number, t.Number) else ""


def _is_any(use: t.Apply) -> bool:
    """``π(a)``."""
    if len(use.args) != 1 or use.primes or use.head.primes:
        return False
    arg = use.args[0]
    return isinstance(arg, t.Symbol) and len(arg.base) == 1 and not (arg.subscripts or arg.scripts)


__all__ = ["named"]
