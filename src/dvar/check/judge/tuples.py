"""Numbers told in brackets: "at (1, 2)" behind ``f(x, y) = …``, data as "(x, y): (1, 2), (2, 3)"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.literal import is_literal, is_plain
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.mathematics import read_region
from dvar.read.worksheet.mathematics.lexicon import EMPTY
from dvar.read.worksheet.parts import same_tree

_AT = re.compile(
    r"\b(at|in|for|with|take|an der Stelle|en|au point)\s+(the\s+)?(points?\s+)?[\s$`(\\]*$",
    re.IGNORECASE,
)
_POINT = re.compile(r"\b[Aa]t\s+(?:the\s+)?(?:point\s+)?(\([-\d., ]+\))\s*[:,]?\s*$")
"""The same in a line of plain text, with the bracket."""
_NEAR = 200
"""Characters between two brackets that belong together."""


def given(
    document: Document, found: Sequence[Statement], statement: Statement, whole: Sequence[Statement]
) -> list[Statement]:
    """The numbers that a bracket gives to names, one by one; empty where it gives none."""
    numbers = _alone(statement)
    if numbers is None or not is_plain(numbers):
        return []
    names = _arguments(document, found, statement) or _row(document, found, statement, whole)
    if len(names) != len(numbers.items):
        return []
    return _each(statement, names, numbers)


def one_by_one(statement: Statement) -> list[Statement]:
    """``(x, y) = (1, -2)`` gives two numbers; so does ``(x, y) = (5, 5) - (1, 2) = (4, 3)``, a step from a point."""
    members = statement.members
    if len(members) < 2 or members[0].relation:
        return []
    left, *worked_out, right = members
    names, numbers = left.expr, right.expr
    if not isinstance(names, t.Group) or not isinstance(numbers, t.Group):
        return []
    if {m.relation for m in members[1:]} - {"=", "approx"}:
        return []
    if not all(m.expr is not None and is_literal(m.expr) for m in worked_out):
        return []
    listed = _side_by_side(names) or names.items
    if len(listed) != len(numbers.items) or len(listed) < 2:
        return []
    if not all(isinstance(n, t.Symbol) for n in listed) or not is_plain(numbers):
        return []
    told = replace(right, relation="=")
    first = [replace(m, relation="") for m in worked_out[:1]]
    computed = [replace(statement, members=(*first, *worked_out[1:], right))] if first else []
    return computed + [
        replace(statement, members=(replace(left, expr=name), replace(told, expr=number)))
        for name, number in zip(listed, numbers.items, strict=True)
    ]


def _side_by_side(group: t.Group) -> tuple[t.Expr, ...]:
    """The names of ``[x_1 x_2]``, which looks like a product."""
    (only,) = group.items if len(group.items) == 1 else (None,)
    is_list = group.kind == "[" and isinstance(only, t.Product) and not any(only.operators)
    return only.factors if is_list and isinstance(only, t.Product) else ()


def entries(statement: Statement, whole: Sequence[Statement]) -> list[Statement]:
    """``W = [[w_1, w_2], [w_3, w_4]] = [[0.1, 0.3], [0.2, 0.4]]`` gives numbers to W and to its entries.

    It claims something where an entry has a formula.
    """
    members = statement.members
    if len(members) not in (2, 3) or members[0].relation:
        return []
    named = [m.expr for m in members[:-2]]
    names, numbers = (_rows(m.expr) for m in members[-2:])
    if not all(isinstance(name, t.Symbol) for name in named):
        return []
    if not named and not isinstance(members[0].expr, t.Matrix):
        return []  # lists side by side are read one by one
    if not numbers or list(map(len, names)) != list(map(len, numbers)):
        return []
    listed = [n for row in names for n in row]
    values = [x for row in numbers for x in row]
    if not all(isinstance(n, t.Symbol) and not _has_formula(n, whole) for n in listed):
        return []
    if len(listed) < 2 or not all(map(is_plain, values)):
        return []
    left, right = members[0], members[-1]
    told = [(name, right.expr) for name in named]
    return [
        replace(statement, members=(replace(left, expr=name), replace(right, expr=value)))
        for name, value in [*told, *zip(listed, values, strict=True)]
    ]


def _rows(tree: t.Expr | None) -> list[Sequence[t.Expr]]:
    """The rows of a matrix or of a list of lists; a vector is one row, however it stands."""
    rows: list[Sequence[t.Expr]] = []
    if isinstance(tree, t.Matrix):
        rows = list(tree.rows)
    elif isinstance(tree, t.Group) and tree.kind in ("[", "(", "tuple", "list"):
        items = _side_by_side(tree) or tree.items
        inner = [x.items for x in items if isinstance(x, t.Group)]
        rows = [*inner] if len(inner) == len(items) else [items]
    return [[x for row in rows for x in row]] if all(len(row) == 1 for row in rows) else rows


def at_point(
    document: Document, found: Sequence[Statement], statement: Statement
) -> list[Statement]:
    """The numbers of "at (1, 2): ∇g = …" in a line without marks around its formulas."""
    start = statement.span[0]
    line = document.text.rfind("\n", 0, start) + 1
    said = _POINT.search(document.text, line, start)
    if said is None:
        return []
    read = read_region(document.text, said.span(1), False, EMPTY, statement.region)
    numbers = _alone(read[0]) if len(read) == 1 else None
    names = _of_function(found)
    if numbers is None or not is_plain(numbers) or len(names) != len(numbers.items):
        return []
    return _each(read[0], names, numbers)


def _each(statement: Statement, names: Sequence[t.Expr], numbers: t.Group) -> list[Statement]:
    member = statement.members[0]
    return [
        replace(
            statement,
            members=(replace(member, expr=name), replace(member, relation="=", expr=number)),
        )
        for name, number in zip(names, numbers.items, strict=True)
    ]


def _alone(statement: Statement) -> t.Group | None:
    """A bracket with several things that is a statement of its own."""
    first = statement.members[0]
    if len(statement.members) != 1 or first.relation or not isinstance(first.expr, t.Group):
        return None
    is_tuple = first.expr.kind == "tuple" and len(first.expr.items) > 1
    return first.expr if is_tuple and not first.expr.scripts else None


def _arguments(
    document: Document, found: Sequence[Statement], statement: Statement
) -> Sequence[t.Expr]:
    """The arguments of the function before, at a point that words announce."""
    start = statement.span[0]
    return _of_function(found) if _AT.search(document.text[max(0, start - _NEAR) : start]) else ()


def _of_function(found: Sequence[Statement]) -> Sequence[t.Expr]:
    """The arguments of the function that was defined last."""
    for before in reversed(found):
        left = before.members[0].expr
        if len(before.members) > 1 and isinstance(left, t.Apply):
            symbols = [a for a in left.args if isinstance(a, t.Symbol)]
            mixed = any(_has_formula(a, found) for a in symbols) or len(symbols) < len(left.args)
            return () if mixed else symbols
    return ()


def _has_formula(name: t.Symbol, found: Sequence[Statement]) -> bool:
    """Whether a name stands for something else as well, so that a number for it may be for that."""
    return any(
        len(s.members) > 1
        and s.members[0].expr is not None
        and same_tree(s.members[0].expr, name)
        and not any(m.expr is not None and is_plain(m.expr) for m in s.members[1:])
        for s in found
    )


def _row(
    document: Document,
    found: Sequence[Statement],
    statement: Statement,
    whole: Sequence[Statement],
) -> Sequence[t.Expr]:
    """``x_2`` and ``y_2`` for the second bracket of numbers behind ``(x, y)``."""
    spans: set[tuple[int, int]] = set()  # of the brackets in between
    names: t.Group | None = None
    end = statement.span[0]
    for before in reversed(found):
        if end - before.span[1] > _NEAR or document.regions[before.region].kind == "code":
            return ()
        end = before.span[0]
        names = _alone(before)
        if names is not None:
            break
        spans.add(before.span)
    if names is None or not all(isinstance(n, t.Symbol) for n in names.items):
        return ()
    row = len(spans) + 1
    numbered = [_numbered(n, row, whole) for n in names.items if isinstance(n, t.Symbol)]
    return [n for n in numbered if n is not None]


def _numbered(name: t.Symbol, row: int, whole: Sequence[Statement]) -> t.Symbol | None:
    """The name with a number where the document writes an index letter: ``x_i``, ``x^{(i)}``."""
    if name.subscripts or name.scripts:
        return None
    for part in parts(whole):
        if not isinstance(part, t.Symbol) or part.base != name.base or part.accents != name.accents:
            continue
        if len(part.subscripts) == 1 and not part.scripts and _is_letter(part.subscripts[0]):
            return replace(part, subscripts=(t.Label(str(row), name.span, False),), span=name.span)
        if len(part.scripts) == 1 and not part.subscripts and part.scripts[0].kind == "paren":
            script = part.scripts[0]
            if script.value is not None and _is_letter(script.value):
                label = t.Label(str(row), name.span, False)
                return replace(part, scripts=(replace(script, value=label),), span=name.span)
    return None


def _is_letter(tree: t.Expr) -> bool:
    match tree:
        case t.Label(text=text, is_text=False):
            return len(text) == 1 and text.isalpha()
        case t.Symbol(base=base, subscripts=(), scripts=()):
            return len(base) == 1
    return False
