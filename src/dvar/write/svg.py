"""The computation graph as lectures draw it: values above the wires, gradients below them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from html import escape

from dvar.write import blocks, numbers, page
from dvar.write.layout import Layout, Spot, layout
from dvar.write.picture import HEAD, PAD, Box, Wire, boxes, chosen, wires
from dvar.write.report import NodeReport, Report
from dvar.write.runs import plain

MARGIN = 20.0

LIGHT = {
    "ink": "#1d2125", "muted": "#667079", "line": "#98a2ab", "paper": "#ffffff", "box": "#f3f5f7",
    "value": "#0a5c93", "gradient": "#b23a0d", "local": "#6a3fa3", "mark": "#ffe9a8",
}  # fmt: skip
DARK = {
    "ink": "#e9ebee", "muted": "#9aa4ad", "line": "#6c757e", "paper": "#15181b", "box": "#23282d",
    "value": "#85c8f7", "gradient": "#ff9f78", "local": "#c6abf5", "mark": "#5a4a12",
}  # fmt: skip

_SERIF = "'STIX Two Text','Times New Roman','Liberation Serif','Nimbus Roman',Times,serif"
_SANS = "'Helvetica Neue',Helvetica,Arial,'Liberation Sans','Nimbus Sans',sans-serif"

# Literal colours, no variables: other programs than browsers draw these files too.
_COLOURS = """
.dvar-graph .paper{{fill:{paper}}}
.dvar-graph text{{fill:{ink};stroke:{paper}}}
.dvar-graph .box{{fill:{box};stroke:{ink}}}
.dvar-graph .input .box{{fill:{paper};stroke:{muted}}}
.dvar-graph .rim{{stroke:{ink}}}
.dvar-graph .box + * text,.dvar-graph .name,.dvar-graph .expression{{stroke:none}}
.dvar-graph .wire{{stroke:{line}}}
.dvar-graph .tip{{fill:{line}}}
.dvar-graph text.expression,.dvar-graph text.shape,.dvar-graph text.note{{fill:{muted}}}
.dvar-graph text.value{{fill:{value}}}
.dvar-graph text.gradient{{fill:{gradient}}}
.dvar-graph text.local{{fill:{local}}}
.dvar-graph .bracket.value{{stroke:{value}}}
.dvar-graph .bracket.gradient,.dvar-graph .back{{stroke:{gradient}}}
.dvar-graph .back-tip{{fill:{gradient}}}
"""

_FORM = f"""
.dvar-graph text{{font-family:{_SERIF};stroke-width:3px;paint-order:stroke;stroke-linejoin:round}}
.dvar-graph .italic{{font-style:italic}}
.dvar-graph .sans,.dvar-graph text.note{{font-family:{_SANS};font-variant-numeric:tabular-nums}}
.dvar-graph .box{{stroke-width:1.2}}
.dvar-graph .rim,.dvar-graph .wire,.dvar-graph .back,.dvar-graph .bracket{{fill:none}}
.dvar-graph .rim,.dvar-graph .bracket{{stroke-width:1}}
.dvar-graph .wire,.dvar-graph .back{{stroke-width:1.4}}
.dvar-graph .given .box,.dvar-graph .plain .wire{{stroke-dasharray:4 3}}
"""


def style(dark: bool = True) -> str:
    """The style sheet of pictures; with ``dark`` it follows the reader's colour scheme."""
    follow = f"@media (prefers-color-scheme:dark){{{_COLOURS.format(**DARK)}}}" if dark else ""
    return _FORM + _COLOURS.format(**LIGHT) + follow


def to_svg(report: Report, *, dark: bool = True) -> str:
    """The picture as a file of its own: on white, or dark where the reader's system is."""
    return draw(report, sheet=style(dark))


