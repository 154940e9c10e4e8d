"""Problem → the forward pass, the local derivatives and the chain-rule steps, as report data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dvar.core.dims import show
from dvar.core.node import Node, topological
from dvar.core.op import SIZE, Array, Kink, Linear, variable
from dvar.derive.derivation import (
    Derivation,
    Local,
    Share,
    derive,
    local_derivative,
    operand_units,
    turned_round,
)
from dvar.derive.sweep import Edge, ones_like, sweep
from dvar.derive.tidy import tidy
from dvar.explain.elements import element_formulas
from dvar.explain.problem import Problem
from dvar.ops.arithmetic import multiply
from dvar.ops.contraction import matmul, outer
from dvar.ops.reduction import sum_to
from dvar.ops.shaping import broadcast_to, transpose
from dvar.write import names, notation
from dvar.write.report import EdgeReport, Formula, Gradient, NodeReport, Shape, StepReport

# A gradient with more operations than this is carried on by its name: dZ2, not its formula.
CARRIED_BY_NAME = 40


@dataclass
class Work:
    """One explanation in the making: the derivation and the names of its gradients.

    Attributes:
        problem: the question.
        derivation: gradients and shares, tidied as they are carried back.
        atoms: nodes that formulas do not look into: units, and gradients carried by name.
        codes: unit → ``dz``, short for the whole ``dL/dz``.
        symbols: unit → a variable of that name, to write ``dz`` in formulas.
    """

    problem: Problem
    derivation: Derivation
    atoms: list[Node]
    codes: dict[Node, str]
    symbols: dict[Node, Node]
    by_name: dict[Node, str] = field(default_factory=dict)

    @property
    def labels(self) -> dict[Node, str]:
        """Names of values, of gradients carried by name, and of symbols."""
        symbols = {symbol: self.codes[unit] for unit, symbol in self.symbols.items()}
        return {**symbols, **self.by_name, **self.problem.labels}

    def formula(self, node: Node) -> Formula:
        return Formula(notation.text(node, self.labels), notation.latex(node, self.print_labels))

    @property
    def print_labels(self) -> dict[Node, str]:
        """As ``labels``, with gradients written as derivatives: for LaTeX."""
        top = self.problem.numerator
        derivative = {unit: f"d{top}/d{name}" for unit, name in self.problem.labels.items()}
        symbols = {symbol: derivative[unit] for unit, symbol in self.symbols.items()}
        carried = {
            self.derivation.gradients[unit]: derivative[unit]
            for unit in self.symbols
            if self.derivation.gradients[unit] in self.by_name
        }
        return {**symbols, **carried, **self.problem.labels}

    def derivative(self, of: str, wrt: str) -> Formula:
        name = f"d{of}/d{wrt}"
        return Formula(name, names.latex_name(name))

    def target(self, unit: Node) -> Formula:
        return self.derivative(self.problem.numerator, self.problem.labels[unit])


def work_on(problem: Problem) -> Work:
    """Differentiate, tidying every gradient before it is carried on."""
    atoms = [*problem.labels]
    if problem.has_own_upstream:
        atoms.append(problem.seed)
    units = set(problem.labels)

    def simplify(gradient: Node) -> Node:
        short = tidy(gradient, atoms)
        if len(topological([short], {*units, *atoms})) > CARRIED_BY_NAME:
            atoms.append(short)
        return short

    derivation = derive(problem.output, units, problem.seed, simplify)
    codes = _code_names(problem, derivation)
    symbols = {
        unit: variable(codes[unit], unit.shape, unit.dtype, key=-3)
        for unit in derivation.gradients
        if unit in codes
    }
    by_name = {
        derivation.gradients[unit]: codes[unit]
        for unit in symbols
        if derivation.gradients[unit] in atoms and derivation.gradients[unit] not in units
    }
    return Work(problem, derivation, atoms, codes, symbols, by_name)


def _code_names(problem: Problem, derivation: Derivation) -> dict[Node, str]:
    """``dz`` for dL/dz; the longer ``dL_dz`` where a user's own name is ``dz``."""
    taken = set(problem.labels.values())
    if problem.has_own_upstream:
        taken.add(str(problem.seed.param("name")))
    codes = {}
    for unit in derivation.gradients:
        name = problem.labels.get(unit)
        if name is not None:
            short = f"d{name}"
            codes[unit] = short if short not in taken else f"d{problem.numerator}_d{name}"
    if problem.has_own_upstream and problem.output in codes:
        codes[problem.output] = str(problem.seed.param("name"))
    return codes


# ── nodes ───────────────────────────────────────────────────────────────────────────────────────


def shape_of(node: Node) -> Shape:
    return tuple(size if isinstance(size, int) else str(size) for size in node.shape)


