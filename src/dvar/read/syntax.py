"""What a formula says, before anything is known of shapes: the tree that both notations parse to.

``formula.py`` reads text and ``latex.py`` reads LaTeX into these; ``build.py`` turns them into a graph.
``span`` is (start, end) in the text as given, for messages that point.
"""

from __future__ import annotations

from dataclasses import dataclass

Span = tuple[int, int]


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
