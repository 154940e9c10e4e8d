"""Writes docs/table.md, the rule table as it stands in the rows.

python docs/generate.py            writes it
python docs/generate.py --check    says whether it is current (exit status 1 if not)
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import dvar
from dvar import ops
from dvar.check.cases import case
from dvar.check.laws_samples import samples_of
from dvar.core.node import Node
from dvar.core.op import Adjoint, Constant, Edge, Kink, Linear, Multilinear, Op, Partials, variable
from dvar.derive.control.branches import checkpoint, cond
from dvar.derive.control.scan import scan
from dvar.derive.control.while_loop import while_loop
from dvar.derive.custom import custom_vjp
from dvar.derive.sweep import sweep
from dvar.ops import TABLE
from dvar.write.notation import text

PAGE = Path(__file__).with_name("table.md")
OPERANDS = "xyzuvw"
LETTERS = "?kmnpqrst"
_SIZE = re.compile(r"\bn(\d)\b")  # the samples call the size 3 n3; any letter will do
MATRICES = ((3, 3), (3, 4), (4, 5))
HEAD = """# The rule table

Written by `python docs/generate.py` from the rows in `src/dvar/ops`; change a row, not this page.

- **axes**: the shape rule. `i k, k j -> i j` is a matrix product; `...` is any leading axes, with
  broadcasting; an axis that is missing on the right is summed over.
- **derivative**: where the row is elementwise, the partial of the result `out` with respect to each
  operand, *zero* if the result is piecewise constant. For the others, what an operand receives
  when the upstream gradient `g` comes to the result: `x ← g @ y.T`. *Multilinear* rows need no
  rule for that, the axes sentence is turned round; *linear* rows state their transpose, and rows
  with an *adjoint* the product of `g` with their Jacobian. Rows *through* others are
  differentiated as what they stand for. All this is printed from the rules that dvar computes with.
- **kinks and edges**: at a kink there is no derivative; listed are the value dvar takes there and
  the interval of values that are right. Edges are exact values at hard points, which the tests ask
  for. Both in terms of the operands in the second column.
"""
PROGRAMS = """
## Rows that hold programs

Their programs are functions of the user, made graphs. What becomes of such a row when it is differentiated, in
either direction, or computed for many examples at once, is the same done to its programs; see
[control-flow.md](control-flow.md).
"""
HOLD_PROGRAMS = (scan, while_loop, cond, checkpoint, custom_vjp)
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
    parts.append(PROGRAMS)
    told = [("row", "what it is", "source"), ("---",) * 3, *map(_told, HOLD_PROGRAMS)]
    parts.append("".join(map(_line, told)))
    return "\n".join(parts)


def _told(op: Op) -> tuple[str, str, str]:
    """A row that holds programs: what its public function says of itself."""
    about = inspect.getdoc(getattr(dvar, op.name)) or ""
    return f"`{op.name}`", about.splitlines()[0], op.source


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


@dataclass(frozen=True)
class Shown:
    """A row applied to ``x``, ``y``, …: scalars if it is elementwise, else a sample of the laws."""

    root: Node
    operands: tuple[Node, ...]

    def text(self, node: Node, **more: Node) -> str:
        labels = dict(zip(self.operands, OPERANDS, strict=False))
        written = text(node, {**labels, **{x: name for name, x in more.items()}})
        return f"`{_SIZE.sub(lambda size: LETTERS[int(size[1])], written)}`"


def _shown(op: Op) -> Shown:
    if op.is_elementwise:
        operands = [variable(name) for name in OPERANDS[: str(op.axes).split("->")[0].count("...")]]
        for make in (op, op.node):  # a public signature may need more, or turn into another row
            try:
                root = make(*operands)
            except (TypeError, ValueError, KeyError):
                continue
            if root.op is op:
                return Shown(root, tuple(operands))
    sample = samples_of(op)[0]
    it = case(op, sample, named=not sample.fixed)
    return Shown(it.root, tuple(it.values))


def _written(op: Op) -> str:
    if op.axes == "...":
        return f"`{op.name}(…)`"
    shown = _shown(op)
    return shown.text(shown.root)


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
    shown = _shown(op)
    rule = op.derivative
    if op.axes == "...":
        return f"a spelling of other rows: {shown.text(shown.root)}"
    if isinstance(rule, Constant):
        return "zero"
    if isinstance(rule, Partials):
        return _partials(shown, rule)
    if rule is None and op.expand is not None:
        body = op.expand(*shown.root.inputs, **dict(shown.root.params))
        return f"through {shown.text(body)}"
    kinds: dict[type[Any], str] = {Multilinear: "multilinear", Linear: "linear", Adjoint: "adjoint"}
    return f"{kinds[type(rule)]}: {_shares(shown)}"


def _partials(shown: Shown, rule: Partials) -> str:
    root = shown.root
    partials = []
    for name, partial in zip(
        OPERANDS, rule.rule(root, *root.inputs, **dict(root.params)), strict=False
    ):
        alone = not isinstance(partial, Node)
        value = f"`{partial or 0}`" if alone else shown.text(partial, out=root)
        partials.append(f"∂/∂{name} = {value}")
    return ", ".join(partials)


def _shares(shown: Shown) -> str:
    """What each operand receives when ``g`` comes to the result."""
    root = shown.root
    g = variable("g", root.shape, root.dtype)
    gradients = sweep(root, g, shown.operands).gradients
    shares = [
        f"{name} ← {shown.text(gradients[x], g=g, out=root)}"
        for name, x in zip(OPERANDS, shown.operands, strict=False)
        if x in gradients and x.is_float
    ]
    return ", ".join(shares)


def _domain(op: Op) -> str:
    texts = [d.text.format(name) for d, name in zip(op.domain, OPERANDS, strict=False) if d.text]
    return ", ".join(f"`{t}`" for t in texts) or "all numbers"


def _hard(op: Op) -> str:
    edges = [f"`{op.name}({_arguments(edge)})` = `{_short(edge.value)}`" for edge in op.edges]
    return "; ".join([*map(_kink, op.kinks), *edges])


def _kink(kink: Kink) -> str:
    low, high = kink.admissible
    right = f" of [{low:g}, {high:g}]" if low < high else ""
    return f"where {kink.where} dvar takes {kink.taken:g}{right}: {kink.reason}"


def _arguments(edge: Edge) -> str:
    plain = (bool, int, float, str, tuple)
    params = [f"{k}={v!r}" for k, v in sorted(edge.params.items()) if isinstance(v, plain)]
    return ", ".join([*map(_short, edge.at), *params])


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, (int, float)) else str(value).replace("\n", "")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
