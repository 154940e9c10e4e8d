"""Tables: what a number in a cell is the value of.

A cell that holds a bare number becomes an equation: ``| w_{13} | 0.1 |`` says ``w_{13} = 0.1``, a number
below the header ``∂J/∂w`` is that derivative in the state of its row.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.judge.cells import (
    alike,
    at,
    header_of,
    is_bare_index,
    is_formula,
    is_index,
    is_letter,
    numbered,
    output_of,
)
from dvar.check.judge.literal import is_numeric, is_plain
from dvar.check.meaning import notation
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.survey import survey
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement
from dvar.read.worksheet.parts import same_tree

_VALUE = re.compile(
    r"\b(values?|forward|results?|activations?|outputs?|numbers?|init(ial)?|start|evaluated|primal|"
    r"werte?|zahl|anfangswert|valor(es)?|valeurs?|inicial|initiale?|valore|"
    r"ergebnis|resultados?|résultats?)\b|值|结果|값|결과|значени",
    re.IGNORECASE,
)
_GRADIENT = re.compile(
    r"(\bbar\b|\bgrad|\bderiv|adjoint|backward|ableitung|gradient|derivad|dérivée|\\partial|∂|\bdL|"
    r"梯度|导数|勾配|기울기|그래디언트|미분|градиент)",
    re.IGNORECASE,
)

_CALCULATION = re.compile(
    r"\b(calculations?|computations?|comput\w+|formulas?|working|workings|substitut\w+|expressions?|equations?|"
    r"updates?|operations?|rechnung|formel|berechnung|cálculos?|fórmulas?|operación|calculs?|formules?|calcolo)\b|"
    r"计算|公式|算式|代入|계산|수식|計算",
    re.IGNORECASE,
)

Place = tuple[int, int, int]
_NOTHING = t.Number("0", (0, 0))


def tabled(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with bare numbers in cells made equations about what they are the value of."""
    grid: dict[Place, list[int]] = {}
    for ordinal, statement in enumerate(statements):
        cell = document.regions[statement.region].cell
        if cell is not None:
            grid.setdefault((cell.table, cell.row, cell.column), []).append(ordinal)
    if not grid:
        return list(statements)
    table = _Table(document, statements, grid)
    found = list(statements)
    for place, here in grid.items():
        for ordinal in here:
            found[ordinal] = table.equation(place, statements[ordinal])
    return found


