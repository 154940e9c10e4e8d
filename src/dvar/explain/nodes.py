"""The forward pass as report data: every named value, with its gradient."""

from __future__ import annotations

import numpy as np

from dvar.core.node import Node
from dvar.explain.elements import element_formulas
from dvar.explain.work import Work, once, sizes_in
from dvar.write import names, notation
from dvar.write.page import listed
from dvar.write.report import Formula, Gradient, NodeReport, Shape


def shape_of(node: Node) -> Shape:
    return tuple(size if isinstance(size, int) else str(size) for size in node.shape)


def node_reports(work: Work, wanted: set[Node]) -> tuple[NodeReport, ...]:
    """Every named value, inputs first, aliases included."""
    problem = work.problem
    graph = problem.graph
    reports = [_node_report(work, name, node, wanted) for name, node in graph.inputs.items()]
    for name, node in graph.names.items():
        if graph.inputs.get(name) is not node:
            reports.append(_node_report(work, name, node, wanted))
    return tuple(reports)


def _node_report(work: Work, name: str, node: Node, wanted: set[Node]) -> NodeReport:
    problem = work.problem
    own = problem.labels.get(node, name)
    is_input = problem.graph.inputs.get(name) is node
    (value,) = problem.evaluate(node)
    kind = "input" if is_input else "output" if name == problem.name else "intermediate"
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
    values |= sizes_in(work, node)
    return Formula(*notation.substituted(node, values, work.problem.labels))


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
    written = once(gradient)
    symbolic = Formula(notation.text(written, shown), notation.latex(written, printed))
    elements = element_formulas(work.problem, gradient)
    if isinstance(elements, list):  # a list may say it in fewer words: [d[2], d[0], d[1]]
        symbolic = min(symbolic, listed(elements), key=lambda formula: len(formula.text))
    return Gradient(label, symbolic, value, elements)
