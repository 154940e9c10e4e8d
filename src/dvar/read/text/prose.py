"""Words between formulas: ``y = a*z, where z = w*x``, ``(natural log)``, ``import numpy as np``.

People paste from notes and from notebooks.  What only says how the definitions belong together is left
out; what would be read as a product of words is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from dvar.core.errors import FormulaError
from dvar.core.letters import GREEK
from dvar.read.build.functions import lookup
from dvar.read.syntax import canonical
from dvar.read.text.survey import match_declaration, match_left
from dvar.read.text.tokens import END, LINE, NAME, NUMBER, SIGN, Token
from dvar.read.where import Places

_TALK = frozenset(
    {
        "where", "with", "let", "then", "and", "so", "thus", "hence", "therefore", "at", "given",
        "for", "when", "also", "now", "here", "using", "set", "define",
    }
)  # fmt: skip
# Of these words, those that nobody uses as a name.
_NEVER_NAMES = frozenset({"where", "with", "let", "then", "thus", "hence", "therefore", "when"})
_PYTHON = frozenset({"def", "return", "class", "while", "for", "if", "print", "assert", "lambda"})
_LONG = 4
_MOST = 4  # words in a row


def without_prose(
    tokens: Sequence[Token], places: Places, given: Collection[str]
) -> tuple[list[Token], list[str]]:
    """The tokens without remarks and words between definitions, and notes on what was left out.

    Raises:
        FormulaError: a statement of Python, or a word of prose in the middle of an expression.
    """
    known = _known(tokens, given)
    counted = Counter(t.text for t in tokens if t.kind == NAME)
    counted.subtract(
        a.text for a, b in pairwise(tokens) if a.kind == NAME and _is(b, "(") and not b.spaced
    )
    kept: list[Token] = []
    notes: dict[str, None] = {}
    at, depth = 0, 0
    while at < len(tokens):
        token = tokens[at]
        starts = not kept or kept[-1].kind == LINE
        if depth == 0 and starts and token.kind == NAME and token.text not in known:
            _refuse_python(tokens, at, places)
        if depth == 0 and starts and (end := _import(tokens, at)):
            notes[
                f"“{_written(places, tokens, at, end)}” is left out: functions need no import"
            ] = None
        elif depth == 0 and (end := _talk(tokens, at, known)):
            if kept and kept[-1].kind != LINE:
                kept.append(Token(LINE, "\n", token.span, True))
        elif depth == 0 and (end := (starts and _heading(tokens, at)) or _full_stop(tokens, at)):
            pass
        elif depth == 0 and kept and (end := _remark(tokens, at, known, counted)):
            notes[f"{_written(places, tokens, at, end)} is read as a remark"] = None
        else:
            _refuse_prose(tokens, at, places, known)
            depth += _is(token, "(", "[", "{") - _is(token, ")", "]", "}")
            kept.append(token)
            end = at + 1
        at = end
    return kept, list(notes)


def _is(token: Token, *signs: str) -> bool:
    return token.kind == SIGN and token.text in signs


def _ends(token: Token) -> bool:
    return token.kind in (LINE, END)


def _written(places: Places, tokens: Sequence[Token], at: int, end: int) -> str:
    return places.written((tokens[at].span[0], tokens[end - 1].span[1]))


def _known(tokens: Sequence[Token], given: Collection[str]) -> set[str]:
    """Names that are given, defined or declared, so that they are no words of prose."""
    known = {canonical(name) for name in given}
    for n, token in enumerate(tokens):
        if token.kind == NAME:
            if left := match_left(tokens, n):
                known |= {left.name, canonical(left.name), *map(canonical, left.parameters)}
            elif (n == 0 or not _is(tokens[n - 1], ",")) and (
                found := match_declaration(tokens, n)
            ):
                known |= {canonical(t.text) for t in found[0]}
    return known


def _import(tokens: Sequence[Token], at: int) -> int:
    """The place behind ``import numpy as np``; 0 where there is none."""
    if tokens[at].text not in ("import", "from") or tokens[at + 1].kind != NAME:
        return 0
    end = at
    while not _ends(tokens[end]):
        end += 1
    return end


def _talk(tokens: Sequence[Token], at: int, known: Collection[str]) -> int:
    """The place behind ``, where`` before a definition; 0 where there is none."""
    end = at + 1 if _is(tokens[at], ",", ".") else at
    first = end
    while tokens[end].kind == NAME and tokens[end].text.lower() in _TALK and end - first < _MOST:
        if tokens[end].text in known:
            break
        end += 1
        if _is(tokens[end], ":", ",") and _defines(tokens, end + 1):
            end += 1
    return end if end > first and _defines(tokens, end) else 0


def _defines(tokens: Sequence[Token], at: int) -> bool:
    return bool(match_left(tokens, at) or match_declaration(tokens, at))


def _heading(tokens: Sequence[Token], at: int) -> int:
    """The place behind ``Forward pass:``; 0 where there is no heading."""
    end = at
    while tokens[end].kind == NAME:
        end += 1
    is_heading = end > at + 1 and _is(tokens[end], ":")
    return end + 1 if is_heading and (_ends(tokens[end + 1]) or _defines(tokens, end + 1)) else 0


def _full_stop(tokens: Sequence[Token], at: int) -> int:
    """The place behind the stop that ends a sentence."""
    stops = at > 0 and _is(tokens[at], ".", ",") and _ends(tokens[at + 1])
    return at + 1 if stops else 0


def _remark(
    tokens: Sequence[Token], at: int, known: Collection[str], counted: Mapping[str, int]
) -> int:
    """The place behind ``(natural log)`` at the end of a statement; 0 where it may be a factor.

    ``counted``: how often each word stands in the text, other than as a function: ``log(…)``.
    """
    if not _is(tokens[at], "(") or not tokens[at].spaced:
        return 0
    if tokens[at + 1].kind == NUMBER and tokens[at + 1].text.isdigit() and _is(tokens[at + 2], ")"):
        is_apart = tokens[at].span[0] - tokens[at - 1].span[1] > 1  # the number of an equation
        return at + 3 if is_apart and _ends(tokens[at + 3]) else 0
    end, depth = at + 1, 1
    while depth and not _ends(tokens[end]):
        depth += _is(tokens[end], "(", "[", "{") - _is(tokens[end], ")", "]", "}")
        end += 1
    if depth or not _ends(tokens[end]):
        return 0
    inside = tokens[at + 1 : end - 1]
    if inside and inside[0].text in _NEVER_NAMES | {"if", "for"}:
        return end
    words = [t for t in inside if not _is(t, ",", "-")]
    here = Counter(t.text for t in inside)
    is_prose = all(
        t.kind == NAME
        and t.text.isalpha()
        and canonical(t.text) not in known
        and t.text not in GREEK
        and counted[t.text] <= here[t.text]
        for t in words
    )
    return end if is_prose and any(map(_is_word, words)) else 0


def _is_word(token: Token) -> bool:
    return len(token.text) >= _LONG or (len(token.text) > 1 and lookup(token.text) is not None)


def _refuse_python(tokens: Sequence[Token], at: int, places: Places) -> None:
    token, after = tokens[at], tokens[at + 1]
    if token.text not in _PYTHON or _is(after, "=", ":", ",") or _ends(after):
        return
    if token.text in ("lambda", "if", "for"):  # λ x is a product, and "for" may be talk
        line = [t for t in tokens[at:] if t.kind != END]
        stop = next((n for n, t in enumerate(line) if t.kind == LINE), len(line))
        if not any(_is(t, ":") for t in line[:stop]):
            return
    raise FormulaError(
        f"“{token.text}” is Python; here every line defines something",
        source=places.source(token.span),
        hint="f(x) = x**2 as a formula, or the function itself: dvar.explain(f, …)",
    )


def _refuse_prose(tokens: Sequence[Token], at: int, places: Places, known: Collection[str]) -> None:
    token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else tokens[at]
    is_word = token.kind == NAME and token.text in _NEVER_NAMES and token.text not in known
    if is_word and not _is(after, "(") and not (at and _is(tokens[at - 1], ".")):
        raise FormulaError(
            f"“{token.text}” does not stand before a definition",
            source=places.source(token.span),
            hint=f"{token.text} z = …, or # before a remark",
        )
