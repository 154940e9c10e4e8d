"""What ``check`` found: one judgement for each equation of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dvar.read.worksheet.tree import Span

KINDS = ("definition", "given", "claim", "shape", "update", "question", "prose")
VERDICTS = (
    "ok",
    "wrong",
    "carried",
    "convention",
    "up-to-constant",
    "unknown",
    "definition",
    "given",
    "skipped",
)
FAULTS = ("wrong", "carried", "up-to-constant")
"""Verdicts that make ``check`` exit with status 1."""

CAUSES = {
    "sign": "a sign is turned",
    "factor": "a factor too many, or another one",
    "missing-factor": "a factor is missing",
    "missing-sum": "a sum is missing",
    "missing-path": "a path of the chain rule is missing",
    "transpose": "a transpose, or the order of a matrix product",
    "wrong-variable": "another variable is meant",
    "wrong-operand": "an operand is taken where another is due",
    "log-base": "a logarithm to another base",
    "mask": "a mask or an indicator",
    "arithmetic": "a slip of arithmetic",
    "truncation": "digits cut off instead of rounded",
    "routing": "a gradient sent to another place",
    "wrong-rule": "another rule of differentiation",
    "misprint": "probably a misprint",
    "shape": "shapes that do not fit",
}
"""Cause → what it is, in words."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be said of one equation.

    Attributes:
        line, column: where it stands in the file as given; line from 1, column from 0.
        end_line, end_column: where it ends; the column is that behind the last character.
        source: the equation as written.
        span: the same place in ``Report.text``.
        kind: one of ``KINDS``.
        verdict: one of ``VERDICTS``.
        cause: the likely cause of a fault, one of ``CAUSES``; None where several fit or none is known.
        causes: all that fit.
        expected: what stands there in a right document, as text or LaTeX; None if that cannot be written.
        found: the member that is at fault, as written.
        from_line: for ``carried``, the line of the mistake it follows from.
        message: one or two sentences for people.
        counterexample: numbers at which the two sides differ, for people.
        repaired: the equation as it should stand, to be put in the place of ``source``.
        latex: whether ``source`` is LaTeX.
        derive: makes the derivation of the right answer as text, on request; None where there is none.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    source: str
    span: Span
    kind: str
    verdict: str
    cause: str | None = None
    causes: tuple[str, ...] = ()
    expected: str | None = None
    found: str | None = None
    from_line: int | None = None
    message: str = ""
    counterexample: str | None = None
    repaired: str | None = None
    latex: bool = False
    derive: Callable[[], str] | None = field(default=None, compare=False, repr=False)

    @property
    def is_fault(self) -> bool:
        return self.verdict in FAULTS

    def to_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "end_line": self.end_line,
            "end_column": self.end_column,
            "source": self.source,
            "kind": self.kind,
            "verdict": self.verdict,
            "cause": self.cause,
            "causes": list(self.causes),
            "expected": self.expected,
            "found": self.found,
            "from_line": self.from_line,
            "message": self.message,
            "counterexample": self.counterexample,
            "repaired": self.repaired,
        }


@dataclass(frozen=True)
class Report:
    """All judgements of one document, in the order of the document.

    Attributes:
        file: its name, or None for a text.
        text: the document as read (for a notebook, its Markdown cells); spans point into it.
        judgements: in order.
        lines: for each line of ``text`` its line in the file as given; None where they are the same.
        notes: remarks about the document as a whole: conventions that were found.
    """

    file: str | None
    text: str
    judgements: tuple[Judgement, ...]
    lines: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        """How many equations have each verdict; every verdict is named."""
        counted = Counter(j.verdict for j in self.judgements)
        return {verdict: counted[verdict] for verdict in VERDICTS}

    @property
    def understood(self) -> tuple[int, int]:
        """Claims with a verdict other than unknown, and all claims."""
        claims = [j for j in self.judgements if j.kind in ("claim", "shape", "update")]
        return sum(j.verdict != "unknown" for j in claims), len(claims)

    @property
    def faults(self) -> list[Judgement]:
        return [j for j in self.judgements if j.is_fault]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; what was not understood does not count."""
        return not self.faults

    @property
    def first_wrong(self) -> Judgement | None:
        return next((j for j in self.judgements if j.verdict == "wrong"), None)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "equations": [j.to_json() for j in self.judgements],
            "summary": self.summary,
            "notes": list(self.notes),
        }

    def to_text(self, *, everything: bool = False) -> str:
        """What needs attention, or the whole document, with marks in the margin."""
        from dvar.check.show.terminal import to_text

        return to_text(self, everything=everything)

    def to_html(self, title: str = "") -> str:
        """The document as one self-contained page, each equation with its verdict."""
        from dvar.check.show.html import to_html

        return to_html(self, title)

    def to_sarif(self, *, strict: bool = False) -> dict[str, Any]:
        """For code hosts: a SARIF log as plain Python data; ``strict`` also reports what is unknown."""
        from dvar.check.show.sarif import to_sarif

        return to_sarif([self], strict=strict)

    def _repr_html_(self) -> str:
        from dvar.check.show.html import to_html_fragment

        return to_html_fragment(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return self.to_text()
