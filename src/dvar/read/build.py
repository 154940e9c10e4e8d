"""Syntax tree → graph.  The one door of both notations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dvar.core.errors import FormulaError
from dvar.core.graph import Graph
from dvar.core.node import Node
from dvar.core.op import VARIABLE
from dvar.read.evaluate import Evaluator
from dvar.read.extents import Extents
from dvar.read.scope import Program, add_values, collect, in_order
from dvar.read.shapes import declare_shapes
from dvar.read.steps import run
from dvar.read.syntax import Statement
from dvar.read.where import Places


def build(
    statements: Sequence[Statement],
    text: str,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    values: Mapping[str, Any] | None = None,
    file: str | None = None,
) -> Graph:
    """Make the graph that the statements describe.

    Args:
        statements: definitions and declarations; their spans point into ``text``.
        text: what was read, for messages.
        shapes: name → sizes of inputs, beside the declared ones.
        values: name → number or array of inputs.
        file: where the text came from.

    Raises:
        FormulaError: a name defined twice, a loop, an unknown function, wrong arguments.
        ShapeError: operands whose axes do not fit.
    """
    program = collect(statements, Places(text, file))
    declare_shapes(program, shapes or {})
    add_values(program, values)
    extents = Extents(program)
    evaluator = Evaluator(program, extents)
    for definition in in_order(program, extents.vectors):
        if not evaluator.is_template(definition):
            run(evaluator.define(definition))
    return _graph(program, evaluator)


def _graph(program: Program, evaluator: Evaluator) -> Graph:
    names = {
        program.shown(name): evaluator.made[name].node
        for name in program.definitions
        if name in evaluator.made
    }
    inputs = _inputs(program, evaluator)
    if names:
        last = next(reversed(names))
        outputs = {last: names[last]}
    elif inputs:
        last = next(reversed(inputs))
        outputs = {last: inputs[last]}
    else:
        raise FormulaError("nothing is computed here", hint="a formula such as f = (x + y)*z")
    keys = {program.shown(name): name for name in evaluator.inputs}
    values = {
        name: program.number_of(keys[name]) for name in inputs if program.has_number(keys[name])
    }
    return Graph(inputs, names, outputs, values, evaluator.sources, tuple(program.notes)).check()


def _inputs(program: Program, evaluator: Evaluator) -> dict[str, Node]:
    """Variables in the order in which their names first appear."""
    for name in (*program.given, *program.values):
        if name in program.definitions or name in evaluator.sized or name not in program.spelling:
            continue
        evaluator.input(name)  # given, though nothing uses it
    for name in program.declared:
        unused = name not in evaluator.inputs and name not in program.definitions
        if unused and name not in program.letters:
            program.note(f"{program.shown(name)} is declared but not used")
    order = {name: n for n, name in enumerate(program.spans)}
    found = sorted(evaluator.inputs, key=lambda name: order.get(name, len(order)))
    inputs = {program.shown(name): evaluator.inputs[name] for name in found}
    assert all(node.op is VARIABLE for node in inputs.values())
    return inputs
