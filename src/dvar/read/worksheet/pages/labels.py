"""Lines that open a section without a heading mark: ``Problem 3. Backpropagation``, ``(b)``, ``**Numbers**``.

Levels leave gaps so that what depends on its surroundings fits between: a solution lies just below its
problem, a bold line just below what it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from dvar.read.worksheet.document import Section

_CHAPTER = 10
_PART = 12
_PROBLEM = 14
_EXAMPLE = 18
_STEP = 20
_LETTER = 24
_ROMAN = 28
BOLD = -1
SOLUTION = -2
"""Levels that depend on the section around."""

_WORDS = {
    _CHAPTER: "section|sec|chapter|lecture|lec|unit|week|module|homework|hw|assignment|appendix|day|lesson",
    _PART: "part",
    _PROBLEM: "exercise|problem|question|task|quiz|ex|q|prob|lab|activity",
    SOLUTION: "solution|answer|proof|sol",
    _EXAMPLE: "example|case|method|approach",
    _STEP: "step|phase|stage|iteration|epoch",
}
_LEVEL_OF = {word: level for level, words in _WORDS.items() for word in words.split("|")}
_ANY = "|".join(sorted(_LEVEL_OF, key=len, reverse=True))
_NUMBER = r"(?:\d{1,3}(?:\.\d{1,3})*[a-z]?|\(\w{1,3}\)|[A-H]|[IVX]{1,5})"
_LABEL = re.compile(
    rf"(?:practice\s+|worked\s+)?(?P<word>{_ANY})s?\.?(?P<gap>[ \t]*)#?(?P<number>{_NUMBER})?(?![\w(])"
    r"(?P<mark>[ \t]*(?:[:.)]|[-–—]+(?=\s))|(?=\s|$))[ \t]*(?P<rest>.*)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"\(([a-z]|[A-Z])\)|([a-hA-H])[.)]|([a-h])")
_ROMANS = re.compile(r"\((i{1,3}|iv|vi{0,3}|ix|x)\)|(ii|iii|iv|vi{1,3})[.)]")
_BOLD = re.compile(
    r"(?:\*\*\*?|__)(?=\S)([^*\n]{1,120}?)(?:\*\*\*?|__)[ \t]*[:.]?|<b>([^<\n]{1,120})</b>:?"
)
_NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2})*[.)]?[ \t]+(?P<title>[A-Z][^\n$=`]{2,70})")
_MARKS = re.compile(
    r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`|</?\w+[^<>]*>|\{#[^}]*\}|[ \t]#+[ \t]*$"
)


@dataclass(frozen=True, slots=True)
class Label:
    """A line that opens a section."""

    title: str
    level: int


def read_label(line: str, alone: bool) -> Label | None:
    """What section a line opens, if any; ``alone`` says that blank lines are around it."""
    line = line.strip()
    bold = _BOLD.fullmatch(line)
    inner = (bold[1] or bold[2]).strip() if bold else line
    labelled = _labelled(inner, alone or bold is not None)
    if labelled is not None:
        return labelled
    if bold is None and (run_in := _BOLD.match(line)) is not None:
        labelled = _labelled((run_in[1] or run_in[2]).strip(), True)  # **Exercise 2.** Let …
        return labelled if labelled is not None and labelled.level == _PROBLEM else None
    if bold and not _is_equation(inner):
        return Label(title_of(inner), BOLD)
    if not alone:
        return None
    if match := _ROMANS.fullmatch(line):
        return Label(match[0], _ROMAN)
    if match := _LETTERS.fullmatch(line):
        return Label(match[0], _LETTER)
    if (match := _NUMBERED.fullmatch(line)) and _is_title(match["title"]):
        return Label(title_of(line), _STEP)
    return None


def _is_equation(line: str) -> bool:
    """Whether a bold line is a result rather than a title: at most one word in front of its relation."""
    left, relation, _ = line.partition("=")
    return bool(relation) and "(" not in left and len(re.findall(r"[A-Za-z]{3,}", left)) < 2


def _labelled(line: str, alone: bool) -> Label | None:
    match = _LABEL.match(line)
    if match is None:
        return None
    word, rest = match["word"].lower(), match["rest"]
    level = _LEVEL_OF[word]
    if not _is_numbered(word, match["number"], match, alone):
        return None
    if level in (_STEP, _EXAMPLE) and re.search(r"[=≈]", rest):
        return None  # "Step 1: z = 3" is a line of a computation
    if word in ("case", "method") and not alone:
        return None
    return Label(title_of(line), level)


def _is_numbered(word: str, number: str | None, match: re.Match[str], alone: bool) -> bool:
    """Whether what follows a label's word makes it one: "Problem 3.", "Section 3 Solutions", "Answer:"."""
    rest, mark = match["rest"], match["mark"].strip()
    if number is None:
        return _LEVEL_OF[word] == SOLUTION and not rest and bool(mark or alone)
    if number.isdigit() and not match["gap"] and word not in ("q", "ex", "hw", "lec"):
        return False
    if not mark and rest:
        return alone and _is_title(rest, word) and not number.isalpha()
    return True


def _is_title(rest: str, word: str = "") -> bool:
    """Whether words are those of a title: short, with a capital first, no sentence."""
    words = rest.split()
    if (
        len(words) > 9
        or rest.rstrip().endswith((".", ",", ";"))
        or not (rest[:1].isupper() or word == "q")
    ):
        return False
    return not re.search(r"\b(?:is|are|was|has|we|the following)\b", rest)


def title_of(line: str) -> str:
    """A heading without its marks, cut to a line's length."""
    return " ".join(_MARKS.sub("", line).split()).rstrip(":").strip()[:160]


class Sections:
    """The sections so far, as a stack of open ones."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, int | None, int]] = [("", 0, None, 0)]
        self._open: list[int] = [0]
        self._soft: set[int] = set()
        self._answers: set[int] = set()

    @property
    def current(self) -> int:
        return len(self._found) - 1

    def open(self, title: str, level: int, start: int) -> int:
        """Open a section; ``BOLD`` and ``SOLUTION`` take their level from what they stand in."""
        if level == SOLUTION:
            inner = self._soft | self._answers
            self._close(lambda n: n in inner or self._level(n) == _STEP)
        elif level == BOLD:
            self._close(lambda n: n in self._soft)
        kept = {BOLD: self._soft, SOLUTION: self._answers}.get(level)
        if kept is None:
            self._close(lambda n: self._level(n) >= level)
        else:
            level = self._level(self._open[-1]) + 1
        parent = self._open[-1] or None
        self._found.append((title, level, parent, start))
        self._open.append(self.current)
        if kept is not None:
            kept.add(self.current)
        return self.current

    def _close(self, done: Callable[[int], bool]) -> None:
        while len(self._open) > 1 and done(self._open[-1]):
            self._open.pop()

    def _level(self, n: int) -> int:
        return self._found[n][1]

    def finish(self, end: int) -> tuple[Section, ...]:
        """The sections; the empty one before the first heading is dropped by nobody: regions may be in it."""
        starts = [start for *_, start in self._found] + [end]
        return tuple(
            Section(title, max(level, 1), parent, (starts[n], starts[n + 1]))
            for n, (title, level, parent, _) in enumerate(self._found)
        )
