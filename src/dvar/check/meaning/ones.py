"""Names that words tell to be filled with ones: "with the matrix of ones $J$", "$\\mathbf{e}$ is a vector of ones"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import in_members

_FILLED = (
    r"(?:all[- ]ones?|ones?)[- ](?:column |row )?(?:matrix|vector)"
    r"|(?:matrix|(?:column |row )?vector)(?: filled| full)?(?: consisting)? (?:of|with) (?:all )?(?:ones|1s|1's)"
    r"|(?:matrix|vector) whose (?:entries|elements|components) are all (?:ones?|1)"
)
_BEFORE = re.compile(rf"(?:{_FILLED})[\s$`\\(,]*$", re.IGNORECASE)
_BEHIND = re.compile(
    rf"[\s$`\\)]*(?:,\s*)?(?:is|denotes|be|being|for|as|stands for|means)?\s*(?:an?|the)?\s*(?:{_FILLED})",
    re.IGNORECASE,
)
_REACH = 80


def named(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements with a bold 1 for each letter that is told to be nothing but ones."""
    letters = {name for s in statements if (name := _told(document.text, s)) is not None}
    defined = {_letter(s.members[0].expr) for s in statements if len(s.members) > 1}
    letters -= defined
    if not letters:
        return list(statements)

    def filled(part: t.Expr) -> t.Expr | None:
        if isinstance(part, t.Symbol) and _letter(part) in letters:
            return replace(part, base="1", font="bf", accents=())
        return None

    return [in_members(s, filled) for s in statements]


def _told(text: str, statement: Statement) -> str | None:
    """The letter of a statement that is nothing but a name, where the words beside it say that it is ones."""
    if len(statement.members) != 1 or (name := _letter(statement.members[0].expr)) is None:
        return None
    start, end = statement.span
    before, behind = text[max(0, start - _REACH) : start], text[end : end + _REACH]
    said = _BEFORE.search(before) or _BEHIND.match(behind)
    return name if said else None


def _letter(tree: t.Expr | None) -> str | None:
    bare = isinstance(tree, t.Symbol) and not (tree.subscripts or tree.scripts or tree.primes)
    return tree.base if bare and isinstance(tree, t.Symbol) and tree.base != "1" else None


__all__ = ["named"]
