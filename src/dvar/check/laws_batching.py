"""The law of batching: many examples at once are the examples one by one, and so are their gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dvar.check.cases import Sample, Values, case
from dvar.check.oracles import EXACT, close
from dvar.core.node import Node
from dvar.core.op import Array, Op, like
from dvar.derive.batch import batched
from dvar.derive.sweep import sweep
from dvar.engine.reference import evaluate

EXAMPLES = 4  # not the size of an axis in most samples, so that no axis is taken for another
Examples = Mapping[Node, Sequence[Array]]


def batching(op: Op, samples: Sequence[Sample]) -> str:
    """A row and its gradients with a leading axis on some operands, or on all, are the stacked results.

    With two more axes on all operands they are so too.
    """
    for sample in samples:
        it = case(op, sample)
        roots = [it.root]
        if it.root.is_float:
            found = sweep(it.root, it.random("u", it.root), it.wrt).gradients
            roots += [found[x] for x in it.wrt if x in found]
        operands = list(it.values)[: len(sample.shapes)]
        if not operands:
            continue
        generator = np.random.default_rng(1)
        columns = [
            dict(zip(operands, zip(*draws, strict=True), strict=True))
            for draws in (
                [sample.draw(op, generator) for _ in range(EXAMPLES)] for _ in ("once", "again")
            )
        ]
        for some in [operands] if len(operands) == 1 else [*([x] for x in operands), operands]:
            reason = _differs(it.values, roots, {x: columns[0][x] for x in some})
            if reason:
                names = ", ".join(str(x.param("name")) for x in some)
                return f"{reason}, with examples in {names} ({sample})"
        reason = _differs_again(it.values, roots, columns)
        if reason:
            return f"{reason}, with examples of examples ({sample})"
    return ""


def _many(x: Node, size: int) -> Node:
    return like(x, "many", (size, *x.shape))


def _differs_again(values: Values, roots: Sequence[Node], columns: Sequence[Examples]) -> str:
    given = {x: _many(x, EXAMPLES) for x in columns[0]}
    inner = [x for x in batched(roots, given, EXAMPLES) if x is not None]
    return _differs(
        values, inner, {m: [np.stack(column[x]) for column in columns] for x, m in given.items()}
    )


def _differs(values: Values, roots: Sequence[Node], examples: Examples) -> str:
    """Why the roots for all examples are not those of each; "" if they are."""
    size = len(next(iter(examples.values())))
    given = {x: _many(x, size) for x in examples}
    at_once = {**values, **{given[x]: np.stack(arrays) for x, arrays in examples.items()}}
    many = batched(roots, given, size)
    one_by_one = [
        evaluate(roots, {**values, **{x: arrays[n] for x, arrays in examples.items()}})
        for n in range(size)
    ]
    for k, (root, node) in enumerate(zip(roots, many, strict=True)):
        if node is None:
            continue
        (got,) = evaluate([node], at_once)
        want = np.stack([results[k] for results in one_by_one])
        if node.dtype != root.dtype or not close(got, want, EXACT):
            what = "the result" if k == 0 else "a gradient"
            return f"{what} of {size} examples is not that of each"
    return ""
