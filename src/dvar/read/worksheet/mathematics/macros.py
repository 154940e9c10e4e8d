r"""``\newcommand`` and its like: simple abbreviations of a document, put in where they are used.

A body may use other macros but never itself; how many are put in and how long the result may get is bounded
by the scanner.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MOST = 300
LONGEST_BODY = 600
LONGEST_GROUP = 2000
"""A group in braces that a command takes as its argument is no longer than this."""
_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand)\*?\s*(?:\{\s*\\([A-Za-z]+)\s*\}|\\([A-Za-z]+))\s*"
    r"(?:\[(\d)\])?\s*(?:\[([^\]]{0,60})\])?\s*(?=\{)"
    r"|\\g?def\s*\\([A-Za-z]+)\s*((?:#\d)*)\s*(?=\{)"
    r"|\\DeclareMathOperator\*?\s*(?:\{\s*\\([A-Za-z]+)\s*\}|\\([A-Za-z]+))\s*(?=\{)"
)
_SIMPLE_ARGUMENT = re.compile(r"\s*(\\[A-Za-z]+|\\.|[^\s\\{}])")


@dataclass(frozen=True, slots=True)
class Macro:
    """A body with ``#1``, ``#2`` … for its arguments; ``default`` makes the first one optional."""

    count: int
    body: str
    default: str | None = None

    def filled(self, arguments: Sequence[str]) -> str:
        def put(match: re.Match[str]) -> str:
            n = int(match[1]) - 1
            return arguments[n] if n < len(arguments) else ""

        return re.sub(r"#(\d)", put, self.body)


def group_end(text: str, at: int) -> int:
    """The place behind the group in braces that begins here (spaces aside); ``at`` if none does."""
    start = at
    while start < len(text) and text[start].isspace():
        start += 1
    if start >= len(text) or text[start] != "{":
        return at
    depth = 0
    n = start
    last = min(len(text), start + LONGEST_GROUP)
    while n < last:
        if text[n] == "\\":
            n += 2
            continue
        depth += (text[n] == "{") - (text[n] == "}")
        n += 1
        if depth == 0:
            return n
    return at


def body_of(text: str, at: int) -> tuple[tuple[str, Macro], int] | None:
    """The definition that begins here, and the place behind it."""
    match = _DEFINITION.match(text, at)
    if match is None:
        return None
    stop = group_end(text, match.end())
    if stop == match.end():
        return None
    body = text[match.end() + 1 : stop - 1]
    name = match[1] or match[2] or match[5] or match[7] or match[8]
    count = int(match[3] or 0) if match[5] is None else len(match[6]) // 2
    if match[7] or match[8]:
        body = rf"\operatorname{{{body}}}"
    return (name, Macro(count, body, match[4])), stop


def definitions(text: str) -> dict[str, Macro]:
    """The macros that a document defines."""
    found: dict[str, Macro] = {}
    for match in _DEFINITION.finditer(text):
        got = body_of(text, match.start())
        if got is None or len(found) >= MOST:
            continue
        name, macro = got[0]
        if len(macro.body) <= LONGEST_BODY and macro.count <= 9:
            found[name] = macro
    return found


def arguments_of(text: str, at: int, macro: Macro) -> tuple[list[str], int]:
    """What is given to a macro used here, and the place behind it."""
    given: list[str] = []
    if macro.default is not None:
        option = re.compile(r"\s*\[([^\]]{0,200})\]").match(text, at)
        given.append(option[1] if option else macro.default)
        at = option.end() if option else at
    while len(given) < macro.count:
        stop = group_end(text, at)
        if stop > at:
            given.append(text[text.index("{", at) + 1 : stop - 1])
            at = stop
            continue
        simple = _SIMPLE_ARGUMENT.match(text, at)
        if simple is None:
            break
        given.append(simple[1])
        at = simple.end()
    return given, at
