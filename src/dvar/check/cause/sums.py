"""Bends of sums: one too many, one that is missing around all or around some factors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from dvar.check.cause.bend import Bend, source_of, summed_over
from dvar.check.meaning.keys import Spelling
from dvar.check.meaning.patterns import free_letters
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
        edit = (tree.span, summed_over(letter, tree, text))
        yield Bend("missing-sum", whole, edit, f"a sum over {letter}")


def summed_within(
    tree: t.Expr, text: str, told: AbstractSet[str], spelling: Spelling
) -> Iterator[Bend]:
    """``a - (p_i v_i)^2`` for ``a - (Σ_i p_i v_i)^2``: a term, or what stands in brackets, summed over a loose index.

    Args:
        tree: the formula; told: indices of the other side.
    """
    sums = [p for p in t.walk(tree) if isinstance(p, t.Big)]
    yield from _second_sums(tree, text)
    for part, rebuild in places(tree):
        inner = [*part.terms] if isinstance(part, t.Sum) else []
        inner += [*part.items] if isinstance(part, t.Group) and len(part.items) == 1 else []
        for n, term in enumerate(inner):
            at = term.span[0]
            bound = {c for p in sums if p.span[0] <= at < p.span[1] for c in p.indices}
            for letter in sorted(free_letters(term, spelling) - told - bound):
                new = t.Big("sum", (letter,), None, None, None, term, term.span)
                whole: t.Expr
                if isinstance(part, t.Sum):
                    whole = replace(part, terms=(*part.terms[:n], new, *part.terms[n + 1 :]))
                else:
                    assert isinstance(part, t.Group)
                    whole = replace(part, items=(new,))
                edit = ((term.span[0], term.span[0]), rf"\sum_{letter} ")
                yield Bend("missing-sum", rebuild(whole), edit, f"a sum over {letter}")


def _second_sums(tree: t.Expr, text: str) -> Iterator[Bend]:
    """The same where the loose index is taken for that of the sum in front, which does not go so far."""
    for part, rebuild in places(tree):
        if not isinstance(part, t.Big) or len(part.indices) != 1:
            continue
        body = part.body
        if not isinstance(body, t.Sum) or len(body.terms) != 2 or text[body.span[0]] in "([{":
            continue
        first, last = body.terms
        bare = t.Big("sum", part.indices, part.low, part.high, part.condition, last, last.span)
        new: t.Expr = bare
        if isinstance(last, t.Group) and len(last.items) == 1:
            new = replace(last, items=(replace(bare, body=last.items[0]),))
            last = last.items[0]
        whole = t.Sum((replace(part, body=first), new), (1, body.signs[1]), part.span)
        edit = ((last.span[0], last.span[0]), rf"\sum_{part.indices[0]} ")
        yield Bend("missing-sum", rebuild(whole), edit, f"a sum over {part.indices[0]}")


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
