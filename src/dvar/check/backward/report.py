"""What a check of a hand-written backward pass has found."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Counterexample:
    """One element of a gradient where it is wrong the most.

    Attributes:
        index: of the element; empty for a number.
        returned: what the backward pass returns there.
        expected: what is right.
        by_differences: what differences of the forward pass say, which know nothing of derivatives.
    """

    index: tuple[int, ...]
    returned: float
    expected: float
    by_differences: float

    def words(self, name: str) -> str:
        """For the gradient of an input: ``at x[2, 1]: -0.41 is returned, 0.22 is right (0.22 by differences)``."""
        place = f"{name}[{', '.join(map(str, self.index))}]" if self.index else name
        returned, due, differences = (
            f"{x + 0.0:.5g}" for x in (self.returned, self.expected, self.by_differences)
        )
        return f"at {place}: {returned} is returned, {due} is right ({differences} by differences)"


@dataclass(frozen=True)
class Gradient:
    """One returned gradient beside the true one.

    Attributes:
        name: the input it belongs to.
        ok: whether it is right; None if it was not judged (nothing is returned for it, or nothing can be).
        shape, expected_shape: of what is returned, and of the input.
        max_rel_error: the largest difference, relative to the largest true element; None if shapes differ.
        counterexample: an element that is wrong; None if nothing is, or if shapes differ.
    """

    name: str
    ok: bool | None
    shape: tuple[int, ...] | None
    expected_shape: tuple[int, ...]
    max_rel_error: float | None = None
    counterexample: Counterexample | None = None


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
            "gradients": [_plain(asdict(g)) for g in self.gradients],
            "findings": [_plain(asdict(f)) for f in self.findings],
            "inputs": dict(self.inputs),
            "note": self.note,
        }

    def __str__(self) -> str:
        return to_text(self)


def _plain(x: Any) -> Any:
    """Data that JSON can hold: lists for tuples, and null for what is not finite."""
    if isinstance(x, dict):
        return {key: _plain(value) for key, value in x.items()}
    if isinstance(x, tuple):
        return [_plain(value) for value in x]
    return None if isinstance(x, float) and not math.isfinite(x) else x


def to_text(report: BackwardReport) -> str:
    """The report for a terminal."""
    title = f"{report.file}::{report.name}" if report.file else report.name
    tried = ", ".join(f"{name} {shape}" for name, shape in report.inputs.items())
    lines = [f"{title}  (tried with {tried})"]
    for g in report.gradients:
        lines.append(f"  {_MARKS[g.ok]} gradient of {g.name}: {_words(g)}")
        if g.counterexample is not None:
            lines.append(f"      {g.counterexample.words(g.name)}")
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
        return f"shape {'none' if g.shape is None else g.shape}, not {g.expected_shape}"
    if g.ok:
        return "right"
    return f"wrong, by up to {g.max_rel_error:.2g} of its largest element"