def node_reports(work: Work, wanted: set[Node]) -> tuple[NodeReport, ...]:
    """Every named value, inputs first, aliases included."""
    problem = work.problem
    graph = problem.graph
    reports = [_node_report(work, name, node, wanted) for name, node in graph.inputs.items()]
    for name, node in graph.names.items():
        if node not in graph.inputs.values():
            reports.append(_node_report(work, name, node, wanted))
    return tuple(reports)


def _node_report(work: Work, name: str, node: Node, wanted: set[Node]) -> NodeReport:
    problem = work.problem
    own = problem.labels.get(node, name)
    is_input = node in problem.graph.inputs.values()
    (value,) = problem.evaluate(node)
    kind = "input" if is_input else "output" if node is problem.output else "intermediate"
    if is_input or own == name:
        expression = Formula(*notation.definition(node, problem.labels))
    else:  # an alias
        expression = Formula(own, names.latex_name(own))
    if is_input:
        expression = Formula(name, names.latex_name(name))
    return NodeReport(
        name=Formula(name, names.latex_name(name)),
        kind=kind,
        expression=expression,
        substituted=None if is_input or own != name else _forward_numbers(work, node),
        shape=shape_of(node),
        value=value,
        gradient=_gradient(work, name, node) if node in wanted and node.is_float else None,
    )


def _forward_numbers(work: Work, node: Node) -> Formula | None:
    if not work.problem.values:
        return None
    values = {x: work.problem.values[x] for x in work.problem.labels if x is not node}
    values |= _sizes_in(work, node)
    return Formula(*notation.substituted(node, values))


def _gradient(work: Work, name: str, node: Node) -> Gradient:
    problem = work.problem
    label = work.derivative(problem.numerator, name)
    gradient = work.derivation.gradients.get(node)
    if gradient is None:
        zero = None if not problem.values else np.zeros(np.shape(problem.values[node]))
        return Gradient(label, Formula("0", "0"), zero)
    (value,) = problem.evaluate(gradient)
    shown = {**work.labels}
    shown.pop(gradient, None)
    printed = {**work.print_labels}
    if gradient not in problem.labels:
        printed.pop(gradient, None)
    else:
        shown[gradient] = printed[gradient] = problem.labels[gradient]
    symbolic = Formula(notation.text(gradient, shown), notation.latex(gradient, printed))
    return Gradient(label, symbolic, value, element_formulas(work.problem, gradient))


# ── edges ───────────────────────────────────────────────────────────────────────────────────────

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
    steps = []
    for share in work.derivation.shares:
        if share.wrt in wanted:
            local = local_derivative(share.of, share.wrt, [*work.problem.labels])
            steps.append(LocalStep(share, local, _edge_report(work, share, local)))
    return steps


def _edge_report(work: Work, share: Share, local: Local) -> EdgeReport:
    labels = work.problem.labels
    of, wrt = labels[share.of], labels[share.wrt]
    (value,) = (None,) if local.kind == "map" else work.problem.evaluate(local.node)
    note = _NOTES.get(local.kind) if share.of.shape or share.wrt.shape else None
    if local.repeated:
        note = f"{note}; {wrt} was repeated, so its share is summed"
    symbolic = local.node
    if symbolic.op is broadcast_to and not symbolic.inputs[0].shape:
        (symbolic,) = symbolic.inputs  # ones in a shape are written as 1
    return EdgeReport(
        of=Formula(of, names.latex_name(of)),
        wrt=Formula(wrt, names.latex_name(wrt)),
        label=work.derivative(of, wrt),
        symbolic=work.formula(symbolic),
        value=value,
        note=note,
        kink=" ".join(_kinks(work, share.edges)) or None,
    )


def _kinks(work: Work, edges: Sequence[Edge]) -> list[str]:
    """What is taken where a value lies on a point without a derivative."""
    values = work.problem.values
    found = []
    for edge in edges:
        for kink in edge.node.op.kinks:
            if values and np.any(_hits(kink, edge.node, values)):
                low, high = kink.admissible
                found.append(
                    f"{edge.node.op.name} has no derivative where {kink.where}: dvar takes "
                    f"{names.number(kink.taken)}, any value in [{names.number(low)}, "
                    f"{names.number(high)}] is right."
                )
    return list(dict.fromkeys(found))


def _hits(kink: Kink, node: Node, values: Mapping[Node, Array]) -> Array:
    arrays = [values[x] for x in node.inputs]
    try:
        return np.asarray(kink.hit(*arrays, **dict(node.params)))
    except TypeError:  # a kink that does not depend on the parameters
        return np.asarray(kink.hit(*arrays))


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