class _Table:
    """The cells of all tables of a document."""

    def __init__(
        self, document: Document, statements: Sequence[Statement], grid: dict[Place, list[int]]
    ) -> None:
        self.document, self.statements, self.grid = document, statements, grid
        self.world = World(spelling=spelling_of(statements))
        survey(self.world, statements, "")
        notation.see(self.world, statements, range(len(statements)), document.text)

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
        subject = self._named_by_row(*place) or self._named_by_column(*place)
        if subject is None or self._is_told_otherwise(subject.expr):
            return statement
        return replace(statement, members=(subject, number))

    def _worked_out(self, place: Place, statement: Statement) -> Statement:
        """``0.2 - 0.5 = -0.3`` below ``z_j`` in the row of j = 4 works out ``z_4``."""
        head = self._single(place[0], 0, place[2])
        told = [m.expr for m in statement.members]  # not f'(z) = 1 (when z > 0), 0 (when z < 0)
        if head is None or len(self.grid[place]) > 1 or not isinstance(head.expr, t.Symbol):
            return statement
        if not all(x is not None and is_numeric(x, lambda name: True) for x in told):
            return statement
        subject = self._named_by_column(*place)
        if subject is None or subject.expr is None or same_tree(subject.expr, head.expr):
            return statement
        first = replace(statement.members[0], relation="=")
        return replace(statement, members=(subject, first, *statement.members[1:]))

    def _function_above(self, place: Place) -> Member | None:
        """``f(x)`` or ``f'(x)`` at the head of a column, in a table that has both: each row is a function."""
        table, _, column = place
        last = max((c for t_, row, c in self.grid if t_ == table and row == 0), default=0)
        heads = [self._single(table, 0, c) for c in range(last + 1)]
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
        rows = {c: self._single(table, row, c) for n, r, c in self.grid if (n, r) == (table, row)}
        heads = {c: self._single(table, 0, c) for c in rows}
        formulas = [c for c, m in rows.items() if m is not None and is_formula(m.expr)]
        head = heads.get(column)
        if len(formulas) < (2 if row == 1 else 1) or column not in formulas or head is None:
            return None
        named = all(h is not None and _is_quantity(h.expr) for h in heads.values())
        is_told = row == 1 or self._name_above((table, 1, column)) is not None
        if not (named and is_told) or not isinstance(head.expr, (t.Symbol, t.Apply)):
            return None
        name = head.expr.head if isinstance(head.expr, t.Apply) else head.expr
        inside = [part for m in (rows[column],) if m and m.expr for part in t.walk(m.expr)]
        return None if any(same_tree(part, name) for part in inside) else head

    def _name_beside(self, place: Place) -> Member | None:
        """``z_1`` to the left of how it is calculated, where the number that comes out stands to the right."""
        table, row, column = place
        name, number = (self._single(table, row, c) for c in (column - 1, column + 1))
        if name is None or number is None or number.expr is None or not is_plain(number.expr):
            return None
        if not isinstance(name.expr, (t.Symbol, t.Apply, t.Derivative)):
            return None
        heads = (self.header(table, column), self.header(table, column + 1))
        is_told = _CALCULATION.search(heads[0]) and _VALUE.search(heads[1])
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
        return not (_is_settled(members) and holds_another(self.header(table, column)))

    def _is_of_a_slope(self, table: int, row: int, column: int) -> bool:
        """Whether ``dJ/da`` heads a row in which equations, not about it, tell a part of how its value is found."""
        name = self._single(table, row, 0)
        between = [self.grid.get((table, row, c), []) for c in range(1, column)]
        told = [self.statements[n].members[0].expr for here in between for n in here]
        if name is None or not isinstance(name.expr, t.Derivative) or not told:
            return False
        return not any(same_tree(x, name.expr) for x in told)

    def _is_local(self, table: int, row: int, column: int) -> bool:
        """Whether a number may be the value of a local slope, which stands beside it, as well as of the whole one."""
        headers = (self.header(table, c).lower() for c in range(1, column))
        return self._is_of_a_slope(table, row, column) and any("local" in h for h in headers)

    def _single(self, table: int, row: int, column: int) -> Member | None:
        """What stands alone in a cell."""
        here = self.grid.get((table, row, column), [])
        if len(here) != 1 or len(self.statements[here[0]].members) != 1:
            return None
        return self.statements[here[0]].members[0]

    def _named_by_row(self, table: int, row: int, column: int) -> Member | None:
        """A name to the left in the same row, and words above that say what the column holds."""
        for before in range(column - 1, -1, -1):
            name = self._single(table, row, before)
            if name is not None and name.expr is not None and not is_plain(name.expr):
                break
        else:
            return None
        header = self.header(table, column)
        if not isinstance(name.expr, (t.Symbol, t.Apply, t.Derivative)):
            worked = _CALCULATION.search(self.header(table, column - 1)) and before == column - 1
            return name if worked and _VALUE.search(header) else None
        if self._single(table, 0, column) is not None:
            return None
        if _GRADIENT.search(header) and isinstance(name.expr, t.Symbol):
            return self._gradient(name, table, column)
        return name if _VALUE.search(header) else None

    def _gradient(self, name: Member, table: int, column: int) -> Member | None:
        assert isinstance(name.expr, t.Symbol)
        if self.world.bars:
            barred = replace(name.expr, accents=(*name.expr.accents, "bar"))
            return Member("", barred, name.span)
        top = self._output(table, column)
        if top is None:
            loss = self._loss(name)
            if loss is None:
                return None
            top = t.Symbol(loss.stem.partition(".")[0], name.span)
        return Member("", t.Derivative(top, (name.expr,), "partial", name.span), name.span)

    def _output(self, table: int, column: int) -> t.Symbol | None:
        """The name in the first column whose own gradient in this column is 1."""
        rows = sorted(row for n, row, c in self.grid if n == table and c == 0 and row > 0)
        pairs = [(self._single(table, r, 0), self._single(table, r, column)) for r in rows]
        found = [
            (name.expr, cell.expr)
            for name, cell in pairs
            if name is not None and cell is not None and isinstance(name.expr, t.Symbol)
        ]
        return output_of(
            [pair for pair in found if pair[1] is not None],
            self._of_section(found[0][0].span[0]) if found else [],
        )

    def _loss(self, name: Member) -> Key | None:
        """The loss of the section in which a name stands, or of the document."""
        world = World(spelling=self.world.spelling)
        survey(world, self._of_section(name.span[0]), "")
        return world.loss or self.world.loss

    def _of_section(self, offset: int) -> list[Statement]:
        regions = self.document.regions
        here = next((r.section for r in regions if r.span[0] <= offset < r.span[1]), None)
        return [s for s in self.statements if regions[s.region].section == here]

    def _named_by_column(self, table: int, row: int, column: int) -> Member | None:
        """A name at the head of the column; ``w^{(l)}`` with the l of the row."""
        member = self._single(table, 0, column)
        if member is None:
            return None
        member = self._of_example(table, row, column, member)
        member = self._of_member(table, row, column, member)
        if member.expr is None or not _is_quantity(member.expr):
            return None
        for first in range(column):
            letter, number = self._single(table, 0, first), self._single(table, row, first)
            if letter is None or number is None or not isinstance(number.expr, t.Number):
                continue
            if isinstance(letter.expr, t.Symbol) and is_index(letter.expr) and number.expr.is_whole:
                member = replace(member, expr=at(member.expr, letter.expr.base, number.expr))
        if column == 0 and isinstance(member.expr, t.Symbol) and self._counts(table, member.expr):
            return None
        there = isinstance(member.expr, t.Derivative) and self._is_of_a_step(
            table, row, member.expr
        )
        return None if there else member

    def _is_of_a_step(self, table: int, row: int, subject: t.Derivative) -> bool:
        """Whether ``∂C/∂θ_1`` stands in a later row of steps that have ``θ_{t,1}`` of their own: it is taken there."""
        counter = self._single(table, 0, 0)
        if row < 2 or counter is None or not isinstance(counter.expr, t.Symbol):
            return False
        if not self._counts(table, counter.expr):
            return False
        letter = counter.expr.base
        moving = {stem_of(s) for s in subject.wrt if isinstance(s, t.Symbol)}
        heads = (self._single(table, 0, c) for n, r, c in self.grid if (n, r) == (table, 0))
        return any(
            isinstance(head.expr, t.Symbol)
            and stem_of(head.expr) in moving
            and any(is_letter(sub, letter) for sub in head.expr.subscripts)
            for head in heads
            if head is not None
        )

    def _of_example(self, table: int, row: int, column: int, head: Member) -> Member:
        """``x`` above a column is ``x^{(2)}`` in the row of i = 2, where the document writes ``x^{(i)}``."""
        for first in range(column):
            letter, number = self._single(table, 0, first), self._single(table, row, first)
            if letter is None or number is None or not isinstance(letter.expr, t.Symbol):
                continue
            if isinstance(number.expr, t.Number) and number.expr.is_whole:
                own = numbered(head.expr, self._marks(letter.expr.base), number.expr)
                if isinstance(own, t.Symbol):
                    return replace(head, expr=own)
                if own is not None:
                    return replace(head, expr=t.Group("(", (own,), head.span))
        return head

    def _of_member(self, table: int, row: int, column: int, head: Member) -> Member:
        """``∂C/∂w`` above a column is ``∂C/∂w_{11}`` in the row of ``w_{11}``."""
        if not isinstance(head.expr, t.Derivative) or len(head.expr.wrt) != 1:
            return head
        (family,) = head.expr.wrt
        for first in range(column):
            name = self._single(table, row, first)
            if name is None or not isinstance(name.expr, t.Symbol):
                continue
            if isinstance(family, t.Symbol) and is_index(family) and name.expr.base == family.base:
                return replace(head, expr=replace(head.expr, wrt=(name.expr,)))
        return head

    def _marks(self, letter: str) -> dict[str, str]:
        """How names take this letter: as a mark in brackets above, or as an index below."""
        found: dict[str, str] = {}
        for part in parts(self.statements):
            if isinstance(part, t.Symbol):
                above = [s for s in part.scripts if s.kind == "paren" and s.value is not None]
                if any(is_letter(s.value, letter) for s in above):
                    found[stem_of(part)] = "above"
                elif len(part.subscripts) == 1 and is_letter(part.subscripts[0], letter):
                    found.setdefault(stem_of(part), "below")
        return found

    def _counts(self, table: int, head: t.Symbol) -> bool:
        """Whether a first column only numbers the rows: its letter is an index in other headers."""
        if not is_index(head):
            return False
        if head.base in self.world.spelling.letters:
            return True
        rows = sorted(r for n, r, c in self.grid if n == table and c == 0 and r > 0)
        numbers = [self._single(table, r, 0) for r in rows]
        values = [n.expr.value for n in numbers if n is not None and isinstance(n.expr, t.Number)]
        return len(values) > 1 and all(b - a == 1 for a, b in itertools.pairwise(values))

    def header(self, table: int, column: int) -> str:
        return header_of(self.document, table, column)


