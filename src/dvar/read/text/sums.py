"""``sum_i x_i``, ``sum_{i=1}^{m} …``: the sum sign of the text notation."""

from __future__ import annotations

from dvar.core.op import MUL
from dvar.read import syntax as s
from dvar.read.steps import Step
from dvar.read.syntax import Expr, canonical
from dvar.read.text.parser import Parser
from dvar.read.text.tokens import NAME, NUMBER, Token


def sum_letters(p: Parser) -> str:
    """The letters of the sum sign that stands here; empty where it is an ordinary name."""
    token, after = p.token, p.next
    if not token.text.startswith("sum_") or p.survey.is_variable(canonical(token.text)):
        return ""
    if token.text == "sum_":
        inner = p.tokens[p.at + 2] if after.text in ("{", "(") else None
        return inner.text if inner is not None and inner.kind == NAME else ""
    starts = after.kind in (NAME, NUMBER) or after.text in ("(", "[", "**", "-", "√", "|")
    letters = token.text[4:]
    return letters if starts and letters.isalpha() and len(letters) <= 3 else ""


def summation(p: Parser) -> Step[Expr]:
    """The sign, its limits, and the product behind it."""
    start = p.token
    letters = sum_letters(p)
    low: Expr | None = None
    high: Expr | None = None
    has_limits = p.take().text == "sum_"
    if has_limits:
        low = yield _lower(p)
    if p.takes("**"):
        high = yield _upper(p)
    p.scope += letters
    if p.sees("["):
        p.grouping = p.at
    body: Expr = yield p.expression(MUL)
    del p.scope[len(p.scope) - len(letters) :]
    for letter in reversed(letters):
        body = s.Sum(letter, low, high, body, p.span_from(start))
    return body


def _lower(p: Parser) -> Step[Expr | None]:
    """``{i=1}`` or ``{i}``."""
    closing = "}" if p.take().text == "{" else ")"
    p.take()
    low: Expr | None = None
    if p.takes("="):
        low = yield p.expression()
    p.expect(closing, "after the index of the sum")
    return low


def _upper(p: Parser) -> Step[Expr]:
    """``^{m}``, ``^m``, ``^(n - 1)``."""
    token: Token = p.token
    if p.takes("{"):
        inner: Expr = yield p.expression()
        p.expect("}", "after the upper limit of the sum")
        return inner
    if token.kind == NAME:
        p.take()
        return s.Name(token.text, token.span)
    inner = yield p.primary()
    return inner
