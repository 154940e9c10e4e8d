"""Bends of sums: one too many, one that is missing around all or around some factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.parts import places


def sum_bends(tree: t.Expr, text: str, letters: Sequence[str]) -> Iterator[Bend]:
    for part, rebuild in places(tree):
        if isinstance(part, t.Big) and part.name == "sum":
            yield Bend(
                "factor",
                rebuild(part.body),
                (part.span, source_of(text, part.body)),
                "a sum too many",
            )
    yield from summed(tree, text, letters)


def summed(tree: t.Expr, text: str, letters: Sequence[str]) -> Iterator[Bend]:
    """A formula summed over an index letter."""
    for letter in letters:
        whole = t.Big("sum", (letter,), None, None, None, tree, tree.span)
        edit = (tree.span, rf"\sum_{letter} {source_of(text, tree)}")
        yield Bend("missing-sum", whole, edit, f"a sum over {letter}")


def partial_sums(tree: t.Expr, text: str, letters: Sequence[str]) -> Iterator[Bend]:
    """``x_i a_i b_i`` for ``x_i Σ_k a_k b_k``: only the last factors are added up."""
    for part, rebuild in places(tree):
        if not isinstance(part, t.Product) or part is tree:
            continue
        for cut in range(len(part.factors) - 1):
            inner = part.factors[cut:]
            indexed = {_indices(factor) for factor in inner}
            tail = replace(part, factors=inner, operators=part.operators[cut:])
            for letter in letters if len(indexed) == 1 else ():
                if letter not in next(iter(indexed)):
                    continue
                added: t.Expr = t.Big("sum", (letter,), None, None, None, tail, part.span)
                if cut:
                    factors = (*part.factors[:cut], added)
                    added = replace(part, factors=factors, operators=part.operators[:cut])
                edit = ((inner[0].span[0], inner[0].span[0]), rf"\sum_{letter} ")
                yield Bend("missing-sum", rebuild(added), edit, f"a sum over {letter}")


def _indices(tree: t.Expr) -> str:
    return "".join(p.text for p in t.walk(tree) if isinstance(p, t.Label))
