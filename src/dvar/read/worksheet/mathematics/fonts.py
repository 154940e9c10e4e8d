r"""Fonts: ``\mathbf{W}``, ``\mathbf W`` and ``{\bf W}`` are a letter W with a font."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.tokens import (
    COMMAND,
    NAME,
    NUMBER,
    TEXT,
    WORD,
    Token,
    made,
)

ITALIC = "it"
"""Marks words that italics hold together; the symbol has no font."""
_WHOLE = frozenset({"rm", "sf", "tt", ITALIC})
_FONTED = frozenset({WORD, NAME, NUMBER, TEXT})


def is_whole(token: Token) -> bool:
    """Whether the font makes the letters of a run one word."""
    return token.font in _WHOLE and len(token.text) > 1


def font_of(token: Token) -> str:
    return "" if token.font == ITALIC else token.font


def applied(tokens: Sequence[Token]) -> list[Token]:
    """Tokens with their fonts, without the commands that set them."""
    if not any(t.kind == COMMAND and t.text in words.FONTS for t in tokens):
        return list(tokens)
    mates = mates_of(tokens)
    font: list[str] = [""] * len(tokens)
    drop: set[int] = set()
    split: set[int] = set()
    for n, token in enumerate(tokens):
        if token.kind == COMMAND and token.text in words.FONTS:
            drop.add(n)
            _mark(tokens, mates, n, font, drop, split)
    return _joined(tokens, font, drop, split)


def _mark(
    tokens: Sequence[Token],
    mates: Sequence[int],
    n: int,
    font: list[str],
    drop: set[int],
    split: set[int],
) -> None:
    command = tokens[n].text
    kind = words.FONTS[command] or ITALIC
    after = n + 1
    if command in words.SWITCHES and not (
        after < len(tokens) and tokens[after].is_("{") and command == "rm" and n == 0
    ):
        start, stop = after, _end_of_group(tokens, mates, after)
    elif after < len(tokens) and tokens[after].is_("{") and mates[after] > 0:
        start, stop = after + 1, mates[after]
        if all(t.kind in (WORD, NAME, NUMBER, TEXT) for t in tokens[start:stop]) and stop > start:
            drop |= {after, stop}
    else:
        start, stop = after, min(after + 1, len(tokens))
        split.add(after)
    for k in range(start, min(stop, start + 200)):
        font[k] = kind


def _end_of_group(tokens: Sequence[Token], mates: Sequence[int], n: int) -> int:
    while n < len(tokens):
        if mates[n] > n:
            n = mates[n]
        elif mates[n] >= 0:
            return n
        n += 1
    return n


def _joined(
    tokens: Sequence[Token], font: Sequence[str], drop: set[int], split: set[int]
) -> list[Token]:
    out: list[Token] = []
    joining = False
    for n, token in enumerate(tokens):
        if n in drop:
            joining = joining and tokens[n].kind != COMMAND
            continue
        if font[n] and token.kind in _FONTED:
            fresh = made(token.kind, token.text, token)
            fresh.font = font[n]
            if n in split and token.kind in (WORD, NUMBER) and len(token.text) > 1:
                out += _first(fresh)
            elif (
                joining
                and token.kind == WORD
                and out
                and font[n] in _WHOLE
                and out[-1].font == font[n]
            ):
                _extend(out, fresh)
            else:
                out.append(fresh)
            joining = token.kind == WORD
            continue
        is_underscore = (
            token.is_("_") and joining and bool(font[n]) and _word_follows(tokens, n, font)
        )
        if is_underscore and font[n] in _WHOLE:
            out[-1].text += "_"
            continue
        joining = False
        out.append(token)
    return out


def _extend(out: list[Token], word: Token) -> None:
    r"""``\operatorname{arg\,max}``, ``\mathrm{x\_norm}``."""
    out[-1].text += word.text
    out[-1].end = word.end


def _word_follows(tokens: Sequence[Token], n: int, font: Sequence[str]) -> bool:
    after = tokens[n + 1] if n + 1 < len(tokens) else None
    return after is not None and after.kind == WORD and len(after.text) > 2 and bool(font[n + 1])


def _first(token: Token) -> list[Token]:
    r"""``\mathbf Wx``: the font is that of the first letter."""
    middle = min(token.start + 1, token.end)
    rest = Token(token.kind, token.text[1:], middle, token.end)
    first = Token(
        token.kind, token.text[0], token.start, middle, token.spaced, token.gap, token.font
    )
    return [first, rest]
