"""Bends that put back a route of the chain rule: what arrives through a name that is computed on the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.check.judge.place import Place
from dvar.check.meaning import gradients
from dvar.check.meaning.keys import sort, stem_of
from dvar.read.worksheet import tree as t

MOST = 6
"""Names that are tried."""


def routes(
    place: Place,
    left: t.Expr,
    right: t.Expr,
    text: str,
    others: Sequence[t.Symbol],
    env: Mapping[str, int],
) -> Iterator[Bend]:
    r"""``+ ∂L/∂μ ∂μ/∂x``, where ``μ`` has a formula in which ``x`` stands.

    Args:
        place: where the line stands.
        left, right: its two sides.
        text: the document, for edits.
        others: names of the problem.
        env: numbers for index letters.
    """
    ends = _ends(place, left, others)
    if ends is None or isinstance(right, (t.Call, t.Number)) or _is_collected(place, left):
        return  # zeros that are put in first, and shares that are added up later
    loss, name = ends
    span, tried = right.span, 0
    for other in others:
        if tried >= MOST:
            return
        if not _is_made_of(place, other, name, env) or stem_of(other) == stem_of(loss):
            continue
        tried += 1
        between = replace(other, span=span)
        parts = (_by(loss, between, span), _by(between, name, span))
        route = t.Product(parts, ("",), span)
        terms, signs = (
            ((right,), (1,)) if not isinstance(right, t.Sum) else (right.terms, right.signs)
        )
        whole = t.Sum((*terms, route), (*signs, 1), span)
        of, by, through = (source_of(text, x) for x in (loss, name, other))
        shown = rf" + \frac{{\partial {of}}}{{\partial {through}}}\frac{{\partial {through}}}{{\partial {by}}}"
        for cause in ("missing-path", "missing-sum"):
            yield Bend(
                cause, whole, ((span[1], span[1]), shown), f"what arrives through {through}", True
            )


def _is_collected(place: Place, left: t.Expr) -> bool:
    """Whether what a name gets is added up in several lines."""
    stems = {key.stem for key in place.world.accumulated}
    return place.code or (isinstance(left, t.Symbol) and stem_of(left) in stems)


def _by(of: t.Symbol, wrt: t.Symbol, span: t.Span) -> t.Derivative:
    return t.Derivative(of, (wrt,), "partial", span)


def _ends(
    place: Place, left: t.Expr, others: Sequence[t.Symbol]
) -> tuple[t.Symbol, t.Symbol] | None:
    """What is differentiated on the left side, and with respect to what, if both are names."""
    if isinstance(left, t.Derivative):
        of, wrt = left.of, left.wrt[0] if len(left.wrt) == 1 else None
        return (of, wrt) if isinstance(of, t.Symbol) and isinstance(wrt, t.Symbol) else None
    if not isinstance(left, t.Symbol):
        return None
    spelling = place.world.spelling
    target = gradients.target_of(place.reader(), sort(left, spelling, {}).key)
    keys = {sort(o, spelling, {}).key: o for o in reversed(others)}
    loss = None if place.world.loss is None else keys.get(place.world.loss)
    name = None if target is None else keys.get(target)
    return None if loss is None or name is None else (loss, name)


def _is_made_of(place: Place, other: t.Symbol, name: t.Symbol, env: Mapping[str, int]) -> bool:
    """Whether a name has a formula in which another one stands."""
    found = place.world.find(sort(other, place.world.spelling, env).key, place.position)
    if found is None or found[0].numeric or other.scripts or other.accents == ("bar",):
        return False
    return any(
        isinstance(part, t.Symbol) and stem_of(part) == stem_of(name)
        for part in t.walk(found[0].value)
    )
