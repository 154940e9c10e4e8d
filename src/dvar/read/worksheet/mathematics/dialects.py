"""What signs mean in programs: in MATLAB and Julia ``'`` turns a matrix and ``*`` multiplies matrices, in Python entries."""

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

MATLAB = frozenset({"matlab", "octave", "m"})
JULIA = frozenset({"julia", "jl", "julia-repl", "jldoctest"})
PYTHON = frozenset({"python", "python3", "py", "ipython", "ipython3", "pycon"})
_OPERANDS = frozenset({NAME, DIGITS, LABEL, NUMBER, ATTRIBUTE})


def in_program(tokens: list[Token], language: str) -> list[Token]:
    """The tokens of a program in this language as the signs of mathematics."""
    if language in MATLAB | JULIA:
        return in_matlab(tokens)
    if language in PYTHON:
        return [made(SIGN, ".*", token) if token.is_("*") else token for token in tokens]
    return tokens


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
