r"""What a worksheet's formula says as notation, before anything is known of what its letters mean.

Other than ``dvar.read.syntax``, whose readers know every name beforehand, this tree keeps what only the
document as a whole can decide: whether ``a(1 - a)`` applies or multiplies, whether ``w_{11}`` is a name or
an entry, whether ``x^2`` is a power or a layer.  ``dvar.check`` decides, with the definitions at hand.

``span`` is (start, end) in ``Document.text``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from functools import cache
from typing import TypeGuard

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written, sign apart: ``0.10``, ``1e-5``, ``.5``, ``1{,}000`` (kept as ``1000``), ``12%``.

    ``text`` is ASCII and what ``Fraction`` reads; a vulgar fraction such as ½ is a Quotient.
    """

    text: str
    span: Span

    @property
    def value(self) -> Fraction:
        return Fraction(self.text)

    @property
    def unit(self) -> Fraction:
        """One unit of the last digit shown: ``0.593`` → 1/1000, ``12`` → 1, ``2.5e-3`` → 1/10000."""
        mantissa, _, exponent = self.text.lower().partition("e")
        digits = len(mantissa.partition(".")[2])
        return Fraction(10) ** (int(exponent or 0) - digits)

    @property
    def is_whole(self) -> bool:
        """Written as a whole number: taken to be exact."""
        return "." not in self.text and "e" not in self.text.lower()


@dataclass(frozen=True, slots=True)
class Label:
    r"""A subscript or superscript that is a run of letters and digits: ``h1``, ``11``, ``ij``, ``total``.

    Whether it is one label or several indices is not known here.  ``\text{…}`` sets ``is_text``.
    """

    text: str
    span: Span
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    r"""One superscript.

    ``kind``:
      ``plain``      ``x^2``, ``e^{-z}``, ``a^{l-1}``, ``w^+``: power, layer or label
      ``paren``      ``x^{(i)}``, ``W^{(1)}``
      ``bracket``    ``a^{[l]}``
      ``transpose``  ``w^T``, ``w^\top``, ``w^{\mathsf T}``, ``^⊤``, MATLAB's ``X'`` behind a bracket
      ``mark``       ``w^*``, ``w^+``, ``w^{new}``: value is a Label (``*``, ``+``, ``-``, ``new``, …)
    ``value`` is None for a transpose.
    A script such as ``^{[l]T}``, ``^{(2)\top}``, ``^{(i)^T}``, ``^{-T}`` makes several Scripts in order;
    ``-T`` is a plain ``-1`` followed by a transpose.
    """

    kind: str
    value: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Symbol:
    r"""A letter or word with all that hangs on it: ``\hat{y}^{(i)}_k``, ``net_{h1}``, ``σ'``, ``W1``.

    Attributes:
        base: ``w``, ``alpha`` (for α and ``\alpha``), ``net``, ``W`` …; ``1`` for a bold one;
            digits right behind the letters (``W1``, ``h1_1``) are the first subscript, as ``W_1`` is.
        font: ``""``, ``bf`` (bold), ``cal``, ``bb``, ``sf``, ``tt`` or ``rm`` (upright, text, operatorname).
        accents: ``hat``, ``bar``, ``tilde``, ``dot``, ``vec``, from the inside out; an overline over a single
            symbol is ``bar``.  ``yhat`` and ``y_hat``, ``y_{hat}`` in plain text stay as they are written.
        subscripts: in the order written; ``w_{i,j}`` has two, ``w_{ij}`` one Label ``ij``,
            ``z_{j+1}`` a Sum, ``W2[i][j]`` two Labels; ``x[i, 0]`` two.
        scripts: superscripts in order.
        primes: ``σ''`` has 2; a prime after the argument (``f(x)'``) belongs to Apply.
    """

    base: str
    span: Span
    font: str = ""
    accents: tuple[str, ...] = ()
    subscripts: tuple[Expr, ...] = ()
    scripts: tuple[Script, ...] = ()
    primes: int = 0


BINDING = ("(", "[", "{")
"""Brackets that mean nothing but what belongs together, if one item is between them."""


