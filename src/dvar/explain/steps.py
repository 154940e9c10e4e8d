"""The chain rule as report data: seed, shares, and the sums of shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dvar.core.dims import show
from dvar.core.node import Node, topological
from dvar.core.op import Array, Linear
from dvar.derive.derivation import Local, Share, turned_round
from dvar.derive.sweep import ones_like
from dvar.explain.edges import LocalStep, kinks_hit
from dvar.explain.nodes import shape_of
from dvar.explain.problem import outside_domains
from dvar.explain.work import Work, once, share_of, sizes_in
from dvar.ops.arithmetic import multiply
from dvar.ops.contraction import matmul, outer
from dvar.ops.reduction import sum_to
from dvar.ops.shaping import transpose
from dvar.write import names, notation
from dvar.write.report import Formula, StepReport


def step_reports(work: Work, steps: Sequence[LocalStep]) -> tuple[StepReport, ...]:
    """Seed, then every share in the order of the sweep, each sum after the last of its shares."""
    reports = [_seed_report(work)]
    last = {step.share.wrt: n for n, step in enumerate(steps)}
    for n, step in enumerate(steps):
        wrt = step.share.wrt
        uses = work.derivation.uses(wrt)
        reports.append(_share_report(work, step, alone=len(uses) == 1))
        if n == last[wrt] and len(uses) > 1:
            reports.append(_total_report(work, wrt, uses))
    return tuple(reports)


def _seed_report(work: Work) -> StepReport:
    problem = work.problem
    # Not the label of the output, which is x where f = x.
    target = work.derivative(problem.numerator, problem.name)
    (value,) = problem.evaluate(problem.seed)
    symbolic = work.formula(problem.seed)
    reason = (
        f"the upstream gradient of {problem.name}, as given"
        if problem.has_own_upstream
        else f"every derivation starts with d{problem.name}/d{problem.name} = 1"
    )
    return StepReport(
        "seed", target, "upstream gradient", target, symbolic, symbolic, None, value,
        shape_of(problem.output), (reason,),
    )  # fmt: skip


def _share_report(work: Work, step: LocalStep, alone: bool) -> StepReport:
    problem, share = work.problem, step.share
    of, wrt = problem.labels[share.of], problem.labels[share.wrt]
    local = work.derivative(of, wrt)
    target = work.target(share.wrt)
    upstream = work.target(share.of)
    chain = local
    if share.of is not problem.output or problem.has_own_upstream:
        chain = Formula(f"{upstream.text} * {local.text}", rf"{upstream.latex} \cdot {local.latex}")
    expanded = _expanded(work, share, step.local)
    short = work.derivation.gradients[share.wrt] if alone else work.names.tidy(share.gradient)
    (value,) = problem.evaluate(short)
    return StepReport(
        kind="share",
        target=target,
        rule=_rule(share),
        chain=chain,
        expanded=work.formula(expanded),
        symbolic=unfolded(work, short),
        substituted=_numbers_in(work, share, expanded),
        value=value,
        shape=shape_of(share.wrt),
        reasons=(*_reasons(work, step), *_not_finite(work, step, value)),
    )


def unfolded(work: Work, node: Node) -> Formula:
    """A gradient's own formula even where it is otherwise carried by name."""
    labels = {x: n for x, n in work.labels.items() if x is not node or x in work.problem.labels}
    printed = {x: n for x, n in work.print_labels.items() if x in labels}
    return Formula(notation.text(once(node), labels), notation.latex(once(node), printed))


def _total_report(work: Work, wrt: Node, uses: Sequence[Share]) -> StepReport:
    problem = work.problem
    parts = [work.names.tidy(share.gradient) for share in uses]
    written = [work.formula(part) for part in parts]
    values = problem.evaluate(*parts)
    gradient = work.derivation.gradients[wrt]
    (value,) = problem.evaluate(gradient)
    numbers = None
    if all(v is not None and np.size(v) <= notation.LARGE for v in values):
        numbers = Formula(
            " + ".join(_bracketed(names.array(v)) for v in values),
            " + ".join(_bracketed(names.latex_array(v)) for v in values),
        )
    where = ", ".join(problem.labels[share.of] for share in uses)
    target = work.target(wrt)
    return StepReport(
        kind="total",
        target=target,
        rule="sum of the shares",
        chain=target,
        expanded=Formula(
            " + ".join(_bracketed(w.text) for w in written),
            " + ".join(_bracketed(w.latex) for w in written),
        ),
        symbolic=unfolded(work, gradient),
        substituted=numbers,
        value=value,
        shape=shape_of(wrt),
        reasons=(f"{problem.labels[wrt]} is used in {where}: its shares add up",),
    )


