"""The local derivatives as report data: what stands on the edges of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from dvar.core.node import Node
from dvar.derive.derivation import Local, Share, local_derivatives
from dvar.derive.sweep import Edge
from dvar.explain.kinks import sentence
from dvar.explain.work import Work
from dvar.write import names
from dvar.write.report import EdgeReport, Formula

_NOTES = {
    "elementwise": "elementwise: the diagonal of the Jacobian",
    "left": "Jacobian: the gradient is its transpose times the upstream gradient",
    "right": "the gradient is the upstream gradient times this",
    "outer": "the gradient is the outer product of the upstream gradient and this",
    "map": "linear map of the upstream gradient g",
}


@dataclass(frozen=True)
class LocalStep:
    """A share together with its local derivative."""

    share: Share
    local: Local
    report: EdgeReport


def local_steps(work: Work, wanted: set[Node]) -> list[LocalStep]:
    """The local derivative of every share whose target, or a value on its way to one, is wanted."""
    units = set(work.problem.labels)
    steps = []
    shares = [share for share in work.derivation.shares if share.wrt in wanted]
    for of, group in groupby(shares, lambda share: share.of):
        together = list(group)
        local = local_derivatives(of, [share.wrt for share in together], units)
        for share in together:
            report = _edge_report(work, share, local[share.wrt])
            steps.append(LocalStep(share, local[share.wrt], report))
    return steps


def _edge_report(work: Work, share: Share, local: Local) -> EdgeReport:
    labels = work.problem.labels
    of, wrt = labels[share.of], labels[share.wrt]
    (value,) = (None,) if local.kind == "map" else work.problem.evaluate(local.node)
    note = _NOTES.get(local.kind) if share.of.shape or share.wrt.shape else None
    if local.repeated:
        note = f"{note}; {wrt} was repeated, so its share is summed"
    return EdgeReport(
        of=Formula(of, names.latex_name(of)),
        wrt=Formula(wrt, names.latex_name(wrt)),
        label=work.derivative(of, wrt),
        symbolic=work.formula(local.node),
        value=value,
        note=note,
        kink=" ".join(kinks_hit(work, share.edges)) or None,
    )


def kinks_hit(work: Work, edges: Sequence[Edge]) -> list[str]:
    """What is taken where a value lies on a point without a derivative."""
    values = work.problem.values
    found = []
    for edge in edges:
        arrays = [values[x] for x in edge.node.inputs] if values else []
        for kink in edge.node.op.kinks:
            if values and np.any(kink.hit(*arrays, **dict(edge.node.params))):
                found.append(sentence(edge.node.op, kink))
    return list(dict.fromkeys(found))
