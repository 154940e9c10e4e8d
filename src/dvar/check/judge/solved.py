"""Solutions of equations: of ``6Q = 56 ⇒ Q^* = 9.33`` the number is right where the equation before holds."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from dvar.check.judge.chain import Verdict
from dvar.check.judge.following import residual
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain, read_literal
from dvar.check.judge.matching import close
from dvar.check.judge.place import Place
from dvar.check.meaning.points import Point, names_beneath
from dvar.check.meaning.values import NotUnderstood
from dvar.core.node import Node
from dvar.core.op import VARIABLE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement

_SO = re.compile(
    r"[\s$`,.;:()\[\]\\]*"
    r"(?:(?:implies|Rightarrow|Longrightarrow|iff|Leftrightarrow|rightarrow|therefore|to)\b|[⇒⟹⇔→∴]|=>|->|"
    r"(?:and |so |which |this |that |it |we )*(?:so|hence|thus|therefore|gives|yields|get|obtain|find|means|i\.e\.|have)\b)"
    r"[\s$`,:()\[\]\\a-z]{0,24}",
    re.IGNORECASE,
)
"""What stands between an equation and its solution."""


def judged(place: Place, document: Document, statement: Statement) -> Verdict | None:
    """What is to be said of a number that solves the equation right in front of it; None where it solves none."""
    members = statement.members
    if not place.asked or len(members) != 2 or members[1].relation not in ("=", "approx"):
        return None
    name, told = members[0].expr, members[1].expr
    left, right = place.asked[-1]
    if not isinstance(name, t.Symbol) or told is None or not is_plain(told):
        return None
    if _SO.fullmatch(document.text[max(left.span[1], right.span[1]) : statement.span[0]]) is None:
        return None
    due = _root(place, left, right, _bare(name))
    if due is None:
        return None
    literal, _ = read_literal(place.reader(), told, place.ledger)
    value = np.asarray(due, dtype=np.longdouble)
    if literal.value.shape:
        return None
    verdict = "ok" if close(value, literal.value, literal.slack) else "wrong"
    link = Link(verdict, "", numbers=(value, literal.value))
    return Verdict(verdict, members[1], members[0], link, links=[(members[0], members[1], link)])


def _bare(name: t.Symbol) -> t.Symbol:
    """The unknown that ``Q^*`` is the solution for."""
    return replace(name, scripts=tuple(s for s in name.scripts if s.kind != "mark"))


def _root(place: Place, left: t.Expr, right: t.Expr, name: t.Symbol) -> float | None:
    """Where both sides are equal; None where that is not at one place, or where other names take part."""
    apart = residual(place, left, right)
    try:
        node = place.reader().node(name)
    except NotUnderstood:
        return None
    if apart is None or node.op is not VARIABLE or node.shape or apart.shape != (1,):
        return None
    if names_beneath([apart]) != [node]:
        return None
    values = [_at(apart, node, x) for x in (0.25, 1.0, 2.5)]
    if any(v is None for v in values):
        return None
    a, b, c = (float(v) for v in values if v is not None)
    slope = (b - a) / 0.75
    if abs(slope) < 1e-9 or abs(c - b - 1.5 * slope) > 1e-9 * max(abs(a), abs(c), 1.0):
        return None
    return 1.0 - b / slope


def _at(node: Node, name: Node, value: float) -> float | None:
    found = Point(known={name: np.asarray(value)}).value(node)
    return (
        None if found is None or not np.all(np.isfinite(found.astype(float))) else float(found[0])
    )


__all__ = ["judged"]
