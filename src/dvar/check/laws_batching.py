"""The law of batching: many examples at once are the examples one by one, and so are their gradients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dvar.check.cases import Case, Sample, case
from dvar.check.oracles import EXACT, close
from dvar.core.node import Node
from dvar.core.op import Array, Op, variable
from dvar.derive.batch import batched
from dvar.derive.sweep import sweep
from dvar.engine.reference import evaluate

EXAMPLES = 4  # not the size of an axis in most samples, so that no axis is taken for another


def batching(op: Op, samples: Sequence[Sample]) -> str:
    """A row and its gradients with a leading axis on some operands, or on all, are the stacked results."""
    for sample in samples:
        it = case(op, sample)
        roots = [it.root]
        if it.root.is_float:
            found = sweep(it.root, it.random("u", it.root), it.wrt).gradients
            roots += [found[x] for x in it.wrt if x in found]
        generator = np.random.default_rng(1)
        draws = [sample.draw(op, generator) for _ in range(EXAMPLES)]
        operands = list(it.values)[: len(sample.shapes)]
        columns = dict(zip(operands, zip(*draws, strict=True), strict=True))
        chosen = [operands] if len(operands) == 1 else [*([x] for x in operands), operands]
        for some in chosen if operands else []:
            reason = _differs(it, roots, {x: columns[x] for x in some})
            if reason:
                names = ", ".join(str(x.param("name")) for x in some)
                return f"{reason}, with examples in {names} ({sample})"
    return ""


def _differs(it: Case, roots: Sequence[Node], examples: dict[Node, Sequence[Array]]) -> str:
    given = {
        x: variable(f"many {x.param('name')}", (EXAMPLES, *x.shape), x.dtype) for x in examples
    }
    values = {**it.values, **{given[x]: np.stack(arrays) for x, arrays in examples.items()}}
    many = batched(roots, given, EXAMPLES)
    one_by_one = [
        evaluate(roots, {**it.values, **{x: arrays[n] for x, arrays in examples.items()}})
        for n in range(EXAMPLES)
    ]
    for k, (root, node) in enumerate(zip(roots, many, strict=True)):
        if node is None:
            continue
        (got,) = evaluate([node], values)
        want = np.stack([results[k] for results in one_by_one])
        if node.dtype != root.dtype or not close(got, want, EXACT):
            what = "the result" if k == 0 else "a gradient"
            return f"{what} of {EXAMPLES} examples is not that of each"
    return ""
