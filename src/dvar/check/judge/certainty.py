"""How sure it is that a difference is a mistake of the author, and not one of the reading.

A line that is right and called wrong is worse than one that is not understood, so a difference counts only
with evidence: a slip that explains it, or no other way to read the two sides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

import numpy as np

from dvar.check.judge import ambiguous, following, putting, unclaimed, unindexed, witnesses
from dvar.check.judge.another import (
    has_formula,
    is_about_another,
    is_about_the_unknown,
    lacks_nothing,
    leaves_out_paths,
)
from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.conditions import is_said_to_hold
from dvar.check.judge.links import Link, is_number, opens_more
from dvar.check.judge.literal import is_closed, is_plain, numbers_in
from dvar.check.judge.properties import vicinity
from dvar.check.judge.renewal import is_slope
from dvar.check.judge.whose import is_of_an_array, is_said_of_one, is_share, lacks_a_function
from dvar.check.judge.words import Explained
from dvar.check.meaning.aligning import literal_shape
from dvar.check.meaning.functions import SIGMAS
from dvar.check.meaning.implied import leaves_out_a_sum
from dvar.check.meaning.keys import Key, sort
from dvar.check.meaning.letters import is_idle
from dvar.check.meaning.patterns import free_letters
from dvar.check.meaning.points import names_beneath, stand_ins
from dvar.check.meaning.values import Value, node_of, sizes, squeezed
from dvar.core.node import Node, topological
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_ROUGHLY = re.compile(
    r"approx|rough|order|\b(small|large|big)\b|negligib|neglect|ignor|drop|leading|limit|asymptot|\bup to\b|modulo|"
    r"constant|\bO\(|näherung|klein|petit|environ|peque|\bunit\b|special|simpl|assum|suppos|without|\bfix(ed|ing)",
    re.IGNORECASE,
)
"""Words around a formula that leave terms out, or say what it holds for."""
_UNSAID = re.compile(r"\b(?:concatenate|getitem|scatter_add)\b|\}\{\\partial (?:\\left)?\(")
"""What no author writes in a formula, nor derives by, ``∂x/∂(w h + b)``: a repair with these is of something else."""
CLOSER = 0.1
"""A result is what is due where it is so much closer to it than the numbers in front of it."""
_OF_SHAPE = {"transpose", "missing-sum", "wrong-rule"}
LOOSE = {"wrong-variable", "missing-path", "missing-sum"}
"""Slips that fit by chance where something is left open: whatever is missing may be behind the open name."""


def is_no_claim(
    place: Place,
    document: Document,
    statement: Statement,
    verdict: Verdict,
    touched: Set[str],
    statements: Sequence[Statement],
) -> bool:
    """Whether a difference is no mistake whatever slip explains it; ``touched``: names written over in part."""
    return (
        any(stem in touched for stem in (unclaimed.stems_of(statement, verdict) if touched else ()))
        or _is_of_members(place, verdict)
        or unclaimed.is_beyond(statement)
        or unclaimed.has_increments(place, statement)
        or unclaimed.goes_round(statement)
        or ambiguous.answers_a_list(statements, place.position)
        or unclaimed.has_half_a_label(place, statement, verdict)
        or unclaimed.is_alternative(document, statement)
        or unclaimed.is_size(verdict)
        or is_about_the_unknown(place, document, statement, verdict)
        or unclaimed.is_equation_to_solve(place, statement, verdict)
        or unclaimed.is_by_a_twin(place, statement)
        or _follows(place, verdict)
    )


def is_believed(
    place: Place,
    document: Document,
    statement: Statement,
    verdict: Verdict,
    told: Explained,
    statements: Sequence[Statement],
) -> bool:
    """Whether a difference is a mistake beyond doubt: ``told`` are the slips that explain it."""
    causes = told.causes
    if (
        unindexed.is_open(place, statement, verdict, causes)
        or ambiguous.are_open(
            place, document, statement, verdict, causes, statements, told.expected or ""
        )
        or is_about_another(document, statement, verdict, causes)
        or lacks_nothing(document, statement, told.expected or "", causes)
        or (set(causes) != {"sign"} and is_of_an_array(place, verdict))
        or (not place.code and _UNSAID.search(told.expected or "") is not None)
    ):
        return False
    if not causes:
        roughly = _ROUGHLY.search(vicinity(document, statement)) is not None
        return _is_certain(place, verdict, roughly, statements) or _is_between_equals(
            place, verdict
        )
    if (
        _vanishes(place, verdict, causes)
        or ambiguous.tells_links(statement, verdict, causes, statements, told.expected)
        or unclaimed.is_layout(statement)
        or ("missing-sum" in causes and unclaimed.sums_by_convention(place, verdict, statements))
        or unclaimed.is_bare_chain(verdict, causes)
        or unclaimed.is_said_again(place, document, statement, verdict)
        or unclaimed.is_under_heading(place, document, statement, verdict)
    ):
        return False
    if place.code and place.world.unread - {place.position} and set(causes) <= _OF_SHAPE:
        return False  # a step that could not be read would have told the shapes
    if set(causes) <= {"wrong-rule", "wrong-variable"} and unclaimed.is_condition(place, statement):
        return False
    held = "mask" in causes and is_said_to_hold(document, statement)
    left_out = "missing-path" in causes and leaves_out_paths(document, statement)
    if held or left_out or unclaimed.is_of_the_true_class(document, verdict):
        return False
    if set(causes) == {"missing-path"} and lacks_a_function(place, verdict, told.expected or ""):
        return False
    if set(causes) <= LOOSE and (_has_open(place, verdict) or _collects(verdict)):
        sure = told.sure or _is_all_there(place, verdict, causes)
        return sure or witnesses.bear_out(place, verdict, dict(enumerate(statements)))
    may_be_share = {"factor", "missing-factor", "arithmetic"} & set(causes)
    if may_be_share and is_said_of_one(place, document, statement, statements):
        return False
    if not may_be_share or not is_share(place, verdict):
        return True
    # In a program another slip that explains it as well is no matter of whose loss it is.
    return bool(set(causes) - may_be_share) and _is_upstream_only(place, verdict) and place.code


def _follows(place: Place, verdict: Verdict) -> bool:
    sides = [None if m is None else m.expr for m in (verdict.previous, verdict.member)]
    is_formula = verdict.link is not None and verdict.link.numbers is None
    return is_formula and following.may_follow(place, *sides)


def _is_of_members(place: Place, verdict: Verdict) -> bool:
    """Whether only one side asks for members of a set: the other may be meant for members, ``j ∈ N(i)``."""
    link = verdict.link
    if link is None or link.left is None or link.right is None or not place.world.truths:
        return False
    left, right = (_variables(side) & place.world.truths for side in (link.left, link.right))
    return left != right


def _is_all_there(place: Place, verdict: Verdict, causes: Sequence[str]) -> bool:
    """Whether nothing that a line leaves out can be behind an open name, or in the loop around it."""
    if "missing-sum" in causes and _has_loose_index(place, verdict):
        made = (d for some in place.world.definitions.values() for d in some)
        return not any(
            leaves_out_a_sum(set(d.pattern.letters), d.value, place.world.spelling) for d in made
        )
    if set(causes) == {"wrong-variable"}:
        if _is_chain_of_known(place, verdict):
            return True
        if not _has_open(place, verdict):
            return _is_of_example(verdict)
        if not _opens(place, verdict.link.right if verdict.link else None):
            return True  # the gradient that arrives is on one side only, and one name puts it on the other
    return _is_upstream_only(place, verdict)


def _is_chain_of_known(place: Place, verdict: Verdict) -> bool:
    """``∂E_2/∂o_1 · ∂o_1/∂n_1``: derivatives of names whose formulas stand above; none of them is left open."""
    tree = verdict.member.expr if verdict.member is not None else None
    factors = tree.factors if isinstance(tree, t.Product) else ()
    tops = [f.of for f in factors if isinstance(f, t.Derivative)]
    known = all(isinstance(of, t.Symbol) and has_formula(place, of) for of in tops)
    return len(tops) > 1 and len(tops) == len(factors) and known


def _has_loose_index(place: Place, verdict: Verdict) -> bool:
    """Whether the right side has an index that nothing binds and the left one does not have."""
    member, before = verdict.member, verdict.previous
    if member is None or before is None or member.expr is None or before.expr is None:
        return False
    spelling = place.world.spelling
    left, right = (free_letters(x, spelling) for x in (before.expr, member.expr))
    said = {p.base for c in place.conditions for p in t.walk(c) if isinstance(p, t.Symbol)}
    loose = right - left - said - set(place.world.size_names)
    summed = {c for p in t.walk(before.expr) if isinstance(p, t.Big) for c in p.indices}
    is_slope = isinstance(before.expr, t.Derivative) or unclaimed.is_gradient_name(
        place, before.expr
    )
    return bool(loose) and (is_slope or loose <= summed)


def _is_fraction(tree: t.Expr) -> bool:
    """``1/2``, or a list of such, is as good as a decimal; ``-0.5 / 2`` is a step of its own."""
    return literal_shape(tree) is not None and all(n.is_whole for n in numbers_in(tree))


def _is_certain(
    place: Place, verdict: Verdict, roughly: bool, statements: Sequence[Statement]
) -> bool:
    """Whether a difference that no slip explains can only be a mistake.

    Numbers leave no doubt; nor do formulas of plain scalars that are about the same names, or that lack some
    of them where another derivative of the same function is right.
    """
    link = verdict.link
    if link is None or verdict.member is None or verdict.member.expr is None:
        return False
    before = verdict.previous
    if before is None or before.expr is None:
        return False
    if link.numbers is not None:
        told = verdict.member.expr
        return (
            is_plain(told)
            or _is_fraction(told)
            or (is_number(before.expr, place.world) and is_number(told, place.world))
            or putting.has_all(place, before.expr, told)
        )
    if link.left is None or link.right is None:
        return False
    sides = [node_of(side) for side in (link.left, link.right)]
    due, found = map(stand_ins, sides)
    if not found <= due:
        return False
    left, right = _variables(link.left), _variables(link.right)
    if not right or not right <= left or not _opens(place, link.right) <= _opens(place, link.left):
        return False
    # A slope tells which function a document leaves open.
    if left == right and due == found and _is_plain(place, verdict, roughly):
        return True
    if roughly or not _are_alike(sides):
        return False
    return witnesses.bear_out(place, verdict, dict(enumerate(statements)))


def _is_plain(place: Place, verdict: Verdict, roughly: bool) -> bool:
    """Whether two sides are numbers, made of nothing that could be laid out in another way."""
    link, before, member = verdict.link, verdict.previous, verdict.member
    if link is None or before is None or member is None or _has_open(place, verdict):
        return False
    if place.world.matrices and (_ranks(link) > {0} or _has_sums(before, member)):
        return False
    goes_on = not roughly and _goes_on(before, member)
    if not (goes_on or _is_derivative_of_name(place, before.expr)):
        return False
    both = [side for side in (link.left, link.right) if side is not None]
    return not any(squeezed(sizes(node_of(side))) for side in both)


def _are_alike(sides: Sequence[Node]) -> bool:
    """Whether two sides have as many entries; where one is a number and the other an array, one of them is not read."""
    first, second = (squeezed(sizes(side)) for side in sides)
    return sorted(first) == sorted(second)


def _goes_on(before: Member, member: Member) -> bool:
    """``(1 - y)/(1 - h) - y/h = (h - y)/(h(1 - h))`` in a chain: at its head it may be an equation to solve."""
    explicit = (t.Sum, t.Product, t.Quotient, t.Power, t.Group, t.Negative)
    signs = (before.relation, member.relation)
    return isinstance(before.expr, explicit) and all(s in ("=", "equiv") for s in signs)


def _is_between_equals(place: Place, verdict: Verdict) -> bool:
    """``∂L/∂w = 0.31 · 0.4 = 0.52``: the numbers in the middle are neither what is due nor what comes out.

    So with formulas: ``∂ℓ/∂z = (h - y)/(h(1 - h)) · h(1 + h) = h - y``.
    """
    link, member = verdict.link, verdict.member
    if link is None:
        return False
    if any(before is member and after.anew for before, _, after in verdict.links):
        if member is None or member.expr is None:
            return False
        return is_number(member.expr, place.world) or _says_all(place, verdict)
    if link.numbers is None:
        return False
    due, written = (v.astype(float) for v in link.numbers)
    for before, member, after in verdict.links:
        if before is not verdict.member or after.numbers is None:
            continue
        if after.verdict not in ("ok", "wrong") or member.expr is None:
            continue
        out = after.numbers[1].astype(float)
        told = is_plain(member.expr) or after.verdict == "wrong"  # what follows is right anew
        if told and is_number(member.expr, place.world) and out.shape == due.shape:
            return bool(np.all(np.abs(out - due) <= CLOSER * np.abs(written - due)))
    return False


def _says_all(place: Place, verdict: Verdict) -> bool:
    """Whether a formula in the middle can only be read in one way: it names no derivative, and nothing is open."""
    tree, link = verdict.member.expr if verdict.member is not None else None, verdict.link
    if tree is None or link is None or _has_open(place, verdict) or 2 in _ranks(link):
        return False
    return not (opens_more(link) or ambiguous.leaves_out_arguments(place, tree)) and not any(
        isinstance(p, t.Derivative) or (isinstance(p, t.Big) and is_idle(p)) for p in t.walk(tree)
    )


def _has_sums(*members: Member) -> bool:
    return any(isinstance(p, t.Big) for m in members if m.expr for p in t.walk(m.expr))


def _ranks(link: Link) -> set[int]:
    """How many axes the names on the two sides have: 0 for numbers, 1 for vectors."""
    sides = [side for side in (link.left, link.right) if side is not None]
    return {0, *(len(squeezed(sizes(n))) for side in sides for n in _variables(side))}


def _is_derivative_of_name(place: Place, tree: t.Expr | None) -> bool:
    if isinstance(tree, t.Derivative):
        if isinstance(tree.of, t.Apply) and tree.of.head.base in SIGMAS:
            told = place.world.find(Key(tree.of.head.base), place.position)
            return told is not None  # which function an undefined σ is, is a guess
        return isinstance(tree.of, (t.Symbol, t.Apply)) or is_closed(tree)
    if isinstance(tree, t.Call):
        return tree.primes > 0
    primed = tree.head if isinstance(tree, t.Apply) and (tree.primes or tree.head.primes) else tree
    if isinstance(primed, t.Symbol) and (primed.primes or primed is not tree):
        found = place.world.find(Key(primed.base), place.position)
        return found is not None and not found[0].numeric and found[0].position < place.position
    if isinstance(tree, t.Symbol):
        told = place.world.find(sort(tree, place.world.spelling, {}).key, place.position)
        if told is not None and is_slope(told[0].value):
            return True
    return tree is not None and unclaimed.is_gradient_name(place, tree)


def _has_open(place: Place, verdict: Verdict) -> bool:
    """Whether a derivative of an open function takes part."""
    link = verdict.link
    if link is None:
        return False
    sides = [node_of(side) for side in (link.left, link.right) if side is not None]
    return any(node in place.world.fresh for node in topological(sides))


def _is_upstream_only(place: Place, verdict: Verdict) -> bool:
    """Whether nothing can be behind what is open: it stands on both sides.

    In a program that states all steps that is the one gradient that arrives; two formulas say all there is.
    """
    link, before = verdict.link, verdict.previous
    if link is None or before is None or _collects(verdict):
        return False
    if None in (link.left, link.right):
        return False
    left, right = (_opens(place, side) for side in (link.left, link.right))
    explicit = isinstance(before.expr, (t.Product, t.Sum, t.Quotient))
    return left == right and (explicit or (place.code and len(left) == 1))


def _opens(place: Place, side: Value | None) -> set[Node]:
    """The derivatives of open functions in one side."""
    beneath = () if side is None else topological([node_of(side)])
    return {node for node in beneath if node in place.world.fresh}


def _collects(verdict: Verdict) -> bool:
    """Whether the line adds to what is there already: the sum may be made by the loop around it."""
    return verdict.member is not None and verdict.member.relation in ("+=", "-=")


def _is_of_example(verdict: Verdict) -> bool:
    """``dw += x^{(i)} dz^{(i)}``: what one example adds."""
    tree = verdict.member.expr if verdict.member is not None else None
    names = [p for p in t.walk(tree) if isinstance(p, t.Symbol)] if tree is not None else []
    return any(s.kind == "paren" for name in names for s in name.scripts)


def _vanishes(place: Place, verdict: Verdict, causes: Sequence[str]) -> bool:
    """Whether numbers are written for a slope that comes out as nothing: more likely a link was not seen."""
    if {"routing", "mask"} & set(causes) or not _is_about_slopes(place, verdict):
        return False
    sides = [m.expr for m in (verdict.previous, verdict.member) if m is not None]
    if all(x is not None and is_number(x, place.world) for x in sides):
        return False
    numbers = verdict.link.numbers if verdict.link is not None else None
    return numbers is not None and not np.any(numbers[0]) and bool(np.all(numbers[1]))


def _is_about_slopes(place: Place, verdict: Verdict) -> bool:
    """Whether a derivative takes part, or a name that may be one."""
    tree = verdict.previous.expr if verdict.previous is not None else None
    if tree is None or isinstance(tree, t.Symbol):
        return True
    return any(
        isinstance(p, t.Derivative) or unclaimed.is_gradient_name(place, p) for p in t.walk(tree)
    )


def _variables(value: Value) -> set[Node]:
    return set(names_beneath([node_of(value)]))
