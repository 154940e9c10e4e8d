"""Steps of gradient descent: whether they go down, and whether the gradient they take was right.

``w := 0.5 + 0.1 · 0.3`` is right as arithmetic; whether it is a step down the gradient tells the number
printed for the gradient of w, and the rule that the document follows elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from dvar.check.judge import links, rates
from dvar.check.judge.assignments import old_name
from dvar.check.judge.ledger import Printed
from dvar.check.judge.lifting import numbers_of
from dvar.check.judge.links import Link
from dvar.check.judge.place import Place
from dvar.check.meaning import differentiate, gradients
from dvar.check.meaning.keys import Key, sort, stem_of, unwrapped
from dvar.check.meaning.letters import parts
from dvar.core.letters import GREEK
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import factors_of, same_tree

ASCENT = re.compile(
    r"ascen[ts]|maximi[sz]|likelihood|reward|return|policy|minus the gradient|negative gradient|uphill|"
    r"aufstieg|maximier|ascenso|montée|hill.?climb",
    re.IGNORECASE,
)
DESCENT = re.compile(
    r"descen|minimi|downhill|\bloss\b|\bcost\b|\berror\b|abstieg|fehler|verlust|kosten|pérdida|coste|"
    r"perte|coût|learning rate|lernrate|gradient step",
    re.IGNORECASE,
)
ENOUGH = 2
"""So many steps along gradients show how a document writes them."""
UPHILL = "a step up the gradient: minus is due"
UPHILL_NEWTON = "a step of Newton's method subtracts: minus is due"


def of_numbers(
    place: Place, members: Sequence[Member], statements: Sequence[Statement], prose: str
) -> Link | None:
    """What is to be said of a step whose numbers have been put in; None if nothing is known against it."""
    found = _heading(place, members)
    if found is None:
        return None
    up, slope, rate, gap = found
    if up and slope.root is not None:
        return None  # the gradient is what is wrong, and this goes on with the right one
    if up and place.ledger.uphill is not None:
        return Link("carried", roots=(place.ledger.uphill,))
    if up and not ASCENT.search(prose) and _goes_down(place, members, statements, prose):
        return Link("wrong", UPHILL, causes=("sign",), minus=(gap,))
    if not up and slope.root is not None:
        return Link("carried", roots=(slope.root,))
    return rates.of_another(place, members, rate, prose)


def of_names(
    place: Place, left: t.Symbol, right: t.Sum, statements: Sequence[Statement], prose: str
) -> Link | None:
    """``w := w + α ∂L/∂w``, or with the gradient of another name, or from where another name is."""
    if (start := _other_start(place, left, right)) is not None:
        return Link("wrong", f"the step of {stem_of(left)} starts from another name", causes=start)
    for before, term, sign in zip(right.terms, right.terms[1:], right.signs[1:], strict=False):
        part, turned = unsigned(term)
        gap = (before.span[1], part.span[0])
        sign = -sign if turned else sign
        if any(_is_by_itself(f) for f in factors_of(part)):
            return Link("wrong", f"{left.base} by itself is no loss", causes=("missing-factor",))
        if _is_rate_alone(part) and _is_differentiated_by(statements, left):
            return Link("wrong", "a step without its gradient", causes=("missing-factor",))
        target = gradient_of(place, part) or _own_slope(place, part, left)
        if target is None and (strange := _no_gradient(place, part, left)):
            if _own_gradients(place, statements, right) >= ENOUGH:
                why = f"{strange} is no gradient of {left.base}, nor of anything else"
                return Link("wrong", why, causes=("wrong-variable", "misprint"))
        if target is None:
            if sign > 0 and _is_newton(part) and _newtons(statements, right) < 0:
                return Link("wrong", UPHILL_NEWTON, causes=("sign",), minus=(gap,))
            continue
        if _is_of_another_entry(place, left, right, target):
            why = f"the gradient of {target} is taken for another entry"
            return Link("wrong", why, causes=("wrong-variable",))
        is_own = target.stem == stem_of(left)  # G + (∇L)^2 collects
        if sign > 0 and is_own and not ASCENT.search(prose):
            down = DESCENT.search(prose) or _siblings(place, statements, right)[0]
            place.ledger.uphill = place.line if down else None
            return Link("wrong", UPHILL, causes=("sign",) if down else (), minus=(gap,))
        if not is_own and _both_known(place, target, left):
            return Link("wrong", f"the gradient of {target} is taken for {left.base}")
    return None


def _is_rate_alone(term: t.Expr) -> bool:
    """``w - η``: how far to go, and not where."""
    return isinstance(term, t.Symbol) and term.base in ("eta", "alpha") and not term.subscripts


def _is_differentiated_by(statements: Sequence[Statement], name: t.Symbol) -> bool:
    slopes = (p for p in parts(statements) if isinstance(p, t.Derivative))
    return any(isinstance(w, t.Symbol) and w.base == name.base for p in slopes for w in p.wrt)


def _is_of_another_entry(place: Place, left: t.Symbol, right: t.Sum, target: Key) -> bool:
    """``v_{11} := v_{11} - α ∂L/∂v_{21}``: a step from where it is, along the gradient of another entry."""
    own = sort(left, place.world.spelling, {}).key
    if own.stem != target.stem or own.marks != target.marks or own.indices == target.indices:
        return False
    numbered = all(isinstance(n, int) for n in (*own.indices, *target.indices))
    alike = len(own.indices) == len(target.indices) > 0 and len(right.terms) == 2
    return numbered and alike and same_tree(right.terms[0], left)


def _is_by_itself(tree: t.Expr) -> bool:
    """``∇_θ(θ)``: nobody steps along the gradient of what is stepped."""
    if not isinstance(tree, t.Derivative) or tree.of is None or len(tree.wrt) != 1:
        return False
    return same_tree(unwrapped(tree.of), tree.wrt[0])


def _other_start(place: Place, left: t.Symbol, right: t.Sum) -> tuple[str, ...] | None:
    """``w_1 := w_2 - α dw_1``: what is stepped along its own gradient starts from itself.

    In a row of iterates ``w_2 = w_1 - α dw_1`` the gradient is that of where the step starts.
    """
    first, spelling = right.terms[0], place.world.spelling
    if not isinstance(first, t.Symbol) or right.signs[0] < 0 or len(right.terms) != 2:
        return None
    old = old_name(left) or left
    own, start = sort(old, spelling, {}).key, sort(first, spelling, {}).key
    if own.stem != start.stem or own.marks != start.marks or own.indices == start.indices:
        return None
    if len(own.indices) != len(start.indices) or not same_tree(first.scripts, old.scripts):
        return None
    target = gradient_of(place, unsigned(right.terms[1])[0])
    return ("wrong-variable",) if target == own else None


def _is_newton(term: t.Expr) -> bool:
    """``H^{-1} ∇J``, ``(∂²L/∂w²)^{-1} ∂L/∂w``: the inverse of a Hessian times a gradient."""
    factors = factors_of(term)
    slopes = [f for f in map(unwrapped, factors) if isinstance(f, t.Derivative)]
    inverses = [f for f in factors if is_inverse(f)]
    return len(slopes) == len(inverses) == 1


def is_inverse(tree: t.Expr) -> bool:
    if not isinstance(tree, (t.Symbol, t.Group)):
        return False
    powers = [s.value for s in tree.scripts if s.kind == "plain" and s.value is not None]
    if not any(isinstance(unwrapped(p), (t.Negative, t.Sum)) for p in powers):
        return False
    if isinstance(tree, t.Symbol):
        return tree.base == "H"
    return any(isinstance(p, t.Derivative) for p in t.walk(tree))


def _newtons(statements: Sequence[Statement], but: t.Expr) -> int:
    """How many other steps of Newton's go up, less those that go down."""
    found = 0
    for statement in statements:
        right = statement.members[1].expr if len(statement.members) > 1 else None
        if right is but or not isinstance(right, t.Sum):
            continue
        for term, sign in zip(right.terms[1:], right.signs[1:], strict=True):
            found += sign * _is_newton(unsigned(term)[0])
    return found


