"""Comments of programs in a text that is no program: the signs in front of their lines are blanked.

What stands in a comment is a worksheet like any other, line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"/\*+(?P<content>.*?)\*+/", re.DOTALL)
_STAR = re.compile(r"^[ \t]*\*(?!\*)(?=[ \t\n]|$)", re.MULTILINE)
_LINE = re.compile(r"[ \t]*(?P<sign>//+!?|%+(?![\w%]*\{)|;;+|--+(?=[ \t][^-])|#+(?=[ \t]|$))")
_ORNAMENT = re.compile(r"(?<=\s)[-=*~#+_]{3,}(?=[ \t]*$)|(?<=[/%#;*\s])[-=*~#+_]{3,}(?=[ \t])")
_STATES = re.compile(r"[=≈]")
_SURE = frozenset("/;")
"""Signs that begin nothing but a comment."""
_LEAST = 3
"""So many lines in a row with a sign that may mean something else make comments."""


def comment_signs(text: str) -> Iterator[tuple[int, int]]:
    """Where signs of comments stand."""
    yield from _of_blocks(text)
    run: list[tuple[int, int]] = []
    kind, stated, lines, offset = "", False, 0, 0
    for line in [*text.split("\n"), ""]:
        match = _LINE.match(line)
        sign = match["sign"][0] if match else ""
        if sign != kind:
            if _is_comment(kind, lines, stated):
                yield from run
            run, kind, stated, lines = [], sign, False, 0
        if match:
            run.append((offset + match.start("sign"), offset + match.end("sign")))
            ornaments = _ORNAMENT.finditer(line, match.end("sign"))
            run += [(offset + m.start(), offset + m.end()) for m in ornaments]
            lines += 1
            stated |= _STATES.search(line) is not None
        offset += len(line) + 1


def _of_blocks(text: str) -> Iterator[tuple[int, int]]:
    """The ends of ``/* … */`` and the stars in front of its lines."""
    for match in _BLOCK.finditer(text):
        start, stop = match.span("content")
        if "\n" not in match[0] and not _STATES.search(match["content"]):
            continue
        yield match.start(), start
        yield stop, match.end()
        yield from (star.span() for star in _STAR.finditer(text, start, stop))


def _is_comment(kind: str, lines: int, stated: bool) -> bool:
    """Whether lines with a sign in front are comments: three headings in a row have nothing below them."""
    return bool(kind) and (kind in _SURE or (stated and lines >= _LEAST))
