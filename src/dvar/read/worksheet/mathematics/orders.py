"""Orders of derivatives typed on the line: ``d2f/dx2``, ``∂2f/∂x∂y`` for ``d^2f/dx^2``."""

from __future__ import annotations

from collections.abc import Sequence

from dvar.read.worksheet.mathematics.tokens import NUMBER, SIGN, WORD, Token

_ORDERS = ("2", "3", "4")


def marked(tokens: Sequence[Token]) -> list[Token]:
    """Tokens with a ``^`` before each such order, where as many differentials stand below the bar."""
    above = [n for n in range(1, len(tokens) - 3) if _is_above(tokens, n)]
    if not above:
        return list(tokens)
    raised: set[int] = set()
    for n in above:
        order = int(tokens[n].text)
        below = _below(tokens, n + 3)
        if len(below) == order and order > 1:
            raised.add(n)
        elif len(below) == 1 and _is_joined(tokens, below[0] + 1):
            number = below[0] + 1
            if tokens[number].kind == NUMBER and tokens[number].text == tokens[n].text:
                raised |= {n, number}
            elif any(x.is_("^") for x in tokens[number : number + 2]):
                raised.add(n)  # dx^2, dx1^2
    out: list[Token] = []
    for n, token in enumerate(tokens):
        if n in raised:
            out.append(Token(SIGN, "^", token.start, token.start))
        out.append(token)
    return out


def _is_above(tokens: Sequence[Token], n: int) -> bool:
    """Whether a number is the order in ``d2f/d…``."""
    head, number, of, bar, below = tokens[n - 1 : n + 4]
    operator = (head.kind == WORD and head.text == "d") or head.names("partial")
    here = number.kind == NUMBER and number.text in _ORDERS and not number.gap
    over = of.kind == WORD and not of.gap and bar.is_("/") and not bar.gap
    return operator and here and over and _begins(below)


def _begins(token: Token) -> bool:
    return token.names("partial") or (token.kind == WORD and token.text[0] == "d")


def _below(tokens: Sequence[Token], n: int) -> list[int]:
    """The last token of each differential from here on: ``dx1dx2``, ``∂x∂y``; ``dxdy`` is two in one word."""
    found: list[int] = []
    while n < len(tokens) and _begins(tokens[n]) and (not found or not tokens[n].gap):
        if tokens[n].kind == WORD:
            found += [n] * (2 if len(tokens[n].text) == 4 and tokens[n].text[2] == "d" else 1)
        else:
            n += 1
            found += [n]
        n += 1
        if n + 1 < len(tokens) and tokens[n].kind == NUMBER and _begins(tokens[n + 1]):
            n += 1
    return found


def _is_joined(tokens: Sequence[Token], n: int) -> bool:
    return n < len(tokens) and not tokens[n].gap