def draw(report: Report, sheet: str = "") -> str:
    """The ``svg`` element; without a sheet the page around it brings ``style()``."""
    nodes = chosen(report)
    drawn = wires(report, nodes)
    made = boxes(report, nodes, drawn)
    plan = layout([box.cell for box in made], [wire.link for wire in drawn])
    legend = _legend(max(plan.width, 420.0))
    notes = [*_kinks(drawn), *_hidden(report, nodes)]
    foot = blocks.stack([legend, *(blocks.words(n, 11.5, "note") for n in notes)], 0.0, 4)
    wide = max(plan.width, foot.width) + 2 * MARGIN
    high = plan.height + foot.height + 3 * MARGIN
    shift = (wide - 2 * MARGIN - plan.width) / 2 + MARGIN
    index = {box.node.name.text: box.index for box in made}
    lines = [_wire(w, r, plan, made, index) for w, r in zip(drawn, plan.routes, strict=True)]
    shapes = [_node(box, plan.spots[box.cell.name], report) for box in made]
    graph = f'<g transform="translate({shift:.1f} {MARGIN:g})">{"".join(lines + shapes)}</g>'
    caption = foot.at(MARGIN, plan.height + 2 * MARGIN)
    return _frame(report, wide, high, sheet, graph + caption)


def _frame(report: Report, wide: float, high: float, sheet: str, body: str) -> str:
    digest = hashlib.sha256(body.encode()).hexdigest()[:8]
    title, description = _words(report)
    inside = f"<style>{escape(sheet, quote=False)}</style>" if sheet else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="dvar-graph" role="img" '
        f'width="{wide:.0f}" height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}" '
        f'aria-labelledby="t{digest} d{digest}">'
        f'<title id="t{digest}">{title}</title><desc id="d{digest}">{description}</desc>'
        f'{inside}<rect class="paper" width="100%" height="100%" fill="#ffffff"/>{body}</svg>'
    )


def _words(report: Report) -> tuple[str, str]:
    """Title and description for those who do not see the picture."""
    said = []
    for node in report.nodes[:60]:
        value = "" if node.value is None else f" = {numbers.inline(node.value)}"
        text = f"{node.name.text}{value}"
        if node.kind != "input":
            text = f"{node.name.text} = {node.expression.text}{value}"
        if node.gradient is not None:
            grad = node.gradient
            number = grad.symbolic.text if grad.value is None else numbers.inline(grad.value)
            text += f", gradient {number}"
        said.append(text)
    return (
        f"Computation graph of {escape(plain(report.output))}",
        escape("; ".join(said) + "."),
    )


def _kinks(drawn: Sequence[Wire]) -> list[str]:
    return [f"* {e.label.text}: {e.kink}" for wire in drawn for e in wire.edges if e.kink]


def _hidden(report: Report, nodes: Sequence[NodeReport]) -> list[str]:
    missing = len(report.nodes) - len(nodes)
    return [f"{missing} nodes farther from the output are not shown."] if missing else []


# ── nodes ───────────────────────────────────────────────────────────────────────────────────────


def _node(box: Box, spot: Spot, report: Report) -> str:
    left = (spot.zones[1] + spot.zones[2] - box.size[0]) / 2
    right = left + box.size[0]
    output = box.node.name.text == report.output.text
    css = "output" if output else box.node.kind
    css += " given" if box.node.gradient is None else ""
    y = spot.y
    start = right + PAD
    below = y + (14 if output else 5)
    parts = [
        f"<title>{escape(_tooltip(box.node))}</title>",
        _stub(right, spot.zones[3], y, output),
        _outline(css, left, y - box.size[1] / 2, *box.size),
        box.inside.at(left + (box.size[0] - box.inside.width) / 2, y - box.inside.height / 2),
        _labelled("above", box.value.at(start, y - box.value.height - 4)),
        _labelled("below", box.gradient.at(start, below)),
    ]
    return f'<g class="node {css}" data-node="{box.index}">{"".join(parts)}</g>'


def _labelled(css: str, mark: str) -> str:
    return f'<g class="{css}">{mark}</g>'


def _stub(left: float, right: float, y: float, output: bool) -> str:
    """The wire that leaves a node; under that of the output the gradient comes in from the right."""
    wire = f'<path class="wire" d="M{left:.1f} {y:.1f}H{right:.1f}"/>'
    if not output:
        return wire
    line, tip = y + 9, left + HEAD + 2
    return (
        f'{wire}{_tip(right, y, "tip")}<path class="back" d="M{right:.1f} {line:.1f}H{tip:.1f}"/>'
        f'<path class="back-tip" d="M{left + 3:.1f} {line:.1f}l{HEAD:g} -4v8z"/>'
    )


