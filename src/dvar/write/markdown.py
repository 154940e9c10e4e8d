"""Page → Markdown with LaTeX mathematics."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.write.page import Block, Code, Equations, Heading, Paragraph, Table, page
from dvar.write.report import Formula, Report


def to_markdown(report: Report) -> str:
    """Headings, display equations and tables, as GitHub and Jupyter show them."""
    parts = [f"# Derivative of `{report.output.text}`"]
    parts += ["\n".join(_block(block)) for block in page(report)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Heading):
        yield f"## {block.text}"
    elif isinstance(block, Paragraph):
        yield block.text
    elif isinstance(block, Equations):
        yield from _equations(block)
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Code):
        yield from (
            f"### {block.title}",
            "",
            "```python",
            block.code.rstrip(),
            "```",
            "",
            block.cost,
        )


def _equations(block: Equations) -> Iterator[str]:
    yield "$$"
    yield r"\begin{aligned}"
    rows = []
    for n, (formula, remark) in enumerate(block.lines):
        left = block.left.latex if n == 0 else ""
        note = rf" && \text{{{escape(remark)}}}" if remark else ""
        rows.append(f"{left} &= {formula.latex}{note}")
    yield " \\\\\n".join(rows)
    yield r"\end{aligned}"
    yield "$$"
    for reason in block.reasons:
        yield f"\n- {reason}"


def escape(text: str) -> str:
    r"""Words inside ``\text{}``: the characters that LaTeX reads otherwise."""
    for character in "\\{}":
        text = text.replace(character, "")
    for character in "_%#&$":
        text = text.replace(character, f"\\{character}")
    return text.replace("^", r"\^{}").replace("~", r"\~{}").replace("->", r"$\to$")


def _table(block: Table) -> Iterator[str]:
    yield "| " + " | ".join(_cell(cell) for cell in block.head) + " |"
    yield "|" + "---|" * len(block.head)
    for row in block.rows:
        yield "| " + " | ".join(_cell(cell) for cell in row) + " |"


def _cell(cell: Formula | str) -> str:
    if isinstance(cell, str):
        return cell.replace("|", "\\|")
    return f"${cell.latex}$".replace("|", r"\vert ") if cell.latex else cell.text
