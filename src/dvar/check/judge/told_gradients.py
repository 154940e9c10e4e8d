"""Names that words make gradients: "let $G$ be the gradient of the loss with respect to $Y$", "the error $δ$ at $z$"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.letters import parts
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Member, Statement

_HOW = r"(?:(?:upstream|incoming|backpropagated|partial|total|whole) )?"
_SIGNAL = r"(?:gradient|error(?: signal)?|sensitivity)"
_LOSS = r"(?:loss|cost|objective|error)(?: function)?(?: \$?\\?[A-Za-z]+\$?)?"
_ARTICLE = r"(?:(?:the|our|its|this) )?"
_IS = re.compile(
    r"[\s$`\\)]*(?:(?:be|for|denotes?|is|as|stands for|means) )?(?:the|its) "
    rf"{_HOW}(?:(?:gradient|derivative) of {_ARTICLE}{_LOSS} (?:with respect to|w\.? ?r\.? ?t\.?|by)"
    rf"|{_SIGNAL} (?:at|arriving at|coming in at|that (?:arrives|comes in|flows in) at)|error(?: signal)? of) "
    rf"{_ARTICLE}(?:\w+ )?[\s$`\\(]*",
    re.IGNORECASE,
)
"""Between a name and what it is the gradient by."""
_BEFORE = re.compile(rf"\b{_HOW}{_SIGNAL} [\s$`\\(]*$", re.IGNORECASE)
_ARRIVES = re.compile(
    r"[\s$`\\)]*(?:(?:that |which )?(?:arrives|comes in|flows in|enters|is given|is known) )?(?:from above )?"
    rf"(?:at|with respect to) {_ARTICLE}(?:\w+ )?[\s$`\\(]*",
    re.IGNORECASE,
)
"""Between them, where what it is stands in front: "the upstream gradient g arrives at h"."""
_ANY = "loss"
"""What the loss is called in a document that never differentiates it by its name."""
_NEAR = 120


def told(
    document: Document, found: Sequence[Statement], statement: Statement, every: Sequence[Statement]
) -> Statement | None:
    """The definition that a name, words and another name come to; None where they say nothing of the kind."""
    by = _name(statement)
    if by is None or not found or _only_name(statement) is None:
        return None
    before = found[-1]
    name = _name(before)
    if name is None or name.base == by.base or before.span[1] > statement.span[0]:
        return None
    if name.base != "delta" and (len(before.members) > 1 or name.base in by.base):
        return None  # e = y - t is the error of y, whatever the loss makes of it
    text = document.text
    between = text[before.span[1] : statement.span[0]]
    ahead = text[max(0, before.span[0] - _NEAR) : before.span[0]]
    arrives = _BEFORE.search(ahead) and _ARRIVES.fullmatch(between)
    if not _IS.fullmatch(between) and not arrives:
        return None
    if name.base != "delta" and re.search(r"error(?! signal)", ahead + between, re.IGNORECASE):
        return None
    loss = t.Symbol(_loss(every), name.span)
    slope = t.Derivative(loss, (by,), "partial", statement.span)
    first = statement.members[0]
    return replace(statement, members=(replace(first, expr=name), Member("=", slope, first.span)))


def _name(statement: Statement) -> t.Symbol | None:
    """The name that a statement is about."""
    first = statement.members[0]
    plain = isinstance(first.expr, t.Symbol) and not first.relation
    return first.expr if plain and isinstance(first.expr, t.Symbol) else None


def _only_name(statement: Statement) -> t.Symbol | None:
    return _name(statement) if len(statement.members) == 1 else None


def _loss(every: Sequence[Statement]) -> str:
    """What is differentiated most."""
    tops = (p.of for p in parts(every) if isinstance(p, t.Derivative))
    counted = Counter(x.base for x in tops if isinstance(x, t.Symbol) and not x.subscripts)
    return counted.most_common(1)[0][0] if counted else _ANY


__all__ = ["told"]
