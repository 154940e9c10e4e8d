"""Runs of letters and digits as labels of what they hang on."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.mathematics import vocabulary
from dvar.read.worksheet.mathematics.tokens import NAME, TEXT, Token


def is_latin(token: Token) -> bool:
    """Whether a name is Latin letters without accents: a label rather than a Greek symbol."""
    if token.accents or token.text in vocabulary.GREEK_WORDS:
        return False
    return token.text != "infty" and token.text != "ell"


def label(tokens: list[Token]) -> t.Label:
    text = (
        " ".join(token.text for token in tokens)
        if _is_said(tokens)
        else "".join(x.text for x in tokens)
    )
    span = tokens[0].start, max(tokens[0].end, tokens[-1].end)
    return t.Label(text, span, any(x.font in ("rm", "tt", "sf") or x.kind == TEXT for x in tokens))


def _is_said(tokens: list[Token]) -> bool:
    return len(tokens) > 1 and any(token.kind == TEXT for token in tokens)


def is_line(tokens: Sequence[Token]) -> bool:
    """Whether an index is a letter and a colon, in either order: a row, or a column."""
    letters = [x for x in tokens if x.kind == NAME and len(x.text) == 1]
    return len(tokens) == 2 and len(letters) == 1 and any(x.is_(":") for x in tokens)


def is_wordy(tokens: list[Token]) -> bool:
    """``^{new}``, ``^{\\text{old}}``: words, not letters with powers."""
    if any(token.kind == TEXT or (token.font == "rm" and token.text.isalpha()) for token in tokens):
        return True
    if len(tokens) == 1 and tokens[0].text in vocabulary.GREEK_WORDS:
        return False  # (1 - p)^{\\gamma} is a power
    joined = "".join(token.text for token in tokens)
    return len(joined) > 2 and (joined in vocabulary.SUBSCRIPT_WORDS or joined in vocabulary.FIELD)
