"""Tables: what a number in a cell is the value of.

A cell that holds a bare number becomes an equation: ``| w_{13} | 0.1 |`` says ``w_{13} = 0.1``, a number
below the header ``∂J/∂w`` is that derivative in the state of its row.
"""

from __future__ import annotations

from dataclasses import replace

from dvar.check.judge.cells import (
    alike,
    is_bare_index,
    is_formula,
    is_quantity,
)
from dvar.check.judge.headers import (
    CALCULATION,
    VALUE,
    holds_another,
    is_settled,
)
from dvar.check.judge.literal import is_numeric, is_plain
from dvar.check.judge.subjects import Place, Subjects
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member, Statement
from dvar.read.worksheet.parts import same_tree

_NOTHING = t.Number("0", (0, 0))


def tabled(subjects: Subjects) -> list[Statement]:
    """The statements, with bare numbers in cells made equations about what they are the value of."""
    table = _Table(subjects)
    found = list(subjects.statements)
    for place, here in subjects.grid.items():
        for ordinal in here:
            found[ordinal] = table.equation(place, found[ordinal])
    return found


class _Table:
    """The cells of all tables of a document."""

    def __init__(self, subjects: Subjects) -> None:
        self.subjects = subjects
        self.statements, self.grid = subjects.statements, subjects.grid

    def equation(self, place: Place, statement: Statement) -> Statement:
        members = statement.members
        if members[0].expr is None or members[0].relation or place[1] == 0:
            return statement
        if any(len(self.statements[o].members) > 1 for o in self.grid[place]):
            return self._worked_out(place, statement)
        if not is_plain(members[0].expr):
            head = self._function_above(place) or self._name_above(place)
            head = head or self._name_beside(place)
            formula = replace(members[0], relation="=")
            return statement if head is None else replace(statement, members=(head, formula))
        number = replace(members[0], relation="=")
        if self._continues(*place):
            return replace(statement, members=(number,))
        if self._is_local(*place):
            return statement
        subject = self.subjects.of(place)
        if subject is None or self._is_told_otherwise(subject.expr):
            return statement
        return replace(statement, members=(subject, number))

    def _worked_out(self, place: Place, statement: Statement) -> Statement:
        """``0.2 - 0.5 = -0.3`` below ``z_j`` in the row of j = 4 works out ``z_4``."""
        head = self.subjects.single(place[0], 0, place[2])
        told = [m.expr for m in statement.members]  # not f'(z) = 1 (when z > 0), 0 (when z < 0)
        if head is None or len(self.grid[place]) > 1 or not isinstance(head.expr, t.Symbol):
            return statement
        if not all(x is not None and is_numeric(x, lambda name: True) for x in told):
            return statement
        subject = self.subjects.named_by_column(*place)
        if subject is None or subject.expr is None or same_tree(subject.expr, head.expr):
            return statement
        first = replace(statement.members[0], relation="=")
        return replace(statement, members=(subject, first, *statement.members[1:]))

    def _function_above(self, place: Place) -> Member | None:
        """``f(x)`` or ``f'(x)`` at the head of a column, in a table that has both: each row is a function."""
        table, _, column = place
        last = max((c for t_, row, c in self.grid if t_ == table and row == 0), default=0)
        heads = [self.subjects.single(table, 0, c) for c in range(last + 1)]
        applied = [h.expr for h in heads if h is not None and isinstance(h.expr, t.Apply)]
        plain = {a.head.base for a in applied if not (a.primes or a.head.primes)}
        sloped = {a.head.base for a in applied if a.primes or a.head.primes}
        head = heads[column] if column <= last else None
        if head is None or not isinstance(head.expr, t.Apply) or len(plain & sloped) != 1:
            return None
        return head if head.expr.head.base in plain & sloped else None

    def _name_above(self, place: Place) -> Member | None:
        """``z_1`` above ``w_1 x``, in a table of names whose first rows say how each is computed."""
        table, row, column = place
        rows = {
            c: self.subjects.single(table, row, c)
            for n, r, c in self.grid
            if (n, r) == (table, row)
        }
        heads = {c: self.subjects.single(table, 0, c) for c in rows}
        formulas = [c for c, m in rows.items() if m is not None and is_formula(m.expr)]
        head = heads.get(column)
        if len(formulas) < (2 if row == 1 else 1) or column not in formulas or head is None:
            return None
        named = all(h is not None and is_quantity(h.expr) for h in heads.values())
        is_told = row == 1 or self._name_above((table, 1, column)) is not None
        if not (named and is_told) or not isinstance(head.expr, (t.Symbol, t.Apply)):
            return None
        name = head.expr.head if isinstance(head.expr, t.Apply) else head.expr
        inside = [part for m in (rows[column],) if m and m.expr for part in t.walk(m.expr)]
        return None if any(same_tree(part, name) for part in inside) else head

    def _name_beside(self, place: Place) -> Member | None:
        """``z_1`` to the left of how it is calculated, where the number that comes out stands to the right."""
        table, row, column = place
        name, number = (self.subjects.single(table, row, c) for c in (column - 1, column + 1))
        if name is None or number is None or number.expr is None or not is_plain(number.expr):
            return None
        if not isinstance(name.expr, (t.Symbol, t.Apply, t.Derivative)):
            return None
        heads = (self.subjects.header(table, column), self.subjects.header(table, column + 1))
        is_told = CALCULATION.search(heads[0]) and VALUE.search(heads[1])
        return name if is_told else None

    def _is_told_otherwise(self, subject: t.Expr | None) -> bool:
        """Whether a name has a number outside of tables and more than one rule: ``θ_2`` of two methods."""
        if not isinstance(subject, t.Symbol) or len(subject.subscripts) != 1:
            return False
        rules, told = 0, False
        for statement in self.statements:
            left, last = statement.members[0].expr, statement.members[-1].expr
            if not isinstance(left, t.Symbol) or stem_of(left) != stem_of(subject):
                continue
            rules += any(isinstance(sub, t.Sum) for sub in left.subscripts)
            told |= (
                last is not left and last is not None and is_plain(last) and alike(left, subject)
            )
        return told and rules > 1

    def _continues(self, table: int, row: int, column: int) -> bool:
        """Whether an equation stands in the cell to the left, of which this is the value.

        Not for the index of an entry whose name was not read (``grads["dx"][3] =``): its value is about
        nothing known, and to follow on from the row above would compare two unrelated numbers.
        """
        left = self.grid.get((table, row, column - 1), [])
        if len(left) != 1:
            return False
        members = self.statements[left[0]].members
        first = members[0].expr
        if len(members) == 1 and not is_plain(members[0].expr or _NOTHING):
            return self._name_beside((table, row, column - 1)) is not None
        if len(members) < 2 or first is None or is_bare_index(first):
            return False
        if self._is_of_a_slope(table, row, column):
            return False
        return not (is_settled(members) and holds_another(self.subjects.header(table, column)))

    def _is_of_a_slope(self, table: int, row: int, column: int) -> bool:
        """Whether ``dJ/da`` heads a row in which equations, not about it, tell a part of how its value is found."""
        name = self.subjects.single(table, row, 0)
        between = [self.grid.get((table, row, c), []) for c in range(1, column)]
        told = [self.statements[n].members[0].expr for here in between for n in here]
        if name is None or not isinstance(name.expr, t.Derivative) or not told:
            return False
        return not any(same_tree(x, name.expr) for x in told)

    def _is_local(self, table: int, row: int, column: int) -> bool:
        """Whether a number may be the value of a local slope, which stands beside it, as well as of the whole one."""
        headers = (self.subjects.header(table, c).lower() for c in range(1, column))
        return self._is_of_a_slope(table, row, column) and any("local" in h for h in headers)


__all__ = ["tabled"]
