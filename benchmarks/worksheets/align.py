"""Which judgements speak of which equation.

Truth and judgements are both placed in the text as spans of characters; what overlaps belongs together.
Spaces, delimiters, alignment signs and punctuation do not count, so that two people's idea of where an
equation ends does not matter.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.worksheets.truth import Truth

from dvar.check.report import Judgement, Report

_SILENT = re.compile(r"\\(?:quad|qquad|left|right)(?![a-zA-Z])|\\[,;:!\[\]() ]|[\s&$.,;:*`|]|\\\\")
"""What carries no meaning for telling equations apart (stars and dots may be marks or signs)."""

_OWN = 0.7
"""Characters shared, of all that either has, from which on two spans are taken to be the same equation."""

_TOUCH = 0.5
"""Characters shared, of those of the shorter one, from which on a judgement speaks of an equation."""


Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Match:
    """An equation, and what was said of it.

    ``shared``: what was said of it and of others, and is the fault of one of those.
    Nothing in either: the equation was not seen.
    """

    truth: Truth
    judgements: tuple[Judgement, ...]
    shared: tuple[Judgement, ...] = ()


@dataclass(frozen=True, slots=True)
class Alignment:
    """All equations of a document, and the judgements that speak of none of them.

    ``lost``: equations that do not stand on the line that the truth says.
    """

    matches: tuple[Match, ...]
    strays: tuple[Judgement, ...]
    lost: tuple[Truth, ...] = ()


class _Text:
    """The text of a report, in which silent characters do not count."""

    def __init__(self, text: str, lines: Sequence[int] | None) -> None:
        silent = bytearray(len(text))
        for found in _SILENT.finditer(text):
            silent[found.start() : found.end()] = b"\1" * len(found.group())
        self._loud = [n for n, mark in enumerate(silent) if not mark]
        self._letters = "".join(text[n] for n in self._loud)
        starts = [0, *(n + 1 for n, c in enumerate(text) if c == "\n"), len(text) + 1]
        self._spans: dict[int, list[tuple[int, int]]] = {}
        for n, (start, end) in enumerate(itertools.pairwise(starts)):
            line = lines[n] if lines is not None and n < len(lines) else n + 1
            self._spans.setdefault(line, []).append((start, end - 1))

    def count(self, span: tuple[int, int]) -> tuple[int, int]:
        """The loud characters of a span, by their numbers."""
        return bisect_left(self._loud, span[0]), bisect_left(self._loud, span[1])

    def find(self, truth: Truth, taken: set[int]) -> tuple[int, int] | None:
        """Where an equation stands: the first place from its column on, or on its line, not yet taken."""
        wanted = _SILENT.sub("", truth.text)
        for start, end in self._spans.get(truth.line, []):
            first, last = self.count((start + (truth.column or 0), end))
            at = self._letters.find(wanted, first, last)
            while at in taken:
                at = self._letters.find(wanted, at + 1, last)
            if at >= 0 and wanted:
                taken.add(at)
                return at, at + len(wanted)
        return None

    def line(self, truth: Truth) -> tuple[int, int] | None:
        """The whole line of an equation, for one that does not stand there as it is written."""
        spans = self._spans.get(truth.line)
        return self.count((spans[0][0], spans[-1][1])) if spans else None


def align(truths: Sequence[Truth], report: Report) -> Alignment:
    """Equations and the judgements that speak of them.

    A judgement that is nearly the same piece of text as an equation belongs to that one; else to all that it
    covers or that cover it.  A fault found in a span with several equations, of which some are mistakes, is
    the fault of those.
    """
    text = _Text(report.text, report.lines)
    taken: set[int] = set()
    found = [text.find(truth, taken) for truth in truths]
    places = [place or text.line(truth) for truth, place in zip(truths, found, strict=True)]
    own: list[list[Judgement]] = [[] for _ in truths]
    near: list[list[Judgement]] = [[] for _ in truths]
    strays = []
    for judgement in report.judgements:
        span = text.count(judgement.span)
        touched = [n for n, place in enumerate(places) if place and _shares(place, span)]
        same = [n for n in touched if _shares(places[n], span, _OWN, of_all=True)]
        for n in same or touched:
            own[n].append(judgement)
        for n in touched:
            near[n].append(judgement)
        if not touched:
            strays.append(judgement)
    said = [mine or others for mine, others in zip(own, near, strict=True)]
    guilty = {id(j) for truth, of in zip(truths, said, strict=True) if truth.is_mistake for j in of}
    return Alignment(
        tuple(_match(truth, of, guilty) for truth, of in zip(truths, said, strict=True)),
        tuple(strays),
        tuple(truth for truth, place in zip(truths, found, strict=True) if place is None),
    )


def _match(truth: Truth, said: Sequence[Judgement], guilty: set[int]) -> Match:
    """What was said of an equation, without faults that are those of another."""
    if truth.is_mistake:
        return Match(truth, tuple(said))
    shared = tuple(j for j in said if j.is_fault and id(j) in guilty)
    return Match(truth, tuple(j for j in said if j not in shared), shared)


def _shares(
    one: Place | None, other: Place, least: float = _TOUCH, *, of_all: bool = False
) -> bool:
    """Whether two spans have enough in common: of the shorter, or of all that either has."""
    if one is None:
        return False
    common = min(one[1], other[1]) - max(one[0], other[0])
    sizes = (one[1] - one[0], other[1] - other[0])
    whole = sum(sizes) - common if of_all else min(sizes)
    return common > 0 and common >= least * whole