@dataclass(frozen=True, slots=True)
class Group:
    r"""An expression or several in brackets, with what hangs on the bracket.

    ``kind``: ``(``, ``[``, ``{`` (visible braces), ``|`` (absolute value), ``norm``, ``floor``, ``ceil``,
    ``angle`` (⟨a, b⟩), ``overline`` (over more than a symbol), ``iverson`` (``1[z > 0]``, ``\mathbb{1}(…)``,
    ``I(…)``), ``list`` (``[1, 2]``, ``[0.6, -0.2]``: several items, or one in code), ``tuple``.
    A group of one item with ``(``, ``[`` or ``{`` only binds.
    ``norm`` keeps its subscript (``_F``, ``_2``) in ``subscripts``; a power of it in ``scripts``.
    """

    kind: str
    items: tuple[Expr, ...]
    span: Span
    subscripts: tuple[Expr, ...] = ()
    scripts: tuple[Script, ...] = ()
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Apply:
    """A symbol directly followed by a bracket: ``f(x)``, ``a(1 - a)``, ``w_2(1,1)``, ``L(a, y)``.

    Application, entry or product: the document decides.  What hangs on the bracket stands here:
    ``F_1(x)_0``, ``f(x)^2``, ``f(x)'``.
    """

    head: Symbol
    args: tuple[Expr, ...]
    span: Span
    subscripts: tuple[Expr, ...] = ()
    scripts: tuple[Script, ...] = ()
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    r"""A function that its word makes certain: ``\log x``, ``\log_2(x)``, ``\max(0, z)``, ``np.sum(x, axis=0)``.

    Attributes:
        name: ``log``, ``log2``, ``log10``, ``exp``, ``sin`` …, ``max``, ``min``, ``argmax``, ``trace``, ``det``,
            ``diag``, ``sign``, ``relu``, ``sigmoid``, ``tanh``, ``softmax``, ``softplus``, ``sort``,
            ``sum``, ``mean``, ``transpose``, ``vec`` … in lower case as the rule table spells it.
            ``\ln`` is ``log``; ``\log`` without a base is ``log``; ``Pr``/``E`` are no calls.
        args: without brackets (``\log x y``) one argument: the product that follows, up to ``+``, ``-``,
            a relation, another function or a product sign.
        keywords: ``axis=0`` in code.
        scripts: a power on the word (``\sin^2 x``), the inverse ``\sin^{-1}`` or behind the bracket.
        subscripts: an index below the word or behind the bracket, as in ``softmax(z)_i``, ``\max_j z_j``.
        primes: ``\tanh'(z)``.
    """

    name: str
    args: tuple[Expr, ...]
    span: Span
    keywords: tuple[tuple[str, Expr], ...] = ()
    subscripts: tuple[Expr, ...] = ()
    scripts: tuple[Script, ...] = ()
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Sum:
    """``a + b - c``: each term with its sign, +1 or -1 (0 for ±).  A leading minus is its first sign."""

    terms: tuple[Expr, ...]
    signs: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Product:
    r"""Factors with the sign between each two.

    ``operators`` has one entry less than ``factors``: ``""`` (side by side), ``cdot`` (``\cdot``, ·, ``\bullet``),
    ``times`` (×), ``*``, ``.*`` (MATLAB), ``odot`` (⊙, ∘, ``\circ``, ``\otimes`` where the document says so),
    ``otimes``, ``@``, ``conv``.
    Inline division makes a Quotient of the factors it joins: ``a b / c d`` is ``Product(Quotient(ab, c), d)``,
    but ``1/2m`` is ``Quotient(1, 2m)`` and ``(a)/(b)`` is what it looks like.
    """

    factors: tuple[Expr, ...]
    operators: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Quotient:
    r"""``\frac{a}{b}``, ``a/b``, ``a ./ b``, ½.  ``inline`` where it is written with a slash."""

    above: Expr
    below: Expr
    span: Span
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Power:
    """``a**b``, ``(1+x)^2`` is a Group with scripts; this is for bases that are neither: ``2^n``, ``-1^k``."""

    base: Expr
    exponent: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Derivative:
    r"""∂A/∂B in any spelling.

    ``\frac{\partial A}{\partial B}``, ``∂A/∂B``, ``dA/dB``, ``\frac{d}{dx}(…)``, ``\frac{\partial^2 f}{\partial x \partial y}``,
    ``d^2f/dxdy``, ``\partial_x f``, ``D_x f``, ``\nabla_\theta J``, ``∇J``, ``\frac{\delta J}{\delta y}``.

    Attributes:
        of: what is differentiated; None where nothing is (an operator that stands alone).
            For an operator in front (``\frac{d}{dz}(1 + e^{-z})``, ``\frac{\partial}{\partial w} \times (…)``) it is
            the product that follows, up to ``+``, ``-`` or a relation.
        wrt: with respect to what, one for each order: ``∂²f/∂x∂y`` → x, y; ``d²f/dx²`` → x, x.
            Empty for ``∇J``.
        spelling: ``partial``, ``d``, ``delta`` (δJ/δy), ``nabla``, ``subscript`` (``\partial_x f``).
        operator: whether the operator stands in front of ``of`` rather than in one fraction with it.
    """

    of: Expr | None
    wrt: tuple[Expr, ...]
    spelling: str
    span: Span
    operator: bool = False


