"""What a document tells, and may tell wrong: formulas whose shapes cannot be, optima, numbers after steps, solutions."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.check.judge import optima, shapes, solved, strides, trained
from dvar.check.judge.chain import Verdict
from dvar.check.judge.place import Place
from dvar.read.worksheet.document import Document, Member, Statement


def judged(
    place: Place, document: Document, statement: Statement, chain: Sequence[Member], kind: str
) -> Verdict | None:
    """What is to be said of a definition or of a number that is given; None where nothing else tells it."""
    if kind == "definition":
        unfit = shapes.of_definition(place, statement) or strides.of_definition(statement)
        return unfit or optima.of_formula(place, document, statement)
    return trained.after_steps(place, chain) or solved.judged(place, document, statement)
