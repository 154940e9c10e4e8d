"""What an explanation assumes, in sentences: layout, short names, values taken at kinks."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.core.node import topological
from dvar.explain.work import Work
from dvar.write import names


def conventions(work: Work) -> tuple[str, ...]:
    """Only what this derivation makes use of."""
    return tuple(_sentences(work))


def _sentences(work: Work) -> Iterator[str]:
    problem = work.problem
    top, name = problem.numerator, problem.name
    if problem.has_own_upstream:
        seed = str(problem.seed.param("name"))
        yield f"{top} is a loss further on; {seed} = d{top}/d{name} is its upstream gradient."
    yield f"Short names: {_example(work)} stands for the whole gradient with respect to that variable."
    if any(unit.shape for unit in work.derivation.gradients):
        yield (
            f"Layout: a gradient has the shape of its variable; d{top}/dW[i,j] is the derivative "
            "with respect to W[i,j]. A local derivative of one array by another is written as it "
            "acts: elementwise factors are multiplied place by place, matrices are multiplied."
        )
    seen = set()
    for node in topological([problem.output]):
        for kink in node.op.kinks:
            if (node.op, kink.where) not in seen:
                seen.add((node.op, kink.where))
                low, high = names.number(kink.admissible[0]), names.number(kink.admissible[1])
                yield (
                    f"{node.op.name} has no derivative where {kink.where}; dvar takes "
                    f"{names.number(kink.taken)} there ({kink.reason}); any value in "
                    f"[{low}, {high}] is right."
                )


def _example(work: Work) -> str:
    """``dz = dL/dz``, for the first value that has one."""
    for unit, code in work.codes.items():
        if unit is not work.problem.output:
            return f"{code} = {work.target(unit).text}"
    unit, code = next(iter(work.codes.items()))
    return f"{code} = {work.target(unit).text}"
