r"""Inside a paragraph: formulas in delimiters, code in backticks, and what is no text: links, tags, comments.

``find_marks`` finds them; ``mask`` writes private signs over them, so that the reader of plain formulas sees
a text of the same length in which a formula is one operand and an address is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dvar.read.worksheet.pages.delimiters import (
    ENVIRONMENTS,
    PURE,
    close_display,
    close_dollar,
    close_inline,
    is_prose,
)
from dvar.read.worksheet.tree import Span

FORMULA, CODE, NOTHING, FILLER = "\ue000", "\ue001", "\ue002", "\ue003"
"""What stands for a formula, for code, and over an address; FILLER is the rest of the first two."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of a paragraph that is no plain text.

    Attributes:
        kind: ``inline``, ``display``, ``code``, ``nothing`` (an address, a comment), ``blank`` (a tag, a mark
            of emphasis) or ``break`` (``<br>``).
        span: delimiters included.
        content: delimiters and blanks at the ends excluded.
    """

    kind: str
    span: Span
    content: Span


_NEXT = re.compile(r"[\\$`<\[\]{*_:]")
_BRACKET = re.compile(r"\\{1,3}[(\[]")
_OTHER = {"(": ")", "[": "]"}
_BEGIN = re.compile(r"\\begin\{([A-Za-z]+\*?)\}")
_MACRO = re.compile(
    r"\\(?:cite[pt]?|e?q?ref|[cC]ref|autoref|label|url|href|includegraphics|vspace|hspace|input|include"
    r"|bibliography\w*|pagestyle|usepackage|documentclass|setlength|color)\b\*?(?:\[[^\]\n]{0,200}\])?\{[^{}\n]*\}"
)
_STYLE = re.compile(
    r"\\(?:textbf|textit|emph|underline|textsc|texttt|textrm|noindent|centering|hfill|newline|caption|footnote"
    r"|verb|multicolumn\{\d{1,2}\}\{[^{}\n]{0,20}\}|multirow\{\d{1,2}\}\{[^{}\n]{0,20}\}"
    r"|item|par|maketitle|clearpage|newpage|bigskip|medskip|smallskip|hline|bf|it|em|large|Large|small)(?![A-Za-z])"
)
_VERB = re.compile(r"\\verb([^\w\s*])(.*?)\1")
_COMMENT = "<!--"
_TAG = re.compile(
    r"</?(a|abbr|b|big|blockquote|br|center|code|dd|del|details|div|dl|dt|em|font|h[1-6]|hr|i|img|ins|kbd|li|mark"
    r"|math|ol|p|pre|q|s|samp|script|section|small|span|strike|strong|sub|summary|sup|svg|table|tbody|td|th|thead"
    r"|tr|tt|u|ul|var|video)(?=[\s/>])[^<>]{0,600}>",
    re.IGNORECASE,
)
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]+>")
_ADDRESS = re.compile(r"""(?:https?|ftp|file)?://[^\s<>"'|]+""")
_QUOTED = re.compile(r"(\${1,2})([^$]*[\\=_^][^$]*)\1")
"""`` `$x_1$` ``: dollars in code, for pages that find them there."""
_ROLE = re.compile(r":math:`([^`]+)`|\{math\}`([^`]+)`")
_LINK = re.compile(
    r"\]\(([^\s()]*(?:\([^\s()]*\)[^\s()]*)?)(?:[ \t]+\"[^\"\n]{0,200}\")?\)(?:\{[^{}\n]{0,100}\})?"
)
_FOOTNOTE = re.compile(r"\[\^[\w-]{1,40}\]:?")
_LATEX_TAG = re.compile(r"\[(latex|tex|math)\]", re.IGNORECASE)
_SHORTCODE = re.compile(r"\{\{[<%][^{}\n]*\}\}|\{%[^{}\n]*%\}|\{[#.:][A-Za-z][^{}\n]*\}")
_STARS = re.compile(r"(?<![\w*\\])\*([A-Za-z](?:[^*\n+\-]{0,60}[^*\s=+\-])?)\*(?![\w*])")
_TO_FILL = re.compile(r"_{3,}")
_LOWS = re.compile(r"(?<![\w\\])_([A-Za-z](?:[^_\n+\-]{0,60}[^_\s=+\-])?)_(?!\w)")
_NUMBERS = re.compile(r"[\s\d,;-]*")


