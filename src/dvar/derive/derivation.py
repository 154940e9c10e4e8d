"""A derivation: the reverse sweep as data, one step per use of a named value.

A *unit* is a node that people see: an input or a named definition (every gate, at that level of
detail).  The sweep runs unit by unit: the upstream gradient of a unit times the local derivative of its
definition is the share that each operand receives; shares of several uses add up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from dvar.core.node import Node, topological
from dvar.core.op import Multilinear, axes_of, variable
from dvar.derive.sweep import Edge, ones_like, sweep
from dvar.derive.tidy import tidy
from dvar.ops.arithmetic import divide
from dvar.ops.contraction import matmul, outer
from dvar.ops.shaping import transpose


@dataclass(frozen=True, slots=True)
class Share:
    """What one use of ``wrt``, in the definition of ``of``, sends back to it.

    Attributes:
        of, wrt: the units at the two ends.
        upstream: the gradient of ``of``.
        gradient: the share, as graph.
        edges: the edges of the sweep inside the definition that lead to ``wrt``.
    """

    of: Node
    wrt: Node
    upstream: Node
    gradient: Node
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class Derivation:
    """The derivative of one output, with every step.

    Attributes:
        output: what is differentiated.
        seed: its upstream gradient.
        units: named values from the inputs to the output, operands first.
        shares: in the order of the sweep.
        gradients: unit → its gradient, as graph; a unit without a path to the output has none.
    """

    output: Node
    seed: Node
    units: tuple[Node, ...]
    shares: tuple[Share, ...]
    gradients: dict[Node, Node]

    def uses(self, unit: Node) -> list[Share]:
        """The shares a unit receives, in order."""
        return self._by_target.get(unit, [])

    @cached_property
    def _by_target(self) -> dict[Node, list[Share]]:
        found: dict[Node, list[Share]] = {}
        for share in self.shares:
            found.setdefault(share.wrt, []).append(share)
        return found


def derive(
    output: Node,
    units: Collection[Node],
    seed: Node | None = None,
    simplify: Callable[[Node], Node] = lambda gradient: gradient,
) -> Derivation:
    """Differentiate ``output`` with respect to every unit beneath it.

    Args:
        output: a node; a scalar unless ``seed`` is given.
        units: the named nodes, inputs included.
        seed: the upstream gradient; ones if None.
        simplify: applied to the gradient of a unit once all its shares are in, before it is carried on.

    Cost:
        Linear in the nodes, if unnamed nodes are not shared between definitions.
    """
    seed = ones_like(output) if seed is None else seed
    named = {*units, output}
    order = [node for node in topological([output]) if node in named]
    gradients = {output: seed}
    shares: list[Share] = []
    for unit in reversed(order):
        if unit not in gradients:
            continue
        upstream = gradients[unit] = simplify(gradients[unit])
        if unit.is_leaf:
            continue
        operands = operand_units(unit, named)
        result = sweep(unit, upstream, operands, operands)
        for wrt in reversed(operands):
            share = result.gradients.get(wrt)
            if share is None:
                continue
            shares.append(Share(unit, wrt, upstream, share, _leading_to(result.edges, wrt)))
            gradients[wrt] = share + gradients[wrt] if wrt in gradients else share
    return Derivation(output, seed, tuple(order), tuple(shares), gradients)


def operand_units(unit: Node, named: Collection[Node]) -> list[Node]:
    """The named nodes that a definition mentions, in order of first appearance."""
    stops = set(named) - {unit}
    return [x for x in topological([unit], stops) if x in stops and x.is_float]


def _leading_to(edges: Sequence[Edge], wrt: Node) -> tuple[Edge, ...]:
    """The edges on a way to ``wrt``, in the order of the sweep."""
    reaching = {wrt}
    found = []
    for edge in reversed(edges):  # nearest to the operands first
        if edge.target in reaching:
            reaching.add(edge.node)
            found.append(edge)
    return tuple(reversed(found))


class Vocabulary:
    """The named nodes, of which a formula sees those near it.

    A tidy formula mentions the names it is made of, and may find in itself what defines a name that is
    made of those only (``exp(-z)/(1 + exp(-z))**2`` is ``alpha*(1 - alpha)``).  Looking no further keeps the
    cost of a step independent of the size of the program.
    """

    def __init__(self, atoms: Collection[Node]) -> None:
        self.atoms = set(atoms)
        self.operands = {atom: operand_units(atom, self.atoms) for atom in self.atoms}
        self._tidied: dict[Node, Node] = {}
        self.users: dict[Node, list[Node]] = {}
        for atom, operands in self.operands.items():
            if operands and _is_recognisable(atom, operands):
                # One of the operands is enough to find the definition from.
                self.users.setdefault(operands[-1], []).append(atom)

    def tidy(self, node: Node, *more: Node) -> Node:
        """The node rewritten for reading, with the names near it (and ``more``) as they are."""
        if not more and node in self._tidied:
            return self._tidied[node]
        stops = {*self.atoms, *more}
        near = [x for x in topological([node], stops) if x in stops]
        users = [user for x in near for user in self.users.get(x, ())]
        defined = [user for user in users if set(near).issuperset(self.operands[user])]
        # A fraction may cancel when it is summed: softmax sums to one, what is normalised to zero.
        fractions = [x for x in near if x.op is divide and self._is_recognisable(x)]
        within = [y for x in fractions for y in self.operands[x]]
        means = [y for y in within if y.op.name == "mean" and self._is_recognisable(y)]
        within += [y for x in means for y in self.operands[x]]
        short = tidy(node, [*near, *defined, *within], [*defined, *fractions, *means])
        if not more:
            self._tidied[node] = short
        return short

    def _is_recognisable(self, atom: Node) -> bool:
        return atom in self.operands and _is_recognisable(atom, self.operands[atom])

    def add(self, atom: Node) -> None:
        """One more name, for a formula that is carried on by it."""
        self.atoms.add(atom)


# ── local derivatives ───────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Local:
    """The derivative of one definition with respect to one operand.

    Attributes:
        node: as graph.
        kind: how it acts on an upstream gradient g: ``number`` (g · node), ``gradient`` (the
            definition is a scalar), ``elementwise`` (g ∘ node), ``left`` (nodeᵀ g), ``right`` (g node),
            ``outer`` (g nodeᵀ) or ``map`` (node is the whole share, in the variable ``g``).
        repeated: whether the operand was broadcast, so that its share is summed.
    """

    node: Node
    kind: str
    repeated: bool = False


UPSTREAM = "g"
# A definition of more nodes than this is not looked for inside formulas.
RECOGNISABLE = 60


def local_derivatives(of: Node, wrts: Sequence[Node], units: Collection[Node]) -> dict[Node, Local]:
    """What stands on the edges into ``of``: ``1``, ``w0``, ``a*(1 - a)``, ``W2``, …

    They are read off the shares that a symbolic upstream gradient produces, so that they cannot differ
    from the rule the sweep applied.
    """
    operands = operand_units(of, units)
    names = [*operands, of]  # all that a local formula can mention
    defined = [of] if _is_recognisable(of, operands) else []
    if not of.shape:
        whole = sweep(of, ones_like(of), wrts, operands).gradients
        return {
            wrt: Local(tidy(whole[wrt], names, defined), "gradient" if wrt.shape else "number")
            for wrt in wrts
        }
    g = variable(UPSTREAM, of.shape, of.dtype, key=-1)
    result = sweep(of, g, wrts, operands)
    found = {}
    for wrt in wrts:
        path = _leading_to(result.edges, wrt)
        partial = _partial(of, wrt, path)
        if partial is None:
            found[wrt] = _linear(tidy(result.gradients[wrt], [*names, g], defined), g)
        else:
            repeated = any(e.was_broadcast for e in path)
            found[wrt] = Local(tidy(partial, names, defined), "elementwise", repeated)
    return found


def _is_recognisable(unit: Node, operands: Collection[Node]) -> bool:
    """Whether a definition is short enough to be found again inside a formula."""
    return len(topological([unit], set(operands) - {unit})) <= RECOGNISABLE


def _partial(of: Node, wrt: Node, path: Sequence[Edge]) -> Node | None:
    """Product of partials along elementwise gates, before any sum over repeated places; else None."""
    partials: dict[Node, Node] = {of: ones_like(of)}
    for edge in path:
        if edge.local is None:
            return None
        first = edge.node is of and edge.local.shape == of.shape
        share = edge.local if first else partials[edge.node] * edge.local
        known = partials.get(edge.target)
        partials[edge.target] = share if known is None else known + share
    return partials[wrt]


def _linear(share: Node, g: Node) -> Local:
    """``Wᵀ g`` is told by W, ``g Xᵀ`` by Xᵀ, ``g xᵀ`` of vectors by x; else the whole map."""
    if share is g:
        return Local(ones_like(g), "elementwise")
    if share.op is matmul and share.inputs[1] is g and g not in topological([share.inputs[0]]):
        return Local(_transposed(share.inputs[0]), "left")
    if share.op is matmul and share.inputs[0] is g and g not in topological([share.inputs[1]]):
        return Local(share.inputs[1], "right")
    if share.op is outer and share.inputs[0] is g and g not in topological([share.inputs[1]]):
        return Local(share.inputs[1], "outer")
    return Local(share, "map")


def _transposed(x: Node) -> Node:
    if x.op is transpose and x.ndim == 2:
        return x.inputs[0]
    return transpose(x) if x.ndim == 2 else x


def turned_round(edge: Edge) -> tuple[str, str] | None:
    """The axes sentence of a multilinear edge and the one its adjoint obeys, for an explanation."""
    if not isinstance(edge.node.op.derivative, Multilinear):
        return None
    axes = axes_of(edge.node)
    return str(axes), str(axes.turned(edge.operand))
