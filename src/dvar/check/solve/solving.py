"""From a document to its answers: problems are judged in order, questions answered on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from dvar.check.judge import rows, tables
from dvar.check.judge import statements as judging
from dvar.check.judge.chain import Place
from dvar.check.judge.context import Context
from dvar.check.judge.own_names import Names
from dvar.check.judge.subjects import Subjects
from dvar.check.meaning import effort, kept
from dvar.check.meaning.keys import stem_of
from dvar.check.solve.answers import Found, Open, answer
from dvar.check.solve.cells import cell_questions
from dvar.check.solve.grid import grids
from dvar.check.solve.questions import VALUE, Question, questions
from dvar.check.solve.solution import Answer, Unanswered
from dvar.check.worksheet import contexts, said
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.mathematics import Lexicon, read_statements, survey


@dataclass(frozen=True)
class Attempt:
    """A question with what came of it."""

    question: Question
    answer: Answer | None = None
    unanswered: Unanswered | None = None


def attempts(document: Document) -> list[Attempt]:
    """Every question of a document, answered or not, in the order of the document."""
    subjects = Subjects(document, said(document, read_statements(document)))
    try:
        with effort.document():
            found = list(_Solver(subjects, survey(document)).attempts())
    finally:
        kept.forget()
    return sorted(found, key=lambda a: a.question.span)


class _Solver:
    def __init__(self, subjects: Subjects, lexicon: Lexicon) -> None:
        self.document, self.subjects, self.lexicon = subjects.document, subjects, lexicon
        self.statements = tables.tabled(subjects)
        self.asked: dict[int, list[Question]] = {}
        for question in questions(self.document, self.statements):
            self.asked.setdefault(question.ordinal, []).append(question)
        self.tables = grids(self.document.text)

    def attempts(self) -> Iterator[Attempt]:
        used: set[str] = set()
        for context in contexts(self.document, self.statements):
            ordinals = context.problem.ordinals
            for question in cell_questions(self.tables, self.subjects, self.statements, ordinals):
                self.asked.setdefault(question.ordinal, []).append(question)
            names = Names(self.document, self.statements, ordinals)
            waiting: list[Question] = []
            answered: list[tuple[t.Derivative, str]] = []
            left, judged = list(reversed(ordinals)), set[int]()
            for ordinal in rows.in_order(self.document, self.statements, context.problem):
                judging.judge_statement(context, ordinal)
                judged.add(ordinal)
                while left and left[-1] in judged:
                    for asked in self.asked.get(left.pop(), ()):
                        question = replace(
                            asked,
                            since=ordinals[0],
                            used_before=frozenset(used),
                            answered=tuple(answered),
                        )
                        attempt = self._attempt(context, question, names)
                        first = question.members[0].expr
                        if attempt.answer is not None and isinstance(first, t.Derivative):
                            answered.append((first, attempt.answer.question))
                        if attempt.answer is None and question.wants == VALUE:
                            waiting.append(question)
                        else:
                            yield attempt
            used |= _used(self.statements[n] for n in ordinals)
            # The numbers may stand below the question.
            for question in waiting:
                yield self._attempt(context, question, names)

    def _attempt(self, context: Context, question: Question, names: Names) -> Attempt:
        line, column = self.document.place(question.span[0])
        asked = " ".join(self.document.text[slice(*question.members[0].span)].split())
        place = Place(
            context.problem.world,
            context.ledger,
            question.ordinal,
            line,
            question.conditions,
            question.code,
        )
        try:
            with effort.bounded():
                found = answer(place, question, self.document.text, self.lexicon, names)
        except effort.TooMuch:
            reason = "it takes too long"
            return Attempt(question, unanswered=Unanswered(line, column, asked, reason))
        except Open as reason:
            return Attempt(question, unanswered=Unanswered(line, column, asked, str(reason)))
        return Attempt(question, _answer(question, found, line, column, asked))


def _used(statements: Iterable[Statement]) -> set[str]:
    """The names in formulas, numbers apart: they are what a number is given for."""
    formulas = (m.expr for s in statements for m in s.members[1:] if m.expr is not None)
    return {stem_of(p) for x in formulas for p in t.walk(x) if isinstance(p, t.Symbol)}


def _answer(question: Question, found: Found, line: int, column: int, asked: str) -> Answer:
    steps = found.steps
    return Answer(line, column, asked, found.written, found.value, steps, question.latex)
