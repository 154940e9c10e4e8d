"""Indices in brackets, as array languages write them: ``dW(k,j) = Σ_i dZ(k,i) A(j,i)``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from dvar.check.meaning.functions import is_known
from dvar.check.meaning.keys import arguments, letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten

_LETTERS = frozenset("ijklmnpqrst")


def indexed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with brackets behind arrays that hold indices as subscripts.

    A name is such an array if a sum runs over what stands in its brackets, and nothing but letters of indices
    ever does.
    """
    applied = [p for p in parts(statements) if isinstance(p, t.Apply)]
    if (timeless := _without_time(statements, applied)) is not None:
        return timeless
    heads = {id(a.head) for a in applied}
    plain = {
        stem_of(p) for p in parts(statements) if isinstance(p, t.Symbol) and id(p) not in heads
    }
    others = {stem_of(a.head) for a in applied if not _holds_indices(a)}
    arrays = {stem for s in statements for stem in _summed(s)} - others
    arrays &= plain if _is_about_chance(statements) else arrays
    choices = _of_choices(statements)
    if not arrays and not choices:
        return list(statements)
    # db(k) and H(k,i) beside the sum of dZ(k,i): it shows how entries are written here.
    used = {letter for a in applied if stem_of(a.head) in arrays for letter in _letters(a)}
    made = {stem_of(x.head) for s in statements if isinstance(x := s.members[0].expr, t.Apply)}
    for use in applied:
        stem = stem_of(use.head)
        known = stem in plain | made or (stem[:1] == "d" and stem[1:] in plain)
        if known and stem not in others and set(_letters(use)) & used:
            arrays.add(stem)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply):
            return None
        stem, drawn = stem_of(part.head), _drawn(part)
        if drawn is not None and stem in choices:
            args: tuple[t.Expr, ...] = (drawn,)
        elif _holds_indices(part) and stem in arrays:
            args = part.args
        else:
            return None
        places = tuple(t.Label(a.base, a.span) if isinstance(a, t.Symbol) else a for a in args)
        return replace(
            part.head,
            span=part.span,
            subscripts=(*part.head.subscripts, *places),
            scripts=(*part.head.scripts, *part.scripts),
        )

    return [rewritten(s, change) for s in statements]


def _is_timed(use: t.Apply) -> bool:
    """``e_j(n)``: the index stands below, and n is a time."""
    return (
        _holds_indices(use)
        and bool(use.head.subscripts)
        and len(_letters(use)) == 1 == len(use.args)
    )


def _without_time(
    statements: Sequence[Statement], applied: Sequence[t.Apply]
) -> list[Statement] | None:
    """The statements without the one time that all of them are about; with it where ``w(n + 1)`` stands beside ``w(n)``."""
    times = {c for p in applied if _is_timed(p) for c in _letters(p)}
    idle = [
        a for a in applied if _holds_indices(a) and len(a.args) == 1 and {*_letters(a)} == times
    ]
    same = {id(a) for a in idle}
    named = [p for p in parts(statements) if isinstance(p, t.Symbol) and p.base in times]
    if len(times) != 1 or len(named) != len(idle):
        return None

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or id(part) not in same:
            return None
        return replace(part.head, span=part.span, scripts=(*part.head.scripts, *part.scripts))

    return [rewritten(s, change) for s in statements]


def _of_choices(statements: Sequence[Statement]) -> set[str]:
    """``π(a | s) = e^{h_a} / Σ_b e^{h_b}``: probabilities whose argument is an index of what they are made of."""
    found = set()
    for statement in statements:
        left = statement.members[0].expr
        right = statement.members[1].expr if len(statement.members) > 1 else None
        drawn = _drawn(left) if isinstance(left, t.Apply) else None
        if drawn is None or right is None:
            continue
        below = {
            c
            for p in t.walk(right)
            if isinstance(p, t.Symbol)
            for s in p.subscripts
            for c in letters_in(s)
        }
        if isinstance(left, t.Apply) and drawn.base in below:
            found.add(stem_of(left.head))
    return found


def _drawn(use: t.Apply) -> t.Symbol | None:
    """What a probability is of, given something else: a single letter."""
    args = arguments(use.args)
    first = args[0] if len(args) > len(use.args) else None
    plain = isinstance(first, t.Symbol) and not (first.subscripts or first.scripts or first.primes)
    return first if isinstance(first, t.Symbol) and plain and len(first.base) == 1 else None


def _is_about_chance(statements: Sequence[Statement]) -> bool:
    """Whether ``p(k)`` may be a probability: something is drawn, or given something else."""
    relations = (p for p in parts(statements) if isinstance(p, t.Relation))
    return any({"sim", "mid"} & set(p.relations) for p in relations)


def _summed(statement: Statement) -> Iterator[str]:
    """Names in whose brackets a letter stands that the statement sums over."""
    for part in parts([statement]):
        if isinstance(part, t.Big) and part.name == "sum":
            for inner in t.walk(part.body):
                if _holds_indices(inner) and set(part.indices) & set(_letters(inner)):
                    yield stem_of(inner.head)


def _letters(use: t.Apply) -> list[str]:
    return [a.base for a in use.args if isinstance(a, t.Symbol)]


def _holds_indices(part: object) -> TypeGuard[t.Apply]:
    if not isinstance(part, t.Apply) or part.primes or part.head.primes or part.subscripts:
        return False
    if is_known(part.head.base) or not part.args:
        return False
    return all(
        (isinstance(a, t.Symbol) and a.base in _LETTERS and not (a.subscripts or a.scripts))
        or (isinstance(a, t.Number) and a.is_whole)
        for a in part.args
    )


__all__ = ["indexed"]
