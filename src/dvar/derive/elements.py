"""Arrays taken apart: one element of a node as an expression in the elements of named arrays.

Read off the rows, with nothing said of elements in them: an elementwise row acts on the elements at
one place, a multilinear row is its axes sentence summed, and a linear row shows its coefficients when
it is applied to unit vectors.  So ``dL/dW1[0,0]`` is the same graph as ``dL/dW1``, seen element by element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from dvar.core.dims import is_numeric
from dvar.core.errors import MissingRule
from dvar.core.node import Node, topological
from dvar.core.op import (
    CONSTANT,
    SIZE,
    VARIABLE,
    Array,
    Linear,
    Multilinear,
    axes_of,
    constant,
    variable,
)

Index = tuple[int, ...]

# Beyond this many scalars an expansion is a wall of text, not an explanation.
LIMIT = 4000


class Elements:
    """Takes arrays apart.

    Args:
        names: the named nodes; an element of one is called ``name[i,j]``.
        values: what is known of nodes; needed where a choice (an argsort, an index) depends on numbers.
        expand: whether a named node is written out (its element keeps its name in ``labels``) or
            stays a variable.

    Attributes:
        labels: scalar node → ``name[i,j]``.
    """

    def __init__(
        self, names: Mapping[Node, str], values: Mapping[Node, Array], expand: bool
    ) -> None:
        self.names = names
        self.values = values
        self.expand = expand
        self.labels: dict[Node, str] = {}
        self._done: dict[tuple[Node, Index], Node] = {}
        self._coefficients: dict[tuple[Node, int], Array] = {}

    def element(self, node: Node, index: Index) -> Node:
        """One element as a scalar node.

        Raises:
            MissingRule: a row that cannot be taken apart, sizes that are names, or too many elements.
        """
        root = (node, index)
        pending = [root]
        while pending:
            key = pending[-1]
            if key in self._done:
                pending.pop()
                continue
            needs = [k for k in self._needs(*key) if k not in self._done]
            if needs:
                pending.extend(needs)
            else:
                self._done[key] = self._compose(*key)
                pending.pop()
            if len(self._done) + len(pending) > LIMIT:
                raise MissingRule(f"more than {LIMIT} elements would have to be written out")
        return self._done[root]

    # Every key has the keys it needs; composing reads them from ``_done``.

    def _needs(self, node: Node, index: Index) -> list[tuple[Node, Index]]:
        if self._is_atom(node):
            return []
        return [key for term in self._terms(node, index) for key in term[1]]

    def _is_atom(self, node: Node) -> bool:
        return not node.inputs or (node in self.names and not self.expand)

    def _terms(self, node: Node, index: Index) -> list[tuple[float, list[tuple[Node, Index]]]]:
        """The operands' elements as ``coefficient, factors``; one term of all for an elementwise row."""
        if not is_numeric(node.shape) or not all(is_numeric(x.shape) for x in node.inputs):
            raise MissingRule("single elements need sizes that are numbers")
        op = node.op
        if op.is_elementwise:
            return [(1.0, [(x, _broadcast(x, index)) for x in node.inputs])]
        if isinstance(op.derivative, Multilinear):
            return [(1.0, factors) for factors in _products(node, index)]
        if isinstance(op.derivative, Linear):
            return self._linear(node, index)
        if op.expand is not None:
            return [(1.0, [(op.expand(*node.inputs, **dict(node.params)), index)])]
        raise MissingRule(f"{op.name} cannot be taken apart into elements")

    def _linear(self, node: Node, index: Index) -> list[tuple[float, list[tuple[Node, Index]]]]:
        rule = node.op.derivative
        assert isinstance(rule, Linear)
        operands = range(len(node.inputs)) if rule.operands is None else rule.operands
        terms: list[tuple[float, list[tuple[Node, Index]]]] = []
        for n in operands:
            row = (
                self._matrix(node, n)[np.ravel_multi_index(index, _sizes(node))]
                if index
                else (self._matrix(node, n)[0])
            )
            for k in np.flatnonzero(row):
                at = tuple(int(i) for i in np.unravel_index(k, _sizes(node.inputs[n])))
                terms.append((float(row[k]), [(node.inputs[n], at)]))
        return terms

    def _matrix(self, node: Node, n: int) -> Array:
        """The matrix of a linear row in its n-th operand: its values at the unit vectors."""
        if (node, n) not in self._coefficients:
            x = node.inputs[n]
            size = int(np.prod(_sizes(x)))
            if size * max(1, int(np.prod(_sizes(node)))) > LIMIT * 100:
                raise MissingRule("the arrays are too large to be written out element by element")
            given = [self._given(y, k == n) for k, y in enumerate(node.inputs)]
            columns = []
            for unit in np.eye(size):
                given[n] = unit.reshape(_sizes(x))
                columns.append(np.ravel(node.op.forward(*given, **dict(node.params))))
            empty = np.zeros((int(np.prod(_sizes(node))), 0))
            self._coefficients[node, n] = np.stack(columns, axis=1) if columns else empty
        return self._coefficients[node, n]

    def _given(self, node: Node, varied: bool) -> Array:
        if varied or node.is_float:
            return np.zeros(_sizes(node))
        if node.op is CONSTANT:
            array: Array = node.param("value").array
            return array
        if node not in self.values:
            raise MissingRule(f"which element {node.op.name} takes depends on numbers; give them")
        return self.values[node]

    def _compose(self, node: Node, index: Index) -> Node:
        if self._is_atom(node):
            return self._atom(node, index)
        terms = self._terms(node, index)
        if node.op.is_elementwise:
            made = node.with_inputs(*(self._done[key] for key in terms[0][1]))
        else:
            made = _total([_product(c, [self._done[key] for key in keys]) for c, keys in terms])
        if node in self.names:
            self.labels.setdefault(made, component(self.names[node], index))
        return made

    def _atom(self, node: Node, index: Index) -> Node:
        if node.op is CONSTANT:
            return constant(node.param("value").array[index])
        if node.op is SIZE:
            return node
        if node.op is not VARIABLE and node not in self.names:
            array = node.op.forward(**dict(node.params))
            return constant(array[index])
        name = component(self.names.get(node) or str(node.param("name")), index)
        made = variable(name, (), node.dtype)
        self.labels.setdefault(made, name)
        return made