def _own_slope(place: Place, term: t.Expr, left: t.Symbol) -> Key | None:
    """The name that is stepped, where its step is a multiple of ``∇J`` without an index."""
    factors = factors_of(term)
    slopes = [f for f in factors if isinstance(f, t.Derivative) and f.spelling == "nabla"]
    if len(slopes) != 1 or slopes[0].wrt or isinstance(slopes[0].of, t.Derivative):
        return None
    rates = [f for f in factors if f is not slopes[0]]
    if not rates or not all(isinstance(r, (t.Number, t.Quotient)) or _is_bare(r) for r in rates):
        return None  # g + ∇J collects; which way H^{-1} ∇J leads depends on the sign of H
    return sort(left, place.world.spelling, {}).key


def _is_bare(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and all(s.kind == "paren" for s in tree.scripts)


def _no_gradient(place: Place, term: t.Expr, left: t.Symbol) -> str | None:
    """``dt`` of a step ``b - a dt``, where no t is known and no other line has it."""
    for factor in factors_of(term):
        if not isinstance(factor, t.Symbol) or len(factor.base) != 2 or factor.base[0] != "d":
            continue
        if factor.base[1] == left.base[:1]:
            continue  # db of b_y
        key = sort(factor, place.world.spelling, {}).key
        known = place.world.find(key, place.position) or str(key) in place.world.familiar
        if factor.base not in GREEK and not known and key not in place.ledger.given_by_key:
            return str(key)
    return None


def _own_gradients(place: Place, statements: Sequence[Statement], but: t.Expr) -> int:
    """How many names are stepped along their own gradient elsewhere."""
    found: set[str] = set()
    for statement in statements:
        members = statement.members
        left, right = members[0].expr, members[1].expr if len(members) > 1 else None
        if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or right is but:
            continue
        own = sort(left, place.world.spelling, {}).key
        if any(gradient_of(place, unsigned(term)[0]) == own for term in right.terms[1:]):
            found.add(str(own))
    return len(found)


def remember(place: Place, members: Sequence[Member], shown: Printed) -> None:
    """The number printed for the gradient of a name, right or wrong."""
    for member in members[:2]:
        if isinstance(member.expr, (t.Derivative, t.Symbol)):
            target = gradient_of(place, member.expr)
            if target is not None:
                place.ledger.slopes[target] = shown


def is_step(place: Place, members: Sequence[Member]) -> bool:
    """``w_1 = 0.3 - 0.1 · (-0.11)``, or ``w_{1,new}`` so, for a w_1 that was 0.3 so far."""
    if len(members) < 2 or members[0].relation:
        return False
    left, right = members[0].expr, members[1].expr
    if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or len(right.terms) < 2:
        return False
    if not links.is_number(right, place.world) or right.signs[0] < 0:
        return False
    key = sort(old_name(left) or left, place.world.spelling, {}).key
    value, first = place.ledger.given_by_key.get(key), _number(right.terms[0])
    if value is None or value.ndim or first is None or float(value) != float(first):
        return False
    return key in place.ledger.slopes


# ── directions ──────────────────────────────────────────────────────────────────────────────────


_Step = tuple[bool, Printed, float, t.Span]
"""Whether a step goes up the gradient, the gradient, by how much it is multiplied, and the gap with its sign."""


def _heading(place: Place, members: Sequence[Member]) -> _Step | None:
    """How a step in numbers goes."""
    left = members[0].expr
    if not isinstance(left, t.Symbol):
        return None
    names = [left]
    for member in members[1:]:
        if isinstance(member.expr, t.Sum) and isinstance(member.expr.terms[0], t.Symbol):
            names.append(member.expr.terms[0])
            continue
        if isinstance(member.expr, t.Sum) and links.is_number(member.expr, place.world):
            for name in names:
                found = _against(place, name, member.expr)
                if found is not None:
                    return found
    return None


def _against(place: Place, name: t.Symbol, step: t.Sum) -> _Step | None:
    marks = (
        s for s in name.scripts if s.kind not in ("mark", "plain") or isinstance(s.value, t.Number)
    )
    bare = replace(old_name(name) or name, scripts=tuple(marks))
    slope = place.ledger.slopes.get(sort(bare, place.world.spelling, {}).key)
    if slope is None or slope.value.ndim or not np.any(slope.value):
        return None
    due, unit = float(slope.value), float(np.max(slope.unit))
    for before, term, sign in zip(step.terms, step.terms[1:], step.signs[1:], strict=False):
        factors = [_number(f) for f in _factors(term)]
        if any(f is None for f in factors) or len(factors) < 2:
            continue
        values = [float(f) for f in factors if f is not None]
        at = [k for k, v in enumerate(values) if abs(abs(v) - abs(due)) <= unit / 2 + 1e-12]
        if len(at) != 1:
            continue
        rate = np.prod([v for k, v in enumerate(values) if k != at[0]])
        if rate <= 0:
            continue
        gap = (before.span[1], term.span[0])
        return bool(sign * values[at[0]] * due > 0), slope, float(rate), gap
    return None


def _factors(term: t.Expr) -> Iterator[t.Expr]:
    if isinstance(term, t.Product):
        for factor in term.factors:
            yield from _factors(factor)
    elif isinstance(term, t.Negative) and isinstance(term.operand, t.Product):
        first, *rest = term.operand.factors
        yield t.Negative(first, term.span)
        yield from rest
    else:
        yield term


def _number(tree: t.Expr) -> Fraction | None:
    found = list(numbers_of(tree))
    return found[0] if len(found) == 1 else None


def _goes_down(
    place: Place, members: Sequence[Member], statements: Sequence[Statement], prose: str
) -> bool:
    """Whether the document's steps go down: by the formula in front, by other steps, by its words."""
    formula = members[1].expr
    if isinstance(formula, t.Sum) and not links.is_number(formula, place.world):
        return formula.signs[1:] == (-1,)
    down, up = _siblings(place, statements, formula)
    if down or up:
        return down > up
    return DESCENT.search(prose) is not None


def _siblings(place: Place, statements: Sequence[Statement], but: t.Expr | None) -> tuple[int, int]:
    """How many other steps go down, and how many go up."""
    counted = [0, 0]
    for statement in statements:
        members = statement.members
        if len(members) < 2 or members[1].expr is but or members[0].relation:
            continue
        left, right = members[0].expr, members[1].expr
        if not isinstance(left, t.Symbol) or not isinstance(right, t.Sum) or len(right.terms) < 2:
            continue
        first = right.terms[0]
        if isinstance(first, t.Symbol) and stem_of(first) == stem_of(left):
            counted[int(right.signs[1] > 0)] += len(right.terms) == 2
        elif (found := _heading(place, members)) is not None:
            counted[int(found[0])] += 1
    return counted[0], counted[1]


def unsigned(term: t.Expr) -> tuple[t.Expr, bool]:
    """A term without its minus, and whether it had one."""
    if isinstance(term, t.Negative):
        return term.operand, True
    if (
        isinstance(term, t.Group)
        and len(term.items) == 1
        and isinstance(term.items[0], (t.Negative, t.Sum))
    ):
        inner = term.items[0]
        if isinstance(inner, t.Negative):
            return inner.operand, True
        if len(inner.terms) == 1:
            return inner.terms[0], inner.signs[0] < 0
    return term, False


def gradient_of(place: Place, term: t.Expr) -> Key | None:
    """The name whose gradient a term is a positive multiple of; None if that is not plain."""
    factors = list(term.factors) if isinstance(term, t.Product) else [term]
    found: Key | None = None
    for factor in factors:
        if isinstance(factor, t.Group) and len(factor.items) == 1:
            factor = factor.items[0]
        if isinstance(factor, t.Derivative) and len(factor.wrt) == 1:
            found = differentiate.key_of(place.reader(), factor.wrt[0])
        elif isinstance(factor, t.Symbol):
            key = sort(factor, place.world.spelling, {}).key
            found = gradients._target(place.reader(), key) or _told_slope(place, key) or found
        elif isinstance(factor, t.Apply) and len(factor.args) == 1 and factor.head.primes == 1:
            found = differentiate.key_of(place.reader(), factor.args[0])  # of f'(x)
        elif isinstance(factor, (t.Sum, t.Negative)):
            return None
    return found


def _told_slope(place: Place, key: Key) -> Key | None:
    """``θ_t`` of ``g_t = ∇f(θ_t)``, w of ``g = ∂L/∂w``."""
    found = place.world.find(key, place.position)
    slope = found[0].value if found is not None else None
    if found is None or not isinstance(slope, t.Derivative):
        return None
    of, by = slope.of, slope.wrt
    by = of.args if isinstance(of, t.Apply) and not by else by
    if len(by) != 1 or not isinstance(by[0], t.Symbol) or isinstance(of, t.Derivative):
        return None
    return sort(by[0], place.world.spelling, found[1]).key


def _both_known(place: Place, target: Key, left: t.Symbol) -> bool:
    known = {k.stem for k in place.world.bare}
    return target.stem in known and stem_of(left) in known
