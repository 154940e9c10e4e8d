r"""Data as people list them: points ``(1, 2), (2, 3)`` are ``(x_1, y_1)`` and ``(x_2, y_2)``, and a model is that of each.

Where a sum over i has ``x_i`` and ``y_i``, the numbers of a list of points are theirs, and ``\hat y = w x + b`` is
``\hat y_i = w x_i + b`` if ``\hat y_i`` has no formula of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import in_members

_DATA = re.compile(
    r"\b(?:data\w*|points?|examples?|samples?|observations?|training|pairs|measurements?|daten\w*|punkte|datos|puntos|"
    r"donn[eé]es)\b",
    re.IGNORECASE,
)
NEAR = 120
"""Signs in front of a list of points in which words say that they are the data."""
FEW = 2


def told(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with lists of points as numbers of the names that are summed over, and models of each."""
    found = counted(statements)
    if found is None:
        return list(statements)
    letter, stems = found
    return _models(_points(document, statements, stems), letter, stems)


def counted(statements: Sequence[Statement]) -> tuple[str, dict[str, t.Symbol]] | None:
    """The letter of sums over the data, and the names that it counts there: x, y and what is predicted."""
    sums = [p for p in parts(statements) if isinstance(p, t.Big) and len(p.indices) == 1]
    letters = {big.indices[0] for big in sums if len(_named(t.walk(big.body), big.indices[0])) > 1}
    if len(letters) != 1:
        return None
    (letter,) = letters
    return letter, _named(parts(statements), letter)


def _named(among: Iterable[object], letter: str) -> dict[str, t.Symbol]:
    """The names that have this letter for their index."""
    return {stem_of(p): p for p in among if isinstance(p, t.Symbol) and _index(p) == letter}


def _index(symbol: t.Symbol) -> str:
    """The one letter below a name that has nothing else around it."""
    below = [c for sub in symbol.subscripts for c in letters_in(sub)]
    return below[0] if len(below) == 1 and not (symbol.scripts or symbol.primes) else ""


# ── points ──────────────────────────────────────────────────────────────────────────────────────


def _points(
    document: Document, statements: Sequence[Statement], stems: dict[str, t.Symbol]
) -> list[Statement]:
    given = [s for s in stems.values() if not s.accents]
    inputs = [s for s in given if s.base == "x"]
    labels = [s for s in given if s.base in ("y", "t")]
    found = list(statements)
    if len(inputs) != 1 or len(labels) != 1:
        return found
    names = (inputs[0], labels[0])
    by_name = {stem_of(x) for s in statements for x in _lefts(s)}
    if not by_name.isdisjoint(map(stem_of, names)):
        return found
    for run in _runs(document, statements):
        pairs = [pair for n in run for pair in _pairs(statements[n])]
        if len(pairs) < FEW:
            continue
        number = 0
        for n in run:
            own = _pairs(statements[n])
            found[n] = _equation(statements[n], names, own, number)
            number += len(own)
        break
    return found


def _lefts(statement: Statement) -> Iterator[t.Symbol]:
    """Names that stand left of a relation, alone or in a list; not the x and y of points."""
    tree = statement.members[0].expr
    if len(statement.members) > 1 and isinstance(tree, t.Symbol | t.Group):
        if not _of_pairs(statement):
            yield from (part for part in t.walk(tree) if isinstance(part, t.Symbol))


def _runs(document: Document, statements: Sequence[Statement]) -> Iterator[list[int]]:
    """Neighbours that are points, behind words that say they are the data."""
    for is_run, group in groupby(range(len(statements)), lambda n: bool(_pairs(statements[n]))):
        run = list(group)
        if is_run and _are_data(document, statements[run[0]]):
            yield run


def _are_data(document: Document, first: Statement) -> bool:
    start = first.span[0]
    before = document.text[max(0, start - NEAR) : start].rpartition("\n\n")[2]
    return _of_pairs(first) or _DATA.search(before) is not None


def _of_pairs(statement: Statement) -> bool:
    """``(x, y) = (1, 2), (2, 3)``"""
    first = statement.members[0].expr
    if not isinstance(first, t.Group) or not len(first.items) == len(statement.members) == FEW:
        return False
    return all(
        isinstance(x, t.Symbol) and x.base in "xyt" and not _numbered(x) for x in first.items
    )


