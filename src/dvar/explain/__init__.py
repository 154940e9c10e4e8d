"""Explain: a computation → its derivative with every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dvar.core.errors import FormulaError
from dvar.core.graph import Graph
from dvar.core.node import Node, topological
from dvar.explain.conventions import conventions
from dvar.explain.descent import descend
from dvar.explain.edges import local_steps
from dvar.explain.elements import element_report, parse_element
from dvar.explain.explanation import Explanation
from dvar.explain.inner import inner_programs
from dvar.explain.nodes import node_reports
from dvar.explain.problem import LEVELS, Problem, names_in, nearest, pose, with_numbers
from dvar.explain.programs import programs
from dvar.explain.steps import step_reports
from dvar.explain.work import Work, work_on
from dvar.write.names import latex_name
from dvar.write.report import ElementReport, Formula, Report

__all__ = ["Explanation", "explain"]

# A page about more than this helps nobody, and takes longer than anybody waits.
MOST_VALUES = 500
MOST_OPERATIONS = 12_000


def explain(
    subject: str | Callable[..., Any] | Graph,
    *args: Any,
    at: Mapping[str, Any] | None = None,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    wrt: str | Sequence[str] | None = None,
    of: str | None = None,
    upstream: Any = None,
    level: str = "steps",
    learning_rate: float | None = None,
    epochs: int = 2,
    update: Sequence[str] | None = None,
    examples: str | None = None,
) -> Explanation:
    """Differentiate a computation and show every step.

    Args:
        subject: formula text (``"q = x + y; f = q*z"``), LaTeX, or a function in plain NumPy.
        *args: example arguments of a function (arrays or numbers).
        at: values of inputs by name; none at all works with names only.
        shapes: shapes of inputs by name, sizes as numbers or names: ``{"W": (3, "m")}``.
        wrt: names whose derivatives are wanted, also single elements (``"W1[0,0]"``); all if None.
        of: the name to differentiate; the last definition if None.
        upstream: gradient of a loss further on with respect to the output: a number, an array or a
            name (``"d"``); 1 for a scalar output if None.
        level: ``summary``, ``steps`` or ``gates`` (every primitive operation).
        learning_rate: adds gradient descent: updates and a table of epochs.
        epochs: rows of that table; the first is the forward pass before any update.
        update: the parameters that are updated; all inputs in ``wrt`` if None.
        examples: the name of the axis of examples (``"m"``): adds the loop over them and the vectorised
            form as code, side by side, with their cost.

    Returns:
        An Explanation: ``.values``, ``.gradients``, ``.formulas``, ``.to_text()``, ``.to_latex()``, …

    Raises:
        ReadError, ShapeError, DomainError, MissingValue: with what is wrong, where, and what to do.

    Example:
        >>> e = explain("q = x + y; f = q*z", at={"x": -2, "y": 5, "z": -4})
        >>> float(e.gradients["x"]), e.formulas["z"]
        (-4.0, 'x + y')
    """
    if update is not None and learning_rate is None:
        raise FormulaError(
            "an update belongs to gradient descent, which needs a learning rate",
            hint="--learning-rate 0.1",
        )
    if level not in LEVELS:
        raise FormulaError(f"unknown level {level!r}", hint=" | ".join(LEVELS))
    graph, values = _read(subject, args, at, shapes)
    _bounded(graph, of)
    problem = pose(graph, values, of, upstream, level)
    work = work_on(problem)
    wanted, elements = _wanted(problem, wrt)
    steps = local_steps(work, _on_the_way(problem, wanted))
    descent = None
    if learning_rate is not None:
        descent = descend(work, learning_rate, epochs, update or _names(wrt))
    report = Report(
        level=level,
        output=Formula(problem.name, latex_name(problem.name)),
        upstream=work.formula(problem.seed),
        nodes=node_reports(work, wanted),
        edges=tuple(step.report for step in steps),
        steps=step_reports(work, steps),
        conventions=conventions(work),
        notes=problem.graph.notes,
        elements=elements,
        descent=descent,
        programs=(
            *(programs(work, examples, _parameters(problem, wanted)) if examples else ()),
            *inner_programs([problem.output, *_gradients(work, wanted)]),
        ),
    )
    return Explanation(report, problem.graph)


def _read(
    subject: Any,
    args: Sequence[Any],
    at: Mapping[str, Any] | None,
    shapes: Mapping[str, Sequence[int | str]] | None,
) -> tuple[Graph, Mapping[str, Any] | None]:
    """The subject as a graph, and the values that come with it."""
    if isinstance(subject, Graph):
        return subject, at
    if isinstance(subject, str):
        from dvar.read.latex.reader import looks_like_latex, read_latex
        from dvar.read.text.formula import read_formula

        reader = read_latex if looks_like_latex(subject) else read_formula
        return reader(subject, shapes, at), at
    if not callable(subject):
        raise FormulaError(
            f"cannot explain {type(subject).__name__}", hint="a formula, LaTeX or a NumPy function"
        )
    from dvar.read.trace.examples import trace_for_explanation

    return trace_for_explanation(subject, args, at, shapes)


def _bounded(graph: Graph, of: str | None) -> None:
    """Refuse what nobody would read to its end, before hours are spent on writing it."""
    nodes = topological([{**graph.inputs, **graph.names}.get(of or "", graph.output[1])])
    values = len([node for node in nodes if node in graph.labels])
    for count, limit, what in (
        (values, MOST_VALUES, "named values"),
        (len(nodes), MOST_OPERATIONS, "operations"),
    ):
        if count > limit:
            raise FormulaError(
                f"this program has {count:,} {what}; dvar explains at most {limit:,}",
                hint="ask for a part of it (--of NAME), or put many numbers into one array",
            )


def _gradients(work: Work, wanted: set[Node]) -> list[Node]:
    return [g for unit, g in work.derivation.gradients.items() if unit in wanted]


def _parameters(problem: Problem, wanted: set[Node]) -> list[Node]:
    """The wanted inputs, in the order of the program."""
    return [node for node in problem.graph.inputs.values() if node in wanted]


def _names(wrt: str | Sequence[str] | None) -> list[str] | None:
    if wrt is None:
        return None
    return names_in(wrt) if isinstance(wrt, str) else [n.strip() for n in wrt if n.strip()]


def _wanted(
    problem: Problem, wrt: str | Sequence[str] | None
) -> tuple[set[Node], tuple[ElementReport, ...]]:
    """The named nodes whose gradients are reported, and reports on single elements."""
    chosen = _names(wrt)
    known = {**problem.graph.inputs, **problem.graph.names}
    if chosen is None:
        # A definition the output does not use has no gradient to tell; an input that it does not
        # use has one: 0.
        used = {*topological([problem.output]), *problem.graph.inputs.values()}
        return used & set(known.values()), ()
    wanted: set[Node] = set()
    elements = []
    for name in chosen:
        element = parse_element(name)
        plain = element[0] if element else name.removeprefix(f"d{problem.numerator}/d")
        if element:
            elements.append(element_report(with_numbers(problem), *element))
        if plain not in known:
            close = nearest(plain, list(known))
            hint = f"did you mean {close}?" if close else "one of " + ", ".join(known)
            raise FormulaError(f"{plain} is not a name of this program", hint=hint)
        wanted.add(known[plain])
    return _on_the_way(problem, wanted), tuple(elements)


def _on_the_way(problem: Problem, wanted: set[Node]) -> set[Node]:
    """The wanted nodes and every named value between them and the output."""
    reaching = set(wanted)
    for node in topological([problem.output]):
        if any(x in reaching for x in node.inputs):
            reaching.add(node)
    return {node for node in reaching if node in problem.labels or node in wanted}
