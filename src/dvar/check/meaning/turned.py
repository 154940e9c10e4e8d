"""Transposes by a small letter: ``QK^t`` in a text that has no other t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

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
