"""Bends that put a link back into a chain: ``∂L/∂a · ∂z/∂w`` lacks ``∂a/∂z``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import Rebuild, places, same_tree

NAMES = 10
"""So many names are tried by which something may have been differentiated."""


def missing_links(
    tree: t.Expr, text: str, left: t.Expr, others: Sequence[t.Symbol]
) -> Iterator[Bend]:
    """A chain whose links do not meet with the one between them; a term of a sum with the first link of its own.

    Args:
        left: what the chain leads from and to; others: names that may stand between.
    """
    if not isinstance(left, t.Derivative) or left.of is None or len(left.wrt) != 1:
        return
    terms = tree.terms if isinstance(tree, t.Sum) else (tree,)
    for part, rebuild in places(tree):
        if any(part is term for term in terms):
            yield from _between(part, rebuild, text, left)
    tops = [p.of for p in t.walk(tree) if isinstance(p, t.Derivative) and p.of is not None]
    if len(terms) < 2 or not any(same_tree(top, left.of) for top in tops):
        return
    for part, rebuild in places(tree):
        if not any(part is term for term in terms) or _has_link(part, left.of):
            continue
        for other in others[:NAMES]:
            if not _stands(tree, other, left.of):
                link = _link(left.of, replace(other, scripts=_labels(other)), part.span)
                yield _put_before(part, rebuild, text, link)


def _between(part: t.Expr, rebuild: Rebuild, text: str, left: t.Derivative) -> Iterator[Bend]:
    factors = part.factors if isinstance(part, t.Product) else (part,)
    links = [f for f in factors if isinstance(f, t.Derivative)]
    whole = [f for f in links if f.of is not None and len(f.wrt) == 1]
    if not links or len(whole) < len(links):
        return
    ends = [left.of, *(x for f in whole for x in (f.of, f.wrt[0])), left.wrt[0]]
    gaps = [
        (n, a, b)
        for n, (a, b) in enumerate(zip(ends[::2], ends[1::2], strict=True))
        if a is not None and b is not None and not same_tree(a, b)
    ]
    if len(gaps) != 1:
        return
    n, above, below = gaps[0]
    link = _link(above, below, part.span)
    at = factors.index(links[n]) if n < len(links) else len(factors)
    yield _put(part, rebuild, text, link, at)


def _put_before(part: t.Expr, rebuild: Rebuild, text: str, link: t.Derivative) -> Bend:
    return _put(part, rebuild, text, link, 0)


def _put(part: t.Expr, rebuild: Rebuild, text: str, link: t.Derivative, at: int) -> Bend:
    factors = part.factors if isinstance(part, t.Product) else (part,)
    signs = part.operators if isinstance(part, t.Product) else ()
    sign = signs[0] if signs else ""
    more = t.Product(
        (*factors[:at], link, *factors[at:]), (*signs[:at], sign, *signs[at:]), part.span
    )
    assert link.of is not None
    of, by = source_of(text, link.of), source_of(text, link.wrt[0])
    shown = rf"\frac{{\partial {of}}}{{\partial {by}}}"
    place = factors[at].span[0] if at < len(factors) else part.span[1]
    edit = ((place, place), rf"{shown}\, " if at < len(factors) else rf"\, {shown}")
    return Bend("missing-factor", rebuild(more), edit, f"the factor {shown}", sure=True)


def _link(above: t.Expr, below: t.Expr, span: t.Span) -> t.Derivative:
    return t.Derivative(above, (below,), "partial", span)


def _labels(name: t.Symbol) -> tuple[t.Script, ...]:
    return tuple(s for s in name.scripts if s.kind not in ("plain", "transpose"))


def _has_link(part: t.Expr, top: t.Expr) -> bool:
    return any(
        isinstance(p, t.Derivative) and p.of is not None and same_tree(p.of, top)
        for p in t.walk(part)
    )


def _stands(tree: t.Expr, name: t.Symbol, top: t.Expr) -> bool:
    """Whether there is a link to a name already."""
    return same_tree(name, top) or any(
        isinstance(p, t.Derivative) and any(same_tree(x, name) for x in p.wrt) for p in t.walk(tree)
    )
