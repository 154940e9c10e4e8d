"""Numbers to compare gradients at, and returned gradients beside the true ones."""

from __future__ import annotations

import ast
import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from dvar.check.backward.report import Gradient
from dvar.check.backward.shapes import Inputs
from dvar.check.backward.source import source_of
from dvar.check.backward.subject import Arrays, Run, Subject
from dvar.check.backward.truth import Truth, by_differences, counterexample, truth_of
from dvar.core.errors import ReadError

CLOSE, ROUGH = 1e-6, 2e-3
"""How far a gradient may be off, relative to its largest element: in double precision, and where something
is rounded to single precision on the way."""

_SMALL = 1e-4
"""Numbers that only keep something from zero."""


class Probe(NamedTuple):
    """Numbers for everything, and the true gradients there."""

    inputs: Arrays
    upstreams: list[Any]
    truth: Truth


def probe_at(subject: Subject, inputs: Inputs, seed: int) -> Probe:
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


def run_at(subject: Subject, probe: Probe, backward: Any = None) -> Run:
    with np.errstate(all="ignore"):
        return subject.run(
            probe.inputs, lambda _: [np.copy(g)[()] for g in probe.upstreams], backward
        )


def gradient_of(
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
    limit = limit_of(subject, probes[0].truth)
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


def limit_of(subject: Subject, truth: Truth) -> float:
    """How far a gradient may be off: that of ``log(p + 1e-7)`` is written without the small number."""
    if not truth.by_graph:
        return 1e-4
    set_to = [x for x in subject.fixed.values() if isinstance(x, float) and 0 < x <= _SMALL]
    return max(CLOSE, min(50 * max([*set_to, _smallest(subject.forward)]), 5 * _SMALL))


@functools.lru_cache(64)
def _smallest(forward: Any) -> float:
    """The largest of the small numbers that a forward pass holds; 0 if there are none."""
    with suppress(ReadError):
        nodes = [n for piece in source_of(forward).pieces for n in ast.walk(piece.tree)]
        values = [n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) is float]
        return max((v for v in values if v <= _SMALL), default=0.0)
    return 0.0


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
        limit = max(10 * CLOSE, limit_of(subject, probe.truth))
        try:
            found = run_at(subject, probe, backward).gradients
            true = probe.truth.gradients
            left = [n for n in left if n in found and _error(found[n], true[n]) <= limit]
        except Exception:  # a bent function may do and return anything
            return []
        if not left:
            break
    return left


def doubtful(subject: Subject, gradients: Sequence[Gradient], probe: Probe) -> set[str]:
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


def flat(gradients: Sequence[Gradient], probes: Sequence[Probe]) -> set[str]:
    """Gradients that are returned although the true ones vanish: a choice of the author's, not a mistake."""
    return {
        g.name
        for g in gradients
        if g.ok is False and g.shape == g.expected_shape
        if not any(np.any(probe.truth.gradients[g.name]) for probe in probes)
    }


def passed_on(
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
