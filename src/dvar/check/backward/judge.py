"""Every returned gradient beside the true one; where one is wrong, the line and the slip."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.blame import blame, line_of_error
from dvar.check.backward.findings import findings_of
from dvar.check.backward.report import BackwardReport, Finding, Gradient
from dvar.check.backward.settings import set_apart
from dvar.check.backward.shapes import EVEN, PROBES, SIZES, Inputs, possible_inputs
from dvar.check.backward.subject import Arrays, Run, Subject
from dvar.check.backward.truth import Truth, by_differences, counterexample, truth_of
from dvar.core.errors import ReadError

CLOSE, ROUGH = 1e-6, 2e-3
"""How far a gradient may be off, relative to its largest element: in double precision, and where something
is rounded to single precision on the way."""
PATTERNS = 4
"""Ranks of inputs that are tried where nothing says which."""
MOST = 40
"""The same, where gradients of wrong shapes say that the ranks are others."""


class Probe(NamedTuple):
    """Numbers for everything, and the true gradients there."""

    inputs: Arrays
    upstreams: list[Any]
    truth: Truth


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
            if found.error is not None and examples is None:
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
    explained = _explained(subject, best)
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
    for n, inputs in enumerate(all_inputs):
        if n >= PATTERNS and best is not None and _misfits(best.report) < 2:
            break
        try:
            compared = _fitted(subject, inputs)
        except ReadError as error:
            reason = reason or error
            continue
        if compared.report.ok:
            return compared
        if best is None or _faults(compared.report) < _faults(best.report):
            best = compared
    if best is None:
        assert reason is not None
        raise reason
    return best


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
        if np.prod(g.shape) < np.prod(g.expected_shape)
    }
    if smaller:
        with suppress(Exception):  # the forward pass may not take them
            other = _compared(subject, inputs._replace(specs={**inputs.specs, **smaller}))
            if _faults(other.report) < _faults(compared.report):
                return other
    return compared


def _faults(report: BackwardReport) -> int:
    return sum(g.ok is False for g in report.gradients)


def _misfits(report: BackwardReport) -> int:
    """Gradients of other shapes than their inputs; where several are, the inputs may have been guessed wrong."""
    return sum(g.ok is False and g.shape != g.expected_shape for g in report.gradients)


class Comparison(NamedTuple):
    """Gradients judged, and what is needed to say why."""

    report: BackwardReport
    probes: list[Probe]
    error: Exception | None


def _likely(subject: Subject, sizes: Sequence[int], vectors: bool = False) -> Iterator[Inputs]:
    """Inputs to try in turn; a pass that is right for one kind of input is right, where nothing says which."""
    batched = _is_batched(subject)
    count = 0
    for inputs in possible_inputs(subject, sizes):
        rank = max((len(s.shape) for s in inputs.specs.values()), default=0)
        if vectors:
            if rank == 1:
                yield inputs
            continue
        if count and (rank == 0 or (batched and rank < 2) or not inputs.plausible):
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
    probes = [_probe(subject, inputs, seed) for seed in PROBES]
    shapes = {name: str(spec) for name, spec in inputs.specs.items()}
    report = BackwardReport(subject.file, subject.name, subject.framework, (), (), shapes)
    truth = probes[0].truth
    try:
        runs = [_run(subject, probe) for probe in probes]
    except ReadError:
        raise
    except Exception as error:  # the user's function may raise anything
        if not line_of_error(subject, error)[0]:
            raise ReadError(
                f"{subject.name}: the backward pass cannot be called: {error}",
                hint="def backward(dout, cache): …",
            ) from None
        lost = [Gradient(n, False, None, tuple(np.shape(g))) for n, g in truth.gradients.items()]
        return Comparison(replace(report, gradients=tuple(lost)), probes, error)
    gradients = [_gradient(subject, name, runs, probes) for name in truth.gradients]
    report = _without(
        replace(report, gradients=tuple(gradients)),
        _flat(gradients, probes),
        "not judged, since the true gradient is zero everywhere, as for steps, and another is meant",
    )
    if subject.framework != "numpy":
        passed = _passed_on(report.gradients, runs, probes)
        why = "not judged, since the forward pass hands it on as it is: another gradient is the purpose"
        report = _without(report, passed, why)
    if report.ok:
        return Comparison(report, probes, None)
    if not truth.by_graph:
        note = "the forward pass cannot be followed as a graph: true gradients are by differences"
        return Comparison(replace(report, note=note), probes, None)
    doubtful = _doubtful(subject, report.gradients, probes[0])
    why = "not judged, since differences do not confirm the true gradient"
    return Comparison(_without(report, doubtful, why), probes, None)


def _without(report: BackwardReport, names: set[str], why: str) -> BackwardReport:
    """The report with no verdict on some gradients."""
    if not names:
        return report
    gradients = [replace(g, ok=None) if g.name in names else g for g in report.gradients]
    return replace(report, gradients=tuple(gradients), note=f"{why}: {', '.join(sorted(names))}")


def _flat(gradients: Sequence[Gradient], probes: Sequence[Probe]) -> set[str]:
    """Gradients that are returned although the true ones vanish: a choice of the author's, not a mistake."""
    return {
        g.name
        for g in gradients
        if g.ok is False and g.shape == g.expected_shape
        if not any(np.any(probe.truth.gradients[g.name]) for probe in probes)
    }


