"""From notation to graph: what an expression means in the world of its problem."""

from __future__ import annotations

from collections.abc import Mapping

from dvar.check.meaning import (
    applying,
    big,
    calling,
    chains,
    differentiate,
    names,
    open_names,
    products,
    structures,
)
from dvar.check.meaning.choices import Choices
from dvar.check.meaning.effort import pay
from dvar.check.meaning.keys import number_of
from dvar.check.meaning.recall import Recall
from dvar.check.meaning.values import (
    Jacobian,
    NotUnderstood,
    Value,
    add,
    number,
    subtract,
)
from dvar.check.meaning.world import World
from dvar.core.errors import DvarError
from dvar.core.node import Node
from dvar.ops import TABLE
from dvar.read.worksheet import tree as t

DEPTH = 120
BUDGET = 6000
"""Parts of trees that one reading of one statement may look at; sums over many indices stop here."""
_REMEMBERED = (
    t.Symbol,
    t.Sum,
    t.Product,
    t.Quotient,
    t.Power,
    t.Apply,
    t.Call,
    t.Derivative,
    t.Big,
    t.Group,
)
"""What is not read again while slips are tried."""


class Interpreter:
    """Reads expressions at one place of a document.

    Args:
        world: the names of the problem.
        position: ordinal of the statement: which definitions hold.
        choices: which reading is taken where there are several.
        env: index letter → number.
    """

    def __init__(
        self,
        world: World,
        position: int,
        choices: Choices | None = None,
        env: Mapping[str, int] | None = None,
    ) -> None:
        self.world, self.position = world, position
        self.choices = choices or Choices()
        self.env: dict[str, int] = dict(env or {})
        self.locals: dict[str, Node] = {}
        self.depth = 0
        self.work = [0]
        """Parts looked at, counted together with the readers inside sums."""
        self.code = False
        self.opened: set[str] = set()
        self.may_vanish = False
        self.example: int | None = None

    def node(self, tree: t.Expr, hint: tuple[int, ...] | None = None) -> Node:
        """The value of an expression as one array."""
        return self.plain(self.value(tree, hint))

    def plain(self, value: Value) -> Node:
        return chains.as_node(self, value) if isinstance(value, Jacobian) else value

    def value(self, tree: t.Expr, hint: tuple[int, ...] | None = None) -> Value:
        """The value of an expression; a derivative stays one until it meets something else.

        Raises NotUnderstood, which says what has no meaning here.
        """
        recall = self.recall() if isinstance(tree, _REMEMBERED) else None
        return self.read(tree, hint) if recall is None else recall.value(self, tree, hint)

    def recall(self) -> Recall | None:
        """What has been read before, where that holds here."""
        return None if self.locals or self.world.open else self.world.recall

    def read(self, tree: t.Expr, hint: tuple[int, ...] | None) -> Value:
        """The same, whatever has been read before."""
        pay()
        self.count(1)
        self.depth += 1
        try:
            if self.depth > DEPTH:
                raise NotUnderstood("a formula of this size")
            return self._value(tree, hint)
        except DvarError as error:
            raise NotUnderstood(error.message) from None
        except RecursionError:
            raise NotUnderstood("a formula that goes round in circles") from None
        finally:
            self.depth -= 1

    def count(self, parts: int) -> None:
        """Account for parts of one formula, read or recalled.  Raises NotUnderstood where they are too many."""
        self.work[0] += parts
        if self.work[0] > BUDGET:
            raise NotUnderstood("a formula of this size")

    def _value(self, tree: t.Expr, hint: tuple[int, ...] | None) -> Value:  # noqa: C901, a dispatch
        match tree:
            case t.Number():
                return number(float(tree.value))
            case t.Symbol():
                return names.symbol(self, tree, hint)
            case t.Group():
                return structures.group(self, tree, hint)
            case t.Negative():
                return TABLE["negative"](self.node(tree.operand, hint))
            case t.Sum():
                return self._sum(tree, hint)
            case t.Product():
                return products.product(self, tree, hint)
            case t.Quotient():
                return self._quotient(tree, hint)
            case t.Power():
                return products.power(self, self.node(tree.base), tree.exponent)
            case t.Apply():
                return applying.apply(self, tree, hint)
            case t.Call():
                return calling.call(self, tree, hint)
            case t.Derivative():
                return differentiate.derivative(self, tree)
            case t.Big():
                return big.big(self, tree)
            case _:
                return structures.other(self, tree)

    def _sum(self, tree: t.Sum, hint: tuple[int, ...] | None) -> Value:
        if 0 in tree.signs:
            raise NotUnderstood("± stands for two signs")
        if len(tree.terms) == 1:
            inner = self.node(tree.terms[0], hint)
            return inner if tree.signs[0] > 0 else TABLE["negative"](inner)
        values: list[Node | None] = [None] * len(tree.terms)
        waiting = []
        for n, term in enumerate(tree.terms):
            if open_names.is_hungry(self, term):
                waiting.append(n)
            else:
                values[n] = self.node(term, hint)
        shapes = [v.shape for v in values if v is not None and v.shape]
        # The other terms show what shape an open name has; numbers beside it show nothing.
        known = max(shapes, key=len) if shapes else hint
        if not shapes and any(
            v is not None and not open_names.is_literal(tree.terms[n]) for n, v in enumerate(values)
        ):
            known = ()
        for n in waiting:
            values[n] = self.node(tree.terms[n], known)  # type: ignore[arg-type]
        total: Node | None = None
        for value, sign in zip(values, tree.signs, strict=True):
            assert value is not None
            if total is None:
                total = value if sign > 0 else TABLE["negative"](value)
            else:
                total = add(total, value) if sign > 0 else subtract(total, value)
        assert total is not None
        return total

    def _quotient(self, tree: t.Quotient, hint: tuple[int, ...] | None) -> Value:
        if open_names.is_untyped(self, tree.above):
            below = self.node(tree.below)
            above = self.node(tree.above, below.shape or hint)  # type: ignore[arg-type]
        else:
            above = self.node(tree.above, hint)
            below = self.node(tree.below, above.shape or None)  # type: ignore[arg-type]
        value = products.divide(above, below)
        beside = applying.beside_slash(self, tree)
        if beside is None:
            return value
        return self.choices.pick(
            [("", value), ("the bracket beside the fraction", self.node(beside, hint))]
        )

    def whole(self, tree: t.Expr) -> int | None:
        """The whole number an expression stands for, if it does: bounds, exponents, indices."""
        env = {**self.world.sizes, **self.world.counts, **self.env}
        return number_of(tree, self.world.spelling, env)

    def again(self) -> Interpreter:
        """A reader that takes the same readings as this one took, from the start."""
        other = Interpreter(self.world, self.position, Choices(self.choices.script), self.env)
        other.locals, other.code, other.example = self.locals, self.code, self.example
        return other

    def inside(self, bound: Mapping[str, int]) -> Interpreter:
        """The same reader with more index letters bound."""
        other = Interpreter(self.world, self.position, self.choices, {**self.env, **bound})
        other.locals = self.locals
        other.depth, other.work, other.code = self.depth, self.work, self.code
        other.opened, other.may_vanish = self.opened, self.may_vanish
        other.example = self.example
        return other
