"""Syntax tree → graph.  The one door of both notations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dvar.core.dims import Shape
from dvar.core.errors import DvarError, FormulaError
from dvar.core.graph import Graph
from dvar.core.node import Node
from dvar.core.op import VARIABLE
from dvar.read import syntax as s
from dvar.read.build.entries import with_entries
from dvar.read.build.evaluate import Evaluator
from dvar.read.build.examples import OpenExamples, with_examples
from dvar.read.build.extents import Extents
from dvar.read.build.indices import RangeClash
from dvar.read.build.scope import Program, add_values, collect, in_order, spell_by_elements
from dvar.read.steps import run
from dvar.read.syntax import Expr, Statement, canonical
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
    try:
        statements, remarks = with_entries(statements, {*(shapes or ()), *(values or ())})
    except RecursionError:
        remarks = []  # nested so deeply that no name is worth a look
    try:
        graph = _built(statements, text, shapes, values, file)
    except OpenExamples as open_:
        try:
            again = with_examples(statements, open_) if open_.data else []
            graph = _built(again, text, shapes, values, file, open_.name)
        except (DvarError, RecursionError):
            raise open_ from None
        graph = replace(graph, notes=(*graph.notes, open_.note))
    return replace(graph, notes=(*remarks, *graph.notes))


def _built(
    statements: Sequence[Statement],
    text: str,
    shapes: Mapping[str, Sequence[int | str]] | None,
    values: Mapping[str, Any] | None,
    file: str | None,
    single: str = "",
    made: Mapping[str, Shape] | None = None,
) -> Graph:
    program = collect(statements, Places(text, file))
    program.single |= {single}
    declare_shapes(program, shapes or {})
    add_values(program, values)
    extents = Extents(program, made)
    evaluator = Evaluator(program, extents)
    try:
        for definition in in_order(program, extents.vectors):
            if not evaluator.is_template(definition):
                run(evaluator.define(definition))
    except RangeClash:
        # The range of p_k = e^{z_k} is that of z, and how large z is turns out when it is made.
        known = {name: v.node.shape for name, v in evaluator.made.items() if not v.letters}
        if known == made:
            raise
        return _built(statements, text, shapes, values, file, single, known)
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


def about_its_end(graph: Graph) -> Graph:
    """Notes are often written top down, the loss first: the output is what nothing else uses."""
    used = {x for node in graph.nodes for x in node.inputs}
    ends = [name for name, node in graph.names.items() if node not in used]
    if graph.output[1] not in used or not ends:
        return graph
    return replace(graph, outputs={ends[-1]: graph.names[ends[-1]]})


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


# ── shapes that come beside the text ────────────────────────────────────────────────────────────


def declare_shapes(program: Program, shapes: Mapping[str, Sequence[int | str]]) -> None:
    """Add shapes from the caller to the declared ones; the caller's go before the text's."""
    for spelled, shape in shapes.items():
        stem, _, letter = spelled.rpartition("_")
        name = canonical(spelled)
        if stem and letter in program.letters and canonical(stem) in program.indexed:
            name = canonical(stem)
            program.examples[name] = letter
        if name not in program.spelling:
            spell_by_elements(program, name, spelled)
        program.spelling.setdefault(name, spelled)
        program.declared[name] = tuple(e for size in _sizes(shape) for e in _size(size))


def _sizes(shape: Sequence[int | str]) -> Sequence[int | str]:
    return [shape] if isinstance(shape, str) else shape


def _size(size: int | str) -> tuple[Expr, ...]:
    if isinstance(size, str):
        from dvar.read.text.formula import read_shape

        return read_shape(size)
    if isinstance(size, bool) or not hasattr(size, "__index__") or size < 0:
        raise FormulaError(f"{size!r} is no size", hint="whole numbers and names: (3, 'm')")
    return (s.Number(int(size), (0, 0)),)
