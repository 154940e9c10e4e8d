"""What a formula says, before anything is known of shapes: the tree that both notations parse to.

``text`` and ``latex`` read into these; ``build`` turns them into a graph.
``span`` is (start, end) in the text as given, for messages that point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

Span = tuple[int, int]

CONSTANTS = frozenset({"pi", "e", "inf", "nan"})
"""Names of numbers, where nothing else is called so."""
_BARE = str.maketrans({"{": "", "}": "", "\\": "", "-": "minus", "+": "plus", "*": "star"})
_STEM = re.compile(r"(.*[^\d_])_+(\d+)")


def canonical(name: str) -> str:
    """``W_1`` and ``W1`` are one name, and so are ``h_{t-1}`` and ``h_tminus1``."""
    if "{" in name or "\\" in name:
        name = name.translate(_BARE)
    match = _STEM.fullmatch(name)
    return match[1] + match[2] if match else name


@dataclass(frozen=True, slots=True)
class Number:
    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A name as the user writes it in text: ``W1``, ``yhat``, ``alpha`` (LaTeX ``W_1``, ``\\hat y``)."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x``; LaTeX's unary plus is dropped."""

    operator: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """``+ - * / ** @``, comparisons ``> < >= <= == !=``, and two that shapes decide:

    ``juxt`` (``W x``, ``2x``: a matrix product where the shapes make one, else a product) and
    ``cdot`` (LaTeX's ``\\cdot``, the same).  ``*`` is always elementwise, as is LaTeX's ``\\odot``.
    """

    operator: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """``f(x, axis=1)``; a method ``x.sum(axis=1)`` has its object as the first argument."""

    function: str
    args: tuple[Expr, ...]
    kwargs: tuple[tuple[str, Expr], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Transpose:
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    start: Expr | None
    stop: Expr | None
    step: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """``x[0]``, ``x[1:, 0]``: zero-based, as in Python."""

    operand: Expr
    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Component:
    """``x_i``, ``W_{ij}``, ``x^{(i)}`` with index letters that a sum or a definition binds.

    ``example`` marks a superscript ``(i)``: the i-th example.
    """

    operand: Expr
    indices: tuple[str, ...]
    example: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Sum:
    """``\\sum_{i=low}^{high} body``; low and high may be absent."""

    index: str
    low: Expr | None
    high: Expr | None
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Array:
    """``[a, b]`` or a tuple; nested for a matrix; a bmatrix is rows of columns."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Cases:
    """Value–condition pairs, first match wins; a None condition is "otherwise"."""

    branches: tuple[tuple[Expr, Expr | None], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A string argument: the subscripts of einsum, the order of a norm."""

    value: str
    span: Span


Expr = (
    Number
    | Name
    | Unary
    | Binary
    | Call
    | Transpose
    | Slice
    | Index
    | Component
    | Sum
    | Array
    | Cases
    | Text
)


@dataclass(frozen=True, slots=True)
class Define:
    """``z = w*x + b``, ``yhat = a = sigmoid(z)`` (two names), ``f(x, y) = …`` (with parameters).

    ``indices`` are index letters on the left: ``F_i = …``, ``z^{(i)} = …``.
    A definition without a name is a bare expression.
    """

    names: tuple[str, ...]
    parameters: tuple[str, ...]
    indices: tuple[str, ...]
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Declare:
    """``W1: (D_a, D_x)``, ``x, y: (n,)``, ``b: scalar``, ``x \\in \\mathbb{R}^{n \\times 1}``."""

    names: tuple[str, ...]
    shape: tuple[Expr, ...]
    span: Span


Statement = Define | Declare


# ── going through a tree, without recursion ─────────────────────────────────────────────────────


def children(expr: Expr) -> list[Expr]:
    """The parts of an expression, in the order they are written."""
    match expr:
        case Unary() | Transpose() | Component():
            return [expr.operand]
        case Binary():
            return [expr.left, expr.right]
        case Call():
            return [*expr.args, *(value for _, value in expr.kwargs)]
        case Slice():
            return [part for part in (expr.start, expr.stop, expr.step) if part is not None]
        case Index():
            return [expr.operand, *expr.items]
        case Sum():
            return [part for part in (expr.low, expr.high, expr.body) if part is not None]
        case Array():
            return list(expr.items)
        case Cases():
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


def with_names(part: Any, change: Callable[[Name], Expr]) -> Any:
    """A part of a tree with something else for each name.

    Plain recursion: what is nested deeper than Python allows raises RecursionError.
    """
    if isinstance(part, Name):
        return change(part)
    if isinstance(part, tuple):
        return tuple(with_names(inner, change) for inner in part)
    if not hasattr(part, "span"):
        return part
    changed = {f.name: with_names(getattr(part, f.name), change) for f in fields(part)}
    return replace(part, **{k: v for k, v in changed.items() if k != "span"})


def base_of(expr: Component) -> tuple[Expr, tuple[str, ...], bool]:
    """``x_j^{(i)}`` → x, (i, j), whether an example is meant: nested components in order."""
    letters: tuple[str, ...] = ()
    example = False
    inner: Expr = expr
    while isinstance(inner, Component):
        letters = inner.indices + letters
        example = example or inner.example
        inner = inner.operand
    return inner, letters, example
