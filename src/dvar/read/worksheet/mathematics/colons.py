r"""The colon as a product of matrices: ``A:B = \operatorname{tr}(A^T B)``, in documents that say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dvar.read.worksheet.mathematics import words
from dvar.read.worksheet.mathematics.tokens import (
    COMMAND,
    DIGITS,
    FUNCTION,
    NAME,
    SIGN,
    Token,
    made,
)

PRODUCT = "colon"
"""The sign of an inner product, told apart from a colon that only parts."""
_LETTER = r"(?:[A-Za-z]|\\(?:mathbf|boldsymbol|bm|mathrm)?\s*\{?\s*[A-Za-z]+\s*\}?)"
_DEFINED = re.compile(
    rf"{_LETTER}\s*(?::|\\colon)\s*{_LETTER}\s*&?\s*(?:=|:=|\\equiv|\\doteq)\s*&?\s*"
    r"(?:\\(?:operatorname\*?|mathrm|text(?:rm)?)?\s*\{?\s*(?:tr|Tr|trace)\b|\\sum|"
    rf"{_LETTER}\s*\^\s*\{{?\s*(?:T|\\top|\\mathsf\s*\{{?T|\\mathrm\s*\{{?T))"
)
_SAID = re.compile(
    r"\bcolons?\b[^.]{0,60}\b(?:product|inner)|\b(?:product|inner)\b[^.]{0,60}\bcolon\b"
    r"|double[- ](?:dot|contraction)|\bfrobenius\s+(?:inner\s+)?product\b",
    re.IGNORECASE,
)
_USED = re.compile(
    r"[A-Za-z)}\]]:d[A-Za-z]\b|(?<=[=&])\s*([A-Za-z]):\1(?![A-Za-z])|"
    r"\bd[A-Za-z]\s*&?\s*=[^=\n:$]*[A-Za-z)}\]]:(?=[\\A-Za-z(])"
)
"""``2y:dy``, ``= y:y`` and ``dg = 2y:A\\,dx``, which are nothing else."""


def are_products(text: str) -> bool:
    """Whether a document defines the colon as a product, says in words that it is one, or uses it as one."""
    return any(sign.search(text) is not None for sign in (_DEFINED, _SAID, _USED))


def joined(tokens: Sequence[Token]) -> list[Token]:
    """Tokens where each colon between two operands is a product."""
    if any(token.kind == SIGN and token.text in words.ARROWS for token in tokens):
        return list(tokens)  # f: X → Y
    out = list(tokens)
    for n in range(1, len(out) - 1):
        if out[n].is_(":") and _ends(out[n - 1]) and _starts(out[n + 1]):
            out[n] = made(SIGN, PRODUCT, out[n])
    return out


def _ends(token: Token) -> bool:
    return token.kind in (NAME, DIGITS) or token.is_(")", "]", "}", "'")


def _starts(token: Token) -> bool:
    return token.kind in (NAME, FUNCTION, COMMAND) or token.is_("(", "[", "{")
