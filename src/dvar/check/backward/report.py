"""What a check of a hand-written backward pass has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Gradient:
    """One returned gradient beside the true one.

    Attributes:
        name: the input it belongs to.
        ok: whether it is right; None if it was not judged (nothing is returned for it, or nothing can be).
        shape, expected_shape: of what is returned, and of the input.
        max_rel_error: the largest difference, relative to the largest true element; None if shapes differ.
    """

    name: str
    ok: bool | None
    shape: tuple[int, ...] | None
    expected_shape: tuple[int, ...]
    max_rel_error: float | None = None


@dataclass(frozen=True)
class Finding:
    """A wrong line.

    Attributes:
        line: in the file; 0 if no line can be blamed.
        gradient: the first gradient that is wrong because of it.
        cause: the likeliest cause; ``unknown`` if no single slip explains it.
        causes: all that fit, the likeliest first.
        source: the line as it is.
        expected: the line as it should be, or the formula of the gradient.
        message: what is wrong, in words.
    """

    line: int
    gradient: str
    cause: str
    causes: tuple[str, ...]
    source: str
    expected: str
    message: str


@dataclass(frozen=True)
class BackwardReport:
    """A hand-written backward pass, judged.

    Attributes:
        file, name, framework: what was checked; framework is ``numpy``, ``torch`` or ``jax``.
        gradients: one for each input that is differentiated.
        findings: wrong lines, in the order of the file.
        inputs: the shapes it was tried with.
        note: what could not be done, in words; empty if nothing.
    """

    file: str
    name: str
    framework: str
    gradients: tuple[Gradient, ...]
    findings: tuple[Finding, ...]
    inputs: Mapping[str, str]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not any(g.ok is False for g in self.gradients)

    def to_json(self) -> dict[str, Any]:
        """The contract of ``dvar check FILE.py::NAME --format json``."""
        return {
            "file": self.file,
            "name": self.name,
            "framework": self.framework,
            "ok": self.ok,
            "gradients": [
                {
                    "name": g.name,
                    "ok": g.ok,
                    "max_rel_error": g.max_rel_error,
                    "shape": None if g.shape is None else list(g.shape),
                    "expected_shape": list(g.expected_shape),
                }
                for g in self.gradients
            ],
            "findings": [
                {
                    "line": f.line,
                    "gradient": f.gradient,
                    "cause": f.cause,
                    "causes": list(f.causes),
                    "source": f.source,
                    "expected": f.expected,
                    "message": f.message,
                }
                for f in self.findings
            ],
            "inputs": dict(self.inputs),
            "note": self.note,
        }

    def __str__(self) -> str:
        return to_text(self)


def to_text(report: BackwardReport) -> str:
    """The report for a terminal."""
    title = f"{report.file}::{report.name}" if report.file else report.name
    tried = ", ".join(f"{name} {shape}" for name, shape in report.inputs.items())
    lines = [f"{title}  (tried with {tried})"]
    for g in report.gradients:
        lines.append(f"  {_MARKS[g.ok]} gradient of {g.name}: {_words(g)}")
    for f in report.findings:
        lines += ["", f"✗ {f.line:>4} │ {f.source}"] if f.line else [""]
        lines.append(f"       │ {f.message}" if f.line else f"  {f.message}")
        if f.expected:
            lines.append(f"       │ {f.expected}" if f.line else f"  {f.expected}")
    if report.note:
        lines += ["", report.note]
    return "\n".join(lines) + "\n"


_MARKS = {True: "✓", False: "✗", None: "?"}


def _words(g: Gradient) -> str:
    if g.ok is None:
        return "not judged" if g.shape is not None else "not judged: nothing is returned for it"
    if g.shape != g.expected_shape:
        return f"shape {_shown(g.shape)}, not {_shown(g.expected_shape)}"
    if g.ok:
        return "right"
    return f"wrong, by up to {g.max_rel_error:.2g} of its largest element"


def _shown(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else str(shape).replace(",)", ",)")
