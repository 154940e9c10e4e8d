"""NumPy's spellings of ``einsum`` as axes sentences in which every axis has a name and occurs once in an operand."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.core.axes import Axes
from dvar.core.errors import ShapeError
from dvar.core.node import Node
from dvar.ops.moving import diagonal
from dvar.ops.reduction import sum as sum_

_DOTS = "..."


def spelled(subscripts: str, nodes: Sequence[Node]) -> tuple[Axes, list[Node]]:
    """The sentence that ``'...ij,jk'`` stands for, and the operands without repeated axes and broadcast ones.

    Raises:
        ShapeError: the letters do not fit the operands.
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    written = left.split(",")
    if len(written) != len(nodes):
        raise ShapeError(f"einsum: {subscripts!r} names {len(written)} operands, got {len(nodes)}")
    free = [x.ndim - len(part.replace(_DOTS, "")) for part, x in zip(written, nodes, strict=True)]
    most = max((n for n, part in zip(free, written, strict=True) if _DOTS in part), default=0)
    dots = [f"d{n}" for n in range(most)]
    if not arrow:
        letters = sorted(set(left) - {",", "."})
        right = (_DOTS if _DOTS in left else "") + "".join(c for c in letters if left.count(c) == 1)
    parts = [_named(part, dots[most - n :]) for part, n in zip(written, free, strict=True)]
    for part, x in zip(parts, nodes, strict=True):
        if len(part) != x.ndim:
            raise ShapeError(
                f"einsum: {subscripts!r} gives {len(part)} axes to an operand of {x.ndim}"
            )
    found = [_without_repeats(x, part) for x, part in zip(nodes, parts, strict=True)]
    plain = [_without_broadcast(x, part, found) for x, part in found]
    axes = Axes(tuple(tuple(part) for _, part in plain), tuple(_named(right, dots)))
    return axes, [x for x, _ in plain]


def _named(part: str, dots: Sequence[str]) -> list[str]:
    before, has_dots, after = part.partition(_DOTS)
    return [*before, *(dots if has_dots else ()), *after]


def _without_repeats(x: Node, part: list[str]) -> tuple[Node, list[str]]:
    """``ii`` is the diagonal."""
    while len(set(part)) < len(part):
        name = next(a for a in part if part.count(a) > 1)
        first = part.index(name)
        second = part.index(name, first + 1)
        x = diagonal(x, axis1=first, axis2=second)
        part = [a for n, a in enumerate(part) if n not in (first, second)] + [name]
    return x, part


def _without_broadcast(
    x: Node, part: list[str], others: Sequence[tuple[Node, list[str]]]
) -> tuple[Node, list[str]]:
    """An axis of size one beside a longer one of the same name is broadcast: it may as well be missing."""
    longer = {a for y, names in others for a, n in zip(names, y.shape, strict=True) if n != 1}
    gone = tuple(k for k, a in enumerate(part) if x.shape[k] == 1 and a in longer)
    if not gone:
        return x, part
    return sum_(x, axis=gone), [a for k, a in enumerate(part) if k not in gone]
