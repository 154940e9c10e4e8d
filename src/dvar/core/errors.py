"""Every error dvar raises on purpose.

    DvarError
    ├── ReadError (ValueError)              text or a function that cannot be read
    │   ├── FormulaError                    a formula: syntax, unknown names, loops
    │   └── TraceError                      a Python function that cannot be followed
    ├── ShapeError (ValueError)             operands whose axes do not fit
    │   └── OutOfRange (IndexError)         a position that an axis does not have
    ├── DtypeError (TypeError)              operands of the wrong type
    ├── DomainError (ValueError)            a value where an operation is undefined
    ├── MissingValue (ValueError)           an input without a number
    ├── MissingRule (NotImplementedError)   a row that lacks what the task needs
    └── GraphError (AssertionError)         a malformed graph: our bug, please report it

A message says what, where, why and what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Where something was written: a line of a file (or of a formula) and a span in it.

    ``line`` is 1-based, ``column`` 0-based; ``length`` is the width of the caret underline.
    """

    text: str
    line: int = 1
    column: int = 0
    length: int = 1
    file: str | None = None

    def pointer(self, limit: int = 100) -> str:
        """The line with carets under the span, cut to ``limit`` characters around the span."""
        start = max(0, min(self.column - limit // 2, len(self.text) - limit))
        shown = self.text[start : start + limit].replace("\t", " ")
        column = self.column - start
        length = max(1, min(self.length, len(shown) - column))
        return f"{shown}\n{' ' * column}{'^' * length}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else f"line {self.line}"


class DvarError(Exception):
    """Base of every error raised on purpose.

    Args:
        message: what is wrong, in the user's names.
        source: where it was written.
        rule: why it is wrong.
        hint: what to write instead.
    """

    def __init__(
        self,
        message: str,
        *,
        source: Source | None = None,
        rule: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.rule = rule
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.source is not None:
            pointer = self.source.pointer().splitlines()
            lines.append(f"  in:   {pointer[0]}   ({self.source})")
            lines += [f"        {line}" for line in pointer[1:]]
        if self.rule:
            lines.append(f"  rule: {self.rule}")
        if self.hint:
            lines.append(f"  try:  {self.hint}")
        return "\n".join(lines)


class ReadError(DvarError, ValueError):
    """Text or a function that cannot be read."""


class FormulaError(ReadError):
    """A formula that cannot be read: syntax, unknown names, loops."""


class TraceError(ReadError):
    """A Python function that cannot be followed."""


class ShapeError(DvarError, ValueError):
    """Operands whose axes do not fit."""


class OutOfRange(ShapeError, IndexError):
    """A position that an axis does not have."""


class DtypeError(DvarError, TypeError):
    """Operands of the wrong type."""


class DomainError(DvarError, ValueError):
    """A value at which an operation is undefined."""


class MissingValue(DvarError, ValueError):
    """An input that was given no number."""


class MissingRule(DvarError, NotImplementedError):
    """A row lacks a column this task needs."""


class GraphError(DvarError, AssertionError):
    """A graph left a room malformed.  This is a bug of dvar; please report it."""
