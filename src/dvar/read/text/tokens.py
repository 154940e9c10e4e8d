"""Text → tokens: numbers, names, signs and ends of statements.

Mathematical signs become Python's (``×``, ``−``, ``²``, ``ᵀ``), letters of other alphabets names
(``α`` is alpha, ``ŷ`` is yhat, ``W₁`` is W1).  Spans point into the text as given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from dvar.core.errors import FormulaError
from dvar.read.build.functions import INFIX
from dvar.read.syntax import Span
from dvar.read.where import Places

MAX_LENGTH = 100_000
MAX_DEPTH = 200

NUMBER, NAME, TEXT, SIGN, LINE, END = "number", "name", "text", "sign", "line", "end"


@dataclass(frozen=True, slots=True)
class Token:
    """``text`` is normalised (``alpha`` for ``α``); ``spaced`` says whether a blank stands before."""

    kind: str
    text: str
    span: Span
    spaced: bool = False


_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿⁱ"
_TO_NORMAL = str.maketrans(_SUPERSCRIPTS + "₀₁₂₃₄₅₆₇₈₉", "0123456789-+ni0123456789")
_SUBSCRIPT_LETTERS = {
    "ᵢ": "i",
    "ⱼ": "j",
    "ₖ": "k",
    "ₗ": "l",
    "ₘ": "m",
    "ₙ": "n",
    "ₓ": "x",
    "ₐ": "a",
}
_SIGNS = {
    "−": "-", "–": "-", "×": "×", "·": "cdot", "⋅": "cdot", "∗": "*", "÷": "/", "∘": "*", "⊙": "*",
    "≤": "<=", "≥": ">=", "≠": "!=", "^": "**", "ᵀ": ".T", "⊤": ".T", "…": "..", "...": "..",
    "≔": ":=",
}  # fmt: skip
_ACCENTS = {"\u0302": "hat", "\u0304": "bar", "\u0303": "tilde", "\u0307": "dot", "\u20d7": "vec"}
_OTHER = (
    "**", "==", ":=", "+=", "-=", "*=", "/=", "->", "...", "..", "(", ")", "[", "]", "{", "}", ",",
    ":", "=", "+", "-", "*", "/", "@", "^", ".", "|", "√", "∈",
)  # fmt: skip

_FRACTIONS = "½⅓⅔¼¾⅕⅙⅛"
_LETTER = rf"[^\W\d{_SUPERSCRIPTS}{_FRACTIONS}ᵀ]|∑|∂"
_REST = rf"[^\W{_SUPERSCRIPTS}{_FRACTIONS}ᵀ]|[\u0300-\u036f\u20d7]"
# "1.", "(2)" or "-" before a definition at the beginning of a line.
_BULLET = (
    r"(?m:^)[ \t]*(?:\(?(?:\d+|[a-z])[.)]|[-*•])[ \t]+(?=[^\W\d]\w*(?:\([\w, ]*\))?[ \t]*=(?!=))"
)
_TOKEN = re.compile(
    "|".join(
        (
            rf"(?P<blank>{_BULLET}|[^\S\n]+|\#[^\n]*|\\\r?\n)",
            r"(?P<line>[\n;])",
            r"(?P<number>(?:\d+(?:_\d+)*(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)?)",
            rf"(?P<name>(?:{_LETTER})(?:(?!_\{{)(?:{_REST}))*(?:_\{{[\w, ]*\}})?(?:{_REST})*(?:'(?![\w']))?)",
            rf"(?P<fraction>[{_FRACTIONS}])",
            rf"(?P<power>[{_SUPERSCRIPTS}]+)",
            r"(?P<text>'[^'\n]*'|\"[^\"\n]*\")",
            "(?P<sign>"
            + "|".join(
                re.escape(s)
                for s in sorted({*_OTHER, *_SIGNS, *INFIX} - {"cdot"}, key=len, reverse=True)
            )
            + ")",
        )
    )
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}
# A line that ends with one of these goes on in the next.
_UNFINISHED = frozenset({*INFIX, "=", ",", "×", "cdot", "√"})


def tokenize(places: Places) -> list[Token]:
    """The tokens of a text, closed by an END.

    Raises:
        FormulaError: a sign that means nothing here, brackets that do not match, text or nesting
            beyond the limits.
    """
    if len(places.text) > MAX_LENGTH:
        raise FormulaError(
            f"the text has {len(places.text):,} characters; dvar reads at most {MAX_LENGTH:,}"
        )
    tokens: list[Token] = []
    brackets: list[Token] = []
    for token in _scan(places):
        if token.kind == LINE and (brackets or not tokens or _goes_on(tokens)):
            if brackets and token.text == ";":
                raise _unclosed(places, brackets[-1])
            continue
        if token.kind == SIGN:
            _match(places, brackets, token)
        tokens.append(token)
    if brackets:
        raise _unclosed(places, brackets[-1])
    end = len(places.text)
    tokens.append(Token(END, "the end", (end, end), True))
    return tokens


def _goes_on(tokens: list[Token]) -> bool:
    """Whether a formula goes on in the next line (``from math import *`` does not)."""
    last = tokens[-1]
    imports = len(tokens) > 1 and tokens[-2].text == "import"
    return last.kind == SIGN and last.text in _UNFINISHED and not imports


def _match(places: Places, brackets: list[Token], token: Token) -> None:
    if token.text in _CLOSING:
        brackets.append(token)
        if len(brackets) > MAX_DEPTH:
            raise FormulaError(
                f"brackets are nested more than {MAX_DEPTH} deep",
                source=places.source(token.span),
                hint="name the parts: q = …; f = … q …",
            )
    elif token.text in _CLOSING.values():
        if not brackets:
            raise FormulaError(f"{token.text} closes nothing", source=places.source(token.span))
        opened = brackets.pop()
        if _CLOSING[opened.text] != token.text:
            raise FormulaError(
                f"{opened.text} is closed by {token.text}",
                source=places.source((opened.span[0], token.span[1])),
                hint=f"{_CLOSING[opened.text]} instead of {token.text}",
            )


def _unclosed(places: Places, opened: Token) -> FormulaError:
    return FormulaError(f"{opened.text} is never closed", source=places.source(opened.span))


def _scan(places: Places) -> Iterator[Token]:
    text, at, spaced = places.text, 0, True
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _strange(places, at)
        at = match.end()
        kind, raw, span = str(match.lastgroup), match.group(), match.span()
        if kind == "blank":
            spaced = True
            continue
        yield from _tokens(places, kind, raw, span, spaced)
        spaced = kind == "line"


def _tokens(places: Places, kind: str, raw: str, span: Span, spaced: bool) -> Iterator[Token]:
    if kind == "power":
        yield Token(SIGN, "**", span, spaced)
        exponent = raw.translate(_TO_NORMAL)
        if exponent[0] in "+-":
            yield Token(SIGN, exponent[0], span)
        rest = exponent.lstrip("+-")
        if rest not in ("n", "i") and not rest.isdigit():
            raise FormulaError(f"the exponent {raw} is not a number", source=places.source(span))
        yield Token(NUMBER if rest.isdigit() else NAME, rest, span)
    elif kind == "fraction":
        above, below = unicodedata.normalize("NFKC", raw).split("⁄")
        yield Token(SIGN, "(", span, spaced)
        for sort, part in ((NUMBER, above), (SIGN, "/"), (NUMBER, below), (SIGN, ")")):
            yield Token(sort, part, span)
    elif kind == "name":
        yield Token(NAME, plain_name(raw), span, spaced)
    elif kind == "text":
        yield Token(TEXT, raw[1:-1], span, spaced)
    else:
        yield Token(kind, _SIGNS.get(raw, raw) if kind == "sign" else raw, span, spaced)


_HINTS = {
    **dict.fromkeys("'\"", "put quotes on both sides"),
    "%": "# begins a remark",
    "!": "a factorial has no derivative; != compares",
    "←": "= defines; a new name for the new value: w_new = w - alpha*dw",
    "&": "* for both of two conditions",
    "∇": "dvar finds derivatives; write the definitions only",
    "∫": "an integral is not read",
    "∏": "prod(x)",
}  # fmt: skip


def _strange(places: Places, at: int) -> FormulaError:
    sign = places.text[at]
    name = unicodedata.name(sign, "a character without a name").lower()
    shown = f"“{sign}”" if sign.isprintable() else f"U+{ord(sign):04X}"
    hint = _HINTS.get(sign)
    return FormulaError(
        f"{shown} ({name}) means nothing in a formula",
        source=places.source((at, at + 1)),
        hint=hint,
    )


def plain_name(raw: str) -> str:
    """A name in plain letters: ``W₁`` → ``W1``, ``ŷ`` → ``yhat``, ``x_{ij}`` → ``x_ij``."""
    raw = raw.replace("'", "prime")
    if raw.isascii() and "{" not in raw:
        return raw
    raw = raw.replace("∑", "sum").replace("∂", "d")
    if "{" in raw:
        inner = raw[raw.index("{") + 1 : raw.index("}")].replace(" ", "")
        inner = inner.replace(",", "_" if any(c.isdigit() for c in inner) else "")
        raw = raw[: raw.index("{")] + inner + raw[raw.index("}") + 1 :]
    out: list[str] = []
    for sign in unicodedata.normalize("NFD", raw):
        if sign in _SUBSCRIPT_LETTERS:
            out.append("_" + _SUBSCRIPT_LETTERS[sign])
        elif sign in _ACCENTS:
            out.append(_ACCENTS[sign])
        elif (name := unicodedata.name(sign, "")).startswith("GREEK "):
            word = name.removesuffix(" SYMBOL").split(" ")[-1].lower().replace("lamda", "lambda")
            out.append(word.capitalize() if "CAPITAL" in name else word)
        else:
            out.append(sign.translate(_TO_NORMAL))
    return unicodedata.normalize("NFC", "".join(out))
