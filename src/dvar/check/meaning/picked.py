"""Programs that pick entries by their class: ``P[range(N), y]`` is row by row what a one-hot matrix picks of P.

``dS = P; dS[range(N), y] -= 1; dS /= N`` makes one gradient in three steps: only the last of them is it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from dvar.check.meaning import functions
from dvar.check.meaning.alphabet import ONE_HOT, UNDONE
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import in_members, rewritten, same_tree

_COPIES = re.compile(
    r"=\s*(?:[\w.\[\]]+\.(?:copy|clone)\(\)|(?:np\.)?copy\([\w.\[\]]+\)|(?:np\.)?array\([\w.\[\]]+(?:, *copy=True)?\))$"
)
_STEPS = {"-=": -1, "+=": 1}
_SCALES = frozenset({"/=", "*="})


def by_class(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements of a document, with picks in its programs as products with one-hot matrices."""
    found = list(statements)
    for n, statement in enumerate(found):
        if document.regions[statement.region].is_program:
            found[n] = in_members(_as_product(statement), _sum_of_picks)
    in_steps: set[int] = set()
    for n, statement in enumerate(found):
        name = statement.members[0].expr
        last = n
        while last + 1 < len(found) and _goes_on(found[last + 1], name):
            last += 1
        if last > n and _is_made_in_place(document, statements[n : last + 1]):
            found[n : last + 1] = _in_steps(found[n : last + 1])
            in_steps.add(n)
    return [s for n, s in enumerate(found) if n in in_steps or not _is_copy(document, s)]


def _is_copy(document: Document, statement: Statement) -> bool:
    """``dx = dout.copy()`` of a program: only room for what is computed later."""
    if not document.regions[statement.region].is_program or len(statement.members) != 2:
        return False
    made = statement.members[1]
    return _COPIES.search(document.text[statement.span[0] : made.span[1]]) is not None


def _is_pick(tree: object) -> TypeGuard[t.Symbol]:
    """``P[range(N), y]``, ``P[np.arange(N), y]``."""
    if not isinstance(tree, t.Symbol) or len(tree.subscripts) != 2:
        return False
    rows, label = tree.subscripts
    named = isinstance(label, (t.Label, t.Symbol)) and not getattr(label, "subscripts", ())
    called = rows.head.base if isinstance(rows, t.Apply) else getattr(rows, "name", "")
    return named and called in ("range", "arange")


def _one_hot(pick: t.Symbol) -> t.Symbol:
    label = pick.subscripts[1]
    name = label.text if isinstance(label, t.Label) else getattr(label, "base", "")
    return t.Symbol(ONE_HOT + name, pick.span)


def _sum_of_picks(part: Any) -> t.Expr | None:
    """``-log(P[range(N), y])`` as ``sum(Y * -log(P), axis=1)``."""
    inner = part
    while not _is_pick(inner):
        if isinstance(inner, t.Negative):
            inner = inner.operand
        elif t.is_bracketed(inner):
            inner = inner.items[0]
        elif isinstance(inner, t.Call) and len(inner.args) == 1 and _is_elementwise(inner):
            inner = inner.args[0]
        else:
            return None
    whole = rewritten(part, lambda x: replace(x, subscripts=()) if x is inner else None)
    both = t.Product((_one_hot(inner), whole), (".*",), part.span)
    return t.Call("sum", (both,), part.span, (("axis", t.Number("1", part.span)),))


def _is_elementwise(call: t.Call) -> bool:
    return functions.named(call.name) in functions.ELEMENTWISE


def _as_product(statement: Statement) -> Statement:
    """``dS[range(N), y] -= 1`` as ``dS -= Y``."""
    first, *rest = statement.members
    if not _is_pick(first.expr) or len(rest) != 1 or rest[0].relation not in _STEPS:
        return statement
    by, hot = rest[0].expr, _one_hot(first.expr)
    if by is None:
        return statement
    is_one = isinstance(by, t.Number) and by.value == 1
    step = hot if is_one else t.Product((by, hot), (".*",), by.span)
    whole = replace(first, expr=replace(first.expr, subscripts=()))
    return replace(statement, members=(whole, replace(rest[0], expr=step)))


def _goes_on(statement: Statement, name: t.Expr | None) -> bool:
    """Whether a statement changes the value of a name that the one before has given it."""
    first, *rest = statement.members
    changes = len(rest) == 1 and rest[0].relation in _STEPS.keys() | _SCALES
    return changes and isinstance(name, t.Symbol) and same_tree(first.expr, name)


def _is_made_in_place(document: Document, steps: Sequence[Statement]) -> bool:
    """Whether some steps begin with another name or pick entries, so that they make one value together."""
    first, *rest = steps
    if not document.regions[first.region].is_program or len(first.members) != 2:
        return False
    return first.members[1].relation == "=" and any(_is_pick(s.members[0].expr) for s in rest)


def _in_steps(steps: Sequence[Statement]) -> list[Statement]:
    """The same with a name of its own for each value before the last, which is told by all of them."""
    found: list[Statement] = []
    value: t.Expr | None = None
    for n, statement in enumerate(steps):
        first, second = statement.members
        assert isinstance(first.expr, t.Symbol)
        value = second.expr if value is None else _changed(value, second)
        is_last = n + 1 == len(steps)
        name = first.expr if is_last else replace(first.expr, base=f"{UNDONE}{n}{first.expr.base}")
        made = replace(second, relation="=", expr=value if is_last else _another(value))
        found.append(replace(statement, members=(replace(first, expr=name), made)))
    return found


def _another(value: t.Expr | None) -> t.Expr | None:
    """The same value as a quantity of its own: probabilities stay what they are while a copy of them is changed."""
    if value is None:
        return None
    return t.Product((value, t.Number("1", value.span)), (".*",), value.span)


def _changed(old: t.Expr, by: Member) -> t.Expr | None:
    if by.expr is None:
        return None
    if by.relation in _STEPS:
        return t.Sum((old, by.expr), (1, _STEPS[by.relation]), by.span)
    old = t.Group("(", (old,), old.span) if isinstance(old, t.Sum) else old
    if by.relation == "/=":
        return t.Quotient(old, by.expr, by.span, inline=True)
    return t.Product((old, by.expr), (".*",), by.span)


__all__ = ["by_class"]