class _Paragraph:
    """The marks of one stretch of text."""

    def __init__(self, text: str, span: Span, page_end: int, tex: bool) -> None:
        self.text = text
        self.start, self.end = span
        self.page_end = page_end
        self.tex = tex
        self.found: list[Mark] = []
        self._missed: set[str] = set()
        self._closing_bold: set[int] = set()
        self._ticks: dict[int, list[int]] | None = None
        self._take: dict[str, Callable[[int], int | None]] = {
            "\\": self._backslash,
            "$": self._dollar,
            "`": self._tick,
            "<": self._angle,
            "]": self._link,
            "[": self._square,
            "{": self._brace,
            "*": self._emphasis,
            "_": self._emphasis,
            ":": self._colon,
        }

    def read(self) -> list[Mark]:
        position = self.start
        while match := _NEXT.search(self.text, position, self.end):
            end = self._take[match[0]](match.start())
            position = match.end() if end is None else end
        return self.found

    def _add(self, kind: str, start: int, end: int, content: Span | None = None) -> int:
        first, last = content or (start, end)
        while first < last and self.text[first].isspace():
            first += 1
        while last > first and self.text[last - 1].isspace():
            last -= 1
        if first == last and kind not in ("blank", "break"):
            kind = "nothing"
        self.found.append(Mark(kind, (start, end), (first, last)))
        return end

    def _find(self, closer: str, start: int) -> int:
        """Where a closer stands; what was missed once is missed for good."""
        if closer in self._missed:
            return -1
        found = self.text.find(closer, start, self.end)
        if found < 0:
            self._missed.add(closer)
        return found

    # -- formulas

    def _backslash(self, at: int) -> int | None:
        if match := _BRACKET.match(self.text, at, self.end):
            return self._bracket(match)
        if match := _BEGIN.match(self.text, at, self.end):
            if match[1] not in ENVIRONMENTS:
                return match.end()
            return self._display(at, match.end(), match[1])
        if match := _VERB.match(self.text, at, self.end):
            return self._add("code", at, match.end(), match.span(2))
        if match := _MACRO.match(self.text, at, self.end):
            return self._add("nothing", at, match.end())
        if match := _STYLE.match(self.text, at, self.end):
            return self._add("blank", at, match.end())
        if self.text[at + 1 : at + 2] == "\\" and self.tex:
            return self._add("break", at, at + 2)
        return at + 2

    def _bracket(self, match: re.Match[str]) -> int | None:
        at, opener = match.start(), match[0]
        if len(opener) == 4 and self._find(r"\\" + _OTHER[opener[-1]], match.end()) < 0:
            return at + 2  # a line break, then a formula
        if opener[-1] == "[":
            return self._display(at, match.end(), opener)
        if opener in self._missed:
            return None
        closed = close_inline(self.text, match.end(), opener, self.end)
        if closed is None:
            self._missed.add(opener)
            return None
        return self._add("inline", at, closed[1], (match.end(), closed[0]))

    def _display(self, at: int, start: int, opener: str) -> int | None:
        closed = close_display(self.text, start, opener, self.page_end)
        if closed is None:
            return self._unclosed(at, start, opener)
        content, end = closed
        if opener[0] == "\\" and _NUMBERS.fullmatch(self.text, start, content):
            return end  # "\[1\]" cites
        if opener in ENVIRONMENTS and opener not in PURE:
            return self._add("display", at, end)  # its rows and columns are the formula's
        return self._add("display", at, end, (start, content))

    def _unclosed(self, at: int, start: int, opener: str) -> int | None:
        """A display without an end is what is left of its line, if that is a formula."""
        stop = self.text.find("\n", start, self.end)
        stop = self.end if stop < 0 else stop
        rest = self.text[start:stop]
        if opener == "$$" and (single := rest.find("$")) >= 0:
            stop, rest = start + single + 1, rest[:single]
        if not rest.strip() or is_prose(rest) or not re.search(r"[=\\]", rest):
            return None
        return self._add("display", at, stop, (start, start + len(rest)))

    def _dollar(self, at: int) -> int | None:
        if self.text.startswith("$$", at):
            return self._display(at, at + 2, "$$") or at + 2
        if self.text.startswith("$`", at):
            end = self._find("`$", at + 2)
            if end >= 0:
                return self._add("inline", at, end + 2, (at + 2, end))
        stop = close_dollar(self.text, at + 1, self.end)
        if stop is None:
            return None
        start = at + 1
        if self.text.startswith("latex ", start):
            start += 6
        return self._add("inline", at, stop + 1, (start, stop))

    def _colon(self, at: int) -> int | None:
        if match := _ROLE.match(self.text, at, self.end):
            return self._add("inline", at, match.end(), match.span(1))
        if not self.text.startswith("://", at):
            return None
        start = at
        while start > self.start and self.text[start - 1].isalpha() and at - start < 6:
            start -= 1
        if self.found and start < self.found[-1].span[1]:
            start = at
        match = _ADDRESS.match(self.text, at, self.end)
        return self._add("nothing", start, match.end()) if match else None

    def _brace(self, at: int) -> int | None:
        if match := _ROLE.match(self.text, at, self.end):
            return self._add("inline", at, match.end(), match.span(2))
        match = _SHORTCODE.match(self.text, at, self.end)
        return self._add("nothing", at, match.end()) if match and not self.tex else None

    def _square(self, at: int) -> int | None:
        if match := _FOOTNOTE.match(self.text, at, self.end):
            return self._add("nothing", at, match.end())
        match = _LATEX_TAG.match(self.text, at, self.end)
        if match is None:
            return None
        closer = f"[/{match[1]}]"
        end = self._find(closer, match.end())
        return None if end < 0 else self._add("inline", at, end + len(closer), (match.end(), end))

    # -- code and markup

    def _tick(self, at: int) -> int | None:
        if self.tex:
            return None
        if self._ticks is None:
            self._ticks = {}
            for run in re.finditer("`+", self.text[self.start : self.end]):
                self._ticks.setdefault(len(run[0]), []).append(self.start + run.start())
            for places in self._ticks.values():
                places.reverse()
        length = 1
        while self.text.startswith("`", at + length) and at + length < self.end:
            length += 1
        places = self._ticks.get(length, [])
        while places and places[-1] <= at:
            places.pop()
        if not places:
            return at + length
        end = places.pop()
        if length == 1 and (match := _QUOTED.fullmatch(self.text, at + 1, end)):
            kind = "display" if len(match[1]) == 2 else "inline"
            return self._add(kind, at, end + 1, match.span(2))
        return self._add("code", at, end + length, (at + length, end))

    def _angle(self, at: int) -> int | None:
        if self.text.startswith(_COMMENT, at):
            end = self._find("-->", at + 4)
            return None if end < 0 else self._add("nothing", at, end + 3)
        if match := _AUTOLINK.match(self.text, at, self.end):
            return self._add("nothing", at, match.end())
        match = _TAG.match(self.text, at, self.end)
        if match is None:
            return None
        name = match[1].lower()
        if name in ("code", "script", "math", "svg", "samp", "kbd") and match[0][1] != "/":
            end = self._find(f"</{match[1]}>", match.end())
            if end >= 0:
                return self._element(name, match, end)
        return self._add(
            "break" if name in ("br", "p", "li", "div", "tr") else "blank", at, match.end()
        )

    def _element(self, name: str, match: re.Match[str], end: int) -> int:
        kind = "nothing"
        if name in ("code", "samp", "kbd"):
            kind = "code"
        elif name == "script" and "math/tex" in match[0]:
            kind = "display" if "display" in match[0] else "inline"
        return self._add(kind, match.start(), end + len(match[1]) + 3, (match.end(), end))

    def _link(self, at: int) -> int | None:
        match = _LINK.match(self.text, at, self.end)
        if match is None or not (match[1] == "" or any(sign in match[1] for sign in "./#:")):
            return None  # "[1, 2](x)" is no link
        return self._add("nothing", at, match.end())

    def _emphasis(self, at: int) -> int | None:
        if self.tex:
            return None
        if at in self._closing_bold:
            return self._add("blank", at, at + 2)
        blank = _TO_FILL.match(self.text, at, self.end)
        if blank is not None:
            return blank.end()
        pair = self.text[at] * 2
        if self.text.startswith(pair, at):
            end = self._bold_end(at, pair)
            if end is None:
                return at + 2
            self._closing_bold.add(end)
            return self._add("blank", at, at + 2)
        match = (_STARS if pair == "**" else _LOWS).match(self.text, at, self.end)
        if match is None:
            return None
        self._add("blank", at, at + 1)
        return self._add("blank", match.end() - 1, match.end())

    def _bold_end(self, at: int, pair: str) -> int | None:
        """Where strong emphasis that begins here ends: ``**`` between two operands is a power."""
        before, behind = self.text[at - 1 : at], self.text[at + 2 : at + 3]
        if (at > self.start and (before.isalnum() or before in ")]")) or not behind.strip():
            return None
        line_end = self.text.find("\n", at, self.end)
        stop = self.end if line_end < 0 else line_end
        end = at
        for _ in range(3):
            end = self.text.find(pair, end + 2, stop)
            if end < 0:
                return None
            after = self.text[end + 2 : end + 3]
            if not self.text[end - 1].isspace() and not (after.isalnum() and end + 2 < stop):
                return end
        return None


def find_marks(text: str, span: Span, page_end: int, tex: bool = False) -> list[Mark]:
    """The marks of a stretch of text, in order; none overlap."""
    return _Paragraph(text, span, page_end, tex).read()


def mask(text: str, span: Span, marks: Iterable[Mark]) -> str:
    """A copy of a stretch of text with signs over its marks."""
    pieces: list[str] = []
    position = span[0]
    for mark in marks:
        start, end = mark.span
        pieces.append(text[position:start])
        if mark.kind == "inline":
            pieces.append(FORMULA + FILLER * (end - start - 1))
        elif mark.kind == "code":
            pieces.append(CODE + FILLER * (end - start - 1))
        elif mark.kind == "blank":
            pieces.append(" " * (end - start))
        elif mark.kind == "break":
            pieces.append("\n".ljust(end - start))
        else:
            pieces.append(NOTHING * (end - start))
        position = end
    pieces.append(text[position : span[1]])
    return "".join(pieces)[: span[1] - span[0]]