def _passed_on(
    gradients: Sequence[Gradient], runs: Sequence[Run], probes: Sequence[Probe]
) -> set[str]:
    """Inputs that are the result, unchanged: a rule for these is written to clip or turn the gradient."""
    return {
        g.name
        for g in gradients
        if g.ok is False
        if all(
            len(run.outputs) == 1 and np.array_equal(run.outputs[0], probe.inputs[g.name])
            for run, probe in zip(runs, probes, strict=True)
        )
    }


def _explained(subject: Subject, compared: Comparison) -> BackwardReport:
    """The report with the lines that are to blame."""
    report, probes, error = compared
    wrong = [g.name for g in report.gradients if g.ok is False]
    kept = [g.name for g in report.gradients if g.ok]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of programs that nobody has written
        found = blame(subject, probes, wrong, kept, right_of)
    if error is None or any(b.repaired for b in found):
        return replace(
            report, findings=tuple(findings_of(report, found, wrong, probes[0].truth.formulas))
        )
    line, source = line_of_error(subject, error)
    words = f"this raises {type(error).__name__}: {error}"
    return replace(
        report, findings=(Finding(line, wrong[0], "shape", ("shape",), source, "", words),)
    )


def _probe(subject: Subject, inputs: Inputs, seed: int) -> Probe:
    drawn = inputs.draw(seed)
    with np.errstate(all="ignore"):
        outputs = subject.results(drawn)
        upstreams = _upstreams(outputs, seed) if subject.takes_upstream else _ones(subject, outputs)
        return Probe(drawn, upstreams, truth_of(subject, drawn, upstreams))


def _upstreams(outputs: Sequence[Any], seed: int) -> list[Any]:
    """Upstream gradients, no two alike."""
    generator = np.random.default_rng(seed + 1000)
    found = []
    for y in outputs:
        g = generator.uniform(0.3, 1.4, np.shape(y)) * generator.choice((-1.0, 1.0), np.shape(y))
        found.append(g if np.ndim(y) else float(g))
    return found


def _ones(subject: Subject, outputs: Sequence[Any]) -> list[Any]:
    """The upstream gradient of a loss, which a backward pass need not be given."""
    if any(np.ndim(y) for y in outputs):
        raise ReadError(
            f"{subject.name}: the backward pass takes no upstream gradient, but the result is no number",
            hint="def backward(dout, cache): …",
        )
    return [1.0 for _ in outputs]


def _run(subject: Subject, probe: Probe, backward: Any = None) -> Run:
    with np.errstate(all="ignore"):
        return subject.run(
            probe.inputs, lambda _: [np.copy(g)[()] for g in probe.upstreams], backward
        )


def _gradient(
    subject: Subject, name: str, runs: Sequence[Run], probes: Sequence[Probe]
) -> Gradient:
    """One gradient at all probes; wrong if it is so at most of them."""
    expected = probes[0].truth.gradients[name].shape
    given = runs[0].gradients.get(name)
    if given is None:
        return Gradient(name, None, None, tuple(expected))
    shape = tuple(np.shape(given))
    if shape != tuple(expected):
        return Gradient(name, False, shape, tuple(expected))
    errors = [
        _error(run.gradients[name], probe.truth.gradients[name])
        for run, probe in zip(runs, probes, strict=True)
    ]
    limit = CLOSE if probes[0].truth.by_graph else 1e-4
    if str(np.asarray(given).dtype) == "float32":
        limit = ROUGH
    wrong = sum(error > limit for error in errors) > 1
    worst = int(np.argmax(errors))
    given, probe = runs[worst].gradients[name], probes[worst]
    example = (
        counterexample(subject, probe.inputs, probe.upstreams, name, given, probe.truth)
        if wrong
        else None
    )
    return Gradient(name, not wrong, shape, tuple(expected), float(errors[worst]), example)


def _error(given: Any, true: Any) -> float:
    given, true = np.asarray(given, np.float64), np.asarray(true, np.float64)
    if given.shape != true.shape:
        return float("inf")
    if not given.size:
        return 0.0
    off = np.max(np.abs(given - true))
    return float(off / max(float(np.max(np.abs(true))), 1e-8)) if np.isfinite(off) else float("inf")


def right_of(
    subject: Subject, probes: Sequence[Probe], backward: Any, names: Sequence[str]
) -> list[str]:
    """Those of some gradients that another backward pass returns right."""
    left = list(names)
    for probe in probes:
        limit = 10 * CLOSE if probe.truth.by_graph else 1e-4
        try:
            found = _run(subject, probe, backward).gradients
            true = probe.truth.gradients
            left = [n for n in left if n in found and _error(found[n], true[n]) <= limit]
        except Exception:  # a bent function may do and return anything
            return []
        if not left:
            break
    return left


def _doubtful(subject: Subject, gradients: Sequence[Gradient], probe: Probe) -> set[str]:
    """Gradients called wrong whose truth differences do not confirm."""
    names = [g.name for g in gradients if g.ok is False]
    few = {n: probe.inputs[n] for n in names}
    rest = {n: x for n, x in probe.inputs.items() if n not in few}
    try:
        with np.errstate(all="ignore"):
            found = by_differences(_with(subject, rest), few, probe.upstreams)
    except Exception:
        return set()
    return {n for n in names if _error(found[n], probe.truth.gradients[n]) > 1e-3}


def _with(subject: Subject, fixed: Mapping[str, Any]) -> Subject:
    return replace(subject, fixed={**subject.fixed, **fixed})
