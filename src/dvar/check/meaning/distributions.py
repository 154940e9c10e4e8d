r"""Probabilities of outcomes as entries: ``P(O = o | C = c) = e^{u_o^T v_c} / …`` is ``P_o``.

A law whose outcomes are index letters of the formulas, and which always has the same behind its bar, is a vector.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from dvar.check.meaning.keys import arguments, letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import in_members, same_tree

_IS_LAW = re.compile(r"^\W*is the [\w ]{0,30}\b(distribution|probabilit(y|ies))\W*$", re.IGNORECASE)


def as_entries(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with laws of outcomes that are index letters as vectors of probabilities.

    "``y`` is the distribution ``P(O | C = c)``" says then that ``y_o`` is ``P_o``.
    """
    found = [in_members(s, _with_outcomes) for s in statements]
    laws = _laws(found)
    if not laws:
        return list(statements)
    called = _called(document, found, laws)

    def change(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Apply) or stem_of(part.head) not in laws:
            return None
        if part.head.scripts or part.head.subscripts:
            return None
        outcome = arguments(part.args)[0]
        assert isinstance(outcome, t.Symbol)
        below = (t.Label(outcome.base, outcome.span, False),)
        primes = part.head.primes + part.primes
        head = called.get(stem_of(part.head), part.head)
        return replace(head, subscripts=below, scripts=part.scripts, primes=primes, span=part.span)

    return [in_members(s, change) for s in found]


def _laws(statements: Sequence[Statement]) -> set[str]:
    """Names that are applied to index letters only; to be any, one of them has a bar and a formula."""
    below = {
        c
        for p in parts(statements)
        if isinstance(p, t.Symbol)
        for x in p.subscripts
        for c in letters_in(x)
    }
    rest: dict[str, list[t.Expr]] = {}
    found: set[str] = set()
    others: set[str] = set()
    for part in parts(statements):
        if not isinstance(part, t.Apply) or part.head.scripts or part.head.subscripts:
            continue
        stem = stem_of(part.head)
        outcome, *given = arguments(part.args) or (None,)
        if isinstance(outcome, t.Symbol) and outcome.base.isupper() and given:
            continue  # the law itself
        is_entry = _is_one_of(outcome, below) and not part.subscripts
        if not is_entry or (given and not _is_alike(rest.setdefault(stem, given), given)):
            others.add(stem)
        found.add(stem)
    conditions = {s: [x.base for x in r if isinstance(x, t.Symbol)] for s, r in rest.items()}
    for part in parts(statements):  # φ(s) beside π(a | s): the law is another one for each s
        if isinstance(part, t.Apply) and stem_of(part.head) not in found - others:
            used = {x.base for x in arguments(part.args) if isinstance(x, t.Symbol)}
            others |= {s for s, names in conditions.items() if used & {*names}}
    named = [m.expr for s in statements for m in s.members[:-1]]
    told = {stem_of(x.head) for x in named if isinstance(x, t.Apply) and _is_given(x)}
    return found - others if told & (found - others) else set()


def _is_one_of(tree: t.Expr | None, below: set[str]) -> bool:
    """Whether an outcome is an index letter."""
    is_plain = isinstance(tree, t.Symbol) and not (tree.subscripts or tree.scripts)
    return isinstance(tree, t.Symbol) and is_plain and tree.base in below


def _is_alike(a: Sequence[t.Expr], b: Sequence[t.Expr]) -> bool:
    return same_tree(tuple(a), tuple(b))


def _is_given(tree: t.Apply) -> bool:
    """``P(o | c)``."""
    return len(arguments(tree.args)) > len(tree.args)


def _with_outcomes(part: Any) -> t.Expr | None:
    if not isinstance(part, t.Apply):
        return None
    args = tuple(_outcome(a) for a in part.args)
    return replace(part, args=args) if args != part.args else None


def _outcome(tree: t.Expr) -> t.Expr:
    """``o`` for ``O = o``, on both sides of a bar: random variables are capitals, their values small letters."""
    if not isinstance(tree, t.Relation):
        return tree
    if tree.relations == ("mid",):
        sides = tuple(map(_outcome, tree.members))
        return tree if sides == tree.members else replace(tree, members=sides)
    name, value = tree.members[0], tree.members[-1]
    if not isinstance(name, t.Symbol) or not isinstance(value, t.Symbol):
        return tree
    is_value = tree.relations == ("=",) and name.base.isupper() and value.base.islower()
    return value if is_value else tree


def _called(
    document: Document, statements: Sequence[Statement], laws: set[str]
) -> dict[str, t.Symbol]:
    """Laws that words equate with a vector: their probabilities are its entries."""
    found: dict[str, t.Symbol] = {}
    for before, statement in pairwise(statements):
        name, law = before.members[-1].expr, statement.members[0].expr
        if len(before.members) > 1 or len(statement.members) > 1:
            continue
        if not isinstance(name, t.Symbol) or name.subscripts or not isinstance(law, t.Apply):
            continue
        between = document.text[before.span[1] : statement.span[0]]
        if stem_of(law.head) in laws and _IS_LAW.match(between):
            found[stem_of(law.head)] = name
    return found


__all__ = ["as_entries"]
