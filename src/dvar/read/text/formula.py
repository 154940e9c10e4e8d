"""Formula text → graph: ``q = x + y; f = q*z``.  Parsed, never executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dvar.core.errors import FormulaError
from dvar.core.graph import Graph
from dvar.core.op import ADD
from dvar.read import syntax as s
from dvar.read.build.build import about_its_end, build
from dvar.read.build.vectors import implied, known_shapes
from dvar.read.steps import Step, run
from dvar.read.syntax import Declare, Define, Expr, Statement
from dvar.read.text.parser import Parser, split_letters
from dvar.read.text.prose import without_prose
from dvar.read.text.survey import Left, match_declaration, match_left, products_apart, survey
from dvar.read.text.tokens import END, LINE, NAME, NUMBER, tokenize
from dvar.read.where import Places

_UPDATES = (":=", "+=", "-=", "*=", "/=")
_SCALAR = ("scalar", "real", "number")


def read_formula(
    text: str,
    shapes: Mapping[str, Sequence[int | str]] | None = None,
    values: Mapping[str, Any] | None = None,
    file: str | None = None,
) -> Graph:
    """Read formulas in the text notation.

    Args:
        text: statements, one per line or with ``;`` between them.
        shapes: name → sizes of inputs, numbers or names, beside those the text declares.
        values: name → number or array of inputs, beside those the text gives.
        file: where the text came from, for messages.

    Raises:
        FormulaError: the text cannot be read: syntax, functions nobody knows, loops.
        ShapeError: operands whose axes do not fit.
    """
    places = Places(text, file)
    parser = _parser(places, shapes or {}, values or {})
    statements = list(_statements(parser))
    vectors, remarks = implied(statements, known_shapes(shapes, values))
    made = build([*statements, *vectors], text, shapes, values, file)
    graph = about_its_end(made)
    notes = [*parser.notes, *remarks, *made.notes]
    if graph is not made:
        notes.append(f"{graph.output[0]} is the output: nothing else uses it")
    return replace(graph, notes=tuple(notes))


def read_shape(text: str) -> tuple[Expr, ...]:
    """A shape written as text: ``(D_a, D_x)``, ``3 x m``, ``scalar``."""
    return run(_shape(_parser(Places(text), {}, {})))


def _parser(
    places: Places, shapes: Mapping[str, Sequence[int | str]], values: Mapping[str, Any]
) -> Parser:
    tokens = tokenize(places)
    arrays = [name for name, shape in shapes.items() if len(shape)]
    arrays += [name for name, value in values.items() if np.ndim(value)]
    tokens, remarks = without_prose(tokens, places, [*shapes, *values])
    found = survey(tokens, [*shapes, *values], arrays)
    tokens, notes = products_apart(tokens, found, places)
    if notes:
        found = survey(tokens, [*shapes, *values], arrays)
    parser = Parser(tokens, places, found)
    parser.notes += [*remarks, *notes]
    return parser


def _statements(p: Parser) -> list[Statement]:
    found: list[Statement] = []
    while p.token.kind != END:
        if p.token.kind == LINE:
            p.take()
            continue
        found += _declarations(p) if match_declaration(p.tokens, p.at) else [_definition(p)]
        if p.sees(",") and (
            match_left(p.tokens, p.at + 1) or match_declaration(p.tokens, p.at + 1)
        ):
            p.take()
        elif not p.at_end():
            raise _not_the_end(p)
    if not found:
        raise FormulaError("there is nothing to read", hint="a formula such as f = (x + y)*z")
    return found


def _not_the_end(p: Parser) -> FormulaError:
    token = p.token
    if p.sees(*_UPDATES):
        return p.error(
            f"{token.text} changes a variable; a formula only defines",
            token.span,
            "a new name for the new value: w_new = w - alpha*dw",
        )
    if p.sees("=") and p.tokens[max(0, p.at - 2)].text == "/" and p.last.text[0] == "d":
        return p.error(
            "the gradient that comes from further on is not part of the formula",
            token.span,
            "--upstream with its number, beside the formula",
        )
    if p.sees("="):
        return p.error(
            "what stands left of = must be a name",
            token.span,
            "name = expression; == compares",
        )
    if p.sees(","):
        return p.error("expected the end of the line, not a comma", token.span, "[a, b] for a list")
    return p.unexpected("an operator or the end of the line")


# ── definitions ─────────────────────────────────────────────────────────────────────────────────


def _definition(p: Parser) -> Statement:
    start = p.token
    lefts: list[Left] = []
    while left := match_left(p.tokens, p.at):
        lefts.append(left)
        p.at = left.after
    if lefts and _is_range(p):
        return _range(p, lefts[0])
    names: list[str] = []
    letters: list[str] = []
    for left in lefts:
        name, own = split_letters(left.name, sorted(p.survey.letters))
        names.append(name)
        letters += [x for x in (*own, *left.letters) if x not in letters]
    p.scope = list(letters)
    value: Expr = run(p.expression())
    p.scope = []
    parameters = next((left.parameters for left in lefts if left.parameters), ())
    return Define(tuple(names), parameters, tuple(letters), value, p.span_from(start))


def _is_range(p: Parser) -> bool:
    """``i = 0..4`` or ``i = 0, ..., n-1``."""
    texts = [t.text for t in p.tokens[p.at : p.at + 3]]
    return p.token.kind == NUMBER and (texts[1:2] == [".."] or texts[1:] == [",", ".."])


def _range(p: Parser, left: Left) -> Declare:
    """The range of an index letter is a declaration of its size."""
    low = s.Number(int(p.token.text), p.token.span)
    p.take()
    p.takes(",")
    p.take()
    p.takes(",")
    high: Expr = run(p.expression(ADD))
    span = p.span_from(left.span[0])
    one = s.Number(1, span)
    size = s.Binary("+", s.Binary("-", high, low, span), one, span)
    return Declare((left.name,), (size,), span)


# ── declarations ────────────────────────────────────────────────────────────────────────────────


def _declarations(p: Parser) -> list[Statement]:
    """``x, y: (n,)``, and more after a comma."""
    found = match_declaration(p.tokens, p.at)
    assert found is not None
    tokens, p.at = found
    shape = run(_shape(p))
    span = p.span_from(tokens[0])
    return [Declare(tuple(t.text for t in tokens), shape, span)]


def _shape(p: Parser) -> Step[tuple[Expr, ...]]:
    if p.token.kind == NAME and p.token.text in _SCALAR:
        p.take()
        return ()
    if p.token.text == "R" and p.next.text == "**":  # R^n, R^{n x m}
        p.take()
        p.take()
    elif p.token.text in ("R", "ℝ"):
        p.take()
        return ()
    p.in_shape = True
    closing = {"(": ")", "[": "]", "{": "}"}.get(p.token.text)
    if closing:
        p.take()
    sizes: list[Expr] = []
    while closing is None or not p.takes(closing):
        if closing is None and p.at_end():
            break
        yield from _size(p, sizes)
        if not _takes_separator(p, closing):
            if closing:
                p.expect(closing, "to close the shape")
            break
    p.in_shape = False
    if closing is None and not sizes:
        raise p.unexpected("a shape such as (3, m), n or scalar")
    return tuple(sizes)


def _size(p: Parser, sizes: list[Expr]) -> Step[None]:
    size: Expr = yield p.expression(ADD)
    sizes.append(size)
    token = p.token
    if token.kind == NAME and token.text[0] == "x" and token.text[1:].isdigit():  # 3x4
        p.take()
        sizes.append(s.Number(int(token.text[1:]), token.span))


def _takes_separator(p: Parser, closing: str | None) -> bool:
    if p.takes("×") or (closing is not None and p.takes(",")):
        return True
    if p.token.kind == NAME and p.token.text in ("x", "by"):
        p.take()
        return True
    return False
