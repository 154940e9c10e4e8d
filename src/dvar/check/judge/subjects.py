"""What a cell of a table is about: the name in its row, the one above its column, or a gradient by one of these."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from dvar.check.judge.cells import (
    at,
    is_index,
    is_letter,
    is_quantity,
    numbered,
    output_of,
)
from dvar.check.judge.headers import (
    CALCULATION,
    OF,
    VALUE,
    header_of,
    label_of,
    speaks_of_gradients,
)
from dvar.check.judge.literal import is_plain
from dvar.check.meaning import data_sets, notation
from dvar.check.meaning.keys import Key, stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.survey import survey
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

Place = tuple[int, int, int]


class Subjects:
    """The cells of all tables of a document, and the names that stand in front of them and above."""

    def __init__(self, document: Document, statements: Sequence[Statement]) -> None:
        self.document, self.statements = document, statements
        self.grid: dict[Place, list[int]] = {}
        for ordinal, statement in enumerate(statements):
            cell = document.regions[statement.region].cell
            if cell is not None:
                self.grid.setdefault((cell.table, cell.row, cell.column), []).append(ordinal)

    @cached_property
    def world(self) -> World:
        """The names of the whole document."""
        world = World(spelling=spelling_of(self.statements))
        survey(world, self.statements, "")
        notation.see(world, self.statements, range(len(self.statements)), self.document.text)
        return world

    @cached_property
    def counted(self) -> tuple[str, dict[str, t.Symbol]] | None:
        """The letter that counts the data, with the names that have it."""
        return data_sets.counted(self.statements)

    def of(self, place: Place) -> Member | None:
        """What the number in a cell is the value of, as its row and its column say."""
        return self._named_by_row(*place) or self.named_by_column(*place)

    def single(self, table: int, row: int, column: int) -> Member | None:
        """What stands alone in a cell."""
        here = self.grid.get((table, row, column), [])
        if len(here) != 1 or len(self.statements[here[0]].members) != 1:
            return None
        return self.statements[here[0]].members[0]

    def _named_by_row(self, table: int, row: int, column: int) -> Member | None:
        """A name to the left in the same row, and words above that say what the column holds."""
        for before in range(column - 1, -1, -1):
            name = self.single(table, row, before)
            if name is not None and name.expr is not None and not is_plain(name.expr):
                break
        else:
            return None
        header = self.header(table, column)
        if not isinstance(name.expr, (t.Symbol, t.Apply, t.Derivative)):
            worked = CALCULATION.search(self.header(table, column - 1)) and before == column - 1
            return name if worked and VALUE.search(header) else None
        head = self.single(table, 0, column)
        if speaks_of_gradients(header) and isinstance(name.expr, t.Symbol):
            if head is None:
                return self._gradient(name, self._down(table, column))
            if isinstance(head.expr, t.Symbol) and OF.search(header):
                return _slope(head.expr, name)
        if head is not None:
            return None
        return name if VALUE.search(header) else None

    def _gradient(
        self, name: Member, cells: Sequence[tuple[Member | None, Member | None]]
    ) -> Member | None:
        """The gradient by a name, in a row or column of names and their gradients."""
        assert isinstance(name.expr, t.Symbol)
        if self.world.bars:
            barred = replace(name.expr, accents=(*name.expr.accents, "bar"))
            return Member("", barred, name.span)
        top = self._output(cells)
        if top is None:
            loss = self._loss(name)
            if loss is None:
                return None
            top = t.Symbol(loss.stem.partition(".")[0], name.span)
        return _slope(top, name)

    def _down(self, table: int, column: int) -> list[tuple[Member | None, Member | None]]:
        """The names of the first column with what stands beside each in this one."""
        rows = sorted(row for n, row, c in self.grid if n == table and c == 0 and row > 0)
        return [(self.single(table, r, 0), self.single(table, r, column)) for r in rows]

    def _along(self, table: int, row: int) -> list[tuple[Member | None, Member | None]]:
        """The names of the header with what stands below each in this row."""
        columns = sorted(c for n, r, c in self.grid if n == table and r == 0 and c > 0)
        return [(self.single(table, 0, c), self.single(table, row, c)) for c in columns]

    def _output(self, cells: Sequence[tuple[Member | None, Member | None]]) -> t.Symbol | None:
        """The name whose own gradient is 1, or is still to be found, and that nothing is computed from."""
        found = [
            (name.expr, cell.expr if cell is not None else None)
            for name, cell in cells
            if name is not None and isinstance(name.expr, t.Symbol)
        ]
        return output_of(found, self._of_section(found[0][0].span[0]) if found else [])

    def _loss(self, name: Member) -> Key | None:
        """The loss of the section in which a name stands, or of the document."""
        world = World(spelling=self.world.spelling)
        survey(world, self._of_section(name.span[0]), "")
        return world.loss or self.world.loss

    def _of_section(self, offset: int) -> list[Statement]:
        regions = self.document.regions
        here = next((r.section for r in regions if r.span[0] <= offset < r.span[1]), None)
        return [s for s in self.statements if regions[s.region].section == here]

    def named_by_column(self, table: int, row: int, column: int) -> Member | None:
        """A name at the head of the column; ``w^{(l)}`` with the l of the row."""
        member = self.single(table, 0, column)
        if member is None:
            return None
        member = self._of_example(table, row, column, member)
        member = self._of_member(table, row, column, member)
        if member.expr is None or not is_quantity(member.expr):
            return None
        for first in range(column):
            letter, number = self.single(table, 0, first), self.single(table, row, first)
            if letter is None or number is None or not isinstance(number.expr, t.Number):
                continue
            if isinstance(letter.expr, t.Symbol) and is_index(letter.expr) and number.expr.is_whole:
                member = replace(member, expr=at(member.expr, letter.expr.base, number.expr))
        if isinstance(member.expr, t.Symbol):
            if column == 0 and self._counts(table, member.expr):
                return None
            beside = self.single(table, row, 0)
            if beside is not None and isinstance(beside.expr, t.Derivative):
                return self._by(beside, member)
            label = label_of(self.document, table, row)
            if beside is None and speaks_of_gradients(label):
                return self._gradient(member, self._along(table, row))
        there = isinstance(member.expr, t.Derivative) and self._is_of_a_step(
            table, row, member.expr
        )
        return None if there else member

    def _is_of_a_step(self, table: int, row: int, subject: t.Derivative) -> bool:
        """Whether ``∂C/∂θ_1`` stands in a later row of steps that have ``θ_{t,1}`` of their own: it is taken there."""
        counter = self.single(table, 0, 0)
        if row < 2 or counter is None or not isinstance(counter.expr, t.Symbol):
            return False
        if not self._counts(table, counter.expr):
            return False
        letter = counter.expr.base
        moving = {stem_of(s) for s in subject.wrt if isinstance(s, t.Symbol)}
        heads = (self.single(table, 0, c) for n, r, c in self.grid if (n, r) == (table, 0))
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
            letter, number = self.single(table, 0, first), self.single(table, row, first)
            if letter is None or number is None or not isinstance(letter.expr, t.Symbol):
                continue
            if isinstance(number.expr, t.Number) and number.expr.is_whole:
                own = numbered(head.expr, self._marks(letter.expr.base), number.expr)
                if isinstance(own, t.Symbol):
                    return replace(head, expr=own)
                if own is not None:
                    return replace(head, expr=t.Group("(", (own,), head.span))
        return self._of_row(table, row, head)

    def _of_row(self, table: int, row: int, head: Member) -> Member:
        """``x`` above a column is ``x_2`` in the second row of a table that has nothing but data."""
        heads = [self.single(table, 0, c) for n, r, c in self.grid if (n, r) == (table, 0)]
        named = [h.expr for h in heads if h is not None and isinstance(h.expr, t.Symbol)]
        if self.counted is None or len(named) < len(heads) or not isinstance(head.expr, t.Symbol):
            return head
        if any(x.subscripts or x.scripts or stem_of(x) not in self.counted[1] for x in named):
            return head
        number = t.Number(str(row), head.span)
        return replace(head, expr=replace(head.expr, subscripts=(number,)))

    def _of_member(self, table: int, row: int, column: int, head: Member) -> Member:
        """``∂C/∂w`` above a column is ``∂C/∂w_{11}`` in the row of ``w_{11}``."""
        if not isinstance(head.expr, t.Derivative) or len(head.expr.wrt) != 1:
            return head
        (family,) = head.expr.wrt
        for first in range(column):
            name = self.single(table, row, first)
            if name is None or not isinstance(name.expr, t.Symbol):
                continue
            own = isinstance(family, t.Symbol) and is_index(family)
            if (own and _is_of(family, name.expr)) or self._stands_for_any(family):
                return replace(head, expr=replace(head.expr, wrt=(name.expr,)))
        return head

    def _by(self, slope: Member, name: Member) -> Member | None:
        """``∂f/∂·`` of a row by the name at the head of a column."""
        if not isinstance(slope.expr, t.Derivative) or name.expr is None:
            return None
        if len(slope.expr.wrt) != 1 or not self._stands_for_any(slope.expr.wrt[0]):
            return None
        return replace(name, expr=replace(slope.expr, wrt=(name.expr,)))

    def _stands_for_any(self, name: t.Expr) -> bool:
        """Whether a name below ``∂`` has no meaning of its own: ``∂f/∂·``, or ``∂f/∂v`` where there is no other v."""
        if isinstance(name, t.Text):
            return True
        if not isinstance(name, t.Symbol):
            return False
        own = [s for s in self.statements if any(_is_of(part, name) for part in parts([s]))]
        firsts = [s.members[0].expr for s in own if len(s.members) == 1]
        slopes = [x for x in firsts if isinstance(x, t.Derivative) and _is_of(x.wrt[0], name)]
        return len(slopes) == len(own)

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
        numbers = [self.single(table, r, 0) for r in rows]
        values = [n.expr.value for n in numbers if n is not None and isinstance(n.expr, t.Number)]
        return len(values) > 1 and all(b - a == 1 for a, b in itertools.pairwise(values))

    def header(self, table: int, column: int) -> str:
        return header_of(self.document, table, column)


def _slope(top: t.Symbol, name: Member) -> Member:
    """``∂L/∂w`` for a ``w`` that stands in a row."""
    assert name.expr is not None
    return Member("", t.Derivative(top, (name.expr,), "partial", name.span), name.span)


def _is_of(part: object, name: t.Symbol) -> bool:
    return isinstance(part, t.Symbol) and part.base == name.base


__all__ = ["Subjects"]
