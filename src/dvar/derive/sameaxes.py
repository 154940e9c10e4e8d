"""Which axes of a graph are one and the same axis: read off the axes sentences.

``x @ w`` says that the rows of the result are the rows of ``x``; a sum over rows says that they end there.
Following this through a whole graph shows where the examples go: which nodes carry them, which reduce over
them, and which know nothing of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from dvar.core.axes import DOTS, Axes, parse
from dvar.core.dims import Shape, product
from dvar.core.node import Node
from dvar.ops.subscript import FULL, Slot

Names = tuple[Hashable, ...]


def names_of(node: Node) -> tuple[list[Names], Names]:
    """Names for the axes of every operand and of the result; the same name is the same axis.

    None is an axis that has no counterpart: of size one, or cut, or made anew.
    """
    name = node.op.name
    shapes = [x.shape for x in node.inputs]
    if name == "reshape":
        return _reshaped(shapes[0], node.shape)
    if name == "broadcast_to":
        return [_aligned(shapes[0], node.shape)], _numbered(node.shape)
    if name == "getitem":
        return _taken(node)
    if name == "scatter_add":
        return _put(node)
    if name in ("stack", "concatenate"):
        return _joined(node)
    sentence = _sentence(node)
    if sentence is None:
        return [(None,) * len(shape) for shape in shapes], (None,) * node.ndim
    return _from_sentence(sentence, node)


def _sentence(node: Node) -> Axes | None:
    rule = node.op.axes
    if not isinstance(rule, str):
        found = rule(tuple(x.shape for x in node.inputs), **dict(node.params))
        return parse(found) if isinstance(found, str) else None
    return parse(rule) if "->" in rule else None


def _from_sentence(axes: Axes, node: Node) -> tuple[list[Names], Names]:
    operands = [
        _expanded(part, x.shape) for part, x in zip(axes.operands, node.inputs, strict=True)
    ]
    # An operand of size one beside a longer one is repeated: it does not carry the axis.
    result = tuple(None if name == "1" else name for name in _expanded(axes.result, node.shape))
    sizes = dict(zip(result, node.shape, strict=True))
    operands = [
        tuple(
            None if name in sizes and sizes[name] != size else name
            for name, size in zip(names, x.shape, strict=True)
        )
        for names, x in zip(operands, node.inputs, strict=True)
    ]
    return operands, result


def _expanded(part: Sequence[str], shape: Sequence[object]) -> Names:
    """The names with ``...`` as numbers, counted from the right."""
    if DOTS not in part:
        return tuple(part)
    here = len(shape) - len(part) + 1
    k = list(part).index(DOTS)
    return (*part[:k], *range(-here, 0), *part[k + 1 :])


def _numbered(shape: Sequence[object]) -> Names:
    return tuple(range(-len(shape), 0))


def _aligned(small: Sequence[object], large: Sequence[object]) -> Names:
    names = range(-len(small), 0)
    return tuple(n if small[n] == large[n] else None for n in names)


def _reshaped(old: Shape, new: Shape) -> tuple[list[Names], Names]:
    """Axes that stand alone between the same products on both sides are the same."""
    a: list[Hashable] = [None] * len(old)
    b: list[Hashable] = [None] * len(new)
    i = j = 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            a[i] = b[j] = i
            i, j = i + 1, j + 1
        elif old[i] == 1:
            i += 1
        elif new[j] == 1:
            j += 1
        else:  # a run that is cut differently: skip it whole
            m, n = i + 1, j + 1
            while m <= len(old) and n <= len(new):
                left, right = product(old[i:m]), product(new[j:n])
                if left == right:
                    break
                if not isinstance(left, int) or not isinstance(right, int):
                    m, n = len(old), len(new)
                    break
                if left < right:
                    m += 1
                else:
                    n += 1
            i, j = m, n
    return [tuple(a)], tuple(b)


def _taken(node: Node) -> tuple[list[Names], Names]:
    index = node.param("index")
    place = gathered_axis(node)
    if place is not None:
        x, positions = node.inputs
        own = tuple(n if n != place else None for n in range(x.ndim))
        named = tuple(range(-positions.ndim, 0))
        return [own, named], (*own[:place], *named, *own[place + 1 :])
    if any(not isinstance(item, (int, tuple)) for item in index):
        return [(None,) * x.ndim for x in node.inputs], (None,) * node.ndim
    whole = [n if item == FULL else None for n, item in enumerate(index)]
    kept = tuple(name for name, item in zip(whole, index, strict=True) if not isinstance(item, int))
    return [tuple(whole)], kept


def gathered_axis(node: Node) -> int | None:
    """The axis along which elements are taken at computed positions; None if that is not all that is done."""
    index = node.param("index")
    taken = [n for n, item in enumerate(index) if item != FULL]
    if len(node.inputs) == 2 and len(taken) == 1 and isinstance(index[taken[0]], Slot):
        return taken[0]
    return None


def _put(node: Node) -> tuple[list[Names], Names]:
    index = node.param("index")
    if len(node.inputs) > 1 or any(not isinstance(item, (int, tuple)) for item in index):
        return [(None,) * x.ndim for x in node.inputs], (None,) * node.ndim
    whole = tuple(n if item == FULL else None for n, item in enumerate(index))
    kept = tuple(name for name, item in zip(whole, index, strict=True) if not isinstance(item, int))
    return [kept], whole


def _joined(node: Node) -> tuple[list[Names], Names]:
    axis = node.param("axis") % node.ndim
    result = tuple(n if n != axis else None for n in range(node.ndim))
    if node.op.name == "concatenate":
        return [result for _ in node.inputs], result
    kept = tuple(n for n in range(node.ndim) if n != axis)
    return [kept for _ in node.inputs], result


class AxisClasses:
    """The axes of the nodes of a graph in classes of equal ones.

    ``of(node)`` is a class (a number) for every axis of a node; ``size`` says how long each is.
    """

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._parent: list[int] = []
        self.size: list[object] = []
        self._axes: dict[Node, tuple[int, ...]] = {}
        for node in nodes:
            self._axes[node] = tuple(self._fresh(size) for size in node.shape)
        for node in nodes:
            if node.inputs:
                self._link(node)

    def _fresh(self, size: object) -> int:
        self._parent.append(len(self._parent))
        self.size.append(size)
        return len(self._parent) - 1

    def _link(self, node: Node) -> None:
        operands, result = names_of(node)
        first: dict[Hashable, int] = {}
        ways = [*zip(operands, node.inputs, strict=True), (result, node)]
        for names, x in ways:
            if x not in self._axes:
                continue
            for name, axis in zip(names, self._axes[x], strict=True):
                if name is not None:
                    self._join(first.setdefault(name, axis), axis)

    def _join(self, a: int, b: int) -> None:
        a, b = self._root(a), self._root(b)
        if a != b:
            self._parent[max(a, b)] = min(a, b)

    def _root(self, a: int) -> int:
        while self._parent[a] != a:
            self._parent[a] = self._parent[self._parent[a]]
            a = self._parent[a]
        return a

    def of(self, node: Node) -> tuple[int, ...]:
        return tuple(self._root(a) for a in self._axes[node])