@dataclass(frozen=True, slots=True)
class Big:
    r"""``\sum_{i=1}^m body``, ``\prod``, ``\sum_{i,j}``, ``\sum_{i \neq 0}``, ``\max_j body``, ``\int``.

    Attributes:
        name: ``sum``, ``prod``, ``max``, ``min``, ``argmax``, ``argmin``, ``int``, ``lim``, ``E`` (expectation).
        indices: the index letters below it, ``()`` for a bare ``\sum``.
        low, high: bounds; ``\sum_{i=1}^m``, ``\sum_{r=0}^{k-1}``.
        condition: a Relation that filters (``i \neq 0``, ``j \in pred(k)``); None if there is none.
        body: up to the next ``+`` or ``-`` or relation outside brackets (a leading sign belongs to it:
            ``\sum_i -2(x_i - \mu)``); products and following sums belong to it.
    """

    name: str
    indices: tuple[str, ...]
    low: Expr | None
    high: Expr | None
    condition: Expr | None
    body: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Matrix:
    """``bmatrix`` and its like, ``[[1], [2]]``: rows of entries.  ``delimiter`` as in ``Group.kind``."""

    rows: tuple[tuple[Expr, ...], ...]
    span: Span
    delimiter: str = "["
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Cases:
    """Value and condition; the condition is None for "otherwise"."""

    branches: tuple[tuple[Expr, Expr | None], ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Relation:
    r"""``z > 0``, ``i = j``, ``i \neq 0``, ``x \in S``, ``a < b < c``, joined by ``and``/``or`` as ``Logic``."""

    members: tuple[Expr, ...]
    relations: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Logic:
    """``and``, ``or`` or ``not`` of conditions."""

    name: str
    operands: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Root:
    radicand: Expr
    span: Span
    degree: Expr | None = None
    scripts: tuple[Script, ...] = ()


@dataclass(frozen=True, slots=True)
class Brace:
    r"""``\underbrace{body}_{note}``, ``\overbrace``, ``\overset{note}{body}``: the note names the body, gives its
    shape (a Shape or a Relation) or its value, or is prose (a Text).  ``\cancel{x}`` has no note."""

    body: Expr
    note: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Shape:
    r"""A set of arrays: ``\mathbb{R}^{n \times m}``, ``R^n``, ``D_x \times 1``, ``(3, m)``; sizes in order."""

    sizes: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Ellipsis:
    r"""``\ldots``, ``\cdots``, ``\vdots``, ``\ddots``, ``...``"""

    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """Words inside mathematics."""

    text: str
    span: Span


# fmt: off
Expr = (
    Number | Label | Symbol | Group | Apply | Call | Negative | Sum | Product | Quotient | Power | Derivative
    | Big | Matrix | Cases | Relation | Logic | Root | Brace | Shape | Ellipsis | Text
)
# fmt: on


def is_bracketed(expr: Expr | None) -> TypeGuard[Group]:
    """Whether one expression stands in brackets that only bind."""
    return (
        isinstance(expr, Group)
        and expr.kind in BINDING
        and len(expr.items) == 1
        and not (expr.scripts or expr.subscripts or expr.primes)
    )


@cache
def _held(kind: type) -> tuple[str, ...]:
    """The fields of a kind of expression that hold expressions, the last one first."""
    return tuple(f.name for f in fields(kind)[::-1] if _HOLDS.search(str(f.type)))


_HOLDS = re.compile(r"\b(?:Expr|Script|Symbol)\b")


def children(expr: Expr | Script) -> Iterator[Expr | Script]:
    """The parts of an expression in the order of its fields, scripts included."""
    found: list[Expr | Script] = []
    _stack(found, [getattr(expr, name) for name in _held(type(expr))])  # type: ignore[arg-type]
    return reversed(found)


def walk(expr: Expr | Script) -> Iterator[Expr | Script]:
    """The expression and everything in it."""
    stack: list[Expr | Script] = [expr]
    while stack:
        top = stack.pop()
        yield top
        _stack(stack, [getattr(top, name) for name in _held(type(top))])  # type: ignore[arg-type]


def _stack(stack: list[Expr | Script], parts: Iterable[object]) -> None:
    """Put what fields hold on a stack.  All of reading and judging goes through here."""
    for part in parts:
        if type(part) is tuple:
            _stack(stack, reversed(part))
        elif part is not None and type(part) is not str:
            stack.append(part)  # type: ignore[arg-type]
