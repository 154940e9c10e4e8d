"""Single elements: ``dL/dx`` written out element by element, and ``dL/dW1[0,0]`` path by path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from dvar.core.dims import is_numeric, show
from dvar.core.errors import FormulaError, MissingRule, ShapeError
from dvar.core.node import Node, topological
from dvar.core.op import Multilinear
from dvar.derive.components import components
from dvar.derive.derivation import Derivation, Vocabulary, derive, local_derivatives
from dvar.derive.elements import Elements, Index, component, depends_on, indices
from dvar.derive.tidy import tidy
from dvar.engine.reference import Environment, evaluate_into
from dvar.explain.problem import Problem
from dvar.ops.arithmetic import multiply
from dvar.write import names, notation
from dvar.write.report import ElementReport, Formula, PathReport

# A list longer than this says less than the formula of the whole array.
SHOWN = 12
LONGEST = 80
"""Nobody reads an element of more characters; the formula of the whole array has to do."""
MANY = 200
"""An element made of more nodes never becomes that short, and tidying it takes seconds."""
PATHS = 24

_ELEMENT = re.compile(r"(?:d\w+/d)?(?P<name>\w+)\[(?P<index>[\d,\s]+)\]")


def parse_element(text: str) -> tuple[str, Index] | None:
    """``W1[0,0]`` or ``dL/dW1[0, 0]`` as a name and an index; None if it is no element."""
    match = _ELEMENT.fullmatch(text.strip())
    if match is None:
        return None
    return match["name"], tuple(int(i) for i in match["index"].split(",") if i.strip())


def element_formulas(problem: Problem, gradient: Node) -> Any:
    """A formula per element, nested as the array, where the formula of the whole hides the elements.

    That is where elements were moved or chosen (an index, a sort); a product of matrices or an
    elementwise formula says its elements itself.
    """
    labels = {**problem.labels}
    if problem.has_own_upstream:
        labels[problem.seed] = str(problem.seed.param("name"))
    inside = [node for node in topological([gradient], set(labels)) if node.inputs]
    inside = [node for node in inside if node not in labels]
    if not gradient.shape or all(_tells_its_elements(node) for node in inside):
        return None
    sizes = [size for size in gradient.shape if isinstance(size, int)]
    if not is_numeric(gradient.shape) or np.prod(sizes) > SHOWN:
        return _component_formulas(gradient, labels)
    _choices(problem, inside)
    apart = Elements(labels, problem.values, expand=False)
    try:
        found = {i: apart.element(gradient, i) for i in indices(gradient)}
    except MissingRule:
        return None
    if any(len(topological([x])) > MANY for x in found.values()):
        return None
    written = {i: tidy(x) for i, x in found.items()}
    formulas = {i: _formula(node, apart.labels) for i, node in written.items()}
    return _nest(formulas) if _is_readable(formulas.values()) else None


def _component_formulas(gradient: Node, labels: Mapping[Node, str]) -> dict[str, Formula] | None:
    """``{"0": …, "i": …}`` for a vector too long, or of a size that is a name."""
    try:
        found = components(gradient, labels)
    except (MissingRule, ShapeError):
        return None
    formulas = {index: _formula(node, names_) for index, (node, names_) in found.items()}
    return formulas if _is_readable(formulas.values()) else None


def _is_readable(formulas: Iterable[Formula]) -> bool:
    return all(len(formula.text) <= LONGEST for formula in formulas)


def _tells_its_elements(node: Node) -> bool:
    return (
        node.op.is_elementwise
        or isinstance(node.op.derivative, Multilinear)
        or node.op.name in ("sum", "transpose", "broadcast_to", "reshape")
    )


def _choices(problem: Problem, nodes: list[Node]) -> None:
    """Evaluate the indices that the elements depend on."""
    choices = [x for node in nodes for x in node.inputs if not x.is_float]
    problem.evaluate(*choices)


def _formula(node: Node, labels: Mapping[Node, str]) -> Formula:
    return Formula(notation.text(node, labels), notation.latex(node, labels))


def _nest(written: Mapping[Index, Formula]) -> Any:
    """A flat ``index → formula`` as nested lists."""
    if () in written:
        return written[()]
    groups: dict[int, dict[Index, Formula]] = {}
    for index, formula in written.items():
        groups.setdefault(index[0], {})[index[1:]] = formula
    return [_nest(groups[k]) for k in sorted(groups)]


# ── one element, path by path ───────────────────────────────────────────────────────────────────


def element_report(problem: Problem, name: str, index: Index) -> ElementReport:
    """The derivative with respect to one element: every path from it to the output, and their sum.

    Raises:
        FormulaError: no such name, or an index outside its shape.
    """
    target_array = _find_array(problem, name, index)
    label = f"d{problem.numerator}/d{component(name, index)}"
    shown = Formula(label, names.latex_name(label))
    _choices(problem, problem.graph.nodes)
    apart = Elements(problem.labels, problem.values, expand=True)
    try:
        root = _scalar_output(problem, apart)
        target = apart.element(target_array, index)
    except MissingRule as error:
        return ElementReport(shown, Formula(f"not written out: {error.message}", ""), (), None)
    reaching = depends_on(root, target)
    labels = dict(apart.labels)
    labels.setdefault(root, problem.name)
    units = [node for node in reaching if node in labels]
    values = _scalar_values(problem, apart)
    derivation = derive(root, units, None, Vocabulary(labels).tidy)
    gradient = derivation.gradients.get(target)
    if gradient is None:
        return ElementReport(shown, Formula("0", "0"), (), np.asarray(0.0))
    paths = _paths(derivation, target)
    return ElementReport(
        label=shown,
        symbolic=Formula(notation.text(gradient, labels), notation.latex(gradient, labels)),
        paths=tuple(_path_report(path, labels, units, values) for path in paths),
        value=_value(gradient, values),
    )


def _find_array(problem: Problem, name: str, index: Index) -> Node:
    known = {**problem.graph.inputs, **problem.graph.names}
    if name not in known:
        raise FormulaError(
            f"{name} is not a name of this program", hint="one of " + ", ".join(known)
        )
    node = known[name]
    sizes = [size for size in node.shape if isinstance(size, int)]
    fits = len(index) == node.ndim and all(
        i < size for i, size in zip(index, node.shape, strict=True) if isinstance(size, int)
    )
    if not fits:
        wanted = ", ".join(f"0..{s - 1}" for s in sizes)
        raise FormulaError(
            f"{component(name, index)} does not exist: {name} is {show(node.shape)}",
            hint=f"{node.ndim} {'index' if node.ndim == 1 else 'indices'}, counted from 0"
            + (f": {wanted}" if wanted else ""),
        )
    return node


def _scalar_output(problem: Problem, apart: Elements) -> Node:
    """The output; for an array with an upstream gradient the sum of their products."""
    output = problem.output
    if not problem.has_own_upstream:
        return apart.element(output, ())
    name = str(problem.seed.param("name"))
    seed = Elements({problem.seed: name}, problem.values, expand=False)
    terms = []
    for i in indices(output):
        factor = seed.element(problem.seed, i)
        apart.labels.setdefault(factor, component(name, i))
        terms.append(factor * apart.element(output, i))
    return reduce(lambda a, b: a + b, terms)


def _scalar_values(problem: Problem, apart: Elements) -> Environment:
    """Numbers for the scalar nodes: from the arrays they are elements of."""
    if not problem.values:
        return {}
    arrays = {name: problem.values[node] for node, name in problem.labels.items()}
    if problem.has_own_upstream:
        (seed,) = problem.evaluate(problem.seed)
        if seed is not None:
            arrays[str(problem.seed.param("name"))] = seed
    values: Environment = {}
    for node, label in apart.labels.items():
        element = parse_element(label)
        name, index = element or (label, ())
        if name in arrays:
            values[node] = np.asarray(arrays[name])[index]
    return values


def _value(node: Node, values: Environment) -> Any:
    if not values:
        return None
    try:
        evaluate_into(values, [node], {})
    except ValueError:  # an upstream gradient without numbers
        return None
    return values[node]


def _paths(derivation: Derivation, target: Node) -> list[list[Node]]:
    """Ways from the output to the target along units; the first PATHS of them."""
    uses: dict[Node, list[Node]] = {}
    for share in derivation.shares:
        uses.setdefault(share.of, []).append(share.wrt)
    found: list[list[Node]] = []
    stack = [[derivation.output]]
    while stack and len(found) < PATHS:
        path = stack.pop()
        if path[-1] is target:
            found.append(path)
            continue
        stack.extend([*path, wrt] for wrt in uses.get(path[-1], []))
    return found


def _path_report(
    path: list[Node], labels: Mapping[Node, str], units: list[Node], values: Environment
) -> PathReport:
    stages = list(pairwise(path))
    locals_ = [local_derivatives(of, [wrt], labels)[wrt].node for of, wrt in stages]
    product = reduce(multiply, locals_) if locals_ else None
    fractions = [f"d{labels[of]}/d{labels[wrt]}" for of, wrt in stages]
    written = Formula(
        " * ".join(fractions), r" \cdot ".join(names.latex_name(f) for f in fractions)
    )
    numbers = [_value(local, values) for local in locals_]
    value = _value(product, values) if product is not None else None
    substituted = None
    if value is not None and all(n is not None for n in numbers):
        substituted = Formula(
            " * ".join(_factor(names.number(n)) for n in numbers),
            r" \cdot ".join(_factor(names.latex_number(n)) for n in numbers),
        )
    through = tuple(Formula(labels[n], names.latex_name(labels[n])) for n in path)
    return PathReport(through, written, substituted, value)


def _factor(number: str) -> str:
    return f"({number})" if number.startswith("-") else number
