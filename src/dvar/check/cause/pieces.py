"""Bends that put back what other formulas have: a term, or the slope of a function on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.check.cause.missing import summands
from dvar.check.meaning import functions
from dvar.check.meaning.definitions import Definition
from dvar.check.meaning.keys import Spelling, sort, stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import same_tree

MOST = 20
"""Pieces that are tried."""
LINKS = 6
"""Functions whose slope is tried."""


def missing_slopes(
    tree: t.Expr,
    text: str,
    definitions: Sequence[Definition],
    others: Sequence[t.Symbol],
    spelling: Spelling,
) -> Iterator[Bend]:
    """``∂a/∂z`` of ``a = tanh(z)`` as one more factor."""
    keys = {sort(o, spelling, {}).key: o for o in reversed(others)}
    tried = 0
    for definition in definitions:
        value = definition.value
        if tried >= LINKS or not _is_function(value):
            continue
        assert isinstance(value, (t.Call, t.Apply))
        name = next((o for k, o in keys.items() if definition.pattern.match(k) == {}), None)
        inner = value.args[0]
        if name is None or not isinstance(inner, t.Symbol):
            continue
        tried += 1
        span = tree.span
        slope = t.Derivative(
            replace(name, span=span), (replace(inner, span=span),), "partial", span
        )
        of, by = source_of(text, name), source_of(text, inner)
        shown = rf"\frac{{\partial {of}}}{{\partial {by}}}"
        for operator in ("", "odot"):
            whole = t.Product((t.Group("(", (tree,), span), slope), (operator,), span)
            edit = (span, rf"({source_of(text, tree)})\, {shown}")
            yield Bend("missing-factor", whole, edit, f"the slope of {of}")


def _is_function(value: t.Expr) -> bool:
    if isinstance(value, t.Call):
        is_known = functions.named(value.name) in functions.ELEMENTWISE
    else:
        is_known = isinstance(value, t.Apply) and value.head.base in functions.SIGMAS
    return is_known and isinstance(value, (t.Call, t.Apply)) and len(value.args) == 1


def missing_pieces(
    tree: t.Expr, text: str, formulas: Sequence[t.Expr], whole: t.Expr
) -> Iterator[Bend]:
    """``1 - σ(x)`` where only ``1`` is left of it, ``XW - Y`` where only ``-Y`` is.

    Args:
        tree: the member at fault; text: the document.
        formulas: what may have the piece: other members of the line, definitions.
        whole: what the member should be equal to, which is no piece.
    """
    pieces = _pieces(formulas, whole)
    for part, rebuild in summands(tree):
        if part is tree and not isinstance(part, t.Sum):
            continue
        match part:
            case t.Sum():
                terms, signs = part.terms, part.signs
            case t.Negative():
                terms, signs = (part.operand,), (-1,)
            case t.Number(text="1"):
                terms, signs = (part,), (1,)
            case _:
                continue
        for piece in pieces:
            if len(terms) > 1 and isinstance(piece, t.Symbol) and not piece.scripts:
                continue  # names are tried elsewhere
            if any(same_tree(piece, term) for term in terms):
                continue
            for sign in (-1, 1):
                more = t.Sum((*terms, piece), (*signs, sign), part.span)
                written = f" {'-' if sign < 0 else '+'} {source_of(text, piece)}"
                edit = ((part.span[1], part.span[1]), written)
                new = rebuild(t.Group("(", (more,), part.span))
                yield Bend("missing-path", new, edit, f"the term{written}")


def told_by(definitions: Sequence[Definition], left: t.Expr, right: t.Expr) -> list[t.Expr]:
    """The formulas that may have a piece: those of names that stand in the line first."""
    stems = {stem_of(x) for side in (left, right) for x in t.walk(side) if isinstance(x, t.Symbol)}
    formulas = [d for d in definitions if not d.numeric]
    near = [d.value for d in formulas if d.pattern.stem in stems]
    far = [d.value for d in formulas if d.pattern.stem not in stems]
    return [left, *near, right, *far]


def _pieces(formulas: Sequence[t.Expr], whole: t.Expr) -> list[t.Expr]:
    """Terms of sums, and functions, of some formulas."""
    found: list[t.Expr] = []
    for formula in formulas:
        for part in t.walk(formula):
            terms: tuple[t.Expr, ...] = ()
            if isinstance(part, t.Sum) and len(part.terms) > 1:
                terms = part.terms
            elif isinstance(part, (t.Call, t.Apply)):
                terms = (part,)
            for term in terms:
                if isinstance(term, t.Number):
                    continue
                if same_tree(term, whole) or any(same_tree(term, x) for x in found):
                    continue
                found.append(term)
                if len(found) >= MOST:
                    return found
    return found


__all__ = ["missing_pieces", "missing_slopes", "told_by"]
