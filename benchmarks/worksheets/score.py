"""What a report gets right, counted against the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from benchmarks.worksheets.align import Alignment, Match, align
from benchmarks.worksheets.truth import Sheet, Truth

from dvar.check.report import Judgement, Report

Checker = Callable[[Sheet], Report]

_WORST_FIRST = (
    *("wrong", "carried", "up-to-constant", "unknown", "convention", "ok"),
    *("skipped", "definition", "given"),
)

_ALIKE = (
    {"factor", "missing-factor", "up-to-constant"},
    {"missing-sum", "missing-path"},
    {"wrong-variable", "wrong-operand"},
    {"arithmetic", "truncation", "misprint"},
    {"transpose", "shape"},
    {"mask", "routing"},
    {"convention", "up-to-constant"},
)
"""Causes that two people may name alike when they see the same mistake."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What has to be reached.  Everything that compares with thresholds reads them here."""

    understood: float = 0.97
    roots: float = 0.97
    carried: float = 0.90
    false_alarms: int = 0
    causes: float = 0.85
    seconds_for_100: float = 3.0


TARGETS = Targets()


@dataclass(frozen=True, slots=True)
class Case:
    """One equation of a document, and what became of it."""

    sheet: Sheet
    truth: Truth
    judgements: tuple[Judgement, ...]
    shared: tuple[Judgement, ...] = ()

    @property
    def judgement(self) -> Judgement | None:
        """The worst that was said of it; None where it was not seen."""
        said = self.judgements or self.shared
        return min(said, key=lambda j: _WORST_FIRST.index(j.verdict), default=None)

    @property
    def verdict(self) -> str:
        """As in a report; ``shared`` where a fault is that of another equation, ``not seen`` without any."""
        if not self.judgements and self.shared:
            return "shared"
        return self.judgement.verdict if self.judgement else "not seen"

    @property
    def is_understood(self) -> bool:
        return self.verdict not in ("unknown", "not seen", "skipped")

    @property
    def is_faulted(self) -> bool:
        if self.truth.cause == "convention" and self.verdict == "convention":
            return True
        return any(j.is_fault for j in self.judgements)

    @property
    def is_cause_exact(self) -> bool:
        return any(self.truth.cause in names(j)[:1] for j in self._faults)

    @property
    def is_cause_listed(self) -> bool:
        return any(self.truth.cause in names(j) for j in self._faults)

    @property
    def is_cause_alike(self) -> bool:
        """Whether a cause is named that is as good as the true one."""
        good = {self.truth.cause}.union(*(group for group in _ALIKE if self.truth.cause in group))
        return any(not good.isdisjoint(names(j)) for j in self._faults)

    @property
    def _faults(self) -> list[Judgement]:
        return [j for j in self.judgements if j.is_fault or j.verdict == "convention"]


def names(judgement: Judgement) -> list[str]:
    """The causes that a judgement names, the likeliest first; a verdict may be a cause as well."""
    named = [judgement.cause] if judgement.cause else []
    named += [cause for cause in judgement.causes if cause not in named]
    if judgement.verdict == "carried":
        named.insert(0, "carried-forward")
    if judgement.verdict in ("convention", "up-to-constant"):
        named.append(judgement.verdict)
    return named


