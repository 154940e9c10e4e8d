"""Statements that begin with ``=``: the chain that they go on from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dvar.check.judge import tables
from dvar.read.worksheet.document import Document, Member, Statement

_OPERATION = re.compile(r"[\w)\]]\s*[·*/×÷+]\s*[\w(\[]")


def joined(
    document: Document,
    statements: Sequence[Statement],
    previous: int | None,
    ordinal: int,
    chains: Mapping[int, Sequence[Member]],
) -> tuple[int, list[Member]]:
    """A statement with the chain before it, of a long one its ends; and how much was said before.

    Where it goes on from something else, or from nothing that was read, its first member opens a chain.
    """
    statement = statements[ordinal]
    first, *rest = statement.members
    members = chains.get(previous) if previous is not None else None
    if previous is None or not members:
        return 1, [replace(first, relation=""), *rest]
    last = statements[previous]
    if not tables.goes_on(document, last, statement) or _is_below_another(
        document.text, last, statement
    ):
        return 1, [replace(first, relation=""), *rest]
    before = [members[0], *members[-2:]] if len(members) > 3 else members
    return len(before), [*before, first, *rest]


def _is_below_another(text: str, last: Statement, statement: Statement) -> bool:
    """Whether a formula that was not read stands in the line above: ``2 · (true / all)``."""
    between = text[last.span[1] : statement.span[0]]
    if between.strip() == ":":
        return True  # at x = 2: = 3 + …
    *lines, own = between.split("\n")
    return len(lines) > 1 and not own.strip() and _OPERATION.search(lines[-1]) is not None
