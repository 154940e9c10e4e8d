"""Transposes by a small letter, ``QK^t`` in a text that has no other t, and by primes: ``dZ A'``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from dvar.check.meaning.keys import stem_of
from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import in_members

_MANY = 3
"""So many raised letters, on capital ones too, show what is meant."""
_RAISED = (t.Symbol, t.Group, t.Matrix, t.Apply, t.Call)


def transposed(statements: Sequence[Statement]) -> list[Statement]:
    """The statements with ``^t`` as a transpose, where t stands nowhere but above names."""
    raised, capital, elsewhere = 0, 0, 0
    for part in parts(statements):
        if isinstance(part, _RAISED):
            here = sum(map(_is_t, part.scripts))
            raised += here
            capital += here and isinstance(part, t.Symbol) and part.base[:1].isupper()
        if isinstance(part, t.Symbol) and part.base == "t":
            elsewhere += 1
        if isinstance(part, t.Label) and part.text == "t":
            elsewhere += 1
    if raised < _MANY or not capital or elsewhere > raised:
        return list(statements)

    def turn(part: Any) -> Any:
        if isinstance(part, t.Script) and _is_t(part):
            return replace(part, kind="transpose", value=None)
        return None

    return [in_members(s, turn) for s in statements]


def _is_t(script: t.Script) -> bool:
    value = script.value
    named = isinstance(value, t.Symbol) and value.base == "t" and not value.subscripts
    return script.kind == "plain" and named


_PRIME_TURNS = re.compile(
    r"\bprimes?\b[^.]{0,40}\btranspos|\btranspos[^.]{0,40}\bprimes?\b", re.IGNORECASE
)


def by_primes(statements: Sequence[Statement], prose: str) -> bool:
    """Whether ``X'`` is a transpose: said so, or the same name stands behind it, ``X'WX``, ``v'v``.

    Or it stands at a capital letter in a product, ``dZ A'``, where nothing has a ``^T``.
    """
    if _PRIME_TURNS.search(prose) or _is_turned_by_prime(statements):
        return True
    for part in parts(statements):
        if not isinstance(part, t.Product):
            continue
        names = [f for f in part.factors if isinstance(f, t.Symbol)]
        for n, first in enumerate(names):
            behind = {stem_of(f) for f in names[n + 1 :] if not f.primes}
            if first.primes == 1 and stem_of(first) in behind:
                return True
    return False


def _is_turned_by_prime(statements: Sequence[Statement]) -> bool:
    primed: set[str] = set()
    others = {left.base for s in statements if (left := _primed_left(s)) is not None}
    for part in parts(statements):
        if any(s.kind == "transpose" for s in getattr(part, "scripts", ())):
            return False
        if isinstance(part, t.Product):
            names = (f for f in part.factors if isinstance(f, t.Symbol) and f.primes == 1)
            primed |= {f.base for f in names if f.base[:1].isupper() and len(f.base) == 1}
        elif isinstance(part, t.Apply):
            others.add(part.head.base)
        elif isinstance(part, t.Derivative):
            others |= {x.base for x in part.wrt if isinstance(x, t.Symbol) and x.primes}
    return bool(primed - others)


def _primed_left(statement: Statement) -> t.Symbol | None:
    """``W' = …``: another W."""
    left = statement.members[0].expr
    return left if isinstance(left, t.Symbol) and left.primes else None
