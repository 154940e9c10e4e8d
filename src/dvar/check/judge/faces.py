"""Lines that are wrong on the face of them, whatever their names stand for.

``σ(z) (1 σ(z))`` has lost a minus; a chain of derivatives that has two of the same numerator is none.  Only
lines that could not be compared otherwise are looked at so; but no reading makes two values of one condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.check.judge.chain import Verdict
from dvar.check.judge.links import GIVEN, Link
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import same_tree

NO_MINUS = "a minus sign is missing behind the 1"
TWICE = "two links of the chain begin with the same numerator"
SAME_CASE = "two cases have the same condition"


def on_its_face(members: Sequence[Member], verdict: Verdict) -> Verdict:
    """The verdict, or that of a line that can only be wrong."""
    for before, member in pairwise(members):
        if before.expr is not None and member.expr is not None and _same_cases(member.expr):
            twice = Link("wrong", SAME_CASE, causes=("mask",))
            return Verdict("wrong", member, before, twice, links=[(before, member, twice)])
    is_open = verdict.verdict in ("unknown", "definition")
    if verdict.verdict == "ok" and verdict.link is not None:
        is_open = verdict.link.why == GIVEN
    if not is_open:
        return verdict
    for before, member in pairwise(members):
        if before.expr is None or member.expr is None:
            continue
        link = _fault(before.expr, member.expr)
        if link is not None:
            return Verdict("wrong", member, before, link, links=[(before, member, link)])
    return verdict


def instead(members: Sequence[Member], verdict: Verdict) -> Verdict | None:
    """The verdict of a line whose difference is not believed, where it can only be wrong; None elsewhere."""
    if verdict.verdict != "wrong":
        return None
    faced = on_its_face(members, replace(verdict, verdict="unknown"))
    return faced if faced.verdict == "wrong" else None


def _fault(left: t.Expr, right: t.Expr) -> Link | None:
    if any(_lost_a_minus(part) for part in t.walk(right)):
        products = [p for p in t.walk(right) if isinstance(p, t.Product) and _lost_a_minus(p)]
        rests = [rest for p in products for f in p.factors if (rest := _behind_one(f)) is not None]
        gaps = tuple((rest.span[0], rest.span[0]) for rest in rests)
        return Link("wrong", NO_MINUS, causes=("misprint", "sign"), minus=gaps)
    if isinstance(left, t.Derivative) and left.of is not None and _begins_twice(left, right):
        return Link("wrong", TWICE, causes=("factor", "missing-factor", "wrong-rule"))
    return None


def _same_cases(tree: t.Expr) -> bool:
    """``1 if z > 0, 0 if z > 0``: one condition cannot give two values."""
    for part in t.walk(tree):
        if isinstance(part, t.Cases):
            for n, (value, condition) in enumerate(part.branches):
                for other, again in part.branches[n + 1 :]:
                    said = isinstance(condition, t.Relation) and same_tree(condition, again)
                    if said and not same_tree(value, other):
                        return True
    return False


# ── a minus that is lost ────────────────────────────────────────────────────────────────────────


def _lost_a_minus(part: t.Expr | t.Script) -> bool:
    """``a (1 a)``, ``(1 y)/(1 p)``: nobody writes a 1 as a factor of what stands beside it."""
    if isinstance(part, t.Quotient):
        return _behind_one(part.below) is not None and any(
            _behind_one(p) is not None for p in t.walk(part.above) if not isinstance(p, t.Script)
        )
    if not isinstance(part, t.Product):
        return False
    for factor in part.factors:
        rest = _behind_one(factor)
        if rest is not None and any(same_tree(rest, other) for other in part.factors):
            return True
    return False


def _behind_one(tree: t.Expr) -> t.Expr | None:
    """``a`` of ``(1 a)``."""
    if isinstance(tree, t.Group) and tree.kind == "(" and not tree.scripts:
        items = tree.items
    elif isinstance(tree, t.Apply) and not tree.scripts:
        items = tree.args  # y/p (1 y)/(1 p): what stands before the bracket is no function
    else:
        return None
    if len(items) != 1:
        return None
    inner = items[0]
    if not isinstance(inner, t.Product) or len(inner.factors) != 2 or inner.operators != ("",):
        return None
    one, rest = inner.factors
    return rest if isinstance(one, t.Number) and one.text == "1" else None


# ── chains ──────────────────────────────────────────────────────────────────────────────────────


def _begins_twice(left: t.Derivative, right: t.Expr) -> bool:
    """``dL/dW = dL/dz · dz/da · dL/da · …``: a chain begins once."""
    if not isinstance(right, t.Product):
        return False
    links = [f for f in right.factors if isinstance(f, t.Derivative)]
    begins = [f for f in links if same_tree(f.of, left.of)]
    return len(begins) > 1 and any(not same_tree(a.wrt, b.wrt) for a, b in pairwise(begins))