def _outline(css: str, x: float, y: float, wide: float, high: float) -> str:
    """Inputs have round ends, the output a double rim: kinds are told apart without colour."""
    kind = css.split(maxsplit=1)[0]
    radius = min(high / 2, 20.0) if kind == "input" else 7.0
    rect = f'width="{wide:.1f}" height="{high:.1f}" rx="{radius:g}"'
    out = f'<rect class="box" x="{x:.1f}" y="{y:.1f}" {rect}/>'
    if kind == "output":
        out += (
            f'<rect class="rim" x="{x + 3:.1f}" y="{y + 3:.1f}" width="{wide - 6:.1f}" '
            f'height="{high - 6:.1f}" rx="4.5"/>'
        )
    return out


def _tooltip(node: NodeReport) -> str:
    lines = [node.name.text]
    if node.kind != "input":
        lines[0] += f" = {node.expression.text}"
    if node.shape or node.value is None:
        lines.append(f"shape {page.shape(node.shape)}")
    if node.value is not None:
        lines.append(f"value {numbers.inline(node.value, 6)}")
    if node.gradient is not None:
        grad = node.gradient
        lines.append(f"{grad.label.text} = {grad.symbolic.text}")
        if grad.value is not None:
            lines[-1] += f" = {numbers.inline(grad.value, 6)}"
    return "\n".join(lines)


# ── wires ───────────────────────────────────────────────────────────────────────────────────────


def _wire(
    wire: Wire,
    route: Sequence[tuple[float, float]],
    plan: Layout,
    made: Sequence[Box],
    index: dict[str, int],
) -> str:
    head = next(box for box in made if box.cell.name == wire.head)
    spot = plan.spots[wire.head]
    end = (spot.zones[1] + spot.zones[2] - head.size[0]) / 2
    y = route[-1][1]
    path = f"{_curve(route)}H{end - HEAD + 2:.1f}"
    right = end - HEAD - 3
    said = wire.over.at(right - wire.over.width, y - wire.over.height - 2)
    said += wire.under.at(right - wire.under.width, y + 2)
    css = "edge" if wire.edges else "edge plain"
    return (
        f'<g class="{css}" data-of="{index[wire.head]}" data-wrt="{index[wire.tail]}">'
        f"<title>{escape(_local_words(wire))}</title>"
        f'<path class="wire" d="{path}"/>{_tip(end, y, "tip")}{said}</g>'
    )


def _curve(route: Sequence[tuple[float, float]]) -> str:
    """Level through the columns, an even curve from one to the next."""
    (x, y), *rest = route
    out = [f"M{x:.1f} {y:.1f}"]
    for n, (x1, y1) in enumerate(rest):
        middle = (x + x1) / 2
        if n % 2:  # through a column
            out.append(f"H{x1:.1f}")
        else:
            out.append(f"C{middle:.1f} {y:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}")
        x, y = x1, y1
    return "".join(out)


def _tip(x: float, y: float, css: str) -> str:
    return f'<path class="{css}" d="M{x:.1f} {y:.1f}l-{HEAD:g} -4v8z"/>'


def _local_words(wire: Wire) -> str:
    if not wire.edges:
        return f"{wire.head} uses {wire.tail}; no gradient is taken along this edge"
    lines = []
    for edge in wire.edges:
        text = f"{edge.label.text} = {edge.symbolic.text}"
        if edge.value is not None and numbers.inline(edge.value, 6) != edge.symbolic.text:
            text += f" = {numbers.inline(edge.value, 6)}"
        lines.append("; ".join(filter(None, (text, edge.note, edge.kink))))
    return "\n".join(lines)


def _legend(room: float) -> blocks.Block:
    """What stands where: one line, or as many as the picture is too narrow for."""
    items = [
        ("value", "value, above the wire"),
        ("gradient", "gradient, below the wire"),
        ("local", "local derivative, at the arrow head"),
    ]
    marks, x, y, wide = [], 0.0, 0.0, 0.0
    for css, text in items:
        block = blocks.words(text, 11.5, css)
        if x and x + block.width > room:
            x, y = 0.0, y + block.height + 3
        marks.append(block.at(x, y))
        wide = max(wide, x + block.width)
        x += block.width + 26
    return blocks.Block(wide, y + 15, tuple(marks))
