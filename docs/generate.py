"""Writes docs/table.md, the rule table as it stands in the rows.

python docs/generate.py            writes it
python docs/generate.py --check    says whether it is current (exit status 1 if not)
"""

from __future__ import annotations

import ast
import difflib
import inspect
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from dvar import ops
from dvar.core.node import Node
from dvar.core.op import Adjoint, Constant, Edge, Linear, Multilinear, Op, Partials, variable
from dvar.ops import TABLE
from dvar.write.notation import text

PAGE = Path(__file__).with_name("table.md")
OPERANDS = "xyzuvw"
MATRICES = ((3, 3), (3, 4), (4, 5))
HEAD = """# The rule table

Written by `python docs/generate.py` from the rows in `src/dvar/ops`; change a row, not this page.

- **axes**: the shape rule. `i k, k j -> i j` is a matrix product; `...` is any leading axes, with
  broadcasting; an axis that is missing on the right is summed over.
- **derivative**: the partial of the result `out` with respect to each operand, where the row is
  elementwise. *Multilinear* rows need none: the adjoint is the axes sentence turned round. *Linear*
  rows and rows with an *adjoint* say in code how an upstream gradient goes back. A row without
  any is written in other rows, and differentiated through them. *None* is a result that is
  piecewise constant: its derivative is zero wherever it exists.
- **at a kink** the value dvar takes, and the interval of values that are right there.
"""
COLUMNS = ("row", "written", "axes", "derivative", "defined for", "kinks and edges", "source")


def main(arguments: Sequence[str]) -> int:
    page = render()
    if "--check" not in arguments:
        PAGE.write_text(page, encoding="utf-8")
        return 0
    current = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if current == page:
        print(f"{PAGE.name} is current: {len(TABLE)} rows")
        return 0
    lines = difflib.unified_diff(current.splitlines(), page.splitlines(), "on disk", "rows", n=0)
    print("\n".join(list(lines)[:20]))
    print(f"{PAGE.name} is not what the rows say; run: python docs/generate.py")
    return 1


def render() -> str:
    """The page: one table per family, rows in the order in which they stand in their file."""
    parts = [HEAD]
    for family, rows in _families().items():
        parts.append(f"\n## {family.capitalize()}\n")
        lines = [COLUMNS, ["---"] * len(COLUMNS), *map(_cells, rows)]
        parts.append("".join(map(_line, lines)))
    return "\n".join(parts)


def _families() -> dict[str, list[Op]]:
    """Rows by the module that defines them, in the order of the table."""
    home = {
        id(row): family.__name__.rsplit(".", 1)[1]
        for family in ops._FAMILIES
        for name, row in vars(family).items()
        if isinstance(row, Op) and name not in _imported(family)
    }
    families: dict[str, list[Op]] = {}
    for op in TABLE.values():
        families.setdefault(home[id(op)], []).append(op)
    return families


def _imported(module: ModuleType) -> set[str]:
    """Names a module has from elsewhere: a family's rows are those it does not import."""
    tree = ast.parse(inspect.getsource(module))
    imports = (node for node in tree.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _line(cells: Sequence[str]) -> str:
    shown = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return "| " + " | ".join(shown) + " |\n"


def _cells(op: Op) -> list[str]:
    names = ", ".join(f"`{name}`" for name in (op.name, *op.aliases))
    return [names, _written(op), _axes(op), _derivative(op), _domain(op), _hard(op), op.source]


def _sample(op: Op) -> tuple[Node, list[Node]] | None:
    """The row applied to scalars ``x``, ``y``, …; None where scalars or parameters do not fit."""
    if not op.is_elementwise:
        return None
    operands = [variable(name) for name in OPERANDS[: str(op.axes).split("->")[0].count("...")]]
    for make in (op, op.node):  # the public signature has the defaults of parameters
        try:
            out = make(*operands)
        except (TypeError, ValueError, KeyError):
            continue
        if out.op is op:
            return out, operands
    return None


def _labels(operands: Sequence[Node]) -> dict[Node, str]:
    return {x: str(x.param("name")) for x in operands}


def _written(op: Op) -> str:
    sample = _sample(op)
    if sample is not None:
        return f"`{text(sample[0], _labels(sample[1]))}`"
    template = op.notation.text
    if isinstance(template, str):
        return f"`{template.format(*OPERANDS)}`"
    return f"`{op.name}(…)`"


def _axes(op: Op) -> str:
    if op.axes == "...":  # a row that is only a way to write others
        return "as those rows"
    if isinstance(op.axes, str):
        return f"`{op.axes}`"
    for shapes in (MATRICES[: len(op.domain)], MATRICES[:1] * len(op.domain)):
        try:
            sentence = op.axes(shapes)
        except (TypeError, ValueError, IndexError):  # needs parameters, or other shapes
            continue
        if isinstance(sentence, str):
            return f"for matrices `{sentence.strip()}`"
    return "by the shapes and parameters"


def _derivative(op: Op) -> str:
    rule = op.derivative
    if isinstance(rule, Partials):
        return _partials(op, rule)
    kinds: dict[type[Any], str] = {Multilinear: "multilinear", Linear: "linear", Adjoint: "adjoint"}
    if isinstance(rule, Constant):
        return "none"
    return kinds.get(type(rule), "through other rows")


def _partials(op: Op, rule: Partials) -> str:
    sample = _sample(op)
    if sample is None:
        return "partials"
    out, operands = sample
    labels = {**_labels(operands), out: "out"}
    shown = []
    for x, partial in zip(operands, rule.rule(out, *operands, **dict(out.params)), strict=True):
        value = text(partial, labels) if isinstance(partial, Node) else str(partial or 0)
        shown.append(f"∂/∂{labels[x]}: `{value}`")
    return ", ".join(shown)


def _domain(op: Op) -> str:
    texts = [d.text.format(name) for d, name in zip(op.domain, OPERANDS, strict=False) if d.text]
    return ", ".join(f"`{t}`" for t in texts) or "all numbers"


def _hard(op: Op) -> str:
    kinks = [
        f"at `{kink.where}` takes {kink.taken:g}"
        + (
            f" of [{kink.admissible[0]:g}, {kink.admissible[1]:g}]"
            if len(set(kink.admissible)) > 1
            else ""
        )
        + f": {kink.reason}"
        for kink in op.kinks
    ]
    edges = [f"`{op.name}({_arguments(edge)})` = `{_short(edge.value)}`" for edge in op.edges]
    return "; ".join(kinks + edges)


def _arguments(edge: Edge) -> str:
    plain = (bool, int, float, str, tuple)
    params = [f"{k}={v!r}" for k, v in sorted(edge.params.items()) if isinstance(v, plain)]
    return ", ".join([*map(_short, edge.at), *params])


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value).replace("\n", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
