"""Labels that look like indices: ``W_i`` beside ``W_f``, ``W_o`` and ``W_c`` is the matrix of one gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten

_BESIDE = 2
"""So many labels of a name that are no indices make labels of the others."""


def labelled(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with such letters marked as text."""
    letters = spelling_of(statements).letters
    seen: dict[str, set[str]] = {}
    for part in parts(statements):
        if isinstance(part, t.Symbol) and (letter := _letter(part)):
            seen.setdefault(stem_of(part), set()).add(letter)
    stems = {
        stem
        for stem, found in seen.items()
        if len(found - letters) >= _BESIDE and found & letters and found & letters <= {"i"}
    }
    if not stems:
        return list(statements)

    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or stem_of(part) not in stems or _letter(part) != "i":
            return None
        label = t.Label("i", part.subscripts[0].span, True)
        scripts = tuple(rewritten(s, change) for s in part.scripts)
        return replace(part, subscripts=(label,), scripts=scripts)

    return [in_members(s, change) for s in statements]


def _letter(symbol: t.Symbol) -> str:
    """The only letter below a symbol."""
    if len(symbol.subscripts) != 1:
        return ""
    (below,) = symbol.subscripts
    if isinstance(below, t.Symbol) and not (below.subscripts or below.scripts):
        return below.base if len(below.base) == 1 and below.base.isalpha() else ""
    if isinstance(below, t.Label) and len(below.text) == 1 and below.text.isalpha():
        return below.text
    return ""
