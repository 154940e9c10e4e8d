"""Vectors whose entries put their own number last: ``p_i^T q_j`` is the sum of ``p_{ik} q_{kj}``.

Of ``q_j`` the entries are ``q_{kj}``, and of ``p_i`` they are ``p_{ik}``.  Here both are written with the number of
the vector first, so that everything else finds them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from string import ascii_lowercase
from typing import Any

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts, spelling_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members


def vectors_first(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with the number of the vector in front wherever entries have it behind."""
    behind = _behind(statements)
    if not any(behind.values()):
        return list(statements)

    def turn(part: Any) -> Any:
        if not isinstance(part, t.Symbol) or stem_of(part) not in behind:
            return None
        letters = tuple(_letters(part, ascii_lowercase))
        if letters not in behind[stem_of(part)]:
            return None
        match part.subscripts:
            case (t.Label(text=text) as below,):
                return replace(part, subscripts=(replace(below, text=text[::-1]),))
        return replace(part, subscripts=part.subscripts[::-1])

    return [in_members(s, turn) for s in statements]


def _behind(statements: Sequence[Statement]) -> dict[str, set[tuple[str, str]]]:
    """Vectors ``q_j`` of a product with a transpose, and the indices of their entries ``q_{kj}``; where there is no Q."""
    spelling = spelling_of(statements)
    singles: dict[str, set[str]] = {}
    pairs: dict[str, set[tuple[str, str]]] = {}
    turned: set[str] = set()
    whole: set[str] = set()
    for part in parts(statements):
        if isinstance(part, t.Product):
            turned |= _multiplied(part)
            whole |= {stem_of(f) for f in part.factors if isinstance(f, t.Symbol) and _is_plain(f)}
        if not isinstance(part, t.Symbol):
            continue
        stem, letters = stem_of(part), "".join(_letters(part, spelling.letters))
        if len(letters) == 1:
            singles.setdefault(stem, set()).add(letters)
        elif len(letters) == 2:
            pairs.setdefault(stem, set()).add((letters[0], letters[1]))
    found = {}
    for stem in turned & pairs.keys():
        last = {
            (a, b) for a, b in pairs[stem] if b in singles.get(stem, ()) and a not in singles[stem]
        }
        if stem.capitalize() not in whole and 2 * len(last) >= len(pairs[stem]):
            found[stem] = last
    return found


def _is_plain(name: t.Symbol) -> bool:
    return not name.subscripts and not any(s.kind == "transpose" for s in name.scripts)


def _letters(name: t.Symbol, known: Collection[str]) -> Iterator[str]:
    """The index letters below a name."""
    for below in name.subscripts:
        text = below.text if isinstance(below, t.Label) else ""
        if isinstance(below, t.Symbol):
            text = below.base
        yield from (c for c in text if set(text) <= set(known))


def _multiplied(product: t.Product) -> set[str]:
    """The stems of ``p_i^T q_j``."""
    found: set[str] = set()
    for left, right in pairwise(product.factors):
        if isinstance(left, t.Symbol) and isinstance(right, t.Symbol):
            if is_turned(left):
                found |= {stem_of(left), stem_of(right)}
    return found


def plain_entries(statements: Sequence[Statement]) -> set[str]:
    r"""Stems of ``\mathbf{y}`` with entries ``y_i``, which are neither bold nor told or multiplied like vectors, ``w^T y_i``."""
    bold: set[str] = set()
    plain: set[str] = set()
    others: set[str] = set()
    for statement in statements:
        is_shape = any(isinstance(m.expr, t.Shape) for m in statement.members)
        for part in parts([statement]):
            if isinstance(part, t.Symbol):
                if part.subscripts:
                    (others if is_shape else plain).add(stem_of(part))
                elif part.font == "bf":
                    bold.add(stem_of(part))
            elif isinstance(part, t.Product):
                others |= {x for a, b in pairwise(part.factors) if is_turned(a) for x in _member(b)}
            elif isinstance(part, t.Group) and part.kind == "norm":
                others |= {x for item in part.items for x in _member(item)}
    return (bold & plain) - others


def _member(tree: t.Expr) -> list[str]:
    """The stem of ``y_i``."""
    return [stem_of(tree)] if isinstance(tree, t.Symbol) and tree.subscripts else []


def is_turned(tree: t.Expr) -> bool:
    return isinstance(tree, t.Symbol) and any(s.kind == "transpose" for s in tree.scripts)
