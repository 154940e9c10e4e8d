"""Bytes to text, and text to text of the same length with one sign for one thing.

Spans must stay those of the file, so whatever is cleared away becomes blanks.  Only line ends change the
length, at the end of a line, where no column moves.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Collection, Iterable

from dvar.core.errors import ReadError
from dvar.read.worksheet.pages.comments import comment_signs

LIMIT = 2_000_000
"""The longest text that is read, in bytes."""

_BLANKS = dict.fromkeys(
    [
        *range(0x09),  # control characters, but for tab and line end
        *range(0x0B, 0x20),
        0x7F,
        0x85,
        0xA0,
        0xAD,
        0x1680,
        *range(0x2000, 0x2010),  # spaces of all widths, zero width, direction marks
        0x2028,
        0x2029,
        *range(0x202A, 0x2030),
        0x205F,
        *range(0x2060, 0x2070),
        0x3000,
        0xFEFF,
        *range(0xFE00, 0xFE10),
        *range(0xE000, 0xE010),  # private use: taken by the scanner to mark what it has read
        *range(0xD800, 0xE000),
        *range(0xFFF9, 0xFFFE),
    ],
    " ",
)
_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SIGNS = {**_BLANKS, **_WIDE}

_FENCE = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)*[ \t]*(`{3,}|~{3,})(.*)$", re.MULTILINE)
_QUOTES = re.compile(r"^[ \t]{0,3}>(?:[ \t]?>)*(?!=)", re.MULTILINE)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#[xX][0-9A-Fa-f]{1,5}|[A-Za-z]{2,8}\d{0,2});")
_SCRIPT = re.compile(r"<(su[bp])>([^<>\n]{1,40})</\1>", re.IGNORECASE)
_ANGLES = re.compile(
    r"(?<!\w)<(?=[^\s<>=/!])([^<>=\"'\n$]{1,40}?,[^<>=\"'\n$]{1,40}?)(?<=\S)>(?!=)"
)
_COMMA = re.compile(r"(?<![\d,.])(?<![_^]\{)(-?\d+),(?=\d+(?!\d|,\d))(?![01]\s*[)\]}])")
_WITH_COMMA = re.compile(r"[=≈·*+(-]\s*-?(?:0,(?!1(?!\d))\d+|\d+,\d{2}|\d+,\d{4,})(?!\d|,\d)")
_WITH_POINT = re.compile(r"[=≈·*+(-]\s*-?\d+\.\d")
_SEVERAL = 3
"""So many numbers with a decimal comma, and none with a point, are the habit of a document."""
_TEX_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")


def decode(content: bytes, limit: int = LIMIT) -> str:
    """The text of a file.

    Raises:
        ReadError: it is too long, binary, or not UTF-8.
    """
    check_size(len(content), limit)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ReadError(
            "this file is UTF-16, and worksheets are read as UTF-8",
            hint="save it as UTF-8",
        )
    if b"\x00" in content:
        raise ReadError(
            "this is a binary file, not text",
            hint="give a Markdown, text, TeX or notebook file",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ReadError(
            f"this file is not UTF-8: byte 0x{content[error.start]:02x} on line {line} begins no character",
            hint="save it as UTF-8",
        ) from None


def check_size(size: int, limit: int = LIMIT) -> None:
    """Refuse what would take too long."""
    if size > limit:
        raise ReadError(
            f"this document has {size:,} bytes; up to {limit:,} are read",
            hint="split it into parts",
        )


def plain_signs(text: str) -> str:
    """Line ends as ``\\n``, every kind of blank as a blank, full-width signs as ASCII."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_SIGNS)


def plain_markup(text: str, programs: Collection[tuple[int, int]] = ()) -> str:
    """Outside of fences: marks of quotes and comments blanked, ``&lt;`` as its sign, ``<sub>1</sub>`` as ``_{1}``.

    And ``0,5`` as ``0.5``, where a document has decimal commas.
    """
    fences = sorted([*fenced(text), *programs])
    starts = [start for start, _ in fences]

    def is_outside(offset: int) -> bool:
        n = bisect_right(starts, offset) - 1
        return n < 0 or offset >= fences[n][1]

    def outside(match: re.Match[str]) -> bool:
        return is_outside(match.start())

    def blank(match: re.Match[str]) -> str:
        return " " * len(match[0]) if outside(match) else match[0]

    def entity(match: re.Match[str]) -> str:
        sign = html.unescape(match[0])
        if len(sign) != 1 or not outside(match):
            return match[0]
        return sign.translate(_SIGNS).ljust(len(match[0]))

    def script(match: re.Match[str]) -> str:
        if not outside(match):
            return match[0]
        mark = "_" if match[1].lower() == "sub" else "^"
        return f"{mark}{{{match[2].ljust(len(match[0]) - 3)}}}"

    if len(_WITH_COMMA.findall(text)) >= _SEVERAL and not _WITH_POINT.search(text):
        text = _COMMA.sub(lambda m: f"{m[1]}." if outside(m) else m[0], text)
    text = _QUOTES.sub(blank, text) if ">" in text else text
    signs = [(a, b, " " * (b - a)) for a, b in comment_signs(text) if is_outside(a)]
    text = changed(text, signs)
    text = _ENTITY.sub(entity, text) if "&" in text else text
    text = _SCRIPT.sub(script, text) if "<su" in text.lower() else text
    return _ANGLES.sub(_angles, text) if "<" in text else text


def _angles(match: re.Match[str]) -> str:
    """``<u, v>`` is an inner product where what is between the signs is whole."""
    inner = match[1]
    whole = all(inner.count(a) == inner.count(b) for a, b in ("()", "[]", "{}"))
    return f"⟨{inner}⟩" if whole else match[0]


def changed(text: str, changes: Iterable[tuple[int, int, str]]) -> str:
    """The text with other text at some places; of places that overlap the first counts."""
    pieces, position = [], 0
    for start, stop, new in sorted(changes):
        if start >= position:
            pieces += [text[position:start], new]
            position = stop
    return "".join([*pieces, text[position:]])


def without_tex_comments(text: str) -> str:
    """TeX comments blanked."""
    return _TEX_COMMENT.sub(lambda m: m[1] + " " * (len(m[0]) - len(m[1])), text)


def fenced(text: str) -> list[tuple[int, int]]:
    """Where code fences are: nothing in them is markup."""
    fences: list[tuple[int, int]] = []
    opened: tuple[int, str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            opened = (match.end(), match[1])
        elif match[1].startswith(opened[1]) and not match[2].strip():
            fences.append((opened[0], match.start()))
            opened = None
    return fences
