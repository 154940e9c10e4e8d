"""What signs mean in MATLAB and Octave: ``'`` turns a matrix, ``*`` multiplies matrices."""

from __future__ import annotations

from dvar.read.worksheet.mathematics.tokens import (
    ATTRIBUTE,
    DIGITS,
    LABEL,
    NAME,
    NUMBER,
    SIGN,
    Token,
    made,
)

LANGUAGES = frozenset({"matlab", "octave", "m"})
_OPERANDS = frozenset({NAME, DIGITS, LABEL, NUMBER, ATTRIBUTE})


def in_matlab(tokens: list[Token]) -> list[Token]:
    """The tokens of a program as the signs of mathematics."""
    out: list[Token] = []
    for token in tokens:
        if token.is_("'") and out and not token.gap and out[-1].is_(".") and len(out) > 1:
            out.pop()  # .' is a transpose as well
        if token.is_("'") and out and not token.gap and _ends_operand(out[-1]):
            out.append(made(ATTRIBUTE, "T", token))
        elif token.is_("*"):
            out.append(made(SIGN, "@", token))
        else:
            out.append(token)
    return out


def _ends_operand(token: Token) -> bool:
    return token.kind in _OPERANDS or token.is_(")", "]", "}")
