"""A document and what it says: regions of mathematics, and the statements in them.

``pages`` finds the regions (Markdown, text, TeX, notebooks); ``mathematics`` reads each into statements.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from dvar.read.worksheet.tree import Expr, Span


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading.

    Attributes:
        title: of the heading, without marks; empty before the first.
        level: 1 for the highest; a line such as "Problem 3. Backpropagation" or a bold line counts too.
        parent: index of the section around it, None at the top.
        span: in ``Document.text``, the heading included.
    """

    title: str
    level: int
    parent: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class Cell:
    """The place of a region in a table: which table, row and column from 0; row 0 is the header."""

    table: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Region:
    """One stretch of mathematics, its delimiters excluded.

    Attributes:
        span: in ``Document.text``.
        kind: ``display``, ``inline``, ``code`` (in a fence or backticks), ``plain`` (without delimiters) or
            ``cell`` (a table cell whose content is not in delimiters, such as ``0.7858`` or ``w_1 x``).
            An equation half in dollars (``$F(x) = x_0$ sort(x)``) or backticks is one plain or code region;
            the dollars and backticks inside of it are to be read over.
        latex: whether it is written in LaTeX, or has a formula in dollars in it; plain and code are ASCII
            or Unicode else.
        section: index into ``Document.sections``.
        before, after: the words of the same sentence (or cell, or list item) in front of it and behind it,
            other regions in them replaced by ``$``.
        cell: where it stands in a table.
        group: regions of the same paragraph, list item or line have the same number.
        language: of a code fence (``python``, ``matlab``, ``""``).
    """

    span: Span
    kind: str
    latex: bool
    section: int
    before: str = ""
    after: str = ""
    cell: Cell | None = None
    group: int = 0
    language: str = ""

    @property
    def is_program(self) -> bool:
        """Whether it stands in a fence that names a programming language."""
        return self.kind == "code" and self.language not in ("", "text", "math")


@dataclass(frozen=True)
class Document:
    """A document as read.

    Attributes:
        text: what the spans point into: the file itself, or for a notebook its Markdown cells.  Lines and
            columns are those of the file; blanks of all kinds are blanks, quote marks, TeX comments and
            marks of emphasis inside of plain formulas are blanked, ``x<sub>1</sub>`` is ``x_{1}``.
        file: its name, or None.
        lines: for each line of ``text`` its 1-based line in the file as given (they differ in notebooks).
        sections: in order; at least one.
        regions: in order.
    """

    text: str
    file: str | None
    sections: tuple[Section, ...]
    regions: tuple[Region, ...]
    lines: tuple[int, ...] | None = None
    _starts: list[int] = field(default_factory=list, repr=False, compare=False)

    def place(self, offset: int) -> tuple[int, int]:
        """The 1-based line in the file and the 0-based column of an offset."""
        if not self._starts:
            self._starts.append(0)
            for n, c in enumerate(self.text):
                if c == "\n":
                    self._starts.append(n + 1)
        n = bisect_right(self._starts, offset) - 1
        line = self.lines[n] if self.lines is not None else n + 1
        return line, offset - self._starts[n]


@dataclass(frozen=True, slots=True)
class Member:
    r"""One side of a relation.

    Attributes:
        relation: to the member before it; empty for the first, unless the statement goes on from an earlier one:
            ``=``, ``approx`` (≈, ``\simeq``), ``:=`` (also ``\leftarrow``, ``: =``), ``+=``, ``-=``, ``*=``, ``/=``, ``in`` (∈),
            ``neq``, ``<``, ``<=``, ``>``, ``>=``, ``implies`` (⇒, →, ∴ between two), ``iff`` (⇔), ``equiv``, ``propto``,
            ``to`` (x → F(x)), ``is`` (words).
        expr: what was read; None where nothing stands (a blank, ``?``) or where it could not be read.
        problem: why it could not be read, for people; empty if it was.
    """

    relation: str
    expr: Expr | None
    span: Span
    problem: str = ""
    is_blank: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    r"""A chain of members: ``L = (a - y)^2 = (0.731 - 1)^2 \approx 0.072``, or a single expression.

    Attributes:
        members: at least one.
        span: from the first member to the last.
        region: index into ``Document.regions``.
        condition: what holds for it: ``\text{if } c = 2``, ``when z > 0``, ``\forall i``; None if nothing was said.
        words: text inside the mathematics beside it (``\text{we define}``, ``\text{AN}``, ``(scalar)``).
    """

    members: tuple[Member, ...]
    span: Span
    region: int
    condition: Expr | None = None
    words: str = ""
