"""Every returned gradient beside the true one; where one is wrong, the line and the slip."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dvar.check.backward.blame import blame, line_of_error
from dvar.check.backward.comparing import (
    Probe,
    doubtful,
    flat,
    gradient_of,
    passed_on,
    probe_at,
    right_of,
    run_at,
)
from dvar.check.backward.findings import findings_of
from dvar.check.backward.report import BackwardReport, Finding, Gradient
from dvar.check.backward.said import Spec
from dvar.check.backward.settings import set_apart
from dvar.check.backward.shapes import EVEN, PROBES, SIZES, Inputs, possible_inputs
from dvar.check.backward.subject import Subject
from dvar.core.errors import ReadError

PATTERNS = 4
"""Ranks of inputs that are tried where nothing says which."""
MOST = 40
"""The same, where gradients of wrong shapes say that the ranks are others."""


def judge(subject: Subject, examples: Inputs | None = None) -> BackwardReport:
    """Check a backward pass.

    Args:
        subject: what is checked.
        examples: the inputs to try; found from the source, or by trying, if left out.

    Raises:
        ReadError: it cannot be run.
    """
    best: Comparison | None = None
    reason: ReadError | None = None
    # What is right only for even sizes (halves, heads) is right.
    for sizes in (SIZES, EVEN) if examples is None else (SIZES,):
        try:
            found = _tried(subject, [examples] if examples else _likely(subject, sizes))
            if (found.error is not None or found.doubt) and examples is None:
                # It may have been written for vectors, and broken down over our matrices.
                found = _tried(subject, [*_likely(subject, sizes, vectors=True)], found)
        except ReadError as error:
            reason = reason or error
            continue
        if found.report.ok:
            return _judged(found.report)
        best = best or found
    if best is None:
        assert reason is not None
        raise reason
    explained = _explained(best)
    return _apart(subject, explained) if examples is None else explained


def _apart(subject: Subject, wrong: BackwardReport) -> BackwardReport:
    """Windows that overlap were our idea: a pass that is right for windows that do not is right."""
    if not set_apart(subject):
        return wrong
    with suppress(ReadError):
        found = _tried(subject, _likely(subject, SIZES))
        if found.report.ok:
            where = ", ".join(f"line {f.line}" for f in wrong.findings if f.line)
            note = f"right for windows that do not overlap; for others see {where}"
            return replace(found.report, note=note)
    return wrong


def _judged(report: BackwardReport) -> BackwardReport:
    """The report.  Raises ReadError if there is no gradient that could be wrong: that would be no praise."""
    if report.note or any(g.ok is not None for g in report.gradients):
        return report
    raise ReadError(
        f"{report.name}: no gradient was returned for {', '.join(report.inputs) or 'any input'}",
        hint="return the gradients in the order of the inputs, or call them dx, dw, …",
    )


def _tried(
    subject: Subject, all_inputs: Iterable[Inputs], best: Comparison | None = None
) -> Comparison:
    """The gradients for inputs that make them right; if none do, for those with the fewest faults.

    Raises:
        ReadError: it cannot be run.
    """
    reason: ReadError | None = None
    raised = [best.error] if best is not None and best.error is not None else []
    doubt = _words(best.error) if best is not None and best.error is not None else ""
    ran: set[tuple[int | str, ...]] = set()
    for n, inputs in enumerate(all_inputs):
        if inputs.kinds in ran:
            continue  # another setting might only hide what is wrong: a factor that is 1
        if n >= PATTERNS and best is not None and _misfits(best.report) < 2:
            break
        try:
            compared = _fitted(subject, inputs)
        except ReadError as error:
            reason = reason or error
            continue
        if compared.report.ok:
            return compared
        if compared.error is None:
            ran.add(inputs.kinds)
        elif not inputs.said:
            raised.append(compared.error)
        if best is None:
            doubt = inputs.trouble
        if best is None or _worse(best.report, compared.report):
            best = compared
    if best is None:
        assert reason is not None
        raise reason
    # A number where an array was tried, or an array where a number is meant, raises everywhere too.
    known = not set(best.report.inputs) & subject.ungraded()
    known = known and not isinstance(best.error, (TypeError, IndexError))
    if known and best.error is not None and len({_place_of(subject, e) for e in raised}) == 1:
        doubt = ""  # whatever the inputs, it raises there
    return best._replace(doubt=doubt)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _place_of(subject: Subject, error: Exception) -> tuple[str, int]:
    """What was raised where; the same for all inputs, it is no matter of the inputs."""
    return type(error).__name__, line_of_error(subject, error)[0]


def _fitted(subject: Subject, inputs: Inputs) -> Comparison:
    """Gradients for some inputs; where these are guessed and a gradient is smaller, for inputs of its shape.

    A gradient that is larger says nothing: people forget sums, and seldom sum too much.
    """
    compared = _compared(subject, inputs)
    if inputs.said:
        return compared
    smaller = {
        g.name: inputs.specs[g.name]._replace(shape=g.shape)
        for g in compared.report.gradients
        if g.ok is False and g.shape is not None
        if np.prod(g.shape) < np.prod(g.expected_shape) or 1 in g.shape
    }
    other = {**inputs.specs, **smaller}
    if smaller and not (_rank(other) < 2 <= _rank(inputs.specs) and _is_batched(subject)):
        with suppress(Exception):  # the forward pass may not take them
            again = _compared(subject, inputs._replace(specs=other))
            if _faults(again.report) < _faults(compared.report):
                return again
    return compared


def _rank(specs: Mapping[str, Spec]) -> int:
    return max((len(s.shape) for s in specs.values()), default=0)


def _faults(report: BackwardReport) -> int:
    return sum(g.ok is False for g in report.gradients)


def _worse(report: BackwardReport, other: BackwardReport) -> bool:
    """Whether another report is a better one: with fewer faults, or as many of which fewer are of shapes."""
    return (_faults(report), _misfits(report)) > (_faults(other), _misfits(other))


def _misfits(report: BackwardReport) -> int:
    """Gradients of other shapes than their inputs; where several are, the inputs may have been guessed wrong."""
    return sum(g.ok is False and g.shape != g.expected_shape for g in report.gradients)


class Comparison(NamedTuple):
    """Gradients judged, and what is needed to say why.

    Attributes:
        subject: what was judged, with what was guessed of its settings.
        report, probes: the gradients, and where they were compared.
        error: what the backward pass raised.
        doubt: why the inputs may be to blame, if a backward pass raised for inputs that nobody has written.
    """

    subject: Subject
    report: BackwardReport
    probes: list[Probe]
    error: Exception | None
    doubt: str = ""


def _likely(subject: Subject, sizes: Sequence[int], vectors: bool = False) -> Iterator[Inputs]:
    """Inputs to try in turn; a pass that is right for one kind of input is right, where nothing says which."""
    batched = _is_batched(subject)
    count = 0
    for inputs in possible_inputs(subject, sizes):
        rank = _rank(inputs.specs)
        if vectors:
            if rank == 1:
                yield inputs
            continue
        single = any(s.whole and not s.shape for s in inputs.specs.values())
        if count and (rank == 0 or (batched and rank < 2) or single or not inputs.plausible):
            continue  # a few numbers show little
        count += 1
        yield inputs
        if inputs.said or count >= MOST:
            return


_BATCH = ("axis", "shape[0]", "sum(0", ".T", " @ ", "dim=", "mean(0", "len(")


def _is_batched(subject: Subject) -> bool:
    import inspect

    for function in (subject.forward, subject.backward):
        try:
            text = inspect.getsource(function)
        except (OSError, TypeError):
            continue
        if any(sign in text for sign in _BATCH):
            return True
    return False


def _compared(subject: Subject, inputs: Inputs) -> Comparison:
    """Every gradient at all probes."""
    subject = inputs.settled(subject)
    probes = [probe_at(subject, inputs, seed) for seed in PROBES]
    shapes = {name: str(spec) for name, spec in inputs.specs.items()}
    report = BackwardReport(subject.file, subject.name, subject.framework, (), (), shapes)
    truth = probes[0].truth
    try:
        runs = [run_at(subject, probe) for probe in probes]
    except ReadError:
        raise
    except Exception as error:  # the user's function may raise anything
        if not line_of_error(subject, error)[0]:
            raise ReadError(
                f"{subject.name}: the backward pass cannot be called: {error}",
                hint="def backward(dout, cache): …",
            ) from None
        lost = [Gradient(n, False, None, tuple(np.shape(g))) for n, g in truth.gradients.items()]
        return Comparison(subject, replace(report, gradients=tuple(lost)), probes, error)
    gradients = [gradient_of(subject, name, runs, probes) for name in truth.gradients]
    report = _without(
        replace(report, gradients=tuple(gradients)),
        flat(gradients, probes),
        "not judged, since the true gradient is zero everywhere, as for steps, and another is meant",
    )
    if subject.framework != "numpy":
        passed = passed_on(report.gradients, runs, probes)
        why = "not judged, since the forward pass hands it on as it is: another gradient is the purpose"
        report = _without(report, passed, why)
    if report.ok:
        return Comparison(subject, report, probes, None)
    if not truth.by_graph:
        note = "the forward pass cannot be followed as a graph: true gradients are by differences"
        return Comparison(subject, replace(report, note=note), probes, None)
    unsure = doubtful(subject, report.gradients, probes[0])
    why = "not judged, since differences do not confirm the true gradient"
    return Comparison(subject, _without(report, unsure, why), probes, None)


def _without(report: BackwardReport, names: set[str], why: str) -> BackwardReport:
    """The report with no verdict on some gradients."""
    if not names:
        return report
    gradients = [replace(g, ok=None) if g.name in names else g for g in report.gradients]
    return replace(report, gradients=tuple(gradients), note=f"{why}: {', '.join(sorted(names))}")


def _explained(compared: Comparison) -> BackwardReport:
    """The report with the lines that are to blame.

    Raises:
        ReadError: the backward pass raised for inputs that were guessed, and no slip explains it.
    """
    subject, report, probes, error, doubt = compared
    wrong = [g.name for g in report.gradients if g.ok is False]
    kept = [g.name for g in report.gradients if g.ok]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of programs that nobody has written
        found = blame(subject, probes, wrong, kept, right_of)
    if doubt and not any(b.repaired for b in found):
        raise ReadError(
            f"{subject.name}: no inputs were found that both passes take",
            rule=f"the backward pass raises {doubt}",
            hint="say the shapes in the docstring, x: (N, D), or call dvar.check_backward(forward, backward, x, w)",
        )
    if error is None or any(b.repaired for b in found):
        return replace(
            report, findings=tuple(findings_of(report, found, wrong, probes[0].truth.formulas))
        )
    line, source = line_of_error(subject, error)
    words = f"this raises {type(error).__name__}: {error}"
    return replace(
        report, findings=(Finding(line, wrong[0], "shape", ("shape",), source, "", words),)
    )
