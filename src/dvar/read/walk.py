"""Going through a syntax tree without recursion."""

from __future__ import annotations

from collections.abc import Iterator

from dvar.read import syntax as s
from dvar.read.syntax import Expr


def children(expr: Expr) -> list[Expr]:
    """The parts of an expression, in the order they are written."""
    match expr:
        case s.Unary() | s.Transpose() | s.Component():
            return [expr.operand]
        case s.Binary():
            return [expr.left, expr.right]
        case s.Call():
            return [*expr.args, *(value for _, value in expr.kwargs)]
        case s.Slice():
            return [part for part in (expr.start, expr.stop, expr.step) if part is not None]
        case s.Index():
            return [expr.operand, *expr.items]
        case s.Sum():
            return [part for part in (expr.low, expr.high, expr.body) if part is not None]
        case s.Array():
            return list(expr.items)
        case s.Cases():
            return [part for branch in expr.branches for part in branch if part is not None]
        case _:
            return []


def walk(expr: Expr) -> Iterator[Expr]:
    """The expression and everything in it."""
    stack = [expr]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(reversed(children(top)))


def base_of(expr: s.Component) -> tuple[Expr, tuple[str, ...], bool]:
    """``x_j^{(i)}`` → x, (i, j), whether an example is meant: nested components in order."""
    letters: tuple[str, ...] = ()
    example = False
    inner: Expr = expr
    while isinstance(inner, s.Component):
        letters = inner.indices + letters
        example = example or inner.example
        inner = inner.operand
    return inner, letters, example
