r"""The formulas of a document as the page shows them: each with its delimiters and its equations.

A display that holds several equations is cut into one row for each.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dvar.check.report import Judgement
from dvar.check.show.mathml import DROPPED
from dvar.read.worksheet.document import Region
from dvar.read.worksheet.tree import Span

_OPENS = re.compile(
    r"(\$\$?`?|\\{1,2}[\[(]|\\begin\{[a-zA-Z]+\*?\}(\{[^{}\n]*\}|\[[^\]\n]*\])?|`{1,2})\s*\Z"
)
_CLOSES = re.compile(r"\s*(`?\$\$?|\\{1,2}[\])]|\\end\{[a-zA-Z]+\*?\}|`{1,2})")
_BULLET = re.compile(r"\s*(?:[-*+•]\s+|\(?(?:\d{1,3}|[a-z])[.)]\s+)?")
_LONGEST_DELIMITER = 60
_NEAR = 80
_BREAK = r"\\\\(?:\[[^\]\n]{0,40}\])?"
_LAYOUT = rf"&|{_BREAK}|\\q?quad(?![a-zA-Z])|\\[,;:! ]"
_LEADING = re.compile(rf"(?:\s|{_LAYOUT}|[,;.])+")
_TRAILING = re.compile(rf"(?:{_LAYOUT})\Z")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{([a-zA-Z]+\*?)\}(?:\{[^{}\n]*\})?")
_TOKEN = re.compile(
    rf"\\begin\{{[a-zA-Z]+\*?\}}|\\end\{{[a-zA-Z]+\*?\}}|{_BREAK}|\\.|[&{{}}]", re.DOTALL
)


@dataclass
class Chunk:
    """A stretch of the document that is shown as a formula.

    Attributes:
        start, end: in the text, delimiters included.
        body: without delimiters.
        kind: ``display``, ``inline``, or of one without delimiters ``line`` if it has a line to itself, else
            ``plain``.
        latex: whether it is LaTeX.
        judgements: of the equations in it, in order.
    """

    start: int
    end: int
    body: Span
    kind: str
    latex: bool
    judgements: list[Judgement] = field(default_factory=list)


def chunks(text: str, judgements: Sequence[Judgement], regions: Sequence[Region]) -> list[Chunk]:
    """All formulas in order, none touching another."""
    found: list[Chunk] = []
    for region in regions:
        if region.kind in ("display", "inline") and region.latex:
            start, end = _with_delimiters(text, region.span)
            if not found or start >= found[-1].end:
                found.append(Chunk(start, end, region.span, region.kind, True))
    starts = [chunk.start for chunk in found]
    bare: list[Chunk] = []
    for judgement in sorted(judgements, key=lambda j: j.span):
        start, end = judgement.span
        n = bisect_right(starts, start) - 1
        if n >= 0 and start < found[n].end:
            found[n].judgements.append(judgement)
        elif bare and start < bare[-1].end:
            bare[-1].judgements.append(judgement)
        else:
            # An equation may begin in a sentence and go on in a formula.
            end = min(end, starts[n + 1]) if n + 1 < len(starts) else end
            kind = "line" if _has_a_line(text, start, end) else "plain"
            bare.append(Chunk(start, end, (start, end), kind, judgement.latex, [judgement]))
    return sorted([*found, *bare], key=lambda chunk: chunk.start)


def _with_delimiters(text: str, span: Span) -> Span:
    start, end = span
    before = _OPENS.search(text, max(0, start - _LONGEST_DELIMITER), start)
    after = _CLOSES.match(text, end)
    if before is None or after is None:
        return span
    return before.start(), after.end()


def _has_a_line(text: str, start: int, end: int) -> bool:
    """Whether nothing stands beside a stretch of text but blanks, a bullet and a full stop."""
    before = _before(text, start)
    stop = text.find("\n", end, end + _NEAR)
    after = text[end : stop if stop >= 0 else end + _NEAR]
    return (
        before is not None and _BULLET.fullmatch(before) is not None and not after.strip(" \t\r.,;")
    )


def ends_paragraph(text: str, chunk: Chunk) -> bool:
    """Whether a paragraph may end behind a chunk: it begins and ends a line that is not indented."""
    return _before(text, chunk.start) == "" and _has_a_line(text, chunk.start, chunk.end)


def _before(text: str, at: int) -> str | None:
    """What stands before a place on its line; None if that is much."""
    start = text.rfind("\n", max(0, at - _NEAR), at)
    return None if start < 0 and at > _NEAR else text[start + 1 : at]


def rows(text: str, chunk: Chunk) -> Iterator[tuple[str, Judgement | None]]:
    """The formula of a chunk, or a row for each of its equations, ready to be set."""
    start, end = chunk.body
    if len(chunk.judgements) < 2:
        only = chunk.judgements[0] if chunk.judgements else None
        yield _aligned(text[start:end].strip()), only
        return
    at = start
    for judgement in chunk.judgements:
        stop = max(at, min(judgement.span[1], end))
        yield _row(text[at:stop]), judgement
        at = stop
    rest = _row(text[at:end])
    if rest:
        yield rest, None


def _row(piece: str) -> str:
    r"""A piece of an ``aligned`` without what only aligns: ``&``, ``\\``, environments left open."""
    piece = _without_open_environments(DROPPED.sub("", piece))
    return _without_alignment(_trimmed(piece)).strip()


def _trimmed(piece: str) -> str:
    """Without what only separates at both ends."""
    leading = _LEADING.match(piece)
    start, end = (leading.end() if leading else 0), len(piece)
    while end > start:
        trailing = _TRAILING.search(piece, max(start, end - _LONGEST_DELIMITER), end)
        if trailing is not None:
            end = trailing.start()
        elif piece[end - 1].isspace() or piece[end - 1] in ",;.":
            end -= 1
        else:
            break
    return piece[start:end]


def _without_open_environments(piece: str) -> str:
    """Beginnings without an end and ends without a beginning are taken out."""
    opened: list[re.Match[str]] = []
    single: list[re.Match[str]] = []
    for match in _ENVIRONMENT.finditer(piece):
        if match[1] == "begin":
            opened.append(match)
        elif opened and opened[-1][2] == match[2]:
            opened.pop()
        else:
            single.append(match)
    for match in sorted([*single, *opened], key=lambda m: -m.start()):
        piece = piece[: match.start()] + " " + piece[match.end() :]
    return piece


def _aligned(body: str) -> str:
    r"""The inside of an ``align``, of which the delimiters are no part, as a formula of its own."""
    return rf"\begin{{aligned}}{body}\end{{aligned}}" if any(_separators(body)) else body


def _without_alignment(piece: str) -> str:
    """``&`` and line breaks outside of matrices and the like are taken out."""
    out = []
    at = 0
    for separator in _separators(piece):
        out.append(piece[at : separator.start()] + " ")
        at = separator.end()
    return "".join(out) + piece[at:]


def _separators(piece: str) -> Iterator[re.Match[str]]:
    r"""Each ``&`` and ``\\`` that stands in no environment and no group."""
    depth = 0
    for token in _TOKEN.finditer(piece):
        sign = token[0]
        depth += sign.startswith((r"\begin", "{")) - sign.startswith((r"\end", "}"))
        if depth == 0 and (sign == "&" or sign.startswith(r"\\")):
            yield token
