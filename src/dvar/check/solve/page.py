"""Answers put into the text: blanks filled, steps quoted below, every other byte as it was."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_TEX_END = re.compile(r"^[ \t]*\\end\{document\}", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t]*(?:\n|$)")


@dataclass(frozen=True)
class Edit:
    """New text in the place of a span; spans are those of the text with plain line ends."""

    start: int
    end: int
    text: str


class Original:
    """A text as it came: a byte order mark and its own line ends are kept."""

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.mark = "\ufeff" if raw.startswith("\ufeff") else ""
        body = raw[len(self.mark) :]
        self.newline = "\r\n" if "\r\n" in body else "\r" if "\r" in body else "\n"
        self.pieces = re.split(r"(\r\n|\r|\n)", body)

    def edited(self, edits: Sequence[Edit]) -> str:
        """The text with the edits, which do not overlap."""
        body = "".join("\n" if n % 2 else piece for n, piece in enumerate(self.pieces))
        out: list[str] = []
        at = 0
        for edit in sorted(edits, key=lambda e: (e.start, e.end)):
            out += [self._raw(at, edit.start, body), edit.text.replace("\n", self.newline)]
            at = edit.end
        out.append(self._raw(at, len(body), body))
        return self.mark + "".join(out)

    def _raw(self, start: int, end: int, body: str) -> str:
        """What stands between two offsets, with the line ends it came with."""
        if "\r" not in self.raw:
            return body[start:end]
        ends = self.pieces[1::2]
        first = body.count("\n", 0, start)
        lines = body[start:end].split("\n")
        return "".join(
            line + (ends[first + n] if n < len(lines) - 1 else "") for n, line in enumerate(lines)
        )


def below(text: str, offset: int, tex: bool) -> int:
    """Where a remark on what ends at ``offset`` goes: behind its paragraph, list or table."""
    inside = _FENCE.findall(text, 0, offset)
    if len(inside) % 2:
        closing = _FENCE.search(text, offset)
        offset = closing.start() if closing else len(text)
    found = _BLANK_LINE.search(text, offset)
    end = found.start() if found else len(text.rstrip("\n"))
    if tex:
        last = _TEX_END.search(text, offset)
        end = min(end, last.start() - 1) if last else end
    return max(end, offset)


def quoted(lines: Sequence[str], tex: bool, latex: bool) -> str:
    """A short block of lines, set apart from the text."""
    shown = [f"${line}$" if latex else line for line in lines]
    if tex:
        return "\n\n\\begin{quote}\n" + " \\\\\n".join(shown) + "\n\\end{quote}"
    return "\n\n" + "\n>\n".join(f"> {line}" for line in shown)
