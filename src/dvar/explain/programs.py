"""The derivation as NumPy code, twice: a loop over the examples, and vectorised; with what each costs.

The loop is read off the graph: a node either carries the axis of the examples (then it has a line
inside the loop, for one example), or sums over it (then it is accumulated), or has nothing to do with
it (then it stands outside).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dvar.core.dims import Dim, Size, product
from dvar.core.errors import FormulaError
from dvar.core.node import Node, topological
from dvar.core.op import Multilinear
from dvar.derive.cost import cost
from dvar.explain.work import Work, share_of
from dvar.write import notation
from dvar.write.report import Program


@dataclass(frozen=True, slots=True)
class Line:
    """``name = node``: one definition or one gradient."""

    name: str
    node: Node


def programs(work: Work, examples: str, wrt: Sequence[Node]) -> tuple[Program, Program]:
    """The loop over ``examples`` and the vectorised form, forward and backward.

    Raises:
        FormulaError: no input has an axis of that name, or examples depend on one another.
    """
    axis = Dim(examples)
    inputs = work.problem.graph.inputs
    if not any(axis in node.shape for node in inputs.values()):
        raise FormulaError(
            f"no input has an axis {examples}", hint=f'declare it, as in "X: (n, {examples})"'
        )
    lines = [*_forward(work), *_backward(work, wrt)]
    labels = {**{line.node: line.name for line in reversed(lines)}, **work.problem.labels}
    vectorised = "\n".join(f"{line.name} = {_code(line.node, labels)}" for line in lines)
    loop = "\n".join(_loop(lines, labels, axis, work))
    calls = sum(_calls(line.node, labels) for line in lines)
    inside = sum(_calls(line.node, labels) for line in lines if _is_inside(line.node, labels, axis))
    operations = _sum(_operations(line.node, labels) for line in lines)
    return (
        Program(
            f"Loop over {examples} examples",
            loop,
            f"{examples} passes of {inside} array operations each, one example at a time: "
            f"{inside}*{examples} + {calls - inside} calls for {operations} multiplications "
            "and additions",
        ),
        Program(
            "Vectorised",
            vectorised,
            f"{calls} calls for the same {operations} multiplications and additions, "
            f"whatever {examples} is",
        ),
    )


# ── the lines ───────────────────────────────────────────────────────────────────────────────────


def _forward(work: Work) -> Iterator[Line]:
    for unit in work.derivation.units:
        if not unit.is_leaf:
            yield Line(work.problem.labels[unit], unit)


def _backward(work: Work, wrt: Sequence[Node]) -> Iterator[Line]:
    """Gradients in the order of the sweep, each written with the ones before it.

    A gradient that no later line needs, because the next one simplified past it, is left out.
    """
    written = []
    symbols = work.symbols
    for unit in reversed(work.derivation.units):
        uses = work.derivation.uses(unit)
        if not uses:
            continue
        by_chain = _with_symbols(work, unit, symbols)
        whole = work.derivation.gradients[unit]
        atoms = [*work.problem.labels, *symbols.values()]
        shorter = whole if cost(whole, atoms) <= cost(by_chain, atoms) else by_chain
        written.append((unit, shorter))
    needed = {symbols[unit] for unit in wrt if unit in symbols}
    kept: list[Line] = []
    for unit, node in reversed(written):
        if symbols[unit] in needed:
            needed |= {x for x in topological([node]) if x in symbols.values()}
            kept.append(Line(work.codes[unit], node))
    yield from reversed(kept)


def _with_symbols(work: Work, unit: Node, symbols: dict[Node, Node]) -> Node:
    """The sum of the shares with ``dz`` for the gradients already computed."""
    total: Node | None = None
    for share in work.derivation.uses(unit):
        first = share.of is work.problem.output
        part = share_of(work, share, share.upstream if first else symbols[share.of])
        total = part if total is None else total + part
    assert total is not None
    return work.names.tidy(total, *symbols.values())


# ── code ────────────────────────────────────────────────────────────────────────────────────────


def _code(node: Node, labels: Mapping[Node, str]) -> str:
    """What stands right of the ``=`` of a line."""
    return notation.definition(node, labels)[0]


def _loop(
    lines: Sequence[Line], labels: Mapping[Node, str], axis: Dim, work: Work
) -> Iterator[str]:
    """Accumulators, the loop, and what is left to do after it."""
    totals = _accumulators(lines, labels, axis)
    _refuse_feedback(lines, totals, labels, axis)
    gradients = {symbol: work.codes[unit] for unit, symbol in work.symbols.items()}
    carried = {**labels, **gradients}
    one = {node: f"{name}_i" for node, name in carried.items() if axis in node.shape}
    for name in totals.values():
        yield f"{name} = 0"
    yield f"for i in range({axis}):"
    for node in work.problem.graph.inputs.values():
        if axis in node.shape:
            index = ", ".join("i:i+1" if size == axis else ":" for size in node.shape)
            yield f"    {one[node]} = {labels[node]}[{index}]"
    for line in lines:
        if axis in line.node.shape:
            yield f"    {line.name}_i = {_code(line.node, {**labels, **one})}"
        for node in _reductions(line.node, labels, axis):
            yield f"    {totals[node]} += {_code(node, {**labels, **one})}"
    for line in lines:
        if axis not in line.node.shape and line.node not in totals:
            yield f"{line.name} = {_code(line.node, {**labels, **totals})}"


def _accumulators(lines: Sequence[Line], labels: Mapping[Node, str], axis: Dim) -> dict[Node, str]:
    """Every sum over the examples, with the name of the variable that collects it."""
    totals: dict[Node, str] = {}
    for line in lines:
        for node in _reductions(line.node, labels, axis):
            name = line.name if node is line.node else f"{line.name}_sum"
            totals[node] = name if name not in totals.values() else f"{name}{len(totals)}"
    return totals


def _definition_nodes(node: Node, labels: Mapping[Node, str]) -> list[Node]:
    """What a line computes: the nodes above the named ones."""
    stops = set(labels) - {node}
    return [x for x in topological([node], stops) if x.inputs and x not in stops]


def _reductions(node: Node, labels: Mapping[Node, str], axis: Dim) -> list[Node]:
    """The nodes of a line that sum over the examples."""
    return [
        x
        for x in _definition_nodes(node, labels)
        if axis not in x.shape and any(axis in y.shape for y in x.inputs)
    ]


def _refuse_feedback(
    lines: Sequence[Line], totals: dict[Node, str], labels: Mapping[Node, str], axis: Dim
) -> None:
    """One pass over the examples is enough only if no sum over them is used by an example."""
    after: set[Node] = set(totals)
    for line in lines:
        for node in _definition_nodes(line.node, labels):
            if any(x in after for x in node.inputs):
                after.add(node)
                if axis in node.shape:
                    raise FormulaError(
                        f"{line.name} needs a sum over all {axis} examples for each of them, "
                        "so there is no loop that sees one example at a time"
                    )


def _is_inside(node: Node, labels: Mapping[Node, str], axis: Dim) -> bool:
    return axis in node.shape or bool(_reductions(node, labels, axis))


def _calls(node: Node, labels: Mapping[Node, str]) -> int:
    return len([x for x in _definition_nodes(node, labels) if x.op.name != "transpose"])


def _operations(node: Node, labels: Mapping[Node, str]) -> Size:
    """Multiplications and additions of one line, as a polynomial in the sizes."""
    return _sum(_flops(x) for x in _definition_nodes(node, labels))


def _flops(node: Node) -> Size:
    if isinstance(node.op.derivative, Multilinear):
        shared = [s for s in node.inputs[0].shape if s not in node.shape]
        return product(node.shape) * (2 * product(shared))
    if node.op.is_elementwise:
        return product(node.shape)
    if node.op.name == "sum":
        return product(node.inputs[0].shape)
    return 0


def _sum(sizes: Iterable[Size]) -> Size:
    total: Size = 0
    for size in sizes:
        total = total + size
    return total
