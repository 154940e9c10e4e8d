"""Scores as tables, and the single cases behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.worksheets.plant import Outcome
from benchmarks.worksheets.score import Case, Score, total
from benchmarks.worksheets.truth import Sheet

from dvar.check.report import Judgement

LISTS = ("false", "missed", "unknown", "causes")

_COLUMNS = ("understood", "roots", "carried", "causes", "cause first", "cause alike")


def table(scores: Sequence[Score]) -> Iterator[str]:
    """One line for each document and one for all."""
    whole = total(scores)
    wide = max(len(score.name) for score in (*scores, whole))
    heads = " ".join(f"{name:>14}" for name in _COLUMNS)
    yield f"{'':{wide}} {heads} {'false alarms':>13} {'seconds':>8}"
    for score in (*scores, whole):
        cells = " ".join(f"{_share(*score.counts[name]):>14}" for name in _COLUMNS)
        yield f"{score.name:{wide}} {cells} {len(score.alarms):>13} {score.seconds:>8.2f}"
    verdicts = Counter(case.verdict for case in whole.claims)
    yield "claims by verdict: " + ", ".join(f"{v} {n}" for v, n in verdicts.most_common())
    yield "carried lines called carried: " + _share(*whole.counts["called carried"])
    yield from (f"crashed: {crash}" for crash in whole.crashes)
    for sheet, truth in whole.lost:
        yield f"not on this line: {sheet.path.name}:{truth.line} {truth.text}"


def _share(right: int, of: int) -> str:
    return f"{right}/{of} {right / of:4.0%}" if of else "–"


def alarms(score: Score) -> Iterator[str]:
    """Every false alarm on a line."""
    for sheet, judgement in score.alarms:
        yield _said(sheet, judgement)


def cases(score: Score, which: str) -> Iterator[str]:
    """The single cases of a list: what is written, what was said, what is true."""
    chosen: list[Case] = {
        "false": score.false,
        "missed": score.missed,
        "unknown": score.unknown,
        "causes": score.unnamed,
    }[which]
    for case in chosen:
        yield from _case(case)
    if which == "false":
        for sheet, judgement in score.strays:
            yield f"{_said(sheet, judgement)}\n    (no equation there in the truth)"


def planted(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What became of mistakes put in, by their kind; those that may change nothing by themselves."""
    sure = [outcome for outcome in outcomes if not outcome.planted.edit.is_doubtful]
    kinds = sorted({outcome.planted.edit.kind for outcome in sure})
    groups = [(kind, [o for o in sure if o.planted.edit.kind == kind]) for kind in kinds]
    doubtful = [outcome for outcome in outcomes if outcome.planted.edit.is_doubtful]
    heads = ("caught", "of understood", "cause named", "unknown", "elsewhere", "alarms", "before")
    yield f"{'':18}" + " ".join(f"{head:>14}" for head in heads)
    for name, group in (*groups, ("total", sure), ("maybe no mistake", doubtful)):
        caught = [o for o in group if o.is_caught]
        seen = [o for o in group if o.was_understood]
        cells = (
            _share(len(caught), len(group)),
            _share(sum(o.is_caught for o in seen), len(seen)),
            _share(sum(o.is_cause_named for o in caught), len(caught)),
            str(sum(not o.case.is_understood for o in group)),
            str(sum(bool(o.elsewhere) and not o.is_caught for o in group)),
            str(sum(len(o.elsewhere) for o in group)),
            str(sum(o.before for o in group)),
        )
        yield f"{name:18}" + " ".join(f"{cell:>14}" for cell in cells)
    yield f"lines behind called carried: {sum(o.carried for o in outcomes)}"
    yield from sorted({f"crashed: {crash}" for o in outcomes for crash in o.crashes})


PLANTED_LISTS = ("missed", "causes", "alarms", "maybe")


def planted_cases(outcomes: Sequence[Outcome], which: str) -> Iterator[str]:
    """Single mistakes: those not found, wrongly named, or with new faults in other equations."""
    for outcome in outcomes:
        is_doubtful = outcome.planted.edit.is_doubtful
        chosen = {
            "missed": not is_doubtful and not outcome.is_caught,
            "causes": not is_doubtful and outcome.is_caught and not outcome.is_cause_named,
            "alarms": bool(outcome.elsewhere),
            "maybe": is_doubtful,
        }[which]
        if chosen:
            yield from _case(outcome.case)
            yield f"    was:     {outcome.planted.truth.text}"
            for other in outcome.elsewhere:
                yield from (f"    | {line}" for line in _case(other))


def _case(case: Case) -> Iterator[str]:
    truth = case.truth
    yield f"{case.sheet.path.name}:{truth.line}  {truth.kind}  {case.verdict}"
    yield f"    written: {truth.text}"
    for judgement in case.judgements or case.shared:
        yield f"    said:    {judgement.verdict} {_causes(judgement)} {judgement.message}"
        if judgement.source.strip() != truth.text.strip():
            yield f"    of:      {' '.join(judgement.source.split())}"
    if truth.cause or truth.why:
        yield f"    truth:   {truth.cause or 'wrong'}: {truth.why}"


def _said(sheet: Sheet, judgement: Judgement) -> str:
    place = f"{sheet.path.name}:{judgement.line}"
    source = " ".join(judgement.source.split())
    return f"{place}: {judgement.verdict} {_causes(judgement)}: {source}\n    {judgement.message}"


def _causes(judgement: Judgement) -> str:
    return f"[{', '.join(filter(None, (judgement.cause, *judgement.causes)))}]"
