"""Worksheets with mistakes put in, one or several in a copy, and whether they are found."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.worksheets.mutations import CAUSES, Edit, edits
from benchmarks.worksheets.score import Case, Checker, Score, names, score
from benchmarks.worksheets.symbols import Vocabulary
from benchmarks.worksheets.truth import SPELLINGS, Sheet, Truth

from dvar.check.report import Judgement


@dataclass(frozen=True, slots=True)
class Planted:
    """A right equation of a document and the mistake that is put into it."""

    sheet: Sheet
    number: int
    edit: Edit

    @property
    def truth(self) -> Truth:
        return self.sheet.truths[self.number]

    @property
    def new(self) -> str:
        return self.edit.apply(self.truth.text)


@dataclass(frozen=True)
class Outcome:
    """What became of one mistake.

    Attributes:
        case: the wrong equation.
        was_understood: whether it had a verdict while it was right.
        elsewhere: new faults in other equations that are not called carried.
        before: how many of those stand before the mistake.
        carried: how many equations behind it are called carried.
        crashes: what went wrong in checking.
    """

    planted: Planted
    case: Case
    was_understood: bool
    elsewhere: tuple[Case, ...]
    before: int
    carried: int
    crashes: tuple[str, ...]

    @property
    def is_caught(self) -> bool:
        return self.case.is_faulted

    @property
    def is_cause_named(self) -> bool:
        faults = [j for j in self.case.judgements if j.is_fault]
        return any(not CAUSES[self.planted.edit.kind].isdisjoint(names(j)) for j in faults)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.planted.sheet.path.name,
            "line": self.planted.truth.line,
            "kind": self.planted.edit.kind,
            "doubtful": self.planted.edit.is_doubtful,
            "old": self.planted.truth.text,
            "new": self.planted.new,
            "verdict": self.case.verdict,
            "caught": self.is_caught,
            "cause_named": self.is_cause_named,
            "was_understood": self.was_understood,
            "elsewhere": [case.truth.line for case in self.elsewhere],
            "carried": self.carried,
        }


def choose(sheet: Sheet, how_many: int, seed: int) -> list[Planted]:
    """So many mistakes for a document, each alone; every kind that is possible is as likely as any other."""
    dice = random.Random(f"{seed} {sheet.path.name}")
    prose = sheet.path.read_text("utf-8")
    words = Vocabulary((truth.text for truth in sheet.truths), prose)
    by_kind: dict[str, list[Planted]] = {}
    for number, truth in enumerate(sheet.truths):
        if truth.is_claim and truth.ok and not truth.is_left_out and _stands_alone(sheet, number):
            for edit in edits(truth.text, truth.kind, words, dice):
                by_kind.setdefault(edit.kind, []).append(Planted(sheet, number, edit))
    chosen: list[Planted] = []
    for kind in _cycle(sorted(by_kind), dice, how_many):
        if by_kind[kind]:
            chosen.append(by_kind[kind].pop(dice.randrange(len(by_kind[kind]))))
    return chosen


def _stands_alone(sheet: Sheet, number: int) -> bool:
    """Whether an equation is no part of another, and has none as its part."""
    truth = sheet.truths[number]
    return not any(
        other.line == truth.line and n != number and _overlap(truth, other)
        for n, other in enumerate(sheet.truths)
    )


def _overlap(one: Truth, other: Truth) -> bool:
    if one.column is None or other.column is None:
        return one.text in other.text or other.text in one.text
    ends = (one.column + len(one.text), other.column + len(other.text))
    return max(one.column, other.column) < min(ends)


def _cycle(kinds: Sequence[str], dice: random.Random, how_many: int) -> Iterator[str]:
    left = how_many if kinds else 0
    while left > 0:
        for kind in dice.sample(kinds, min(left, len(kinds))):
            left -= 1
            yield kind


def write(several: Sequence[Planted], folder: Path) -> Sheet | None:
    """A document with mistakes in it, as a file; None where an equation is not found in its line."""
    sheet = several[0].sheet
    lines, truths = sheet.path.read_text("utf-8").split("\n"), list(sheet.truths)
    for planted in several:
        truth = planted.truth
        line = lines[truth.line - 1]
        for spelled in SPELLINGS:
            old, new = spelled(truth.text), spelled(planted.new)
            at = _where(sheet, planted.number, line, spelled)
            if at >= 0:
                break
        else:
            return None
        lines[truth.line - 1] = line[:at] + new + line[at + len(old) :]
        grown = len(planted.new) - len(truth.text)
        truths = [_moved(other, truth, grown) for other in truths]
        wrong = replace(truth, text=planted.new, ok=False, why=planted.edit.kind)
        truths[planted.number] = wrong
    path = folder / sheet.path.name
    path.write_text("\n".join(lines), "utf-8")
    return Sheet(path, tuple(truths))


def _moved(other: Truth, wrong: Truth, grown: int) -> Truth:
    """An equation behind a wrong one that is longer than it was."""
    if other.column is None or other.line != wrong.line or other.column <= (wrong.column or 0):
        return other
    return replace(other, column=other.column + grown)


def _where(sheet: Sheet, number: int, line: str, spelled: Callable[[str], str]) -> int:
    """The place of an equation in its line: behind those that come before it there."""
    truth, at = sheet.truths[number], 0
    if truth.column is not None:
        return line.find(spelled(truth.text), truth.column)
    for earlier in sheet.truths[:number]:
        if earlier.line == truth.line:
            found = line.find(spelled(earlier.text), at)
            at = found + len(spelled(earlier.text)) if found >= 0 else at
    found = line.find(spelled(truth.text), at)
    return found if found >= 0 else line.find(spelled(truth.text))


def judge(several: Sequence[Planted], base: Score, check: Checker) -> list[Outcome]:
    """Checks a document with mistakes put in, and compares with the score it had without.

    What else is called wrong then is counted with the last mistake in front of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        sheet = write(several, Path(folder))
        if sheet is None:
            return []
        result = score(sheet, check)
    kept = [n for n, truth in enumerate(several[0].sheet.truths) if not truth.is_left_out]
    places = {kept.index(planted.number): planted for planted in several}
    first = min(places)
    elsewhere: dict[int, list[Case]] = {place: [] for place in places}
    carried, before = Counter[int](), Counter[int]()
    for n, (now, then) in enumerate(zip(result.cases, base.cases, strict=True)):
        if n in places or not now.is_faulted or then.is_faulted:
            continue
        nearest = max((place for place in places if place < n), default=first)
        if n > first and now.verdict == "carried":
            carried[nearest] += 1
        else:
            elsewhere[nearest].append(now)
            before[nearest] += n < first
    return [
        Outcome(
            planted,
            result.cases[place],
            base.cases[place].is_understood,
            tuple(elsewhere[place]),
            before[place],
            carried[place],
            result.crashes,
        )
        for place, planted in places.items()
    ]


def together(planted: Sequence[Planted], how_many: int) -> Iterator[list[Planted]]:
    """The mistakes for a document, so many in a copy and each in a line of its own."""
    left = list(planted)
    while left:
        copy: list[Planted] = []
        for one in left:
            lines = {other.truth.line for other in copy}
            if len(copy) < how_many and one.truth.line not in lines:
                copy.append(one)
        left = [one for one in left if one not in copy]
        yield copy


def believed(path: Path, check: Checker) -> Sheet:
    """A document without truth beside it: what is called right in it stands for right claims."""
    sheet = Sheet(path, ())
    lines = path.read_text("utf-8").split("\n")
    return Sheet(path, tuple(t for j in check(sheet).judgements if (t := _as_truth(j, lines))))


def _as_truth(judgement: Judgement, lines: Sequence[str]) -> Truth | None:
    """An equation as it was judged, where it stands in one line."""
    line, source = judgement.line, judgement.source
    if "\n" in source or not source.strip() or source not in lines[line - 1]:
        return None
    at = judgement.column if lines[line - 1].startswith(source, judgement.column) else None
    ok = True if judgement.verdict == "ok" else False if judgement.is_fault else None
    return Truth(line, at, source, judgement.kind, ok)
