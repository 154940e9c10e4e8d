r"""The lines of a document as blocks: paragraphs and list items, headings, code fences, table rows.

Only the beginning of a line is looked at here; but a formula that is open at the end of a line takes the
next lines with it, whatever they begin with.  ``constructs`` knows those that have an end of their own.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from dvar.read.worksheet.pages.delimiters import ENVIRONMENTS, close_display
from dvar.read.worksheet.pages.labels import read_label, title_of
from dvar.read.worksheet.tree import Span


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines.

    Attributes:
        kind: ``text`` (a paragraph, a list item, the words of a heading), ``code`` and ``math`` (inside of
            fences), ``row`` (of a table with pipes), ``table`` (another table as a whole).
        span: what it holds, marks in front excluded.
        title, level: of the section it opens; level 0 if it opens none.
        language: of a fence.
        table, row: which table, and which row of it.
        fresh: whether a blank line or another kind of block stands before it.
        item: whether it is a list item.
    """

    kind: str
    span: Span
    title: str = ""
    level: int = 0
    language: str = ""
    table: int = 0
    row: int = 0
    fresh: bool = True
    item: bool = False


_HEADING = re.compile(r"[ \t]{0,3}(#{1,6})(?:[ \t]+(?=\S)|(?=[A-Z*\d]))")
_UNDERLINE = re.compile(r"[ \t]{0,3}(={3,}|-{3,}|~{3,}|\^{3,}|\"{3,}|\*{4,}|\+{3,})[ \t]*$")
_RULE = re.compile(r"[ \t]{0,3}(?:[-*_=~+][ \t]*){3,}$")
_ITEM = re.compile(
    r"[ \t]*(?:[-*+•‣◦▪●○–][ \t]+|(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,4})[.)])(?:[ \t]+|(?=\$))"
    r"|\\item\b(?:\[[^\]\n]*\])?[ \t]*)"
)
_CLOSED = frozenset(".;:!?$)")
_SIGN_ITEM = re.compile(r"[ \t]*[-*+–][ \t]")
_TEX_HEADING = re.compile(
    r"[ \t]*\\(part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?"
    r"[ \t]*(?:\[[^\]\n]*\])?\{"
)
_TEX_LEVELS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4}
_HTML_HEADING = re.compile(r"[ \t]*<h([1-6])\b[^<>\n]*>", re.IGNORECASE)
_HTML_BLOCK = re.compile(
    r"[ \t]*</?(?:p|div|li|ul|ol|dl|dd|dt|blockquote|details|summary|center|section|article)\b",
    re.IGNORECASE,
)
_OPENER = re.compile(r"\\{1,3}\[|\$\$|\\begin\{([A-Za-z]+\*?)\}")