def _bracketed(written: str) -> str:
    return f"({written})" if written.startswith("-") else written


def _expanded(work: Work, share: Share, local: Local) -> Node:
    """Upstream times local derivative, written with ``dz`` for the upstream gradient."""
    upstream = work.symbols.get(share.of, share.upstream)
    if share.of is work.problem.output:
        upstream = work.problem.seed
    first = share.of is work.problem.output and not work.problem.has_own_upstream
    if first and local.kind in ("number", "gradient"):
        return local.node
    if local.kind == "left":
        return matmul(_turned(local.node), upstream)
    if local.kind == "right":
        return matmul(upstream, local.node)
    if local.kind == "outer":
        return outer(upstream, local.node)
    if local.kind == "map":
        return share_of(work, share, upstream)
    factor = once(local.node)
    if factor is ones_like(factor) and upstream.shape == share.of.shape and share.of.shape:
        return sum_to(upstream, share.wrt.shape)
    product = multiply(upstream, factor)
    # A scalar upstream of a sum goes to every element; there is nothing to sum.
    return product if product.ndim < share.wrt.ndim else sum_to(product, share.wrt.shape)


def _not_finite(work: Work, step: LocalStep, value: Array | None) -> list[str]:
    """Why a number is infinite or undefined: sqrt has a value at 0, and no slope there."""
    problem, local = work.problem, step.local.node
    if value is None or np.all(np.isfinite(value)) or problem.evaluate(local)[0] is None:
        return []
    nodes = [x for x in topological([local], set(problem.labels)) if x not in problem.labels]
    found = outside_domains(nodes, problem.labels, problem.values)
    return [message for _, message, _ in found][:1]


def _turned(node: Node) -> Node:
    """A matrix turned; one that is written ``w.T`` is turned back to ``w``, not to ``w.T.T``."""
    if node.ndim != 2:
        return node
    return node.inputs[0] if node.op is transpose and node.inputs[0].ndim == 2 else transpose(node)


def _numbers_in(work: Work, share: Share, expanded: Node) -> Formula | None:
    problem = work.problem
    if not problem.values:
        return None
    (upstream,) = problem.evaluate(share.upstream)
    if upstream is None:
        return None
    values = {x: problem.values[x] for x in problem.labels}
    if share.of in work.symbols:
        values[work.symbols[share.of]] = upstream
    if problem.has_own_upstream:
        (seed,) = problem.evaluate(problem.seed)
        if seed is not None:
            values[problem.seed] = seed
    for node in topological([expanded], set(values)):
        if node in work.by_name and node not in values:
            (value,) = problem.evaluate(node)
            if value is not None:
                values[node] = value
    values |= sizes_in(work, expanded)
    return Formula(*notation.substituted(expanded, values, work.labels))


def _rule(share: Share) -> str:
    """The rows used on the way, outermost first."""
    return ", ".join(dict.fromkeys(edge.node.op.name for edge in share.edges))


def _reasons(work: Work, step: LocalStep) -> list[str]:
    """Why a sum or a transpose appears, which value a kink takes, where elements went."""
    labels = work.problem.labels
    found: list[str] = []

    def called(node: Node) -> str:
        # Only where it is said: a long sum has thousands of edges and nothing to say of most.
        return labels.get(node) or notation.text(node, labels)

    for edge in step.share.edges:
        turned = turned_round(edge)
        if turned is not None and edge.node.op in (matmul, outer):
            found.append(
                f"{edge.node.op.name} is {turned[0]}; "
                f"turned round for {called(edge.target)}: {turned[1]}"
            )
        if edge.was_broadcast:
            found.append(
                f"{called(edge.target)} {show(edge.target.shape)} was repeated to {show(edge.spread.shape)}: "
                "each copy sends its share back, so they are summed"
            )
        if edge.node.op.name in ("sum", "mean") and edge.target.shape:
            found.append(
                f"{edge.node.op.name} sends its gradient to every element of {called(edge.target)}"
            )
        elif isinstance(edge.node.op.derivative, Linear) and edge.node.op.name in ROUTES:
            found.append(
                f"{edge.node.op.name}: each element's gradient goes back where it came from"
            )
    found += kinks_hit(work, step.share.edges)
    if len({id(e) for e in step.share.edges if e.target is step.share.wrt}) > 1:
        of = labels[step.share.of]
        found.append(f"{labels[step.share.wrt]} occurs more than once in {of}: its shares add up")
    return list(dict.fromkeys(found))


ROUTES = ("take", "take_along_axis", "getitem", "sort", "concatenate", "flip", "roll")
