r"""LaTeX → Graph: ``z_1 = W_1 x + b_1 \quad \hat y = \sigma(z_1)``.

What is read: definitions separated by lines, ``\\``, ``;``, ``\quad`` or their own ``$…$``; shapes such
as ``x \in \mathbb{R}^{n \times 1}``; everything else is an expression to explain.  Names become those of
the text notation: ``W_1`` is W1, ``\hat y`` is yhat, ``\alpha`` is alpha.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dvar.core.graph import Graph
from dvar.read.build.functions import lookup
from dvar.read.build.vectors import implied, known_shapes
from dvar.read.latex import words
from dvar.read.latex.blocks import read_shape
from dvar.read.latex.grammar import Formula
from dvar.read.latex.matrices import given as given_matrices
from dvar.read.latex.matrices import is_declared, is_matrix
from dvar.read.latex.names import Scope, too_deep
from dvar.read.latex.tokens import Page, Token, has_relation, outside, regions, statements, tokenize
from dvar.read.syntax import (
    Component,
    Declare,
    Define,
    Expr,
    Name,
    Span,
    Statement,
)

_SIGNS = re.compile(r"\\[A-Za-z(\[{,;|]|\$")
_SHARED = re.compile(r"[_^]\s*\{|\^\s*T\b|\^\s*\(\s*[a-z]\s*\)")
# A product sign, a shape or a word that is called: nobody writes these in LaTeX.
_TEXT = re.compile(
    r"(?<!\^)\*|@|#|\bsum_|^\s*\w[\w, ]*:\s|[;,]\s*\w+:\s|\b[A-Za-z]{3,}\(", re.MULTILINE
)
_USUAL_INDICES = frozenset("ijkl")


def looks_like_latex(text: str) -> bool:
    """Whether a formula is in LaTeX: commands or dollars.

    Braces after ``_`` or ``^`` and ``^T`` are common to both notations; there it is LaTeX unless
    something in it is of the text notation only.
    """
    if _SIGNS.search(text):
        return True
    return _SHARED.search(text) is not None and _TEXT.search(text) is None


def read_latex(
    text: str,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    values: Mapping[str, Any] | None = None,
    file: str | None = None,
) -> Graph:
    r"""Read LaTeX formulas as a graph.

    Args:
        text: one or more definitions.
        shapes: name → shape of inputs that the text does not declare.
        values: name → number or array of inputs.
        file: where the text came from, for messages.

    Raises:
        FormulaError: with a caret under what cannot be read.
        ShapeError: operands do not fit.

    Example:
        >>> print(read_latex(r"z = w x + b \quad a = \sigma(z)").outputs["a"])
        <sigmoid: float64 scalar>
    """
    from dvar.read.build.build import about_its_end, build

    known = [*(shapes or {}), *(values or {})]
    parsed = parse_latex(text, known, file, given_matrices(shapes, values))
    given = known_shapes(shapes, values)
    vectors, remarks = implied(parsed.statements, given)
    graph = build([*parsed.statements, *vectors], text, shapes, values, file)
    return replace(about_its_end(graph), notes=(*parsed.notes, *remarks, *graph.notes))


@dataclass(frozen=True, slots=True)
class Parsed:
    """Statements in order, and remarks for the person."""

    statements: tuple[Statement, ...]
    notes: tuple[str, ...]


def parse_latex(
    text: str,
    known: Iterable[str] = (),
    file: str | None = None,
    matrices: Iterable[str] = (),
) -> Parsed:
    """The statements of a text; ``known`` are inputs that the caller gives, some of them matrices."""
    page = Page(text, file)
    scope = Scope(page, matrices=set(matrices))
    for name in known:
        scope.knows(name)
    areas = regions(page)
    try:
        parts = [part for area in areas for part in statements(page, tokenize(page, area))]
        parts = _joined_over_areas(parts)
        if len(areas) > 1 and any(map(has_relation, parts)):
            parts = [part for part in parts if has_relation(part)]  # mentions between definitions
        once = {_said(part): part for part in reversed(parts)}  # said twice is said once
        readers = [_Statement(scope, part) for part in reversed(once.values())]
        readers = _without_overviews(scope, readers)
        found = [statement for reader in readers for statement in reader.read()]
    except RecursionError:
        raise too_deep(page, (0, 1)) from None
    if not found:
        raise page.error("there is no formula here", (0, 1), r"z = w^T x + b")
    return Parsed(tuple(found), tuple(dict.fromkeys(scope.notes)))


def _joined_over_areas(parts: Sequence[list[Token]]) -> list[list[Token]]:
    """``$$= 6$$`` goes on with the formula before it."""
    whole: list[list[Token]] = []
    for part in parts:
        if whole and part[0].is_(*words.DEFINES, *words.ROUNDED):
            whole[-1].extend(part)
        else:
            whole.append(list(part))
    return whole


@dataclass(frozen=True, slots=True)
class _Left:
    """One link of a chain that is a name: ``\\hat y``, ``J(a, b)``, ``z^{(i)}``, ``F(x)_i``."""

    name: str
    parameters: tuple[str, ...]
    indices: tuple[str, ...]


class _LeftReader(Formula):
    """Reads left sides, where letters side by side are one word: ``dz = a - y``."""

    def letters(self) -> Expr:
        return self.numbered(self.take())

    def word_or_group(self) -> Expr:
        start = self.next_span()
        word = self.word()
        if word is not None:
            return Name(word, (start[0], self.last_end()))
        return super().word_or_group()

    def left(self) -> _Left | None:
        """The name, or None where this is no left side."""
        base = self.scripts(self.atom())
        parameters: tuple[str, ...] = ()
        if self.at("("):
            opener = self.take()
            found, _ = self.items(opener, ")")
            stripped = [x.operand if isinstance(x, Component) else x for x in found]
            if not found or not all(isinstance(x, Name) for x in stripped):
                return None
            parameters = tuple(x.name for x in stripped if isinstance(x, Name))
            base = self.scripts(base)
        indices: list[str] = []
        while isinstance(base, Component):
            indices = [*base.indices, *indices]
            base = base.operand
        if self.peek() is not None or not isinstance(base, Name):
            return None
        return _Left(base.name, parameters, tuple(indices))


class _Statement:
    """One statement: its links are cut and its left sides read at once, its values afterwards."""

    def __init__(self, scope: Scope, tokens: list[Token]) -> None:
        self.scope, self.tokens = scope, tokens
        self.span: Span = (tokens[0].span[0], tokens[-1].span[1])
        self.shape: list[Token] | None = None
        links = self._links()
        self.lefts: list[_Left] = []
        self.declared: list[_Left] = []
        if self.shape is not None and len(links) == 1:
            self.declared = [self._left(part) for part in _cut(links[0], ",")]
            self.values: list[list[Token]] = []
            if is_declared(self._sizes()):
                scope.matrices |= {left.name for left in self.declared}
            return
        while len(links) > 1 and (left := self._next_left(links)) is not None:
            self.lefts.append(left)
            links.pop(0)
        self.values = links
        self._declare()

    def _links(self) -> list[list[Token]]:
        tokens = self.tokens
        for n, token in outside(tokens):
            if token.is_(*words.ROUNDED):  # a rounded number says nothing new
                tokens = tokens[:n]
                break
        at = next((n for n, token in outside(tokens) if token.is_("in")), None)
        if at is not None:
            tokens, self.shape = tokens[:at], tokens[at + 1 :]
            if not tokens:
                raise self.scope.page.error(
                    r"\in needs a name before it", self.span, r"x \in \mathbb{R}^n"
                )
        return _cut(tokens, *words.DEFINES)

    def _next_left(self, links: list[list[Token]]) -> _Left | None:
        """The next link as a left side.  Later links may be values: ``a = \\sigma(z) = …``."""
        left = self._try_left(links[0], links[-1])
        if left is None:
            if not self.lefts:
                self._refuse_left(links[0])
            return None
        known = left.name in self.scope.variables | set(self.scope.functions)
        if self.lefts and (known or (left.parameters and lookup(left.name) is not None)):
            return None
        return left

    def _refuse_left(self, link: list[Token]) -> None:
        page = self.scope.page
        if not link:
            raise page.error("a name is missing before =", self.span)
        span = (link[0].span[0], link[-1].span[1])
        message = "the left side of = is not a name"
        if any(t.is_("frac", "dfrac", "tfrac", "partial") for t in link):
            message += ": dvar finds derivatives; write the definitions only"
        raise page.error(message, span, "f(x) = …, z_1 = …, x \\in \\mathbb{R}^n")

    def _try_left(self, link: list[Token], value: list[Token]) -> _Left | None:
        if not link or any(t.is_("+", "-", "/", "frac", "cdot", "sum") for _, t in outside(link)):
            return None
        used = "".join(t.text for t in value if t.kind == "letters")
        letters = [c for c in _USUAL_INDICES if c in used]
        self.scope.bound += letters
        try:
            return _LeftReader(self.scope, link, self.span).left()
        finally:
            del self.scope.bound[len(self.scope.bound) - len(letters) :]

    def _left(self, tokens: list[Token]) -> _Left:
        left = _LeftReader(self.scope, tokens, self.span).left() if tokens else None
        if left is None:
            raise self.scope.page.error(
                r"\in needs names before it", self.span, r"x, y \in \mathbb{R}^n"
            )
        self.scope.knows(left.name)
        return left

    def _declare(self) -> None:
        for left in self.lefts:
            if left.parameters:
                self.scope.functions[left.name] = left.parameters
            else:
                self.scope.knows(left.name)

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def read(self) -> list[Statement]:
        scope = self.scope
        scope.closed.clear()
        found: list[Statement] = []
        if self.values:
            indices = [letter for left in self.lefts for letter in left.indices]
            scope.bound = list(dict.fromkeys(indices))
            value = self._value()
            scope.bound = []
            if is_matrix(value, scope.matrices):
                scope.matrices |= {left.name for left in self.lefts}
            found = self._definitions(value)
        names = tuple(left.name for left in self.declared or self.lefts)
        if self.shape is not None and names:
            found.append(Declare(names, self._sizes(), self.span))
        extra, scope.extra = scope.extra, []
        return [*extra, *found]

    def _sizes(self) -> tuple[Expr, ...]:
        return read_shape(Formula(self.scope, self.shape or [], self.span))

    def _value(self) -> Expr:
        first, *rest = self.values
        if not first:
            raise self.scope.page.error("nothing stands after =", self.span)
        reader = Formula(self.scope, first, self.span)
        value = reader.expression()
        reader.finish()
        if rest:
            shown = self.scope.page.text[first[0].span[0] : first[-1].span[1]]
            self.scope.notes.append(
                f"of this chain {' '.join(shown.split())} is read; what follows is taken to be equal to it"
            )
        return value

    def _definitions(self, value: Expr) -> list[Statement]:
        """``a = b = value`` is one definition; ``y = g(z) = value`` defines g as well."""
        indices = tuple(dict.fromkeys(x for left in self.lefts for x in left.indices))
        plain = [left for left in self.lefts if not left.parameters]
        applied = [left for left in self.lefts if left.parameters]
        names = tuple(left.name for left in plain)
        if not applied:
            return [Define(names, (), indices, value, self.span)]
        functions: list[Statement] = [
            Define((left.name,), left.parameters, indices, value, self.span) for left in applied
        ]
        if plain:
            functions.append(
                Define(names, (), indices, Name(applied[0].name, self.span), self.span)
            )
        return functions


def _said(part: Sequence[Token]) -> str:
    return "".join(rf"\{t.text} " if t.kind == "command" else t.text for t in part)


def _without_overviews(scope: Scope, readers: Sequence[_Statement]) -> list[_Statement]:
    """``J(a, b, c) = …`` and later ``J = 3v``: the later definition is the one in steps."""
    last = {left.name: reader for reader in readers for left in reader.lefts}
    kept = []
    for reader in readers:
        names = [left.name for left in reader.lefts if left.parameters]
        if names and all(last[left.name] is not reader for left in reader.lefts):
            scope.notes.append(
                f"{names[0]} is read from its later definition; the two are not compared"
            )
        else:
            kept.append(reader)
    return kept


def _cut(tokens: list[Token], *signs: str) -> list[list[Token]]:
    cuts = [n for n, token in outside(tokens) if token.is_(*signs)]
    starts = [0, *(n + 1 for n in cuts)]
    return [tokens[a:b] for a, b in zip(starts, [*cuts, len(tokens)], strict=True)]
