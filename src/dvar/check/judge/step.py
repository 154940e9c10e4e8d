"""One link of a chain judged: numbers, formulas, and what may be supposed before it is believed wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from dvar.check.judge import (
    carrying,
    curved,
    euler,
    expansions,
    extremes,
    jumps,
    latest,
    learning,
    links,
    misfits,
    moving,
    numbers,
    opened,
    opening,
    putting,
    related,
    roundly,
    signs,
    stationary,
    telescoping,
    telling,
    undropped,
)
from dvar.check.judge.compare import compare
from dvar.check.judge.ledger import Ledger
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_pi, is_plain, is_zero, read_literal
from dvar.check.judge.place import Place
from dvar.check.judge.strangers import as_upstream, strangers
from dvar.check.judge.zeros import by_chance, says_nothing, unless_empty, unless_vain
from dvar.check.meaning import conditions, differentials
from dvar.check.meaning.assumptions import CONSTANT, assuming
from dvar.check.meaning.chosen import is_guessed
from dvar.check.meaning.keys import letters_in
from dvar.check.meaning.values import UNCONNECTED, node_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import same_tree

STRANGE = "is not defined anywhere"
NEAR = 0.03
"""Numbers put in roundly make a result that is off by at most this part of it."""
ROUNDLY = 30
"""And by so many times what their last digits leave open: one of eight digits is not put in roundly."""


def judge_link(
    place: Place, subject: Member, before: Member, member: Member, envs: Sequence[dict[str, int]]
) -> Link:
    ways = jumps.each_sign(before, member)
    found = [jumps.either_way(place, w, partial(_judged, place, subject, *w, envs)) for w in ways]
    return next((link for link in found if link.verdict not in ("ok", "convention")), found[0])


def _judged(
    place: Place, subject: Member, before: Member, member: Member, envs: Sequence[dict[str, int]]
) -> Link:
    left, right = before.expr, member.expr
    assert left is not None
    assert right is not None
    if (found := extremes.judged(place, left, right, envs[0] if envs else {})) is not None:
        return found
    numeric_left, numeric_right = (links.is_number(x, place.world) for x in (left, right))
    if numeric_left and numeric_right:
        link = _numbers(place, subject, left, right, envs)
        link = roundly.by_terms(place, left, right, envs, link)
        if link.verdict == "wrong" and member.relation == "approx":
            link = roundly.or_about(right, link)
        return roundly.or_told(place, left, right, link)
    if numeric_right:
        learning.aligned(place, left, right)
        held = _where_held(place, left, right, envs)
        link = held or numbers.with_numbers(place, left, right, envs)
        link = roundly.by_terms(place, left, right, envs, link)
        link = latest.or_iterate(place, right, _of_curve(place, left, right, envs, link))
        if link.verdict in ("unknown", "wrong") and (
            told := opening.given(place, left, right, envs)
        ):
            return told
        if link.verdict == "wrong" and is_guessed(place.world, left):
            return numbers.of_some_class(place, left, right, envs)
        if link.verdict == "wrong" and (
            learning.is_another_case(place, left, right)
            or putting.is_of_another_formula(place, left, right, envs)
        ):
            return Link("unknown", "the numbers put in are those of another case", link.left)
        if link.verdict == "wrong":
            link = _by_wrong_formula(place, left, right, envs, link)
        link = putting.misplaced(place, left, right, envs, link)
        if link.verdict == "wrong" and member.relation == "approx":
            link = roundly.or_about(right, link)
        link = stationary.elsewhere(place, left, right, roundly.or_told(place, left, right, link))
        return _or_identity(place, left, right, envs, link)
    if numeric_left:
        link = numbers.with_numbers(place, right, left, envs)
        link = stationary.elsewhere(place, right, left, link)
        return _or_identity(place, right, left, envs, link)
    if is_pi(right) and (link := numbers.with_numbers(place, left, right, envs)).verdict == "ok":
        return link
    link = _formulas(place, left, right, envs)
    link = expansions.or_expanded(place, left, right, member.relation, link)
    return expansions.or_constant(place, subject.expr, left, right, link)


def _of_curve(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """``2x + 2y y' = 0`` on a curve, and ``y' = -3/4`` at a point of it."""
    if place.world.tied is None or link.verdict != "unknown":
        return link
    if is_zero(right):
        return _formulas(place, left, right, envs) if curved.has_slope(left) else link
    with curved.at_point(place):
        return numbers.with_numbers(place, left, right, envs)


def _by_wrong_formula(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """Numbers that come out right by the formula that was given for the name, which is wrong."""
    for name, formula, root in reversed(place.ledger.formulas):
        if same_tree(name, left):
            held = numbers.with_numbers(place, formula, right, envs)
            if held.verdict == "ok":
                return replace(link, verdict="carried", roots=(root,))
    return link


def _numbers(
    place: Place, subject: Member, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link:
    """Numbers after numbers; what stands on the left of the chain may tell that the result is right."""
    link = numbers.between_numbers(place, left, right)
    if link.verdict == "ok" and link.roots:
        link = _unless_right(place, subject, right, envs, link)
    if link.verdict == "wrong" and _is_near(place, left, link):
        return _right_in_the_end(place, subject, right, envs) or link
    return link


def _is_near(place: Place, left: t.Expr, link: Link) -> bool:
    """Whether two numbers differ by so little that rounding on the way may be the reason."""
    if link.numbers is None:
        return False
    a, b = (np.asarray(v, dtype=float) for v in link.numbers)
    off = float(np.max(np.abs(a - b), initial=0.0))
    if off > NEAR * np.max(np.abs(b), initial=0.0):
        return False
    # Whatever else has been given with the same digits.
    literal, _ = read_literal(place.reader(), left, Ledger())
    return off <= ROUNDLY * float(np.max(literal.slack, initial=0.0))


def _right_in_the_end(
    place: Place, subject: Member, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """Roundly put in, yet the result is what the first member is."""
    of = subject.expr
    if of is None or not is_plain(right):
        return None
    if links.is_number(of, place.world):
        whole = numbers.between_numbers(place, of, right)
        return whole if whole.verdict == "ok" and not is_plain(of) else None
    if place.is_only_given(of):
        return None
    whole = numbers.with_numbers(place, of, right, envs)
    return whole if whole.verdict == "ok" else None


def _formulas(place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]) -> Link:
    """Formula after formula, with whatever may be supposed before the second is believed to be wrong."""
    world = place.world
    world.moving = None
    if world.differentials:
        reader = place.reader(env=envs[0] if envs else {})
        world.moving = differentials.moving(reader, (left, right))
    compared = partial(
        links.as_functions, world, place.position, left, right, envs, code=place.code
    )
    moves = world.differentials
    link = unless_vain(unless_empty(place, left, right, envs, compared), left, right, moves)
    if link.verdict in ("wrong", "unknown"):
        settled = telescoping.with_a_factor(place, left, right) or _supposing(place, compared)
        if settled is not None:
            return unless_vain(settled, left, right, moves)
    if link.verdict == "wrong":
        link = _thought_over(place, left, right, envs, compared, link)
        if link.why.endswith(opening.UNTOLD):
            return link
    if link.verdict in ("wrong", "unknown"):
        open_ = opened.as_functions(place, left, right, envs)
        if open_ is not None and (link.verdict == "unknown" or open_.verdict != "wrong"):
            return open_
    if link.verdict == "wrong":
        link = _carried(place, link) or link
    if link.verdict == "unknown" and link.why.startswith(UNCONNECTED):
        zero = compared(may_vanish=True)
        if zero.verdict in ("ok", "convention") and not says_nothing(zero, left, right):
            return zero
    if link.verdict in ("wrong", "unknown"):
        return (
            curved.holds(place, left, right)
            or euler.holds(place, link)
            or related.holds(place, left, right)
            or moving.judged(place, left, right, envs)
            or (stationary.holds(place, left, right) if place.is_optimum else None)
            or telescoping.holds(place, left, right, envs)
            or undropped.of_a_step(place, left, right, envs)
            or misfits.of_examples(place, left, right, envs, link)
            or misfits.of_layout(place, left, right, envs, link)
            or misfits.of_one_layer(place, left, right, link)
            or link
        )
    return link


def _thought_over(
    place: Place,
    left: t.Expr,
    right: t.Expr,
    envs: Sequence[dict[str, int]],
    compared: Callable[[], Link],
    link: Link,
) -> Link:
    """What becomes of a difference by numbers that stand for names, by the usual loss, and by second thoughts."""
    partly = numbers.partly(place, left, right, envs)
    if partly is not None and partly.verdict == "ok" and by_chance(place, link):
        partly = None
    usual = telling.as_usual(place, left, right, envs[0] if envs else {}, compared)
    usual = usual or signs.holds(place, left, right, envs)
    usual = usual or telling.as_activation(place, left, right, envs)
    return partly or usual or _second_thoughts(place, left, right, envs, link)


def _supposing(place: Place, compared: Callable[[], Link]) -> Link | None:
    """A link that holds by what is said of its names."""
    if not place.assumptions:
        return None
    world = place.world
    fixed = {a.stem for a in place.assumptions if a.kind == CONSTANT and a.stem}
    fixed &= {s for s, ds in world.definitions.items() if any(not d.numeric for d in ds)}
    with world.read_anew(), assuming(world, place.assumptions):
        for stem in fixed:  # whatever else it is made of, it does not move
            world.forget(stem)
        held = compared()
    if held.verdict not in ("ok", "convention"):
        return None
    said = ", ".join(sorted({str(a) for a in place.assumptions}))
    return replace(held, why=held.why or f"holds since {said}")


def _where_held(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> Link | None:
    """``f'(z) = 1 for z > 0``: a number that a formula has wherever a condition holds; None if it is not so."""
    if not conditions.are_about_values(place.conditions):
        supposed = signs.holds(place, left, right, envs)
        return supposed if supposed is not None and supposed.verdict == "ok" else None
    link = links.as_functions(place.world, place.position, left, right, envs, code=place.code)
    if link.verdict in ("ok", "wrong") and not place.ledger.given:
        return link
    return link if link.verdict == "ok" else None


