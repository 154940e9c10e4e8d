"""Runs of letters: one name, or a product of several."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dvar.read.worksheet.mathematics import vocabulary, words
from dvar.read.worksheet.mathematics.lexicon import Lexicon
from dvar.read.worksheet.mathematics.tokens import FUNCTION, NAME, Token

_VOWELS = frozenset("aeiouAEIOU")
_ACCENTED = re.compile(r"[A-Za-z](?:hat|bar|tilde|pred|prime)")
_GLUED = re.compile(r"([A-Za-z]?)(ln|log)([A-Za-z])")
_TWICE = re.compile(r"d([A-Z]|[a-z])d[A-Za-z]")


def split(run: str, lexicon: Lexicon, latex: bool) -> list[str]:
    """The names that a run of letters holds."""
    if is_name(run, lexicon, latex):
        return [run]
    out: list[str] = []
    at = 0
    while at < len(run):
        length = 1
        for k in range(min(len(run) - at, 12), 1, -1):
            if run[at : at + k] in lexicon.names:
                length = k
                break
        out.append(run[at : at + length])
        at += length
    return out


def is_name(run: str, lexicon: Lexicon, latex: bool) -> bool:
    """Whether a run of letters is one name."""
    if len(run) == 1 or run in lexicon.names or run in vocabulary.FIELD:
        return (
            len(run) > 2
            or not latex
            or run in lexicon.names
            or run not in vocabulary.GREEK_WORDS
            or run == "pi"
        )
    if _ACCENTED.fullmatch(run) or _TWICE.fullmatch(run) or run in words.KEYWORDS:
        return True
    if run[0] == "d":
        rest = run[1:]
        if len(rest) == 1:
            return rest not in lexicon.multiplied
        if rest in lexicon.names or rest in vocabulary.FIELD or _ACCENTED.fullmatch(rest):
            return True
    if len(run) == 2:
        return False
    return _looks_like_word(run, lexicon)


def _looks_like_word(run: str, lexicon: Lexicon) -> bool:
    """Three letters and more that nothing is known of: a word unless its letters are symbols."""
    alone = sum(c in lexicon.letters for c in run)
    if run.isupper():
        return len(run) > 3 and alone < len(run) - 1 and bool(lexicon.letters)
    if not lexicon.letters:
        return len(run) > 4 and any(c in _VOWELS for c in run)
    if len(run) == 3:
        return alone == 0 and any(c in _VOWELS for c in run)
    return alone < len(run) and any(c in _VOWELS for c in run[1:])


def is_glued(run: str) -> bool:
    """Whether a run holds a logarithm and its argument: ``ylna``."""
    return _GLUED.fullmatch(run) is not None


def glued(token: Token) -> list[Token]:
    """``y ln a`` typed as ``ylna``."""
    found = _GLUED.fullmatch(token.text)
    out: list[Token] = []
    for n, kind in ((1, NAME), (2, FUNCTION), (3, NAME)) if found else ():
        if found is None or not found[n]:
            continue
        start = min(token.start + found.start(n), token.end)
        stop = min(token.start + found.end(n), token.end)
        first = not out
        out.append(Token(kind, found[n], start, stop, token.spaced and first, token.gap and first))
    return out


def split_up(token: Token, lexicon: Lexicon, latex: bool) -> Iterator[Token]:
    """A run as one name, or several side by side."""
    at = token.start
    exact = token.end - token.start == len(token.text)
    for n, piece in enumerate(split(token.text, lexicon, latex)):
        stop = at + len(piece) if exact else token.end
        spaced, gap = (token.spaced, token.gap) if n == 0 else (False, False)
        yield Token(NAME, piece, at, stop, spaced, gap, token.font)
        at = stop if exact else at
