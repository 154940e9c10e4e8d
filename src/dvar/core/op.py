"""The form of one row of the rule table.  The rows themselves live in ``dvar.ops``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import copysign
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from dvar.core import axes as axes_
from dvar.core.dims import Dim, Shape, Size
from dvar.core.dtypes import dtype_of, promote
from dvar.core.errors import ShapeError
from dvar.core.node import Literal, Node

Array: TypeAlias = "np.ndarray[Any, Any]"
Operand: TypeAlias = "Node | float"
ShapeRule: TypeAlias = "Callable[..., str | Shape]"

# The parts of a row are named tuples, since a dataclass takes half a millisecond to make: a third of the
# time in which the whole table is loaded.

# ── derivative ──────────────────────────────────────────────────────────────────────────────────


class Partials(NamedTuple):
    """Elementwise rows: ``(out, *inputs, **params) → ∂out/∂inputᵢ`` as graph, None where it is zero."""

    rule: Callable[..., Sequence[Node | float | None]]


class Multilinear:
    """Linear in each operand: the adjoint is the axes sentence turned round.  Nothing to say."""

    __slots__ = ()


class Linear(NamedTuple):
    """Linear moves: ``(g, *inputs, **params) → share of each operand`` (None where there is none).

    ``operands`` are those in which the row is (jointly) linear; the others (an index) are given.
    """

    transpose: Callable[..., Sequence[Node | None]]
    operands: tuple[int, ...] | None = None


class Adjoint(NamedTuple):
    """The rest: ``(g, out, *inputs, **params) → share of each operand``, linear in ``g``, as graph."""

    rule: Callable[..., Sequence[Node | None]]


class Constant:
    """Piecewise constant: comparisons, sign, argsort.  The derivative is zero wherever it exists."""

    __slots__ = ()


class Nested(NamedTuple):
    """Rows that hold programs: what is done to the row is done to its programs.

    Attributes:
        adjoint: ``(g, node, wanted) → share of each operand``, None where it is not wanted.
        tangent: ``(node, tangents) → tangent`` of the result; None is zero.
        batched: ``(node, operands, size) → node`` with a leading axis of that size; an operand is None
            where it has no such axis.
    """

    adjoint: Callable[[Node, Node, Sequence[bool]], Sequence[Node | None]]
    tangent: Callable[[Node, Sequence[Node | None]], Node | None]
    batched: Callable[[Node, Sequence[Node | None], Size], Node]


Rule: TypeAlias = "Partials | Multilinear | Linear | Adjoint | Constant | Nested"

# ── notation ────────────────────────────────────────────────────────────────────────────────────

# Binding strength, loosest first, as in Python; only that a matrix product beside an elementwise one
# always gets parentheses, since `a * b @ c` says little to a reader.
TERNARY, COMPARE, ADD, MATMUL, MUL, UNARY, POWER, ATOM = range(8)


class Notation(NamedTuple):
    """How an application is written.

    Attributes:
        text: template such as ``"{0} + {1}"``; None writes ``name(operands, params)``.  A function
            ``(operands, node) → str`` where the parameters decide.
        latex: the same for LaTeX.
        precedence: how strongly the whole binds.
        text_needs, latex_needs: how strongly each operand must bind to go without parentheses.
        latex_precedence: where LaTeX binds differently (a comparison as an indicator); None is the same.
    """

    text: str | Callable[[Sequence[str], Node], str] | None = None
    latex: str | Callable[[Sequence[str], Node], str] | None = None
    precedence: int = ATOM
    text_needs: tuple[int, ...] = ()
    latex_needs: tuple[int, ...] = ()
    latex_precedence: int | None = None


AS_A_CALL = Notation()


# ── where it holds ──────────────────────────────────────────────────────────────────────────────


class Domain(NamedTuple):
    """Where one operand may lie.

    Attributes:
        text: as a condition on ``{0}``, e.g. ``"{0} > 0"``; empty for everywhere.
        contains: array → mask.
        draw: ``(generator, shape) → array`` of points well inside, for the laws and for check.
    """

    text: str
    contains: Callable[[Array], Any]
    draw: Callable[[np.random.Generator, tuple[int, ...]], Array]


def interval(low: float, high: float, text: str, closed: bool = False) -> Domain:
    """Numbers between ``low`` and ``high``; points are drawn from its middle part, within ±2."""
    inner_low, inner_high = max(low, -2.0), min(high, 2.0)
    margin = 0.08 * (inner_high - inner_low)

    def contains(x: Array) -> Any:
        return (x >= low) & (x <= high) if closed else (x > low) & (x < high)

    def draw(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
        return generator.uniform(inner_low + margin, inner_high - margin, shape)

    return Domain(text, contains, draw)


def _draw_nonzero(generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.asarray(generator.uniform(0.4, 2.0, shape) * generator.choice([-1.0, 1.0], shape))


INFINITY = float("inf")
REALS = Domain("", lambda x: np.ones(np.shape(x), bool), lambda r, s: r.uniform(-2.0, 2.0, s))
POSITIVE = interval(0.0, INFINITY, "{0} > 0")
NONNEGATIVE = Domain("{0} >= 0", lambda x: x >= 0, POSITIVE.draw)
NONZERO = Domain("{0} != 0", lambda x: x != 0, _draw_nonzero)


class Kink(NamedTuple):
    """Points without a derivative, and the value dvar takes there.

    Attributes:
        where: in words, ``"x = 0"``.
        hit: ``(*inputs) → mask``: which elements lie on it.
        taken: the partial with respect to the first operand that dvar takes there.
        admissible: the values that are right there: an interval.
        reason: why this value.
    """

    where: str
    hit: Callable[..., Any]
    taken: float
    admissible: tuple[float, float]
    reason: str


class Edge(NamedTuple):
    """An exact value at a hard point: inputs, value, and partials of the sum of the result."""

    at: tuple[Any, ...]
    value: Any
    partials: tuple[Any, ...] | None = None
    params: Mapping[str, Any] = MappingProxyType({})


# ── the row ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """One row of the rule table: everything dvar knows of one operation.

    Attributes:
        name: the word used in formulas, graphs and reasons.
        axes: an axes sentence, or a function ``(shapes, **params)`` that returns one (or the shape).
        forward: NumPy arrays (and params) → NumPy array.
        derivative: Partials, Multilinear, Linear, Adjoint, Constant or Nested; None derives ``expand``.
        build: ``(op, *args, **kwargs) → Node``, the public signature with NumPy's argument names;
            None takes the operands as they are.
        expand: the same written in other rows: what ``gates`` shows.
        notation: how it is written; the formula reader reads it backwards.
        dtype: ``promote`` (widest operand), ``number`` (the same, but a sum of truth values counts
            them), ``float`` (at least float), ``first`` (that of the first operand: an index beside it
            does not count), ``stated`` (by the parameter ``dtype``), ``bool``, ``int64`` or ``float64``.
        domain: for each operand where it is defined.
        kinks: points without a derivative.
        edges: exact values at hard points.
        aliases: other names in formulas (``ln``).
        numpy: NumPy and SciPy functions that mean this row, as dotted names.
        native: one element in machine code, ``(m, *operands, **params) → lanes``, where ``m`` holds the
            functions that lanes know (``m.exp(x)``).  A row without it is computed through ``expand``,
            or by the reference interpreter.
        source: where the rule comes from.
    """

    name: str
    axes: str | ShapeRule
    forward: Callable[..., Any]
    derivative: Rule | None = None
    build: Callable[..., Node] | None = None
    expand: Callable[..., Node] | None = None
    notation: Notation = AS_A_CALL
    dtype: str = "promote"
    domain: tuple[Domain, ...] = ()
    kinks: tuple[Kink, ...] = ()
    edges: tuple[Edge, ...] = ()
    aliases: tuple[str, ...] = ()
    numpy: tuple[str, ...] = ()
    native: Callable[..., Any] | None = None
    source: str = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Node:
        """Apply the row with its public signature."""
        if self.build is not None:
            return self.build(self, *args, **kwargs)
        return self.node(*args, **kwargs)

    def node(self, *operands: Operand, **params: Any) -> Node:
        """A node of this row.

        Raises:
            ShapeError: operands do not fit the axes; names axis, sizes and operands.
        """
        nodes = as_nodes(operands)
        if not params:
            # A program of many gates has few types of operands.
            if len(nodes) == 2:
                x, y = nodes
                known = _typed(self, x.shape, x.dtype, y.shape, y.dtype)
            else:
                known = _typed(self, *[part for x in nodes for part in (x.shape, x.dtype)])
            if known is not None:
                return Node.make(self, nodes, (), known[0], known[1])
        shapes = tuple(x.shape for x in nodes)
        rule = self.axes if isinstance(self.axes, str) else self.axes(shapes, **params)
        shape = axes_.infer(rule, shapes) if isinstance(rule, str) else rule
        if isinstance(shape, str):
            raise AxesError(self, nodes, shape, rule if isinstance(rule, str) else "")
        named = tuple(sorted(params.items())) if params else ()
        return Node.make(self, nodes, named, shape, self._dtype([x.dtype for x in nodes], params))

    def _dtype(self, dtypes: Sequence[str], params: Mapping[str, Any]) -> str:
        rule = self.dtype
        if rule == "stated":
            return str(params["dtype"])
        if rule == "first":
            return dtypes[0]
        if rule not in ("promote", "number", "float"):
            return rule
        widest = promote(dtypes)
        if rule == "number" and widest == "bool":
            return "int64"
        return "float64" if rule == "float" and not widest.startswith("float") else widest

    @property
    def is_elementwise(self) -> bool:
        """Whether the result at a place depends on the operands at that place only."""
        return isinstance(self.axes, str) and axes_.is_place_by_place(self.axes)

    def __repr__(self) -> str:
        return f"<row {self.name}>"


@lru_cache(maxsize=4096)
def _typed(op: Op, *types: Any) -> tuple[Shape, str] | None:
    """Shape and dtype of a row without parameters, from those of its operands in turn; None where a
    sentence does not say them."""
    if not isinstance(op.axes, str) or op.dtype == "stated":
        return None
    shape = axes_.infer(op.axes, types[::2])
    return None if isinstance(shape, str) else (shape, op._dtype(types[1::2], {}))


class AxesError(ShapeError):
    """ShapeError of one application; the door that knows the user's names rewords it.

    Attributes: ``op``, ``nodes``, ``template`` (operands as ``{0}``), ``sentence``.
    """

    def __init__(self, op: Op, nodes: Sequence[Node], template: str, sentence: str) -> None:
        self.op, self.nodes, self.template, self.sentence = op, tuple(nodes), template, sentence
        super().__init__(
            self.reworded([x.param("name") if x.op is VARIABLE else "" for x in nodes]),
            rule=f"{op.name}: {sentence}" if sentence else None,
        )

    def reworded(self, names: Sequence[str]) -> str:
        """The message with operands named; a nameless one becomes ``operand 1`` or ``operand 2``."""
        shown = [name or f"operand {n + 1}" for n, name in enumerate(names)]
        return f"{self.op.name}: {self.template.format(*shown)}"


# ── leaves ──────────────────────────────────────────────────────────────────────────────────────


def _no_forward(*_: Any, **__: Any) -> Any:
    raise TypeError("a leaf is looked up, not computed")


VARIABLE = Op("variable", "->", _no_forward, Constant())
CONSTANT = Op("constant", "->", lambda *, value: value.array, Constant())
SIZE = Op("size", "->", lambda *, size: np.float64(size), Constant())


def variable(name: str, shape: Shape = (), dtype: str = "float64", key: int = 0) -> Node:
    """An input.  The same name, shape, dtype and key is the same input."""
    return Node.make(VARIABLE, (), (("key", key), ("name", name)), tuple(shape), dtype)


_keys = count(1)


def fresh_key() -> int:
    """A key that no variable has had."""
    return next(_keys)


def like(node: Node, name: str = "", shape: Shape | None = None) -> Node:
    """A new variable of the type of a node, in its shape if no other is given."""
    return variable(name, node.shape if shape is None else shape, node.dtype, fresh_key())


def constant(value: Any, dtype: str | None = None) -> Node:
    """A fixed number or array."""
    dtype = dtype or dtype_of(value)
    literal = Literal(value, dtype)
    return Node.make(CONSTANT, (), (("value", literal),), literal.array.shape, dtype)


def size_of(size: int | Dim, dtype: str = "float64") -> Node:
    """The size of an axis as a number; a name such as ``m`` stays a name."""
    if isinstance(size, int):
        return constant(size, dtype)
    return Node.make(SIZE, (), (("size", size),), (), dtype)


def as_nodes(operands: Sequence[Operand]) -> tuple[Node, ...]:
    """Operands as nodes.  Plain numbers take the dtype of the arrays beside them, as in NumPy 2."""
    if len(operands) == 2:  # nearly always
        x, y = operands
        if type(x) is Node:
            return (x, y if type(y) is Node else _weak(y, x.dtype if x.is_float else None))
        if type(y) is Node:
            return (_weak(x, y.dtype if y.is_float else None), y)
    floats = [x.dtype for x in operands if isinstance(x, Node) and x.is_float]
    partner = promote(floats) if floats else None
    return tuple(x if isinstance(x, Node) else _weak(x, partner) for x in operands)


def _weak(value: Any, partner: str | None) -> Node:
    if type(value) is float and partner and value:
        return _number(value, partner, 1.0)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return constant(value)
    if partner:
        return _number(float(value), partner, 1.0 if value else copysign(1.0, value))
    return constant(value, "int64" if isinstance(value, int) else "float64")


@lru_cache(maxsize=1024)
def _number(value: float, dtype: str, sign: float) -> Node:
    """A number; ``sign`` tells the two zeros apart."""
    return constant(value, dtype)


def axes_of(node: Node) -> axes_.Axes:
    """The axes sentence that an application of a multilinear row obeys."""
    rule = node.op.axes
    if not isinstance(rule, str):
        rule = str(rule(tuple(x.shape for x in node.inputs), **dict(node.params)))
    return axes_.parse(rule)


def is_constant(node: Node) -> bool:
    return node.op is CONSTANT


def number(node: Node) -> float | None:
    """The value of a constant scalar, else None."""
    if node.op is not CONSTANT or node.shape:
        return None
    value: float = node.param("value").array.item()
    return value
