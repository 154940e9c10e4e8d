"""Formulas of programs whose shapes do not fit: a mistake where one slip explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.cause.find import find
from dvar.check.judge import links
from dvar.check.judge.chain import Place, Verdict
from dvar.check.meaning import gradients
from dvar.check.meaning.keys import sort
from dvar.check.meaning.values import NotUnderstood
from dvar.read.worksheet import tree as t

_MISFITS = ("the product of shapes", "the two sides have shapes", "shapes ")


def as_mistake(place: Place, text: str, verdict: Verdict, others: Sequence[t.Symbol]) -> Verdict:
    """A line that was not understood because shapes do not fit, as wrong if one slip explains it.

    Programs say what they multiply; in a worksheet products are often laid out freely.
    """
    link, before, member = verdict.link, verdict.previous, verdict.member
    if verdict.verdict != "unknown" or link is None or before is None or member is None:
        return verdict
    if not (place.code and place.world.is_spread and link.why.startswith(_MISFITS)):
        return verdict
    left, right = before.expr, member.expr
    if left is None or right is None:
        return verdict
    try:
        value = place.reader().value(left)
    except NotUnderstood:
        return verdict
    envs = links.assignments(place.world, [left, right], place.conditions, place.position)
    wrong = replace(link, verdict="wrong", why="", left=value, right=None)
    with place.world.unchanged():
        found = find(place, text, left, right, wrong, envs, others)
    if found.bend is None:
        return verdict
    if found.bend.cause == "missing-sum" and _is_computed(place, left):
        return verdict  # only what all examples share gets the sum over them
    return replace(verdict, verdict="wrong", link=replace(wrong, why=_said(link.why)))


def _is_computed(place: Place, left: t.Expr) -> bool:
    """Whether the gradient is that of something with a formula, or nobody knows of what."""
    if not isinstance(left, t.Symbol):
        return True
    target = gradients.target_of(place.reader(), sort(left, place.world.spelling, {}).key)
    return target is None or place.world.find(target, place.position) is not None


def _said(why: str) -> str:
    return why if why.startswith("the two") else f"{why} does not exist"