def _carried(place: Place, link: Link) -> Link | None:
    """Two formulas that are equal to someone who believes an earlier mistake."""
    if link.left is None or link.right is None:
        return None
    for value, root in carrying.taken(place.world, link.left, place.ledger.mistakes):
        if compare(value, link.right).holds:
            return replace(link, verdict="carried", roots=(root,))
    return None


def _or_identity(
    place: Place, left: t.Expr, number: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """``A B - I = 0`` holds whatever the names stand for: no numbers need be given."""
    whole = isinstance(number, t.Number) and number.is_whole
    if link.verdict != "unknown" or not whole:
        return link
    compared = partial(links.as_functions, place.world, place.position, left, number, envs)
    same = compared(code=place.code)
    named = isinstance(left, t.Derivative) and isinstance(left.of, (t.Symbol, t.Apply))
    if same.why.startswith(UNCONNECTED) and not named:
        same = compared(code=place.code, may_vanish=True)  # of ∂a/∂a + ∂b/∂a = 1, ∂(yᵀy)/∂w = 0
    if same.verdict != "ok" and (rates := related.holds(place, left, number)) is not None:
        return rates
    if same.verdict != "ok" and place.is_optimum:
        return stationary.holds(place, left, number) or link
    return same if same.verdict == "ok" else link


def _unless_right(
    place: Place, subject: Member, right: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """Right arithmetic from a wrong number is carried, unless the result is right all the same."""
    if subject.expr is None or links.is_number(subject.expr, place.world):
        return link
    if place.is_only_given(subject.expr):
        return replace(link, verdict="carried")
    whole = numbers.with_numbers(place, subject.expr, right, envs)
    if whole.verdict in ("wrong", "carried"):
        return replace(link, verdict="carried", numbers=whole.numbers)
    return link


def _second_thoughts(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]], link: Link
) -> Link:
    """Before a line is called wrong: is it a definition of an open gradient, or true at the given numbers?"""
    if (single := undropped.as_example(place, left, right)) is not None:
        return single
    if (told := opening.given(place, left, right, envs)) is not None:
        return told
    here = (place.world, place.position, left, right)
    others = [] if _tells_cases(right) else misfits.off_diagonal(place.world, left, envs)
    if 0 < len(others) < len(envs):  # -p_k p_c leaves the other case to another line
        apart = links.as_functions(*here, others, code=place.code)
        if apart.verdict == "ok":
            return replace(apart, verdict="convention", why="where the indices differ")
    place.sync()
    if place.ledger.given:
        near = links.as_functions(*here, envs, place.ledger.given, place.code)
        if near.verdict in ("ok", "convention") and not by_chance(place, near):
            return Link("ok", "holds at the given numbers", near.left, near.right)
        sides = [node_of(side) for side in (link.left, link.right) if side is not None]
        if len(sides) == 2 and (
            roundly.agree(place, *sides)
            or putting.is_put_in(place, right, *sides)
            or putting.leaves_out_ones(place, left, right, envs)
        ):
            return Link("ok", "holds at the given numbers", link.left, link.right)
    letter, as_another = _may_be_apart(place, left, right, envs)
    if as_another == "ok" or (as_another == "unknown" and place.world.excludes):
        if as_another == "ok" and place.world.excludes:
            return Link(
                "ok", f"{letter} is none of those that are summed over", link.left, link.right
            )
        said = f"whether {letter} is one of those that are summed over is not said"
        return replace(link, verdict="unknown", why=said)
    strange = strangers(place, link, left)
    if as_upstream(place, link):
        return Link("ok", "where names are gradients from above", link.left, link.right)
    if strange:
        names = ", ".join(sorted(strange)[:3])
        return Link(
            "unknown",
            f"{names} {STRANGE}",
            link.left,
            link.right,
            link.difference,
            opened=link.opened,
            env=link.env,
        )
    return link