class Blocks:
    """Reads the lines of one page (a file, or a cell of a notebook)."""

    def __init__(self, text: str, page: Span, tables: int = 0) -> None:
        self.text = text
        self.end = page[1]
        self.starts = _line_starts(text, page)
        self.n = 0
        self.tables = tables
        self.unclosed: dict[str, int] = {}
        """Closers that were looked for in vain: looking again would take quadratic time."""
        self.found: list[Block] = []
        self._fresh = True
        self._begun: int | None = None
        self._stop = 0
        self._item = False
        self._underlines: dict[str, int] = {}

    def read(self, constructs: tuple[Callable[[Blocks], bool], ...]) -> list[Block]:
        """All blocks; each construct may take the lines from ``n`` on."""
        while self.n < len(self.starts):
            if self.is_blank(self.n):
                self.flush()
                self._fresh = True
                self.n += 1
            elif not any(take(self) for take in constructs) and not self._heading():
                self._paragraph()
        self.flush()
        return self.found

    # what constructs use

    def line(self, n: int) -> str:
        return self.text[self.starts[n] : self.stop_of(n)]

    def stop_of(self, n: int) -> int:
        return (
            self.text.find("\n", self.starts[n], self.end) if n + 1 < len(self.starts) else self.end
        )

    def is_blank(self, n: int) -> bool:
        return not 0 <= n < len(self.starts) or not self.line(n).strip()

    def add(self, block: Block) -> None:
        """Another block behind the open paragraph, which ends."""
        self.flush()
        self.found.append(block)
        self._fresh = True

    def go_on(self, offset: int) -> None:
        """Read on at an offset: what is left of that line counts as a line."""
        self.flush()
        self.n = max(self.n, bisect_right(self.starts, offset) - 1)
        self.starts[self.n] = max(offset, self.starts[self.n])
        if self.is_blank(self.n):
            self.n += 1

    def next_table(self) -> int:
        self.tables += 1
        return self.tables - 1

    def flush(self) -> None:
        """End the open paragraph."""
        if self._begun is not None:
            span = (self._begun, self._stop)
            self.found.append(Block("text", span, fresh=self._fresh, item=self._item))
            self._fresh = False
        self._begun, self._item = None, False

    # headings and paragraphs

    def _heading(self) -> bool:
        line = self.line(self.n)
        start, stop = self.starts[self.n], self.stop_of(self.n)
        if match := _HEADING.match(line):
            return self._open((start + match.end(), stop), len(match[1]))
        if match := _TEX_HEADING.match(line):
            close = _closing_brace(line, match.end())
            self._open((start + match.end(), start + close), _TEX_LEVELS.get(match[1], 5))
            self.n -= 1
            self.go_on(start + min(close + 1, len(line)))
            return True
        if match := _HTML_HEADING.match(line):
            return self._open((start + match.end(), stop), int(match[1]))
        if self._begun is None and (level := self._underlined(line)):
            self._open((start, stop), level)
            self.n += 1
            return True
        if _RULE.match(line):
            self.flush()
            self._fresh = True
            self.n += 1
            return True
        return self._label(line)

    def _underlined(self, line: str) -> int:
        """The level of a heading whose next line is a rule."""
        if self.n + 1 >= len(self.starts) or "|" in line or _ITEM.match(line) or _RULE.match(line):
            return 0
        match = _UNDERLINE.match(self.line(self.n + 1))
        if match is None:
            return 0
        usual = {"=": 1, "-": 2}.get(match[1][0])
        return usual or self._underlines.setdefault(match[1][0], 3 + len(self._underlines) % 3)

    def _label(self, line: str) -> bool:
        alone = self._begun is None and self._fresh and self.is_blank(self.n + 1)
        label = read_label(line, alone)
        inside = self._begun is not None and self._item
        if label is None or (inside and label.level > 14):
            return False
        self.flush()
        start, last, stop = self._swallow(self.starts[self.n])
        self.found.append(Block("text", (start, stop), label.title, label.level))
        self._fresh = False
        self.n = last + 1
        return True

    def _open(self, span: Span, level: int) -> bool:
        self.flush()
        title = title_of(self.text[span[0] : span[1]])
        self.found.append(Block("text", span, title, level))
        self._fresh = True
        self.n += 1
        return True

    def _paragraph(self) -> None:
        line = self.line(self.n)
        start = self.starts[self.n]
        marked = self._item_end(line)
        if marked or _HTML_BLOCK.match(line) or self._leaves_item(line):
            self.flush()
            self._item = marked > 0
        if self._begun is None:
            self._begun = start + marked
        _, last, self._stop = self._swallow(start)
        self.n = last + 1

    def _leaves_item(self, line: str) -> bool:
        """Whether a line below a list item is no part of it, though no blank line stands between."""
        return (
            self._begun is not None
            and self._item
            and line[:1].isupper()
            and self.text[self._begun : self._stop].rstrip()[-1:] in _CLOSED
        )

    def _item_end(self, line: str) -> int:
        """The end of the marks in front of a list item, 0 if it is none: ``- 4. `` are two."""
        if self._begun is not None and not self._item and _SIGN_ITEM.match(line):
            before = self.line(self.n - 1)
            if "=" in before and _indent(line) >= _indent(before) + 2:
                return 0  # a sum goes on: "L = -y log(a)", then "    - (1-y) log(1-a)"
        end = 0
        for _ in range(3):
            match = _ITEM.match(line, end)
            if match is None:
                break
            end = match.end()
        return end if line[end:].strip() else 0

    def _swallow(self, start: int) -> tuple[int, int, int]:
        """The last line, and its end, of the formulas that open on the line at ``n``."""
        position, last = start, self.n
        while match := _OPENER.search(self.text, position, self.stop_of(last)):
            position = match.end()
            opener = match[1] or match[0]
            escaped = self.text[match.start() - 1 : match.start()] == "\\"
            if escaped or (match[1] and opener not in ENVIRONMENTS):
                continue
            closed = close_display(self.text, position, opener, self.end)
            if closed is not None:
                position = closed[1]
                last = max(last, bisect_right(self.starts, max(start, position - 1)) - 1)
        return start, last, self.stop_of(last)


def _line_starts(text: str, page: Span) -> list[int]:
    starts = [page[0]]
    found = text.find("\n", *page)
    while found >= 0:
        starts.append(found + 1)
        found = text.find("\n", found + 1, page[1])
    return starts


def _closing_brace(line: str, start: int) -> int:
    depth = 1
    for n in range(start, len(line)):
        depth += {"{": 1, "}": -1}.get(line[n], 0)
        if depth == 0:
            return n
    return len(line)


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