def component(name: str, index: Index) -> str:
    """``W1[0,2]``; a scalar keeps its name."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


def indices(node: Node) -> Iterator[Index]:
    """Every index of an array whose sizes are numbers."""
    return product(*(range(size) for size in _sizes(node)))


def depends_on(root: Node, target: Node) -> set[Node]:
    """The nodes under ``root`` that depend on ``target``, itself included."""
    reaching = {target}
    for node in topological([root]):
        if any(x in reaching for x in node.inputs):
            reaching.add(node)
    return reaching


def _sizes(node: Node) -> tuple[int, ...]:
    return tuple(size for size in node.shape if isinstance(size, int))


def _broadcast(x: Node, index: Index) -> Index:
    """The place in an operand that lands at ``index`` of the broadcast result."""
    own = index[len(index) - x.ndim :]
    return tuple(0 if size == 1 else i for i, size in zip(own, _sizes(x), strict=True))


def _products(node: Node, index: Index) -> Iterator[list[tuple[Node, Index]]]:
    """The terms of a multilinear row: its axes sentence with every summed axis run through."""
    axes = axes_of(node)
    if any("..." in part for part in axes.operands):
        raise MissingRule(f"{node.op.name} of stacks of matrices cannot be taken apart")
    sizes = {
        name: size
        for part, x in zip(axes.operands, node.inputs, strict=True)
        for name, size in zip(part, _sizes(x), strict=True)
    }
    bound = dict(zip(axes.result, index, strict=True))
    summed = [a for a in sizes if a not in bound]
    for values in product(*(range(sizes[a]) for a in summed)):
        at = bound | dict(zip(summed, values, strict=True))
        yield [
            (x, tuple(at[a] for a in part))
            for x, part in zip(node.inputs, axes.operands, strict=True)
        ]


def _product(coefficient: float, factors: list[Node]) -> Node:
    out = factors[0]
    for factor in factors[1:]:
        out = out * factor
    return out if coefficient == 1 else -out if coefficient == -1 else coefficient * out


def _total(terms: list[Node]) -> Node:
    if not terms:
        return constant(0.0)
    out = terms[0]
    for term in terms[1:]:
        out = out + term
    return out
