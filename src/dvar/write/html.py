"""One self-contained page: the picture, a walk through every step, tables.  Nothing is loaded.

The mathematics is MathML, the steps are plain HTML that a small script lets one walk through; without
the script everything stands on the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from dvar.write import svg
from dvar.write.mathml import math
from dvar.write.page import (
    Block,
    Code,
    Equations,
    Heading,
    Paragraph,
    Table,
    elements,
    page,
    shape,
    value,
)
from dvar.write.report import Array, Formula, NodeReport, Report, StepReport
from dvar.write.runs import plain
from dvar.write.shell import data, document, fragment_sheet, page_sheet

_LEAST_SCALE = 0.72
_MOST_SCALE = 1.25
_OWN = ("Forward pass", "Backward pass", "Gradients", "Conventions")


def to_html(report: Report, title: str = "") -> str:
    """The page."""
    picture = svg.draw(report)
    heading = title or f"Derivative of {plain(report.output)}"
    body = (
        f'<main class="dvar"><header><h1>{escape(heading)}</h1>{_lede(report)}</header>\n'
        f"{_picture(picture)}\n{_controls()}\n{_steps(report)}\n{_tables(report)}\n"
        "<footer>Made by dvar. Every formula on this page was derived from the computation, and every "
        "number computed from it.</footer></main>"
    )
    sheet = page_sheet() + svg.style() + _widths(picture)
    return document(heading, sheet, body, data("dvar.write", "page.js"))


def to_html_fragment(report: Report) -> str:
    """For notebooks: the picture, the steps and the table of nodes; no script, styles of its own."""
    sheet = fragment_sheet() + svg.style(dark=False)
    picture = f'<figure class="picture">{svg.draw(report)}</figure>'
    steps = f"<details><summary>Every step</summary>{_steps(report)}</details>"
    return (
        f'<div class="dvar dvar-fragment"><style>{sheet}</style>{picture}'
        f"{_nodes(report)}{steps}</div>"
    )


def _widths(picture: str) -> str:
    wide = float(picture.split('width="', 1)[1].split('"', 1)[0])
    return f".dvar .picture svg{{width:{wide * _MOST_SCALE:.0f}px;min-width:{wide * _LEAST_SCALE:.0f}px}}"


def _lede(report: Report) -> str:
    output = next(n for n in report.nodes if n.name.text == report.output.text)
    formula = math(_equal([output.name, output.expression]))
    return f'<p class="lede">{formula}, worked forward and backward, step by step.</p>'


def _picture(picture: str) -> str:
    return f'<figure class="picture" tabindex="0" aria-label="Computation graph">{picture}</figure>'


def _controls() -> str:
    return (
        '<div class="controls" role="group" aria-label="Walk through the steps" hidden>'
        '<button type="button" data-go="first">Overview</button>'
        '<button type="button" data-go="back">← Back</button>'
        '<button type="button" data-go="next" class="go">Next →</button>'
        '<input type="range" min="0" value="0" aria-label="Step">'
        '<output aria-live="polite"></output>'
        '<label><input type="checkbox"> show all steps</label></div>'
    )


# ── steps ───────────────────────────────────────────────────────────────────────────────────────


def _steps(report: Report) -> str:
    """Overview, forward steps, backward steps: one list item each."""
    index = {node.name.text: n for n, node in enumerate(report.nodes)}
    sections = _sections(report)
    overview = _item("overview", "Overview", "", _overview(report))
    forward = "".join(_forward(report, sections.get("Forward pass", []), index))
    back = ""
    if "Backward pass" in sections:  # a summary has none
        backward = "".join(_backward(report, sections["Backward pass"], index))
        back = f"<section><h2>Backward pass</h2><ol>{backward}</ol></section>"
    return (
        f'<div class="steps"><section><ol>{overview}</ol></section>'
        f"<section><h2>Forward pass</h2><ol>{forward}</ol></section>{back}</div>"
    )


def _sections(report: Report) -> dict[str, list[Block]]:
    """The blocks of the page under their headings."""
    out: dict[str, list[Block]] = {}
    name = ""
    for block in page(report):
        if isinstance(block, Heading):
            name = block.text
        else:
            out.setdefault(name, []).append(block)
    return out


def _item(phase: str, name: str, marks: str, body: str) -> str:
    return (
        f'<li class="step {phase}" data-phase="{phase}" data-name="{escape(name)}"{marks}>'
        f"<h3>{escape(name)}</h3>{body}</li>"
    )


def _overview(report: Report) -> str:
    """The gradients of the inputs: what the reader came for."""
    results = []
    for node in report.nodes:
        if node.kind == "input" and node.gradient is not None:
            gradient = node.gradient
            sides = [gradient.label, gradient.symbolic]
            if gradient.value is not None:
                sides.append(value(gradient.value))
            results.append(f"<li>{math(_equal(sides), display=True)}</li>")
    return f'<ul class="results">{"".join(results)}</ul>'


def _equal(sides: Sequence[Formula]) -> Formula:
    """The sides with equality signs between; a side that repeats the one before is left out."""
    kept = [s for n, s in enumerate(sides) if n == 0 or s.text != sides[n - 1].text]
    return Formula(" = ".join(s.text for s in kept), " = ".join(s.latex for s in kept))


def _forward(report: Report, blocks: Sequence[Block], index: dict[str, int]) -> Iterator[str]:
    given = [str(index[n.name.text]) for n in report.nodes if n.kind == "input"]
    computed = iter([n for n in report.nodes if n.kind != "input"])
    if given:
        yield _item("forward", "Inputs", f' data-values="{" ".join(given)}"', _inputs(report))
    for block in blocks:
        if isinstance(block, Equations):
            number = index[next(computed).name.text]
            edges = " ".join(_edge_ids(report, index, number))
            marks = f' data-values="{number}" data-edges="{edges}"'
            yield _item("forward", f"Forward: {plain(block.left)}", marks, _block(block))


def _inputs(report: Report) -> str:
    listed = []
    for node in report.nodes:
        if node.kind == "input":
            sides = [node.name] if node.value is None else [node.name, value(node.value)]
            size = f'<span class="kind">{escape(shape(node.shape))}</span>'
            listed.append(f"<li>{math(_equal(sides), display=True)}{size}</li>")
    return f'<ul class="results">{"".join(listed)}</ul>'


def _edge_ids(report: Report, index: dict[str, int], of: int) -> list[str]:
    return [
        f"{of}-{index[edge.wrt.text]}"
        for edge in report.edges
        if index.get(edge.of.text) == of and edge.wrt.text in index
    ]


def _backward(report: Report, blocks: Sequence[Block], index: dict[str, int]) -> Iterator[str]:
    for step, block in zip(report.steps, blocks, strict=True):
        nodes, edges = _touched(report, step, index)
        marks = f' data-gradients="{" ".join(nodes)}" data-edges="{" ".join(edges)}"'
        yield _item("backward", f"Backward: {plain(step.target)}", marks, _block(block))


def _touched(
    report: Report, step: StepReport, index: dict[str, int]
) -> tuple[list[str], list[str]]:
    """The node whose gradient a step finds, and the edges it comes along."""
    target = next(
        (n for n in report.nodes if n.gradient and n.gradient.label.text == step.target.text), None
    )
    if target is None:
        return [], []
    name = target.name.text
    along = [e for e in report.edges if e.wrt.text == name and e.of.text in index]
    if step.kind == "seed":
        along = []
    elif step.kind == "share":
        along = [e for e in along if e.label.text in step.chain.text] or along
    return [str(index[name])], [f"{index[e.of.text]}-{index[name]}" for e in along]


# ── tables and blocks ───────────────────────────────────────────────────────────────────────────


def _tables(report: Report) -> str:
    parts = [f"<h2>All nodes</h2>{_nodes(report)}"]
    programs: list[Block] = []
    for name, blocks in _sections(report).items():
        programs += [block for block in blocks if isinstance(block, Code)]
        shown = [block for block in blocks if not isinstance(block, Code)]
        if name not in _OWN and shown:
            parts.append(f"<h2>{escape(name)}</h2>{_cards(shown)}")
    if programs:
        side_by_side = "".join(map(_block, programs))
        parts.append(f'<h2>As code</h2><div class="programs">{side_by_side}</div>')
    if report.conventions or report.notes:
        sentences = (*report.notes, *report.conventions)
        listed = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
        parts.append(f'<h2>Conventions</h2><ul class="sentences">{listed}</ul>')
    return "\n".join(parts)


def _cards(blocks: Iterable[Block]) -> str:
    """Equations that follow one another on one card; tables have frames of their own."""
    out = []
    for framed, group in groupby(blocks, key=lambda block: isinstance(block, Table)):
        body = "".join(map(_block, group))
        out.append(body if framed else f'<div class="card">{body}</div>')
    return "".join(out)


def _nodes(report: Report) -> str:
    """Every node: what it is, its shape and value, its gradient."""
    numbers = any(node.value is not None for node in report.nodes)
    shapes = any(node.shape for node in report.nodes)
    head = ["node", "computed as", *(["shape"] if shapes else []), *(["value"] if numbers else []),
            "gradient", *(["its value"] if numbers else [])]  # fmt: skip
    rows = [_node_cells(node, shapes, numbers) for node in report.nodes]
    return _table(head, rows)


def _node_cells(node: NodeReport, shapes: bool, numbers: bool) -> list[str]:
    gradient = node.gradient
    kind = f'<span class="kind">{escape(node.kind)}</span>'
    cells = [
        f'<th scope="row">{math(node.name)}</th>',
        f"<td>{kind if node.kind == 'input' else math(node.expression)}</td>",
    ]
    if shapes:
        cells.append(f"<td>{escape(shape(node.shape))}</td>")
    if numbers:
        cells.append(f'<td class="value">{_number(node.value)}</td>')
    if gradient is None:
        cells.append('<td><span class="kind">–</span></td>')
    else:
        lines = [_equal([gradient.label, gradient.symbolic])]
        for label, formula in elements(gradient):
            lines.append(_equal([label if isinstance(label, Formula) else gradient.label, formula]))
        cells.append(f"<td>{'<br>'.join(map(math, lines))}</td>")
    if numbers:
        cells.append(f'<td class="gradient">{_number(gradient.value if gradient else None)}</td>')
    return cells


def _number(array: Array | None) -> str:
    return "" if array is None else math(value(array))


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return f'<div class="table"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Equations():
            return _equations(block)
        case Table(head, rows):
            titles = [cell if isinstance(cell, str) else cell.text for cell in head]
            return _table(titles, [[_cell(cell) for cell in row] for row in rows])
        case Code(title, code, cost):
            return (
                f'<figure class="program"><figcaption>{escape(title)}'
                f'<span class="cost">{escape(cost)}</span></figcaption>'
                f'<pre tabindex="0"><code>{escape(code)}</code></pre></figure>'
            )


def _cell(cell: Formula | str) -> str:
    if isinstance(cell, Formula):
        return f"<td>{math(cell)}</td>"
    return f'<td class="words">{escape(cell)}</td>'


def _equations(block: Equations) -> str:
    rows = []
    for n, (formula, remark) in enumerate(block.lines):
        last = " last" if n == len(block.lines) - 1 else ""
        left = math(block.left, display=True) if n == 0 else ""
        rows.append(
            f'<div class="equation{last}"><div class="left">{left}</div><div>=</div>'
            f'<div class="right">{math(formula, display=True)}</div>'
            f'<div class="remark">{escape(remark)}</div></div>'
        )
    said = "".join(f"<li>{escape(reason)}</li>" for reason in block.reasons)
    reasons = f'<ul class="reasons">{said}</ul>' if said else ""
    return f'<div class="equations">{"".join(rows)}</div>{reasons}'