def holds_another(header: str) -> bool:
    """Whether a column has a quantity of its own, not the value of what stands to its left."""
    return bool(header) and not _VALUE.search(header)


def goes_on(document: Document, before: Statement, statement: Statement) -> bool:
    """Whether a cell that begins with ``=`` goes on from an equation: of its row, or of the cell above."""
    here = document.regions[statement.region].cell
    there = document.regions[before.region].cell
    if here is None or there is None or here.table != there.table:
        return here is None
    if here.row == there.row:
        another = holds_another(header_of(document, here.table, here.column))
        return here.column == there.column or not (_is_settled(before.members) and another)
    line = document.text.rfind("\n", 0, statement.span[0]) + 1
    alone = not document.text[line : statement.span[0]].strip(" |")
    return alone and here.row == there.row + 1 and here.column == there.column


def _is_settled(members: Sequence[Member]) -> bool:
    """Whether an equation has come to its number."""
    last = members[-1].expr
    return len(members) > 1 and last is not None and is_plain(last)


def _is_quantity(tree: t.Expr | None) -> bool:
    if t.is_bracketed(tree) or isinstance(tree, (t.Symbol, t.Derivative)):
        return True
    return isinstance(tree, t.Apply) and all(isinstance(a, t.Symbol) for a in tree.args)


__all__ = ["goes_on", "tabled"]
