"""A graph of single numbers as instructions: what is computed of which numbers, in which stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from dvar.core.node import Node
from dvar.core.op import CONSTANT, VARIABLE, Array, Op, number
from dvar.engine.native.arrays import sizes_of
from dvar.engine.native.runners import STAGE, moving
from dvar.engine.native.tile import NotNative
from dvar.ops.arithmetic import add, multiply, negative, power, subtract
from dvar.ops.elementwise import square
from dvar.ops.indexing import getitem, scatter_add
from dvar.ops.joining import concatenate, stack
from dvar.ops.reduction import sum as sum_
from dvar.ops.shaping import broadcast_to, reshape, transpose

# The kind of ``x·y + z``; the leaves that it is made of come first.  What pads an array is a zero that nothing has
# to be added to.
SUMS = 0
PADDING, ONE, MINUS_ONE, MINUS_ZERO = range(4)
_MOVES = frozenset((transpose, reshape, broadcast_to, stack, concatenate, getitem))


def takes(op: Op) -> bool:
    """Whether a row can be written as it is."""
    is_native = op.native is not None and op.is_elementwise
    return is_native or op in _MOVES or op is scatter_add or op is sum_


class Writing:
    """Instructions as they are written, operands first.

    Every number has an id: that of a leaf is its place among the leaves, that of a result comes after all leaves.

    Attributes:
        real: the type of the numbers.
        leaves: constants and inputs, as numbers.
        held: for every node its id, or an array of them.
        examples: for every kind of instruction a node of that row.

    Args:
        inputs: the variables.
        order: all nodes, operands first.
        real: the type of the numbers.
        found: is told of every example at once, so that its code can be made meanwhile.
    """

    def __init__(
        self,
        inputs: Sequence[Node],
        order: Sequence[Node],
        real: str,
        found: Callable[[Node], Any] = lambda node: None,
    ) -> None:
        self.real, self._found = real, found
        constants = [x for x in order if x.op is CONSTANT]
        self.leaves: list[float] = [0.0, 1.0, -1.0, -0.0]
        self.held: dict[Node, Any] = {}
        self._twos = {x for x in constants if number(x) == 2}
        for node in constants:
            self.held[node] = self._leaf(node.param("value").array)
        self.first_input = len(self.leaves)
        for node in inputs:
            self.held[node] = self._leaf(np.zeros(sizes_of(node)))
        self.inputs = len(self.leaves) - self.first_input
        self.examples: list[Any] = [None]
        self._kinds: dict[Any, int] = {}
        # Four numbers for each instruction: its kind and its operands.
        self._code: list[int] = []
        # The stage of every number: that of the last row before it that is no sum.
        self._stage: list[int] = [0] * len(self.leaves)
        self._write(order)

    def _write(self, order: Sequence[Node]) -> None:
        held, stage = self.held, self._stage
        more, then = self._code.extend, stage.append
        for node in order:
            if node in held:
                continue
            op, inputs = node.op, node.inputs
            if node.shape or node.dtype == "bool":
                held[node] = self._node(node)
                continue
            # Nearly always sums and products; the same as ``_sum``, without a call for each.
            if op in _PRODUCTS:
                x, y, z = held[inputs[0]], _PRODUCTS[op] or held[inputs[-1]], MINUS_ZERO
                first, second = stage[x], stage[y]
            elif op in _SIGNS:
                x, y, z = held[inputs[1]], _SIGNS[op], held[inputs[0]]
                if y == ONE and (x == PADDING or z == PADDING):
                    held[node] = z if x == PADDING else x
                    continue
                first, second = stage[x], stage[z]
            else:
                held[node] = self._single(node)
                continue
            more((SUMS, x, y, z))
            held[node] = len(stage)
            then(max(second, first))

    def _single(self, node: Node) -> Any:
        """A row on single numbers that is no sum and no product; most are those that a program has many of."""
        x = node.inputs[0]
        if len(node.inputs) == 1:
            kind = self._kinds.get((node.op, node.params, node.dtype, x.dtype))
            if kind is not None:
                return self._row(kind, self.held[x])
        elif node.op is power and node.inputs[1] in self._twos:
            return self._row(SUMS, self.held[x], self.held[x], MINUS_ZERO)
        return self._node(node)

    def _leaf(self, array: Array) -> Any:
        first = len(self.leaves)
        self.leaves += np.asarray(array, np.float64).ravel().tolist()
        return np.arange(first, first + array.size).reshape(array.shape) if array.ndim else first

    def code(self) -> Code:
        kind, x, y, z = np.array(self._code, np.int64).reshape(-1, 4).T.copy()
        return Code(kind, x, y, z, np.array(self._stage, np.int64), len(self.leaves))

    # ── rows ────────────────────────────────────────────────────────────────────────────────────

    def _node(self, node: Node) -> Any:
        op = node.op
        operands = [self.held[x] for x in node.inputs]
        if op is VARIABLE:
            raise NotNative(node)
        if op in _MOVES and len(operands) == (1 if op is getitem else len(operands)):
            moved = np.asarray(op.forward(*map(np.asarray, operands), **dict(node.params)))
            return moved if moved.ndim else int(moved)
        if op is scatter_add and len(operands) == 1:
            return self._scattered(node, operands[0])
        if op is sum_:
            return self._total(node, operands[0])
        write = self._writer(node)
        if not node.shape:
            return write(*operands)
        spread = [np.broadcast_to(x, sizes_of(node)).ravel().tolist() for x in operands]
        made = [write(*here) for here in zip(*spread, strict=True)]
        return np.array(made, np.int64).reshape(sizes_of(node))

    def _writer(self, node: Node) -> Callable[..., int]:
        """What writes the row for one place."""
        op = node.op
        if op is power and node.inputs[1] in self._twos:
            return lambda x, _: self._sum(x, x, MINUS_ZERO)
        if node.dtype != "bool":
            if op in _SIGNS:
                return lambda x, y: self._sum(y, _SIGNS[op], x)
            if op in _PRODUCTS:
                return lambda *x: self._sum(x[0], _PRODUCTS[op] or x[-1], MINUS_ZERO)
        kind = self._kind_of(node)
        if len(moving(node)) < len(node.inputs):
            return lambda x, _: self._row(kind, x)
        return lambda *x: self._row(kind, *x)

    def _kind_of(self, node: Node) -> int:
        known = [x for n, x in enumerate(node.inputs) if n not in moving(node)]
        key = (node.op, node.params, node.dtype, *(x.dtype for x in node.inputs), *known)
        kind = self._kinds.get(key)
        if kind is None:
            if len(node.inputs) > 3 or not node.op.is_elementwise:
                raise NotNative(node)
            kind = self._kinds[key] = len(self.examples)
            self.examples.append(node)
            self._found(node)
        return kind

    def _sum(self, x: int, y: int, z: int) -> int:
        """``x·y + z``; what nothing is added to is as it is."""
        if y == ONE and PADDING in (x, z):
            return z if x == PADDING else x
        return self._row(SUMS, x, y, z)

    def _row(self, kind: int, x: int, y: int = PADDING, z: int = PADDING) -> int:
        self._code += (kind, x, y, z)
        stage = self._stage
        here = max(stage[x], stage[y], stage[z])
        stage.append(here if kind == SUMS else here + 1)
        return len(stage) - 1

    def _plus(self, x: int, y: int) -> int:
        return self._sum(y, ONE, x)

    # ── many places at once ─────────────────────────────────────────────────────────────────────

    def _scattered(self, node: Node, values: Any) -> Any:
        shape = sizes_of(node)
        numbers = np.arange(int(np.prod(shape))).reshape(shape)
        places = getitem.forward(numbers, index=node.param("index"))
        made = np.full(numbers.size, PADDING, np.int64)
        for value, place in zip(np.ravel(values).tolist(), np.ravel(places).tolist(), strict=True):
            made[place] = self._plus(int(made[place]), value)
        return made.reshape(shape)

    def _total(self, node: Node, x: Any) -> Any:
        x, axis = np.asarray(x), node.param("axis")
        gone = range(x.ndim) if axis is None else [a % x.ndim for a in axis]
        kept = [a for a in range(x.ndim) if a not in gone]
        rows = x.transpose([*kept, *gone]).reshape(int(np.prod(sizes_of(node))), -1)
        made = []
        for row in rows.tolist():
            total = PADDING
            for value in row:
                total = self._plus(total, value)
            made.append(total)
        return np.array(made, np.int64).reshape(sizes_of(node)) if node.shape else made[0]


# Rows that are ``x·y + z``: sums ``y·1 + x`` and differences, and products, some with a fixed factor.
_SIGNS = {add: ONE, subtract: MINUS_ONE}
_PRODUCTS: dict[Op, int | None] = {multiply: None, square: None, negative: MINUS_ONE}


def common_type(nodes: Sequence[Node]) -> str:
    """The type of all real numbers of a program.  Raises NotNative where there are several."""
    found = ""
    for node in nodes:
        dtype = node.dtype
        if dtype == found or dtype == "bool" or node.op is CONSTANT:
            continue
        if found or dtype == "int64":
            raise NotNative(node)
        found = dtype
    return found or "float64"


class Code(NamedTuple):
    """Instructions: their kinds, the ids of their operands, stages (of leaves, too), and how many leaves there are."""

    kind: Array
    x: Array
    y: Array
    z: Array
    stage: Array
    leaves: int

    def without_lone_products(self, wanted: Array) -> Code:
        """Products that are used once, in a sum, become part of it."""
        kind, x, y, z = self.kind, self.x.copy(), self.y.copy(), self.z.copy()
        leaves, count = self.leaves, len(self.stage)
        uses = np.sum([np.bincount(column, minlength=count) for column in (x, y, z)], axis=0)
        uses[wanted] += 2
        is_product = np.zeros(count, bool)
        is_product[leaves:] = (kind == SUMS) & (z == MINUS_ZERO)
        # A product that is a root counts as used more often.
        lone = is_product & (uses == 1)
        sums = (kind == SUMS) & (y == ONE)
        first = sums & lone[x]
        second = sums & ~first & lone[z]
        gone = np.zeros(count, bool)
        for takes, product, rest in ((first, x, z), (second, z, x)):
            at = product[takes] - leaves
            kept = rest[takes].copy()
            gone[product[takes]] = True
            x[takes], y[takes], z[takes] = self.x[at], self.y[at], kept
        return Code(np.where(gone[leaves:], -1, kind), x, y, z, self.stage, leaves)

    def staged(self) -> Array:
        """The instructions in order: stage by stage, in each the same rows together, then the sums."""
        stage = self.stage[self.leaves :]
        # Sums come last in their stage, one after the other as they were written.
        last = np.where(self.kind == SUMS, len(self.kind), self.kind)
        order = np.argsort(stage * (len(last) + 1) + last, kind="stable")
        return order[self.kind[order] >= 0]

    def written(
        self, order: Array, place: Array, addresses: Array, counts: Array
    ) -> tuple[Array, Array]:
        """The tape for the machine: its stages, and the places of all operands.

        Args:
            order: the instructions in order.
            place: where every number lies.
            addresses: of the runners, by kind.
            counts: how many operands they take, by kind.
        """
        kind, stages = self.kind[order], self.stage[self.leaves :][order]
        is_new = (np.diff(kind, prepend=-1) != 0) | (np.diff(stages, prepend=-1) != 0)
        starts = np.flatnonzero(is_new)
        run = np.cumsum(is_new) - 1  # the run of equal rows that an instruction is in
        length = np.diff(starts, append=len(kind))
        of_run = kind[starts]
        words = length * counts[of_run]
        begin = np.concatenate([[0], np.cumsum(words)])
        operands = np.empty(begin[-1], np.int32)
        within, is_sum = np.arange(len(kind)) - starts[run], kind == SUMS
        for n, column in enumerate((self.x, self.y, self.z)):
            at = begin[run] + np.where(is_sum, 3 * within + n, n * length[run] + within)
            has = counts[kind] > n
            operands[at[has]] = place[column[order]][has]
        # Sums go with the row before them.
        alone = of_run != SUMS
        alone[1:] |= of_run[:-1] == SUMS
        alone[:1] = True
        row = np.cumsum(alone) - 1
        table = np.zeros((len(alone) and row[-1] + 1, STAGE), np.int64)
        rows, sums = of_run != SUMS, of_run == SUMS
        table[row[rows], :3] = np.stack([addresses[of_run], length, words], 1)[rows]
        table[row[sums], 3] = length[sums]
        return table, operands
