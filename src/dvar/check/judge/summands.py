r"""What two members say of each other's parts: ``L = \sum_t L_t = -\sum_t y_t^T \log \hat y_t`` tells every ``L_t``,
and ``o = \sigma(a) = \sigma(w x + b)`` tells a."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dvar.check.judge.literal import is_numeric
from dvar.check.meaning.arguments import argument
from dvar.check.meaning.definitions import Definition, definition_of
from dvar.check.meaning.keys import unwrapped
from dvar.check.meaning.world import World
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Member
from dvar.read.worksheet.parts import factors_of, same_tree


def summands(members: Sequence[Member], ordinal: int, world: World) -> tuple[Definition, ...]:
    """Definitions of names that are summed, or put into a function, where the next member says what they are."""
    spelling = world.spelling
    found: list[Definition] = []
    for before, after in pairwise(members):
        if before.expr is None or after.expr is None or after.relation != "=":
            continue
        if (put := argument(before.expr, after.expr)) is not None:
            name, value = put
            if isinstance(name, t.Apply) and isinstance(value, t.Symbol):
                name, value = value, name  # f(g(x)) = f(u) tells u
            numeric = is_numeric(value, lambda name: True)
            made = definition_of(name, value, ordinal, spelling, numeric)
            if made is not None:
                found.append(made)
            continue
        if (part := _product(before.expr, after.expr)) is not None:
            made = definition_of(*part, ordinal, spelling, False)
            if made is not None and made.pattern.key({}) not in world.denominators:
                found.append(made)
            continue
        sign, factors, named = _sum(before.expr)
        other, others, formula = _sum(after.expr)
        if named is None or formula is None or named.indices != formula.indices:
            continue
        term = unwrapped(named.body)
        if not isinstance(term, t.Symbol) or not same_tree(factors, others):
            continue
        if before is members[0] and isinstance(formula.body, t.Symbol):
            continue  # Σ z_j = Σ v_j says nothing of one of them
        body = formula.body if sign == other else t.Negative(formula.body, formula.span)
        made = definition_of(term, body, ordinal, spelling, False)
        if made is not None and set(named.indices) & set(made.pattern.letters):
            found.append(made)
    return tuple(d for d in found if not world.defining(d.pattern))


def _product(before: t.Expr, after: t.Expr) -> tuple[t.Symbol, t.Expr] | None:
    """``D`` and ``B A`` of ``W_0 x + D x = W_0 x + B A x``: the one name for which a product stands."""
    if not isinstance(before, t.Sum) or not isinstance(after, t.Sum) or before.signs != after.signs:
        return None
    pairs = [p for p in zip(before.terms, after.terms, strict=True) if not same_tree(*p)]
    if len(pairs) != 1 or len(before.terms) < 2:
        return None
    old, new = (list(factors_of(term)) for term in pairs[0])
    for end in (-1, 0):
        while len(old) > 1 and len(new) > 1 and same_tree(old[end], new[end]):
            old.pop(end), new.pop(end)
    name = old[0] if len(old) == 1 else None
    if not isinstance(name, t.Symbol) or len(new) < 2 or any(same_tree(name, x) for x in new):
        return None
    span = (new[0].span[0], new[-1].span[1])
    return name, t.Product(tuple(new), ("",) * (len(new) - 1), span)


def _sum(tree: t.Expr) -> tuple[int, tuple[t.Expr, ...], t.Big | None]:
    """The sign, the factors before it and the only sum that an expression consists of."""
    sign = 1
    while isinstance(tree, t.Negative):
        sign, tree = -sign, tree.operand
    if isinstance(tree, t.Big):
        return sign, (), tree if tree.name == "sum" else None
    if isinstance(tree, t.Product) and isinstance(tree.factors[-1], t.Big):
        inner, factors, found = _sum(tree.factors[-1])
        return sign * inner, (*tree.factors[:-1], *factors), found
    return sign, (), None
