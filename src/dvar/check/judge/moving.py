"""Derivatives by time of what is made of names that move: ``dE/dt = m q̇ q̈ + k q q̇``, ``dV/dt = 4πr² dr/dt``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import links
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.points import names_beneath
from dvar.check.meaning.values import NotUnderstood, node_of
from dvar.core.errors import DvarError
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import rewritten

_DOT = "dot"


def judged(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[Mapping[str, int]]
) -> Link | None:
    """The verdict for an equation that holds with everything that moves; None where it does not."""
    first, second = expanded(place, left), expanded(place, right)
    if first is None and second is None:
        return None
    a, b = left if first is None else first, right if second is None else second
    link = links.as_functions(place.world, place.position, a, b, envs, code=place.code)
    return link if link.verdict == "ok" else None


def expanded(place: Place, tree: t.Expr) -> t.Expr | None:
    """A formula with each derivative by time as the sum over all that moves; None where nothing is known to."""
    done: list[t.Expr] = []

    def change(part: object) -> t.Expr | None:
        if not isinstance(part, t.Derivative):
            return None
        total = _total(place, part)
        done.extend([] if total is None else [total])
        return total

    changed = rewritten(tree, change)
    return changed if done else None


def _total(place: Place, part: t.Derivative) -> t.Expr | None:
    """``dE/dt`` as ``∂E/∂q q̇ + ∂E/∂q̇ q̈``."""
    if part.spelling != "d" or len(part.wrt) != 1 or part.of is None:
        return None
    (by,) = part.wrt
    if not isinstance(by, t.Symbol) or by.base not in place.world.motion.clocks:
        return None
    try:
        of = node_of(place.reader().value(part.of))
    except (NotUnderstood, DvarError):
        return None
    if of.shape:
        return None
    keys = [place.world.keys.get(n) for n in names_beneath([of])]
    if None in keys or any(k is not None and k.stem == stem_of(by) for k in keys):
        return None
    terms: list[t.Expr] = []
    for key in keys:
        assert key is not None
        name = _symbol(key, part.span)
        rate = None if name is None else _rate(place, name, by)
        if name is not None and rate is not None:
            slope = t.Derivative(part.of, (name,), "partial", part.span)
            terms.append(t.Product((slope, rate), ("",), part.span))
    return t.Sum(tuple(terms), (1,) * len(terms), part.span) if terms else None


def _symbol(key: Key, span: t.Span) -> t.Symbol | None:
    """A name without indices, as it is written."""
    base, *accents = key.stem.split(".")
    return None if key.indices or key.marks else t.Symbol(base, span, "", tuple(accents))


def _rate(place: Place, name: t.Symbol, by: t.Symbol) -> t.Expr | None:
    """How a name changes: ``q̇`` where the document writes dots, ``dr/dt`` where it writes that; None if it stays."""
    dotted = replace(name, accents=_with_dot(name.accents))
    if stem_of(dotted) in place.world.motion.dotted:
        return dotted
    if (name.base, by.base) in place.world.motion.rates and not name.accents:
        return t.Derivative(name, (by,), "d", name.span)
    return None


def _with_dot(accents: Sequence[str]) -> tuple[str, ...]:
    return ("ddot",) if tuple(accents) == (_DOT,) else (*accents, _DOT)


__all__ = ["judged"]