def _numbered(symbol: t.Symbol) -> bool:
    return any(c.isdigit() for sub in symbol.subscripts for c in getattr(sub, "text", ""))


def _pairs(statement: Statement) -> list[tuple[t.Expr, t.Expr]]:
    """The points of a statement that is nothing but points, or says that ``(x, y)`` are these."""
    last = statement.members[-1].expr
    if len(statement.members) > 1 and not _of_pairs(statement):
        return []
    if not isinstance(last, t.Group) or last.scripts or last.subscripts:
        return []
    nested = all(isinstance(item, t.Group) for item in last.items)
    points = last.items if nested else (last,)
    found = [p.items for p in points if isinstance(p, t.Group) and p.kind in ("tuple", "(")]
    whole = [(p[0], p[1]) for p in found if len(p) == FEW and all(map(_is_number, p))]
    return whole if len(whole) == len(points) else []


def _is_number(tree: t.Expr) -> bool:
    inner = tree.operand if isinstance(tree, t.Negative) else tree
    return isinstance(inner, t.Number)


def _equation(
    statement: Statement,
    names: tuple[t.Symbol, t.Symbol],
    pairs: Sequence[tuple[t.Expr, t.Expr]],
    before: int,
) -> Statement:
    """``(x_2, y_2) = (3, 5)``"""
    span = statement.members[-1].span
    left: list[t.Expr] = []
    for n in range(before + 1, before + len(pairs) + 1):
        number = t.Number(str(n), span)
        left += [replace(name, subscripts=(number,), span=span) for name in names]
    right = tuple(x for pair in pairs for x in pair)
    members = (
        Member("", t.Group("tuple", tuple(left), span), span),
        Member("=", t.Group("tuple", right, span), span),
    )
    return replace(statement, members=members)


# ── models ──────────────────────────────────────────────────────────────────────────────────────


def _models(
    statements: Sequence[Statement], letter: str, stems: dict[str, t.Symbol]
) -> list[Statement]:
    """The statements, with the index put back into the formula of what is predicted."""
    lists = {stem_of(x) for s in statements for x in _listed(s)}
    own = {stem_of(x) for s in statements for x in _lefts(s) if x.subscripts}
    found = []
    for statement in statements:
        first, *rest = (m.expr for m in statement.members)
        is_model = (
            isinstance(first, t.Symbol)
            and stem_of(first) in stems.keys() - own
            and not (first.subscripts or first.scripts)
        )
        within = [p for x in rest if is_model and x is not None for p in t.walk(x)]
        inside = {stem_of(p) for p in within if isinstance(p, t.Symbol)}
        summed = any(isinstance(p, t.Big) for p in within) or bool(_named(within, letter))
        if inside & stems.keys() and not (inside & lists or summed):
            if not _is_used_bare(statements, statement, stems):
                statement = in_members(statement, lambda part: _indexed(part, letter, stems))
        found.append(statement)
    return found


def _is_used_bare(
    statements: Sequence[Statement], model: Statement, stems: dict[str, t.Symbol]
) -> bool:
    """Whether another line has a name of the model without an index: the model is that of one example there."""
    return any(
        isinstance(p, t.Symbol) and not p.subscripts and not p.scripts and stem_of(p) in stems
        for s in statements
        if s is not model and len(s.members) > 1 and not _of_pairs(s)
        for p in parts([s])
    )


def _listed(statement: Statement) -> Iterator[t.Symbol]:
    """Names that are given as lists, arrays, or by their shapes."""
    first, last = statement.members[0].expr, statement.members[-1].expr
    whole = isinstance(last, t.Group | t.Matrix | t.Shape) and len(statement.members) > 1
    if whole and isinstance(first, t.Symbol) and not first.subscripts:
        yield first


def _indexed(part: object, letter: str, stems: dict[str, t.Symbol]) -> t.Symbol | None:
    if not isinstance(part, t.Symbol) or part.subscripts or part.scripts:
        return None
    if stem_of(part) not in stems:
        return None
    return replace(part, subscripts=(t.Label(letter, part.span),))
