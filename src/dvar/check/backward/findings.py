"""What is to blame, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dvar.check.backward.blame import Blame
from dvar.check.backward.report import BackwardReport, Finding, Gradient

LONGEST = 300
"""Letters of a formula that somebody reads."""


def findings_of(
    report: BackwardReport,
    found: Sequence[Blame],
    wrong: Sequence[str],
    formulas: Mapping[str, str],
) -> list[Finding]:
    findings = []
    explained: set[str] = set()
    for b in found:
        explained |= set(b.gradients)
        findings.append(
            Finding(b.line, b.gradients[0], b.causes[0], b.causes, b.source, b.repaired, b.message)
        )
    for name in wrong:
        if name not in explained:
            g = next(g for g in report.gradients if g.name == name)
            formula = formulas.get(name, "")
            if g.shape != g.expected_shape:
                cause, words = _of_shapes(g)
            else:
                cause, words = (
                    "unknown",
                    f"the gradient of {name} is wrong; no single slip explains it",
                )
            shown = formula and len(formula) <= LONGEST
            due = f"the gradient of {name} is {formula}" if shown else ""
            findings.append(Finding(0, name, cause, (cause,), "", due, words))
    return findings


def _of_shapes(g: Gradient) -> tuple[str, str]:
    given, due = g.shape or (), g.expected_shape
    words = f"the gradient of {g.name} has shape {given}, but {g.name} has shape {due}"
    if sorted(given) == sorted(due):
        return "transpose", f"{words}: a transpose"
    if len(given) > len(due):
        return "missing-sum", f"{words}: a sum over the axes that were broadcast is missing"
    return "shape", words
