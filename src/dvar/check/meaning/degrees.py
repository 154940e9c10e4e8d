r"""Angles in degrees: ``45^\circ`` is π/4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.parts import rewritten


def as_radians(statements: Sequence[Statement]) -> list[Statement]:
    """The statements, with each angle as a part of π."""
    return [rewritten(s, _radians) for s in statements]


def _radians(part: Any) -> t.Expr | None:
    match part:
        case t.Group(
            kind="(",
            items=(t.Number() as number,),
            scripts=(t.Script(kind="mark", value=t.Label(text="o")),),
        ):
            span = part.span
            turn = t.Product((number, t.Symbol("pi", span)), ("",), span)
            return t.Quotient(turn, t.Number("180", span), span)
    return None


__all__ = ["as_radians"]
