"""What in square brackets behind a name is an index, where it is not code."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet.mathematics.tokens import DIGITS, NAME, NUMBER, Token


def is_short_index(inner: Sequence[Token]) -> bool:
    """``i``, ``3``, ``2i+1, 2j+1``."""
    longest = 11 if any(token.is_(",") for token in inner) else 5
    if not 0 < len(inner) <= longest:
        return False
    if any(t.kind not in (NAME, NUMBER, DIGITS) and not t.is_(",", "-", "+", ":") for t in inner):
        return False
    letters = [token for token in inner if token.kind == NAME]
    if any(len(token.text) > 1 or not token.text.islower() for token in letters):
        return False
    return bool(letters) or (len(inner) == 1 and inner[0].text.isdigit())


def is_indexed_letter(inner: Sequence[Token]) -> bool:
    """``k_t`` of ``p_t[k_t]``: an index that has one itself."""
    if len(inner) != 3 or not inner[1].is_("_"):
        return False
    return len(inner[0].text) == 1 and inner[0].text.islower()
