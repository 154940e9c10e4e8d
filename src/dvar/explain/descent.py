"""Gradient descent by hand: update the parameters, run forward again, write a table of epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dvar.core.errors import FormulaError, MissingValue, ShapeError
from dvar.core.node import Node
from dvar.core.op import Array
from dvar.engine.reference import Environment, evaluate_into
from dvar.explain.problem import nearest
from dvar.explain.work import Work
from dvar.write import names
from dvar.write.report import Descent, Formula, UpdateReport


def descend(work: Work, learning_rate: float, epochs: int, update: Sequence[str] | None) -> Descent:
    """Epochs of gradient descent with the gradients of this derivation.

    Args:
        work: a derivation with numbers.
        learning_rate: step length.
        epochs: forward passes to show; there is one update fewer.
        update: names of the parameters.

    Raises:
        FormulaError: no parameters named, or a name that is no input.
        MissingValue: the problem has no numbers.
        ShapeError: the output is not a scalar loss.
    """
    problem = work.problem
    inputs = problem.graph.inputs
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise FormulaError(
            f"the learning rate is {learning_rate:g}; descent needs a positive number",
            hint="--learning-rate 0.1",
        )
    if not update:
        raise FormulaError(
            "gradient descent needs to know what to update",
            hint="--update w1,w2 (inputs: " + ", ".join(inputs) + ")",
        )
    for name in update:
        if name not in inputs:
            close = nearest(name, list(inputs))
            hint = f"did you mean {close}?" if close else "one of " + ", ".join(inputs)
            raise FormulaError(f"{name} is not an input, so it cannot be updated", hint=hint)
    if not problem.values:
        missing = ", ".join(inputs)
        raise MissingValue("gradient descent needs numbers", hint=f"a value for each of {missing}")
    if problem.output.shape or problem.has_own_upstream:
        raise ShapeError(f"gradient descent needs a scalar loss, and {problem.name} is none")
    parameters = {name: inputs[name] for name in update}
    shown = {**parameters, **problem.graph.names}
    state = {node: problem.values[node] for node in inputs.values()}
    rows = []
    first: list[UpdateReport] = []
    for epoch in range(max(1, epochs)):
        values, gradients = _forward_backward(work, state, parameters)
        rows.append(tuple(np.array(values[node]) for node in shown.values()))
        for name, node in parameters.items():
            state[node] = np.asarray(state[node] - learning_rate * gradients[name], node.dtype)
        if epoch == 0:
            first = [
                _update_report(
                    work, name, values[node], gradients[name], learning_rate, state[node]
                )
                for name, node in parameters.items()
            ]
    columns = tuple(Formula(name, names.latex_name(name)) for name in shown)
    return Descent(learning_rate, tuple(first), columns, tuple(rows))


def _forward_backward(
    work: Work, state: Mapping[Node, Array], parameters: Mapping[str, Node]
) -> tuple[Environment, dict[str, Array]]:
    environment: Environment = dict(state)
    gradients = {n: work.derivation.gradients.get(node) for n, node in parameters.items()}
    roots = [g for g in gradients.values() if g is not None]
    shown = [*work.problem.graph.names.values(), work.problem.output]
    evaluate_into(environment, [*shown, *roots], work.problem.sizes)
    return environment, {
        n: np.zeros(()) if g is None else environment[g] for n, g in gradients.items()
    }


def _update_report(
    work: Work, name: str, old: Array, gradient: Array, rate: float, new: Array
) -> UpdateReport:
    used = set(work.problem.labels.values())
    rate_name = next(n for n in ("alpha", "eta", "learning_rate") if n not in used)
    derivative = work.derivative(work.problem.numerator, name)
    step = names.array(gradient)
    step = f"({step})" if step.startswith("-") else step
    step_latex = names.latex_array(gradient)
    step_latex = f"({step_latex})" if step_latex.startswith("-") else step_latex
    return UpdateReport(
        name=Formula(name, names.latex_name(name)),
        rule=Formula(
            f"{name} - {rate_name} * {derivative.text}",
            rf"{names.latex_name(name)} - {names.latex_name(rate_name)} \, {derivative.latex}",
        ),
        substituted=Formula(
            f"{names.array(old)} - {names.number(rate)} * {step}",
            rf"{names.latex_array(old)} - {names.latex_number(rate)} \cdot {step_latex}",
        ),
        value=new,
    )