def _tells_cases(tree: t.Expr) -> bool:
    """Whether a formula says itself what holds where two indices are equal: ``δ_{ij}``, ``1[i = j]``, cases."""
    below = {id(p.condition) for p in t.walk(tree) if isinstance(p, t.Big)}  # of Σ_{k ≠ i}
    return any(
        (isinstance(p, t.Relation | t.Cases) and id(p) not in below)
        or (isinstance(p, t.Symbol) and p.base == "delta" and _has_two_indices(p))
        for p in t.walk(tree)
    )


def _has_two_indices(name: t.Symbol) -> bool:
    return sum(len(s.text) if isinstance(s, t.Label) else 1 for s in name.subscripts) == 2


def _may_be_apart(
    place: Place, left: t.Expr, right: t.Expr, envs: Sequence[dict[str, int]]
) -> tuple[str, str]:
    """An index that was taken for one of a run, and the verdict if it is another: of ``u_o`` beside all ``u_k``."""
    world = place.world
    written = {*letters_in(left), *letters_in(right)}
    chosen = sorted(world.spelling.chosen, key=lambda c: (c not in written, c))
    letter = next(iter(chosen), None)  # what is not written here stands in a formula that is used
    if letter is None or (letter not in written and not world.excludes):
        return "", ""
    with world.unchanged():
        world.spelling = replace(world.spelling, chosen={})
        world.memo, world.open_gradients = {}, {}
        link = links.as_functions(world, place.position, left, right, envs, code=place.code)
    return letter, link.verdict
