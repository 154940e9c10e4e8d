"""Statements of which a part stands in the words around them: descriptions, cases, tails of what was not read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dvar.check.meaning.keys import stem_of
from dvar.read.worksheet import tree as t
from dvar.read.worksheet.document import Document, Statement
from dvar.read.worksheet.parts import same_tree

_EQUALS = frozenset({"=", ":=", "equiv", "approx", "is"})
_GOES_ON = re.compile(
    r"[*_`$]*[ \t]+(?!(?:and|or|but|where|with|for|if|when|while|so|then|since|because|from|which|that|as|at|in|"
    r"on|by|to|per|gives?|is|are|has|hence|thus|therefore|each|every|else|not|after|before)\b)[a-z]{3,}\b(?![ \t]*[=(:])"
)
"""Words that go on behind a word: ``t = step index``, ``y = softmax output``."""
_WORD = re.compile(r"[^\W\d_]{3,}[ \t]$")
"""A word right in front: ``Huber (δ = 1) = 0.19`` is about another Huber."""
_KIND = re.compile(
    r"\b(?:leaky|parametric|hard|soft|scaled|shifted|noisy|smooth|modified|truncated|approximate)[ -]$",
    re.IGNORECASE,
)
"""What makes another function of one: ``Leaky ReLU(-2)``."""
_BEHIND_SIGN = re.compile(r"[×*·⋅+/÷][ \t]*[\d.,]*\d[^\W\d_]?[ \t]+$")
"""The end of a product that was not read: the ``bytes = …`` of ``7B × 2 bytes = …``."""
_CODE = re.compile(r"[ \t]*[\w.]+\([^\n]*\)[ \t;]*(?://|#)[ \t]*$")
_CHANGE = re.compile(
    r"\b(?:changes?|increases?|decreases?|differences?|drop|rise|reduction|variation|änderung|cambio|variación|"
    r"mudança|variação)\s+(?:in|of|by|von|en|de|em)\s+(?:the\s+)?[*_]*[$`\\(]*$",
    re.IGNORECASE,
)
"""What is said to change: "change in L ≈ 0.24" is about no L."""
_OR = re.compile(r"\bor[ \t$`]+$", re.IGNORECASE)


def whole(document: Document, statements: Sequence[Statement]) -> list[Statement]:
    """The statements, without what only looks like an equation since words belong to it."""
    found: list[Statement] = []
    for statement in statements:
        before = found[-1] if found else None
        if _is_fragment(document, before, statement):
            first = replace(statement.members[0], relation="")
            statement = replace(statement, members=(first,))
        statement = _without_changed(document, statement)
        found.append(_unnamed(statement))
    return found


def _is_fragment(document: Document, before: Statement | None, statement: Statement) -> bool:
    members = statement.members
    left = members[0].expr
    if members[0].relation and before is not None:
        return _is_of_unread_code(document, before, statement)
    if len(members) < 2 or members[0].relation or members[1].relation not in _EQUALS:
        return False
    if left is None:
        return False
    start, end = statement.span
    line = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    region = document.regions[statement.region]
    if region.kind == "code" and region.language:
        return False
    return (
        (_is_word(members[-1].expr) and _GOES_ON.match(document.text, end) is not None)
        or _is_power_of_nothing(left, members[1].expr)
        or _is_flattened(members[1].expr)
        or (_is_case(left) and _WORD.search(line) is not None)
        or (isinstance(left, (t.Call, t.Apply)) and _KIND.search(line) is not None)
        or (isinstance(left, t.Symbol) and _BEHIND_SIGN.search(line) is not None)
        or (_OR.search(line) is not None and before is not None and _is_about(before, left))
    )


def _without_changed(document: Document, statement: Statement) -> Statement:
    """``0.24 = 24 · 0.01`` of "change in L ≈ 0.24 = 24 · 0.01"."""
    members = statement.members
    start = statement.span[0]
    line = document.text[document.text.rfind("\n", 0, start) + 1 : start]
    is_name = isinstance(members[0].expr, t.Symbol) and not members[0].relation
    if len(members) < 2 or not is_name or not _CHANGE.search(line):
        return statement
    _, first, *rest = members
    return replace(statement, members=(replace(first, relation=""), *rest))


def _is_of_unread_code(document: Document, before: Statement, statement: Statement) -> bool:
    """``scale(2)  // = 5``: what comes out of code that no statement was made of goes on from nothing."""
    start = statement.span[0]
    line = document.text.rfind("\n", 0, start) + 1
    return before.span[1] <= line and _CODE.match(document.text, line, start) is not None


def _is_word(tree: t.Expr | None) -> bool:
    """Whether a formula is a single word, which need not be a name."""
    if isinstance(tree, t.Call):
        return not tree.args
    if not isinstance(tree, t.Symbol) or tree.subscripts or tree.scripts or tree.primes:
        return False
    return len(tree.base) > 2 and tree.base.isascii() and tree.base.isalpha() and tree.font == ""


def _is_power_of_nothing(left: t.Expr, right: t.Expr | None) -> bool:
    """``θ^0 = b``: no power of which the value is told, but the entry with the number 0."""
    if not isinstance(left, t.Symbol) or len(left.scripts) != 1 or isinstance(right, t.Number):
        return False
    above = left.scripts[0]
    value = above.value
    return above.kind == "plain" and isinstance(value, t.Number) and value.value == 0


def _is_flattened(right: t.Expr | None) -> bool:
    """``1 + e^{-x}1``: a fraction copied from a page that shows what is below the line first; no factor 1 stands last."""
    return right is not None and any(
        isinstance(p, t.Product)
        and p.operators[-1] == ""
        and isinstance(p.factors[-1], t.Number)
        and p.factors[-1].text == "1"
        and isinstance(p.factors[-2], t.Symbol)
        and bool(p.factors[-2].scripts)  # δ 1 is a name
        for p in t.walk(right)
    )


def _is_case(left: t.Expr) -> bool:
    return (
        isinstance(left, t.Group)
        and left.kind in ("(", "tuple")
        and any(isinstance(x, t.Relation) for x in left.items)
    )


def _is_about(before: Statement, left: t.Expr) -> bool:
    first = before.members[0].expr
    return first is not None and same_tree(first, left)


def _unnamed(statement: Statement) -> Statement:
    """``grad_input (∂L/∂a) = …``: what stands in the bracket says what the name is."""
    first = statement.members[0]
    tree = first.expr
    if len(statement.members) < 2 or not isinstance(tree, t.Product) or len(tree.factors) != 2:
        return statement
    name, bracket = tree.factors
    if not isinstance(name, t.Symbol) or len(stem_of(name)) < 3 or not t.is_bracketed(bracket):
        return statement
    inner = bracket.items[0]
    if not isinstance(inner, t.Derivative) or tree.operators != ("",):
        return statement
    return replace(statement, members=(replace(first, expr=inner), *statement.members[1:]))
