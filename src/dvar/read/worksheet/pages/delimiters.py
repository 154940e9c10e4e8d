r"""Where a formula in delimiters ends: dollars, ``\(…\)``, ``\[…\]``, ``\begin{align}…\end{align}``.

An opener whose closer is missing is common in scanned pages.  So a closer counts only if what lies between
could be one formula: a display ends at a heading, a fence or a paragraph of prose at the latest, and a pair
of dollars around words is two prices.
"""

from __future__ import annotations

import re

from dvar.read.worksheet.pages.lexicon import STOP

_CLOSERS = {
    "$$": "$$",
    r"\[": r"\]",
    r"\\[": r"\\]",
    r"\\\[": r"\\]",  # a page whose backslashes and brackets are both escaped
    r"\(": r"\)",
    r"\\(": r"\\)",
    r"\\\(": r"\\)",
}
PURE = frozenset(("equation", "equation*", "displaymath", "math", "dmath", "dmath*"))
"""Environments that only delimit: the formula is what is between."""
ENVIRONMENTS = PURE | {
    name + star
    for name in (
        "align",
        "alignat",
        "eqnarray",
        "flalign",
        "gather",
        "multline",
        "aligned",
        "gathered",
        "split",
    )
    for star in ("", "*")
}
"""Environments that are a display of their own where no delimiters are around them."""

MAX_LINES = 300
_STOP_LINE = re.compile(
    r"\s{0,3}(?:#{1,6}\s|```|~~~|\\(?:sub)*section\b|\\(?:begin|end)\{document\})"
)
_TEXT_COMMANDS = re.compile(
    r"\\(?:text\w*|mbox|mathrm|operatorname|mathit|label|tag|begin|end|intertext)\*?\s*\{[^{}]*\}"
)
_COMMANDS = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_NESTED_TEXT = re.compile(r"\\(?:text\w*|mbox|textrm|hbox|intertext)\s*\{[^{}$]*$")


def words_of(formula: str) -> list[str]:
    r"""The words of a formula that stand in no command and no ``\text{…}``."""
    bare = _COMMANDS.sub(" ", _TEXT_COMMANDS.sub(" ", formula))
    return _WORD.findall(bare)


def is_prose(text: str) -> bool:
    """Whether words rather than signs make up a piece of text."""
    words = words_of(text)
    common = sum(word.lower() in STOP for word in words)
    long = sum(len(word) > 3 for word in words)
    return (common >= 1 and len(words) >= 3) or long >= 5


def close_display(text: str, start: int, opener: str, end: int) -> tuple[int, int] | None:
    r"""Where the display that opens with ``opener`` and whose content begins at ``start`` ends.

    Returns:
        The end of the content and the end of the closer; None if it is not closed.
    """
    closer = _CLOSERS.get(opener) or rf"\end{{{opener}}}"
    again = opener if opener in _CLOSERS else rf"\begin{{{opener}}}"
    position, blank = start, False
    for _ in range(MAX_LINES):
        stop = text.find("\n", position, end)
        stop = end if stop < 0 else stop
        nested = text.find(again, position, stop) if again != closer else -1
        found = _find(text, closer, position, nested if nested >= 0 else stop)
        if found >= 0:
            return found, found + len(closer)
        if nested >= 0 or stop >= end:
            return None
        if position > start and _ends_display(text, position, stop, blank):
            return None
        blank = blank or (position > start and not text[position:stop].strip())
        position = stop + 1
    return None


def _ends_display(text: str, start: int, stop: int, blank: bool) -> bool:
    """Whether no display goes on over this line."""
    if _STOP_LINE.match(text, start, stop):
        return True
    return blank and is_prose(text[start:stop][:400])


def _find(text: str, closer: str, start: int, stop: int) -> int:
    r"""The closer on a line; the ``\]`` in a row break ``\\]`` is none."""
    found = text.find(closer, start, stop)
    while found > 0 and closer in (r"\]", r"\)") and text[found - 1] == "\\":
        found = text.find(closer, found + 1, stop)
    return found


def close_inline(text: str, start: int, opener: str, end: int) -> tuple[int, int] | None:
    r"""As ``close_display`` for ``\(``: it ends within its paragraph."""
    closer = _CLOSERS[opener]
    found = _find(text, closer, start, end)
    return None if found < 0 else (found, found + len(closer))


def close_dollar(text: str, start: int, end: int) -> int | None:
    """Which dollar closes the one before ``start``; None if that one opens nothing: a price."""
    position = start
    first: int | None = None
    for _ in range(3):
        position = text.find("$", position, end)
        while (
            position > 0 and text[position - 1] == "\\" and text[position - 2 : position] != "\\\\"
        ):
            position = text.find("$", position + 1, end)
        if position < 0:
            break
        first = position if first is None else first
        # a formula in the words of a formula: \text{if $x > 0$}
        if not _NESTED_TEXT.search(text, max(start, position - 200), position):
            return position if _holds(text, start, position) else None
        position = text.find("$", position + 1, end) + 1
        if position == 0:
            break
    return first if first is not None and _holds(text, start, first) else None


def _holds(text: str, start: int, stop: int) -> bool:
    """Whether a formula stands between two dollars."""
    inside = text[start:stop]
    if not inside.strip() or "\n\n" in inside:
        return False
    after = text[stop + 1 : stop + 2]
    words = words_of(inside)
    common = sum(word.lower() in STOP for word in words)
    asks = inside.rstrip().endswith("=")  # $w^{new} = $ ___
    if (inside[0].isspace() != inside[-1].isspace() and not asks) or after.isdigit():
        # "$5 and $6", "where $x = 2 and $y$": such a pair may still be one, if no words are in it
        if inside[0].isdigit() and after.isdigit():
            return False
        if common or (len(words) > 2 and "\\" not in inside):
            return False
    if common and not re.search(r"[=_^+<>*/]|\\[A-Za-z]", inside):
        return False  # "5$ for 6$"
    return common < 3 or common * 2 < len(words) or "\\" in inside
