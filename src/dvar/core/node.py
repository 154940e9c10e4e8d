"""A node: one operation applied to nodes.  Equal nodes are the same object."""

from __future__ import annotations

from _weakref import (  # type: ignore[attr-defined]  # what weakref's own dictionaries forget with
    _remove_dead_weakref,
)
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, ref

import numpy as np

from dvar.core.dims import Shape, show

if TYPE_CHECKING:
    from dvar.core.op import Op

Params = tuple[tuple[str, Any], ...]


class _Held(ref["Node"]):
    """A node in the table of nodes, and where it stands there."""

    __slots__ = ("key",)

    key: tuple[Any, ...]


def _forget(held: _Held) -> None:
    _remove_dead_weakref(_nodes, held.key)


# A WeakValueDictionary in all but speed: every gate of a program is looked up and put in here.
_nodes: dict[tuple[Any, ...], _Held] = {}

# The arithmetic rows put themselves here, so that rules can be written as `g * out * (1 - out)`.
operators: dict[str, Callable[..., Node]] = {}


class Literal:
    """A constant array as a parameter, read-only and hashable by content.

    What is held never changes.  An array that somebody could still write to is therefore copied, but
    once only: as long as the literal is alive, an array with the same content, be it the same object
    or another, gives the same literal.  If the array is changed later, graphs keep the numbers they
    were made with, and the changed array is another literal.  An array that is read-only together
    with everything it is a view of is not copied at all.
    """

    __slots__ = ("__weakref__", "_hash", "array")

    array: np.ndarray[Any, Any]
    _hash: int

    def __new__(cls, value: Any, dtype: str | None = None) -> Literal:
        array = np.asarray(value, dtype=dtype)
        if array.size <= _SMALL:
            return cls._of(array.copy(), hash(_content(array)))
        # A few elements tell large arrays apart; the others are looked at only where these agree.
        sample = _content(array.flat[:: array.size // _SMALL])
        key = (array.shape, *sample)
        held = _large.get(key)
        if held is None or not _same_bits(held.array, array):
            held = cls._of(array if _is_settled(array) else array.copy(), hash(key))
            _large[key] = held
        return held

    @classmethod
    def _of(cls, array: np.ndarray[Any, Any], hashed: int) -> Literal:
        literal = object.__new__(cls)
        literal.array, literal._hash = array, hashed
        array.setflags(write=False)
        return literal

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return (
            isinstance(other, Literal)
            and self._hash == other._hash
            and _same_bits(self.array, other.array)
        )

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        if self.array.size > _SHOWN:
            few = np.array2string(self.array, separator=", ", threshold=0, edgeitems=2)
            return " ".join(few.split())
        return repr(self.array.item() if self.array.ndim == 0 else self.array.tolist())


_SMALL = 512
# Of arrays with more elements a printed graph shows some.
_SHOWN = 64
_large: WeakValueDictionary[tuple[Any, ...], Literal] = WeakValueDictionary()


def _content(array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    return (array.dtype.str, array.shape, array.tobytes())


def _same_bits(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Whether two arrays are the same to the last bit: nan is nan, and -0.0 is not 0.0."""
    if a is b:
        return True
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    if a.size <= _SMALL or a.itemsize > 8:
        return a.tobytes() == b.tobytes()
    return np.array_equal(a.view(f"u{a.itemsize}"), b.view(f"u{b.itemsize}"))


def _is_settled(array: Any) -> bool:
    """Whether nobody can write to the numbers: neither this array nor what it is a view of."""
    while isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.base
    return array is None or isinstance(array, bytes)


class Node:
    """One operation applied to nodes; immutable, and interned: equal nodes are one object.

    Attributes:
        op: the row of the rule table.
        inputs: operands.
        params: named, hashable parameters (``axis``, ``keepdims``, …), sorted by name.
        shape: sizes, each a number or a Dim.
        dtype: ``float64``, ``float32``, ``int64`` or ``bool``.
        known: what the room that traces functions knows of it beside (its value, the line that made it); no part
            of the node's identity.
    """

    __slots__ = ("__weakref__", "dtype", "inputs", "known", "op", "params", "shape")

    op: Op
    inputs: tuple[Node, ...]
    params: Params
    shape: Shape
    dtype: str
    known: Any

    # NumPy must leave `array * node` to us.
    __array_ufunc__ = None

    def __init__(self) -> None:
        raise TypeError("nodes are made by calling an operation")

    @staticmethod
    def make(op: Op, inputs: tuple[Node, ...], params: Params, shape: Shape, dtype: str) -> Node:
        key = (op, inputs, params, shape, dtype)
        held = _nodes.get(key)
        if held is not None:
            node = held()
            if node is not None:
                return node
        node = object.__new__(Node)
        node.op, node.inputs, node.params, node.shape, node.dtype = key
        node.known = None
        held = _Held(node, _forget)
        held.key = key
        _nodes[key] = held
        return node

    def param(self, name: str) -> Any:
        """The value of a parameter.  Raises KeyError."""
        for key, value in self.params:
            if key == name:
                return value
        raise KeyError(name)

    def with_inputs(self, *operands: Any) -> Node:
        """The same row with the same parameters, applied to other operands."""
        return self.op.node(*operands, **dict(self.params))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        """Whether a derivative with respect to this node makes sense."""
        return self.dtype[0] == "f"

    @property
    def is_leaf(self) -> bool:
        return not self.inputs

    @property
    def T(self) -> Node:  # noqa: N802  NumPy's name
        return operators["T"](self)

    def __add__(self, other: Any) -> Node:
        return operators["+"](self, other)

    def __radd__(self, other: Any) -> Node:
        return operators["+"](other, self)

    def __sub__(self, other: Any) -> Node:
        return operators["-"](self, other)

    def __rsub__(self, other: Any) -> Node:
        return operators["-"](other, self)

    def __mul__(self, other: Any) -> Node:
        return operators["*"](self, other)

    def __rmul__(self, other: Any) -> Node:
        return operators["*"](other, self)

    def __truediv__(self, other: Any) -> Node:
        return operators["/"](self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return operators["/"](other, self)

    def __pow__(self, other: Any) -> Node:
        return operators["**"](self, other)

    def __rpow__(self, other: Any) -> Node:
        return operators["**"](other, self)

    def __matmul__(self, other: Any) -> Node:
        return operators["@"](self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return operators["@"](other, self)

    def __neg__(self) -> Node:
        return operators["neg"](self)

    def __gt__(self, other: Any) -> Node:
        return operators[">"](self, other)

    def __lt__(self, other: Any) -> Node:
        return operators["<"](self, other)

    def __ge__(self, other: Any) -> Node:
        return operators[">="](self, other)

    def __le__(self, other: Any) -> Node:
        return operators["<="](self, other)

    def __getitem__(self, index: Any) -> Node:
        return operators["[]"](self, index)

    def __iter__(self) -> Iterator[Node]:
        raise TypeError("a node cannot be iterated over; index it")

    def __bool__(self) -> bool:
        raise TypeError("a node has no truth value: it stands for a computation, not for a number")

    def __repr__(self) -> str:
        params = "".join(f", {k}={v}" for k, v in self.params)
        return f"<{self.op.name}{params}: {self.dtype} {show(self.shape)}>"


def topological(roots: Iterable[Node], stops: Container[Node] = frozenset()) -> list[Node]:
    """The roots and everything under them, operands first; does not look beneath ``stops``.

    Linear in the number of nodes; no recursion, so depth is no limit.
    """
    order: list[Node] = []
    seen: set[Node] = set()
    # None says that all under the node before it is done.
    stack: list[Node | None] = list(roots)
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:
            order.append(stack.pop())  # type: ignore[arg-type]  # a node stands before every None
        elif node not in seen:
            seen.add(node)
            if not node.inputs or node in stops:
                order.append(node)
                continue
            stack.append(node)
            stack.append(None)
            for x in reversed(node.inputs):
                if x not in seen:
                    stack.append(x)
    return order


def substituted(roots: Iterable[Node], by: Mapping[Node, Node]) -> list[Node]:
    """The roots with some nodes replaced by others of the same type."""
    roots = list(roots)
    new: dict[Node, Node] = dict(by)
    for node in topological(roots, set(by)):
        if node not in new:
            inputs = tuple(new[x] for x in node.inputs)
            same = inputs == node.inputs
            new[node] = (
                node if same else Node.make(node.op, inputs, node.params, node.shape, node.dtype)
            )
    return [new[root] for root in roots]
