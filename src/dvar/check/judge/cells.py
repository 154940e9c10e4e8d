"""What stands in a cell, for a row of its table: indices and examples with the numbers of the row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten


def is_letter(tree: t.Expr | None, letter: str) -> bool:
    if isinstance(tree, t.Label):
        return tree.text == letter
    return isinstance(tree, t.Symbol) and tree.base == letter and is_index(tree)


def numbered(tree: t.Expr | None, marks: Mapping[str, str], number: t.Number) -> t.Expr | None:
    """A name, or a formula of names, for the example with this number; None where a name has no examples."""
    match tree:
        case t.Symbol():
            where = marks.get(stem_of(tree))
            if where is None or tree.scripts or tree.subscripts:
                return None
            if where == "below":
                return replace(tree, subscripts=(number,))
            return replace(tree, scripts=(t.Script("paren", number, tree.span),))
        case t.Sum():
            terms = [numbered(term, marks, number) for term in tree.terms]
            kept = tuple(x for x in terms if x is not None)
            return replace(tree, terms=kept) if len(kept) == len(terms) else None
        case t.Product():
            factors = [numbered(factor, marks, number) for factor in tree.factors]
            both = tuple(x for x in factors if x is not None)
            return replace(tree, factors=both) if len(both) == len(factors) else None
        case t.Group() if t.is_bracketed(tree):
            inner = numbered(tree.items[0], marks, number)
            return None if inner is None else replace(tree, items=(inner,))
        case t.Number():
            return tree
    return None


def output_of(
    rows: Iterable[tuple[t.Symbol, t.Expr | None]], statements: Sequence[Statement]
) -> t.Symbol | None:
    """The name of a table of gradients that the others are gradients of.

    Its own gradient is 1 (a graph whose inputs have that goes forward), and nothing else is computed
    from it.

    Args:
        rows: the name of each and its gradient, None where that is still to be found.
        statements: of the section, that tell what is computed from what.
    """
    pairs = list(rows)
    names = [name for name, cell in pairs if cell is not None and _is_one(cell)]
    names = names or [name for name, cell in pairs if cell is None]
    told = [m for m in statements if len(m.members) > 1 and not m.members[0].relation]
    lefts = {stem_of(x.head if isinstance(x, t.Apply) else x) for x in map(_left, told) if x}
    inside = {
        stem_of(part)
        for statement in told
        for member in statement.members[1:]
        if member.expr is not None and not isinstance(member.expr, t.Derivative)
        for part in t.walk(member.expr)
        if isinstance(part, t.Symbol)
    }
    ends = [x for x in names if stem_of(x) in lefts - inside and not x.subscripts]
    return ends[0] if len(ends) == 1 else None


def _is_one(cell: t.Expr) -> bool:
    return isinstance(cell, t.Number) and float(cell.value) == 1


def _left(statement: Statement) -> t.Symbol | t.Apply | None:
    """The name that a formula is given for."""
    left = statement.members[0].expr
    made = [m.expr for m in statement.members[1:]]
    computed = any(
        isinstance(x, (t.Sum, t.Product, t.Quotient, t.Power, t.Apply, t.Call)) for x in made
    )
    return left if isinstance(left, (t.Symbol, t.Apply)) and computed else None


def is_index(symbol: t.Symbol) -> bool:
    plain = not (symbol.subscripts or symbol.scripts or symbol.accents or symbol.primes)
    return plain and len(symbol.base) == 1


def alike(a: t.Symbol, b: t.Symbol) -> bool:
    """Whether two names have the same number below: ``θ_2`` in a formula and in a table."""
    texts = [[getattr(sub, "text", None) for sub in x.subscripts] for x in (a, b)]
    return texts[0] == texts[1] and None not in texts[0]


def is_bare_index(expr: t.Expr) -> bool:
    """Whether these are brackets with nothing but a whole number, or several such behind each other."""
    if isinstance(expr, t.Product):
        return all(is_bare_index(factor) for factor in expr.factors)
    if not isinstance(expr, t.Group) or expr.kind != "[":
        return False
    return all(isinstance(item, t.Number) and item.is_whole for item in expr.items)


def is_formula(tree: t.Expr | None) -> bool:
    """Whether something is computed, not just named or written as a number."""
    return isinstance(tree, (t.Sum, t.Product, t.Quotient, t.Power, t.Apply, t.Call))


def is_quantity(tree: t.Expr | None) -> bool:
    if t.is_bracketed(tree) or isinstance(tree, (t.Symbol, t.Derivative)):
        return True
    return isinstance(tree, t.Apply) and all(isinstance(a, t.Symbol) for a in tree.args)


def at(tree: t.Expr, letter: str, number: t.Number) -> t.Expr:
    """An expression with a number in place of an index letter, in scripts only."""

    def put(part: t.Expr | t.Script) -> t.Symbol | None:
        if not isinstance(part, t.Symbol):
            return None
        scripts = tuple(
            replace(s, value=_indexed(s.value, letter, number)) if s.value is not None else s
            for s in part.scripts
        )
        subs = tuple(_indexed(s, letter, number) for s in part.subscripts)
        return replace(part, subscripts=subs, scripts=scripts)

    return cast("t.Expr", rewritten(tree, put))


def _indexed(tree: t.Expr, letter: str, number: t.Number) -> t.Expr:
    if isinstance(tree, t.Label) and not tree.is_text and letter in tree.text:
        if tree.text.isalnum() and len(tree.text) <= 2:
            # It stands where the row says its number.
            return replace(tree, text=tree.text.replace(letter, number.text), span=number.span)
    if isinstance(tree, t.Symbol) and tree.base == letter and is_index(tree):
        return t.Number(number.text, tree.span)
    if isinstance(tree, t.Sum):
        return replace(tree, terms=tuple(_indexed(x, letter, number) for x in tree.terms))
    return tree


__all__ = [
    "alike",
    "at",
    "is_bare_index",
    "is_formula",
    "is_index",
    "is_letter",
    "is_quantity",
    "numbered",
    "output_of",
]
