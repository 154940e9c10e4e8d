r"""Functions that are told by their derivatives or values only: ``y = g(z)`` and ``∂y/∂z = y (1 - y)`` is the sigmoid,
and so is f of ``f(3) = 0.9526``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.check.meaning import functions
from dvar.check.meaning.keys import unwrapped
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members, rewritten, same_tree

FINE = 0.001
"""A number that is told so finely hardly comes out by chance."""
_USUAL: dict[str, Callable[[float], float]] = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-min(max(x, -50.0), 50.0))),
    "tanh": math.tanh,
}


def recognised(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the usual names of such functions where they are applied."""
    applied = [found for s in statements for found in _applied(s)]
    told: dict[str, int] = {}  # where the first formula stands
    for n, statement in enumerate(statements):
        for head in _defined(statement):
            told.setdefault(head, n)
    names = _by_values(statements, told)
    for statement in statements:
        for before, after in pairwise(statement.members):
            slope, formula = before.expr, after.expr
            if not isinstance(slope, t.Derivative) or len(slope.wrt) != 1 or after.relation != "=":
                continue
            for head, value, argument in applied:
                fits = same_tree(slope.of, value) and same_tree(slope.wrt[0], argument)
                name = _by_slope(value, formula) if fits and head not in told else None
                if name is not None:
                    names[head] = name
    if not names:
        return list(statements)

    def named(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Apply):
            return None
        primes = part.primes + part.head.primes
        head = _open_head(replace(part, primes=0, head=replace(part.head, primes=0)))
        if head not in names:
            return None
        args = rewritten(part.args, named)
        return t.Call(names[head], args, part.span, scripts=part.scripts, primes=primes)

    first = min((told[h] for h in names if h in told), default=len(statements))
    return [in_members(s, named) if n < first else s for n, s in enumerate(statements)]


def _applied(statement: Statement) -> Iterator[tuple[str, t.Symbol, t.Symbol]]:
    """``y = g(z)``: the function, its value and its argument."""
    for before, after in pairwise(statement.members):
        value, use = before.expr, after.expr
        head = _open_head(use)
        if head is None or not isinstance(use, t.Apply) or after.relation not in ("=", ":="):
            continue
        if isinstance(value, t.Symbol) and isinstance(use.args[0], t.Symbol):
            yield head, value, use.args[0]


def _open_head(tree: t.Expr | None) -> str | None:
    """The letter of a function of one argument that is not a usual one."""
    if not isinstance(tree, t.Apply) or len(tree.args) != 1 or tree.primes or tree.subscripts:
        return None
    head = tree.head
    if head.subscripts or head.scripts or head.accents or head.primes or len(head.base) != 1:
        return None
    known = functions.is_known(head.base) or head.base in functions.SIGMAS
    return None if known else head.base


def _defined(statement: Statement) -> Iterator[str]:
    """Functions that have a formula: ``g(z) = max(0, z)``."""
    head = _open_head(statement.members[0].expr)
    if head is not None and len(statement.members) > 1:
        yield head


def _by_values(statements: Sequence[Statement], told: Mapping[str, int]) -> dict[str, str]:
    """Functions more of whose numbers, in front of any formula, are those of a usual function than not."""
    seen: dict[str, list[tuple[float, float, float]]] = {}
    for (n, before), (_, after) in pairwise(
        (n, m) for n, s in enumerate(statements) for m in s.members
    ):
        head = _open_head(before.expr)
        if head is None or after.relation not in ("=", "approx") or after.expr is None:
            continue
        if n >= told.get(head, n + 1):
            continue
        at, value = _printed(before.expr.args[0]), _printed(after.expr)  # type: ignore[union-attr]
        if at is not None and value is not None and value[1] <= FINE:
            seen.setdefault(head, []).append((at[0], *value))
    found: dict[str, str] = {}
    for head, pairs in seen.items():
        for name, function in _USUAL.items():
            right = sum(abs(function(x) - y) <= unit for x, y, unit in pairs)
            if 2 * right > len(pairs):
                found[head] = name
    return found


def _printed(tree: t.Expr) -> tuple[float, float] | None:
    """A plain number and one unit of its last digit."""
    tree = unwrapped(tree)
    if isinstance(tree, t.Negative):
        inner = _printed(tree.operand)
        return None if inner is None else (-inner[0], inner[1])
    return (float(tree.value), float(tree.unit)) if isinstance(tree, t.Number) else None


def _by_slope(value: t.Expr, formula: t.Expr | None) -> str | None:
    """Which function has this slope."""
    formula = None if formula is None else unwrapped(formula)
    factors: tuple[t.Expr, ...] = ()
    if isinstance(formula, t.Product):
        factors = formula.factors
    elif isinstance(formula, t.Apply) and not (formula.primes or formula.scripts):
        factors = (formula.head, *formula.args)  # y (1 - y) looks like a function, too
    if len(factors) == 2:
        for one, other in (factors, factors[::-1]):
            if same_tree(unwrapped(one), value) and _is_one_minus(other, value):
                return "sigmoid"
    if isinstance(formula, t.Sum) and isinstance(value, t.Symbol):
        two = t.Script("plain", t.Number("2", value.span), value.span)
        squared = t.Symbol(
            value.base,
            value.span,
            value.font,
            value.accents,
            value.subscripts,
            (*value.scripts, two),
        )
        return "tanh" if _is_one_minus(formula, squared) else None
    return None


def _is_one_minus(tree: t.Expr, value: t.Expr) -> bool:
    tree = unwrapped(tree)
    if not isinstance(tree, t.Sum) or tree.signs != (1, -1) or len(tree.terms) != 2:
        return False
    one, other = tree.terms
    return isinstance(one, t.Number) and one.text == "1" and same_tree(unwrapped(other), value)
