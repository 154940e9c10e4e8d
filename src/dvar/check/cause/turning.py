"""Bends of products of matrices: one that stands transposed, and one that takes a matrix for symmetric."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from dvar.check.cause.bend import Bend, Edit, source_of
from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import factors_of, places

COMPANIONS = 4
"""Among more terms none is tried again."""
_OF_MATRICES = frozenset({"", "cdot", "*", "@"})
"""Signs that a product of matrices is written with."""


def reversed_products(tree: t.Expr, text: str) -> Iterator[Bend]:
    """``e xᵀ`` for ``x eᵀ``: the transpose of a whole product."""
    for whole_part, rebuild in places(tree):
        part = _as_product(whole_part)
        if part is None or not _OF_MATRICES.issuperset(part.operators):
            continue
        first = next((n for n, f in enumerate(part.factors) if not _is_number(f)), 0)
        turned = [transpose_of(f) for f in reversed(part.factors[first:])]
        if len(turned) < 2 or None in turned:
            continue
        kept = [f for f in turned if f is not None]
        whole = replace(part, factors=(*part.factors[:first], *kept))
        shown = [_shown(f, text) for f in reversed(part.factors[first:])]
        edit = _edit((part.factors[first].span[0], part.span[1]), " ".join(shown), text)
        yield Bend("transpose", rebuild(whole), edit, "a product the wrong way round")


def halves(tree: t.Expr, text: str, general: Collection[str]) -> Iterator[Bend]:
    """``(A + Aᵀ)x`` for ``2Ax``: right only if A were symmetric, which is not said.

    Args:
        tree: the formula.
        text: the document, for edits.
        general: names of matrices of which nothing is supposed.
    """
    for part, rebuild in places(tree):
        if not isinstance(part, t.Product) or not _OF_MATRICES.issuperset(part.operators):
            continue
        twice = isinstance(part.factors[0], t.Number) and part.factors[0].text == "2"
        whole = _without_first(part) if twice else part
        factors = factors_of(whole)
        for n, factor in enumerate(factors):
            other = transpose_of(factor)
            if not isinstance(factor, t.Symbol) or stem_of(factor) not in general or other is None:
                continue
            turned = other
            if isinstance(whole, t.Product):
                turned = replace(whole, factors=(*factors[:n], other, *factors[n + 1 :]))
            both: t.Expr = t.Group("(", (t.Sum((whole, turned), (1, 1), whole.span),), whole.span)
            before, behind = (
                text[whole.span[0] : factor.span[0]],
                text[factor.span[1] : whole.span[1]],
            )
            shown = f"{source_of(text, whole)} + {before}{_shown(factor, text)}{behind}"
            if not twice:
                both = t.Quotient(both, t.Number("2", part.span), part.span)
                shown = rf"\frac{{1}}{{2}}({shown})"
            for cause in ("missing-sum", "wrong-rule"):
                edit = _edit(part.span, shown, text)
                yield Bend(cause, rebuild(both), edit, "a matrix that need not be symmetric")


def companions(tree: t.Expr) -> Iterator[Bend]:
    """``AᵀXᵀBᵀ + BᵀXᵀAᵀ`` where only the first is left: a name that stands twice gives two terms, built alike."""
    terms = tree.terms if isinstance(tree, t.Sum) else (tree,)
    signs = tree.signs if isinstance(tree, t.Sum) else (1,)
    if len(terms) > COMPANIONS:
        return
    for term, sign in zip(terms, signs, strict=True):
        part = _as_product(term)
        if part is None or not _OF_MATRICES.issuperset(part.operators):
            continue
        first = next((n for n, f in enumerate(part.factors) if not _is_number(f)), 0)
        factors = part.factors[first:]
        turned = [f for f in map(transpose_of, factors) if f is not None]
        if len(turned) < 2 or len(turned) < len(factors):
            continue
        for other in (factors[::-1], tuple(turned[::-1]), tuple(turned)):
            added = replace(part, factors=(*part.factors[:first], *other))
            whole = t.Sum((*terms, added), (*signs, sign), tree.span)
            for cause in ("missing-path", "missing-sum"):
                yield Bend(cause, whole, None, "the term of another place of the same name")


def _as_product(tree: t.Expr) -> t.Product | None:
    """A product, also where it looks like an application: ``x (∂J/∂z)ᵀ``."""
    if isinstance(tree, t.Product):
        return tree
    if not isinstance(tree, t.Apply) or len(tree.args) != 1 or tree.subscripts or tree.primes:
        return None
    inside = (tree.head.span[1], tree.span[1])
    return t.Product(
        (tree.head, t.Group("(", tree.args, inside, (), tree.scripts)), ("",), tree.span
    )


def _without_first(part: t.Product) -> t.Expr:
    rest = part.factors[1:]
    span = (rest[0].span[0], part.span[1])
    return rest[0] if len(rest) == 1 else t.Product(rest, part.operators[1:], span)


def _is_number(tree: t.Expr) -> bool:
    return isinstance(tree, (t.Number, t.Quotient)) and not any(
        isinstance(part, t.Derivative) for part in t.walk(tree)
    )


def transpose_of(tree: t.Expr) -> t.Expr | None:
    """A factor with one transpose more, or less where it has one; None for what cannot be turned."""
    if isinstance(tree, (t.Symbol, t.Group, t.Matrix)):
        kept = tuple(s for s in tree.scripts if s.kind != "transpose")
        if len(kept) < len(tree.scripts):
            return replace(tree, scripts=kept)
        return replace(tree, scripts=(*tree.scripts, t.Script("transpose", None, tree.span)))
    if isinstance(tree, t.Derivative):
        return t.Group("(", (tree,), tree.span, (), (t.Script("transpose", None, tree.span),))
    return None


def _edit(span: t.Span, shown: str, text: str) -> Edit | None:
    r"""A change of the text; None where names begin or end within a ``\mathbf{…}``."""
    balanced = all(s.count("{") == s.count("}") for s in (shown, text[span[0] : span[1]]))
    return (span, shown) if balanced else None


def _shown(factor: t.Expr, text: str) -> str:
    """The transpose of a factor, as it would be written."""
    source = source_of(text, factor)
    scripts = getattr(factor, "scripts", ())
    turned = next((s for s in scripts if s.kind == "transpose"), None)
    if turned is not None:
        start = factor.span[0]
        return (source[: turned.span[0] - start] + source[turned.span[1] - start :]).rstrip("^")
    return rf"\left({source}\right)^T" if isinstance(factor, t.Derivative) else f"{source}^T"
