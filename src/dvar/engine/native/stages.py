"""What becomes machine code and what does not: a graph cut into kernels and single nodes.

Rows without machine code (a sort, a solver) are computed by the reference interpreter, one node at a time,
between kernels that hold as much of the rest as can be computed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from dvar.core.node import Node, topological
from dvar.core.op import CONSTANT, VARIABLE, Array, Op, variable
from dvar.engine.native import order
from dvar.engine.native.kernel import Kernel
from dvar.engine.native.moves import MOVES
from dvar.engine.native.nested import Inner, holds_programs
from dvar.engine.native.rewrite import placed, rewritten
from dvar.engine.native.rows import is_native
from dvar.engine.native.schedule import elements
from dvar.engine.native.tile import NotNative
from dvar.engine.reference import apply, evaluate
from dvar.ops.shaping import reshape
from dvar.ops.sorting import argsort

_keys = count(1)
MANY = 2**16

# Rows of whole arrays that have a way of their own; the reference's is the plainest, not the fastest.
_OWN: dict[Op, Callable[..., Array]] = {argsort: order.argsort, placed: order.placed}


@dataclass(frozen=True)
class Stage:
    """Nodes computed at once: by a kernel, or one by one by the reference."""

    kernel: Kernel | None
    needs: tuple[Node, ...]
    gives: tuple[Node, ...]


class Compiled:
    """A program in machine code, with single nodes in between where it must be."""

    def __init__(self, inputs: Sequence[Node], roots: Sequence[Node], threads: int) -> None:
        self.inputs, self.threads = tuple(inputs), threads
        self.roots = rewritten(roots)
        self._made = [_beneath(root) for root in self.roots]
        self._is_plain = self._made == self.roots
        self.constants = {
            node: evaluate([node], {})[0]
            for node in topological(self._made)
            if not node.inputs and node.op is not VARIABLE
        }
        self.inner = Inner(topological(self._made), threads)
        interpreted = set(filter(_is_large_and_flat, topological(self._made)))
        # When a node is refused, the kernels before it are as they were.
        self._ready: dict[Any, Stage] = {}
        while True:
            try:
                self.stages = self._stages(interpreted, threads)
                break
            except NotNative as refused:
                # What is refused again would be refused for ever.
                again = refused.node in interpreted
                interpreted |= set(topological(self._made)) if again else {refused.node}
        del self._ready
        self._alone = self._only_kernel()

    def _only_kernel(self) -> Kernel | None:
        """The kernel that is the whole program, if it is one."""
        if len(self.stages) != 1:
            return None
        (stage,) = self.stages
        whole = stage.needs == self.inputs and stage.gives == tuple(self._made)
        return stage.kernel if whole else None

    def __call__(self, values: Sequence[Array]) -> list[Array]:
        made = self._run(values)
        if self._is_plain:
            return made
        return [x.reshape(root.shape) for x, root in zip(made, self.roots, strict=True)]

    def _run(self, values: Sequence[Array]) -> list[Array]:
        if self._alone is not None:
            return self._alone(values)
        env: dict[Node, Array] = dict(self.constants)
        env.update(zip(self.inputs, values, strict=True))
        seen: dict[object, Any] = {}
        for stage in self.stages:
            if stage.kernel is not None:
                done = stage.kernel([env[x] for x in stage.needs])
                env.update(zip(stage.gives, done, strict=True))
                continue
            for node in stage.gives:
                operands = [env[x] for x in node.inputs]
                if holds_programs(node):
                    if node not in env:
                        env.update(self.inner(node, operands, seen))
                    continue
                own = _OWN.get(node.op)
                if own is None:
                    env[node] = apply(node, operands, {})
                else:
                    env[node] = own(*operands, **dict(node.params), threads=self.threads)
        return [env[root] for root in self._made]

    def __str__(self) -> str:
        parts = []
        for stage in self.stages:
            if stage.kernel is not None:
                parts.append(str(stage.kernel))
                continue
            parts += [self.inner.describe(x) for x in stage.gives if holds_programs(x)]
            names = ", ".join(
                f"{x.op.name}{list(x.shape)}" for x in stage.gives if not holds_programs(x)
            )
            parts += [f"by the reference interpreter: {names}"] if names else []
        return "\n\n".join(parts) or "nothing to compute"

    # ── cutting ─────────────────────────────────────────────────────────────────────────────────

    def _stages(self, interpreted: set[Node], threads: int) -> list[Stage]:
        nodes = [n for n in topological(self._made) if n.inputs]
        native = {n for n in nodes if n not in interpreted and is_native(n)}
        level = _levels(nodes, native)
        found: list[Stage] = []
        for step in range(max(level.values(), default=-1) + 1):
            for here in (True, False):
                members = [n for n in nodes if level[n] == step and (n in native) == here]
                if members:
                    found.append(self._stage(members, nodes, here, threads))
        return found

    def _stage(
        self, members: list[Node], nodes: Sequence[Node], is_kernel: bool, threads: int
    ) -> Stage:
        inside = set(members)
        wanted = {x for n in nodes if n not in inside for x in n.inputs} | set(self._made)
        needs = dict.fromkeys(
            x
            for n in members
            for x in n.inputs
            if x not in inside and (x.op is not CONSTANT or (x.shape and not is_kernel))
        )
        if not is_kernel or all(n.op.name in MOVES for n in members):
            return Stage(None, tuple(needs), tuple(members))
        gives = tuple(n for n in members if n in wanted)
        needs = dict.fromkeys(x for x in needs if x.op is VARIABLE or x.inputs)
        order = [x for x in self.inputs if x in needs] + [x for x in needs if x not in self.inputs]
        if set(order) == set(self.inputs):
            order = list(self.inputs)
        if set(gives) == set(self._made) and len(self._made) == len(gives):
            gives = tuple(self._made)
        key = (tuple(members), tuple(order), gives)
        if key in self._ready:
            return self._ready[key]
        leaves, back = _cut(members, order)
        try:
            kernel = Kernel([leaves[x] for x in order], [leaves[x] for x in gives], threads)
        except NotNative as refused:
            raise NotNative(back[refused.node]) from refused
        self._ready[key] = Stage(kernel, tuple(order), gives)
        return self._ready[key]


def _is_large_and_flat(node: Node) -> bool:
    """Whether a computed array is read as a row of all its elements, so many that a copy costs more than a call."""
    (x, *_) = (*node.inputs, node)
    return (
        node.op is reshape and node.ndim == 1 < x.ndim and bool(x.inputs) and elements(node) >= MANY
    )


def _beneath(root: Node) -> Node:
    """What is computed for a root: another shape of a result is the same memory."""
    while root.op is reshape and root.inputs[0].inputs:
        (root,) = root.inputs
    return root


def _levels(nodes: Sequence[Node], native: set[Node]) -> dict[Node, int]:
    """Steps: in each the native nodes come first, then the others that need them."""
    level: dict[Node, int] = {}
    for node in nodes:
        at = 0
        for x in node.inputs:
            if x in level:
                after = x not in native and node in native
                at = max(at, level[x] + after)
        level[node] = at
    return level


def _cut(
    members: Sequence[Node], needs: Sequence[Node]
) -> tuple[dict[Node, Node], dict[Node, Node]]:
    """The members on variables of their own, and the way back."""
    new = {
        x: variable(f"v{n}", x.shape, x.dtype, -next(_keys)) if x.inputs else x
        for n, x in enumerate(needs)
    }
    for node in members:
        operands = tuple(new.get(x, x) for x in node.inputs)
        new[node] = Node.make(node.op, operands, node.params, node.shape, node.dtype)
    return new, {made: node for node, made in new.items()}