@dataclass(frozen=True)
class Score:
    """All that is counted, of one document or of several together."""

    name: str
    cases: tuple[Case, ...]
    strays: tuple[tuple[Sheet, Judgement], ...]
    seconds: float
    equations: int
    crashes: tuple[str, ...] = ()
    lost: tuple[tuple[Sheet, Truth], ...] = ()

    @cached_property
    def claims(self) -> list[Case]:
        return [case for case in self.cases if case.truth.is_claim]

    @cached_property
    def unknown(self) -> list[Case]:
        return [case for case in self.claims if not case.is_understood]

    @cached_property
    def roots(self) -> list[Case]:
        return [case for case in self.cases if case.truth.is_root]

    @cached_property
    def carried(self) -> list[Case]:
        return [case for case in self.cases if case.truth.is_mistake and case.truth.is_carried]

    @cached_property
    def missed(self) -> list[Case]:
        return [case for case in self.cases if case.truth.is_mistake and not case.is_faulted]

    @cached_property
    def false(self) -> list[Case]:
        """Equations that are right and called wrong."""
        return [case for case in self.cases if not case.truth.is_mistake and case.is_faulted]

    @cached_property
    def alarms(self) -> list[tuple[Sheet, Judgement]]:
        """Each false alarm once, and faults found where the truth has no equation at all."""
        found = {id(j): (c.sheet, j) for c in self.false for j in c.judgements if j.is_fault}
        return [*found.values(), *self.strays]

    @cached_property
    def with_cause(self) -> list[Case]:
        return [case for case in self.roots if case.truth.cause and case.is_faulted]

    @cached_property
    def unnamed(self) -> list[Case]:
        return [case for case in self.with_cause if not case.is_cause_listed]

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """How many of how many, by name."""
        named = self.with_cause
        return {
            "understood": (len(self.claims) - len(self.unknown), len(self.claims)),
            "roots": (sum(c.is_faulted for c in self.roots), len(self.roots)),
            "carried": (sum(c.is_faulted for c in self.carried), len(self.carried)),
            "called carried": (
                sum(c.verdict == "carried" for c in self.carried),
                len(self.carried),
            ),
            "cause first": (sum(c.is_cause_exact for c in named), len(named)),
            "causes": (sum(c.is_cause_listed for c in named), len(named)),
            "cause alike": (sum(c.is_cause_alike for c in named), len(named)),
        }

    def failures(self, targets: Targets = TARGETS) -> list[str]:
        """Which targets are not met, in words."""
        failed = []
        for name in ("understood", "roots", "carried", "causes"):
            right, of = self.counts[name]
            least = getattr(targets, name)
            if of and right < least * of:
                failed.append(f"{name}: {right} of {of}, {least:.0%} wanted")
        if len(self.alarms) > targets.false_alarms:
            failed.append(f"false alarms: {len(self.alarms)}")
        if self.seconds > targets.seconds_for_100 * max(1.0, self.equations / 100):
            failed.append(f"time: {self.seconds:.1f} s for {self.equations} equations")
        failed += [f"crashed: {crash}" for crash in self.crashes]
        return failed

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            **{name: list(count) for name, count in self.counts.items()},
            "false_alarms": [
                {
                    "file": sheet.path.name,
                    "line": j.line,
                    "verdict": j.verdict,
                    "message": j.message,
                }
                for sheet, j in self.alarms
            ],
            "seconds": self.seconds,
            "equations": self.equations,
            "crashes": list(self.crashes),
        }


def score(sheet: Sheet, check: Checker) -> Score:
    """Checks a worksheet and counts what is right; a crash counts as nothing seen."""
    crashes: tuple[str, ...] = ()
    started = time.perf_counter()
    try:
        report = check(sheet)
    except Exception as error:  # whatever it is, the other documents are to be scored
        crash = f"{sheet.path.name}: {type(error).__name__}: {error}"
        report, crashes = Report(sheet.path.name, "", ()), (crash,)
    seconds = time.perf_counter() - started
    return count(sheet, align(sheet.truths, report), seconds, len(report.judgements), crashes)


def count(
    sheet: Sheet,
    alignment: Alignment,
    seconds: float = 0.0,
    equations: int = 0,
    crashes: tuple[str, ...] = (),
) -> Score:
    """The score of a document whose judgements are aligned with its truth."""

    def case(match: Match) -> Case:
        return Case(sheet, match.truth, match.judgements, match.shared)

    kept = tuple(case(m) for m in alignment.matches if not m.truth.is_left_out)
    strays = tuple((sheet, j) for j in alignment.strays if j.is_fault)
    lost = () if crashes else tuple((sheet, truth) for truth in alignment.lost)
    return Score(sheet.name, kept, strays, seconds, equations, crashes, lost)


def total(scores: Sequence[Score], name: str = "total") -> Score:
    """Several documents as one."""

    def joined(parts: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
        return tuple(item for part in parts for item in part)

    return Score(
        name,
        joined(s.cases for s in scores),
        joined(s.strays for s in scores),
        sum(s.seconds for s in scores),
        sum(s.equations for s in scores),
        joined(s.crashes for s in scores),
        joined(s.lost for s in scores),
    )
