"""Algorithms that pass gradients on in one name: of ``g ← ∇_z L = g ⊙ f'(z)`` the last g is what g was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.keys import letters_in
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import Change, in_members, rewritten


def unrolled(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the gradient in the place of the name that passes it on.

    In a loop over layers, ``∇_{a^{(k)}}`` to ``∇_{h^{(k-1)}}``, what comes in is what the round before has passed on.
    """
    passed: dict[str, list[tuple[int, t.Derivative]]] = {}
    for n, statement in enumerate(statements):
        name, slope = _passes(statement)
        if name and slope is not None:
            passed.setdefault(name, []).append((n, slope))
    found = list(statements)
    for name, steps in passed.items():
        if len(steps) > 1:
            _unroll(found, name, steps)
    return found


def _passes(statement: Statement) -> tuple[str, t.Derivative | None]:
    """The name and the gradient of ``g ← ∇_z L``."""
    if len(statement.members) < 2 or statement.members[1].relation != ":=":
        return "", None
    left, value = (m.expr for m in statement.members[:2])
    if not isinstance(left, t.Symbol) or left.subscripts or left.scripts:
        return "", None
    return left.base, value if isinstance(value, t.Derivative) and value.wrt else None


def _unroll(found: list[Statement], name: str, steps: Sequence[tuple[int, t.Derivative]]) -> None:
    places = dict(steps)
    now: t.Derivative | None = None
    loop = set[str]()
    for n in range(steps[0][0], len(found)):
        slope = places.get(n)
        letters = _letters(slope) if slope is not None else set()
        if slope is not None and letters and not letters & loop:
            loop = letters
            now = _of_round_before([s for m, s in steps if m >= n and _letters(s) & loop], loop)
        first, *rest = found[n].members
        if slope is None:
            found[n] = found[n] if now is None else in_members(found[n], _put(name, now))
            continue
        if now is not None:
            rest = list(in_members(replace(found[n], members=tuple(rest)), _put(name, now)).members)
        if len(rest) > 1:
            found[n] = replace(found[n], members=(replace(rest[0], relation=""), *rest[1:]))
        elif isinstance(first.expr, t.Symbol):
            marks = (*first.expr.accents, *("'" for m, _ in steps if m < n))
            left = replace(first, expr=replace(first.expr, accents=marks))
            found[n] = replace(found[n], members=(left, *rest))
        now = slope


def _letters(slope: t.Derivative) -> set[str]:
    """Letters of layers in what a gradient is by."""
    names = [x for x in slope.wrt if isinstance(x, t.Symbol)]
    return {c for x in names for s in x.scripts if s.value is not None for c in letters_in(s.value)}


def _of_round_before(steps: Sequence[t.Derivative], letters: set[str]) -> t.Derivative:
    """What the last step of a loop passes on, as the next layer up has done it."""

    def up(part: t.Expr) -> t.Expr | None:
        is_letter = isinstance(part, t.Symbol) and part.base in letters and not part.scripts
        if is_letter or (isinstance(part, t.Label) and part.text in letters):
            return t.Sum((part, t.Number("1", part.span)), (1, 1), part.span)
        return None

    last = steps[-1]
    return replace(last, wrt=tuple(rewritten(x, up) for x in last.wrt))


def _put(name: str, slope: t.Derivative) -> Change:
    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or part.base != name or part.subscripts or part.primes:
            return None
        if any(s.kind != "transpose" for s in part.scripts):
            return None
        return t.Group("(", (slope,), part.span, scripts=part.scripts)

    return change
