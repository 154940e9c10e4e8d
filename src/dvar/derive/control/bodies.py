"""Programs made of a program: its derivative in both directions, and the same for many examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from dvar.core.body import Body
from dvar.core.dims import Size
from dvar.core.node import Node
from dvar.core.op import Notation, like
from dvar.derive.batch import batched
from dvar.derive.forward import carried, zeros_like
from dvar.derive.sweep import pull
from dvar.ops.rounding import astype

Flags = Sequence[bool]

# ── names ───────────────────────────────────────────────────────────────────────────────────────


def backward(*bodies: Body) -> str:
    """What the transpose of a program is called."""
    return f"backward({', '.join(map(repr, bodies))})"


def forward(body: Body) -> str:
    """What a program with its tangents is called."""
    return f"forward({body!r})"


def written(programs: Callable[[Node], Sequence[Body]]) -> Notation:
    """A row that is written with the names of its programs in front of its operands."""

    def text(operands: Sequence[str], node: Node) -> str:
        return f"{node.op.name}({', '.join([*map(repr, programs(node)), *operands])})"

    def latex(operands: Sequence[str], node: Node) -> str:
        names = ", ".join(rf"\text{{{body!r}}}" for body in programs(node)).replace("_", r"\_")
        row = node.op.name.replace("_", r"\_")
        return rf"\operatorname{{{row}}}_{{{names}}}\left({', '.join(operands)}\right)"

    return Notation(text, latex)


# ── derivatives ─────────────────────────────────────────────────────────────────────────────────


def gradients(seeds: Iterable[tuple[Node, Node | None]], wrt: Sequence[Node]) -> list[Node]:
    """What every node of ``wrt`` receives when roots have these upstream gradients (None is zero)."""
    upstream: dict[Node, Node] = {}
    for root, g in seeds:
        if g is not None:
            upstream[root] = upstream[root] + g if root in upstream else g
    found = pull(upstream, wrt, wrt).gradients
    return [typed(found[x], x) if x in found else zeros_like(x) for x in wrt]


def typed(node: Node, like_: Node) -> Node:
    """The node in the type of another."""
    made: Node = astype(node, like_.dtype)
    return made


def or_zero(tangent: Node | None, node: Node) -> Node:
    """The tangent of a node, in its type; zeros where there is none."""
    return zeros_like(node) if tangent is None else typed(tangent, node)


def depend(body: Body, on: Flags) -> list[bool]:
    """Which roots have a derivative with respect to some of these inputs."""
    moving = {x for x, flag in zip(body.inputs, on, strict=True) if flag and x.is_float}
    for node in body.nodes:
        if node.is_float and any(x in moving for x in node.inputs):
            moving.add(node)
    return [root in moving for root in body.roots]


def carries_that_depend(body: Body, carries: int, on: Flags) -> list[bool]:
    """Which of the carries of a loop depend, after any number of steps, on some inputs of its body."""
    flags = list(on)
    while True:
        moving = depend(body, flags)[:carries]
        new = [n for n in range(carries) if moving[n] and not flags[n]]
        if not new:
            return flags[:carries]
        for n in new:
            flags[n] = True


def dual(
    body: Body, given: Flags
) -> tuple[list[Node], list[Node | None], list[Node], list[Node | None]]:
    """A program together with its derivative in a direction.

    Args:
        body: the program.
        given: which inputs move.

    Returns:
        New inputs, the tangents of those that move, the roots, and the tangents of those that move.
    """
    inputs, roots = body.fresh()
    tangents = [
        like(x, f"d {x.param('name')}") if moves else None
        for x, moves in zip(inputs, given, strict=True)
    ]
    known = carried(roots, {x: t for x, t in zip(inputs, tangents, strict=True) if t is not None})
    moved = [known.get(root) for root in roots]
    return inputs, tangents, roots, moved


def many(
    body: Body, carries: Flags, size: Size
) -> tuple[list[Node], list[Node], list[Node | None]]:
    """A program for many examples.

    Args:
        body: the program for one.
        carries: which inputs have a leading axis of examples.
        size: how long it is.

    Returns:
        New inputs, the roots for one example, and for many; None for a root that is the same for all.
    """
    alone, roots = body.fresh()
    given: Mapping[Node, Node] = {
        x: like(x, str(x.param("name")), (size, *x.shape))
        for x, has in zip(alone, carries, strict=True)
        if has
    }
    return [given.get(x, x) for x in alone], roots, batched(roots, given, size)
