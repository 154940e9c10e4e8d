r"""LaTeX whose backslashes were lost in Markdown, as pages copied from a chat have it.

``\[ … \]`` has become lines with ``[`` and ``]``, ``\\`` at the end of a row ``\``, the thin spaces ``\,`` and
``\;`` are ``,`` and ``;``.  What is put back changes the length at the end of a line only, where no column moves.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from dvar.read.worksheet.pages.clean import changed, fenced

_OPENS = re.compile(r"^([ \t>]*)\[[ \t]*$", re.MULTILINE)
_CLOSES = re.compile(r"^[ \t>]*\][ \t]*[.,;]?[ \t]*$", re.MULTILINE)
_LONGEST = 4000
"""No display is longer than this."""
_FORMULA = re.compile(r"\\[A-Za-z]|[=≈^_]")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:[bpvB]|small)?matrix|d?cases|array|aligned|align|split|gathered)(\*?)\}"
    r"((?:(?!\\begin\{\1).)*?)\\end\{\1\2\}",  # up to the next of its kind: many without an end cost no more
    re.DOTALL,
)
_ROW_END = re.compile(r"(?<!\\)\\(?:\[\d+(?:\.\d+)?(?:pt|em|ex|mm)\]|(?=\n)| )")
_DISPLAY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_SPACE = re.compile(r"(?<= ),(?= )|(?<=,);|;(?==)|(?<==);|!(?=\\left)")
_RELATION = re.compile(
    r"[=<>≈≤≥∈]|\\(?:approx|leq?|geq?|in|to|quad|text|ldots|dots|cdots)(?![A-Za-z])"
)


def restored(text: str) -> str:
    """The text with the backslashes that a page has lost; a page that has lost none is left as it is."""
    if "\\" not in text:
        return text
    fences = fenced(text)
    starts = [start for start, _ in fences]

    def is_outside(at: int) -> bool:
        n = bisect_right(starts, at) - 1
        return n < 0 or at >= fences[n][1]

    displays = [d for d in _bracketed(text) if is_outside(d[0])]
    rows = [change for change in _rows(text) if is_outside(change[0])]
    if not displays and not rows:
        return text
    changes = [(at, at + 1, "\\" + text[at]) for display in displays for at in display]
    spans = [*displays, *(m.span() for m in _DISPLAY.finditer(text) if is_outside(m.start()))]
    spaces = [change for start, stop in spans for change in _spaces(text, start, stop)]
    return changed(text, [*changes, *rows, *spaces])


def _bracketed(text: str) -> Iterator[tuple[int, int]]:
    """Where a bracket alone on its line opens and closes what is a formula."""
    position = 0
    while opened := _OPENS.search(text, position):
        position = opened.end()
        closed = _CLOSES.search(text, position, position + _LONGEST)
        again = _OPENS.search(text, position, position + _LONGEST)
        if closed is None or (again is not None and again.start() < closed.start()):
            continue
        body = text[position : closed.start()]
        if _FORMULA.search(body) and "\n\n" not in body.strip("\n") and '"' not in body:
            yield opened.end(1), closed.start() + closed[0].index("]")
            position = closed.end()


def _rows(text: str) -> Iterator[tuple[int, int, str]]:
    r"""A lone ``\`` where a row ends, in environments that have no ``\\``."""
    for match in _ENVIRONMENT.finditer(text):
        body, begin = match[3], match.start(3)
        ends = list(_ROW_END.finditer(body))
        if "\\\\" in body or not ends or not body[ends[0].end() :].strip():
            continue
        cells = {row.count("&") for row in _ROW_END.split(body) if row.strip()}
        if len(cells) > 1 or (cells == {0} and not all(end[0] == "\\" for end in ends)):
            continue
        for end in ends:
            yield begin + end.start(), begin + end.end(), "\\\\".ljust(len(end[0]))


def _spaces(text: str, start: int, stop: int) -> Iterator[tuple[int, int, str]]:
    """Thin spaces that became commas and semicolons: what follows is a factor, and states nothing."""
    for found in _SPACE.finditer(text, start, stop):
        at = found.start()
        if found[0] == ",":
            after = re.split(r"(?<= ),(?= )|\n|\\\\", text[at + 1 : stop], maxsplit=1)[0]
            if _RELATION.search(after) or not after.strip():
                continue
        yield at, at + 1, " "
