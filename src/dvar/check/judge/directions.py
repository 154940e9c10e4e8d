"""Steps whose direction is written out, ``w := w - η (p - y) x``: whether it is the gradient of the loss.

A step along a share of the gradient is none of these: the rate takes up any factor.  That a direction is no multiple
of the gradient counts where the document takes a step of another name along just the gradient of the same loss, and
none of this one: of two rules for a name one may be for something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeGuard

from dvar.check.judge import links
from dvar.check.judge.assignments import is_rate, old_name
from dvar.check.judge.chain import Verdict
from dvar.check.judge.descent import (
    ASCENT,
    DESCENT,
    UPHILL,
    gradient_of,
    is_inverse,
    unsigned,
)
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning.keys import letters_in, sort, stem_of, unwrapped
from dvar.check.meaning.letters import parts
from dvar.check.meaning.patterns import free_letters
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import factors_of, multiplied, same_tree, signed_terms, without


def judged(
    place: Place, members: Sequence[Member], others: Sequence[Statement], prose: str
) -> Verdict | None:
    """What is wrong with a step along a formula; None if nothing is known against it.

    Args:
        others: the statements of the document, whose steps tell how it steps; prose: the words around.
    """
    if (slip := _slip(place, members, others)) is not None:
        return Verdict(
            "wrong", members[1], members[0], slip, links=[(members[0], members[1], slip)]
        )
    step = _step(place, members, others)
    if step is None:
        return None
    slope, along, sign, gap = step
    link = _compared(place, slope, along)
    ratio = _ratio(link)
    if ratio is not None:
        up = sign * ratio > 0 and not ASCENT.search(prose)
        if not up or not (DESCENT.search(prose) or _siblings(place, slope, others, down=True)):
            return None
        said = Link("wrong", UPHILL, causes=("sign",), minus=(gap,))
        return Verdict(
            "wrong", members[1], members[0], said, links=[(members[0], members[1], said)]
        )
    if link.verdict != "wrong" or not _siblings(place, slope, others):
        return None
    wanted = slope if sign < 0 else t.Negative(slope, slope.span)
    link = link if sign < 0 else _compared(place, wanted, along)
    due, taken = Member("", wanted, members[0].span), Member("=", along, along.span)
    return Verdict("wrong", taken, due, link, links=[(due, taken, link)])


def _slip(place: Place, members: Sequence[Member], others: Sequence[Statement]) -> Link | None:
    """What parts a step from a gradient that the document writes out; None if nothing, or more than one slip."""
    left, right = members[0].expr, members[1].expr if len(members) > 1 else None
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or len(right.terms) != 2:
        return None
    name, step = right.terms[0], unsigned(right.terms[1])[0]
    if not isinstance(name, t.Symbol) or stem_of(name) != stem_of(left):
        return None
    parts_ = (multiplied(f).factors if _is_rate_of(f) else (f,) for f in factors_of(step))
    factors = [f for some in parts_ for f in some if not is_rate(f)]
    if any(is_inverse(f) and _is_among(unwrapped(f.items[0]), factors) for f in _groups(factors)):
        why = "a gradient times its own inverse, where a Hessian's is due"
        return Link("wrong", why, causes=("wrong-rule", "misprint"))
    if any(_is_turned(name, w) for f in factors if isinstance(f, t.Derivative) for w in f.wrt):
        return Link("wrong", "the gradient of another entry is taken", causes=("wrong-variable",))
    told = [factors_of(gradient) for gradient in _told_gradients(name, others)]
    if any(len(due) == len(factors) and all(_is_among(f, due) for f in factors) for due in told):
        return None
    return next((slip for due in told if (slip := _between(factors, due)) is not None), None)


def _is_rate_of(tree: t.Expr) -> TypeGuard[t.Apply]:
    """``α(y - p)`` reads like a function of a difference."""
    return isinstance(tree, t.Apply) and is_rate(tree.head) and len(tree.args) == 1


def _told_gradients(name: t.Symbol, others: Sequence[Statement]) -> Iterator[t.Expr]:
    """The formulas that are written out for ``∂L/∂w``."""
    for other in others:
        first, *rest = (m.expr for m in other.members)
        if isinstance(first, t.Derivative) and len(first.wrt) == 1:
            if same_tree(first.wrt[0], name):
                yield from (x for x in rest if x is not None and not _has_slope(x))


def _has_slope(tree: t.Expr) -> bool:
    return any(isinstance(p, t.Derivative) for p in t.walk(tree))


def _between(factors: Sequence[t.Expr], due: Sequence[t.Expr]) -> Link | None:
    """The one slip between the factors of a step and those of a gradient: a name that is gone, a sign within."""
    gone = [f for f in due if not _is_among(f, factors)]
    new = [f for f in factors if not _is_among(f, due)]
    if len(gone) != 1 or len(due) - len(factors) != 1 - len(new):
        return None
    (missing,) = gone
    if not new and isinstance(missing, t.Symbol) and (missing.subscripts or missing.scripts):
        why = f"{stem_of(missing)} of the gradient is missing"
        return Link("wrong", why, causes=("missing-factor",))
    if len(new) != 1:
        return None
    a, b = signed_terms(missing), signed_terms(new[0])
    apart = [(s, x) for s, x in without(b, a) if any(same_tree(x, y) for _, y in a)]
    if len(a) == len(b) > 1 and len(without(b, a)) == len(apart) == 1:
        return Link("wrong", "one sign is not that of the gradient", causes=("sign",))
    return None


def _is_among(tree: t.Expr, others: Sequence[t.Expr]) -> bool:
    return any(same_tree(unwrapped(tree), unwrapped(o)) for o in others)


def _groups(trees: Sequence[t.Expr]) -> list[t.Group]:
    return [x for x in trees if isinstance(x, t.Group) and len(x.items) == 1]


def _is_turned(name: t.Symbol, by: t.Expr) -> bool:
    """``W_{ji}`` for ``W_{ij}``."""
    if not isinstance(by, t.Symbol):
        return False
    own, other = ([c for s in x.subscripts for c in letters_in(s)] for x in (name, by))
    same = same_tree(replace(name, subscripts=()), replace(by, subscripts=()))
    return same and len(own) == 2 and own == other[::-1] != other


_CHANGE = "Delta"
_Step = tuple[t.Derivative, t.Expr, int, t.Span]
"""The gradient of the loss, the formula along which a step goes, its sign, and the gap in front of it."""


def _step(place: Place, members: Sequence[Member], statements: Sequence[Statement]) -> _Step | None:
    left, right = members[0].expr, members[1].expr if len(members) > 1 else None
    if not isinstance(left, t.Symbol) or right is None:
        return None
    if (changed := _changed(place, left)) is not None:
        if _is_subtracted(left, statements):
            return None
        name, term, sign = changed, right, 1
        gap = members[0].span[1], right.span[0]
    else:
        name = old_name(left) or left
        if not isinstance(right, t.Sum) or len(right.terms) != 2:
            return None
        if not same_tree(right.terms[0], name):
            return None
        term, sign = right.terms[1], right.signs[1]
        gap = right.terms[0].span[1], term.span[0]
    part, turned = unsigned(term)
    if any(isinstance(p, t.Derivative) for p in t.walk(part)):
        return None
    if any(gradient_of(place, f) is not None for f in factors_of(part)):
        return None
    if (loss := _loss(place, statements)) is None:
        return None
    of, made = loss
    along = _without_rate(place, part, made)
    spelling = place.world.spelling
    if along is part or free_letters(along, spelling) - free_letters(name, spelling):
        return None  # without its rate, and with what all examples add
    slope = t.Derivative(of, (replace(name, span=left.span),), "partial", left.span)
    return slope, along, -sign if turned else sign, gap


def _changed(place: Place, left: t.Symbol) -> t.Symbol | None:
    """The w of ``Δw = -η (p - y) x``, and of ``dw`` where that is a step."""
    if left.base.startswith(_CHANGE) and len(left.base) > len(_CHANGE):
        return replace(left, base=left.base.removeprefix(_CHANGE))
    is_step = stem_of(left) in place.world.strides and len(left.base) > 1
    return replace(left, base=left.base[1:]) if is_step else None


def _is_subtracted(change: t.Symbol, statements: Sequence[Statement]) -> bool:
    """Whether ``w - Δw`` is the new value."""
    sums = (p for p in parts(statements) if isinstance(p, t.Sum))
    return any(
        isinstance(x, t.Symbol) and x.base == change.base and sign < 0
        for sum_ in sums
        for x, sign in zip(sum_.terms, sum_.signs, strict=True)
    )


def _loss(place: Place, statements: Sequence[Statement]) -> tuple[t.Symbol, set[str]] | None:
    """The loss by its name, where it has a formula, and all names that lead to it."""
    world, key = place.world, place.world.loss
    found = world.find(key, place.position) if key is not None else None
    if found is None or found[0].numeric:
        return None
    names = (p for p in parts(statements) if isinstance(p, t.Symbol))
    own = next((p for p in names if sort(p, world.spelling, {}).key == key), None)
    if own is None:
        return None
    made: set[str] = set()
    waiting: list[t.Expr] = [found[0].value]
    while waiting:
        stems = _stems(waiting.pop()) - made
        made |= stems
        told = (d for stem in stems for d in world.definitions.get(stem, ()) if not d.numeric)
        waiting += [d.value for d in told if d.pattern.stem not in _stems(d.value)]  # no new values
    return own, made


def _stems(tree: t.Expr) -> set[str]:
    return {stem_of(p) for p in t.walk(tree) if isinstance(p, t.Symbol)}


def _without_rate(place: Place, tree: t.Expr, made: set[str]) -> t.Expr:
    """A step without the names of its rate: those that neither lead to the loss nor have a formula."""
    if isinstance(tree, t.Symbol) and not tree.scripts and not tree.subscripts:
        told = (d for d in place.world.definitions.get(stem_of(tree), ()) if not d.numeric)
        is_rate = stem_of(tree) not in made and not any(True for _ in told)
        return t.Number("1", tree.span) if is_rate else tree
    if isinstance(tree, t.Apply) and len(tree.args) == 1 and not tree.primes:
        head = _without_rate(place, tree.head, made)
        return tree if head is tree.head else multiplied(tree).factors[1]
    if isinstance(tree, t.Product):
        factors = tuple(_without_rate(place, f, made) for f in tree.factors)
        same = all(a is b for a, b in zip(factors, tree.factors, strict=True))
        return tree if same else replace(tree, factors=factors)
    if isinstance(tree, t.Quotient):
        above = _without_rate(place, tree.above, made)
        return tree if above is tree.above else replace(tree, above=above)
    if t.is_bracketed(tree):
        inner = _without_rate(place, tree.items[0], made)
        return tree if inner is tree.items[0] else replace(tree, items=(inner,))
    return tree


def _compared(place: Place, slope: t.Expr, along: t.Expr) -> Link:
    envs = links.assignments(place.world, [slope, along], place.conditions, place.position)
    return links.as_functions(place.world, place.position, slope, along, envs, code=place.code)


def _ratio(link: Link) -> float | None:
    """By how much a direction is a multiple of the gradient."""
    if link.verdict in ("ok", "convention"):
        return 1.0
    return link.difference.ratio if link.verdict == "wrong" and link.difference else None


def _siblings(
    place: Place, slope: t.Derivative, others: Sequence[Statement], down: bool = False
) -> bool:
    """Whether another name takes its step along its own gradient, or down it, and this one nowhere."""
    found = False
    for other in others:
        step = _step(place, other.members, others)
        if step is None or step[0].span == slope.span:
            continue
        ratio = _ratio(_compared(place, step[0], step[1]))
        if ratio is not None and not (down and ratio * step[2] > 0):
            if same_tree(step[0], slope):
                return False
            found = True
    return found
