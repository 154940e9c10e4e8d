"""Whether the rows of a matrix are examples or its columns, as its products, its sums and the words around tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dvar.check.meaning.columns import is_turned
from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.check.meaning.looks import is_bias
from dvar.check.meaning.simplex import is_weight
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement

Factors = tuple[t.Expr, t.Expr]


def see(world: World, statements: Sequence[Statement], low: str) -> None:
    """Put how examples lie into a world; ``low`` are the words of the problem in small letters."""
    world.rows_are_examples = bool(
        re.search(
            r"(examples?|samples?|observations?)\b.{0,20}\b(as|per|in|are|is) (a |the |its )?rows?"
            r"|row per|one (example|sample|observation) per row",
            low,
        )
    ) or bool(re.search(r"rows? (of|holds?|are|is) .{0,20}(examples?|samples?)", low))
    sums = list(_shared(statements))
    world.rows_are_examples |= _adds_rows(statements, sums)
    if world.rows_are_examples:
        world.rows |= {stem_of(b) for _, b in sums if is_bias(b) and not (b.scripts or b.accents)}
    _see_batches(world, statements)


def _shared(statements: Sequence[Statement]) -> Iterator[tuple[Factors, t.Symbol]]:
    """The factors of products of matrices, with the name that is added to all rows or columns of each."""
    for part in parts(statements):
        if isinstance(part, t.Sum) and len(part.terms) == 2:
            product, shared = part.terms
            if isinstance(shared, t.Symbol):
                factors = matrix_factors(product)
                if factors is None and is_bias(shared) and shared.base[:1].islower():
                    factors = _capitals(product)
                if factors is not None:
                    yield factors, shared


def _adds_rows(statements: Sequence[Statement], sums: Iterable[tuple[Factors, t.Symbol]]) -> bool:
    """``X @ W + b`` and ``db = dZ.sum(axis=0)``: examples are rows, and so is what all of them share."""
    votes = sum(is_weight(second) - is_weight(first) for (first, second), _ in sums)
    for statement in statements:
        first = statement.members[0].expr
        if not isinstance(first, t.Symbol) or first.base[:2] != "db":
            continue
        for part in parts([statement]):
            if isinstance(part, t.Call) and part.name in ("sum", "mean"):
                axis = dict(part.keywords).get("axis", dict(part.keywords).get("dim"))
                if isinstance(axis, t.Number):
                    votes += 4 if axis.text == "0" else -4
    return votes > 0


def _capitals(tree: t.Expr) -> Factors | None:
    """``X`` and ``W`` of ``X W``: two matrices without a sign between them."""
    match tree:
        case t.Product(factors=(t.Symbol() as first, t.Symbol() as second), operators=("",)):
            capital = first.base[:1].isupper() and second.base[:1].isupper()
            return (first, second) if capital else None
    return None


def _see_batches(world: World, statements: Sequence[Statement]) -> None:
    """``x`` of ``x @ W`` is no column; where ``x.T @ dz`` stands as well it has a row for each example."""
    leading: set[str] = set()
    turned: set[str] = set()
    for part in parts(statements):
        factors = matrix_factors(part) if isinstance(part, (t.Call, t.Product)) else None
        if factors is None or not isinstance(factors[0], t.Symbol):
            continue
        (turned if is_turned(factors[0]) else leading).add(stem_of(factors[0]))
        if is_turned(factors[0]) and isinstance(factors[1], t.Symbol) and not factors[1].scripts:
            turned.add(stem_of(factors[1]))  # dz.T @ x: as many rows
    world.columns -= leading
    world.batches = leading & turned


def matrix_factors(tree: t.Expr) -> Factors | None:
    """The two factors of a product that code makes certain to be one of matrices."""
    if isinstance(tree, t.Call) and tree.name in ("dot", "matmul") and len(tree.args) == 2:
        return tree.args[0], tree.args[1]
    if isinstance(tree, t.Product) and tree.operators == ("@",):
        return tree.factors[0], tree.factors[1]
    return None