def step_reports(work: Work, steps: Sequence[LocalStep]) -> tuple[StepReport, ...]:
    """Seed, then every share in the order of the sweep, each sum after the last of its shares."""
    reports = [_seed_report(work)]
    for n, step in enumerate(steps):
        wrt = step.share.wrt
        uses = work.derivation.uses(wrt)
        reports.append(_share_report(work, step, alone=len(uses) == 1))
        last = all(later.share.wrt is not wrt for later in steps[n + 1 :])
        if last and len(uses) > 1:
            reports.append(_total_report(work, wrt, uses))
    return tuple(reports)


def _seed_report(work: Work) -> StepReport:
    problem = work.problem
    target = work.target(problem.output)
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
    short = work.derivation.gradients[share.wrt] if alone else tidy(share.gradient, work.atoms)
    (value,) = problem.evaluate(short)
    return StepReport(
        kind="share",
        target=target,
        rule=_rule(share),
        chain=chain,
        expanded=work.formula(expanded),
        symbolic=_unfolded(work, short),
        substituted=_numbers_in(work, share, expanded),
        value=value,
        shape=shape_of(share.wrt),
        reasons=tuple(_reasons(work, step)),
    )


def _unfolded(work: Work, node: Node) -> Formula:
    """A gradient's own formula even where it is otherwise carried by name."""
    labels = {x: n for x, n in work.labels.items() if x is not node or x in work.problem.labels}
    printed = {x: n for x, n in work.print_labels.items() if x in labels}
    return Formula(notation.text(node, labels), notation.latex(node, printed))


def _total_report(work: Work, wrt: Node, uses: Sequence[Share]) -> StepReport:
    problem = work.problem
    parts = [tidy(share.gradient, work.atoms) for share in uses]
    written = [work.formula(part) for part in parts]
    values = problem.evaluate(*parts)
    gradient = work.derivation.gradients[wrt]
    (value,) = problem.evaluate(gradient)
    numbers = None
    if all(v is not None for v in values):
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
        symbolic=_unfolded(work, gradient),
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
        factor = transpose(local.node) if local.node.ndim == 2 else local.node
        return matmul(factor, upstream)
    if local.kind == "right":
        return matmul(upstream, local.node)
    if local.kind == "outer":
        return outer(upstream, local.node)
    if local.kind == "map":
        return share_of(work, share, upstream)
    factor = local.node
    if factor.op is broadcast_to and not factor.inputs[0].shape:
        (factor,) = factor.inputs
    if factor is ones_like(factor) and upstream.shape == share.of.shape and share.of.shape:
        return sum_to(upstream, share.wrt.shape)
    return sum_to(multiply(upstream, factor), share.wrt.shape)


def share_of(work: Work, share: Share, upstream: Node) -> Node:
    """The share for another way of writing the upstream gradient."""
    operands = operand_units(share.of, set(work.problem.labels))
    result = sweep(share.of, upstream, [share.wrt], operands).gradients[share.wrt]
    return tidy(result, [*work.atoms, upstream])


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
    return Formula(*notation.substituted(expanded, {**values, **_sizes_in(work, expanded)}))


def _sizes_in(work: Work, node: Node) -> dict[Node, Array]:
    """The numbers of named sizes, to be put in like any other."""
    sizes = [x for x in topological([node]) if x.op is SIZE]
    found = work.problem.evaluate(*sizes)
    return {x: value for x, value in zip(sizes, found, strict=True) if value is not None}


def _rule(share: Share) -> str:
    """The rows used on the way, outermost first."""
    return ", ".join(dict.fromkeys(edge.node.op.name for edge in share.edges))


def _reasons(work: Work, step: LocalStep) -> list[str]:
    """Why a sum or a transpose appears, which value a kink takes, where elements went."""
    labels = work.problem.labels
    found: list[str] = []
    for edge in step.share.edges:
        name = labels.get(edge.target) or notation.text(edge.target, labels)
        turned = turned_round(edge)
        if turned is not None and edge.node.op in (matmul, outer):
            found.append(
                f"{edge.node.op.name} is {turned[0]}; turned round for {name}: {turned[1]}"
            )
        if edge.was_broadcast:
            found.append(
                f"{name} {show(edge.target.shape)} was repeated to {show(edge.spread.shape)}: "
                "each copy sends its share back, so they are summed"
            )
        if edge.node.op.name in ("sum", "mean") and edge.target.shape:
            found.append(f"{edge.node.op.name} sends its gradient to every element of {name}")
        elif isinstance(edge.node.op.derivative, Linear) and edge.node.op.name in ROUTES:
            found.append(
                f"{edge.node.op.name}: each element's gradient goes back where it came from"
            )
    found += _kinks(work, step.share.edges)
    if len({id(e) for e in step.share.edges if e.target is step.share.wrt}) > 1:
        of = labels[step.share.of]
        found.append(f"{labels[step.share.wrt]} occurs more than once in {of}: its shares add up")
    return list(dict.fromkeys(found))


ROUTES = ("take", "take_along_axis", "getitem", "sort", "concatenate", "flip", "roll")
