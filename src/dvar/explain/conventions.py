"""What an explanation assumes, in sentences: layout, short names, values taken at kinks."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.core.node import topological
from dvar.explain.kinks import sentence
from dvar.explain.work import Work


def conventions(work: Work) -> tuple[str, ...]:
    """Only what this derivation makes use of."""
    return tuple(_sentences(work))


def _sentences(work: Work) -> Iterator[str]:
    problem = work.problem
    top, name = problem.numerator, problem.name
    if problem.has_own_upstream:
        seed = str(problem.seed.param("name"))
        yield f"{top} is a loss further on; {seed} = d{top}/d{name} is its upstream gradient."
    if work.codes:
        yield f"Short names: {_example(work)}, the whole gradient with respect to that variable."
    if any(unit.shape for unit in work.derivation.gradients):
        array = next(work.problem.labels[unit] for unit in work.derivation.gradients if unit.shape)
        yield f"Layout: d{top}/d{array} has the shape of {array}, an element for each of its elements."
        yield (
            "A local derivative of one array by another is written as it acts: "
            "factors place by place, or a product of matrices."
        )
    seen = set()
    for node in topological([problem.output]):
        for kink in node.op.kinks:
            if (node.op, kink.where) not in seen:
                seen.add((node.op, kink.where))
                yield sentence(node.op, kink)


def _example(work: Work) -> str:
    """``dz = dL/dz``, for the first value that has one."""
    for unit, code in work.codes.items():
        if unit is not work.problem.output:
            return f"{code} = {work.target(unit).text}"
    unit, code = next(iter(work.codes.items()))
    return f"{code} = {work.target(unit).text}"
