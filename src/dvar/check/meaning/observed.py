r"""Data that share their name with a model: ``y = m x + b`` is fitted to ``(y_i, x_i)`` by ``(y_i - (m x_i + b))^2``.

Were ``y_i`` what the model says, nothing would be left of such a difference: the indexed name is what was observed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import letters_in, stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten, same_tree

_MANY = re.compile(r"\b(examples|samples|observations|(mini)?-?batch|data ?points|data ?set)\b")
_KEPT = re.compile(
    r"\bbias(es)? (are |is |stays? |remains? |kept |left |not be |not )*(untouched|unchanged|fixed|constant)\b"
)
_EQUALS = frozenset({"=", ":=", "equiv"})


def keeps_biases(prose: str) -> bool:
    """Whether words say that a step leaves the biases as they are."""
    return _KEPT.search(prose.lower()) is not None


def is_still_one(prose: str) -> bool:
    """Whether nothing is said of many examples, where there was only one before."""
    return _MANY.search(prose.lower()) is None


def observed(statements: Sequence[Statement]) -> set[str]:
    """The stems of indexed names that are compared with the model of the bare name."""
    models: dict[str, list[t.Expr]] = {}
    for statement in statements:
        first, *others = statement.members
        if first.relation or not isinstance(first.expr, t.Symbol) or _index(first.expr):
            continue
        models.setdefault(stem_of(first.expr), []).extend(
            m.expr for m in others[:1] if m.relation in _EQUALS and m.expr is not None
        )
    sums = [p for p in parts(statements) if isinstance(p, t.Sum) and models]
    return {stem for part in sums for stem in _compared(part, models)}


def _compared(part: t.Sum, models: dict[str, list[t.Expr]]) -> list[str]:
    terms = _terms(part)
    found = []
    for n, term in enumerate(terms):
        if not isinstance(term, t.Symbol) or not _index(term) or stem_of(term) not in models:
            continue
        rest = [_without_index(other) for k, other in enumerate(terms) if k != n]
        for model in models[stem_of(term)]:
            wanted = [_without_index(other) for other in _terms(model)]
            if len(rest) == len(wanted) and all(any(same_tree(a, b) for b in wanted) for a in rest):
                found.append(stem_of(term))
    return found


def _terms(tree: t.Expr) -> list[t.Expr]:
    """The terms of a sum, those in brackets as well, without their signs."""
    if isinstance(tree, t.Sum):
        return [inner for term in tree.terms for inner in _terms(term)]
    if isinstance(tree, t.Negative):
        return _terms(tree.operand)
    if isinstance(tree, t.Group) and len(tree.items) == 1 and not tree.scripts:
        return _terms(tree.items[0])
    return [tree]


def _index(tree: t.Symbol) -> bool:
    """Whether a name has an index that counts: a subscript or a mark such as ``(i)``."""
    marks = [s.value for s in tree.scripts if s.kind in ("paren", "plain") and s.value is not None]
    return any(letters_in(part) for part in (*tree.subscripts, *marks))


def _without_index(tree: t.Expr) -> t.Expr:
    def bare(part: Any) -> t.Expr | None:
        if not isinstance(part, t.Symbol) or not _index(part):
            return None
        kept = tuple(s for s in part.scripts if s.kind not in ("paren", "plain"))
        return replace(part, subscripts=(), scripts=kept)

    found: t.Expr = rewritten(tree, bare)
    return found
