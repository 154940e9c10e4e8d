"""The tree of a program → nodes, definition by definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dvar.core.dims import show
from dvar.core.errors import DvarError, FormulaError, ShapeError, Source
from dvar.core.node import Node
from dvar.core.op import CONSTANT, VARIABLE, AxesError, constant, variable
from dvar.ops import TABLE
from dvar.read import syntax as s
from dvar.read.build import forms, invoke, lookup
from dvar.read.build.extents import Extents
from dvar.read.build.functions import INFIX
from dvar.read.build.indices import Value, elementwise, matmul, ordered, outer
from dvar.read.build.scope import Definition, Program
from dvar.read.steps import Step
from dvar.read.syntax import Expr, canonical, walk

BUDGET = 100_000
"""Steps inside calls of the user's functions, after which a text that unfolds without end is given up."""


@dataclass
class Frame:
    """One call of a user's function: other values for some names, and what was made with them."""

    overrides: dict[str, Value]
    made: dict[str, Value] = field(default_factory=dict)


class Evaluator:
    """Makes nodes.

    Attributes:
        made: definition → value.
        carries: definitions whose value keeps its indices when used without one.
        inputs: canonical name → variable.
        sized: names used as the size of an axis.
        sources: node → where it was written.
        words: node → how it was written, for messages.
        frames: calls of the user's functions that are being followed.
        bound: index letters of the surrounding sums and definition.
    """

    def __init__(self, program: Program, extents: Extents) -> None:
        self.program, self.extents = program, extents
        self.made: dict[str, Value] = {}
        self.carries: set[str] = set()
        self.inputs: dict[str, Node] = {}
        self.sized: set[str] = set(extents.pinned)
        self.sources: dict[Node, Source] = {}
        self.words: dict[Node, str] = {}
        self.frames: list[Frame] = []
        self.bound: list[tuple[str, Any, Any]] = []
        self.calls: dict[tuple[Any, ...], Value] = {}
        self.integers = lookup.integers(program)
        self._templates = invoke.templates(program)
        self._steps = 0

    def is_template(self, definition: Definition) -> bool:
        """Whether a function is only ever called with other arguments: no quantity of its own."""
        return definition.names[0] in self._templates

    # ── definitions ─────────────────────────────────────────────────────────────────────────────

    def define(self, definition: Definition) -> Step[None]:
        """Make one definition and remember it under all its names."""
        value: Value = yield self.body(definition)
        indices = definition.define.indices
        free = value.letters[len(indices) :]
        examples = set(self.program.examples.values())
        name = definition.names[0]
        if free or (indices and set(indices) <= examples) or name in self.program.examples:
            self.carries |= set(definition.names)
        for name in definition.names:
            self._check_declared(name, value, definition)
            self.made[name] = value
        if value.node.op not in (VARIABLE, CONSTANT):
            self.sources[value.node] = self.program.places.source(definition.span)

    def body(self, definition: Definition) -> Step[Value]:
        """The value of a definition, its indices in front."""
        define = definition.define
        sizes = [self.extents.index_size(definition, k) for k in range(len(define.indices))]
        outer, self.bound = (
            self.bound,
            [(letter, size, 0) for letter, size in zip(define.indices, sizes, strict=True)],
        )
        value: Value = yield self.value(define.value)
        self.bound = outer
        if not define.indices:
            return value
        try:
            return ordered(value, define.indices, sizes)
        except DvarError as error:
            raise self.placed(error, define.value) from None

    def _check_declared(self, name: str, value: Value, definition: Definition) -> None:
        declared = self.extents.arrays.get(name)
        if declared is None or name not in self.program.declared or value.letters:
            return
        if declared != value.node.shape:
            raise ShapeError(
                f"{self.program.shown(name)} is declared as {show(declared)} "
                f"but its definition makes {show(value.node.shape)}",
                source=self.program.places.source(definition.span),
            )

    # ── expressions ─────────────────────────────────────────────────────────────────────────────

    def value(self, expr: Expr) -> Step[Value]:
        """The value of an expression."""
        self._steps += bool(self.frames)
        if self._steps > BUDGET:
            raise FormulaError(
                "the formula grows too large when its functions are put into each other",
                source=self.program.places.source(expr.span),
            )
        try:
            result: Value = yield self._dispatch(expr)
        except DvarError as error:
            raise self.placed(error, expr) from error.__cause__
        self._remember(expr, result.node)
        return result

    def _dispatch(self, expr: Expr) -> Step[Value]:
        match expr:
            case s.Number():
                return self._number(expr.value)
            case s.Name():
                return lookup.name(self, expr)
            case s.Unary():
                return self._unary(expr)
            case s.Binary():
                return self._binary(expr)
            case s.Call():
                return invoke.call(self, expr)
            case s.Transpose():
                return forms.transpose(self, expr)
            case s.Index():
                return forms.index(self, expr)
            case s.Component():
                return forms.component(self, expr)
            case s.Sum():
                return forms.summed(self, expr)
            case s.Array():
                return forms.array(self, expr)
            case s.Cases():
                return forms.cases(self, expr)
        raise FormulaError("a piece of text stands where a quantity is expected")

    def _number(self, value: float) -> Step[Value]:
        yield from ()
        return Value(constant(float(value), "float64"))

    def _unary(self, expr: s.Unary) -> Step[Value]:
        if isinstance(expr.operand, s.Number):
            return Value(constant(-float(expr.operand.value), "float64"))
        operand: Value = yield self.value(expr.operand)
        return Value(TABLE["negative"](operand.node), operand.letters)

    def _binary(self, expr: s.Binary) -> Step[Value]:
        left: Value = yield self.value(expr.left)
        right: Value = yield self.value(expr.right)
        return self._combined(expr, left, right)

    def combined(self, expr: s.Binary, left: Value, right: Value) -> Value:
        """The value of an operation whose sides are known already."""
        try:
            result = self._combined(expr, left, right)
        except DvarError as error:
            raise self.placed(error, expr) from error.__cause__
        self._remember(expr, result.node)
        return result

    def _combined(self, expr: s.Binary, left: Value, right: Value) -> Value:
        sign = expr.operator
        if sign == "**" and lookup.is_euler(self, expr.left):
            return elementwise(TABLE["exp"], [right])
        if sign in ("juxt", "cdot"):
            return self._product(expr, left, right)
        if sign == "@":
            for side, part in ((left, expr.left), (right, expr.right)):
                if not side.event:
                    raise lookup.needs_shape(self, part, side, "@")
            return matmul(left, right)
        return elementwise(INFIX[sign][0], [left, right])

    def _product(self, expr: s.Binary, left: Value, right: Value) -> Value:
        """A product without a sign: the shapes say which one is meant."""
        multiply = TABLE["multiply"]
        a, b = left.event, right.event
        if all(size == 1 for size in a) and all(size == 1 for size in b) and len(a) == len(b):
            return elementwise(multiply, [left, right])
        if not a or not b:
            return elementwise(multiply, [left, right])
        fits = max(len(a), len(b)) <= 2 and a[-1] == b[0 if len(b) == 1 else -2]
        if len(a) == len(b) == 1 and forms.is_row(expr.left) and fits:
            return matmul(left, right)  # w^T x
        if len(a) == len(b) == 1 and forms.is_row(expr.right):
            return outer(left, right)  # x y^T
        if fits and (len(a) + len(b) > 2 or expr.operator == "cdot"):
            return matmul(left, right)
        x, y = (self.program.places.written(side.span) for side in (expr.left, expr.right))
        if a == b and len(a) == 2 and not fits:
            self.program.note(f"{x} {y} is read element by element: {show(a)} times {show(b)}")
            return elementwise(multiply, [left, right])
        if all(size == 1 for size in a) or all(size == 1 for size in b):
            return elementwise(multiply, [left, right])
        raise ShapeError(
            f"{x} {y}: {show(a)} and {show(b)} beside each other do not say which product is meant",
            hint=f"{x} * {y} element by element, {x} @ {y} for the matrix product",
        )

    # ── messages ────────────────────────────────────────────────────────────────────────────────

    def _remember(self, expr: Expr, node: Node) -> None:
        if node.op in (VARIABLE, CONSTANT):
            return
        if node not in self.words:
            self.words[node] = self.program.places.written(expr.span)
        if node not in self.sources:
            self.sources[node] = self.program.places.source(expr.span)

    def word(self, node: Node) -> str:
        """What the user calls a node."""
        if node.op is VARIABLE:
            return str(node.param("name"))
        for name, value in self.made.items():
            if value.node is node:
                return self.program.shown(name)
        if node.op is CONSTANT:
            return repr(node.param("value")) if not node.shape else ""
        return self.words.get(node, "")

    def placed(self, error: DvarError, expr: Expr) -> DvarError:
        """The error with its place, and in the user's names."""
        if error.source is not None:
            return error
        source = self.program.places.source(expr.span)
        if isinstance(error, ShapeError) and error.hint is None:
            error.hint = self._hint(expr)
        if isinstance(error, AxesError):
            message = error.reworded([self.word(node) for node in error.nodes])
            return ShapeError(message, source=source, rule=error.rule, hint=error.hint)
        error.source = source
        return error

    def _hint(self, expr: Expr) -> str | None:
        """How to declare a shape, where an operand is a scalar only because nothing says otherwise."""
        for part in walk(expr):
            if isinstance(part, s.Name) and lookup.is_undeclared(self, canonical(part.name)):
                return lookup.how_to_declare(part.name)
        return None

    def new_input(self, name: str) -> Node:
        """The variable of a name."""
        if name not in self.inputs:
            dtype = "int64" if name in self.integers else "float64"
            shown = self.program.shown(name)
            self.inputs[name] = variable(shown, self.extents.shape(name), dtype)
        return self.inputs[name]

    def input(self, name: str) -> Value:
        """An input; one that is given per example carries the index of the examples."""
        letter = self.program.examples.get(name)
        return Value(self.new_input(name), (letter,) if letter else ())
