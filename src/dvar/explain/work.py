"""One explanation in the making: the derivation, and the names that values and gradients go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from dvar.core.node import Node, topological
from dvar.core.op import SIZE, Array, variable
from dvar.derive.derivation import Derivation, Share, Vocabulary, derive, operand_units
from dvar.derive.sweep import sweep
from dvar.explain.problem import Problem
from dvar.ops.shaping import broadcast_to
from dvar.write import names as names_
from dvar.write import notation
from dvar.write.report import Formula

# A gradient of more nodes than this is carried on by its name: dZ2, not its formula.
CARRIED_BY_NAME = 24


@dataclass
class Work:
    """One explanation in the making: the derivation and the names of its gradients.

    Attributes:
        problem: the question.
        derivation: gradients and shares, tidied as they are carried back.
        names: nodes that formulas do not look into: units, and gradients carried by name.
        codes: unit → ``dz``, short for the whole ``dL/dz``.
        symbols: unit → a variable of that name, to write ``dz`` in formulas.
    """

    problem: Problem
    derivation: Derivation
    names: Vocabulary
    codes: dict[Node, str]
    symbols: dict[Node, Node]
    by_name: dict[Node, str] = field(default_factory=dict)

    @cached_property
    def labels(self) -> dict[Node, str]:
        """Names of values, of gradients carried by name, and of symbols."""
        symbols = {symbol: self.codes[unit] for unit, symbol in self.symbols.items()}
        return {**symbols, **self.by_name, **self.problem.labels}

    def formula(self, node: Node) -> Formula:
        node = once(node)
        return Formula(notation.text(node, self.labels), notation.latex(node, self.print_labels))

    @cached_property
    def print_labels(self) -> dict[Node, str]:
        """As ``labels``, with gradients written as derivatives: for LaTeX."""
        top = self.problem.numerator
        derivative = {unit: f"d{top}/d{name}" for unit, name in self.problem.labels.items()}
        symbols = {symbol: derivative[unit] for unit, symbol in self.symbols.items()}
        carried = {
            self.derivation.gradients[unit]: derivative[unit]
            for unit in self.symbols
            if self.derivation.gradients[unit] in self.by_name
        }
        return {**symbols, **carried, **self.problem.labels}

    def derivative(self, of: str, wrt: str) -> Formula:
        name = f"d{of}/d{wrt}"
        return Formula(name, names_.latex_name(name))

    def target(self, unit: Node) -> Formula:
        return self.derivative(self.problem.numerator, self.problem.labels[unit])


def once(node: Node) -> Node:
    """A number repeated over an array is written as the number: its shape is told beside it."""
    repeated = node.op is broadcast_to and not node.inputs[0].shape
    return node.inputs[0] if repeated else node


def work_on(problem: Problem) -> Work:
    """Differentiate, tidying every gradient before it is carried on."""
    units = set(problem.labels)
    known = Vocabulary([*units, problem.seed] if problem.has_own_upstream else units)

    def simplify(gradient: Node) -> Node:
        short = known.tidy(gradient)
        if len(topological([short], known.atoms)) > CARRIED_BY_NAME:
            known.add(short)
        return short

    derivation = derive(problem.output, units, problem.seed, simplify)
    codes = _code_names(problem, derivation)
    symbols = {
        unit: variable(codes[unit], unit.shape, unit.dtype, key=-3)
        for unit in derivation.gradients
        if unit in codes
    }
    by_name = {
        derivation.gradients[unit]: codes[unit]
        for unit in symbols
        if derivation.gradients[unit] in known.atoms
        and derivation.gradients[unit] not in units
        # Several gradients may be the given one itself; it goes by the name the user gave it.
        and derivation.gradients[unit] is not problem.seed
    }
    return Work(problem, derivation, known, codes, symbols, by_name)


def _code_names(problem: Problem, derivation: Derivation) -> dict[Node, str]:
    """``dz`` for dL/dz; the longer ``dL_dz`` where a user's own name is ``dz``."""
    taken = set(problem.labels.values())
    if problem.has_own_upstream:
        taken.add(str(problem.seed.param("name")))
    codes = {}
    for unit in derivation.gradients:
        name = problem.labels.get(unit)
        if name is not None:
            short = f"d{name}"
            codes[unit] = short if short not in taken else f"d{problem.numerator}_d{name}"
    if problem.has_own_upstream and problem.output in codes:
        codes[problem.output] = str(problem.seed.param("name"))
    return codes


def share_of(work: Work, share: Share, upstream: Node) -> Node:
    """The share for another way of writing the upstream gradient."""
    operands = operand_units(share.of, set(work.problem.labels))
    result = sweep(share.of, upstream, [share.wrt], operands).gradients[share.wrt]
    return work.names.tidy(result, upstream)


def sizes_in(work: Work, node: Node) -> dict[Node, Array]:
    """The numbers of named sizes, to be put in like any other."""
    sizes = [x for x in topological([node]) if x.op is SIZE]
    found = work.problem.evaluate(*sizes)
    return {x: value for x, value in zip(sizes, found, strict=True) if value is not None}
