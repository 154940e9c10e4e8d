"""Rows and columns of tables: what the other numbers say of one that is off.

A table of rounds gives the weights and, beside them, what they lead to.  Where one weight has a wrong digit all that
follows from it differs, and is right of the weight that was meant.  A number that is off by itself, where its row is
right and the others of its column are, is about the same case as these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from dvar.check.judge.literal import is_literal, is_plain
from dvar.check.judge.problem import Problem
from dvar.check.judge.totals import of_columns as totals_of
from dvar.check.judge.unclaimed import ROWS
from dvar.check.judge.words import DOUBT
from dvar.check.report import Judgement
from dvar.read.worksheet.document import Document, Statement

SEVERAL = 2
"""So many numbers of a row are not off each by itself."""


def in_order(
    document: Document, statements: Sequence[Statement], problem: Problem
) -> Iterator[int]:
    """The statements of a problem in the order in which they are to be judged.

    A table is read as a whole: what a row below gives for a name holds in the rows above, unless the rows
    are steps that give the same name one number after the other.
    """
    tables: dict[int, list[int]] = defaultdict(list)
    for ordinal in problem.ordinals:
        cell = document.regions[statements[ordinal].region].cell
        if cell is not None:
            tables[cell.table].append(ordinal)
    done: set[int] = set()
    for ordinal in problem.ordinals:
        cell = document.regions[statements[ordinal].region].cell
        if cell is not None and cell.table in tables:
            given = _given(problem, tables.pop(cell.table))
            done |= set(given)
            yield from given
        if ordinal not in done:
            yield ordinal


def _given(problem: Problem, ordinals: Sequence[int]) -> list[int]:
    """The statements of a table that give numbers, where each name is given one."""
    given = [n for n in ordinals if problem.roles[n].kind == "given"]
    names = [d.pattern for n in given for d in problem.roles[n].definitions]
    return given if len(names) == len(set(names)) == len(given) else []


def weighed(
    document: Document, statements: Sequence[Statement], found: Sequence[Judgement | None]
) -> list[Judgement | None]:
    """The judgements, with the numbers of tables that are off judged by those beside them.

    Several of one row are left open; where the row gives one number, that one is wrong.
    """
    rows: dict[tuple[int, int], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for ordinal, statement in enumerate(statements):
        cell = document.regions[statement.region].cell
        if cell is not None and found[ordinal] is not None:
            rows[cell.table, cell.row][cell.column].append(ordinal)
    changed = list(found)
    tables = {of: {r: cells for (n, r), cells in rows.items() if n == of} for of, _ in rows}
    totals = {
        (of, row): due for of in tables for row, due in totals_of(tables[of], statements).items()
    }
    for (table, row), cells in rows.items():
        if (table, row) in totals:
            for c, ordinals in cells.items():
                above = [
                    n
                    for (of, r), cs in rows.items()
                    if of == table and (of, r) not in totals
                    for n in cs.get(c, ())
                ]
                is_open = any(_is_off(found[n]) for n in above)
                for n in ordinals:
                    changed[n] = _total(found[n], totals[table, row].get(c), is_open)
            continue
        here = [(n, c) for c, ordinals in cells.items() for n in ordinals]
        off = [(n, c) for n, c in here if _is_off(found[n]) and _is_number(statements[n])]
        if not off:
            continue
        others = [
            r for (of, k), r in rows.items() if of == table and k != row and (of, k) not in totals
        ]
        right = {c: _right([n for r in others for n in r.get(c, ())], found) for _, c in off}
        given = [n for n, _ in here if _is(found[n], "given")]
        if len(right) >= SEVERAL and given and all(right.values()):
            for n, _ in off:
                changed[n] = _open(found[n])
            # The first row and the last one may be about something else, as a limit or an optimum is.
            if len(given) == 1 and min(tables[table]) + 1 < row < max(tables[table]):
                changed[given[0]] = _wrong(
                    found[given[0]], "nothing else of this row follows from it"
                )
        elif (
            len(off) == 1
            and right[off[0][1]] >= ROWS
            and _is_open_number(statements[n := off[0][0]], found[n])
        ):
            changed[n] = _wrong(found[n], "all other numbers of its column are right")
    return changed


def _is_number(statement: Statement) -> bool:
    last = statement.members[-1].expr
    return last is not None and is_plain(last)


def _is(judgement: Judgement | None, verdict: str) -> bool:
    return judgement is not None and judgement.verdict == verdict


def _is_open_number(statement: Statement, judgement: Judgement | None) -> bool:
    """Whether a statement ends in a number, not called wrong so far: of a formula its column says nothing."""
    value = statement.members[-1].expr
    return value is not None and is_literal(value) and not _is(judgement, "wrong")


def _is_off(judgement: Judgement | None) -> bool:
    return judgement is not None and (judgement.verdict == "wrong" or judgement.message == DOUBT)


def _right(ordinals: Sequence[int], found: Sequence[Judgement | None]) -> int:
    """How many of the other numbers of a column are right; 0 if one is not."""
    told = [found[n] for n in ordinals]
    return 0 if any(map(_is_off, told)) else sum(_is(j, "ok") for j in told)


def _total(judgement: Judgement | None, due: Fraction | None, is_open: bool) -> Judgement | None:
    """What is off as an example of its own, as a sum or mean of its column; ``due`` if it is none of these either."""
    if judgement is None or not _is_off(judgement):
        return judgement
    if due is not None and is_open:
        return _open(judgement)
    if due is not None:
        told = f"{float(due):g}"
        wrong = _wrong(_open(judgement), f"the numbers of its column come to {told}") or judgement
        return replace(wrong, expected=told, repaired=told)
    return replace(
        _open(judgement) or judgement, verdict="ok", message="the numbers of its column together"
    )


def _open(judgement: Judgement | None) -> Judgement | None:
    if judgement is None:
        return None
    return replace(
        judgement,
        verdict="unknown",
        cause=None,
        causes=(),
        expected=None,
        message="several numbers of this row are off: one that they are computed from may be wrong",
        counterexample=None,
        repaired=None,
        derive=None,
    )


def _wrong(judgement: Judgement | None, message: str) -> Judgement | None:
    causes = ("arithmetic", "misprint")
    if judgement is None:
        return None
    return replace(judgement, verdict="wrong", cause=causes[0], causes=causes, message=message)
