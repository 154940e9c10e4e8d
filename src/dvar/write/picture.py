"""What is drawn for a report: measured boxes, their wires, and what is written on them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from dvar.write import blocks
from dvar.write.blocks import Block
from dvar.write.layout import Cell, Link
from dvar.write.report import EdgeReport, Formula, NodeReport, Report
from dvar.write.runs import Run, formula_runs, svg_text, width

LIMIT = 300  # nodes beyond which a picture helps nobody
PAD = 8.0
HEAD = 9.0  # length of an arrow head
_BOX_TEXT = 150.0
_FORMULA = 118.0
_NAME = re.compile(r"[^\W\d]\w*")

__all__ = ["HEAD", "LIMIT", "PAD", "Box", "Wire", "boxes", "chosen", "mathematics", "wires"]


@dataclass(frozen=True, slots=True)
class Box:
    """One node: what stands in its box, above its wire and below it."""

    node: NodeReport
    index: int
    inside: Block
    value: Block
    gradient: Block
    size: tuple[float, float]
    cell: Cell


@dataclass(frozen=True, slots=True)
class Wire:
    """One edge: ``edges`` are the local derivatives along it; none where nothing flows back."""

    tail: str
    head: str
    edges: tuple[EdgeReport, ...]
    over: Block
    under: Block

    @property
    def link(self) -> Link:
        room = max(24.0, 2 * self.over.height + 2, 2 * self.under.height + 4)
        return Link(self.tail, self.head, room)


def mathematics(formula: Formula, size: float) -> str:
    return svg_text(formula_runs(formula), size)


def chosen(report: Report) -> list[NodeReport]:
    """The nodes that are drawn: all, or of a large graph the ``LIMIT`` nearest to the output."""
    nodes = _forward(report)
    if len(nodes) <= LIMIT:
        return nodes
    operands = _operands(report, nodes)
    near, queue = {report.output.text: None}, [report.output.text]
    for name in queue:  # grows while it is read
        for operand in operands[name]:
            if operand not in near and len(near) < LIMIT:
                near[operand] = None
                queue.append(operand)
    return [node for node in nodes if node.name.text in near]


def _forward(report: Report) -> list[NodeReport]:
    """The nodes, operands before what uses them."""
    by_name = {node.name.text: node for node in report.nodes}
    place = {name: n for n, name in enumerate(by_name)}
    used = {name: set[str]() for name in by_name}
    for edge in report.edges:
        if edge.of.text in used and edge.wrt.text in place:
            used[edge.of.text].add(edge.wrt.text)
    if all(place[wrt] < place[of] for of, many in used.items() for wrt in many):
        return list(by_name.values())
    return [by_name[name] for name in TopologicalSorter(used).static_order()]


def _operands(report: Report, nodes: Sequence[NodeReport]) -> dict[str, list[str]]:
    """For every node the earlier nodes it uses: by its derivatives, and by the names in it."""
    edges: dict[str, list[str]] = defaultdict(list)
    for edge in report.edges:
        edges[edge.of.text].append(edge.wrt.text)
    earlier: set[str] = set()
    out: dict[str, list[str]] = {}
    for node in nodes:
        name = node.name.text
        named = [] if node.kind == "input" else _NAME.findall(node.expression.text)
        out[name] = [n for n in dict.fromkeys([*edges[name], *named]) if n in earlier]
        earlier.add(name)
    return out


def wires(report: Report, nodes: Sequence[NodeReport]) -> list[Wire]:
    """The edges between ``nodes``; uses of one operand by one node are one wire."""
    found: dict[tuple[str, str], list[EdgeReport]] = defaultdict(list)
    for edge in report.edges:
        found[edge.wrt.text, edge.of.text].append(edge)
    out = []
    for head, tails in _operands(report, nodes).items():
        for tail in tails:
            edges = tuple(found[tail, head])
            out.append(Wire(tail, head, edges, *_local(edges)))
    return out


def _local(edges: Sequence[EdgeReport]) -> tuple[Block, Block]:
    """The local derivative: above the wire, and below it what does not fit on one line."""
    over: list[Block] = []
    under: list[Block] = []
    for edge in edges:
        runs = formula_runs(edge.symbolic)
        star = [Run("*")] if edge.kink else []
        if width(runs) * 12 > _FORMULA:
            runs = formula_runs(edge.label)
        scalar = edge.value is not None and edge.value.ndim == 0
        number = (
            blocks.array(edge.value, 11, "local") if scalar and edge.value is not None else None
        )
        same = _plain(runs) == (_plain_block(number) if number else "")
        if number is None or same:
            over.append(blocks.line([*runs, *star], 12, "local"))
            continue
        text = [Run(" = "), Run(_plain_block(number), "sans", 11 / 12)]
        if (width(runs) + width(text)) * 12 <= 66:
            over.append(blocks.line([*runs, *text, *star], 12, "local"))
        else:
            over.append(blocks.line([*runs, *star], 12, "local"))
            under.append(blocks.line(text[1:], 12, "local"))
    return blocks.stack(over, 1.0), blocks.stack(under, 1.0)


def _plain(runs: Sequence[Run]) -> str:
    return "".join(run.text for run in runs)


def _plain_block(block: Block) -> str:
    return re.sub(r"<[^>]*>", "", "".join(block.marks))


def boxes(report: Report, nodes: Sequence[NodeReport], drawn: Sequence[Wire]) -> list[Box]:
    entering: dict[str, float] = defaultdict(float)
    before: dict[str, float] = defaultdict(float)
    for wire in drawn:
        entering[wire.head] += wire.link.room
        label = max(wire.over.width, wire.under.width)
        before[wire.head] = max(before[wire.head], label + HEAD + 14)
    index = {node.name.text: n for n, node in enumerate(report.nodes)}
    return [
        _box(report, node, index[node.name.text], entering[node.name.text], before[node.name.text])
        for node in nodes
    ]


def _box(report: Report, node: NodeReport, index: int, entering: float, before: float) -> Box:
    inside = _inside(node)
    size = (max(inside.width + 22, 44.0), max(inside.height + 14, entering + 10, 40.0))
    output = node.name.text == report.output.text
    value = _value(node)
    gradient = _upstream(report, node) if output else _gradient(node)
    after = max(value.width, gradient.width, 18.0 if output else 10.0) + 2 * PAD
    cell = Cell(
        node.name.text,
        (before, size[0], after),
        max(size[1] / 2, value.height + 6),
        max(size[1] / 2, gradient.height + (16 if output else 7)),
    )
    return Box(node, index, inside, value, gradient, size, cell)


def _inside(node: NodeReport) -> Block:
    name = blocks.formula(node.name, 18, "name", _BOX_TEXT)
    if node.kind == "input" or node.expression.text == node.name.text:
        return name
    return blocks.stack(
        [name, blocks.formula(node.expression, 12.5, "expression", _BOX_TEXT)], gap=1
    )


def _value(node: NodeReport) -> Block:
    parts = [blocks.shape(node.shape)] if node.shape else []
    if node.value is not None:
        parts.append(blocks.array(node.value, 14, "value"))
    return blocks.stack(parts, 0.0)


def _gradient(node: NodeReport) -> Block:
    """The gradient as a number; without numbers its formula if short, else its name."""
    if node.gradient is None:
        return Block(0, 0, ())
    if node.gradient.value is not None:
        return blocks.array(node.gradient.value, 14, "gradient")
    short = blocks.formula(node.gradient.symbolic, 13, "gradient")
    return short if short.width <= _FORMULA else blocks.formula(node.gradient.label, 13, "gradient")


def _upstream(report: Report, node: NodeReport) -> Block:
    """What comes into the output from outside: ``∂L/∂L = 1``."""
    if node.gradient is None:
        return blocks.formula(report.upstream, 13, "gradient", _FORMULA)
    label = [*formula_runs(node.gradient.label), Run(" = ")]
    if node.gradient.value is not None:
        number = blocks.array(node.gradient.value, 14, "gradient")
        if node.gradient.value.ndim == 0:
            return blocks.line([*label, Run(_plain_block(number), "sans")], 14, "gradient")
        return blocks.stack([blocks.line(label[:-1], 13, "gradient"), number], 0.0)
    return blocks.line([*label, *formula_runs(report.upstream)], 13, "gradient")
