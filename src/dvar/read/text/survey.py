"""What can be seen of a text before it is parsed: which names are defined, declared, or used as index.

Juxtaposition needs it: ``a(b + c)`` is a call where ``a`` is a function and a product where it is a
number, and the two bind differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dvar.core.errors import FormulaError
from dvar.core.letters import GREEK
from dvar.read.syntax import CONSTANTS, Span, canonical
from dvar.read.text.tokens import END, LINE, NAME, NUMBER, SIGN, Token
from dvar.read.where import Places

_INDEXED = re.compile(r"(.+?)_([A-Za-z]{1,3})")
_LETTER = re.compile(r"[A-Za-z]\d*")
_LETTERS = re.compile(r"(?:[A-Za-z]\d*)+")
_SUM = re.compile(r"sum_([A-Za-z])")
_USUAL = frozenset("ijkl")
_LITERAL = frozenset("+-*/()[],") | {"**"}
KEYWORDS = frozenset({"if", "else", "and", "or", "not", "for", "in", "otherwise"})


@dataclass(frozen=True, slots=True)
class Left:
    """One left side: ``F(x)_i =``, with the place behind its ``=``."""

    name: str
    parameters: tuple[str, ...]
    letters: tuple[str, ...]
    span: Span
    after: int


@dataclass
class Survey:
    """Names are canonical.

    Attributes:
        defined: names that stand left of ``=``.
        functions: those of them with parameters.
        parameters: of all of these.
        valued: names that are declared or given a number.
        arrays: names known to be arrays.
        plain: names used other than before a bracket.
        letters: index letters.
    """

    defined: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    valued: set[str] = field(default_factory=set)
    arrays: set[str] = field(default_factory=set)
    plain: set[str] = field(default_factory=set)
    letters: set[str] = field(default_factory=set)

    def is_variable(self, name: str) -> bool:
        """Whether the user treats a word as a quantity, so that it is no function of ours."""
        return name in self.valued or (name in self.defined and name not in self.functions)


def match_left(tokens: Sequence[Token], at: int) -> Left | None:
    """A left side at this place, if there is one."""
    start = tokens[at]
    if start.kind != NAME or start.text in KEYWORDS:
        return None
    name, at = start.text, at + 1
    parameters: tuple[str, ...] = ()
    letters: tuple[str, ...] = ()
    if _is(tokens[at], "("):
        parameters, at = _names(tokens, at + 1)
        if not parameters or not _is(tokens[at], ")"):
            return None
        at += 1
    if tokens[at].kind == NAME and tokens[at].text.startswith("_") and not tokens[at].spaced:
        name, at = name + tokens[at].text, at + 1
    if _is(tokens[at], "**", "["):
        letters, at = _example(tokens, at)
        if not letters:
            return None
    if not _is(tokens[at], "="):
        return None
    return Left(name, parameters, letters, (start.span[0], tokens[at - 1].span[1]), at + 1)


def _is(token: Token, *signs: str) -> bool:
    return token.kind == SIGN and token.text in signs


# Nobody declares more names in one line; looking further at every comma would take quadratic time.
MOST_NAMES = 100


def _names(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """Names with commas between them."""
    found: list[str] = []
    while tokens[at].kind == NAME and len(found) < MOST_NAMES:
        found.append(tokens[at].text)
        at += 1
        if not _is(tokens[at], ","):
            break
        at += 1
    return tuple(found), at


def _example(tokens: Sequence[Token], at: int) -> tuple[tuple[str, ...], int]:
    """``^(i)``, ``^{(i)}`` or ``[i, j]``."""
    closing = []
    while _is(tokens[at], "**", "(", "{", "["):
        closing.append({"(": ")", "{": "}", "[": "]"}.get(tokens[at].text, ""))
        at += 1
    letters, at = _names(tokens, at)
    for sign in reversed([c for c in closing if c]):
        if not _is(tokens[at], sign):
            return (), at
        at += 1
    return (letters if all(len(x) == 1 for x in letters) else ()), at


def match_declaration(tokens: Sequence[Token], at: int) -> tuple[tuple[Token, ...], int] | None:
    """``x, y:`` at this place: its names and the place behind the colon."""
    start = at
    _, at = _names(tokens, at)
    if at == start or not _is(tokens[at], ":", "∈"):
        return None
    return tuple(t for t in tokens[start:at] if t.kind == NAME), at + 1


def survey(tokens: Sequence[Token], valued: Iterable[str], arrays: Iterable[str]) -> Survey:
    """Look over a text once.  ``valued`` and ``arrays`` are what the caller gave along with it."""
    found = Survey()
    found.valued |= {canonical(name) for name in valued}
    found.arrays |= {canonical(name) for name in arrays}
    lefts: list[Left] = []
    at, depth, starts = 0, 0, True
    while tokens[at].kind != END:
        token = tokens[at]
        if starts and depth == 0:
            if declaration := match_declaration(tokens, at):
                names, at = declaration
                _declared(found, names, tokens[at])
                starts = False
                continue
            if left := match_left(tokens, at):
                lefts.append(left)
                at = left.after
                _defined(found, left, tokens)
                continue
        depth += _is(token, "(", "[", "{") - _is(token, ")", "]", "}")
        starts = token.kind == LINE or (depth == 0 and _is(token, ","))
        if token.kind == NAME:
            _used(found, tokens, at)
        at += 1
    _letters(found, lefts, [t.text for t in tokens if t.kind == NAME])
    return found


def products_apart(
    tokens: Sequence[Token], found: Survey, places: Places
) -> tuple[list[Token], list[str]]:
    """``bc`` as ``b c`` where b and c are parameters and bc is nothing of its own; notes on it.

    Raises:
        FormulaError: it stands where the product would be torn apart: ``a/bc``.
    """
    if not found.parameters:
        return list(tokens), []
    apart: list[Token] = []
    notes: dict[str, None] = {}
    for n, token in enumerate(tokens):
        factors = _factors(token, found) if token.kind == NAME else []
        if len(factors) < 2 or _is(tokens[n + 1], "=") or (apart and _is(apart[-1], ".")):
            apart.append(token)
            continue
        product = "*".join(factors)
        if apart and _is(apart[-1], "/", "**"):
            raise FormulaError(
                f"{apart[-1].text}{token.text} can mean two things: {token.text} is no name of its own",
                source=places.source(token.span),
                hint=f"{apart[-1].text}({product}), or * between them",
            )
        notes[f"{token.text} is read as {product}"] = None
        at = token.span[0]
        for k, factor in enumerate(factors):
            end = at + len(factor) if k < len(factors) - 1 else token.span[1]
            apart.append(Token(NAME, factor, (at, end), token.spaced if k == 0 else True))
            at = end
    return apart, list(notes)


def _factors(token: Token, found: Survey) -> list[str]:
    """The one-letter names a word is made of, one of them a parameter at least; else nothing."""
    name = canonical(token.text)
    own = found.defined | found.valued | found.parameters | CONSTANTS | KEYWORDS
    if name in own or token.text in GREEK or not _LETTERS.fullmatch(token.text):
        return []
    factors = _LETTER.findall(token.text)
    known = {canonical(factor) for factor in factors}
    is_product = known <= found.parameters | found.defined | found.valued
    return factors if is_product and known & found.parameters else []


def _declared(found: Survey, names: Sequence[Token], shape: Token) -> None:
    known = {canonical(t.text) for t in names}
    found.valued |= known
    if shape.text not in ("scalar", "real", "number"):
        found.arrays |= known


def _defined(found: Survey, left: Left, tokens: Sequence[Token]) -> None:
    name, at = canonical(left.name), left.after
    end = at
    while tokens[end].kind == NUMBER or _is(tokens[end], *_LITERAL):
        if _is(tokens[end], ",") and match_left(tokens, end + 1):
            break
        end += 1
    if _is(tokens[end], ".."):  # a range: i = 0..4
        found.letters.add(left.name)
    elif end > at and (tokens[end].kind in (LINE, END) or _is(tokens[end], ",")):
        found.valued.add(name)
        if _is(tokens[at], "["):
            found.arrays.add(name)
        return
    found.defined.add(name)
    if left.parameters:
        found.functions.add(name)
        found.parameters |= {canonical(parameter) for parameter in left.parameters}


def _used(found: Survey, tokens: Sequence[Token], at: int) -> None:
    token, after = tokens[at], tokens[at + 1]
    name = canonical(token.text)
    is_called = _is(after, "(") and not after.spaced
    is_exponent = at > 0 and _is(tokens[at - 1], "**", ".")
    if not is_called and not is_exponent:
        found.plain.add(name)
    if _is(after, "[") and not after.spaced:
        found.arrays.add(name)
    if match := _SUM.fullmatch(token.text):
        found.letters.add(match[1])
    elif token.text == "sum_" and _is(after, "{", "("):
        found.letters.add(tokens[at + 2].text)


def _letters(found: Survey, lefts: Sequence[Left], words: Sequence[str]) -> None:
    """A letter on the left is an index if some array carries it, or if the notation says so."""
    carriers = found.arrays | (found.defined - found.functions)
    carried: set[str] = set()
    for match in filter(None, map(_INDEXED.fullmatch, words)):
        index = set(match[2])
        if match[1] in carriers and canonical(match[0]) not in found.defined | found.valued:
            carried |= index & (_USUAL | found.letters)
    for left in lefts:
        found.letters |= set(left.letters)
        if left_match := _INDEXED.fullmatch(left.name):
            index = set(left_match[2])
            if index <= carried or (left.parameters and index <= _USUAL):
                found.letters |= index
