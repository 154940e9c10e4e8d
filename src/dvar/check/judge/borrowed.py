"""Numbers that are put in for one name and are those of another.

``z = w o + b = 0.3 · 2.5 + 0.1`` where x is 2.5, and o comes to 0.56 further on.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from dvar.check.judge.chain import Place, Verdict
from dvar.check.judge.links import Link
from dvar.check.judge.literal import is_plain, numbers_in
from dvar.check.meaning.aligning import put_in
from dvar.check.meaning.keys import Key, sort
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree


def of_another_name(
    place: Place, members: Sequence[Member], verdict: Verdict, statements: Sequence[Statement]
) -> Verdict:
    """The verdict, or that of a line that takes a name with the number of another one."""
    if verdict.verdict not in ("ok", "definition", "given") or place.code:
        return verdict
    for before, member in pairwise(members):
        if before.expr is None or member.expr is None or is_plain(member.expr):
            continue
        for name, value in put_in(before.expr, member.expr) or ():
            other = _meant(place, name, value, members, statements)
            if other is not None:
                why = f"{name.base} has another number; {other} has this one"
                link = Link("wrong", why, causes=("wrong-variable", "wrong-operand"))
                return Verdict("wrong", member, before, link, links=[(before, member, link)])
    return verdict


def _meant(
    place: Place,
    name: t.Symbol,
    value: t.Expr,
    members: Sequence[Member],
    statements: Sequence[Statement],
) -> Key | None:
    """The name whose number is put in for one that has, or comes to, another number."""
    due = _other_number(place, name, statements)
    written = [n.value for n in numbers_in(value)] if is_plain(value) else []
    if due is None or len(written) != 1 or due == written or abs(written[0]) in (0, 1):
        return None
    trees = [m.expr for m in members if m.expr is not None]
    here = {
        sort(p, place.world.spelling, {}).key
        for tree in trees
        for p in t.walk(tree)
        if isinstance(p, t.Symbol)
    }
    for other, known in place.ledger.given_by_key.items():
        if other not in here and not known.ndim:
            if abs(float(known)) == abs(float(written[0])) and other in place.ledger.own:
                return other
    return None


def _other_number(
    place: Place, name: t.Symbol, statements: Sequence[Statement]
) -> list[Fraction] | None:
    """The number that a name comes to further on, or that only an earlier part gave it; None where it has its own."""
    heads = ((n, s.members) for n, s in enumerate(statements) if len(s.members) > 1)
    same = next(((n, m) for n, m in heads if same_tree(m[0].expr, name)), None)
    key, given = sort(name, place.world.spelling, {}).key, place.ledger.given_by_key
    if same is not None and same[0] > place.position:
        later = same[1][-1].expr
        due = [n.value for n in numbers_in(later)] if later is not None and is_plain(later) else []
        return due if len(due) == 1 else None
    is_entered = any(k.stem == key.stem and k != key and k in place.ledger.own for k in given)
    if key not in given or given[key].ndim or key in place.ledger.own or not is_entered:
        return None
    return [Fraction(float(given[key]))]
