r"""What was lost on the way: underscores of ``\sum{j} e^{z_j}``, ``\sigma(z)i``, the backslash of ``W \, x``.

Markdown takes an underscore for emphasis and a backslash for an escape and drops it, so what came through such
a page lacks some of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Statement
from dvar.read.worksheet.mathematics.balance import mates_of
from dvar.read.worksheet.mathematics.tokens import COMMAND, NAME, SIGN, WORD, Token

_BIG = re.compile(r"\\(?:sum|prod)\{[a-z](?:\}|=)")
_INDEXED = re.compile(r"(\\?[A-Za-z]+\([^()\n$]{1,12}\))_")
_SPACES = re.compile(r"\\[,;:!]")
_SPACED = re.compile(r"\s+,\s+")
_INDICES = frozenset("cijklmnty")


def indexed(text: str) -> frozenset[str]:
    r"""Applied functions that have an index somewhere, ``\sigma(z)``; ``*`` where underscores are lost."""
    found = {re.sub(r"\s", "", m) for m in _INDEXED.findall(text)}
    return frozenset(found | ({"*"} if _BIG.search(text) else set()))


def lacks_spaces(text: str) -> bool:
    r"""Whether a page has none of ``\,``, ``\;`` and their like, so that their backslashes may be lost."""
    return _SPACES.search(text) is None


def multiplied(text: str, statement: Statement) -> Statement:
    r"""``\delta , a^T`` as a product where an equation ends in it: a list with a space before its comma is rare."""
    last = statement.members[-1]
    listed, before = last.expr, statement.members[-2].expr if len(statement.members) > 1 else None
    if (
        not isinstance(listed, t.Group)
        or listed.kind != "tuple"
        or last.relation not in ("=", ":=")
    ):
        return statement
    if before is None or isinstance(before, t.Group):
        return statement
    ends = [item.span for item in listed.items]
    between = [text[a[1] : b[0]] for a, b in pairwise(ends)]
    if not all(map(_SPACED.fullmatch, between)) or all(map(is_value, listed.items)):
        return statement
    product = t.Product(listed.items, ("",) * len(between), listed.span)
    return replace(statement, members=(*statement.members[:-1], replace(last, expr=product)))


def is_value(tree: t.Expr) -> bool:
    """Whether nothing but numbers stands in a formula."""
    return not any(isinstance(p, t.Symbol) for p in t.walk(tree))


def unboxed(tokens: Sequence[Token]) -> list[Token]:
    r"""Without the braces of ``\large{(}``: the bracket in them closes one further on."""
    out: list[Token] = []
    n = 0
    while n < len(tokens):
        boxed = tokens[n : n + 3]
        is_box = len(boxed) == 3 and boxed[0].is_("{") and boxed[2].is_("}")
        if is_box and boxed[1].is_("(", ")", "[", "]") and not (out and out[-1].is_("^", "_")):
            out.append(boxed[1])
            n += 3
            continue
        out.append(tokens[n])
        n += 1
    return out


def restored(tokens: Sequence[Token], text: str, known: frozenset[str]) -> list[Token]:
    """The tokens with an underscore where one was lost.

    Args:
        text: that the tokens are of.
        known: what the document has with an index, from ``indexed``.
    """
    if not known:
        return list(tokens)
    mates = mates_of(tokens)
    out: list[Token] = []
    for n, token in enumerate(tokens):
        if n and (_is_below_sum(tokens, n) or _is_index(tokens, mates, n, text, known)):
            out.append(replace(token, kind=SIGN, text="_", end=token.start))
        out.append(token)
    return out


def _is_below_sum(tokens: Sequence[Token], n: int) -> bool:
    before = tokens[n - 1]
    return tokens[n].is_("{") and before.kind == COMMAND and before.text in ("sum", "prod")


def _is_index(
    tokens: Sequence[Token], mates: Sequence[int], n: int, text: str, known: frozenset[str]
) -> bool:
    token, opener = tokens[n], mates[n - 1]
    if token.kind not in (NAME, WORD) or token.text not in _INDICES or token.gap:
        return False
    if not tokens[n - 1].is_(")") or opener < 1:
        return False
    head = tokens[opener - 1]
    if head.kind not in (NAME, WORD, COMMAND) or tokens[opener].gap:
        return False
    written = re.sub(r"\s", "", text[head.start : tokens[n - 1].end])
    return written in known or ("*" in known and head.text in ("sigma", "softmax"))
