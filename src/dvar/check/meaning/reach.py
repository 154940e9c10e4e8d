r"""How far a sum reaches: ``\sum_i y_i \log a_i + (1 - y_i) \log(1 - a_i)`` without brackets is one sum.

What stands behind a plus belongs to the sum before it where its index would mean nothing else.  And a sum that
does not say over what, ``p^{\sum x_i}``, is over the letters that mean nothing outside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import Spelling
from dvar.check.meaning.letters import parts, spelling_of
from dvar.check.meaning.patterns import free_letters
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import Change, in_members, rewritten


def widened(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with sums that reach as far as they must."""
    spelling = spelling_of(statements)
    subject: frozenset[str] = frozenset()
    found = []
    for statement in statements:
        first = statement.members[0]
        if not first.relation and first.expr is not None and len(statement.members) > 1:
            subject = frozenset(free_letters(_without_bare(first.expr), spelling))
        if len(statement.members) > 1 or first.relation:
            statement = _widened(_bound(statement, spelling, subject), spelling, subject)
        found.append(statement)
    return found


def sized(statements: Sequence[Statement]) -> list[Statement]:
    r"""The statements, with a name for the ``|V|`` that a sum runs to, wherever it stands."""
    tops = (p.high for p in parts(statements) if isinstance(p, t.Big) and p.high is not None)
    ends = {name for top in tops if (name := _counted(top))}

    def named(part: Any) -> t.Expr | None:
        name = _counted(part)
        return t.Symbol(f"size{name}", part.span) if name in ends else None

    return [in_members(s, named) for s in statements] if ends else list(statements)


def _counted(part: Any) -> str | None:
    """``V`` of ``|V|``."""
    if not isinstance(part, t.Group) or part.kind != "|" or len(part.items) != 1 or part.scripts:
        return None
    of = part.items[0]
    return of.base if isinstance(of, t.Symbol) and not (of.subscripts or of.scripts) else None


def _is_bare(part: t.Expr) -> bool:
    return isinstance(part, t.Big) and part.name in ("sum", "prod") and not part.indices


def _without_bare(tree: t.Expr) -> t.Expr:
    gone: t.Expr = rewritten(tree, lambda p: t.Number("0", p.span) if _is_bare(p) else None)
    return gone


def _bound(statement: Statement, spelling: Spelling, about: frozenset[str]) -> Statement:
    """The statement with the letters below its sums that they are over."""

    def within(known: frozenset[str]) -> Change:
        def change(part: t.Expr) -> t.Expr | None:
            if not isinstance(part, t.Big):
                return None
            over = part.indices
            if _is_bare(part):
                over = tuple(sorted(free_letters(_without_bare(part.body), spelling) - known))
            body = rewritten(part.body, within(known | {*over}))
            return replace(part, indices=over, body=body)

        return change

    return in_members(statement, within(about))


def _widened(statement: Statement, spelling: Spelling, about: frozenset[str]) -> Statement:
    def change(part: t.Expr) -> t.Expr | None:
        if not isinstance(part, t.Sum):
            return None
        wide = _one_sum(part, spelling, about)
        if wide is None:
            return None
        return replace(wide, terms=rewritten(wide.terms, change))

    return in_members(statement, change)


def _one_sum(tree: t.Sum, spelling: Spelling, about: frozenset[str]) -> t.Sum | None:
    """``… ± Σ_i f_i ± g_i ± c`` with ``g_i`` in the sum over i; None where nothing is to be changed."""
    for n, term in enumerate(tree.terms):
        big = _last_factor(term)
        if not isinstance(big, t.Big) or big.name != "sum" or not big.indices:
            continue
        letters = set(big.indices) - about
        if any(letters & free_letters(before, spelling) for before in tree.terms[:n]):
            continue
        inside = [k for k in range(n + 1, len(tree.terms)) if letters & _free(tree, k, spelling)]
        if not inside:
            continue
        end = inside[-1] + 1
        # -Σ a - b is -(Σ a + Σ b), and -Σ a + b is taken for -Σ (a + b).
        signs = [1 if tree.signs[n] < 0 else tree.signs[k] for k in range(n + 1, end)]
        body = t.Sum((big.body, *tree.terms[n + 1 : end]), (1, *signs), big.body.span)
        wide = _with_last_factor(term, replace(big, body=body))
        terms = (*tree.terms[:n], wide, *tree.terms[end:])
        return replace(tree, terms=terms, signs=(*tree.signs[: n + 1], *tree.signs[end:]))
    return None


def _free(tree: t.Sum, n: int, spelling: Spelling) -> set[str]:
    return set(free_letters(tree.terms[n], spelling))


def _last_factor(tree: t.Expr) -> t.Expr:
    return tree.factors[-1] if isinstance(tree, t.Product) else tree


def _with_last_factor(tree: t.Expr, last: t.Expr) -> t.Expr:
    return (
        replace(tree, factors=(*tree.factors[:-1], last)) if isinstance(tree, t.Product) else last
    )
