"""Report → a page: headings, equations, tables.  Text, Markdown and LaTeX print the same page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dvar.write import names
from dvar.write.report import (
    Array,
    Descent,
    ElementReport,
    Formula,
    Gradient,
    NodeReport,
    Report,
    Shape,
    StepReport,
)


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Equations:
    """One derivation: a left side, what it equals line by line, each with a remark, and reasons."""

    left: Formula
    lines: tuple[tuple[Formula, str], ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[Formula | str, ...]
    rows: tuple[tuple[Formula | str, ...], ...]


@dataclass(frozen=True, slots=True)
class Code:
    title: str
    code: str
    cost: str


Block = Heading | Paragraph | Equations | Table | Code


# Elements; of a larger array a page tells the shape and the range.  JSON has every number.
WRITTEN_OUT = 16


def page(report: Report) -> Iterator[Block]:
    """The blocks of an explanation in order of reading."""
    yield Heading("Forward pass")
    yield from _forward(report)
    if report.level != "summary":
        yield Heading("Local derivatives")
        yield _local_derivatives(report)
        yield Heading("Backward pass")
        for step in report.steps:
            yield _step(step)
    yield Heading("Gradients")
    yield _gradients(report)
    for element in report.elements:
        yield from _element(element)
    if report.descent is not None:
        yield from _descent(report.descent)
    for program in report.programs:
        yield Code(program.title, program.code, program.cost)
    if report.conventions or report.notes:
        yield Heading("Conventions")
        for sentence in (*report.notes, *report.conventions):
            yield Paragraph(sentence)


def value(array: Array) -> Formula:
    """A value in both notations; a large array as its shape and range."""
    return Formula(
        names.array(array, limit=WRITTEN_OUT), names.latex_array(array, limit=WRITTEN_OUT)
    )


def shape(sizes: Shape) -> str:
    """``scalar`` or ``(3, m)``."""
    if not sizes:
        return "scalar"
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def _forward(report: Report) -> Iterator[Block]:
    given = [node for node in report.nodes if node.kind == "input"]
    if given:
        head = ("input", "shape") if given[0].value is None else ("input", "shape", "value")
        yield Table(head, tuple(_input_row(node) for node in given))
    for node in report.nodes:
        if node.kind != "input":
            yield _definition(node)


def _input_row(node: NodeReport) -> tuple[Formula | str, ...]:
    row: tuple[Formula | str, ...] = (node.name, shape(node.shape))
    return row if node.value is None else (*row, value(node.value))


def _definition(node: NodeReport) -> Equations:
    lines = [(node.expression, shape(node.shape) if node.shape else "")]
    if node.value is not None:
        result = value(node.value)
        if node.substituted is not None and node.substituted.text != result.text:
            lines.append((node.substituted, "numbers put in"))
        lines.append((result, ""))
    return Equations(node.name, tuple(lines))


def _local_derivatives(report: Report) -> Table:
    with_values = any(edge.value is not None for edge in report.edges)
    rows = []
    for edge in report.edges:
        cells: list[Formula | str] = [edge.label, edge.symbolic]
        if with_values:
            cells.append("" if edge.value is None else value(edge.value))
        # The step itself says which value is taken there, and why.
        kink = "at a point without a derivative" if edge.kink else None
        cells.append("; ".join(part for part in (edge.note, kink) if part))
        rows.append(tuple(cells))
    head = ("edge", "derivative", "value", "") if with_values else ("edge", "derivative", "")
    return Table(head, tuple(rows))


def _step(step: StepReport) -> Equations:
    """The lines of one step; a line that repeats the one before is left out."""
    candidates = [
        (step.chain, "chain rule" if "*" in step.chain.text else ""),
        (step.expanded, step.rule),
        (step.symbolic, "simplified"),
    ]
    if step.substituted is not None:
        candidates.append((step.substituted, "numbers put in"))
    if step.value is not None:
        candidates.append((value(step.value), shape(step.shape) if step.shape else ""))
    lines: list[tuple[Formula, str]] = []
    for formula, remark in candidates:
        if formula.text == step.target.text or (lines and lines[-1][0].text == formula.text):
            continue
        lines.append((formula, remark))
    if step.value is None and step.shape and lines:
        lines[-1] = (lines[-1][0], f"{lines[-1][1]} {shape(step.shape)}".strip())
    return Equations(step.target, tuple(lines), step.reasons)


def _gradients(report: Report) -> Table:
    # That the output's derivative with respect to itself is 1 needs no row.
    reported = [
        node
        for node in report.nodes
        if node.gradient is not None
        and not (node.kind == "output" and node.gradient.symbolic.text == "1")
    ]
    with_values = any(n.gradient is not None and n.gradient.value is not None for n in reported)
    rows = []
    for node in reported:
        gradient = node.gradient
        assert gradient is not None
        symbolic = gradient.symbolic
        cells: list[Formula | str] = [gradient.label, symbolic]
        if with_values:
            cells.append("" if gradient.value is None else value(gradient.value))
        rows.append((*cells, shape(node.shape)))
        blank = ("",) * (len(cells) - 1)
        rows += [(name, formula, *blank) for name, formula in elements(gradient)]
    head = ("gradient", "formula", "value", "shape") if with_values else (
        "gradient", "formula", "shape"
    )  # fmt: skip
    return Table(head, tuple(rows))


def elements(gradient: Gradient) -> Iterator[tuple[Formula | str, Formula]]:
    """The elements of a gradient whose formula hides them: a row of all, or one for each kind."""
    if isinstance(gradient.elements, dict):
        apart = ", ".join(index for index in gradient.elements if index != "i")
        for index, formula in gradient.elements.items():
            label = f"{gradient.label.text}[{index}]"
            others = f" (i not {apart})" if index == "i" else ""
            yield Formula(label + others, rf"{names.latex_name(label)}\text{{{others}}}"), formula
    elif gradient.elements is not None:
        every = listed(gradient.elements)
        if every.text != gradient.symbolic.text:
            yield "", every


def listed(nested: Any) -> Formula:
    """Nested formulas as one list."""
    if isinstance(nested, Formula):
        return nested
    parts = [listed(part) for part in nested]
    inner = r", \; ".join(part.latex for part in parts)
    return Formula(f"[{', '.join(part.text for part in parts)}]", rf"\left[{inner}\right]")


def _element(element: ElementReport) -> Iterator[Block]:
    yield Heading(element.label.text)
    for number, path in enumerate(element.paths, 1):
        through = " -> ".join(name.text for name in reversed(path.through))
        lines = [(path.product, f"path {number} of {len(element.paths)}: {through}")]
        if path.substituted is not None:
            lines.append((path.substituted, "numbers put in"))
        if path.value is not None:
            lines.append((value(path.value), ""))
        yield Equations(Formula(f"path {number}", rf"\text{{path {number}}}"), tuple(lines))
    lines = [(element.symbolic, "all paths together" if len(element.paths) > 1 else "")]
    if element.value is not None:
        lines.append((value(element.value), ""))
    yield Equations(element.label, tuple(lines))


def _descent(descent: Descent) -> Iterator[Block]:
    yield Heading(f"Gradient descent, learning rate {names.number(descent.learning_rate)}")
    for update in descent.updates:
        name = Formula(f"{update.name.text} (new)", rf"{update.name.latex}^{{\text{{new}}}}")
        lines = (
            (update.rule, ""),
            (update.substituted, "numbers put in"),
            (value(update.value), ""),
        )
        yield Equations(name, lines)
    rows: list[tuple[Formula | str, ...]] = [
        (str(epoch), *(value(cell) for cell in row)) for epoch, row in enumerate(descent.rows, 1)
    ]
    yield Table(("epoch", *descent.columns), tuple(rows))
