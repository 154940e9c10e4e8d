"""What ``solve`` returns: answers, what stays open and why, and the solved document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dvar.core.op import Array


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one question.

    Attributes:
        line, column: where the question stands in the file as given; line from 1, column from 0.
        question: as written, without the blank.
        answer: what stands in the solved document, without delimiters.
        value: the number or array, where the document gives numbers for all that it takes.
        steps: the derivation, a line for each step; empty where one step does it.
        latex: whether question, answer and steps are LaTeX.
    """

    line: int
    column: int
    question: str
    answer: str
    value: Array | None = None
    steps: tuple[str, ...] = ()
    latex: bool = True

    def to_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "question": self.question,
            "answer": self.answer,
            "value": None if self.value is None else self.value.astype(float).tolist(),
            "steps": list(self.steps),
        }


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question that was left as it is, and why."""

    line: int
    column: int
    question: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        return {
            "line": self.line,
            "column": self.column,
            "question": self.question,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Solution:
    """A worksheet with its blanks filled.

    Attributes:
        file: its name, or None for a text.
        text: the solved document; what was no blank is byte for byte as it was.
        answers, unanswered: in the order of the document.
    """

    file: str | None
    text: str
    answers: tuple[Answer, ...]
    unanswered: tuple[Unanswered, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "answers": [a.to_json() for a in self.answers],
            "unanswered": [u.to_json() for u in self.unanswered],
        }

    def __str__(self) -> str:
        return self.text
