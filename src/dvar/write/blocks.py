"""Measured pieces of a picture: lines of text, small matrices, stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dvar.write import numbers
from dvar.write.names import latex_name
from dvar.write.report import Array, Formula, Shape
from dvar.write.runs import Run, clip, formula_runs, svg_text, text_width, width

LEADING = 1.28
_PAD = 5.0  # between the bracket of a matrix and its elements


@dataclass(frozen=True, slots=True)
class Block:
    """Marks drawn from the corner (0, 0) at the upper left, and the room they take."""

    width: float
    height: float
    marks: tuple[str, ...]

    def at(self, x: float, y: float) -> str:
        return f'<g transform="translate({x:.1f} {y:.1f})">{"".join(self.marks)}</g>'


def line(runs: Sequence[Run], size: float, css: str) -> Block:
    """One line of text."""
    baseline = size * 0.97
    mark = (
        f'<text class="{css}" y="{baseline:.1f}" font-size="{size:g}">{svg_text(runs, size)}</text>'
    )
    return Block(width(runs) * size, size * LEADING, (mark,))


def words(text: str, size: float, css: str) -> Block:
    return line([Run(text, "sans")], size, css)


def formula(value: Formula, size: float, css: str, limit: float = 1e9) -> Block:
    """A formula on one line, clipped to ``limit`` pixels."""
    return line(clip(formula_runs(value), limit / size), size, css)


def stack(blocks: Sequence[Block], align: float = 0.5, gap: float = 0.0) -> Block:
    """Blocks one under the other; ``align`` 0 is left, 1 right."""
    if not blocks:
        return Block(0, 0, ())
    wide = max(block.width for block in blocks)
    marks, y = [], 0.0
    for block in blocks:
        marks.append(block.at((wide - block.width) * align, y))
        y += block.height + gap
    return Block(wide, y - gap, tuple(marks))


def matrix(rows: Sequence[Sequence[str]], size: float, css: str) -> Block:
    """Rows of numbers between brackets, columns flush right."""
    columns = [max(text_width(row[k]) for row in rows) * size for k in range(len(rows[0]))]
    leading = size * 1.2
    high = leading * len(rows) + 2
    marks, x = [], _PAD
    for k, column in enumerate(columns):
        x += column
        for n, row in enumerate(rows):
            y = n * leading + size * 0.98 + 1
            marks.append(
                f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" '
                f'text-anchor="end"><tspan class="sans">{row[k]}</tspan></text>'
            )
        x += size * 0.7
    wide = x - size * 0.7 + _PAD
    brackets = f"M3.5 .5H.5V{high:.1f}H3.5M{wide - 3.5:.1f} .5H{wide - 0.5:.1f}V{high:.1f}h-3"
    return Block(wide, high + 1.5, (*marks, f'<path class="bracket {css}" d="{brackets}"/>'))


def array(value: Array, size: float, css: str) -> Block:
    """A number; the elements of a small array; the extent of a large one."""
    if value.ndim == 0:
        return words(numbers.number(value.item()), size, css)
    rows = numbers.rows(value)
    if rows is None:
        return words(numbers.extent(value), size - 1, css)
    if value.ndim == 1:
        return words(f"[{', '.join(rows[0])}]", size - 1, css)
    return matrix(rows, size - 1, css)


def shape(sizes: Shape) -> Block:
    """The shape of an array in small type, names of sizes set as mathematics; nothing for a scalar."""
    if not sizes:
        return Block(0, 0, ())
    runs = [Run("(")]
    for n, size in enumerate(sizes):
        runs += [Run(", ")] if n else []
        runs += formula_runs(Formula(str(size), latex_name(str(size))))
    runs.append(Run(",)" if len(sizes) == 1 else ")"))
    return line(runs, 11, "shape")
