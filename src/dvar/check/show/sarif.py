"""Reports → SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), which code hosts display."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dvar.check.backward.report import BackwardReport, Finding
from dvar.check.report import CAUSES, FAULTS, Judgement, Report
from dvar.check.show.words import explanation

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_OTHER_RULES = {
    "wrong": ("an equation that does not hold", "error"),
    "up-to-constant": ("an equation that holds up to a constant factor", "error"),
    "carried": ("an equation that follows from an earlier mistake", "note"),
    "convention": ("an equation that holds under a convention that is named", "note"),
    "unknown": ("an equation that was not understood", "warning"),
}
_RULES = {**{cause: (words, "error") for cause, words in CAUSES.items()}, **_OTHER_RULES}
"""Rule → what it reports, and its level."""
_NUMBERS = {rule: n for n, rule in enumerate(_RULES)}


def to_sarif(
    reports: Sequence[Report],
    *,
    strict: bool = False,
    unreadable: Mapping[str, str] | None = None,
    directory: Path | None = None,
    backward: Sequence[BackwardReport] = (),
) -> dict[str, Any]:
    """One log with one run.

    Args:
        reports: one for each file.
        strict: also report what was not understood, as warnings.
        unreadable: files that could not be read, and why.
        directory: what addresses are relative to; the working directory if None.
        backward: backward passes that were checked.
    """
    base = (directory or Path.cwd()).resolve()
    invocation: dict[str, Any] = {"executionSuccessful": not unreadable}
    if unreadable:
        invocation["toolExecutionNotifications"] = [
            {
                "level": "error",
                "message": {"text": why},
                "locations": [{"physicalLocation": {"artifactLocation": _artifact(file, base)}}],
            }
            for file, why in unreadable.items()
        ]
    driver = {
        "name": "dvar",
        "semanticVersion": metadata.version("dvar"),
        "rules": [_rule(rule, words, level) for rule, (words, level) in _RULES.items()],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [invocation],
        # Ours are counted as Python counts, not in units of UTF-16.
        "columnKind": "unicodeCodePoints",
        "results": [
            *(result for report in reports for result in _results(report, base, strict)),
            *(_of_line(report, f, base) for report in backward for f in report.findings),
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: str, words: str, level: str) -> dict[str, Any]:
    sentence = f"{words[0].upper()}{words[1:]}."
    return {
        "id": rule,
        "name": "".join(part.capitalize() for part in rule.split("-")),
        "shortDescription": {"text": sentence},
        "help": {"text": f"{sentence} `dvar check FILE --derive LINE` shows the right derivation."},
        "defaultConfiguration": {"level": level},
    }


def _results(report: Report, base: Path, strict: bool) -> Iterator[dict[str, Any]]:
    shown = (*FAULTS, "convention", *(("unknown",) if strict else ()))
    seen: Counter[str] = Counter()
    for judgement in report.judgements:
        if judgement.verdict in shown:
            yield _result(report, judgement, base, seen)


def _of_line(report: BackwardReport, finding: Finding, base: Path) -> dict[str, Any]:
    """A wrong line of a backward pass."""
    rule = finding.cause if finding.cause in CAUSES else "wrong"
    due = f" Expected: {finding.expected}" if finding.expected else ""
    place: dict[str, Any] = {"artifactLocation": _artifact(report.file, base)}
    if finding.line:
        region = {"startLine": finding.line, "snippet": {"text": finding.source}}
        place["region"] = region
    return {
        "ruleId": rule,
        "ruleIndex": _NUMBERS[rule],
        "level": _RULES[rule][1],
        "message": {"text": f"{report.name}: {finding.message}.{due}"},
        "locations": [{"physicalLocation": place}],
        "properties": {"gradient": finding.gradient, "causes": list(finding.causes)},
    }


def _result(report: Report, judgement: Judgement, base: Path, seen: Counter[str]) -> dict[str, Any]:
    rule = _rule_of(judgement)
    text = explanation(judgement)
    if judgement.expected and judgement.is_fault and judgement.expected not in text:
        text += f" Expected: {judgement.expected}"
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": _NUMBERS[rule],
        "level": _RULES[rule][1],
        "message": {"text": text},
        "locations": [_location(report, judgement, base)],
        "partialFingerprints": {"equation/v1": _fingerprint(rule, judgement, seen)},
        "properties": {
            "verdict": judgement.verdict,
            "causes": list(judgement.causes),
            "expected": judgement.expected,
            "counterexample": judgement.counterexample,
        },
    }
    root = _root(report, judgement)
    if root is not None:
        related = {**_location(report, root, base), "id": 1, "message": {"text": "The mistake."}}
        result["relatedLocations"] = [related]
    # In a notebook the line is one of its JSON, where the text stands quoted.
    if judgement.repaired is not None and report.lines is None:
        result["fixes"] = [_fix(report, judgement, judgement.repaired, base)]
    return result


def _rule_of(judgement: Judgement) -> str:
    """The cause of a mistake where it is known, else the verdict."""
    if judgement.verdict in ("wrong", "up-to-constant") and judgement.cause in CAUSES:
        return judgement.cause
    return judgement.verdict


def _root(report: Report, judgement: Judgement) -> Judgement | None:
    """The mistake that a line follows from."""
    if judgement.from_line is None:
        return None
    there = [j for j in report.judgements if j.line == judgement.from_line and j is not judgement]
    return next((j for j in there if j.verdict == "wrong"), there[0] if there else None)


def _location(report: Report, judgement: Judgement, base: Path) -> dict[str, Any]:
    region = _region(report, judgement)
    region["snippet"] = {"text": judgement.source}
    place = {"artifactLocation": _artifact(report.file, base), "region": region}
    return {"physicalLocation": place}


def _region(report: Report, judgement: Judgement) -> dict[str, Any]:
    """Lines and columns from 1, the end behind the last character; of a notebook the lines."""
    lines = {"startLine": judgement.line, "endLine": max(judgement.line, judgement.end_line)}
    if report.lines is not None:
        return dict(lines)
    return {**lines, "startColumn": judgement.column + 1, "endColumn": judgement.end_column + 1}


def _fix(report: Report, judgement: Judgement, repaired: str, base: Path) -> dict[str, Any]:
    replacement = {
        "deletedRegion": _region(report, judgement),
        "insertedContent": {"text": repaired},
    }
    change = {
        "artifactLocation": _artifact(report.file, base),
        "replacements": [replacement],
    }
    return {"description": {"text": f"Write {repaired}"}, "artifactChanges": [change]}


def _artifact(file: str | None, base: Path) -> dict[str, Any]:
    """An address relative to the directory, or absolute outside it."""
    if file is None or file == "-":
        return {"uri": "stdin"}
    path = Path(file).resolve() if Path(file).is_absolute() else (base / file).resolve()
    if path.is_relative_to(base):
        return {"uri": quote(path.relative_to(base).as_posix())}
    return {"uri": path.as_uri()}


def _fingerprint(rule: str, judgement: Judgement, seen: Counter[str]) -> str:
    """The same as long as the equation is the same, wherever in the file it moves."""
    key = f"{rule}:{''.join(judgement.source.split())}"
    seen[key] += 1
    return hashlib.sha256(f"{key}:{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
